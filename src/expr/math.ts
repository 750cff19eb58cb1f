/**
 * Transcendental functions, built out of the arithmetic of expr.ts so that every backend computes
 * the same thing. Pure functions of expressions; the dtype of the argument (float32 or float64)
 * picks the formula, and float32 never leaves float32, so that vector lanes stay full. There are
 * no branches: NaN, infinities, signed zeros and subnormals are dealt with by `select`.
 *
 * Largest errors found, in units in the last place; first as written, then with a*b+c contracted
 * to one rounding, which a backend may do. float32: 16 million arguments spread over all bit
 * patterns (scripts/ulp.ts; pow and atan2: millions of random pairs). float64: 2000 values from
 * scripts/goldens/transcendentals.py, worse of the two.
 *
 *              float32        float64                   float32        float64
 *   exp        1.49  1.59     0.84        asin          2.26  2.21     1.69
 *   expm1      1.62  1.49     1.20        acos          1.22  1.23     0.99
 *   log        0.83  0.82     0.70        atan          1.85  1.71     1.75
 *   log1p      1.57  1.49     0.94        atan2         1.94  1.77     1.14
 *   sin (1)    1.52  1.49     1.23        logistic      1.99  1.99     1.50
 *   cos (1)    1.48  1.47     1.28        erf           1.58  1.40     1.19
 *   tan (1)    3.23  3.15     2.19        erfc          4.92  4.97     3.73
 *   tanh       1.36  1.42     2.31        erfInv (2)    62    62       3.62
 *   sinh       2.05  2.20     1.14        rsqrt         1.49  1.49     1.44
 *   cosh       1.55  1.54     1.04        pow           1.80  1.95     4.17
 *
 * (1) For |x| up to 102900 or 2^30; next to zeros and poles the argument is off by less than 2^-30
 *     (float32). Beyond that range the result is bounded but not meaningful.
 * (2) Within 2 ULP of JAX, whose formula loses this much around |x| = 0.9998.
 *
 * Float32 results that are subnormal are right wherever the backend has subnormals.
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
