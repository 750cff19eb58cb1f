/** Graph to program: the whole compiler, in the order in which it happens. */
import { type Expr, int, load, withExprs } from '../expr/expr.ts';
import { delinearize } from '../expr/index-math.ts';
import { apply, Graph, type Node, type Value } from '../graph/graph.ts';
import { stopGradient } from '../graph/primitives/elementwise.ts';
import { sizeOf } from '../shape.ts';
import { lowerContract } from './contract.ts';
import { dump, showProgram, showStage } from './debug.ts';
import { Buffers, Elements } from './elements.ts';
import { lowerFold } from './fold.ts';
import { fuse, type Group } from './fuse.ts';
import type { Kernel, Scratch, Stmt } from './loopnest.ts';
import { donate, placeBarriers, planArena, renameBuffer, touched } from './plan.ts';
import { type Draft, lowerPointwise } from './pointwise.ts';
import type { CpuTarget, Program } from './program.ts';
import { simplify } from './simplify.ts';
import { verifyGraph, verifyProgram } from './verify.ts';

export interface LowerOptions {
  readonly target: CpuTarget;
  readonly name?: string;
  /** donate[i]: input i may be overwritten by an output. */
  readonly donate?: readonly boolean[];
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

  const { groups } = fuse(simple);
  const buffers = new Buffers();
  simple.inputs.forEach((v, slot) => {
    if (buffers.of(v) === undefined) buffers.bind(v, { kind: 'input', slot });
  });
  const outputSlot = new Map<Value, number>(simple.outputs.map((v, i) => [v, i]));
  const temporaries: number[] = [];
  for (const g of groups) {
    for (const v of g.stored) {
      const slot = outputSlot.get(v);
      const id = buffers.bind(v, slot === undefined ? undefined : { kind: 'output', slot });
      if (slot === undefined) temporaries.push(id);
    }
  }

  const kernels: Kernel[] = [];
  const add = (label: string, draft: Draft): void => {
    kernels.push({ ...draft, ...touched(draft.body), name: `k${kernels.length}_${label}` });
  };
  for (const g of groups) {
    if (g.stored.every((v) => sizeOf(v.shape) === 0)) continue;
    const label = labelOf(g);
    const kind = g.heavy?.primitive.lowering.kind;
    if (kind === 'contract') {
      const known = buffers.decls.length;
      const { packs, main } = lowerContract(g, buffers, target);
      for (let b = known; b < buffers.decls.length; b++) temporaries.push(b);
      for (const p of packs) add(p.name, p.draft);
      add(label, main);
    } else if (kind === 'fold') add(label, lowerFold(g, buffers, target));
    else if (kind === 'loops') add(label, lowerLoops(g.heavy!, buffers, target));
    else add(label, lowerPointwise(g, buffers, target));
  }

  const donated = simple.inputs.map(
    (v, i) =>
      Boolean(options.donate?.[i]) &&
      simple.inputs.indexOf(v) === i &&
      simple.inputs.lastIndexOf(v) === i,
  );
  const { order, alias } = donate(simple, kernels, buffers, donated);
  let final = order;
  for (const [slot, input] of alias) {
    // One buffer stands for both: read before it is written, it still holds the input.
    const from = buffers.of(simple.inputs[input])!;
    const to = buffers.of(simple.outputs[slot])!;
    buffers.decls[to].place = { kind: 'output', slot, donatedFrom: input };
    final = final.map((k) => {
      if (!k.reads.includes(from)) return k;
      const body = renameBuffer(k.body, from, to);
      return { ...k, body, ...touched(body) };
    });
  }
  const steps = placeBarriers(final);
  const { offsets, bytes } = planArena(steps, buffers, temporaries);
  for (const b of temporaries)
    buffers.decls[b].place = { kind: 'arena', offset: offsets.get(b)?.start ?? 0 };

  const program: Program = {
    name,
    buffers: buffers.finish(),
    steps,
    arenaBytes: bytes,
    inputs: simple.inputs.length,
    outputs: simple.outputs.length,
    cost: final.reduce((c, k) => c + k.cost, 0),
  };
  verifyProgram(program);
  dump('program', () => showProgram(program));
  return program;
}

/** Every output a value of its own: an input, or an output named twice, is copied. */
function ownOutputs(graph: Graph): Graph {
  const seen = new Set<Value>(graph.inputs);
  const outputs = graph.outputs.map((v) => {
    const own = seen.has(v) ? apply(stopGradient, [v], {}) : v;
    seen.add(own);
    return own;
  });
  return new Graph(graph.inputs, outputs, graph.name);
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
    if (buffer !== undefined) return load(buffer, v.dtype, position);
    return elements.at(v, delinearize(position, v.shape));
  };
  const k = lowering.build(node, {
    load: (operand, position) => at(node.inputs[operand], position),
    loadOutput: (output, position) => at(node.outputs[output], position),
    store: (output, position, value): Stmt => {
      const v = node.outputs[output];
      return { kind: 'store', buffer: buffers.of(v)!, storage: v.dtype, index: position, value };
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
