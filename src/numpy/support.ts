/** What the functions of this folder share: arguments in NumPy's manners. */
import { type DType, isFloat, type TypedArray } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { lax, type Value } from '../graph/index.ts';
import { checkOptions } from '../options.ts';
import { normalizeAxis } from '../shape.ts';
import {
  type Axis,
  asTensor,
  type ReduceOptions,
  Tensor,
  type TensorLike,
} from '../tensor/index.ts';

/** A shape, or the length of a vector. */
export type ShapeLike = number | readonly number[];

export function shapeOf(shape: ShapeLike): readonly number[] {
  return typeof shape === 'number' ? [shape] : shape;
}

/** An axis as NumPy takes it: by position, or by name in an object. */
export type AxisArg = number | null | { readonly axis?: number | null };
/** Axes, and whether they are kept with size 1. */
export type ReduceArg = Axis | ReduceOptions;

/** Axes as NumPy takes them: by position, or by name in an object. */
export type AxesArg = Axis | { readonly axis?: Axis };

export function axesOf(arg: AxesArg | undefined): Axis | undefined {
  if (!isNamed(arg)) return arg;
  checkOptions('This function', arg, ['axis']);
  return arg.axis;
}
function isNamed(arg: AxesArg | undefined): arg is { readonly axis?: Axis } {
  return typeof arg === 'object' && arg !== null && !Array.isArray(arg);
}

/**
 * Arguments that come by position or by name: those of `args` that are in their places, and an object
 * in the place of the first that is named. Throws `unknown-option`.
 */
export function given<T extends object>(
  what: string,
  names: readonly (keyof T & string)[],
  args: readonly unknown[],
): Partial<T> {
  const out: Record<string, unknown> = {};
  args.forEach((arg, i) => {
    if (isOptions(arg)) {
      checkOptions(what, arg, names);
      Object.assign(out, arg);
    } else if (arg !== undefined) out[names[i]] = arg;
  });
  return out as Partial<T>;
}

/** Whether it is a plain object, and no array or tensor. */
export function isOptions(x: unknown): x is Readonly<Record<string, unknown>> {
  return typeof x === 'object' && x !== null && Object.getPrototypeOf(x) === Object.prototype;
}

/** The axis meant by an argument; null is "of the flattened array". */
export function axisOf(arg: AxisArg | undefined, otherwise: number | null): number | null {
  if (isOptions(arg)) checkOptions('This function', arg, ['axis']);
  const axis = typeof arg === 'object' && arg !== null ? arg.axis : arg;
  return axis === undefined ? otherwise : axis;
}

/** `x` and the axis meant; flattened when the axis is null. */
export function along(
  x: TensorLike,
  arg: AxisArg | undefined,
  otherwise: number | null,
): { t: Tensor; axis: number } {
  const t = asTensor(x);
  const axis = axisOf(arg, otherwise);
  if (axis === null) return { t: t.ravel(), axis: 0 };
  return { t, axis: normalizeAxis(axis, t.ndim) };
}

/** The float dtype in which a dtype is averaged, rooted, exponentiated. */
export function floatOf(dtype: DType): DType {
  return isFloat(dtype) ? dtype : 'float32';
}

export function asFloat(x: TensorLike): Tensor {
  const t = asTensor(x);
  return isFloat(t.dtype) ? t : t.astype('float32');
}

/** bool as int32, everything else as it is. */
export function asNumber(x: TensorLike): Tensor {
  const t = asTensor(x);
  return t.dtype === 'bool' ? t.astype('int32') : t;
}

/** A tensor of a value built from `from`. */
export function make(value: Value, ...from: readonly Tensor[]): Tensor {
  return Tensor.of(value, ...from);
}

/** The shape of `like` filled with one number. */
export function filled(like: Tensor, value: number, dtype: DType = like.dtype): Value {
  return lax.full(like.shape, value, dtype);
}

/**
 * The elements, at once: for results whose shape depends on them (unique, nonzero). Throws `traced`
 * inside compile and grad, `sync-read` on a backend that is not on the CPU.
 */
export function hostData(t: Tensor): TypedArray {
  return t.dataSync();
}

export function wholeNumber(what: string, n: number, least: number): number {
  if (!Number.isInteger(n) || n < least) {
    throw new GradloomError(
      'argument',
      `${what} must be a whole number of ${least} or more; received ${n}.`,
      { [what]: n },
    );
  }
  return n;
}
