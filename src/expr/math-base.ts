/**
 * Short names for building scalar arithmetic, and the two things every transcendental needs and the
 * IR has no op for: the nearest whole number as bits, and powers of two.
 *
 * Two habits run through the math-*.ts files. A clamp is `select(hi < x, hi, x)` and not `min`,
 * because it passes NaN through in the cheap form (x86's minps, wasm's pmin), and `min` has to
 * work for it. Integers come out of floats by adding a large constant and reading the bits, which
 * vectorises everywhere and is harmless for NaN, where a conversion is neither.
 */
import {
  binary,
  bitcast,
  compare,
  constant,
  convert,
  type Expr,
  int,
  select,
  unary,
} from './expr.ts';

/** A constant in the type of `x`. */
export const like = (x: Expr, v: number): Expr => constant(x.dtype, v);

const lift = (x: Expr, y: Expr | number): Expr => (typeof y === 'number' ? like(x, y) : y);

export const add = (a: Expr, b: Expr | number): Expr => binary('add', a, lift(a, b));
export const sub = (a: Expr, b: Expr | number): Expr => binary('sub', a, lift(a, b));
export const mul = (a: Expr, b: Expr | number): Expr => binary('mul', a, lift(a, b));
export const div = (a: Expr, b: Expr): Expr => binary('div', a, b);
export const neg = (a: Expr): Expr => unary('neg', a);
export const abs = (a: Expr): Expr => unary('abs', a);
export const sqrt = (a: Expr): Expr => unary('sqrt', a);
export const lt = (a: Expr, b: Expr | number): Expr => compare('lt', a, lift(a, b));
export const gt = (a: Expr, b: Expr | number): Expr => compare('gt', a, lift(a, b));
export const eq = (a: Expr, b: Expr | number): Expr => compare('eq', a, lift(a, b));
/** `select` whose arms may be numbers; at least one is an expression. */
export function pick(c: Expr, a: Expr | number, b: Expr | number): Expr {
  const t = typeof a === 'number' ? (b as Expr) : a;
  return select(c, lift(t, a), lift(t, b));
}

/** The smaller of x and `hi`; NaN stays NaN. */
export const atMost = (x: Expr, hi: number): Expr =>
  select(compare('lt', like(x, hi), x), like(x, hi), x);
/** The larger of x and `lo`; NaN stays NaN. */
export const atLeast = (x: Expr, lo: number): Expr =>
  select(compare('lt', x, like(x, lo)), like(x, lo), x);

/** c[0] + c[1] x + c[2] x^2 + …, by Horner's rule. */
export function poly(x: Expr, c: readonly number[]): Expr {
  let r = like(x, c[c.length - 1]);
  for (let i = c.length - 2; i >= 0; i--) r = add(mul(r, x), c[i]);
  return r;
}

export const isSingle = (x: Expr): boolean => x.dtype === 'float32';

/** `x` (never negative here) with the sign of `s`. */
export function withSignOf(x: Expr, s: Expr): Expr {
  if (isSingle(x)) {
    const sign = binary('and', bitcast('int32', s), int(-0x80000000));
    return bitcast('float32', binary('or', bitcast('int32', x), sign));
  }
  // Dividing tells -0 from 0 where there are no bits to look at.
  const minus = compare('lt', pick(eq(s, 0), div(like(s, 1), s), s), like(s, 0));
  return select(minus, neg(x), x);
}

/** 1.5 * 2^23: adding it to a float32 below 2^22 leaves the nearest whole number in the low bits. */
const magic = 12582912;
const magicBits = 0x4b400000;

/** A whole number: as an integer, as a float, and as bits of which the low 9 are the integer's. */
export interface Whole {
  readonly bits: Expr;
  readonly int: Expr;
  readonly whole: Expr;
}

/**
 * x * scale rounded to a whole number. `bits` and `int` hold for results below 2^22 only.
 *
 * The float32 is made from the integer rather than by taking `magic` off again: a compiler that
 * reassociates (some WGSL implementations do) would cancel the two and leave x * scale.
 */
export function nearestWhole(x: Expr, scale: number): Whole {
  const scaled = mul(x, scale);
  if (isSingle(x)) {
    const bits = bitcast('int32', add(scaled, magic));
    const n = binary('sub', bits, int(magicBits));
    return { bits, int: n, whole: convert('float32', n) };
  }
  const whole = unary('nearest', scaled);
  const bits = bitcast('int32', add(convert('float32', whole), magic));
  return { bits, int: binary('sub', bits, int(magicBits)), whole };
}

/** float32 2^(n + bias) from the low bits of n, for -126 <= n + bias <= 127. */
export function pow2single(bits: Expr, bias = 0): Expr {
  const shifted = binary('shl', bits, int(23));
  return bitcast('float32', binary('add', shifted, int((127 + bias) << 23)));
}

/**
 * float64 2^n as three factors [2^b, 2^8a, 2^8a] for |n| < 1100, since float64 has no bitcast: each
 * comes from float32 bits. Multiplying the largest in last keeps one rounding for subnormals.
 */
export function pow2double(n: Expr): [Expr, Expr, Expr] {
  const a = binary('shr', n, int(4));
  const b = binary('sub', n, binary('shl', a, int(4)));
  let t = convert('float64', pow2single(a));
  for (let i = 0; i < 3; i++) t = mul(t, t);
  return [convert('float64', pow2single(b)), t, t];
}

/** The leading bits of x: the product of two such heads is exact, contracted or not. */
export function head(x: Expr): Expr {
  if (isSingle(x)) return bitcast('float32', binary('and', bitcast('int32', x), int(-0x1000)));
  return convert('float64', convert('float32', x));
}
