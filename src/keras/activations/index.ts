/**
 * Activation functions with Keras's numerics (on JAX). Each takes and gives a float tensor of one
 * shape. NaN stays NaN.
 */
import { GradloomError } from '../../errors.ts';
import { lax, type Value } from '../../graph/index.ts';
import { normalizeAxis } from '../../shape.ts';
import { Tensor } from '../../tensor/index.ts';
import { lookup } from '../identifiers.ts';

export type ActivationFn = (x: Tensor) => Tensor;

const on = (x: Tensor, f: (v: Value, c: (n: number) => Value) => Value): Tensor => {
  const v = lax.convert(x.value, x.dtype === 'float64' ? 'float64' : 'float32');
  return Tensor.of(
    f(v, (n) => lax.full(v.shape, n, v.dtype)),
    x,
  );
};

/** max(x, 0); the gradient at 0 is 0. */
export function relu(
  x: Tensor,
  o: { negativeSlope?: number; maxValue?: number | null; threshold?: number } = {},
): Tensor {
  const { negativeSlope = 0, maxValue = null, threshold = 0 } = o;
  return on(x, (v, c) => {
    let low = negativeSlope === 0 ? c(0) : lax.mul(lax.sub(v, c(threshold)), c(negativeSlope));
    if (negativeSlope === 0 && threshold === 0) low = lax.select(lax.ne(v, v), v, c(0));
    // Where the slope changes at 0, JAX's gradient at 0 is that of the right side.
    const leaky = negativeSlope !== 0 && maxValue === null && threshold === 0;
    let y = lax.select((leaky ? lax.ge : lax.gt)(v, c(threshold)), v, low);
    if (maxValue !== null) y = lax.min(y, c(maxValue));
    return y;
  });
}

export function sigmoid(x: Tensor): Tensor {
  return on(x, lax.logistic);
}
export function tanh(x: Tensor): Tensor {
  return on(x, lax.tanh);
}
export function linear(x: Tensor): Tensor {
  return x;
}

/** exp(x - max) / sum along `axis`. Throws for tensors of rank 0. */
export function softmax(x: Tensor, axis = -1): Tensor {
  const a = axisOf('softmax', x, axis);
  return on(x, (v) => {
    const e = lax.exp(lax.sub(v, spread(lax.stopGradient(lax.reduceMax(v, [a])), v, a)));
    return lax.div(e, spread(lax.reduceSum(e, [a]), v, a));
  });
}

export function logSoftmax(x: Tensor, axis = -1): Tensor {
  const a = axisOf('logSoftmax', x, axis);
  return on(x, (v) => {
    const s = lax.sub(v, spread(lax.stopGradient(lax.reduceMax(v, [a])), v, a));
    return lax.sub(s, spread(lax.log(lax.reduceSum(lax.exp(s), [a])), v, a));
  });
}

function axisOf(name: string, x: Tensor, axis: number): number {
  if (x.ndim === 0)
    throw new GradloomError(
      'shape',
      `${name} takes a tensor of one dimension or more; received a scalar.`,
    );
  return normalizeAxis(axis, x.ndim);
}

function spread(r: Value, like: Value, axis: number): Value {
  return lax.broadcastInDim(
    r,
    like.shape,
    like.shape.map((_, d) => d).filter((d) => d !== axis),
  );
}

/** x where x > 0, else alpha * (e^x - 1). */
export function elu(x: Tensor, alpha = 1): Tensor {
  return on(x, (v, c) => {
    const positive = lax.gt(v, c(0));
    // The untaken side is kept finite, so that its gradient is not 0 * inf.
    const low = lax.mul(lax.expm1(lax.select(positive, c(0), v)), c(alpha));
    return lax.select(positive, v, low);
  });
}

export function selu(x: Tensor): Tensor {
  return elu(x, 1.6732632423543772).mul(1.0507009873554805);
}

/** x * Phi(x), exactly (erf) or by its tanh approximation. */
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

export function silu(x: Tensor): Tensor {
  return on(x, (v) => lax.mul(v, lax.logistic(v)));
}

/** log(1 + e^x) = max(x, 0) + log1p(e^-|x|). */
export function softplus(x: Tensor): Tensor {
  return on(x, softplusOf);
}

function softplusOf(v: Value, c: (n: number) => Value): Value {
  const positive = lax.gt(v, c(0));
  const magnitude = lax.select(positive, v, lax.neg(v));
  const top = lax.select(positive, v, lax.select(lax.ne(v, v), v, c(0)));
  return lax.add(top, lax.log1p(lax.exp(lax.neg(magnitude))));
}

export function leakyRelu(x: Tensor, negativeSlope = 0.2): Tensor {
  return relu(x, { negativeSlope });
}

const table: Record<string, ActivationFn> = {
  relu: (x) => relu(x),
  sigmoid,
  tanh,
  softmax: (x) => softmax(x),
  logSoftmax: (x) => logSoftmax(x),
  linear,
  elu: (x) => elu(x),
  selu,
  gelu: (x) => gelu(x),
  silu,
  softplus,
  leakyRelu: (x) => leakyRelu(x),
};

/** The activation that an id means; none is `linear`. Throws `unknown-id`. */
export function getActivation(id: string | ActivationFn | null | undefined): ActivationFn {
  if (id == null) return linear;
  if (typeof id === 'function') return id;
  return lookup('activation', id, table, { swish: 'silu' });
}

/** The id of a built-in activation, for configs. */
export function activationName(f: ActivationFn): string | undefined {
  return Object.keys(table).find((k) => table[k] === f);
}
