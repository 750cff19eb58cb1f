/**
 * NumPy's everyday functions over tensors. Names are NumPy's in camelCase; semantics are NumPy's but
 * for dtypes, which meet as in JAX without 64-bit integers (see `promoteTypes`).
 */
import {
  asTensor,
  formatArray,
  type PrintOptions,
  printOptions,
  type TensorLike,
} from '../tensor/index.ts';

export { Tensor as ndarray } from '../tensor/index.ts';
export * from './creation.ts';
export * from './elementwise.ts';
export * from './linalg.ts';
export * from './manipulation.ts';
export * as random from './random.ts';
export * from './reductions.ts';
export * from './sorting.ts';

/** Inserts a dimension when it stands in an index. */
export const newaxis: null = null;
export const pi: number = Math.PI;
export const e: number = Math.E;
export const inf: number = Number.POSITIVE_INFINITY;
export const nan: number = Number.NaN;
export const float32 = 'float32' as const;
export const float64 = 'float64' as const;
export const int32 = 'int32' as const;
export const uint8 = 'uint8' as const;
export const bool = 'bool' as const;

/** Changes how arrays are printed from here on. */
export function setPrintoptions(o: Partial<PrintOptions>): void {
  Object.assign(printOptions, o);
}
export function array2string(x: TensorLike, o: Partial<PrintOptions> = {}): string {
  const t = asTensor(x);
  return formatArray(t.dataSync(), t.shape, t.dtype, 'str', o);
}
export function arrayStr(x: TensorLike): string {
  return array2string(x);
}
export function arrayRepr(x: TensorLike): string {
  const t = asTensor(x);
  return formatArray(t.dataSync(), t.shape, t.dtype, 'repr');
}
