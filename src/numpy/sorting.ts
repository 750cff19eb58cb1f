/** Sorting, searching, sets. What has a shape that depends on the numbers reads them at once. */
import { makeArray } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { lax } from '../graph/index.ts';
import { normalizeAxis } from '../shape.ts';
import { asTensor, fromData, Tensor, type TensorLike } from '../tensor/index.ts';
import { positionsOf } from '../tensor/indexing.ts';

const keyed = (t: Tensor): Tensor => (t.dtype === 'bool' ? t.astype('uint8') : t);

/** Ascending along `axis` (default last; null flattens). Stable; NaN last. */
export function sort(x: TensorLike, axis: number | null = -1): Tensor {
  const t = axis === null ? asTensor(x).flatten() : asTensor(x);
  if (t.ndim === 0) return t;
  return Tensor.of(
    lax.convert(lax.sort([keyed(t).value], normalizeAxis(axis ?? -1, t.ndim))[0], t.dtype),
    t,
  );
}
/** The order that sorts: int32. Equal elements keep their order. */
export function argsort(x: TensorLike, axis: number | null = -1): Tensor {
  const t = axis === null ? asTensor(x).flatten() : asTensor(x);
  const a = normalizeAxis(axis ?? -1, t.ndim);
  return Tensor.of(lax.sort([keyed(t).value, lax.iota(t.shape, a, 'int32')], a)[1], t);
}

export interface UniqueResult {
  readonly values: Tensor;
  readonly index?: Tensor;
  readonly inverse?: Tensor;
  readonly counts?: Tensor;
}
interface UniqueOptions {
  readonly returnIndex?: boolean;
  readonly returnInverse?: boolean;
  readonly returnCounts?: boolean;
}
/** The sorted distinct elements; with options an object that says where and how often they stand. */
export function unique(x: TensorLike): Tensor;
export function unique(x: TensorLike, o: UniqueOptions): UniqueResult;
export function unique(x: TensorLike, o?: UniqueOptions): Tensor | UniqueResult {
  const t = asTensor(x);
  const data = t.dataSync();
  const order = Int32Array.from({ length: data.length }, (_, i) => i).sort((i, j) => {
    const [a, b] = [data[i], data[j]];
    if (Number.isNaN(a) || Number.isNaN(b))
      return Number(Number.isNaN(a)) - Number(Number.isNaN(b)) || i - j;
    return a - b || i - j;
  });
  const values: number[] = [];
  const index: number[] = [];
  const counts: number[] = [];
  const inverse = new Int32Array(data.length);
  for (const i of order) {
    const last = values[values.length - 1];
    if (
      values.length === 0 ||
      !(data[i] === last || (Number.isNaN(data[i]) && Number.isNaN(last)))
    ) {
      values.push(data[i]);
      index.push(i);
      counts.push(0);
    }
    counts[counts.length - 1]++;
    inverse[i] = values.length - 1;
  }
  const ints = (a: number[]): Tensor => fromData(Int32Array.from(a), [a.length], 'int32');
  const out = makeArray(t.dtype, values.length);
  out.set(values);
  const v = fromData(out, [values.length], t.dtype);
  if (!o) return v;
  return {
    values: v,
    ...(o.returnIndex && { index: ints(index) }),
    ...(o.returnInverse && { inverse: fromData(inverse, t.shape, 'int32') }),
    ...(o.returnCounts && { counts: ints(counts) }),
  };
}

/** Where `v` would be put into the sorted vector `a` to keep it sorted: int32. */
export function searchsorted(
  a: TensorLike,
  v: TensorLike,
  o: { side?: 'left' | 'right' } = {},
): Tensor {
  const sorted = asTensor(a);
  if (sorted.ndim !== 1)
    throw new GradloomError('shape', 'searchsorted: the sorted array must have one dimension.', {
      shape: [...sorted.shape],
    });
  const t = asTensor(v);
  const pairs = [...t.shape, sorted.size];
  const dims = t.shape.map((_, d) => d);
  const before = o.side === 'right' ? 'ge' : 'gt';
  const value = Tensor.of(lax.broadcastInDim(t.value, pairs, dims), t);
  return value[before](sorted).sum(-1);
}
/** The positions of nonzero elements, an array an axis: int32. */
export function nonzero(x: TensorLike): Tensor[] {
  const t = asTensor(x);
  return positionsOf(t.dataSync(), t.shape).map((p) => fromData(p, [p.length], 'int32'));
}
export function argwhere(x: TensorLike): Tensor {
  const t = asTensor(x);
  const p = positionsOf(t.dataSync(), t.shape);
  const n = p[0]?.length ?? 0;
  const out = new Int32Array(n * t.ndim);
  p.forEach((a, d) => {
    a.forEach((v, i) => {
      out[i * t.ndim + d] = v;
    });
  });
  return fromData(out, [n, t.ndim], 'int32');
}
/** How often each whole number 0, 1, 2, … occurs: int32. Throws `range` for others. */
export function bincount(x: TensorLike, o: { minlength?: number } = {}): Tensor {
  const data = asTensor(x).dataSync();
  let most = -1;
  for (const v of data) {
    if (!Number.isInteger(v) || v < 0)
      throw new GradloomError('range', `bincount takes whole numbers of 0 or more; found ${v}.`, {
        value: v,
      });
    most = Math.max(most, v);
  }
  const counts = new Int32Array(Math.max(most + 1, o.minlength ?? 0));
  for (const v of data) counts[v]++;
  return fromData(counts, [counts.length], 'int32');
}
/** [counts, edges] of the numbers in equal bins over `range`. */
export function histogram(
  x: TensorLike,
  o: { bins?: number; range?: readonly [number, number] } = {},
): [Tensor, Tensor] {
  const data = asTensor(x).dataSync();
  const bins = o.bins ?? 10;
  if (!Number.isInteger(bins) || bins < 1)
    throw new GradloomError(
      'range',
      `histogram: bins must be a whole number of 1 or more; received ${bins}.`,
      { bins },
    );
  let [lo, hi] = o.range ?? [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  if (!o.range) for (const v of data) [lo, hi] = [Math.min(lo, v), Math.max(hi, v)];
  if (data.length === 0 && !o.range) [lo, hi] = [0, 1];
  if (lo === hi) [lo, hi] = [lo - 0.5, hi + 0.5];
  const counts = new Int32Array(bins);
  for (const v of data)
    if (v >= lo && v <= hi) counts[Math.min(bins - 1, Math.floor(((v - lo) / (hi - lo)) * bins))]++;
  const edges = Float32Array.from({ length: bins + 1 }, (_, i) => lo + ((hi - lo) * i) / bins);
  return [fromData(counts, [bins], 'int32'), fromData(edges, [bins + 1], 'float32')];
}
