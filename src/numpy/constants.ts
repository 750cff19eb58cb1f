/** Numbers and names. */
import type { DType } from '../dtype.ts';

export const pi: number = Math.PI;
export const e: number = Math.E;
export const eulerGamma = 0.5772156649015329;
export const inf: number = Number.POSITIVE_INFINITY;
export const nan: number = Number.NaN;
/** In an index: a new axis of length 1. */
export const newaxis = null;

export const float32: DType = 'float32';
export const float64: DType = 'float64';
export const int32: DType = 'int32';
export const uint32: DType = 'uint32';
export const uint8: DType = 'uint8';
export const bool: DType = 'bool';
