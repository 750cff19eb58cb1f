/**
 * Convolutions in the form that compiles best: as products where they are nothing else, feature by
 * feature where there is nothing to sum over, and else without padding or gaps in the input.
 */
import { apply, type Node, type Value } from '../graph/graph.ts';
import * as lax from '../graph/lax.ts';
import type { ConvAttrs, ConvLayout } from '../graph/primitives/conv.ts';
import { convView, depthwiseConv } from '../graph/primitives/depthwise.ts';
import { sizeOf } from '../shape.ts';

export function rewriteConvolution(node: Node, [x, w]: readonly Value[]): Value | undefined {
  const a = node.attrs as ConvAttrs;
  return (
    asProduct(node, x, w, a) ??
    featureByFeature(node, x, w, a) ??
    byPhases(node, x, w, a) ??
    explicitPadding(x, w, a)
  );
}

/** More taps than this are a product with a small kernel after all. */
const mostTaps = 64;

/** Depthwise convolutions, and the gradients of their kernels. */
function featureByFeature(node: Node, x: Value, w: Value, a: ConvAttrs): Value | undefined {
  const out = node.outputs[0];
  if (sizeOf(out.shape) === 0 || sizeOf(x.shape) === 0 || sizeOf(w.shape) === 0) return undefined;
  const taps = a.rhs.spatial.map((d) => w.shape[d]);
  if (a.featureGroupCount > 1 && w.shape[a.rhs.feature] === 1 && sizeOf(taps) <= mostTaps)
    return apply(depthwiseConv, [x, w], a);
  if (a.batchGroupCount === 1 || out.shape[a.out.batch] !== 1) return undefined;
  // Each group is one feature of the input (its "batch") with its own output features: for every
  // place of the result, a sum over images and taps of two arrays side by side.
  const rank = taps.length;
  const places = a.out.spatial.map((d) => out.shape[d]);
  const features = out.shape[a.out.feature];
  const images = x.shape[a.lhs.feature];
  const view = apply(convView, [x], {
    ...a,
    lhs: { ...a.lhs, batch: a.lhs.feature, feature: a.lhs.batch },
    ...{ taps, places, features },
  });
  const order = [a.rhs.feature, ...a.rhs.spatial, a.rhs.batch];
  const g = lax.broadcastInDim(lax.transpose(w, order), view.shape, [
    ...Array.from({ length: rank + 1 }, (_, d) => d),
    1 + 2 * rank,
  ]);
  const each = lax.reduceSum(
    lax.mul(view, g),
    taps.map((_, i) => i + 1),
  );
  const summed = images === 1 ? lax.reshape(each, each.shape.slice(1)) : lax.reduceSum(each, [0]);
  const from = [...a.out.spatial, a.out.feature];
  const sorted = [...from].sort((p, q) => p - q);
  return lax.reshape(
    lax.transpose(
      summed,
      sorted.map((d) => from.indexOf(d)),
    ),
    out.shape,
  );
}

/** A result is cut into at most so many phases. */
const mostPhases = 16;

/**
 * An input laid out with gaps and gone over without strides: the places of the result fall into
 * phases, each of which meets only every d-th tap, without gaps. One convolution a phase.
 */
function byPhases(node: Node, x: Value, w: Value, a: ConvAttrs): Value | undefined {
  const out = node.outputs[0];
  const phases = sizeOf(a.lhsDilation);
  const plain = a.strides.every((s) => s === 1) && a.rhsDilation.every((d) => d === 1);
  if (phases === 1 || phases > mostPhases || !plain) return undefined;
  if (sizeOf(out.shape) === 0 || sizeOf(x.shape) === 0 || sizeOf(w.shape) === 0) return undefined;
  // Along each dimension, for each phase: its first tap, its taps, and where its first window starts.
  const dims = a.lhs.spatial.map((d, i) => {
    const [step, lo, taps] = [a.lhsDilation[i], a.padding[i][0], w.shape[a.rhs.spatial[i]]];
    const count = Math.ceil(out.shape[a.out.spatial[i]] / step);
    return Array.from({ length: step }, (_, r) => {
      const first = (((lo - r) % step) + step) % step;
      const size = Math.max(0, Math.ceil((taps - first) / step));
      const start = (r + first - lo) / step;
      return { first, size, count, low: -start, high: start + count - 1 + size - x.shape[d] };
    });
  });
  const low = x.shape.map(() => 0);
  const high = x.shape.map(() => 0);
  dims.forEach((list, i) => {
    low[a.lhs.spatial[i]] = Math.max(0, ...list.map((p) => p.low));
    high[a.lhs.spatial[i]] = Math.max(0, ...list.map((p) => p.high));
  });
  const padded = lax.pad(x, 0, low, high);
  const one = (choice: readonly number[]): Value => {
    const chosen = choice.map((r, i) => dims[i][r]);
    if (chosen.some((p) => p.size === 0)) {
      const shape = [...out.shape];
      a.out.spatial.forEach((d, i) => {
        shape[d] = chosen[i].count;
      });
      return lax.full(shape, 0, out.dtype);
    }
    const start = w.shape.map(() => 0);
    const strides = w.shape.map(() => 1);
    a.rhs.spatial.forEach((d, i) => {
      start[d] = chosen[i].first;
      strides[d] = a.lhsDilation[i];
    });
    return lax.convGeneralDilated(padded, lax.slice(w, start, w.shape, strides), {
      ...options(a),
      padding: chosen.map((p, i): [number, number] => [
        p.low - low[a.lhs.spatial[i]],
        p.high - high[a.lhs.spatial[i]],
      ]),
      lhsDilation: choice.map(() => 1),
    });
  };
  /** The phases of dimensions i and later, woven together along them. */
  const weave = (choice: readonly number[]): Value => {
    const i = choice.length;
    if (i === dims.length) return one(choice);
    const d = a.out.spatial[i];
    const parts = dims[i].map((_, r) => weave([...choice, r]));
    const split = parts[0].shape.flatMap((n, k) => (k === d ? [n, 1] : [n]));
    const joined = lax.concatenate(
      parts.map((p) => lax.reshape(p, split)),
      d + 1,
    );
    return lax.reshape(
      joined,
      parts[0].shape.map((n, k) => (k === d ? n * parts.length : n)),
    );
  };
  const woven = weave([]);
  return lax.slice(
    woven,
    out.shape.map(() => 0),
    out.shape,
  );
}

const options = (a: ConvAttrs): Omit<lax.ConvOptions, 'padding'> => ({
  strides: a.strides,
  lhsDilation: a.lhsDilation,
  rhsDilation: a.rhsDilation,
  featureGroupCount: a.featureGroupCount,
  batchGroupCount: a.batchGroupCount,
  layouts: { lhs: a.lhs, rhs: a.rhs, out: a.out },
});

/** Zeros around and between the elements of the input become elements of an array. */
function explicitPadding(x: Value, w: Value, a: ConvAttrs): Value | undefined {
  if (a.padding.every(([lo, hi]) => lo <= 0 && hi <= 0) && a.lhsDilation.every((d) => d === 1))
    return undefined;
  const low = x.shape.map(() => 0);
  const high = x.shape.map(() => 0);
  const interior = x.shape.map(() => 0);
  a.lhs.spatial.forEach((d, i) => {
    [low[d], high[d]] = a.padding[i];
    interior[d] = a.lhsDilation[i] - 1;
  });
  return lax.convGeneralDilated(lax.pad(x, 0, low, high, interior), w, {
    ...options(a),
    padding: a.padding.map(() => [0, 0] as const),
    lhsDilation: a.lhsDilation.map(() => 1),
  });
}

/**
 * Each spatial dimension has a kernel of size 1 (so it is one more batch dimension) or a kernel as
 * large as the image (so it is summed over): then the convolution is a matrix product.
 */
function asProduct(node: Node, x: Value, w: Value, a: ConvAttrs): Value | undefined {
  if (a.featureGroupCount !== 1 || a.batchGroupCount !== 1) return undefined;
  const out = node.outputs[0];
  const free: number[] = [];
  const summed: number[] = [];
  const plain = a.lhs.spatial.every((d, i) => {
    const dense = a.lhsDilation[i] === 1 && a.padding[i][0] === 0 && a.padding[i][1] === 0;
    const taps = w.shape[a.rhs.spatial[i]];
    if (!dense) return false;
    if (taps === 1) free.push(i);
    else if (taps === x.shape[d] && a.rhsDilation[i] === 1) summed.push(i);
    else return false;
    return true;
  });
  if (!plain) return undefined;
  const strided = lax.slice(
    x,
    x.shape.map(() => 0),
    x.shape,
    x.shape.map((_, d) => {
      const i = a.lhs.spatial.indexOf(d);
      return i >= 0 && free.includes(i) ? a.strides[i] : 1;
    }),
  );
  // The kernel without its dimensions of size 1; their places in what is left.
  const gone = free.map((i) => a.rhs.spatial[i]);
  const kernel = lax.reshape(
    w,
    w.shape.filter((_, d) => !gone.includes(d)),
  );
  const place = (d: number): number => d - gone.filter((g) => g < d).length;
  const product = lax.dotGeneral(strided, kernel, {
    lhsContract: [...summed.map((i) => a.lhs.spatial[i]), a.lhs.feature],
    rhsContract: [...summed.map((i) => place(a.rhs.spatial[i])), place(a.rhs.feature)],
    lhsBatch: [],
    rhsBatch: [],
  });
  // Free dimensions come in the order in which they stand in x, then the output features.
  const rows = [a.lhs.batch, ...free.map((i) => a.lhs.spatial[i])].sort((p, q) => p - q);
  const inOut = (d: number, l: ConvLayout): number =>
    d === l.batch ? a.out.batch : a.out.spatial[l.spatial.indexOf(d)];
  const order = [...rows.map((d) => inOut(d, a.lhs)), a.out.feature];
  const sorted = [...order].sort((p, q) => p - q);
  const moved = lax.transpose(
    product,
    sorted.map((d) => order.indexOf(d)),
  );
  return lax.reshape(moved, out.shape);
}
