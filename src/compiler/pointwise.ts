/** Pointwise groups: one loop nest that computes and stores every element of its values. */
import { type Expr, exprOrder, int, variable } from '../expr/expr.ts';
import { imulc, linearize, remaining, strideOf } from '../expr/index-math.ts';
import type { Value } from '../graph/graph.ts';
import { sizeOf } from '../shape.ts';
import { type Buffers, Elements, sameElement } from './elements.ts';
import type { Group } from './fuse.ts';
import type { Kernel, Stmt } from './loopnest.ts';
import {
  costOf,
  eachElement,
  forLoop,
  type Loop,
  loopOver,
  loopsOver,
  mergeLoops,
  nest,
  type Parallel,
  parallelize,
} from './loops.ts';
import type { CpuTarget } from './program.ts';
import { segmentsOf } from './segments.ts';

export type Draft = Omit<Kernel, 'name' | 'reads' | 'writes'>;

export interface Result {
  readonly v: Value;
  readonly index: Expr;
  readonly value: Expr;
}

/**
 * Stores what a group computes for one element. Every value is computed before any is stored: an
 * output may lie over an input that another value still has to read.
 */
export function storesOf(buffers: Buffers, results: readonly Result[]): Stmt[] {
  const single = results.length === 1;
  const lets: Stmt[] = [];
  const stores = results.map(({ v, index, value }): Stmt => {
    let held = value;
    if (!single && value.op !== 'const' && value.op !== 'var') {
      held = variable('v', value.dtype);
      lets.push({ kind: 'let', variable: held, value });
    }
    const at = buffers.at(v, index);
    return { kind: 'store', buffer: buffers.of(v)!, storage: v.dtype, index: at, value: held };
  });
  return [...lets, ...stores];
}

export function lowerPointwise(group: Group, buffers: Buffers, target: CpuTarget): Draft {
  // The space with the most dimensions lets every other be seen as a reshape of it.
  const space = group.stored.map((v) => v.shape).reduce((a, b) => (b.length > a.length ? b : a));
  const elements = new Elements(buffers, group.members);
  const { loops, index } = loopsOver('i', space);
  const stores = group.stored.map((v) => {
    const at = sameElement(v.shape, space, index);
    return { v, index: linearize(at, v.shape), value: elements.at(v, at) };
  });
  const { groups, apply } = mergeLoops(
    [loops],
    stores.flatMap((s) => [s.index, s.value]),
  );
  const results = stores.map((s) => ({ v: s.v, index: apply(s.index), value: apply(s.value) }));
  const body = storesOf(buffers, results);
  const merged = groups[0];
  const cost = sizeOf(space) * costOf(results.map((r) => r.value));
  if (target.gpu) return { ...eachElement(merged, body), scratch: [], cost };
  if (cost < target.parallelThreshold || merged.length === 0)
    return { body: nest(merged, body, true), scratch: [], cost };
  const across = transposed(merged, results);
  if (across) return { ...inBlocks(merged, across, body), scratch: [], cost };
  const last = merged[merged.length - 1];
  const segments = segmentsOf(
    last,
    results.map((r) => r.value),
  )?.flatMap(({ loop, apply }) => {
    const there = results.map((r) => ({ v: r.v, index: apply(r.index), value: apply(r.value) }));
    return nest([loop], storesOf(buffers, there), true);
  });
  const p = parallelize(merged, true, (rest, stretch) => {
    if (stretch) return [forLoop(last.index, stretch.start, stretch.extent, body, true)];
    return segments ? nest(rest.slice(0, -1), segments, false) : nest(rest, body, true);
  });
  return { ...p, scratch: [], cost };
}

/** Rows and columns of the blocks in which a transposition goes: their lines stay in the cache. */
const blockSize = 32;

/** A loop along which an operand is contiguous while it is far apart along the innermost loop. */
function transposed(loops: readonly Loop[], results: readonly Result[]): Loop | undefined {
  const inner = loops[loops.length - 1];
  if (inner.extent < blockSize) return undefined;
  for (const e of exprOrder(results.map((r) => r.value))) {
    if (e.op !== 'load') continue;
    const stride = strideOf(e.args[0], inner.index);
    if (stride === undefined || Math.abs(stride) < blockSize) continue;
    const along = loops.find(
      (l) => l !== inner && l.extent >= blockSize && strideOf(e.args[0], l.index) === 1,
    );
    if (along) return along;
  }
  return undefined;
}

function inBlocks(loops: readonly Loop[], across: Loop, body: readonly Stmt[]): Parallel {
  const inner = loops[loops.length - 1];
  const cut = (l: Loop): { loop: Loop; start: Expr; count: Expr } => {
    const loop = loopOver('b', Math.ceil(l.extent / blockSize));
    const start = imulc(loop.index, blockSize);
    return { loop, start, count: remaining(l.extent, start, int(blockSize)) };
  };
  const [o, i] = [cut(across), cut(inner)];
  const block = [
    forLoop(across.index, o.start, o.count, [forLoop(inner.index, i.start, i.count, body, true)]),
  ];
  const order = loops.map((l) => (l === across ? o.loop : l === inner ? i.loop : l));
  return parallelize(
    order.filter((l) => l.extent > 1),
    false,
    (rest) => nest(rest, block, false),
  );
}
