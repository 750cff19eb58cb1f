/** Graph to program: the whole compiler, in the order in which it happens. */
import { type Expr, int, load, withExprs } from '../expr/expr.ts';
import { delinearize } from '../expr/index-math.ts';
import type { Graph, Node, Value } from '../graph/graph.ts';
import { sizeOf } from '../shape.ts';
import { lowerContract, PackedPanels } from './contract.ts';
import { dump, showProgram, showStage } from './debug.ts';
import { Buffers, Elements } from './elements.ts';
import { flushState } from './flush.ts';
import { lowerFold } from './fold.ts';
import { fuse, type Group } from './fuse.ts';
import { scratchInArena } from './invocations.ts';
import type { Scratch, Stmt } from './loopnest.ts';
import { kernelOf, type Lowering, lowerControl } from './lower-control.ts';
import { donate, placeBarriers, planArena, renameIn, type Unit } from './plan.ts';
import { type Draft, lowerPointwise } from './pointwise.ts';
import type { CpuTarget, Program } from './program.ts';
import { mergeRows } from './rows.ts';
import { ownOutputs, simplify } from './simplify.ts';
import { verifyGraph, verifyProgram } from './verify.ts';

export interface LowerOptions {
  readonly target: CpuTarget;
  readonly name?: string;
  /** donate[i]: input i may be overwritten by an output. */
  readonly donate?: readonly boolean[];
  /** See `CompileOptions`. */
  readonly flushSubnormals?: boolean;
}

export function lowerGraph(graph: Graph, options: LowerOptions): Program {
  return withExprs(() => lower(graph, options));
}

function lower(graph: Graph, options: LowerOptions): Program {
  const { target } = options;
  const name = options.name ?? graph.name;
  verifyGraph(graph);
  dump('graph', () => showStage(`${name}: graph`, graph));
  const simple = ownOutputs(simplify(graph));
  verifyGraph(simple);
  dump('simplified', () => showStage(`${name}: simplified`, simple));

  const buffers = new Buffers();
  simple.inputs.forEach((v, slot) => {
    if (buffers.of(v) === undefined) buffers.bind(v, { kind: 'input', slot });
  });
  simple.outputs.forEach((v, slot) => {
    buffers.bind(v, { kind: 'output', slot });
  });
  const lowering: Lowering = {
    target,
    buffers,
    temporaries: [],
    loops: [],
    count: { kernels: 0 },
    repeats: 1,
  };
  const units = lowerUnits(simple, lowering);

  const donated = simple.inputs.map(
    (v, i) =>
      Boolean(options.donate?.[i]) &&
      simple.inputs.indexOf(v) === i &&
      simple.inputs.lastIndexOf(v) === i,
  );
  const { order, alias } = donate(simple, units, buffers, donated);
  let final = order;
  for (const [slot, input] of alias) {
    // One buffer stands for both: read before it is written, it still holds the input.
    const from = buffers.of(simple.inputs[input])!;
    const to = buffers.of(simple.outputs[slot])!;
    buffers.decls[to].place = { kind: 'output', slot, donatedFrom: input };
    final = final.map((u) => renameIn(u, from, to));
  }
  const flush = options.flushSubnormals ? target.flush : undefined;
  if (flush === 'state') final = final.map((u) => flushState(u, buffers.decls));
  const { temporaries } = lowering;
  const arena = new Set(temporaries);
  final = mergeRows(final, {
    temporary: (b) => arena.has(b),
    dtype: (b) => buffers.decls[b].dtype,
  });
  const steps = placeBarriers(final);
  const { offsets, bytes } = planArena(
    steps,
    buffers,
    temporaries,
    target.arenaAlign,
    target.arenaSegment,
  );
  for (const b of temporaries) {
    buffers.decls[b].place = { kind: 'arena', offset: offsets.get(b)?.start ?? 0 };
    // What has become scratch memory takes no place.
    if (!offsets.has(b)) buffers.decls[b].length = 0;
  }

  const program: Program = {
    name,
    buffers: buffers.finish(),
    steps,
    arenaBytes: bytes,
    inputs: simple.inputs.length,
    outputs: simple.outputs.length,
    cost: final.reduce((c, k) => c + k.cost, 0),
    // The mode of a processor holds for doubles too, and who asks for these wants all they have.
    ...(flush === 'mode' && !buffers.decls.some((b) => b.dtype === 'float64') && { flush: true }),
  };
  verifyProgram(program);
  dump('program', () => showProgram(program));
  return program;
}

/**
 * A graph as kernels and regions, in an order in which they can run. Its inputs and outputs have
 * their places; other values that need one get temporaries.
 */
export function lowerUnits(graph: Graph, l: Lowering): Unit[] {
  const { buffers, target, temporaries } = l;
  const { groups } = fuse(graph);
  const outputs = new Set<Value>(graph.outputs);
  for (const g of groups)
    for (const v of g.stored) if (!outputs.has(v)) temporaries.push(buffers.bind(v));

  const units: Unit[] = [];
  const panels = new PackedPanels();
  const add = (label: string, draft: Draft): void => {
    units.push(kernelOf(l, label, draft));
  };
  for (const g of groups) {
    if (g.stored.every((v) => sizeOf(v.shape) === 0)) continue;
    const label = labelOf(g);
    const kind = g.heavy?.primitive.lowering.kind;
    if (kind === 'contract') {
      const known = buffers.decls.length;
      const { packs, main } = lowerContract(g, buffers, target, panels, l.repeats);
      for (let b = known; b < buffers.decls.length; b++) temporaries.push(b);
      for (const p of packs) add(p.name, p.draft);
      add(label, main);
    } else if (kind === 'control') units.push(...lowerControl(g.heavy!, l, lowerUnits));
    else if (kind === 'fold') add(label, lowerFold(g, buffers, target));
    else if (kind === 'loops') {
      const draft = lowerLoops(g.heavy!, buffers, target);
      add(label, target.gpu ? scratchInArena(draft, buffers, temporaries) : draft);
    } else add(label, lowerPointwise(g, buffers, target));
  }
  return units;
}

/** dot_general_add_max: what a kernel does, for its name. */
function labelOf(g: Group): string {
  const names = new Set<string>();
  if (g.heavy) names.add(g.heavy.primitive.name);
  for (const v of g.stored) names.add(v.node.primitive.name);
  const label = [...names].join('_').replace(/[^a-z0-9_]/g, '');
  return label.length > 40 ? label.slice(0, 40) : label;
}

function lowerLoops(node: Node, buffers: Buffers, target: CpuTarget): Draft {
  const { lowering } = node.primitive;
  if (lowering.kind !== 'loops') throw new Error('lowerLoops takes a loops node');
  const scratch: Scratch[] = [];
  // Constants have no buffer.
  const elements = new Elements(buffers, new Set());
  const at = (v: Value, position: Expr): Expr => {
    const buffer = buffers.of(v);
    if (buffer !== undefined) return load(buffer, v.dtype, buffers.at(v, position));
    return elements.at(v, delinearize(position, v.shape));
  };
  const k = lowering.build(node, {
    fine: target.gpu,
    load: (operand, position) => at(node.inputs[operand], position),
    loadOutput: (output, position) => at(node.outputs[output], position),
    store: (output, position, value): Stmt => {
      const v = node.outputs[output];
      const index = buffers.at(v, position);
      return { kind: 'store', buffer: buffers.of(v)!, storage: v.dtype, index, value };
    },
    scratch: (dtype, length) => {
      scratch.push({ dtype, length });
      const ref = -scratch.length;
      return {
        load: (position) => load(ref, dtype, position),
        store: (position, value): Stmt => ({
          kind: 'store',
          buffer: ref,
          storage: dtype,
          index: position,
          value,
        }),
      };
    },
  });
  if (k.parallel && (k.cost < target.parallelThreshold || k.parallel.extent < 2)) {
    const { index, extent } = k.parallel;
    return {
      body: [
        {
          kind: 'for',
          index,
          start: int(0),
          extent: int(extent),
          step: 1,
          body: k.body,
          vector: false,
        },
      ],
      scratch,
      cost: k.cost,
    };
  }
  return { body: k.body, ...(k.parallel && { parallel: k.parallel }), scratch, cost: k.cost };
}
