/**
 * Loops and branches to regions of kernels.
 *
 * The body of a scan is lowered once. An element of xs or ys is a view of the stack, at an offset
 * that grows with the step; the carry has two places that take turns, so that a step may read the
 * old one while it writes the new. What a kernel of the body computes from nothing that changes
 * (a packed weight, above all) is computed before the loop.
 */
import { type Expr, exprOrder, int, variable } from '../expr/expr.ts';
import { iadd, imodc, imulc, isub, linearize } from '../expr/index-math.ts';
import type { Graph, Node, Value } from '../graph/graph.ts';
import * as lax from '../graph/lax.ts';
import type { CondAttrs, ScanAttrs, WhileAttrs } from '../graph/primitives/control.ts';
import { sizeOf } from '../shape.ts';
import { type Buffers, Elements } from './elements.ts';
import { exprsOf, type Kernel, type Stmt, visitStmts } from './loopnest.ts';
import { eachElement, loopsOver, nest } from './loops.ts';
import { isRegion, region, touched, type Unit } from './plan.ts';
import type { Draft } from './pointwise.ts';
import type { CpuTarget } from './program.ts';
import { ownOutputs } from './simplify.ts';

/** A program being lowered, and where in it. */
export interface Lowering {
  readonly target: CpuTarget;
  readonly buffers: Buffers;
  /** Buffers that get a place in the arena. */
  readonly temporaries: number[];
  /** Indices of the loops around, outermost first. */
  readonly loops: readonly Expr[];
  /** How many kernels there are, on all levels. */
  readonly count: { kernels: number };
  /** How often the innermost loop goes around. */
  readonly repeats: number;
}

/** Lowers a graph whose inputs and outputs have their places. */
type LowerUnits = (graph: Graph, l: Lowering) => Unit[];

export function kernelOf(l: Lowering, label: string, draft: Draft): Kernel {
  const name = `k${l.count.kernels++}_${label}`;
  const outer = l.loops.length > 0 ? { outer: l.loops } : {};
  return { ...draft, ...touched(draft.body), ...outer, name };
}

export function lowerControl(node: Node, l: Lowering, lower: LowerUnits): Unit[] {
  switch (node.primitive.name) {
    case 'scan':
      return lowerScan(node as Node & { attrs: ScanAttrs }, l, lower);
    case 'cond':
      return lowerCond(node as Node & { attrs: CondAttrs }, l, lower);
    default:
      return lowerWhile(node as Node & { attrs: WhileAttrs }, l, lower);
  }
}

function temporary(l: Lowering, v: Value, times = 1): number {
  const id = l.buffers.declare(v.dtype, times * sizeOf(v.shape));
  l.temporaries.push(id);
  return id;
}

/** A kernel that copies values to places of their shapes. */
function copies(l: Lowering, label: string, pairs: readonly (readonly [Value, Place])[]): Unit[] {
  return pairs
    .filter(([v]) => sizeOf(v.shape) > 0)
    .map(([v, to]) => {
      const { loops, index } = loopsOver('i', v.shape);
      const elements = new Elements(l.buffers, new Set());
      const position = linearize(index, v.shape);
      const store: Stmt = {
        kind: 'store',
        buffer: to.id,
        storage: v.dtype,
        index: to.offset ? iadd(to.offset, position) : position,
        value: elements.at(v, index),
      };
      const how = l.target.gpu ? eachElement(loops, [store]) : { body: nest(loops, [store], true) };
      return kernelOf(l, label, { ...how, scratch: [], cost: sizeOf(v.shape) });
    });
}

interface Place {
  readonly id: number;
  readonly offset?: Expr;
}

function lowerScan(
  node: Node & { readonly attrs: ScanAttrs },
  l: Lowering,
  lower: LowerUnits,
): Unit[] {
  const { buffers } = l;
  const { constants, carry, length, reverse } = node.attrs;
  const body = ownOutputs(node.attrs.body);
  const step = length === 1 ? int(0) : variable('step', 'int32', 0, length - 1);
  const t = reverse ? isub(int(length - 1), step) : step;
  const loops = length === 1 ? l.loops : [...l.loops, step];
  const inner = { ...l, loops, repeats: length };

  const init = node.inputs.slice(constants, constants + carry);
  const slots = init.map((v) => temporary(l, v, 2));
  const before = copies(
    l,
    'scan_init',
    init.map((v, i) => [v, { id: slots[i] }] as const),
  );
  body.inputs.forEach((p, k) => {
    const i = k - constants;
    const size = sizeOf(p.shape);
    if (i < 0) buffers.view(p, node.inputs[k]);
    else if (i < carry) buffers.place(p, slots[i], imulc(imodc(step, 2), size));
    else buffers.view(p, node.inputs[k], imulc(t, size));
  });
  body.outputs.forEach((o, i) => {
    const size = sizeOf(o.shape);
    if (i < carry) buffers.place(o, slots[i], imulc(imodc(iadd(step, int(1)), 2), size));
    else buffers.view(o, node.outputs[i], imulc(t, size));
  });

  const first = buffers.decls.length;
  const units = lower(body, inner);
  const { hoisted, rest } = hoist(units, first, l.loops, step);
  const ends = copies(
    l,
    'scan_carry',
    init.map((_, i) => {
      const out = node.outputs[i];
      const last = standIn(out);
      buffers.place(last, slots[i], int((length % 2) * sizeOf(out.shape)));
      return [last, placeOf(buffers, out)] as const;
    }),
  );
  if (length === 1 || rest.length === 0) return [...before, ...hoisted, ...rest, ...ends];
  const loop = region({ kind: 'loop', index: step, extent: length, steps: [] }, [rest]);
  return [...before, ...hoisted, loop, ...ends];
}

/** Something of this shape and dtype, to give a place. */
const standIn = (v: Value): Value => lax.parameter(v.shape, v.dtype);

function placeOf(buffers: Buffers, v: Value): Place {
  return { id: buffers.of(v)!, offset: buffers.at(v, int(0)) };
}

/**
 * Kernels that compute the same in every round, and the others. Only temporaries made in the body
 * (numbered from `first` on) may be written before it.
 */
function hoist(
  units: readonly Unit[],
  first: number,
  loops: readonly Expr[],
  step: Expr,
): { hoisted: Unit[]; rest: Unit[] } {
  const hoisted: Unit[] = [];
  let rest = [...units];
  for (;;) {
    const writes = rest.flatMap((u) => u.writes);
    const written = new Set(writes);
    // What starts the carry of an inner loop starts it anew each time.
    const twice = new Set(writes.filter((b, i) => writes.indexOf(b) !== i));
    const next = rest.filter(
      (u) =>
        isRegion(u) ||
        u.reads.some((b) => written.has(b)) ||
        u.writes.some((b) => b < first || twice.has(b)) ||
        uses(u, step),
    );
    if (next.length === rest.length) return { hoisted, rest };
    for (const u of rest) {
      if (next.includes(u) || isRegion(u)) continue;
      const { outer: _, ...k } = u;
      hoisted.push(loops.length > 0 ? { ...k, outer: loops } : k);
    }
    rest = next;
  }
}

function uses(k: Kernel, v: Expr): boolean {
  let found = false;
  visitStmts(k.body, (s) => {
    found ||= exprOrder(exprsOf(s)).includes(v);
  });
  return found;
}

/** A kernel that puts one bool into a buffer of its own. */
function predicate(l: Lowering, v: Value): { id: number; kernels: Unit[] } {
  const id = temporary(l, v);
  return { id, kernels: copies(l, 'predicate', [[v, { id }]]) };
}

function lowerCond(
  node: Node & { readonly attrs: CondAttrs },
  l: Lowering,
  lower: LowerUnits,
): Unit[] {
  const { buffers } = l;
  const [pred, ...operands] = node.inputs;
  const test = predicate(l, pred);
  const [then, otherwise] = [node.attrs.then, node.attrs.otherwise].map((g) => {
    const graph = ownOutputs(g);
    graph.inputs.forEach((p, i) => {
      buffers.view(p, operands[i]);
    });
    graph.outputs.forEach((o, i) => {
      buffers.view(o, node.outputs[i]);
    });
    return lower(graph, { ...l, repeats: 1 });
  });
  return [
    ...test.kernels,
    region({ kind: 'branch', predicate: test.id, then: [], otherwise: [] }, [then, otherwise]),
  ];
}

function lowerWhile(
  node: Node & { readonly attrs: WhileAttrs },
  l: Lowering,
  lower: LowerUnits,
): Unit[] {
  const { buffers } = l;
  const { constants } = node.attrs;
  const init = node.inputs.slice(constants);
  const now = init.map((v) => temporary(l, v));
  const next = init.map((v) => temporary(l, v));
  const held = init.map((v, i) => {
    const p = standIn(v);
    buffers.place(p, next[i]);
    return p;
  });
  const give = (graph: Graph): void => {
    graph.inputs.forEach((p, i) => {
      if (i < constants) buffers.view(p, node.inputs[i]);
      else buffers.place(p, now[i - constants]);
    });
  };
  const test = temporary(l, node.attrs.cond.outputs[0]);
  const inner = { ...l, repeats: 1 };
  const lowerTest = (): Unit[] => {
    const cond = ownOutputs(node.attrs.cond);
    give(cond);
    buffers.place(cond.outputs[0], test);
    return lower(cond, inner);
  };
  const body = ownOutputs(node.attrs.body);
  const before = copies(
    l,
    'while_init',
    init.map((v, i) => [v, { id: now[i] }] as const),
  );
  const first = lowerTest();
  give(body);
  body.outputs.forEach((o, i) => {
    buffers.place(o, next[i]);
  });
  const round = lower(body, inner);
  const move = copies(
    l,
    'while_carry',
    held.map((v, i) => [v, { id: now[i] }] as const),
  );
  const again = lowerTest();
  const ends = copies(
    l,
    'while_result',
    init.map((_, i) => {
      const last = standIn(node.outputs[i]);
      buffers.place(last, now[i]);
      return [last, placeOf(buffers, node.outputs[i])] as const;
    }),
  );
  const loop = region({ kind: 'while', predicate: test, steps: [] }, [
    [...round, ...move, ...again],
  ]);
  return [...before, ...first, loop, ...ends];
}
