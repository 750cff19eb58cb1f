/** Elementwise primitives. Floats are computed in double, whatever their dtype. */
import { type DType, isFloat } from '../../dtype.ts';
import { erf, erfInv, pow, roundHalfEven } from './special.ts';
import { type NDArray, type Rule, type Table, wrap } from './values.ts';

type Fn1 = (x: number, dtype: DType) => number;
type Fn2 = (x: number, y: number, dtype: DType) => number;

/** A function of one number, its result brought back into range for the output's dtype. */
function one(fn: Fn1): Rule {
  return ([x], _, [out]) => [x.data.map((v) => wrap(out.dtype, fn(v, x.dtype)))];
}

function two(fn: Fn2): Rule {
  return ([x, y], _, [out]) => [x.data.map((v, i) => wrap(out.dtype, fn(v, y.data[i], x.dtype)))];
}

const compare = (fn: (x: number, y: number) => boolean): Rule => two((x, y) => (fn(x, y) ? 1 : 0));

/** Integer quotients: x/0 has all bits set; int32's -2^31 / -1 wraps. */
function divide(x: number, y: number, dtype: DType): number {
  if (isFloat(dtype)) return x / y;
  return y === 0 ? -1 : Math.trunc(x / y);
}

/** Sign of the dividend, like C's % and fmod; x rem 0 is x for integers and NaN for floats. */
function remainder(x: number, y: number, dtype: DType): number {
  return y === 0 && !isFloat(dtype) ? x : x % y;
}

/** Counts outside 0..bits-1 shift everything out. uint8 has no sign to repeat. */
function shift(kind: 'left' | 'logical' | 'arithmetic'): Rule {
  return two((x, n, dtype) => {
    const over = n < 0 || n > 31;
    if (kind === 'left') return over ? 0 : x << n;
    if (kind === 'logical' || dtype === 'uint8') return over ? 0 : (x >>> 0) >>> n;
    return (x | 0) >> (over ? 31 : n);
  });
}

/** Number to number: floats truncate and saturate into integers (NaN gives 0), integers wrap. */
export function convertNumber(v: number, from: DType, to: DType): number {
  if (to === 'bool') return v !== 0 ? 1 : 0;
  if (to === 'float32') return Math.fround(v);
  if (to === 'float64') return v;
  if (!isFloat(from)) return wrap(to, v);
  if (Number.isNaN(v)) return 0;
  const [lo, hi] =
    to === 'int32' ? [-(2 ** 31), 2 ** 31 - 1] : [0, to === 'uint32' ? 2 ** 32 - 1 : 255];
  // wrap makes an integer of -0.
  return wrap(to, Math.min(hi, Math.max(lo, Math.trunc(v))));
}

const word = new DataView(new ArrayBuffer(4));

function bitcast(v: number, from: DType, to: DType): number {
  if (from === 'float32') word.setFloat32(0, v);
  else word.setUint32(0, v);
  if (to === 'float32') return word.getFloat32(0);
  return to === 'int32' ? word.getInt32(0) : word.getUint32(0);
}

function select([which, a, b]: readonly NDArray[]): Float64Array[] {
  return [which.data.map((w, i) => (w ? a.data[i] : b.data[i]))];
}

export const elementwise: Table = {
  neg: one((x) => -x),
  exp: one(Math.exp),
  log: one(Math.log),
  expm1: one(Math.expm1),
  log1p: one(Math.log1p),
  sqrt: one(Math.sqrt),
  rsqrt: one((x) => 1 / Math.sqrt(x)),
  sin: one(Math.sin),
  cos: one(Math.cos),
  tan: one(Math.tan),
  asin: one(Math.asin),
  acos: one(Math.acos),
  atan: one(Math.atan),
  sinh: one(Math.sinh),
  cosh: one(Math.cosh),
  tanh: one(Math.tanh),
  logistic: one((x) => 1 / (1 + Math.exp(-x))),
  erf: one(erf),
  erf_inv: one(erfInv),
  abs: one(Math.abs),
  sign: one(Math.sign),
  floor: one(Math.floor),
  ceil: one(Math.ceil),
  round_nearest_even: one(roundHalfEven),
  is_finite: one((x) => (Number.isFinite(x) ? 1 : 0)),
  not: one((x, dtype) => (dtype === 'bool' ? 1 - x : ~x)),
  stop_gradient: one((x) => x),

  add: two((x, y) => x + y),
  sub: two((x, y) => x - y),
  mul: two((x, y, dtype) => (isFloat(dtype) ? x * y : Math.imul(x, y))),
  div: two(divide),
  rem: two(remainder),
  pow: two(pow),
  atan2: two(Math.atan2),
  // Math.max and Math.min give NaN when either side is NaN.
  max: two((x, y) => Math.max(x, y)),
  min: two((x, y) => Math.min(x, y)),
  and: two((x, y) => x & y),
  or: two((x, y) => x | y),
  xor: two((x, y) => x ^ y),
  shift_left: shift('left'),
  shift_right_logical: shift('logical'),
  shift_right_arithmetic: shift('arithmetic'),
  eq: compare((x, y) => x === y),
  ne: compare((x, y) => x !== y),
  lt: compare((x, y) => x < y),
  le: compare((x, y) => x <= y),
  gt: compare((x, y) => x > y),
  ge: compare((x, y) => x >= y),

  select,
  convert: ([x], _, [out]) => [x.data.map((v) => convertNumber(v, x.dtype, out.dtype))],
  bitcast_convert: ([x], _, [out]) => [x.data.map((v) => bitcast(v, x.dtype, out.dtype))],
};
