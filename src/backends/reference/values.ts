/**
 * The interpreter's arrays. Every dtype is held as doubles, which hold int32, uint32, uint8, bool
 * and float32 exactly; integer arithmetic brings its results back into range with `wrap`.
 */
import type { DType } from '../../dtype.ts';
import type { Aval } from '../../graph/graph.ts';
import type { Attrs } from '../../graph/primitive.ts';
import type { Shape } from '../../shape.ts';

export interface NDArray extends Aval {
  /** Row-major elements. */
  readonly data: Float64Array;
}

/** Computes the outputs' elements. `outputs` gives the shapes and dtypes they must have. */
export type Rule<A extends Attrs = Attrs> = (
  inputs: readonly NDArray[],
  attrs: A,
  outputs: readonly Aval[],
) => Float64Array[];

export type Table = Record<string, Rule>;

/** The representative of a whole number in an integer dtype; other dtypes are left alone. */
export function wrap(dtype: DType, v: number): number {
  switch (dtype) {
    case 'int32':
      return v | 0;
    case 'uint32':
      return v >>> 0;
    case 'uint8':
      return v & 255;
    default:
      return v;
  }
}

/** Calls `fn` with every index of `shape` in row-major order, and its position. */
export function forEachIndex(
  shape: Shape,
  fn: (index: readonly number[], position: number) => void,
): void {
  if (shape.includes(0)) return;
  const index = new Array<number>(shape.length).fill(0);
  for (let position = 0; ; position++) {
    fn(index, position);
    let d = shape.length - 1;
    while (d >= 0 && ++index[d] === shape[d]) index[d--] = 0;
    if (d < 0) return;
  }
}

/** The row-major position of `index`, given strides. */
export function offset(index: readonly number[], strides: readonly number[]): number {
  let p = 0;
  for (let d = 0; d < index.length; d++) p += index[d] * strides[d];
  return p;
}

export const clamp = (v: number, lo: number, hi: number): number => Math.min(hi, Math.max(lo, v));
