/** Making arrays. Plain numbers become float32, unless a dtype is given. */
import { checkDType, type DType, makeArray } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { lax } from '../graph/index.ts';
import { checkOptions } from '../options.ts';
import { checkShape } from '../shape.ts';
import { asTensor, fromData, Tensor, type TensorLike, tensor } from '../tensor/index.ts';
import { stack } from './joining.ts';
import { filled, given, isOptions, make, type ShapeLike, shapeOf, wholeNumber } from './support.ts';

export interface DTypeOption {
  readonly dtype?: DType | (string & {}) | null;
}
type DTypeArg = DType | (string & {}) | DTypeOption | null | undefined;

function dtypeOf(arg: DTypeArg, otherwise: DType): DType {
  if (isOptions(arg)) checkOptions('This function', arg, ['dtype']);
  const name = typeof arg === 'object' ? arg?.dtype : arg;
  return name == null ? otherwise : checkDType(name);
}

/** Nested arrays that hold tensors. */
type Nested = TensorLike | readonly Nested[];

/**
 * An array of numbers, booleans, nested or typed arrays, or tensors. Numbers become float32,
 * booleans bool; typed arrays keep their type (8-, 16- and 64-bit integers become int32).
 * Throws `ragged` for rows of different lengths, `range` for numbers outside the dtype.
 */
export function array(x: Nested, dtype?: DTypeArg): Tensor {
  if (isOptions(dtype)) checkOptions('array', dtype, ['dtype']);
  const name = typeof dtype === 'object' ? dtype?.dtype : dtype;
  if (holdsTensors(x)) {
    const t = stack((x as readonly Nested[]).map((y) => array(y)));
    return name == null ? t : t.astype(name);
  }
  return tensor(x as TensorLike, name == null ? {} : { dtype: name });
}
/** `array`. Tensors never change, so nothing has to be copied. */
export const asarray: typeof array = array;
/** The tensor itself: tensors never change. */
export function copy(x: TensorLike): Tensor {
  return asTensor(x);
}

function holdsTensors(x: unknown): boolean {
  return (
    Array.isArray(x) && x.some((y) => y instanceof Tensor || (Array.isArray(y) && holdsTensors(y)))
  );
}

function fill(shape: ShapeLike, value: number, dtype: DType): Tensor {
  const s = shapeOf(shape);
  checkShape(s);
  return make(lax.full(s, value, dtype));
}

export function zeros(shape: ShapeLike, dtype?: DTypeArg): Tensor {
  return fill(shape, 0, dtypeOf(dtype, 'float32'));
}
export function ones(shape: ShapeLike, dtype?: DTypeArg): Tensor {
  return fill(shape, 1, dtypeOf(dtype, 'float32'));
}
/** Zeros: memory is never handed out unset. */
export const empty: typeof zeros = zeros;
/** `shape` filled with a number, a boolean, or a tensor that broadcasts to it. */
export function full(shape: ShapeLike, value: TensorLike, dtype?: DTypeArg): Tensor {
  if (typeof value === 'number' || typeof value === 'boolean') {
    return fill(
      shape,
      Number(value),
      dtypeOf(dtype, typeof value === 'boolean' ? 'bool' : 'float32'),
    );
  }
  const t = asTensor(value);
  return t.astype(dtypeOf(dtype, t.dtype)).broadcastTo(shapeOf(shape));
}
export function zerosLike(x: TensorLike, dtype?: DTypeArg): Tensor {
  const t = asTensor(x);
  return fill(t.shape, 0, dtypeOf(dtype, t.dtype));
}
export function onesLike(x: TensorLike, dtype?: DTypeArg): Tensor {
  const t = asTensor(x);
  return fill(t.shape, 1, dtypeOf(dtype, t.dtype));
}
export const emptyLike: typeof zerosLike = zerosLike;
export function fullLike(x: TensorLike, value: TensorLike, dtype?: DTypeArg): Tensor {
  const t = asTensor(x);
  return full(t.shape, value, dtypeOf(dtype, t.dtype));
}

/** What `eye` and `tri` take beside the number of rows. */
export interface EyeOptions extends DTypeOption {
  /** The number of columns; that of rows unless given. */
  readonly M?: number | null;
  /** Which diagonal: above the main one when positive. */
  readonly k?: number;
}

/** Ones on the k-th diagonal of an n by m matrix. */
export function eye(
  n: number,
  columns?: number | null | EyeOptions,
  more?: number | EyeOptions,
  dtype?: DTypeArg,
): Tensor {
  const names = ['M', 'k', 'dtype'] as const;
  const options = given<EyeOptions>('eye', names, [columns, more, dtype]);
  const shape = [wholeNumber('eye: N', n, 0), wholeNumber('eye: M', options.M ?? n, 0)];
  const column = lax.iota(shape, 1, 'int32');
  const row = lax.iota(shape, 0, 'int32');
  const on = lax.eq(column, lax.add(row, lax.full(shape, options.k ?? 0, 'int32')));
  return make(lax.convert(on, dtypeOf(options.dtype, 'float32')));
}
export function identity(n: number, dtype?: DTypeArg): Tensor {
  return eye(n, n, { dtype: dtypeOf(dtype, 'float32') });
}

interface RangeOptions extends DTypeOption {
  readonly stop?: number | null;
  readonly step?: number | null;
}

/**
 * arange(stop), arange(start, stop), arange(start, stop, step): numbers from start up to, not
 * including, stop. int32 when all are whole, else float32. Throws `argument` for a step of 0.
 */
export function arange(
  start: number,
  stop?: number | null | RangeOptions,
  step?: number | null | RangeOptions,
  dtype?: DTypeArg,
): Tensor {
  const o = given<RangeOptions>('arange', ['stop', 'step', 'dtype'], [stop, step, dtype]);
  const ends = o.stop == null ? [0, start] : [start, o.stop];
  const by = o.step ?? 1;
  const [from, to] = ends;
  if (!(Number.isFinite(from) && Number.isFinite(to) && Number.isFinite(by)) || by === 0) {
    throw new GradloomError(
      'argument',
      `arange takes finite numbers and a step other than 0; received start ${from}, stop ${to}, step ${by}.`,
      { start: from, stop: to, step: by },
    );
  }
  const whole = Number.isInteger(from) && Number.isInteger(to) && Number.isInteger(by);
  const type = dtypeOf(o.dtype, whole ? 'int32' : 'float32');
  const n = Math.max(0, Math.ceil((to - from) / by));
  const data = makeArray(type, n);
  // In NumPy the second element fixes the step, in the dtype of the result.
  for (let i = 0; i < n; i++) data[i] = from + i * by;
  return fromData(data, [n], type);
}

/** Coordinate arrays of a grid; indexing 'xy' (default) or 'ij'. */
export function meshgrid(
  ...args: readonly (TensorLike | { readonly indexing: 'xy' | 'ij' })[]
): Tensor[] {
  const last = args[args.length - 1];
  const options =
    typeof last === 'object' && last !== null && 'indexing' in last
      ? (last as { indexing: 'xy' | 'ij' })
      : undefined;
  const xs = (options ? args.slice(0, -1) : args).map((x) => asTensor(x as TensorLike).ravel());
  const indexing: string = options?.indexing ?? 'xy';
  if (indexing !== 'xy' && indexing !== 'ij')
    throw new GradloomError('argument', `meshgrid: unknown indexing "${indexing}". Use xy or ij.`, {
      indexing,
    });
  const swap = indexing === 'xy' && xs.length > 1;
  const place = xs.map((_, i) => (swap && i < 2 ? 1 - i : i));
  const shape = new Array<number>(xs.length);
  xs.forEach((x, i) => {
    shape[place[i]] = x.size;
  });
  return xs.map((x, i) => make(lax.broadcastInDim(x.value, shape, [place[i]]), x));
}

/** Index arrays of a grid of `shape`: int32, shape [rank, ...shape]. */
export function indices(shape: readonly number[]): Tensor {
  checkShape(shape);
  return stack(shape.map((_, d) => make(lax.iota(shape, d, 'int32'))));
}

/** A vector's square matrix with it on the k-th diagonal; a matrix's k-th diagonal. */
export function diag(x: TensorLike, which: DiagonalArg = 0): Tensor {
  const k = diagonalOf(which);
  const t = asTensor(x);
  if (t.ndim === 2) return diagonal(t, k);
  if (t.ndim !== 1) {
    throw new GradloomError(
      'shape',
      `diag takes a vector or a matrix; received ${t.ndim} dimensions.`,
      {
        shape: [...t.shape],
      },
    );
  }
  const n = t.size + Math.abs(k);
  const square = lax.broadcastInDim(
    make(lax.pad(t.value, 0, [Math.max(0, k)], [Math.max(0, -k)]), t).value,
    [n, n],
    [1],
  );
  const on = eye(n, n, { k, dtype: 'bool' });
  return make(lax.select(on.value, square, lax.full([n, n], 0, t.dtype)), t);
}

/** A square matrix with the flattened array on the k-th diagonal. */
export function diagflat(x: TensorLike, k: DiagonalArg = 0): Tensor {
  return diag(asTensor(x).ravel(), k);
}

/** Which diagonal of which matrices: by position, or by name in an object. */
export interface DiagonalOptions {
  /** Above the main one when positive. */
  readonly offset?: number;
  readonly axis1?: number;
  readonly axis2?: number;
}

/** The k-th diagonal of `axis1` and `axis2`, as the last axis. */
export function diagonal(
  x: TensorLike,
  offset?: number | DiagonalOptions,
  firstAxis?: number,
  secondAxis?: number,
): Tensor {
  const names = ['offset', 'axis1', 'axis2'] as const;
  const args = [offset, firstAxis, secondAxis];
  const { offset: k = 0, axis1 = 0, axis2 = 1 } = given<DiagonalOptions>('diagonal', names, args);
  const t = asTensor(x);
  const [a, b] = [axis1, axis2].map((d) => (d < 0 ? d + t.ndim : d));
  if (t.ndim < 2 || a === b) {
    throw new GradloomError(
      'axis',
      'diagonal takes an array of at least two dimensions and two different axes.',
      {
        shape: [...t.shape],
      },
    );
  }
  const rest = t.shape.map((_, d) => d).filter((d) => d !== a && d !== b);
  const m = t.transpose([...rest, a, b]);
  const [rows, columns] = [t.shape[a], t.shape[b]];
  const length = Math.max(0, Math.min(rows - Math.max(0, -k), columns - Math.max(0, k)));
  const lead = rest.map((d) => t.shape[d]);
  const flat = m.reshape([...lead, rows * columns]);
  const first = Math.max(0, k) + Math.max(0, -k) * columns;
  const at = fromData(
    Int32Array.from({ length }, (_, i) => first + i * (columns + 1)),
    [length],
    'int32',
  );
  return make(lax.take(flat.value, at.value, lead.length), flat);
}

function triangle(x: TensorLike, k: number, lower: boolean): Tensor {
  const given = asTensor(x);
  const t = given.ndim === 1 ? given.broadcastTo([given.size, given.size]) : given;
  const n = t.ndim;
  const edge = lax.add(lax.iota(t.shape, n - 2, 'int32'), filled(t, k, 'int32'));
  const column = lax.iota(t.shape, n - 1, 'int32');
  const kept = lower ? lax.le(column, edge) : lax.ge(column, edge);
  return make(lax.select(kept, t.value, filled(t, 0)), t);
}
/** Which diagonal: by position, or by name in an object. */
export type DiagonalArg = number | { readonly k?: number };

function diagonalOf(arg: DiagonalArg): number {
  const { k = 0 } = given<{ k: number }>('This function', ['k'], [arg]);
  if (!Number.isInteger(k))
    throw new GradloomError('argument', `k must be a whole number; received ${k}.`, { k });
  return k;
}

/** The elements on and below the k-th diagonal; zeros above. */
export function tril(x: TensorLike, k: DiagonalArg = 0): Tensor {
  return triangle(x, diagonalOf(k), true);
}
/** The elements on and above the k-th diagonal; zeros below. */
export function triu(x: TensorLike, k: DiagonalArg = 0): Tensor {
  return triangle(x, diagonalOf(k), false);
}
/** Ones on and below the k-th diagonal. */
export function tri(
  n: number,
  columns?: number | null | EyeOptions,
  more?: number | EyeOptions,
  dtype?: DTypeArg,
): Tensor {
  const names = ['M', 'k', 'dtype'] as const;
  const o = given<EyeOptions>('tri', names, [columns, more, dtype]);
  return tril(ones([n, o.M ?? n], o.dtype), o.k ?? 0);
}

/** Columns are the powers of x, highest first (lowest first when `increasing`). */
export function vander(
  x: TensorLike,
  columns?: number | null | { readonly N?: number | null; readonly increasing?: boolean },
  ascending?: boolean,
): Tensor {
  const t = asTensor(x);
  const { N, increasing = false } = given<{ N: number | null; increasing: boolean }>(
    'vander',
    ['N', 'increasing'],
    [columns, ascending],
  );
  const count = wholeNumber('vander: N', N ?? t.size, 0);
  const powers = Array.from({ length: count }, (_, i) => t.pow(increasing ? i : count - 1 - i));
  return powers.length === 0 ? zeros([t.size, 0]) : stack(powers, 1);
}
