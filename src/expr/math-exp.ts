/**
 * exp and its family: expm1, logistic, sinh, cosh, tanh. The reduction by ln 2 in two parts is Cody
 * and Waite's; the polynomials are minimax fits made for the interval and the error named at each.
 */
import { binary, bitcast, type Expr, int, select } from './expr.ts';
import {
  abs,
  add,
  atLeast,
  atMost,
  div,
  eq,
  gt,
  isSingle,
  like,
  lt,
  mul,
  nearestWhole,
  neg,
  pick,
  poly,
  pow2double,
  pow2single,
  sub,
  withSignOf,
} from './math-base.ts';

const log2e: number = Math.LOG2E;
/** ln 2 in two parts; a whole number below 2^8 (float32) or 2^13 (float64) times the first is exact. */
const ln2Single: readonly [number, number] = [0.693145751953125, 1.428606765330187e-6];
const ln2Double: readonly [number, number] = [0.6931471805592082, 7.371002565167799e-13];

/** (e^r - 1 - r) / r^2 for |r| <= ln 2, for relative error of e^r: 2^-26.0. */
const expSingle: readonly number[] = [
  0.500000358, 0.16666615, 0.0416611843, 8.33603833e-3, 1.41058606e-3, 1.96223336e-4,
];
/** (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2, for relative error of e^r: 2^-28. */
const expNarrow: readonly number[] = [
  0.4999999404, 0.1666651964, 0.04166824743, 8.368838578e-3, 1.382263261e-3,
];
/** The same for |r| <= ln 2 / 2 and for relative error of e^r - 1: 2^-26.1. */
const expm1Single: readonly number[] = [
  0.49999997, 0.166665435, 0.0416674912, 8.36656988e-3, 1.38656318e-3,
];
/** As `expm1Single` for float64: 2^-61.5. */
const expm1Double: readonly number[] = [
  0.5, 0.16666666666666677, 0.04166666666666662, 0.008333333333321416, 0.001388888888891609,
  0.00019841269886693513, 2.4801587252672338e-5, 2.755724360898344e-6, 2.75573402867155e-7,
  2.510925726460973e-8, 2.0893291731888963e-9,
];

/** x - n * unit * ln 2 [+ low], in the order that loses nothing. */
function reduce(x: Expr, n: Expr, unit: number, low?: Expr): Expr {
  const [hi, lo] = isSingle(x) ? ln2Single : ln2Double;
  const tail = mul(n, lo * unit);
  const r = sub(x, mul(n, hi * unit));
  return low ? add(r, sub(low, tail)) : sub(r, tail);
}

/** e^r from (e^r - 1 - r) / r^2: 1 + (r + r^2 q) rounds less than Horner's (r q + 1) r + 1. */
function expOf(r: Expr, q: readonly number[]): Expr {
  return add(expLessOne(r, q), 1);
}

function expLessOne(r: Expr, q: readonly number[]): Expr {
  return add(mul(mul(r, r), poly(r, q)), r);
}

/**
 * e^x for clamped x or NaN, rounded once where it is subnormal. In float32, reducing by 2 ln 2 costs
 * one more term of the polynomial than reducing by ln 2, and makes the scale the square of a normal
 * number: subnormal results come out right and the top of the range does not overflow early.
 */
function expClamped(x: Expr, factor?: number): Expr {
  if (!isSingle(x)) return expSum(x, undefined, factor === undefined ? undefined : like(x, factor));
  const { bits, whole } = nearestWhole(x, log2e / 2);
  const p = expOf(reduce(x, whole, 2), expSingle);
  const s = pow2single(bits);
  return mul(mul(factor === undefined ? p : mul(p, factor), s), s);
}

/**
 * e^(x + low) * factor for clamped x or NaN and small `low`, as exact as one rounding of e^r
 * allows: for those who pass the error on.
 */
export function expSum(x: Expr, low?: Expr, factor?: Expr): Expr {
  const { int: n, whole } = nearestWhole(x, log2e);
  const r = reduce(x, whole, 1, low);
  const p = expOf(r, isSingle(x) ? expNarrow : expm1Double);
  const y = factor === undefined ? p : mul(p, factor);
  if (isSingle(x)) {
    // Two factors: 2^n itself need not be a normal number.
    const h = binary('shr', n, int(1));
    return mul(mul(y, pow2single(h)), pow2single(binary('sub', n, h)));
  }
  const [a, b, c] = pow2double(n);
  return mul(mul(mul(y, a), b), c);
}

/** The ends beyond which e^x is 0 or infinite, with a little to spare. */
export const expRange = (x: Expr): [number, number] => (isSingle(x) ? [-104.5, 89] : [-746, 710]);

export function exp(x: Expr): Expr {
  const [lo, hi] = expRange(x);
  return expClamped(atLeast(atMost(x, hi), lo));
}

/** e^x - 1 as 2^n (e^r - 1) + (2^n - 1): both terms exact in what matters. */
export function expm1(x: Expr): Expr {
  const single = isSingle(x);
  const clamped = atLeast(atMost(x, expRange(x)[1]), single ? -18 : -40);
  const { bits, int: n, whole } = nearestWhole(clamped, log2e);
  const r = reduce(clamped, whole, 1);
  const p = expLessOne(r, single ? expm1Single : expm1Double);
  // Half the scale, so that 2^128 (2^1024) need not be a number; 2 (p s + s - 1/2) is the same.
  let s: Expr;
  if (single) s = pow2single(bits, -1);
  else {
    const [a, b, c] = pow2double(binary('sub', n, int(1)));
    s = mul(mul(a, b), c);
  }
  const y = mul(add(mul(p, s), sub(s, 0.5)), 2);
  // Keeps -0 and the last bit of subnormals.
  return select(lt(abs(x), single ? 2 ** -25 : 2 ** -54), x, y);
}

/**
 * 1 / (1 + e^-x). In float32, with e^-x = (1 + p) 2^h 2^k, as 2^-h / (2^-h + (1 + p) 2^k) where h
 * and k are near halves of the exponent: nothing overflows, and the quotient may be subnormal.
 */
export function logistic(x: Expr): Expr {
  if (isSingle(x)) {
    const y = neg(atLeast(atMost(x, 104.5), -104.5));
    const { int: n, whole } = nearestWhole(y, log2e);
    const p = expLessOne(reduce(y, whole, 1), expNarrow);
    const h = binary('shr', n, int(1));
    const large = pow2single(binary('sub', n, h));
    const small = bitcast('float32', binary('sub', int(0x3f800000), binary('shl', h, int(23))));
    // p less one is added first, so that the denominator rounds once where it matters.
    return div(small, add(add(mul(p, large), small), large));
  }
  const e = exp(neg(abs(x)));
  return div(pick(lt(x, 0), e, 1), add(e, 1));
}

/** (sinh x - x) / x^3 in x^2, for |x| <= 1. */
const sinhSingle: readonly number[] = [0.1666671634, 8.330274373e-3, 2.03728312e-4];
const sinhDouble: readonly number[] = [
  0.16666666666666666, 0.008333333333333571, 0.00019841269841063892, 2.755731930860955e-6,
  2.505208979362069e-8, 1.6061288498354102e-10, 7.506636466265503e-13, 6.386591657230399e-15,
];

/** e^|x| / 2, which overflows only where sinh and cosh do. */
function halfExp(x: Expr): Expr {
  return expClamped(atMost(abs(x), expRange(x)[1] + 1), 0.5);
}

export function sinh(x: Expr): Expr {
  const h = halfExp(x);
  const large = withSignOf(sub(h, div(like(x, 0.25), h)), x);
  const x2 = mul(x, x);
  const small = add(mul(mul(x2, x), poly(x2, isSingle(x) ? sinhSingle : sinhDouble)), x);
  return select(gt(abs(x), 1), large, select(lt(abs(x), 2 ** -30), x, small));
}

export function cosh(x: Expr): Expr {
  const h = halfExp(x);
  return add(h, div(like(x, 0.25), h));
}

/** (tanh x - x) / x^3 in x^2 for |x| <= 0.55: 2^-29. */
const tanhSingle: readonly number[] = [
  -0.3333331347, 0.1333244741, -0.05383757874, 0.0210100282, -6.185539998e-3,
];

/**
 * 1 - 2 / (e^2|x| + 1) where that is above 1/2, a polynomial below. A rational function of x
 * (Eigen's way) takes two thirds of the operations, but its roundings add up to 4.5 ULP near 1.
 */
export function tanh(x: Expr): Expr {
  if (isSingle(x)) {
    const a = atMost(abs(x), 9.1);
    const { bits, whole } = nearestWhole(a, 2 * log2e);
    const p = expOf(reduce(mul(a, 2), whole, 1), expNarrow);
    // With half of e^2a, the 2 becomes a 1.
    const large = sub(like(x, 1), div(like(x, 1), add(mul(p, pow2single(bits, -1)), 0.5)));
    const z = mul(x, x);
    const small = add(mul(mul(z, x), poly(z, tanhSingle)), x);
    return select(gt(a, 0.55), withSignOf(large, x), select(eq(x, 0), x, small));
  }
  // With t = e^(-2|x|) - 1 in (-1, 0], tanh |x| = -t / (t + 2) cancels nowhere.
  const t = expm1(mul(abs(x), -2));
  return withSignOf(div(neg(t), add(t, 2)), x);
}
