/**
 * Folds (reductions): two shapes of loops, after where the folded dimensions lie.
 *
 * - Rows: the innermost dimension is folded. Each result has its own accumulators in registers and
 *   an inner loop over contiguous elements.
 * - Columns: the innermost dimension is kept. A stretch of results is accumulated side by side in a
 *   small private array, so that the inner loop still runs over contiguous elements.
 *
 * What follows the fold in its group (the epilogue) is computed where the result is at hand.
 */

import type { DType } from '../dtype.ts';
import { binary, constant, type Expr, int, load, type Scalar, variable } from '../expr/expr.ts';
import { imulc, isub, linearize } from '../expr/index-math.ts';
import type { Value } from '../graph/graph.ts';
import { sizeOf } from '../shape.ts';
import { type Buffers, Elements, sameElement } from './elements.ts';
import type { Group } from './fuse.ts';
import type { Scratch, Stmt } from './loopnest.ts';
import {
  costOf,
  eachElement,
  forLoop,
  type Loop,
  loopOver,
  mergeLoops,
  nest,
  parallelize,
  replacer,
} from './loops.ts';
import { type Draft, storesOf } from './pointwise.ts';
import type { CpuTarget } from './program.ts';

const storageOf = (s: Scalar): DType => s;

export function lowerFold(group: Group, buffers: Buffers, target: CpuTarget): Draft {
  const node = group.heavy!;
  const { lowering } = node.primitive;
  if (lowering.kind !== 'fold') throw new Error('lowerFold takes a fold');
  const { shape } = node.inputs[0];
  const axes = lowering.axes(node.attrs);
  const states = lowering.accumulators(node);
  const reassociable = states.every((s) => s.op);

  // Neighbouring dimensions of one kind form a run, whose loops may be joined.
  const runs: { folded: boolean; loops: Loop[] }[] = [];
  const index = shape.map((n, d) => {
    if (n === 1) return int(0);
    const l = loopOver(axes.includes(d) ? 'r' : 'i', n);
    const folded = axes.includes(d);
    const run = runs[runs.length - 1];
    if (run?.folded === folded) run.loops.push(l);
    else runs.push({ folded, loops: [l] });
    return l.index;
  });
  const space = node.outputs[0].shape;
  const outIndex = index.filter((_, d) => !axes.includes(d));
  const position = linearize(
    axes.map((a) => index[a]),
    axes.map((a) => shape[a]),
  );

  const inputs = new Elements(buffers, group.members);
  const elements = node.inputs.map((v) => inputs.at(v, index));
  const accs = states.map((s) => variable('acc', s.scalar));
  const next = lowering.step(node, elements, position, accs);
  const result = accs[lowering.result];
  const after = new Elements(
    buffers,
    group.members,
    new Map<Value, Expr>([[node.outputs[0], result]]),
  );
  const stores = group.stored.map((v) => {
    const at = sameElement(v.shape, space, outIndex);
    return {
      v,
      index: linearize(at, v.shape),
      value: v === node.outputs[0] ? result : after.at(v, at),
    };
  });

  const { groups, apply } = mergeLoops(
    runs.map((r) => r.loops),
    [...next, ...stores.flatMap((s) => [s.index, s.value])],
  );
  const kept = groups.flatMap((g, i) => (runs[i].folded ? [] : g));
  const folded = groups.flatMap((g, i) => (runs[i].folded ? g : []));
  const steps = next.map(apply);
  const epilogue = storesOf(
    buffers,
    stores.map((s) => ({ v: s.v, index: apply(s.index), value: apply(s.value) })),
  );

  const cost = sizeOf(shape) * costOf(steps) + sizeOf(space) * costOf(stores.map((s) => s.value));
  const parallel = cost >= target.parallelThreshold;
  const columns =
    !target.gpu && runs.length > 0 && !runs[runs.length - 1].folded && folded.length > 0;

  if (!columns) {
    const body = (rest: readonly Loop[]): readonly Stmt[] =>
      nest(
        rest,
        [
          ...accs.map(
            (variable, i): Stmt => ({
              kind: 'accum',
              variable,
              init: constant(states[i].scalar, states[i].init),
            }),
          ),
          ...nest(folded, update(accs, states, steps), reassociable),
          ...epilogue,
        ],
        false,
      );
    if (target.gpu) return { ...eachElement(kept, body([])), scratch: [], cost };
    if (!parallel || kept.length === 0) return { body: body(kept), scratch: [], cost };
    return { ...parallelize(kept, false, body), scratch: [], cost };
  }

  const column = kept[kept.length - 1];
  const others = kept.slice(0, -1);
  const block = column.extent <= (parallel ? 96 : 512) ? column.extent : 64;
  const blocks = Math.ceil(column.extent / block);
  const scratch: Scratch[] = states.map((s) => ({ dtype: storageOf(s.scalar), length: block }));
  const blockLoop = loopOver('b', blocks);
  const outer = blocks > 1 ? [...others, blockLoop] : others;
  const start = blocks > 1 ? imulc(blockLoop.index, block) : int(0);
  const rest = isub(int(column.extent), start);
  const extent = column.extent % block === 0 ? int(block) : binary('min', rest, int(block));
  const at = isub(column.index, start);
  const accAt = (i: number, where: Expr): Expr => load(-1 - i, scratch[i].dtype, where);
  const put = (i: number, where: Expr, value: Expr): Stmt => ({
    kind: 'store',
    buffer: -1 - i,
    storage: scratch[i].dtype,
    index: where,
    value,
  });
  const inits = states.map((s, i) => put(i, at, constant(s.scalar, s.init)));
  const old = states.map((s) => variable('old', s.scalar));
  const fresh = states.map((s) => variable('new', s.scalar));
  const accumulateBody: Stmt[] = [
    ...old.map((variable, i): Stmt => ({ kind: 'let', variable, value: accAt(i, at) })),
    ...fresh.map((variable, i): Stmt => {
      const { op } = states[i];
      return {
        kind: 'let',
        variable,
        value: op ? binary(op, old[i], steps[i]) : substituteAll(steps[i], accs, old),
      };
    }),
    ...fresh.map((v, i) => put(i, at, v)),
  ];
  const finish: Stmt[] = [
    ...accs.map((variable, i): Stmt => ({ kind: 'let', variable, value: accAt(i, at) })),
    ...epilogue,
  ];
  const body = (loops: readonly Loop[]): readonly Stmt[] =>
    nest(
      loops,
      [
        forLoop(column.index, start, extent, inits, true),
        ...nest(folded, [forLoop(column.index, start, extent, accumulateBody, true)], false),
        forLoop(column.index, start, extent, finish, true),
      ],
      false,
    );
  if (!parallel || outer.length === 0) return { body: body(outer), scratch, cost };
  return { ...parallelize(outer, false, body), scratch, cost };
}

function update(
  accs: readonly Expr[],
  states: readonly { op?: 'add' | 'mul' | 'min' | 'max' | 'and' | 'or'; scalar: Scalar }[],
  steps: readonly Expr[],
): Stmt[] {
  if (states.every((s) => s.op)) {
    return accs.map(
      (v, i): Stmt => ({ kind: 'update', variable: v, op: states[i].op!, value: steps[i] }),
    );
  }
  // Each next state may depend on all the old ones: compute them all before assigning any.
  const fresh = states.map((s) => variable('new', s.scalar));
  return [
    ...fresh.map((v, i): Stmt => ({ kind: 'let', variable: v, value: steps[i] })),
    ...accs.map((v, i): Stmt => ({ kind: 'set', variable: v, value: fresh[i] })),
  ];
}

function substituteAll(e: Expr, from: readonly Expr[], to: readonly Expr[]): Expr {
  return replacer(new Map(from.map((f, i) => [f, to[i]])))(e);
}
