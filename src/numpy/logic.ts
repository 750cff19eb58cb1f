/** Comparisons and logic. */
import { isFloat } from '../dtype.ts';
import { lax, type Value } from '../graph/index.ts';
import { sameShape } from '../shape.ts';
import { arith, asTensor, binaryOp, type Tensor, type TensorLike } from '../tensor/index.ts';
import { asFloat, filled, make } from './support.ts';

type Unary = (x: TensorLike) => Tensor;
type Binary = (a: TensorLike, b: TensorLike) => Tensor;
const compare =
  (f: (a: Value, b: Value) => Value): Binary =>
  (a, b) =>
    binaryOp(arith.comparing(f), a, b);
const logical =
  (f: (a: Value, b: Value) => Value): Binary =>
  (a, b) =>
    binaryOp(arith.logical(f), a, b);

export const equal: Binary = compare(lax.eq);
export const notEqual: Binary = compare(lax.ne);
export const less: Binary = compare(lax.lt);
export const lessEqual: Binary = compare(lax.le);
export const greater: Binary = compare(lax.gt);
export const greaterEqual: Binary = compare(lax.ge);

export const logicalAnd: Binary = logical(lax.and);
export const logicalOr: Binary = logical(lax.or);
export const logicalXor: Binary = logical(lax.xor);
export const logicalNot: Unary = (x) => asTensor(x).logicalNot();

/** A test that only floats can meet. */
const test =
  (f: (x: Value) => Value, ofIntegers: boolean): Unary =>
  (x) => {
    const t = asTensor(x);
    return make(isFloat(t.dtype) ? f(t.value) : filled(t, Number(ofIntegers), 'bool'), t);
  };
const same = (x: Value, n: number): Value => lax.eq(x, lax.full(x.shape, n, x.dtype));

export const isnan: Unary = test((x) => lax.ne(x, x), false);
export const isinf: Unary = test((x) => same(lax.abs(x), Number.POSITIVE_INFINITY), false);
export const isposinf: Unary = test((x) => same(x, Number.POSITIVE_INFINITY), false);
export const isneginf: Unary = test((x) => same(x, Number.NEGATIVE_INFINITY), false);
export const isfinite: Unary = test(lax.isFinite, true);
/** Whether the sign bit is set: also for -0. */
export const signbit: Unary = (x) => {
  const t = asFloat(x);
  const one = filled(t, 1);
  const zero = filled(t, 0);
  const ofZero = lax.lt(lax.div(one, t.value), zero);
  return make(lax.or(lax.lt(t.value, zero), lax.and(lax.eq(t.value, zero), ofZero)), t);
};

export interface CloseOptions {
  /** Relative to |b|; default 1e-5. */
  readonly rtol?: number;
  /** Absolute; default 1e-8. */
  readonly atol?: number;
  /** Whether NaN counts as near NaN. */
  readonly equalNan?: boolean;
}

/** |a - b| <= atol + rtol |b|, element by element; equal infinities are close. */
export function isclose(a: TensorLike, b: TensorLike, options: CloseOptions = {}): Tensor {
  const { rtol = 1e-5, atol = 1e-8, equalNan = false } = options;
  return binaryOp(
    arith.floating((x, y) => {
      const at = (n: number): Value => lax.full(x.shape, n, x.dtype);
      const near = lax.le(lax.abs(lax.sub(x, y)), lax.add(at(atol), lax.mul(at(rtol), lax.abs(y))));
      const close = lax.or(lax.eq(x, y), lax.and(near, lax.isFinite(y)));
      return equalNan ? lax.or(close, lax.and(lax.ne(x, x), lax.ne(y, y))) : close;
    }),
    a,
    b,
  );
}
/** Whether all elements are close: see `isclose`. Reads the answer at once. */
export function allclose(a: TensorLike, b: TensorLike, options: CloseOptions = {}): boolean {
  return isclose(a, b, options).all().item() !== 0;
}
/** Whether shape and elements are the same. Reads the answer at once. */
export function arrayEqual(
  a: TensorLike,
  b: TensorLike,
  options: { readonly equalNan?: boolean } = {},
): boolean {
  const [x, y] = [asTensor(a), asTensor(b)];
  if (!sameShape(x.shape, y.shape)) return false;
  const eq = equal(x, y);
  const both = options.equalNan ? eq.logicalOr(isnan(x).logicalAnd(isnan(y))) : eq;
  return both.all().item() !== 0;
}
