/**
 * NumPy's everyday functions over tensors, in TypeScript's case: `np.expandDims`, `np.countNonzero`.
 * Options come by position as in NumPy (`np.sum(x, 0)`) or by name (`np.sum(x, { axis: 0 })`).
 *
 * Where this differs from NumPy: plain numbers are float32 (NumPy: float64), integers meet float32 in
 * float32, integers are 32 bits wide, and tensors never change (np.random.shuffle returns a new one).
 */
export type { DType, TypedArray } from '../dtype.ts';
export type { Tensor, Tensor as ndarray, TensorLike } from '../tensor/index.ts';
export * from './constants.ts';
export * from './creation.ts';
export * from './einsum.ts';
export * from './elementwise.ts';
export {
  type FileSource,
  type FileTarget,
  type LoadOptions,
  load,
  type NpzArrays,
  save,
  savez,
  savezCompressed,
} from './files.ts';
export {
  argwhere,
  compress,
  extract,
  flatnonzero,
  insert,
  nonzero,
  ravelMultiIndex,
  remove as delete,
  take,
  takeAlongAxis,
  unravelIndex,
} from './indexing.ts';
export * from './joining.ts';
export { cross, dot, inner, kron, matmul, outer, tensordot, trace, vdot } from './linalg.ts';
export * as linalg from './linalg-namespace.ts';
export * from './logic.ts';
export * from './manipulation.ts';
export * from './printing.ts';
export * as random from './random.ts';
export {
  all,
  amax,
  amin,
  any,
  argmax,
  argmin,
  average,
  corrcoef,
  countNonzero,
  cov,
  cummax,
  cummin,
  cumprod,
  cumsum,
  diff,
  max,
  mean,
  median,
  min,
  nanmax,
  nanmean,
  nanmin,
  nanprod,
  nansum,
  percentile,
  prod,
  ptp,
  type QuantileMethod,
  quantile,
  std,
  sum,
  variance as var,
} from './reductions.ts';
export * from './sorting.ts';
export * from './spaces.ts';
export type { AxesArg, AxisArg, ReduceArg, ShapeLike } from './support.ts';
export { select, where } from './where.ts';
