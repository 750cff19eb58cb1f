/** Products of vectors and matrices. */
import { isFloat, promoteTypes } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { lax } from '../graph/index.ts';
import { normalizeAxis, showShape } from '../shape.ts';
import { asTensor, type Tensor, type TensorLike } from '../tensor/index.ts';
import { type DiagonalOptions, diagonal } from './creation.ts';
import { stack } from './joining.ts';
import { moveaxis } from './manipulation.ts';
import { given, make } from './support.ts';

/** As Python's `@`: matrices, vectors, and stacks of matrices that broadcast. Throws `shape`. */
export function matmul(a: TensorLike, b: TensorLike): Tensor {
  return asTensor(a).matmul(b);
}
/** Over the last axis of a and the second last (or only) one of b. */
export function dot(a: TensorLike, b: TensorLike): Tensor {
  return asTensor(a).dot(b);
}
/** Over the last axes of both. */
export function inner(a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = [asTensor(a), asTensor(b)];
  return x.ndim === 0 || y.ndim === 0 ? x.mul(y) : tensordot(x, y, [[-1], [-1]]);
}
/** Every product of an element of a and an element of b; both flattened. */
export function outer(a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = [asTensor(a).ravel(), asTensor(b).ravel()];
  return x.reshape([x.size, 1]).mul(y.reshape([1, y.size]));
}
/** The sum of products of all elements. */
export function vdot(a: TensorLike, b: TensorLike): Tensor {
  return asTensor(a).ravel().dot(asTensor(b).ravel());
}

/** How many axes, or which of both. */
export type TensordotAxes =
  | number
  | readonly [number | readonly number[], number | readonly number[]];

/**
 * Summed over pairs of axes: the last `axes` of a with the first of b (default 2), or those named as
 * [axes of a, axes of b]. Throws `shape`.
 */
export function tensordot(
  a: TensorLike,
  b: TensorLike,
  over: TensordotAxes | { readonly axes?: TensordotAxes } = 2,
): Tensor {
  const { axes = 2 } = given<{ axes: TensordotAxes }>('tensordot', ['axes'], [over]);
  let [x, y] = [asTensor(a), asTensor(b)];
  const list = (v: number | readonly number[], t: Tensor): number[] =>
    (typeof v === 'number' ? [v] : v).map((d) => normalizeAxis(d, t.ndim));
  if (typeof axes === 'number' && !(axes >= 0 && axes <= Math.min(x.ndim, y.ndim)))
    throw new GradloomError(
      'axis',
      `tensordot: cannot sum over ${axes} axes of ${showShape(x.shape)} and ${showShape(y.shape)}.`,
      { axes },
    );
  const [da, db] =
    typeof axes === 'number'
      ? [
          Array.from({ length: axes }, (_, i) => x.ndim - axes + i),
          Array.from({ length: axes }, (_, i) => i),
        ]
      : [list(axes[0], x), list(axes[1], y)];
  if (da.length !== db.length || da.some((d, i) => x.shape[d] !== y.shape[db[i]])) {
    throw new GradloomError(
      'shape',
      `tensordot: axes [${da}] of ${showShape(x.shape)} and [${db}] of ${showShape(y.shape)} do not match.`,
      { a: [...x.shape], b: [...y.shape] },
    );
  }
  [x, y] = alike(x, y);
  return make(
    lax.dotGeneral(x.value, y.value, {
      lhsContract: da,
      rhsContract: db,
      lhsBatch: [],
      rhsBatch: [],
    }),
    x,
    y,
  );
}

/** Both in the dtype in which they are multiplied: integers and bool as int32. */
export function alike(x: Tensor, y: Tensor): [Tensor, Tensor] {
  const t = promoteTypes(x.dtype, y.dtype);
  const dtype = isFloat(t) ? t : 'int32';
  return [x.astype(dtype), y.astype(dtype)];
}

/** The sum of the k-th diagonal. */
export function trace(
  x: TensorLike,
  offset?: number | DiagonalOptions,
  axis1?: number,
  axis2?: number,
): Tensor {
  return diagonal(x, offset, axis1, axis2).sum(-1);
}

/** The Kronecker product. */
export function kron(a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = [asTensor(a), asTensor(b)];
  const rank = Math.max(x.ndim, y.ndim);
  const wide = (t: Tensor): number[] => [...Array<number>(rank - t.ndim).fill(1), ...t.shape];
  const [sx, sy] = [wide(x), wide(y)];
  const spread = x.reshape(sx.flatMap((n) => [n, 1])).mul(y.reshape(sy.flatMap((n) => [1, n])));
  return spread.reshape(sx.map((n, d) => n * sy[d]));
}

/** Which axes hold the vectors of a cross product: the last ones unless given. */
export interface CrossOptions {
  readonly axisa?: number;
  readonly axisb?: number;
  /** Where they lie in the result. */
  readonly axisc?: number;
  /** All three at once. */
  readonly axis?: number | null;
}

/** The vector at right angles to two of length 3, by the right-hand rule; leading axes broadcast. */
export function cross(
  a: TensorLike,
  b: TensorLike,
  first?: number | CrossOptions,
  ...more: readonly unknown[]
): Tensor {
  const names = ['axisa', 'axisb', 'axisc', 'axis'] as const;
  const o = given<CrossOptions>('cross', names, [first, ...more]);
  const last = (t: TensorLike, axis: number | null | undefined): Tensor =>
    moveaxis(t, o.axis ?? axis ?? -1, -1);
  const [x, y] = [last(a, o.axisa), last(b, o.axisb)];
  if (x.shape[x.ndim - 1] !== 3 || y.shape[y.ndim - 1] !== 3)
    throw new GradloomError(
      'shape',
      `cross takes vectors of length 3; received ${showShape(asTensor(a).shape)} and ${showShape(asTensor(b).shape)}.`,
    );
  const part = (t: Tensor, i: number): Tensor => t.slice('...', i);
  const term = (i: number, j: number): Tensor =>
    part(x, i)
      .mul(part(y, j))
      .sub(part(x, j).mul(part(y, i)));
  return moveaxis(stack([term(1, 2), term(2, 0), term(0, 1)], -1), -1, o.axis ?? o.axisc ?? -1);
}

/** A square matrix multiplied by itself n times. */
export function matrixPower(x: TensorLike, n: number): Tensor {
  const t = asTensor(x);
  if (t.ndim !== 2 || t.shape[0] !== t.shape[1] || !Number.isInteger(n) || n < 1)
    throw new GradloomError(
      'argument',
      `matrixPower takes a square matrix and a power of 1 or more; received ${showShape(t.shape)} and ${n}.`,
    );
  let result: Tensor | undefined;
  let square = t;
  for (let k = n; k > 0; k = Math.floor(k / 2)) {
    if (k % 2 === 1) result = result ? result.matmul(square) : square;
    if (k > 1) square = square.matmul(square);
  }
  return result!;
}
