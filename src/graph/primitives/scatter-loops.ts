/** How scatter runs: one index vector after another, with whole rows of a window at a time. */
import type { Stmt } from '../../compiler/loopnest.ts';
import { binary, compare, convert, type Expr, int, variable } from '../../expr/expr.ts';
import { delinearize, iadd, imulc, linearize, remaining } from '../../expr/index-math.ts';
import { sizeOf } from '../../shape.ts';
import type { Node } from '../graph.ts';
import type { LoopIO, LoopKernel } from '../primitive.ts';
import type { ScatterAttrs } from './indexing.ts';

/** Fewest columns that a thread takes, and most threads. */
const narrowest = 16;
const most = 16;

function loop(index: Expr, extent: Expr, body: readonly Stmt[], vector = false): Stmt {
  return { kind: 'for', index, start: int(0), extent, step: 1, vector, body };
}

const counter = (name: string, extent: number): Expr =>
  variable(name, 'int32', 0, Math.max(0, extent - 1));

/**
 * Where windows span the whole last dimension, as rows of an embedding do, updates of different
 * columns never meet: these loops are the innermost, and what threads share out. The order of the
 * updates of one element is always that of the index vectors.
 */
export function scatterLoops(
  node: Node & { readonly attrs: ScatterAttrs },
  io: LoopIO,
): LoopKernel {
  const a = node.attrs;
  const [x, idx, u] = node.inputs;
  const rank = x.shape.length;
  const window = x.shape.map((_, d) => d).filter((d) => !a.insertedDims.includes(d));
  const whole =
    rank > 0 &&
    window[window.length - 1] === rank - 1 &&
    !a.indexMap.includes(rank - 1) &&
    a.windowDims[window.length - 1] === u.shape.length - 1 &&
    u.shape[u.shape.length - 1] === x.shape[rank - 1];
  const columns = whole ? x.shape[rank - 1] : 1;
  const units = Math.ceil(columns / narrowest);
  const wide = columns < 2 * narrowest ? columns : narrowest * Math.ceil(units / most);
  const width = io.fine ? 1 : wide;
  const pieces = Math.max(1, Math.ceil(columns / Math.max(1, width)));

  const piece = pieces > 1 ? counter('c', pieces) : int(0);
  const first = imulc(piece, width);
  const extent = remaining(columns, first, int(width));

  const n = sizeOf(x.shape);
  const copy = (position: Expr): Stmt => io.store(0, position, io.load(0, position));
  const body: Stmt[] = [];
  if (pieces === 1) {
    const i = counter('i', n);
    body.push(loop(i, int(n), [copy(i)], true));
  } else {
    const [r, j] = [counter('r', n / columns), counter('j', width)];
    const at = iadd(imulc(r, columns), iadd(first, j));
    body.push(loop(r, int(n / columns), [loop(j, extent, [copy(at)], true)]));
  }

  // One iteration an index vector; then the window, but for its columns; then these.
  const batchDims = u.shape.map((_, d) => d).filter((d) => !a.windowDims.includes(d));
  const batchShape = batchDims.map((d) => u.shape[d]);
  const inner = whole ? window.slice(0, -1) : window;
  const innerShape = inner.map((_, k) => u.shape[a.windowDims[k]]);
  const q = counter('q', sizeOf(batchShape));
  const w = counter('w', sizeOf(innerShape));
  const j = whole ? counter('j', width) : int(0);
  const batch = delinearize(q, batchShape);
  const inside = delinearize(w, innerShape);

  const at: Expr[] = x.shape.map(() => int(0));
  const from: Expr[] = u.shape.map(() => int(0));
  batchDims.forEach((d, k) => {
    from[d] = batch[k];
  });
  inner.forEach((d, k) => {
    at[d] = inside[k];
    from[a.windowDims[k]] = inside[k];
  });
  if (whole) {
    at[rank - 1] = iadd(first, j);
    from[u.shape.length - 1] = iadd(first, j);
  }
  const starts: Stmt[] = [];
  let fits: Expr | undefined;
  a.indexMap.forEach((d, k) => {
    const start = variable('s');
    const value = convert('int32', io.load(1, linearize([...batch, int(k)], idx.shape)));
    starts.push({ kind: 'let', variable: start, value });
    const position = window.indexOf(d);
    const size = position < 0 ? 1 : u.shape[a.windowDims[position]];
    const here = binary(
      'and',
      compare('ge', start, int(0)),
      compare('le', start, int(x.shape[d] - size)),
    );
    fits = fits ? binary('and', fits, here) : here;
    at[d] = iadd(at[d], start);
  });

  const target = linearize(at, x.shape);
  const value = io.load(2, linearize(from, u.shape));
  let next = value;
  if (a.op !== 'set') {
    next = binary(a.op, io.loadOutput(0, target), value);
    if (x.dtype === 'uint8') next = binary('and', next, int(255));
  }
  let update: Stmt = io.store(0, target, next);
  if (whole) update = loop(j, extent, [update], true);
  if (sizeOf(innerShape) !== 1) update = loop(w, int(sizeOf(innerShape)), [update]);
  const guarded: Stmt = fits ? { kind: 'if', cond: fits, then: [update] } : update;
  body.push(loop(q, int(sizeOf(batchShape)), [...starts, guarded]));
  return {
    body,
    cost: n + (whole ? 2 : 6) * sizeOf(u.shape) + 8 * sizeOf(batchShape),
    ...(pieces > 1 && { parallel: { index: piece, extent: pieces } }),
  };
}
