/** Numbers out of arrays: sums, extremes, averages, order statistics. */
import { type DType, isFloat } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { lax } from '../graph/index.ts';
import { normalizeAxes, normalizeAxis } from '../shape.ts';
import {
  type Axis,
  asTensor,
  type ReduceOptions,
  type Tensor,
  type TensorLike,
} from '../tensor/index.ts';
import { isnan } from './logic.ts';
import {
  type AxisArg,
  along,
  asFloat,
  asNumber,
  filled,
  given,
  isOptions,
  make,
  type ReduceArg,
} from './support.ts';
import { where } from './where.ts';

type Reduction = (x: TensorLike, axis?: ReduceArg, options?: ReduceOptions) => Tensor;
/** Sums and products in a dtype. */
export interface ProdOptions extends ReduceOptions {
  readonly dtype?: DType | null;
}
export interface ExtremeOptions extends ReduceOptions {
  /** What the result is at least (`max`) or at most (`min`): the result of nothing. */
  readonly initial?: number | null;
}
type Extreme = (x: TensorLike, axis?: ReduceArg | ExtremeOptions, o?: ExtremeOptions) => Tensor;

/** Options of a reduction, whether the axis comes by position or by name. */
function rangeOf<O extends ReduceOptions>(axis: ReduceArg | O | undefined, o?: O): Partial<O> {
  return isOptions(axis) ? (axis as O) : ({ ...o, ...(axis !== undefined && { axis }) } as O);
}

function extreme(pick: 'max' | 'min'): Extreme {
  const bound = pick === 'max' ? 'maximum' : 'minimum';
  return (x, axis, o) => {
    const { initial, ...range } = rangeOf<ExtremeOptions>(axis, o);
    const t = asTensor(x);
    if (initial == null) return t[pick](range);
    const axes = normalizeAxes(range.axis ?? null, t.ndim);
    if (axes.every((a) => t.shape[a] > 0)) return t[pick](range)[bound](initial);
    // Of nothing.
    const kept = t.shape.map((n, d) => (axes.includes(d) ? 1 : n));
    const shape = range.keepdims ? kept : kept.filter((_, d) => !axes.includes(d));
    return make(lax.full(shape, initial, t.dtype), t);
  };
}

type SpreadOptions = ReduceOptions & { readonly ddof?: number };

/** Sum over `axis` (a number, several, or all). bool and uint8 add up as int32. */
export const sum: Reduction = (x, axis, o) => asTensor(x).sum(axis, o);
/** Product, in `dtype` if it is given. */
export function prod(x: TensorLike, axis?: ReduceArg | ProdOptions, o?: ProdOptions): Tensor {
  const { dtype, ...range } = rangeOf<ProdOptions>(axis, o);
  return (dtype == null ? asTensor(x) : asTensor(x).astype(dtype)).prod(range);
}
export const mean: Reduction = (x, axis, o) => asTensor(x).mean(axis, o);
/** Largest, and no less than `initial`; NaN wins. Throws `empty` where there is neither. */
export const max: Extreme = extreme('max');
/** Smallest, and no more than `initial`; NaN wins. Throws `empty` where there is neither. */
export const min: Extreme = extreme('min');
export const amax: Reduction = max;
export const amin: Reduction = min;
export const any: Reduction = (x, axis, o) => asTensor(x).any(axis, o);
export const all: Reduction = (x, axis, o) => asTensor(x).all(axis, o);
/** Largest less smallest. */
export const ptp: Reduction = (x, axis, o) => max(x, axis, o).sub(min(x, axis, o));
/** How many are not zero: int32. */
export const countNonzero: Reduction = (x, axis, o) => asTensor(x).ne(0).sum(axis, o);
/** Variance: the mean squared distance from the mean, over N - ddof. */
export function variance(
  x: TensorLike,
  axis?: ReduceArg | SpreadOptions,
  o?: SpreadOptions,
): Tensor {
  return asTensor(x).var(axis as SpreadOptions, o);
}
/** Standard deviation. */
export function std(x: TensorLike, axis?: ReduceArg | SpreadOptions, o?: SpreadOptions): Tensor {
  return asTensor(x).std(axis as SpreadOptions, o);
}

type ArgOptions = number | null | { readonly axis?: number | null; readonly keepdims?: boolean };
/** Position of the first maximum along `axis`, or in the flattened array: int32. */
export function argmax(x: TensorLike, axis?: ArgOptions): Tensor {
  return asTensor(x).argmax(axis);
}
export function argmin(x: TensorLike, axis?: ArgOptions): Tensor {
  return asTensor(x).argmin(axis);
}

const ignoring =
  (instead: number, reduce: Reduction): Reduction =>
  (x, axis, o) => {
    const t = asTensor(x);
    return isFloat(t.dtype) ? reduce(where(isnan(t), instead, t), axis, o) : reduce(t, axis, o);
  };
/** The sum of what is not NaN. */
export const nansum: Reduction = ignoring(0, sum);
export const nanprod: Reduction = ignoring(1, prod);
/** The mean of what is not NaN. */
export const nanmean: Reduction = (x, axis, o) =>
  nansum(x, axis, o).div(isnan(x).logicalNot().sum(axis, o));
const nanExtreme =
  (instead: number, reduce: Reduction): Reduction =>
  (x, axis, o) => {
    const t = asTensor(x);
    if (!isFloat(t.dtype)) return reduce(t, axis, o);
    return where(isnan(t).all(axis, o), Number.NaN, ignoring(instead, reduce)(t, axis, o));
  };
export const nanmax: Reduction = nanExtreme(Number.NEGATIVE_INFINITY, max);
export const nanmin: Reduction = nanExtreme(Number.POSITIVE_INFINITY, min);

export interface AverageOptions extends ReduceOptions {
  readonly weights?: TensorLike | null;
}

/** The mean, each element weighed; `weights` broadcasts to x, or is a vector along `axis`. */
export function average(
  x: TensorLike,
  axis?: Axis | AverageOptions,
  options: AverageOptions = {},
): Tensor {
  const { weights, ...o } = {
    ...options,
    ...((isOptions(axis) ? axis : { axis }) as ReduceOptions & { weights?: TensorLike | null }),
  };
  const t = asFloat(x);
  if (weights == null) return t.mean(o as ReduceOptions);
  let w = asTensor(weights);
  const given = (o as ReduceOptions).axis;
  if (w.ndim === 1 && t.ndim > 1) {
    if (typeof given !== 'number')
      throw new GradloomError('axis', 'average: weights that are a vector need an axis.');
    const a = normalizeAxis(given, t.ndim);
    w = w.reshape(t.shape.map((_, d) => (d === a ? -1 : 1)));
  }
  const spread = w.add(filledLike(t));
  const range = o as ReduceOptions;
  return t.mul(spread).sum(range).div(spread.sum(range));
}
function filledLike(t: Tensor): Tensor {
  return make(filled(t, 0));
}

/** Of running sums and products. */
export interface RunningOptions {
  readonly axis?: number | null;
  /** What is added up or multiplied in; that of x unless given. */
  readonly dtype?: DType | null;
}
type RunningArg = number | null | RunningOptions;

/** Sums so far along `axis`, or of the flattened array. bool and uint8 add up as int32. */
export function cumsum(x: TensorLike, axis?: RunningArg, dtype?: DType | null): Tensor {
  return running(x, 'add', [axis, dtype]);
}
export function cumprod(x: TensorLike, axis?: RunningArg, dtype?: DType | null): Tensor {
  return running(x, 'mul', [axis, dtype]);
}
function running(x: TensorLike, op: 'add' | 'mul', args: readonly unknown[]): Tensor {
  const o = given<RunningOptions>(op === 'add' ? 'cumsum' : 'cumprod', ['axis', 'dtype'], args);
  const whole = o.dtype == null ? asTensor(x) : asTensor(x).astype(o.dtype);
  const { t, axis } = along(whole, o.axis, null);
  const n = t.dtype === 'uint8' || t.dtype === 'bool' ? t.astype('int32') : t;
  return make(lax.cumulative(n.value, axis, op), n);
}
/** The largest so far (np.maximum.accumulate). */
export function cummax(x: TensorLike, axis?: AxisArg): Tensor {
  const { t, axis: a } = along(asNumber(x), axis, null);
  return make(lax.cumulative(t.value, a, 'max'), t);
}
export function cummin(x: TensorLike, axis?: AxisArg): Tensor {
  const { t, axis: a } = along(asNumber(x), axis, null);
  return make(lax.cumulative(t.value, a, 'min'), t);
}

/** Each element less the one before it along `axis` (default the last), n times. */
export function diff(
  x: TensorLike,
  times?: number | { readonly n?: number; readonly axis?: number },
  of?: AxisArg,
): Tensor {
  const args = given<{ n: number; axis: number }>('diff', ['n', 'axis'], [times, of]);
  const { n = 1 } = args;
  let { t, axis: a } = along(x, args.axis, -1);
  if (!Number.isInteger(n) || n < 0)
    throw new GradloomError(
      'argument',
      `diff: n must be a whole number of 0 or more; received ${n}.`,
      { n },
    );
  const lead = t.shape.slice(0, a).map(() => ':' as const);
  for (let i = 0; i < n; i++) {
    const after = t.slice(...lead, [1, null]);
    const before = t.slice(...lead, [null, -1]);
    t = t.dtype === 'bool' ? after.ne(before) : after.sub(before);
  }
  return t;
}

// ---- order statistics

const methods = ['linear', 'lower', 'higher', 'nearest', 'midpoint'] as const;
export type QuantileMethod = (typeof methods)[number];

/** x with the axes of a reduction joined into a last one, and the shape the result is given. */
function gathered(
  x: TensorLike,
  axis: ReduceArg | undefined,
  o: ReduceOptions | undefined,
): { rows: Tensor; shape: readonly number[] } {
  const t = asFloat(x);
  const options: ReduceOptions =
    typeof axis === 'object' && axis !== null && !Array.isArray(axis)
      ? (axis as ReduceOptions)
      : { axis: axis as number, ...o };
  const axes = normalizeAxes(options.axis ?? null, t.ndim);
  if (axes.some((a) => t.shape[a] === 0))
    throw new GradloomError('empty', 'Quantiles of an empty array have no value.', {
      shape: [...t.shape],
    });
  const kept = t.shape.map((_, d) => d).filter((d) => !axes.includes(d));
  const lead = kept.map((d) => t.shape[d]);
  const rows = t
    .transpose([...kept, ...axes])
    .reshape([...lead, axes.reduce((n, a) => n * t.shape[a], 1)]);
  const shape = options.keepdims ? t.shape.map((n, d) => (axes.includes(d) ? 1 : n)) : lead;
  return { rows, shape };
}

function sortedRows(rows: Tensor): { sorted: Tensor; spoilt: Tensor } {
  const sorted = make(lax.sort([rows.value], rows.ndim - 1)[0], rows);
  // NaN sorts last, and makes every quantile NaN.
  return { sorted, spoilt: isnan(sorted.slice('...', -1)) };
}

/** The middle value, or the mean of the middle two. */
export function median(x: TensorLike, axis?: ReduceArg, o?: ReduceOptions): Tensor {
  const { rows, shape } = gathered(x, axis, o);
  const n = rows.shape[rows.ndim - 1];
  const { sorted, spoilt } = sortedRows(rows);
  const upper = sorted.slice('...', n >> 1);
  const middle =
    n % 2 === 1
      ? upper
      : sorted
          .slice('...', (n >> 1) - 1)
          .add(upper)
          .div(2);
  return where(spoilt, Number.NaN, middle).reshape(shape);
}

/**
 * The value below which a share q (0 to 1, a number or several) of the elements lies, interpolated
 * between neighbours. Several q come along a new first axis. Throws `argument` outside 0 to 1.
 */
export function quantile(
  x: TensorLike,
  q: number | readonly number[],
  axis?: ReduceArg,
  options: ReduceOptions & { readonly method?: QuantileMethod } = {},
): Tensor {
  const method =
    (typeof axis === 'object' && axis !== null && 'method' in axis
      ? (axis as { method?: QuantileMethod }).method
      : undefined) ??
    options.method ??
    'linear';
  if (!methods.includes(method))
    throw new GradloomError(
      'argument',
      `quantile: unknown method "${method}". Use one of ${methods.join(', ')}.`,
      { method },
    );
  const { rows, shape } = gathered(x, axis, options);
  const { sorted, spoilt } = sortedRows(rows);
  const n = rows.shape[rows.ndim - 1];
  const one = (share: number): Tensor => {
    if (!(share >= 0 && share <= 1))
      throw new GradloomError(
        'argument',
        `Quantiles lie between 0 and 1, percentiles between 0 and 100; received ${share}.`,
        { q: share },
      );
    const place = share * (n - 1);
    const low = Math.floor(place);
    const at = (i: number): Tensor => sorted.slice('...', Math.min(i, n - 1));
    const t = place - low;
    const pick = (): Tensor => {
      switch (method) {
        case 'lower':
          return at(low);
        case 'higher':
          return at(Math.ceil(place));
        case 'nearest':
          return at(t < 0.5 || (t === 0.5 && low % 2 === 0) ? low : low + 1);
        case 'midpoint':
          return t === 0
            ? at(low)
            : at(low)
                .add(at(low + 1))
                .div(2);
        default: {
          if (t === 0) return at(low);
          const gap = at(low + 1).sub(at(low));
          return t < 0.5 ? at(low).add(gap.mul(t)) : at(low + 1).sub(gap.mul(1 - t));
        }
      }
    };
    return where(spoilt, Number.NaN, pick()).reshape(shape);
  };
  if (typeof q === 'number') return one(q);
  const parts = q.map((v) => one(v).expandDims(0));
  return make(
    lax.concatenate(
      parts.map((p) => p.value),
      0,
    ),
    ...parts,
  );
}
/** `quantile` with q from 0 to 100. */
export function percentile(
  x: TensorLike,
  q: number | readonly number[],
  axis?: ReduceArg,
  options: ReduceOptions & { readonly method?: QuantileMethod } = {},
): Tensor {
  return quantile(x, typeof q === 'number' ? q / 100 : q.map((v) => v / 100), axis, options);
}

/** Covariance of variables in rows (in columns unless `rowvar`). */
export function cov(
  x: TensorLike,
  options: { readonly rowvar?: boolean; readonly ddof?: number } = {},
): Tensor {
  let t = asFloat(x);
  if (t.ndim < 2) t = t.reshape([1, t.size]);
  if (options.rowvar === false) t = t.T;
  const d = t.sub(t.mean(1, { keepdims: true }));
  const c = d.matmul(d.T).div(t.shape[1] - (options.ddof ?? 1));
  return c.size === 1 ? c.reshape([]) : c;
}
/** Correlation of variables in rows (in columns unless `rowvar`). */
export function corrcoef(x: TensorLike, options: { readonly rowvar?: boolean } = {}): Tensor {
  const c = cov(x, options);
  if (c.ndim === 0) return c.div(c);
  const n = c.shape[0];
  const on = make(lax.eq(lax.iota([n, n], 0, 'int32'), lax.iota([n, n], 1, 'int32')));
  const s = where(on, c, 0).sum(1).sqrt();
  return c
    .div(s.reshape([n, 1]))
    .div(s.reshape([1, n]))
    .clip(-1, 1);
}
