/** Activations over an axis. */
import { GradloomError } from '../../errors.ts';
import { lax, type Value } from '../../graph/index.ts';
import { normalizeAxis } from '../../shape.ts';
import type { Tensor } from '../../tensor/index.ts';
import { on } from './elementwise.ts';

/** e^x / sum(e^x) along `axis`. Throws `shape` for a scalar, `axis`. */
export function softmax(x: Tensor, axis = -1): Tensor {
  const a = axisOf('softmax', x, axis);
  return on(x, (v) => {
    const e = lax.exp(shifted(v, a));
    return lax.div(e, spread(lax.reduceSum(e, [a]), v, a));
  });
}

/** log(softmax(x)) along `axis`, without rounding small probabilities to 0. Throws as softmax. */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  const a = axisOf('logSoftmax', x, axis);
  return on(x, (v) => {
    const s = shifted(v, a);
    return lax.sub(s, spread(lax.log(lax.reduceSum(lax.exp(s), [a])), v, a));
  });
}

/** x - max(x), which changes no softmax and keeps e^x finite; nothing flows back through the maximum. */
export function shifted(v: Value, axis: number): Value {
  return lax.sub(v, spread(lax.stopGradient(lax.reduceMax(v, [axis])), v, axis));
}

/** A reduced value back over the axis it lost. */
export function spread(reduced: Value, like: Value, axis: number): Value {
  return lax.broadcastInDim(
    reduced,
    like.shape,
    like.shape.map((_, d) => d).filter((d) => d !== axis),
  );
}

/** The axis as a number of 0 or more. */
export function axisOf(name: string, x: Tensor, axis: number): number {
  if (x.ndim === 0)
    throw new GradloomError(
      'shape',
      `${name} takes a tensor of one dimension or more; received a scalar.`,
    );
  return normalizeAxis(axis, x.ndim, `${name}: axis`);
}
