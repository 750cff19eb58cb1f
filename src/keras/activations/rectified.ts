/** Activations that bend at zero. At the bend each has the gradient that it has in Keras on JAX. */
import { GradloomError } from '../../errors.ts';
import { lax, type Value } from '../../graph/index.ts';
import type { Tensor } from '../../tensor/index.ts';
import { checkOptions } from '../identifiers.ts';
import { type Body, on } from './elementwise.ts';

export interface ReluOptions {
  /** The slope below the threshold: 0 or more; 0. */
  readonly negativeSlope?: number;
  /** What larger values become, 0 or more; null for no limit. */
  readonly maxValue?: number | null;
  /** Values up to it count as below: 0. */
  readonly threshold?: number;
}

/**
 * max(x, 0), with gradient 0 at 0. With options: maxValue above maxValue, x above threshold,
 * negativeSlope * (x - threshold) below. Throws `range`.
 */
export function relu(x: Tensor, o: ReluOptions = {}): Tensor {
  checkOptions('relu', o, ['negativeSlope', 'maxValue', 'threshold']);
  const slope = atLeast0('negativeSlope', o.negativeSlope ?? 0);
  const limit = o.maxValue == null ? null : atLeast0('maxValue', o.maxValue);
  const threshold = o.threshold ?? 0;
  if (!(slope === 0) && limit === null && threshold === 0) return on(x, leaky(slope));
  return on(x, (v, c) => {
    let y = threshold === 0 ? positive(v, c(0)) : lax.select(lax.gt(v, c(threshold)), v, c(0));
    if (limit !== null) {
      // Values between a negative threshold and 0 are cut off too.
      if (threshold < 0) y = positive(y, c(0));
      y =
        limit === 6 && threshold === 0
          ? lax.select(lax.ge(y, c(6)), c(6), y)
          : lax.min(y, c(limit));
    }
    if (slope === 0) return y;
    const below = positive(threshold === 0 ? lax.neg(v) : lax.sub(c(threshold), v), c(0));
    return lax.sub(y, lax.mul(c(slope), below));
  });
}

/** One comparison and one selection, forward and back; NaN is not <= 0 and so stays. */
function positive(v: Value, zero: Value): Value {
  return lax.select(lax.le(v, zero), zero, v);
}

function leaky(slope: number): Body {
  return (v, c) => lax.select(lax.ge(v, c(0)), v, lax.mul(v, c(slope)));
}

function atLeast0(name: string, n: number): number {
  if (n >= 0) return n;
  throw new GradloomError('range', `relu: ${name} must be 0 or more; received ${n}.`, {
    [name]: n,
  });
}

/** x where x >= 0, else negativeSlope * x. */
export function leakyRelu(x: Tensor, negativeSlope = 0.2): Tensor {
  return on(x, leaky(negativeSlope));
}

/** x where x > 0, else alpha * (e^x - 1). (Clevert et al. 2015) */
export function elu(x: Tensor, alpha = 1): Tensor {
  return on(x, (v, c) => {
    const above = lax.gt(v, c(0));
    // The untaken side is kept finite, so that its gradient is not 0 * inf.
    const low = lax.mul(lax.expm1(lax.select(above, c(0), v)), c(alpha));
    return lax.select(above, v, low);
  });
}

/** Scaled elu, which keeps mean 0 and variance 1. (Klambauer et al. 2017) */
export function selu(x: Tensor): Tensor {
  return elu(x, 1.6732632423543772).mul(1.0507009873554805);
}

/** max(x, 0) + min(alpha * (e^(x / alpha) - 1), 0). (Barron 2017) */
export function celu(x: Tensor, alpha = 1): Tensor {
  return on(x, (v, c) => {
    const low = lax.expm1(lax.div(lax.min(v, c(0)), c(alpha)));
    return lax.add(lax.max(v, c(0)), lax.mul(c(alpha), low));
  });
}
