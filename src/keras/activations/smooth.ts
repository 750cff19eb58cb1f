/** Activations that are smooth everywhere. */
import { lax, type Value } from '../../graph/index.ts';
import { Tensor } from '../../tensor/index.ts';
import { on } from './elementwise.ts';

/** 1 / (1 + e^-x) */
export function sigmoid(x: Tensor): Tensor {
  return on(x, lax.logistic);
}

export function tanh(x: Tensor): Tensor {
  return on(x, lax.tanh);
}

/** x itself. */
export function linear(x: Tensor): Tensor {
  return x;
}

/**
 * x * Phi(x) with the normal distribution's Phi (Hendrycks & Gimpel 2016), by erf or, when
 * `approximate`, by tanh.
 */
export function gelu(x: Tensor, approximate = false): Tensor {
  return on(x, (v, c) => {
    if (approximate) {
      const cubic = lax.mul(c(0.044715), lax.mul(v, lax.mul(v, v)));
      const t = lax.tanh(lax.mul(c(Math.sqrt(2 / Math.PI)), lax.add(v, cubic)));
      return lax.mul(v, lax.mul(c(0.5), lax.add(c(1), t)));
    }
    return lax.mul(lax.mul(v, c(0.5)), lax.add(c(1), lax.erf(lax.mul(v, c(Math.SQRT1_2)))));
  });
}

/** x * sigmoid(x), also called swish. */
export function silu(x: Tensor): Tensor {
  return on(x, (v) => lax.mul(v, lax.logistic(v)));
}

/** log(1 + e^x) */
export function softplus(x: Tensor): Tensor {
  return on(x, (v, c) => {
    const zero = c(0);
    const below = lax.le(v, zero);
    // max(x, 0) + log1p(e^-|x|) neither overflows nor loses small values. The branches agree with
    // each other at 0, so that the gradient there is 1/2.
    return lax.add(lax.select(below, zero, v), log1pExpNeg(lax.select(below, lax.neg(v), v)));
  });
}

/** log(1 + e^-a), for a >= 0. */
export function log1pExpNeg(a: Value): Value {
  return lax.log1p(lax.exp(lax.neg(a)));
}

/** e^x */
export function exponential(x: Tensor): Tensor {
  return on(x, lax.exp);
}

/** log(sigmoid(x)) = -softplus(-x) */
export function logSigmoid(x: Tensor): Tensor {
  return softplus(x.neg()).neg();
}

/** x * tanh(softplus(x)) (Misra 2019) */
export function mish(x: Tensor): Tensor {
  return on(x, (v) => lax.mul(v, lax.tanh(softplus(Tensor.of(v, x)).value)));
}

/** x / (|x| + 1) */
export function softsign(x: Tensor): Tensor {
  return on(x, (v, c) => lax.div(v, lax.add(lax.abs(v), c(1))));
}

/** (x + sqrt(x² + b)) / 2 (Barron 2021) */
export function squareplus(x: Tensor, b = 4): Tensor {
  return on(x, (v, c) => lax.div(lax.add(v, lax.sqrt(lax.add(lax.mul(v, v), c(b)))), c(2)));
}
