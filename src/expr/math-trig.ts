/**
 * sin, cos, tan and their inverses, reduced to small arguments as in Cody and Waite's manual and in
 * Cephes; the polynomials are minimax fits for the interval named at each.
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
  isSingle,
  like,
  lt,
  mul,
  nearestWhole,
  neg,
  pick,
  poly,
  sqrt,
  sub,
  type Whole,
  withSignOf,
} from './math-base.ts';

/**
 * pi in four parts (Cody and Waite). All but the last are so short, 8 or 23 bits, that their
 * product with a whole number of up to 16 or 30 bits is exact.
 */
const piSingle: readonly number[] = [
  3.140625, 0.000965118408203125, 2.5331974029541016e-6, 1.984187258941006e-9,
];
const piDouble: readonly number[] = [
  3.141592502593994, 1.5099578831723193e-7, 1.078060505991553e-14, 6.564007085747001e-22,
];

/** (sin r - r) / r^3 and (cos r - 1 + r^2/2) / r^4 in r^2, for |r| <= pi/4. */
const sinSingle: readonly number[] = [-0.166666552, 8.33218824e-3, -1.95180721e-4];
const cosSingle: readonly number[] = [0.0416666456, -1.38873095e-3, 2.44323383e-5];
const sinDouble: readonly number[] = [
  -0.1666666666666663, 0.008333333333321888, -0.0001984126982941908, 2.755731356516317e-6,
  -2.505073923817418e-8, 1.5895746064012565e-10,
];
const cosDouble: readonly number[] = [
  0.041666666666666595, -0.001388888888887332, 2.4801587288975404e-5, -2.755731420651965e-7,
  2.0875703641132913e-9, -1.1358643766099343e-11,
];

/** sin and cos of r, where x = n pi/2 + r with |r| <= pi/4. */
interface Reduced {
  readonly sin: Expr;
  readonly cos: Expr;
  readonly n: Whole;
}

function reduce(x: Expr): Reduced {
  const single = isSingle(x);
  const limit = single ? 102900 : 2 ** 30;
  const clamped = atLeast(atMost(x, limit), -limit);
  const n = nearestWhole(clamped, 2 / Math.PI);
  const [p1, p2, p3, p4] = (single ? piSingle : piDouble).map((p) => mul(n.whole, p / 2));
  // The first two differences are exact, the third is not: its error joins the last part, so that
  // r is rounded once.
  const near = sub(sub(clamped, p1), p2);
  const almost = sub(near, p3);
  const error = sub(sub(near, almost), p3);
  // x - x is 0, or NaN for infinity.
  const r = add(almost, sub(sub(error, p4), sub(x, x)));
  const z = mul(r, r);
  const sin = add(mul(mul(z, r), poly(z, single ? sinSingle : sinDouble)), r);
  const tail = mul(mul(z, z), poly(z, single ? cosSingle : cosDouble));
  return { sin, cos: add(sub(tail, mul(z, 0.5)), 1), n };
}

function isOdd(n: Whole): Expr {
  if (isSingle(n.whole)) return compare('ne', binary('and', n.bits, int(1)), int(0));
  const half = mul(n.whole, 0.5);
  return compare('ne', half, unary('floor', half));
}

/** -y where n + ahead is 2 or 3 modulo 4, else y. */
function flipHalfTurn(y: Expr, n: Whole, ahead: number): Expr {
  if (isSingle(y)) {
    const turn = binary('and', binary('add', n.bits, int(ahead)), int(2));
    return bitcast('float32', binary('xor', bitcast('int32', y), binary('shl', turn, int(30))));
  }
  const quarters = mul(add(n.whole, ahead), 0.25);
  return select(lt(sub(quarters, unary('floor', quarters)), 0.5), y, neg(y));
}

/**
 * sin x. The reduction is exact for |x| <= 102900 (float32) or 2^30 (float64); beyond that the
 * result is the sine of that limit: bounded, and nothing more. NaN at infinity.
 */
export function sin(x: Expr): Expr {
  const { sin: s, cos: c, n } = reduce(x);
  const y = flipHalfTurn(select(isOdd(n), c, s), n, 0);
  return select(eq(x, 0), x, y);
}

/** cos x, with the range of `sin`. */
export function cos(x: Expr): Expr {
  const { sin: s, cos: c, n } = reduce(abs(x));
  return flipHalfTurn(select(isOdd(n), s, c), n, 1);
}

/** tan x, with the range of `sin`. */
export function tan(x: Expr): Expr {
  const { sin: s, cos: c, n } = reduce(x);
  const odd = isOdd(n);
  return select(eq(x, 0), x, div(select(odd, neg(c), s), select(odd, s, c)));
}

/** (asin s - s) / s^3 in s^2, for |s| <= 1/2. */
const asinSingle: readonly number[] = [
  0.166666597, 0.0750051737, 0.0445148721, 0.0318224654, 0.0143902134, 0.0375764892,
];
const asinDouble: readonly number[] = [
  0.1666666666666676, 0.07499999999970904, 0.04464285717450662, 0.0303819427129649,
  0.02237221484067141, 0.01735161464531842, 0.013980789262406002, 0.01139916541894837,
  0.010778850540337725, 0.003711641501622824, 0.02169486448045807, -0.020981454595325466,
  0.03261772777540599,
];

/** asin of |x| <= 1/2, or of sqrt((1 - |x|) / 2) above, with which of the two it is. */
function asinHalf(x: Expr): { large: Expr; y: Expr } {
  const a = abs(x);
  const large = gt(a, 0.5);
  const z = select(large, mul(sub(like(x, 1), a), 0.5), mul(a, a));
  const s = select(large, sqrt(z), a);
  const y = add(mul(mul(s, z), poly(z, isSingle(x) ? asinSingle : asinDouble)), s);
  return { large, y };
}

/** asin |x| = pi/2 - 2 asin sqrt((1 - |x|)/2) above 1/2. */
export function asin(x: Expr): Expr {
  const { large, y } = asinHalf(x);
  const r = select(large, sub(like(x, Math.PI / 2), mul(y, 2)), y);
  // Below this the cube would be subnormal; x itself also keeps -0.
  return select(lt(abs(x), 2 ** -28), x, withSignOf(r, x));
}

export function acos(x: Expr): Expr {
  const { large, y } = asinHalf(x);
  const twice = mul(y, 2);
  const minus = lt(x, 0);
  const big = select(minus, sub(like(x, Math.PI), twice), twice);
  return select(large, big, sub(like(x, Math.PI / 2), select(minus, neg(y), y)));
}

/** (atan t - t) / t^3 in t^2: t <= 1 (float32), t <= tan(pi/8) (float64). */
const atanSingle: readonly number[] = [
  -0.3333329856, 0.1999853402, -0.1426410079, 0.1095148697, -0.08401489258, 0.05792505667,
  -0.03114622273, 0.0108979661, -1.789962524e-3,
];
const atanDouble: readonly number[] = [
  -0.33333333333333326, 0.1999999999999718, -0.14285714285335305, 0.11111111085299735,
  -0.09090908052184699, 0.07692280879235543, -0.06666201527076983, 0.058767953323318356,
  -0.05217058768009735, 0.04498468711402996, -0.033364055803409454, 0.01509003052701651,
];

/** atan(a / b) for 0 <= a <= b, b > 0. */
function atanRatio(a: Expr, b: Expr): Expr {
  if (isSingle(a)) return atanPoly(div(a, b), atanSingle);
  // atan(t) = pi/4 + atan((t - 1) / (t + 1)) above tan(pi/8), with one division for either.
  const large = gt(a, mul(b, Math.SQRT2 - 1));
  const r = atanPoly(div(select(large, sub(a, b), a), select(large, add(a, b), b)), atanDouble);
  return select(large, add(r, Math.PI / 4), r);
}

function atanPoly(t: Expr, c: readonly number[]): Expr {
  const z = mul(t, t);
  return add(mul(mul(z, t), poly(z, c)), t);
}

export function atan(x: Expr): Expr {
  const a = abs(x);
  const one = like(x, 1);
  const large = gt(a, 1);
  const t = atanRatio(select(large, one, a), select(large, a, one));
  const r = select(large, sub(like(x, Math.PI / 2), t), t);
  // Below this the cube would be subnormal.
  return select(lt(a, 2 ** -28), x, withSignOf(r, x));
}

/** The angle of (x, y) in [-pi, pi], with C's signs at zeros and infinities. */
export function atan2(y: Expr, x: Expr): Expr {
  const inf = Number.POSITIVE_INFINITY;
  const one = like(x, 1);
  const ay = abs(y);
  const ax = abs(x);
  const steep = gt(ay, ax);
  let a = select(steep, ax, ay);
  let b = select(steep, ay, ax);
  if (!isSingle(x)) {
    // a + b must not overflow, nor the quotient lose bits that are subnormal.
    const scale = pick(gt(b, 1), 0.25, like(x, 4));
    a = mul(a, scale);
    b = mul(b, scale);
  }
  // The angle of (inf, inf) is that of (1, 1), and 0/0 is 0.
  const diagonal = binary('and', eq(a, inf), eq(b, inf));
  b = select(binary('or', diagonal, eq(b, 0)), one, b);
  a = select(diagonal, one, a);
  const t = atanRatio(a, b);
  const first = select(steep, sub(like(x, Math.PI / 2), t), t);
  return withSignOf(select(isMinus(x), sub(like(x, Math.PI), first), first), y);
}

function isMinus(x: Expr): Expr {
  if (isSingle(x)) return compare('lt', bitcast('int32', x), int(0));
  return lt(pick(eq(x, 0), div(like(x, 1), x), x), 0);
}
