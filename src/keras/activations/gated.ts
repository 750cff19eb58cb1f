/** Gated linear unit (Dauphin et al. 2016). */
import { GradloomError } from '../../errors.ts';
import { lax } from '../../graph/index.ts';
import { showShape } from '../../shape.ts';
import type { Tensor } from '../../tensor/index.ts';
import { on } from './elementwise.ts';
import { axisOf } from './softmax.ts';

/**
 * a * sigmoid(b), where a and b are the halves of x along `axis`, which becomes half as long.
 * Throws `shape` where it is odd, `axis`.
 */
export function glu(x: Tensor, axis = -1): Tensor {
  const at = axisOf('glu', x, axis);
  const half = x.shape[at] / 2;
  if (!Number.isInteger(half))
    throw new GradloomError(
      'shape',
      `glu halves axis ${at}, which must be even; received shape ${showShape(x.shape)}.`,
      { shape: [...x.shape], axis: at },
    );
  return on(x, (v) => {
    const part = (from: number): typeof v =>
      lax.slice(
        v,
        v.shape.map((_, d) => (d === at ? from : 0)),
        v.shape.map((n, d) => (d === at ? from + half : n)),
      );
    return lax.mul(part(0), lax.logistic(part(half)));
  });
}
