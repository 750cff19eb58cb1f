/** Natural logarithms; the polynomials are minimax fits for the interval named at each. */
import { binary, bitcast, compare, convert, type Expr, int, select } from './expr.ts';
import { abs, add, div, eq, gt, isSingle, like, lt, mul, pick, poly, sub } from './math-base.ts';

/** (log(1+f) - f) / f^2 for |f| <= 1/3, relative error of the log 2^-27.7. */
const logSingle: readonly number[] = [
  -0.5, 0.3333321214, -0.2499983162, 0.2001057565, -0.1667903513, 0.140035674, -0.1220354214,
  0.1399425268, -0.1281070113,
];
/** (log((1+s)/(1-s)) - 2s) / s^3 in s^2, for |s| <= 0.2. */
const logDouble: readonly number[] = [
  0.666666666666666, 0.4000000000005655, 0.285714285558763, 0.22222224289796563,
  0.18181666323900478, 0.1539109623662449, 0.13173876064099901, 0.13841104164135526,
];

const ln2Single: readonly [number, number] = [0.693145751953125, 1.428606765330187e-6];
const ln2Double: readonly [number, number] = [0.6931471805592082, 7.371002565167799e-13];

/** A positive number as m 2^e; `scale` is 2^-e. */
export interface Split {
  readonly m: Expr;
  readonly e: Expr;
  readonly scale: Expr;
}

/**
 * Splits x > 0 with `low` <= m < 2 low, `low` given as float32 bits. float32 must be normal. float64
 * is brought into the range of float32 by two steps, whose exponent is then read off.
 */
export function splitExponent(x: Expr, lowBits: number): Split {
  if (isSingle(x)) {
    const bits = bitcast('int32', x);
    const k = binary('sub', bits, int(lowBits));
    const power = binary('and', k, int(-0x800000));
    return {
      m: bitcast('float32', binary('sub', bits, power)),
      e: convert('float32', binary('shr', k, int(23))),
      scale: bitcast('float32', binary('sub', int(0x3f800000), power)),
    };
  }
  let v = x;
  let e = like(x, 0);
  let scale = like(x, 1);
  // |log2 x| <= 1074, then 374, then 124.
  for (const [step, limit] of [
    [700, 374],
    [250, 124],
  ]) {
    const large = gt(v, 2 ** limit);
    const small = lt(v, 2 ** -limit);
    const factor = pick(large, 2 ** -step, pick(small, 2 ** step, like(v, 1)));
    e = add(e, pick(large, step, pick(small, -step, like(v, 0))));
    v = mul(v, factor);
    scale = mul(scale, factor);
  }
  const s = splitExponent(convert('float32', v), lowBits);
  const last = convert('float64', s.scale);
  return { m: mul(v, last), e: add(e, convert('float64', s.e)), scale: mul(scale, last) };
}

/** 2/3 and sqrt(1/2) as float32 bits: where the mantissa interval begins. */
const twoThirds = 0x3f2aaaab;
const sqrtHalf = 0x3f3504f3;

/** log(1 + f) + e ln 2 for 1 + f in the interval of `splitExponent`. */
function logOf(f: Expr, e: Expr): Expr {
  if (isSingle(f)) {
    const tail = add(mul(mul(f, f), poly(f, logSingle)), mul(e, ln2Single[1]));
    return add(add(tail, f), mul(e, ln2Single[0]));
  }
  // With s = f / (2 + f): log(1+f) = f - f^2/2 + s (f^2/2 + s^2 R(s^2)), as in fdlibm.
  const s = div(f, add(f, 2));
  const z = mul(s, s);
  const half = mul(mul(f, f), 0.5);
  const tail = add(mul(s, add(half, mul(z, poly(z, logDouble)))), mul(e, ln2Double[1]));
  return add(mul(e, ln2Double[0]), sub(f, sub(half, tail)));
}

/** -inf at 0, NaN below, x itself at infinity and NaN. */
function edges(u: Expr, x: Expr, y: Expr): Expr {
  const nan = like(x, Number.NaN);
  const inside = select(lt(u, 0), nan, pick(eq(u, 0), Number.NEGATIVE_INFINITY, y));
  return select(compare('lt', x, like(x, Number.POSITIVE_INFINITY)), inside, x);
}

export function log(x: Expr): Expr {
  if (!isSingle(x)) {
    const { m, e } = splitExponent(x, sqrtHalf);
    return edges(x, x, logOf(sub(m, 1), e));
  }
  const subnormal = lt(x, 2 ** -126);
  const { m, e } = splitExponent(select(subnormal, mul(x, 2 ** 23), x), twoThirds);
  return edges(x, x, logOf(sub(m, 1), sub(e, pick(subnormal, 23, like(x, 0)))));
}

/**
 * log(1 + x). The exponent comes from the rounded u = 1 + x, the mantissa less one from x itself:
 * f = x 2^-e + (2^-e - 1), so that what rounding u lost is still there.
 */
export function log1p(x: Expr): Expr {
  const single = isSingle(x);
  const u = add(x, 1);
  let f: Expr;
  let e: Expr;
  if (single) {
    // 2^-e is subnormal at the top of the range: work with 2^(2-e) and x/4.
    const k = binary('sub', bitcast('int32', u), int(twoThirds));
    const power = binary('and', k, int(-0x800000));
    const scale = bitcast('float32', binary('sub', int(0x40800000), power));
    e = convert('float32', binary('shr', k, int(23)));
    f = add(mul(mul(x, 0.25), scale), sub(mul(scale, 0.25), 1));
  } else {
    const split = splitExponent(u, sqrtHalf);
    e = split.e;
    f = add(mul(x, split.scale), sub(split.scale, 1));
  }
  const y = select(lt(abs(x), single ? 2 ** -25 : 2 ** -54), x, logOf(f, e));
  return edges(u, x, y);
}
