/**
 * Transcendental functions, built out of the arithmetic of expr.ts so that every backend computes
 * the same thing. Pure functions of expressions; the dtype of the argument (float32 or float64)
 * picks the formula, and float32 never leaves float32, so that vector lanes stay full.
 */
import type { Expr } from './expr.ts';
import { div, like, sqrt } from './math-base.ts';

export { erf, erfc, erfInv } from './math-erf.ts';
export { cosh, exp, expm1, logistic, sinh, tanh } from './math-exp.ts';
export { log, log1p } from './math-log.ts';
export { pow } from './math-pow.ts';
export { acos, asin, atan, atan2, cos, sin, tan } from './math-trig.ts';
export { bitsToUniform, threefry2x32 } from './threefry.ts';

/** 1 / sqrt(x), two roundings. */
export function rsqrt(x: Expr): Expr {
  return div(like(x, 1), sqrt(x));
}
