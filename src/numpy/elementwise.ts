/**
 * Arithmetic and mathematical functions, element by element, with broadcasting. Integers become
 * float32 where the result is not whole; plain numbers take the dtype of the array they meet.
 */
import { isFloat } from '../dtype.ts';
import { lax, type Value } from '../graph/index.ts';
import { checkOptions } from '../options.ts';
import { arith, asTensor, binaryOp, type Tensor, type TensorLike } from '../tensor/index.ts';
import { asFloat, asNumber, filled, given, make } from './support.ts';

type Unary = (x: TensorLike) => Tensor;
type Binary = (a: TensorLike, b: TensorLike) => Tensor;

const binary =
  (f: (a: arith.Operand, b: arith.Operand) => Value): Binary =>
  (a, b) =>
    binaryOp(f, a, b);
const float =
  (f: (x: Value) => Value): Unary =>
  (x) => {
    const t = asFloat(x);
    return make(f(t.value), t);
  };

export const add: Binary = binary(arith.arithmetic(lax.add));
export const subtract: Binary = binary(arith.arithmetic(lax.sub));
export const multiply: Binary = binary(arith.arithmetic(lax.mul));
/** True division: integers become float32. */
export const divide: Binary = binary(arith.floating(lax.div));
export const trueDivide: Binary = divide;
/** Division rounded towards minus infinity. */
export const floorDivide: Binary = binary(arith.floorDivide);
/** The remainder of floorDivide: it has the sign of the divisor. */
export const mod: Binary = binary(arith.modulo);
export const remainder: Binary = mod;
/** The remainder of truncated division: it has the sign of the dividend. */
export const fmod: Binary = binary(arith.truncatedRemainder);
export function divmod(a: TensorLike, b: TensorLike): [Tensor, Tensor] {
  return [floorDivide(a, b), mod(a, b)];
}
export const power: Binary = binary(arith.power);
export const pow: Binary = power;
export const floatPower: Binary = binary(arith.floating(lax.pow));
/** The larger; NaN wins. */
export const maximum: Binary = binary(arith.plain(lax.max));
/** The smaller; NaN wins. */
export const minimum: Binary = binary(arith.plain(lax.min));
/** The larger; NaN loses. */
export const fmax: Binary = binary(arith.plain((a, b) => keepNumbers(a, b, lax.max(a, b))));
/** The smaller; NaN loses. */
export const fmin: Binary = binary(arith.plain((a, b) => keepNumbers(a, b, lax.min(a, b))));
function keepNumbers(a: Value, b: Value, r: Value): Value {
  if (!isFloat(a.dtype)) return r;
  return lax.select(lax.ne(a, a), b, lax.select(lax.ne(b, b), a, r));
}
export const arctan2: Binary = binary(arith.floating(lax.atan2));
/** sqrt(a² + b²) without overflow on the way. */
export const hypot: Binary = binary(
  arith.floating((a, b) => {
    const [x, y] = [lax.abs(a), lax.abs(b)];
    const [big, small] = [lax.max(x, y), lax.min(x, y)];
    const zero = lax.full(big.shape, 0, big.dtype);
    const flat = lax.or(lax.eq(big, zero), lax.not(lax.isFinite(big)));
    const one = lax.full(big.shape, 1, big.dtype);
    const ratio = lax.div(small, lax.select(flat, one, big));
    return lax.select(flat, big, lax.mul(big, lax.sqrt(lax.add(one, lax.mul(ratio, ratio)))));
  }),
);
/** log(exp(a) + exp(b)) without overflow on the way. */
export const logaddexp: Binary = binary(
  arith.floating((a, b) => {
    const top = lax.max(a, b);
    const gap = lax.abs(lax.sub(a, b));
    const tail = lax.log1p(lax.exp(lax.neg(gap)));
    // Equal infinities: their difference is NaN.
    const zero = lax.full(top.shape, 0, top.dtype);
    return lax.add(
      top,
      lax.select(
        lax.eq(a, b),
        lax.full(top.shape, Math.LN2, top.dtype),
        lax.select(lax.isFinite(top), tail, zero),
      ),
    );
  }),
);
/** log2(2^a + 2^b), without overflow. */
export const logaddexp2: Binary = (a, b) => {
  const [x, y] = [asFloat(a), asFloat(b)];
  return logaddexp(x.mul(Math.LN2), y.mul(Math.LN2)).mul(Math.LOG2E);
};
/** The magnitude of a with the sign of b (-0 counts as negative). */
export const copysign: Binary = binary(
  arith.floating((a, b) => lax.select(isNegative(b), lax.neg(lax.abs(a)), lax.abs(a))),
);
function isNegative(x: Value): Value {
  const zero = lax.full(x.shape, 0, x.dtype);
  // 1 / -0 is -infinity.
  const ofZero = lax.lt(lax.div(lax.full(x.shape, 1, x.dtype), x), zero);
  return lax.or(lax.lt(x, zero), lax.and(lax.eq(x, zero), ofZero));
}
/** 0 where a < 0, b where a = 0, 1 where a > 0. */
export const heaviside: Binary = binary(
  arith.floating((a, b) => {
    const zero = lax.full(a.shape, 0, a.dtype);
    const step = lax.select(lax.lt(a, zero), zero, lax.full(a.shape, 1, a.dtype));
    return lax.select(lax.ne(a, a), a, lax.select(lax.eq(a, zero), b, step));
  }),
);

export const negative: Unary = (x) => asNumber(x).neg();
export const positive: Unary = (x) => asTensor(x);
export const abs: Unary = (x) => {
  const t = asTensor(x);
  return t.dtype === 'bool' ? t : t.abs();
};
export const absolute: Unary = abs;
export const fabs: Unary = float(lax.abs);
/** -1, 0 or 1. */
export const sign: Unary = (x) => asNumber(x).sign();
export const square: Unary = (x) => asNumber(x).square();
export const reciprocal: Unary = (x) => divide(1, x);
export const sqrt: Unary = float(lax.sqrt);
export const cbrt: Unary = float((x) => {
  const a = lax.abs(x);
  const third = lax.full(x.shape, 1 / 3, x.dtype);
  const y = lax.pow(a, third);
  // A Newton step brings whole roots to whole numbers.
  const fixed = lax.sub(
    y,
    lax.div(lax.sub(y, lax.div(a, lax.mul(y, y))), lax.full(x.shape, 3, x.dtype)),
  );
  const usable = lax.and(lax.isFinite(a), lax.gt(a, lax.full(x.shape, 0, x.dtype)));
  return lax.mul(lax.sign(x), lax.select(usable, fixed, y));
});
export const exp: Unary = float(lax.exp);
export const expm1: Unary = float(lax.expm1);
export const exp2: Unary = float((x) => lax.pow(lax.full(x.shape, 2, x.dtype), x));
export const log: Unary = float(lax.log);
export const log1p: Unary = float(lax.log1p);
/** Exact at powers of the base. */
const logarithm = (base: number): Unary =>
  float((x) => {
    const r = lax.div(lax.log(x), lax.full(x.shape, Math.log(base), x.dtype));
    const whole = lax.stopGradient(lax.roundNearestEven(r));
    const exact = lax.and(
      lax.eq(lax.pow(lax.full(x.shape, base, x.dtype), whole), x),
      lax.isFinite(r),
    );
    // The second term is 0; it carries the gradient.
    return lax.select(exact, lax.add(whole, lax.sub(r, lax.stopGradient(r))), r);
  });
export const log2: Unary = logarithm(2);
export const log10: Unary = logarithm(10);
export const sin: Unary = float(lax.sin);
export const cos: Unary = float(lax.cos);
export const tan: Unary = float(lax.tan);
export const arcsin: Unary = float(lax.asin);
export const arccos: Unary = float(lax.acos);
export const arctan: Unary = float(lax.atan);
export const sinh: Unary = float(lax.sinh);
export const cosh: Unary = float(lax.cosh);
export const tanh: Unary = float(lax.tanh);
/** sign(x) log(|x| + sqrt(x² + 1)), in a form that keeps small and large x exact. */
export const arcsinh: Unary = float((x) => {
  const { a, big, near } = largeOrNear(x);
  const one = lax.full(x.shape, 1, x.dtype);
  const s = lax.mul(near, near);
  const r = lax.log1p(lax.add(near, lax.div(s, lax.add(one, lax.sqrt(lax.add(s, one))))));
  return lax.mul(lax.sign(x), lax.select(big, logPlusLn2(a), r));
});
export const arccosh: Unary = float((x) => {
  const { a, big, near } = largeOrNear(x);
  const one = lax.full(x.shape, 1, x.dtype);
  const t = lax.sub(near, one);
  const r = lax.log1p(lax.add(t, lax.sqrt(lax.mul(t, lax.add(t, lax.full(x.shape, 2, x.dtype))))));
  const nan = lax.full(x.shape, Number.NaN, x.dtype);
  return lax.select(lax.lt(x, one), nan, lax.select(big, logPlusLn2(a), r));
});
export const arctanh: Unary = float((x) => {
  const one = lax.full(x.shape, 1, x.dtype);
  const a = lax.abs(x);
  const r = lax.log1p(lax.div(lax.add(a, a), lax.sub(one, a)));
  return lax.mul(lax.sign(x), lax.mul(r, lax.full(x.shape, 0.5, x.dtype)));
});
/** Where |x| is so large that x² + 1 = x²; `near` is |x|, held to where squares do not overflow. */
function largeOrNear(x: Value): { a: Value; big: Value; near: Value } {
  const a = lax.abs(x);
  const limit = lax.full(x.shape, 1e9, x.dtype);
  return { a, big: lax.gt(a, limit), near: lax.min(a, limit) };
}
function logPlusLn2(a: Value): Value {
  return lax.add(lax.log(a), lax.full(a.shape, Math.LN2, a.dtype));
}

export const floor: Unary = (x) => asTensor(x).floor();
export const ceil: Unary = (x) => asTensor(x).ceil();
/** Towards zero. */
export const trunc: Unary = (x) => {
  const t = asTensor(x);
  if (!isFloat(t.dtype)) return t;
  const below = lax.lt(t.value, filled(t, 0));
  return make(lax.select(below, lax.ceil(t.value), lax.floor(t.value)), t);
};
export const fix: Unary = trunc;
/** To the nearest whole number, halves to even. */
export const rint: Unary = float(lax.roundNearestEven);
/** To `decimals` places, halves to even; negative places round to tens, hundreds, … */
export function round(x: TensorLike, places: number | { readonly decimals?: number } = 0): Tensor {
  const { decimals = 0 } = given<{ decimals: number }>('round', ['decimals'], [places]);
  const t = asTensor(x);
  if (decimals === 0) return t.round();
  const scale = 10 ** Math.abs(decimals);
  if (!isFloat(t.dtype)) {
    if (decimals > 0) return t;
    return t.astype('float64').div(scale).round().mul(scale).astype(t.dtype);
  }
  return decimals > 0 ? t.mul(scale).round().div(scale) : t.div(scale).round().mul(scale);
}
export const around: typeof round = round;
/** The ends of a range; null or nothing where it is open. */
export interface ClipOptions {
  readonly min?: TensorLike | null;
  readonly max?: TensorLike | null;
}

/** Held between lo and hi; null leaves a side open. */
export function clip(
  x: TensorLike,
  lo?: TensorLike | null | ClipOptions,
  hi?: TensorLike | null,
): Tensor {
  const { min = null, max = null } = given<ClipOptions>('clip', ['min', 'max'], [lo, hi]);
  return asTensor(x).clip(min, max);
}
export const deg2rad: Unary = float((x) => lax.mul(x, lax.full(x.shape, Math.PI / 180, x.dtype)));
export const radians: Unary = deg2rad;
export const rad2deg: Unary = float((x) => lax.mul(x, lax.full(x.shape, 180 / Math.PI, x.dtype)));
export const degrees: Unary = rad2deg;
/** sin(pi x) / (pi x), 1 at 0. */
export const sinc: Unary = float((x) => {
  const zero = lax.eq(x, lax.full(x.shape, 0, x.dtype));
  const y = lax.mul(
    lax.select(zero, lax.full(x.shape, 1e-20, x.dtype), x),
    lax.full(x.shape, Math.PI, x.dtype),
  );
  return lax.div(lax.sin(y), y);
});

export const bitwiseAnd: Binary = binary(arith.bitwise('bitwiseAnd', lax.and));
export const bitwiseOr: Binary = binary(arith.bitwise('bitwiseOr', lax.or));
export const bitwiseXor: Binary = binary(arith.bitwise('bitwiseXor', lax.xor));
/** Every bit turned; for bool, logical not. */
export const invert: Unary = (x) => {
  const t = asTensor(x);
  return make(lax.not(t.value), t);
};
export const bitwiseNot: Unary = invert;
export const leftShift: Binary = binary(arith.bitwise('leftShift', lax.shiftLeft));
export const rightShift: Binary = binary(
  arith.bitwise('rightShift', (a, b) =>
    a.dtype === 'int32' ? lax.shiftRightArithmetic(a, b) : lax.shiftRightLogical(a, b),
  ),
);

/** NaN to `nan` (default 0), infinities to the largest numbers or what is given. */
export function nanToNum(
  x: TensorLike,
  options: { readonly nan?: number; readonly posinf?: number; readonly neginf?: number } = {},
): Tensor {
  checkOptions('nanToNum', options, ['nan', 'posinf', 'neginf']);
  const t = asTensor(x);
  if (!isFloat(t.dtype)) return t;
  const largest = t.dtype === 'float32' ? 3.4028234663852886e38 : Number.MAX_VALUE;
  const v = t.value;
  const at = (n: number): Value => filled(t, n);
  const finite = lax.select(
    lax.eq(v, at(Number.POSITIVE_INFINITY)),
    at(options.posinf ?? largest),
    lax.select(lax.eq(v, at(Number.NEGATIVE_INFINITY)), at(options.neginf ?? -largest), v),
  );
  return make(lax.select(lax.ne(v, v), at(options.nan ?? 0), finite), t);
}
