/** Making arrays. */
import { checkDType, type DType, makeArray } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { lax } from '../graph/index.ts';
import { checkShape } from '../shape.ts';
import { asTensor, fromData, Tensor, type TensorLike, tensor } from '../tensor/index.ts';

export type DTypeLike = DType | (string & {});
export interface DTypeOption {
  readonly dtype?: DTypeLike;
}
type ShapeLike = number | readonly number[];

const shapeOf = (s: ShapeLike): readonly number[] => {
  const shape = typeof s === 'number' ? [s] : s;
  checkShape(shape);
  return shape;
};

/** An array of `x`. Numbers become float32 unless `dtype` says otherwise. Throws `ragged`, `dtype`. */
export function array(x: TensorLike, o: DTypeOption = {}): Tensor {
  return tensor(x, o);
}
/** `x` itself when it is an array of that dtype. */
export function asarray(x: TensorLike, o: DTypeOption = {}): Tensor {
  return tensor(x, o);
}
/** An array of `shape` filled with one number: float32 unless `dtype` says otherwise (bool for booleans). */
export function full(shape: ShapeLike, value: number | boolean, o: DTypeOption = {}): Tensor {
  const dtype =
    o.dtype === undefined ? (typeof value === 'boolean' ? 'bool' : 'float32') : checkDType(o.dtype);
  return new Tensor(lax.full(shapeOf(shape), Number(value), dtype));
}
export function zeros(shape: ShapeLike, o: DTypeOption = {}): Tensor {
  return full(shape, 0, { dtype: o.dtype ?? 'float32' });
}
export function ones(shape: ShapeLike, o: DTypeOption = {}): Tensor {
  return full(shape, 1, { dtype: o.dtype ?? 'float32' });
}
export function zerosLike(x: TensorLike, o: DTypeOption = {}): Tensor {
  const t = asTensor(x);
  return zeros(t.shape, { dtype: o.dtype ?? t.dtype });
}
export function onesLike(x: TensorLike, o: DTypeOption = {}): Tensor {
  const t = asTensor(x);
  return ones(t.shape, { dtype: o.dtype ?? t.dtype });
}
export function fullLike(x: TensorLike, value: number, o: DTypeOption = {}): Tensor {
  const t = asTensor(x);
  return full(t.shape, value, { dtype: o.dtype ?? t.dtype });
}
/** Ones on the k-th diagonal. */
export function eye(n: number, m: number = n, k = 0, o: DTypeOption = {}): Tensor {
  const shape = shapeOf([n, m]);
  const row = lax.add(lax.iota(shape, 0, 'int32'), lax.full(shape, k, 'int32'));
  return new Tensor(
    lax.convert(lax.eq(row, lax.iota(shape, 1, 'int32')), checkDType(o.dtype ?? 'float32')),
  );
}
export function identity(n: number, o: DTypeOption = {}): Tensor {
  return eye(n, n, 0, o);
}

/** start, start + step, … below stop. Whole arguments give int32, others float32. */
export function arange(start: number, stop?: number | null, step = 1, o: DTypeOption = {}): Tensor {
  const [from, to] = stop == null ? [0, start] : [start, stop];
  if (step === 0) throw new GradloomError('range', 'arange: step must not be 0.');
  const n = Math.max(0, Math.ceil((to - from) / step));
  const whole = [from, to, step].every(Number.isInteger);
  const dtype = checkDType(o.dtype ?? (whole ? 'int32' : 'float32'));
  return fromData(
    makeArray(dtype, n).map((_, i) => from + i * step),
    [n],
    dtype,
  );
}

/** `num` numbers evenly from start to stop, which is included unless `endpoint` is false. float32. */
export function linspace(
  start: number,
  stop: number,
  num = 50,
  o: DTypeOption & { endpoint?: boolean } = {},
): Tensor {
  if (!Number.isInteger(num) || num < 0)
    throw new GradloomError(
      'range',
      `linspace: num must be a whole number of 0 or more; received ${num}.`,
      { num },
    );
  const dtype = checkDType(o.dtype ?? 'float32');
  const gaps = o.endpoint === false ? num : num - 1;
  const data = makeArray(dtype, num).map((_, i) =>
    i === num - 1 && gaps === num - 1 && num > 1
      ? stop
      : start + (gaps > 0 ? (i * (stop - start)) / gaps : 0),
  );
  return fromData(data, [num], dtype);
}
/** base ** linspace(start, stop). */
export function logspace(
  start: number,
  stop: number,
  num = 50,
  o: DTypeOption & { endpoint?: boolean; base?: number } = {},
): Tensor {
  const dtype = checkDType(o.dtype ?? 'float32');
  const exponents = linspace(start, stop, num, { ...o, dtype: 'float64' }).dataSync();
  return fromData(
    makeArray(dtype, num).map((_, i) => (o.base ?? 10) ** exponents[i]),
    [num],
    dtype,
  );
}

/** Coordinate matrices of vectors, `indexing` "xy" (default) or "ij". */
export function meshgrid(xs: readonly TensorLike[], o: { indexing?: 'xy' | 'ij' } = {}): Tensor[] {
  const ts = xs.map((x) => asTensor(x).flatten());
  const order = ts.map((_, i) => i);
  if (o.indexing !== 'ij' && order.length > 1) [order[0], order[1]] = [1, 0];
  const shape = order.map((i) => ts[i].size);
  return ts.map((t, i) => Tensor.of(lax.broadcastInDim(t.value, shape, [order.indexOf(i)]), t));
}
/** Ones at and below the k-th diagonal. */
export function tri(n: number, m: number = n, k = 0): Tensor {
  const shape = [n, m];
  const limit = lax.add(lax.iota(shape, 0, 'int32'), lax.full(shape, k, 'int32'));
  return new Tensor(lax.convert(lax.le(lax.iota(shape, 1, 'int32'), limit), 'float32'));
}
function masked(
  x: TensorLike,
  keep: (
    row: ReturnType<typeof lax.iota>,
    col: ReturnType<typeof lax.iota>,
  ) => ReturnType<typeof lax.iota>,
): Tensor {
  const t = asTensor(x);
  if (t.ndim < 2)
    throw new GradloomError('shape', 'tril and triu take arrays of two dimensions or more.', {
      shape: [...t.shape],
    });
  const row = lax.iota(t.shape, t.ndim - 2, 'int32');
  const col = lax.iota(t.shape, t.ndim - 1, 'int32');
  return Tensor.of(lax.select(keep(row, col), t.value, lax.full(t.shape, 0, t.dtype)), t);
}
/** The lower triangle; the rest is 0. */
export function tril(x: TensorLike, k = 0): Tensor {
  return masked(x, (r, c) => lax.le(c, lax.add(r, lax.full(r.shape, k, 'int32'))));
}
export function triu(x: TensorLike, k = 0): Tensor {
  return masked(x, (r, c) => lax.ge(c, lax.add(r, lax.full(r.shape, k, 'int32'))));
}
