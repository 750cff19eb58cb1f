/** Reductions and what is made of them. */
import { makeArray } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { lax } from '../graph/index.ts';
import { normalizeAxis } from '../shape.ts';
import {
  type Axis,
  asTensor,
  fromData,
  type ReduceOptions,
  Tensor,
  type TensorLike,
} from '../tensor/index.ts';
import { concatenate } from './manipulation.ts';
import { sort } from './sorting.ts';

type Reduce = (x: TensorLike, axis?: Axis | ReduceOptions, o?: ReduceOptions) => Tensor;
const reduce =
  (f: (t: Tensor, axis?: Axis | ReduceOptions, o?: ReduceOptions) => Tensor): Reduce =>
  (x, axis, o) =>
    f(asTensor(x), axis, o);

export const sum: Reduce = reduce((t, a, o) => t.sum(a, o));
export const prod: Reduce = reduce((t, a, o) => t.prod(a, o));
export const mean: Reduce = reduce((t, a, o) => t.mean(a, o));
export const max: Reduce = reduce((t, a, o) => t.max(a, o));
export const min: Reduce = reduce((t, a, o) => t.min(a, o));
export const amax: Reduce = max;
export const amin: Reduce = min;
export const any: Reduce = reduce((t, a, o) => t.any(a, o));
export const all: Reduce = reduce((t, a, o) => t.all(a, o));
export const ptp: Reduce = reduce((t, a, o) => t.max(a, o).sub(t.min(a, o)));
export const countNonzero: Reduce = reduce((t, a, o) => t.ne(0).sum(a, o));

type Spread = (
  x: TensorLike,
  axis?: Axis | (ReduceOptions & { ddof?: number }),
  o?: ReduceOptions & { ddof?: number },
) => Tensor;
const variance: Spread = (x, axis, o) => asTensor(x).var(axis, o);

export { variance as var };
export const std: Spread = (x, axis, o) => asTensor(x).std(axis, o);

type Arg = (
  x: TensorLike,
  axis?: number | null | { axis?: number | null; keepdims?: boolean },
) => Tensor;
/** Position of the first maximum; the first NaN counts as one. int32. */
export const argmax: Arg = (x, axis) => asTensor(x).argmax(axis);
export const argmin: Arg = (x, axis) => asTensor(x).argmin(axis);

function running(x: TensorLike, axis: number | null | undefined, op: 'add' | 'mul'): Tensor {
  const t = asTensor(x);
  const flat = axis == null ? t.flatten() : t;
  const v =
    flat.dtype === 'bool' || flat.dtype === 'uint8' ? lax.convert(flat.value, 'int32') : flat.value;
  return Tensor.of(lax.cumulative(v, normalizeAxis(axis ?? 0, flat.ndim), op), t);
}
/** Running sum; without an axis, of the flattened array. */
export const cumsum = (x: TensorLike, axis?: number | null): Tensor => running(x, axis, 'add');
export const cumprod = (x: TensorLike, axis?: number | null): Tensor => running(x, axis, 'mul');

/** The weighted mean. */
export function average(x: TensorLike, o: { axis?: Axis; weights?: TensorLike } = {}): Tensor {
  const t = asTensor(x);
  if (o.weights === undefined) return t.mean(o.axis ?? null);
  let w = asTensor(o.weights);
  if (w.ndim === 1 && t.ndim > 1 && typeof o.axis === 'number') {
    const a = normalizeAxis(o.axis, t.ndim);
    w = w.reshape(t.shape.map((n, d) => (d === a ? n : 1)));
  }
  return t
    .mul(w)
    .sum(o.axis ?? null)
    .div(w.broadcastTo(t.shape).sum(o.axis ?? null));
}

/** Differences of neighbours along `axis`, n times. */
export function diff(x: TensorLike, n = 1, axis = -1): Tensor {
  let t = asTensor(x);
  const a = normalizeAxis(axis, t.ndim);
  for (let i = 0; i < n; i++) {
    const cut = (from: number, to: number): Tensor =>
      t.slice(...t.shape.map((_, d): [number, number] | ':' => (d === a ? [from, to] : ':')));
    t = cut(1, t.shape[a]).sub(cut(0, Math.max(0, t.shape[a] - 1)));
  }
  return t;
}

/** The q-th quantiles (0..1), interpolated linearly between neighbours. */
export function quantile(
  x: TensorLike,
  q: number | readonly number[],
  o: { axis?: number | null; keepdims?: boolean } = {},
): Tensor {
  const t = asTensor(x);
  const flat = o.axis == null ? t.flatten() : t;
  const a = normalizeAxis(o.axis ?? 0, flat.ndim);
  const n = flat.shape[a];
  if (n === 0)
    throw new GradloomError('empty', 'quantile of an empty array has no value.', {
      shape: [...t.shape],
    });
  const sorted = sort(flat.astype(flat.dtype === 'float64' ? 'float64' : 'float32'), a);
  const at = (p: number): Tensor => {
    if (!(p >= 0 && p <= 1))
      throw new GradloomError('range', `Quantiles lie between 0 and 1; received ${p}.`, { q: p });
    const position = p * (n - 1);
    const low = Math.floor(position);
    const pick = (i: number): Tensor =>
      sorted.take(fromData(makeArray('int32', 1).fill(i), [], 'int32'), a);
    const share = position - low;
    return share === 0
      ? pick(low)
      : pick(low)
          .mul(1 - share)
          .add(pick(low + 1).mul(share));
  };
  const keep = (r: Tensor): Tensor =>
    o.keepdims ? r.reshape(t.shape.map((m, d) => (o.axis == null || d === a ? 1 : m))) : r;
  if (typeof q === 'number') return keep(at(q));
  return concatenate(
    q.map((p) => keep(at(p)).expandDims(0)),
    { axis: 0 },
  );
}
export function percentile(
  x: TensorLike,
  q: number | readonly number[],
  o: { axis?: number | null; keepdims?: boolean } = {},
): Tensor {
  return quantile(x, typeof q === 'number' ? q / 100 : q.map((p) => p / 100), o);
}
export function median(
  x: TensorLike,
  o: { axis?: number | null; keepdims?: boolean } | number | null = {},
): Tensor {
  return quantile(x, 0.5, typeof o === 'object' && o !== null ? o : { axis: o });
}
