/**
 * Element types. Storage is little endian and dense; `bool` takes one byte (0 or 1).
 *
 * `uint32` exists for random bits and counters; users mostly meet the other five. int64 found in
 * files is mapped to int32 with a range check by the reader that met it.
 */
import { GradloomError } from './errors.ts';

export type DType = 'float32' | 'float64' | 'int32' | 'uint32' | 'uint8' | 'bool';

export type TypedArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

interface DTypeInfo {
  readonly bytes: number;
  readonly array: {
    new (n: number): TypedArray;
    new (b: ArrayBufferLike, o?: number, n?: number): TypedArray;
  };
  readonly kind: 'float' | 'int' | 'uint' | 'bool';
  /** Position in the promotion order (see `promoteTypes`). */
  readonly rank: number;
}

const table: Record<DType, DTypeInfo> = {
  bool: { bytes: 1, array: Uint8Array, kind: 'bool', rank: 0 },
  uint8: { bytes: 1, array: Uint8Array, kind: 'uint', rank: 1 },
  uint32: { bytes: 4, array: Uint32Array, kind: 'uint', rank: 2 },
  int32: { bytes: 4, array: Int32Array, kind: 'int', rank: 3 },
  float32: { bytes: 4, array: Float32Array, kind: 'float', rank: 4 },
  float64: { bytes: 8, array: Float64Array, kind: 'float', rank: 5 },
};

export const dtypes: readonly DType[] = Object.keys(table) as DType[];

export function isDType(name: unknown): name is DType {
  return typeof name === 'string' && Object.hasOwn(table, name);
}

export function checkDType(name: unknown): DType {
  if (isDType(name)) return name;
  throw new GradloomError(
    'dtype',
    `Unknown dtype ${JSON.stringify(name)}. Use one of ${dtypes.join(', ')}.`,
    { dtype: name },
  );
}

export function bytesOf(dtype: DType): number {
  return table[dtype].bytes;
}

export function isFloat(dtype: DType): boolean {
  return table[dtype].kind === 'float';
}

/** Signed or unsigned integers; not bool. */
export function isInteger(dtype: DType): boolean {
  return table[dtype].kind === 'int' || table[dtype].kind === 'uint';
}

/** A zeroed array of `n` elements in the storage type of `dtype`. */
export function makeArray(dtype: DType, n: number): TypedArray {
  return new table[dtype].array(n);
}

/** The bytes of `buffer` seen as elements of `dtype`; no copy. */
export function viewArray(
  dtype: DType,
  buffer: ArrayBufferLike,
  byteOffset = 0,
  length?: number,
): TypedArray {
  return new table[dtype].array(buffer, byteOffset, length);
}

/** The dtype a typed array holds, or undefined where we have none (Int8Array, BigInt64Array, …). */
export function dtypeOfArray(array: ArrayBufferView): DType | undefined {
  if (array instanceof Float32Array) return 'float32';
  if (array instanceof Float64Array) return 'float64';
  if (array instanceof Int32Array) return 'int32';
  if (array instanceof Uint32Array) return 'uint32';
  if (array instanceof Uint8Array || array instanceof Uint8ClampedArray) return 'uint8';
  return undefined;
}

/**
 * The dtype in which two arrays meet: the later in bool, uint8, uint32, int32, float32, float64.
 * This is JAX's lattice without 64-bit integers (int32 with float32 gives float32, where NumPy
 * would give float64), which is what Keras on JAX does.
 */
export function promoteTypes(a: DType, b: DType): DType {
  return table[a].rank >= table[b].rank ? a : b;
}
