/** Measures how far the transcendentals are from the truth; shared by the tests and scripts/ulp.ts. */
import { compileScalar } from './evaluate.ts';
import { type Expr, variable } from './expr.ts';
import {
  acos,
  asin,
  atan,
  cos,
  cosh,
  erf,
  erfc,
  erfInv,
  exp,
  expm1,
  log,
  log1p,
  logistic,
  rsqrt,
  sin,
  sinh,
  tan,
  tanh,
} from './math.ts';

const bits = new DataView(new ArrayBuffer(8));

/** The float32 with these bits. */
export function floatOf(word: number): number {
  bits.setUint32(0, word);
  return bits.getFloat32(0);
}

/** The distance between floats at |v|: subnormals all have the same. */
export function ulp32(v: number): number {
  const a = Math.min(Math.abs(v), 3.4028234663852886e38);
  if (a < 2 ** -126) return 2 ** -149;
  bits.setFloat64(0, a);
  return 2 ** (((bits.getUint32(0) >> 20) & 0x7ff) - 1023 - 23);
}

export function ulp64(v: number): number {
  const a = Math.min(Math.abs(v), Number.MAX_VALUE);
  if (a < 2 ** -1022) return 2 ** -1074;
  bits.setFloat64(0, a);
  return 2 ** Math.max(-1074, ((bits.getUint32(0) >> 20) & 0x7ff) - 1023 - 52);
}

/** Error of the float32 `got` in units of the last place of `want`, a double; 0 where both are NaN. */
export function error32(got: number, want: number): number {
  const rounded = Math.fround(want);
  if (Object.is(got, rounded) || got === rounded)
    return Math.abs(want) < 1e300 ? Math.min(0.5, Math.abs(got - want) / ulp32(want)) : 0;
  if (Number.isNaN(got) || Number.isNaN(want)) return Number.POSITIVE_INFINITY;
  // Infinity stands for 2^128, one unit above the largest float.
  const finite = (v: number): number => Math.max(-(2 ** 128), Math.min(2 ** 128, v));
  return Math.abs(finite(got) - finite(want)) / ulp32(want);
}

export type Unary =
  | 'exp'
  | 'expm1'
  | 'log'
  | 'log1p'
  | 'sin'
  | 'cos'
  | 'tan'
  | 'tanh'
  | 'sinh'
  | 'cosh'
  | 'asin'
  | 'acos'
  | 'atan'
  | 'logistic'
  | 'erf'
  | 'erfc'
  | 'erfInv'
  | 'rsqrt';

const functions: Record<Unary, (x: Expr) => Expr> = {
  exp,
  expm1,
  log,
  log1p,
  sin,
  cos,
  tan,
  tanh,
  sinh,
  cosh,
  asin,
  acos,
  atan,
  logistic,
  erf,
  erfc,
  erfInv,
  rsqrt,
};

export const unaryExpr = (name: Unary, x: Expr): Expr => functions[name](x);

export function compileUnary(
  name: Unary,
  dtype: 'float32' | 'float64',
  contract = false,
): (x: number) => number {
  const x = variable('x', dtype);
  return compileScalar(functions[name](x), [x], { contract });
}

export function compileBinary(
  fn: (a: Expr, b: Expr) => Expr,
  dtype: 'float32' | 'float64',
  contract = false,
): (a: number, b: number) => number {
  const a = variable('a', dtype);
  const b = variable('b', dtype);
  return compileScalar(fn(a, b), [a, b], { contract });
}

/** What float32 results are held against: the platform's doubles, or our own float64 version. */
export const truths: Record<Unary, (x: number) => number> = {
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  tanh: Math.tanh,
  sinh: Math.sinh,
  cosh: Math.cosh,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  logistic: (x) => 1 / (1 + Math.exp(-x)),
  // JavaScript has none; the float64 versions are themselves held against goldens.
  erf: compileUnary('erf', 'float64'),
  erfc: compileUnary('erfc', 'float64'),
  erfInv: compileUnary('erfInv', 'float64'),
  rsqrt: (x) => 1 / Math.sqrt(x),
};

export interface Bound {
  readonly ulp: number;
  /** Largest |x| for which `ulp` is promised. */
  readonly to?: number;
  /** Errors below this are not counted: near the zeros and poles of sin, cos and tan. */
  readonly abs?: number;
}

/** What math.ts promises for float32. */
export const bounds32: Record<Unary, Bound> = {
  exp: { ulp: 2 },
  expm1: { ulp: 2 },
  log: { ulp: 2 },
  log1p: { ulp: 2 },
  sin: { ulp: 2, to: 102900, abs: 2 ** -30 },
  cos: { ulp: 2, to: 102900, abs: 2 ** -30 },
  tan: { ulp: 4, to: 102900, abs: 2 ** -30 },
  tanh: { ulp: 2 },
  sinh: { ulp: 3 },
  cosh: { ulp: 2 },
  asin: { ulp: 3 },
  acos: { ulp: 2 },
  atan: { ulp: 2 },
  logistic: { ulp: 2 },
  erf: { ulp: 2 },
  erfc: { ulp: 6 },
  erfInv: { ulp: 100 },
  rsqrt: { ulp: 2 },
};

export interface Worst {
  readonly ulp: number;
  readonly x: number;
  readonly got: number;
  readonly want: number;
}

/** The largest error over float32 arguments whose bits are start, start + step, … */
export function worst32(name: Unary, contract: boolean, step: number, start = 0): Worst {
  const fn = compileUnary(name, 'float32', contract);
  const truth = truths[name];
  const { to = Number.POSITIVE_INFINITY, abs = 0 } = bounds32[name];
  let worst: Worst = { ulp: -1, x: 0, got: 0, want: 0 };
  for (let word = start; word < 2 ** 32; word += step) {
    const x = floatOf(word);
    if (Math.abs(x) > to && Number.isFinite(x)) continue;
    const got = fn(x);
    const want = truth(x);
    const ulp = error32(got, want);
    // An error of the reduced argument grows by the slope near a pole of tan.
    const slack = name === 'tan' ? abs * (1 + want * want) : abs;
    if (ulp > worst.ulp && !(Math.abs(got - want) < slack)) worst = { ulp, x, got, want };
  }
  return worst;
}

/** One row of test/goldens/math.json: arguments, the nearest double, what is left in its ULPs. */
export type Golden = readonly number[];

/** The largest error of a float64 function over golden rows. */
export function worst64(fn: (...args: number[]) => number, rows: readonly Golden[]): Worst {
  let worst: Worst = { ulp: -1, x: 0, got: 0, want: 0 };
  for (const row of rows) {
    const args = row.slice(0, -2);
    const [want, rest] = row.slice(-2);
    const got = fn(...args);
    const ulp = Math.abs((got - want) / ulp64(want) - rest);
    // Not-a-number counts as infinitely wrong.
    if (!(ulp <= worst.ulp))
      worst = { ulp: Number.isNaN(ulp) ? Number.POSITIVE_INFINITY : ulp, x: args[0], got, want };
  }
  return worst;
}
