/**
 * Models that are made of a file. Their weights are bounded: a config of a few bytes can ask for any
 * size. And where weights follow they are not drawn: what they begin with is overwritten.
 */
import type { DType } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { lax } from '../../graph/index.ts';
import { showShape } from '../../shape.ts';
import { Tensor } from '../../tensor/index.ts';

let left: { bytes: number; readonly limit: number; readonly follow: boolean } | undefined;

/**
 * Runs `f`, whose weights take at most so many bytes together (counted as 4 an element).
 *
 * @param follow whether every weight made meanwhile is given its value afterwards
 */
export function withWeightBudget<T>(limit: number, f: () => T, follow = true): T {
  const outer = left;
  left = { bytes: limit, limit, follow };
  try {
    return f();
  } finally {
    left = outer;
  }
}

/** Before a weight of this shape is made. Throws `too-large` where a budget is set and it is not enough. */
export function claimWeight(name: string, shape: readonly number[]): void {
  if (!left) return;
  left.bytes -= shape.reduce((n, d) => n * d, 4);
  if (!(left.bytes >= 0))
    throw new GradloomError(
      'too-large',
      `Weight "${name}" of shape ${showShape(shape)} takes the model over the limit of ${left.limit} bytes. Raise maxBytes if it is meant to be this large.`,
      { weight: name, shape, maxBytes: left.limit },
    );
}

/** What stands for a weight until it is given its value, and takes no memory; undefined where none follows. */
export function awaitedWeight(shape: readonly number[], dtype: DType): Tensor | undefined {
  return left?.follow ? new Tensor(lax.full(shape, 0, dtype)) : undefined;
}
