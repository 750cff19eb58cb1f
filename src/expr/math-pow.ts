/**
 * pow, through a logarithm carried in two parts (the plan of fdlibm's e_pow). Every product that has to
 * be exact is one of short factors, and so is exact whether or not it is contracted.
 */
import { binary, bitcast, compare, type Expr, int, select, unary } from './expr.ts';
import {
  abs,
  add,
  atLeast,
  atMost,
  div,
  eq,
  gt,
  head,
  isSingle,
  like,
  lt,
  mul,
  pick,
  poly,
  sub,
} from './math-base.ts';
import { expRange, expSum } from './math-exp.ts';
import { splitExponent } from './math-log.ts';

/** (log(1+f) - f + f^2/2) / f^3 for -0.122 < f < 0.127, relative error of the log 2^-33.9. */
const cubicSingle: readonly number[] = [
  0.3333334029, -0.2499999106, 0.1999712735, -0.1666746885, 0.1461424083, -0.1262432188,
];
/** (log((1+s)/(1-s)) - 2s) / s^3 in s^2, for |s| <= 0.065. */
const atanhDouble: readonly number[] = [
  0.6666666666666718, 0.3999999999826463, 0.28571430459624003, 0.2222132583026293,
  0.18374791482194286,
];

/** 0.885: the mantissa runs from here to 1.77, so that 1 lies well inside. */
const lowBits = 0x3f628f5c;
/**
 * Mantissas above `from` are multiplied by `factor`, of 5 bits, to come within 1/8 of 1; -log of
 * the factor in two parts for either type. These heads and those of ln 2 are whole multiples of
 * 2^-15 and 2^-31, so that sums of them are exact.
 */
const intervals: readonly Interval[] = [
  {
    from: 1.125,
    factor: 25 / 32,
    single: [8089 / 2 ** 15, 3.388478489796398e-6],
    double: [530127980 / 2 ** 31, 3.268743467738021e-10],
  },
  {
    from: 1.44,
    factor: 5 / 8,
    single: [15401 / 2 ** 15, 2.408542513876455e-6],
    double: [1009325108 / 2 ** 31, 1.4243259802349563e-10],
  },
];
interface Interval {
  readonly from: number;
  readonly factor: number;
  readonly single: readonly [number, number];
  readonly double: readonly [number, number];
}
const ln2Single: readonly [number, number] = [22713 / 2 ** 15, 1.4286068203094173e-6];
const ln2Double: readonly [number, number] = [1488522235 / 2 ** 31, 4.236521365809284e-10];

/** log a = hi + lo for a > 0 and finite, good to a relative 2^-30 (float32) or 2^-59 (float64). */
function logParts(a: Expr): [Expr, Expr] {
  const ln2 = isSingle(a) ? ln2Single : ln2Double;
  let x = a;
  let shift: Expr | undefined;
  if (isSingle(a)) {
    const subnormal = lt(a, 2 ** -126);
    x = select(subnormal, mul(a, 2 ** 23), a);
    shift = pick(subnormal, 23, like(a, 0));
  }
  const split = splitExponent(x, lowBits);
  const e = shift ? sub(split.e, shift) : split.e;
  const { m } = split;
  let factor = like(a, 1);
  let c1 = like(a, 0);
  let c2 = like(a, 0);
  for (const interval of intervals) {
    const inside = gt(m, interval.from);
    const [high, low] = isSingle(a) ? interval.single : interval.double;
    factor = pick(inside, interval.factor, factor);
    c1 = pick(inside, high, c1);
    c2 = pick(inside, low, c2);
  }
  // f + fl = m * factor - 1 exactly: each half of m has room for the bits of the factor.
  const mh = head(m);
  const t = sub(mul(mh, factor), 1);
  const u = mul(sub(m, mh), factor);
  const f = add(t, u);
  const fl = sub(u, sub(f, t));
  // f^2/2 with its head exact.
  const fh = head(f);
  const squareHigh = mul(mul(fh, fh), 0.5);
  const squareLow = mul(mul(sub(f, fh), add(f, fh)), 0.5);
  let rest: Expr;
  if (isSingle(a)) rest = mul(mul(mul(f, f), f), poly(f, cubicSingle));
  else {
    const s = div(f, add(f, 2));
    const z = mul(s, s);
    rest = mul(s, add(mul(mul(f, f), 0.5), mul(z, poly(z, atanhDouble))));
  }
  const big = add(mul(e, ln2[0]), c1);
  const bigLow = add(mul(e, ln2[1]), c2);
  const s1 = add(big, f);
  const e1 = sub(f, sub(s1, big));
  const s2 = sub(s1, squareHigh);
  const e2 = sub(sub(s1, s2), squareHigh);
  const low = add(add(add(e1, e2), sub(fl, mul(fl, f))), add(sub(rest, squareLow), bigLow));
  const hi = add(s2, low);
  return [hi, sub(low, sub(hi, s2))];
}

/** |a|^b for finite |a| > 0. */
function magnitude(a: Expr, b: Expr): Expr {
  const [hi, lo] = logParts(a);
  // Beyond 2^60 a larger exponent changes nothing, and infinity would break the products.
  const y = atLeast(atMost(b, 2 ** 60), -(2 ** 60));
  const yh = head(y);
  const hh = head(hi);
  const high = mul(yh, hh);
  const low = add(mul(sub(y, yh), hh), mul(y, add(sub(hi, hh), lo)));
  const z = add(high, low);
  const [least, most] = expRange(a);
  const r = expSum(high, low);
  return pick(gt(z, most), Number.POSITIVE_INFINITY, pick(lt(z, least), 0, r));
}

/** a^b with every special case of C's pow: 1 wherever a is 1 or b is 0, even beside NaN. */
export function pow(a: Expr, b: Expr): Expr {
  const inf = Number.POSITIVE_INFINITY;
  const size = abs(a);
  const zero = eq(a, 0);
  const infinite = eq(size, inf);
  // 0 to a negative power and infinity to a positive one are infinite.
  const grows = binary('xor', gt(b, 0), zero);
  const edge = pick(grows, inf, like(a, 0));
  let r = select(binary('or', zero, infinite), edge, magnitude(size, b));
  // A negative base: odd whole exponents keep the sign, other whole ones lose it, the rest are NaN.
  const half = mul(b, 0.5);
  const whole = eq(unary('floor', b), b);
  const odd = binary('and', whole, compare('ne', unary('floor', half), half));
  const minus = isSingle(a)
    ? compare('lt', bitcast('int32', a), int(0))
    : lt(pick(zero, div(like(a, 1), a), a), 0);
  r = select(binary('and', minus, odd), unary('neg', r), r);
  const undefinedPower = binary(
    'and',
    binary('and', lt(a, 0), unary('not', whole)),
    unary('not', infinite),
  );
  const nan = binary('or', undefinedPower, compare('ne', a, a));
  r = pick(binary('or', nan, compare('ne', b, b)), Number.NaN, r);
  return pick(binary('or', eq(a, 1), eq(b, 0)), 1, r);
}
