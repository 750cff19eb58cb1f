/** Numbers spread evenly, or by a constant factor, between two ends. */
import { checkDType, type DType, isFloat, makeArray } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { asTensor, fromData, type Tensor, type TensorLike } from '../tensor/index.ts';
import type { DTypeOption } from './creation.ts';
import { moveaxis } from './manipulation.ts';
import { given, wholeNumber } from './support.ts';

export interface SpaceOptions extends DTypeOption {
  readonly num?: number;
  /** Whether `stop` is the last number. */
  readonly endpoint?: boolean;
  /** Where the numbers lie, when start or stop are arrays: the first axis unless given. */
  readonly axis?: number;
}
export interface LinspaceOptions extends SpaceOptions {
  /** Whether to give the distance between two numbers as well: `[numbers, step]`. */
  readonly retstep?: boolean;
}
export interface LogspaceOptions extends SpaceOptions {
  readonly base?: number;
}

/** One number after another, from `start` to `stop`, in `gaps` steps. */
type Spread = (start: number, stop: number, n: number, endpoint: boolean) => Float64Array;

const ramp: Spread = (start, stop, n, endpoint) => {
  const gaps = endpoint ? n - 1 : n;
  const step = (stop - start) / gaps;
  const out = Float64Array.from({ length: n }, (_, i) => (gaps > 0 ? i * step : 0) + start);
  if (endpoint && n > 1) out[n - 1] = stop;
  return out;
};

/** Ends as numbers, broadcast to each other. */
function endsOf(
  start: TensorLike,
  stop: TensorLike,
): { shape: readonly number[]; ends: number[][] } {
  if (typeof start === 'number' && typeof stop === 'number')
    return { shape: [], ends: [[start, stop]] };
  const [a, b] = [asTensor(start), asTensor(stop)];
  const { shape } = a.add(b);
  const [from, to] = [a, b].map((t) => t.astype('float64').broadcastTo(shape).dataSync());
  return { shape, ends: Array.from(from, (v, i) => [v, to[i]]) };
}

function spaced(
  start: TensorLike,
  stop: TensorLike,
  o: Partial<SpaceOptions>,
  what: string,
  spread: Spread,
): Tensor {
  const n = wholeNumber(`${what}: num`, o.num ?? 50, 0);
  const type: DType = o.dtype == null ? 'float32' : checkDType(o.dtype);
  const { shape, ends } = endsOf(start, stop);
  const size = ends.length;
  const data = makeArray(type, n * size);
  ends.forEach(([from, to], k) => {
    const values = spread(from, to, n, o.endpoint ?? true);
    // Integers are floored, as in NumPy.
    values.forEach((v, i) => {
      data[i * size + k] = isFloat(type) ? v : Math.floor(v);
    });
  });
  const t = fromData(data, [n, ...shape], type);
  return shape.length === 0 || (o.axis ?? 0) === 0 ? t : moveaxis(t, 0, o.axis as number);
}

/** `num` (default 50) numbers evenly from start to stop; between arrays, along a new `axis`. */
export function linspace(
  start: TensorLike,
  stop: TensorLike,
  num?: number | LinspaceOptions,
  endpoint?: boolean | LinspaceOptions,
): Tensor;
export function linspace(
  start: TensorLike,
  stop: TensorLike,
  options: LinspaceOptions & { readonly retstep: true },
): [Tensor, Tensor];
export function linspace(
  start: TensorLike,
  stop: TensorLike,
  ...args: unknown[]
): Tensor | Tensor[] {
  const places = ['num', 'endpoint', 'retstep', 'dtype', 'axis'] as const;
  const o = given<LinspaceOptions>('linspace', places, args);
  const out = spaced(start, stop, o, 'linspace', ramp);
  if (!o.retstep) return out;
  const n = o.num ?? 50;
  const gaps = (o.endpoint ?? true) ? n - 1 : n;
  const distance = asTensor(stop).sub(asTensor(start));
  return [out, gaps > 0 ? distance.div(gaps) : distance.mul(Number.NaN)];
}

/** base^start to base^stop (base 10 unless given), evenly in the exponent. */
export function logspace(
  start: TensorLike,
  stop: TensorLike,
  num?: number | LogspaceOptions,
  endpoint?: boolean | LogspaceOptions,
  ...more: readonly unknown[]
): Tensor {
  const places = ['num', 'endpoint', 'base', 'dtype', 'axis'] as const;
  const o = given<LogspaceOptions>('logspace', places, [num, endpoint, ...more]);
  const base = o.base ?? 10;
  return spaced(start, stop, o, 'logspace', (...ends) => ramp(...ends).map((v) => base ** v));
}

/** From start to stop (both of one sign, not 0), each a constant times the one before. */
export function geomspace(
  start: TensorLike,
  stop: TensorLike,
  num?: number | SpaceOptions,
  endpoint?: boolean | SpaceOptions,
  ...more: readonly unknown[]
): Tensor {
  const o = given<SpaceOptions>(
    'geomspace',
    ['num', 'endpoint', 'dtype', 'axis'],
    [num, endpoint, ...more],
  );
  return spaced(start, stop, o, 'geomspace', (from, to, n, toEnd) => {
    if (!(from * to > 0))
      throw new GradloomError(
        'argument',
        `geomspace takes two numbers of one sign, not 0; received ${from} and ${to}.`,
        { start: from, stop: to },
      );
    const sign = Math.sign(from);
    const values = ramp(Math.log10(from * sign), Math.log10(to * sign), n, toEnd);
    const out = values.map((v) => sign * 10 ** v);
    if (n > 0) out[0] = from;
    if (toEnd && n > 1) out[n - 1] = to;
    return out;
  });
}
