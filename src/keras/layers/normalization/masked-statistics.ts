/** Moments of what a mask lets count. */
import { lax, type Value } from '../../../graph/index.ts';
import { epsilon } from '../../config.ts';
import { like, over, type Statistics } from './statistics.ts';

/**
 * Mean and variance over `axes` of the elements of x where `mask`, of x's shape, is true; sums are
 * divided by their number plus keras.config.epsilon(), so that nothing to average gives 0.
 */
export function maskedStatistics(x: Value, mask: Value, axes: readonly number[]): Statistics {
  const zero = like(x, 0);
  const counted = lax.reduceSum(lax.convert(mask, x.dtype), axes);
  const weight = lax.add(counted, like(counted, epsilon()));
  const sumOf = (v: Value): Value => lax.reduceSum(lax.select(mask, v, zero), axes);
  const mean = lax.div(sumOf(x), weight);
  const off = lax.sub(x, over(mean, x, axes));
  const variance = lax.div(sumOf(lax.mul(off, off)), weight);
  return { mean, variance, at: lax.stopGradient(mean) };
}
