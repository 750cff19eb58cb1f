/** Tensors of numbers, nested arrays and typed arrays; and back. */
import { checkDType, type DType, dtypeOfArray, makeArray, type TypedArray } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import * as lax from '../graph/lax.ts';
import { checkShape, type Shape, sameShape, showShape, sizeOf } from '../shape.ts';
import { stored } from './bounds.ts';
import { Storage } from './storage.ts';
import { type NestedArray, Tensor, type TensorHolder, type TensorLike } from './tensor.ts';

/**
 * A tensor over host data. The array is kept, not copied, until the data is first needed on a device
 * (changing it before that changes the tensor).
 * Throws `shape` when the shape does not hold exactly the elements.
 */
export function fromData(data: TypedArray, shape: Shape, dtype?: DType): Tensor {
  checkShape(shape);
  if (sizeOf(shape) !== data.length) {
    throw new GradloomError(
      'shape',
      `The shape ${showShape(shape)} holds ${sizeOf(shape)} elements, but the data has ${data.length}.`,
      { shape: [...shape], length: data.length },
    );
  }
  const type = dtype ?? dtypeOfArray(data)!;
  const v = lax.parameter(shape, type);
  v.storage = Storage.ofHost(data, type);
  return new Tensor(v);
}

/**
 * A tensor of numbers, booleans, nested arrays, typed arrays, another tensor or a variable. Plain numbers become
 * float32, booleans bool; typed arrays keep their type (8-, 16- and 64-bit integers become int32).
 * Throws `ragged` for rows of different lengths, `range` for numbers that an integer dtype cannot
 * hold, `dtype`, `shape`.
 */
export function tensor(
  x: TensorLike,
  options: { readonly dtype?: DType | (string & {}); readonly shape?: Shape } = {},
): Tensor {
  const dtype = options.dtype === undefined ? undefined : checkDType(options.dtype);
  const t = make(x, dtype);
  const typed = dtype && t.dtype !== dtype ? t.astype(dtype) : t;
  return options.shape && !sameShape(options.shape, typed.shape)
    ? typed.reshape(options.shape)
    : typed;
}

/** `x` as it is when it is a tensor, else `tensor(x)`. */
export function asTensor(x: TensorLike, dtype?: DType): Tensor {
  return x instanceof Tensor ? x : make(x, dtype);
}

function make(x: TensorLike, dtype: DType | undefined): Tensor {
  if (x instanceof Tensor) return x;
  if (typeof x === 'number' || typeof x === 'boolean') {
    const type = dtype ?? (typeof x === 'boolean' ? 'bool' : 'float32');
    return new Tensor(lax.scalar(stored(Number(x), type), type));
  }
  if (ArrayBuffer.isView(x)) return fromView(x);
  if (Array.isArray(x)) return fromNested(x as NestedArray, dtype);
  if ((x as Partial<TensorHolder> | null)?.tensor instanceof Tensor)
    return (x as TensorHolder).tensor;
  throw new GradloomError(
    'tensor',
    `Cannot make a tensor of ${describe(x)}. Use numbers, booleans, nested arrays or typed arrays.`,
  );
}

function describe(x: unknown): string {
  if (x === null || x === undefined) return String(x);
  return typeof x === 'object' ? (x.constructor?.name ?? 'an object') : `a ${typeof x}`;
}

function fromView(x: ArrayBufferView): Tensor {
  const known = dtypeOfArray(x);
  if (known) {
    const data =
      x instanceof Uint8ClampedArray
        ? new Uint8Array(x.buffer, x.byteOffset, x.length)
        : (x as TypedArray);
    return fromData(data, [data.length], known);
  }
  if (x instanceof DataView)
    throw new GradloomError('tensor', 'A DataView has no element type; wrap it in a typed array.');
  if (x instanceof BigInt64Array || x instanceof BigUint64Array) return fromBigInts(x);
  const small = x as unknown as ArrayLike<number>;
  return x.constructor.name === 'Float16Array'
    ? fromData(Float32Array.from(small), [small.length], 'float32')
    : fromData(Int32Array.from(small), [small.length], 'int32');
}

function fromBigInts(x: BigInt64Array | BigUint64Array): Tensor {
  const out = new Int32Array(x.length);
  for (let i = 0; i < x.length; i++) {
    const n = Number(x[i]);
    if (n < -(2 ** 31) || n > 2 ** 31 - 1) {
      throw new GradloomError(
        'range',
        `${x[i]} at position ${i} does not fit in int32; 64-bit integers are not supported.`,
        { position: i },
      );
    }
    out[i] = n;
  }
  return fromData(out, [out.length], 'int32');
}

function ragged(what: string): GradloomError {
  return new GradloomError('ragged', `The nested array is ragged: ${what}.`);
}

function fromNested(x: NestedArray, wanted: DType | undefined): Tensor {
  const shape: number[] = [];
  for (let y: unknown = x; Array.isArray(y); y = y[0]) shape.push(y.length);
  const flat: number[] = [];
  let allBool = true;
  const walk = (y: unknown, d: number): void => {
    if (Array.isArray(y)) {
      if (d >= shape.length)
        throw ragged(`dimension ${d} has numbers in one place and arrays in another`);
      if (y.length !== shape[d])
        throw ragged(
          `dimension ${d} has ${shape[d]} elements in one place and ${y.length} in another`,
        );
      for (const z of y) walk(z, d + 1);
    } else if (typeof y === 'number' || typeof y === 'boolean') {
      if (d !== shape.length) throw ragged('it has numbers in one place and arrays in another');
      if (typeof y === 'number') allBool = false;
      flat.push(Number(y));
    } else {
      throw new GradloomError(
        'tensor',
        y instanceof Tensor
          ? 'Arrays of tensors are joined with np.array, np.stack or np.concatenate.'
          : `A nested array may hold numbers and booleans only; found ${describe(y)}.`,
      );
    }
  };
  walk(x, 0);
  const dtype = wanted ?? (allBool && flat.length > 0 ? 'bool' : 'float32');
  const data = makeArray(dtype, flat.length);
  for (let i = 0; i < flat.length; i++) data[i] = stored(flat[i], dtype);
  return fromData(data, shape, dtype);
}

/** Nested arrays; booleans for bool; a single number for no dimensions. */
export function toNested(data: TypedArray, shape: Shape, dtype: DType): unknown {
  const one = (i: number): number | boolean => (dtype === 'bool' ? data[i] !== 0 : data[i]);
  const strides = shape.map((_, d) => sizeOf(shape.slice(d + 1)));
  const level = (d: number, at: number): unknown =>
    d === shape.length
      ? one(at)
      : Array.from({ length: shape[d] }, (_, i) => level(d + 1, at + i * strides[d]));
  return level(0, 0);
}
