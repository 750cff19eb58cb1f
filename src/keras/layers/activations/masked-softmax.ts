/** Softmax over several axes, of what a mask lets count. */
import { lax, type Value } from '../../../graph/index.ts';
import { like, over } from '../normalization/statistics.ts';

/**
 * e^x / sum(e^x) over `axes`. Where `mask`, a bool of x's shape, is false, x counts as -1e9 and the
 * result is 0; where it is false all along, all is 0.
 */
export function softmaxOver(x: Value, axes: readonly number[], mask?: Value): Value {
  const v = mask ? lax.select(mask, x, like(x, -1e9)) : x;
  const top = lax.stopGradient(lax.reduceMax(v, axes));
  const e = lax.exp(lax.sub(v, over(top, v, axes)));
  const y = lax.div(e, over(lax.reduceSum(e, axes), v, axes));
  return mask ? lax.select(mask, y, like(y, 0)) : y;
}
