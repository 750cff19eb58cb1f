/** Sparsemax (Martins & Astudillo 2016): the nearest point of the probability simplex. */
import { lax } from '../../graph/index.ts';
import type { Tensor } from '../../tensor/index.ts';
import { on } from './elementwise.ts';
import { axisOf, spread } from './softmax.ts';

/** max(x - tau, 0) along `axis`, where tau makes the sum 1. Throws as softmax. */
export function sparsemax(x: Tensor, axis = -1): Tensor {
  const a = axisOf('sparsemax', x, axis);
  return on(x, (v, c) => {
    const [sorted] = lax.sort([v], a, true);
    const total = lax.cumulative(sorted, a, 'add');
    const rank = lax.add(lax.iota(v.shape, a, v.dtype), c(1));
    const support = lax.gt(sorted, lax.div(lax.sub(total, c(1)), rank));
    const size = lax.reduceSum(lax.convert(support, v.dtype), [a]);
    // Keras adds up the running sums over the support, not their last.
    const sum = lax.reduceSum(lax.select(support, total, c(0)), [a]);
    const tau = lax.div(lax.sub(sum, lax.full(sum.shape, 1, sum.dtype)), size);
    return lax.max(lax.sub(v, spread(tau, v, a)), c(0));
  });
}
