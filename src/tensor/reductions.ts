/** Reductions as NumPy has them: over some axes or all, which may stay as dimensions of 1. */
import type { DType } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import type { Value } from '../graph/index.ts';
import * as lax from '../graph/lax.ts';
import { checkOptions } from '../options.ts';
import { normalizeAxes, normalizeAxis, type Shape, showShape, sizeOf } from '../shape.ts';

export type Axis = number | readonly number[] | null;
export interface ReduceOptions {
  readonly axis?: Axis;
  readonly keepdims?: boolean;
}
export interface VarianceOptions extends ReduceOptions {
  /** What is taken from the number of elements in the divisor. Default 0. */
  readonly ddof?: number;
}
export interface ArgOptions {
  readonly axis?: number | null;
  readonly keepdims?: boolean;
}

export type Reduction = (x: Value, axes: readonly number[]) => Value;

/** What a call's arguments say: an axis and options, or options alone. */
export function overAxes(
  shape: Shape,
  given: Axis | VarianceOptions | undefined,
  more: VarianceOptions | undefined,
): { readonly axes: number[]; readonly keepdims: boolean; readonly ddof: number } {
  const options = isOptions(given) ? given : { axis: given, ...more };
  checkOptions('This function', options, ['axis', 'keepdims', 'ddof']);
  return {
    axes: normalizeAxes(options.axis ?? null, shape.length),
    keepdims: options.keepdims ?? false,
    ddof: options.ddof ?? 0,
  };
}

function isOptions(o: Axis | VarianceOptions | undefined): o is VarianceOptions {
  return typeof o === 'object' && o !== null && !Array.isArray(o);
}

export function reduce(
  f: Reduction,
  x: Value,
  { axes, keepdims }: { readonly axes: readonly number[]; readonly keepdims: boolean },
): Value {
  const r = axes.length === 0 ? x : f(x, axes);
  return lax.reshape(r, keepdims ? x.shape.map((n, d) => (axes.includes(d) ? 1 : n)) : r.shape);
}

export const mean: Reduction = (x, axes) => {
  const s = lax.reduceSum(x, axes);
  return lax.div(s, lax.full(s.shape, sizeOf(axes.map((a) => x.shape[a])), s.dtype));
};

/** Sums and products of bool and uint8 are of int32. */
export const counted = (x: Value): Value =>
  x.dtype === 'bool' || x.dtype === 'uint8' ? lax.convert(x, 'int32') : x;

export function extreme(name: 'max' | 'min', dtype: DType): Reduction {
  if (dtype === 'bool') return name === 'max' ? lax.reduceOr : lax.reduceAnd;
  return name === 'max' ? lax.reduceMax : lax.reduceMin;
}

export function checkNonEmpty(name: string, shape: Shape, axes: readonly number[]): void {
  if (axes.every((a) => shape[a] !== 0)) return;
  throw new GradloomError(
    'empty',
    `${name} of an empty array has no value: shape ${showShape(shape)}.`,
    { shape: [...shape] },
  );
}

/** Positions along an axis, or in the flattened array. */
export function arg(
  f: (x: Value, axis: number) => Value,
  name: string,
  value: Value,
  given: number | null | undefined | ArgOptions,
): Value {
  const o = typeof given === 'object' && given !== null ? given : { axis: given };
  checkOptions(name, o, ['axis', 'keepdims']);
  const { shape } = value;
  if (sizeOf(shape) === 0)
    throw new GradloomError('empty', `${name} of an empty array has no value.`, {
      shape: [...shape],
    });
  const x = value.dtype === 'bool' ? lax.convert(value, 'int32') : value;
  const all = o.axis == null;
  const axis = normalizeAxis(o.axis ?? 0, all ? 1 : shape.length);
  const r = f(all ? lax.reshape(x, [sizeOf(shape)]) : x, axis);
  if (!o.keepdims) return r;
  return lax.reshape(
    r,
    shape.map((n, d) => (all || d === axis ? 1 : n)),
  );
}
