/** pow, through a logarithm carried in two parts. */
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
import { expRange, expScaled } from './math-exp.ts';
import { logDouble, splitExponent } from './math-log.ts';

/** (log(1+f) - f + f^2/2) / f^3 for -0.18 < f < 0.19. */
const cubicSingle: readonly number[] = [
  0.3333343267, -0.249999851, 0.1998330206, -0.166622743, 0.1507984996, -0.1297568977,
];
/** 0.83: the mantissa runs from here to 1.66, so that 1 lies well inside. */
const lowBits = 0x3f547ae1;
/** Mantissas above this are multiplied by 11/16 to come near 1. */
const middle = 1.19;
const eleven = 11 / 16;

interface Constants {
  readonly ln2: readonly [number, number];
  /** -log(11/16); its head and that of ln2 are whole multiples of one power of two. */
  readonly c: readonly [number, number];
}
const single: Constants = {
  ln2: [0.693145751953125, 1.4286068203094173e-6],
  c: [0.374664306640625, 2.9142800785693608e-5],
};
const double: Constants = {
  ln2: [0.6931471801362932, 4.236521365809284e-10],
  c: [0.3746934493537992, 8.76114697071436e-11],
};

/** log a = hi + lo for a > 0 and finite, hi + lo good to about 2^-31 (float32), 2^-60 (float64). */
function logParts(a: Expr): [Expr, Expr] {
  const k = isSingle(a) ? single : double;
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
  const outer = gt(m, middle);
  const factor = pick(outer, eleven, like(a, 1));
  // f + fl = m * factor - 1 exactly: each half of m has room for the 4 bits of the factor.
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
    rest = mul(s, add(mul(mul(f, f), 0.5), mul(z, poly(z, logDouble))));
  }
  const big = add(mul(e, k.ln2[0]), pick(outer, k.c[0], like(a, 0)));
  const bigLow = add(mul(e, k.ln2[1]), pick(outer, k.c[1], like(a, 0)));
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
  const r = expScaled(high, low);
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
