/** A bound on the weights of models from strangers' files: a config of a few bytes can ask for any size. */
import { GradloomError } from '../../errors.ts';
import { showShape } from '../../shape.ts';

let left: { bytes: number; readonly limit: number } | undefined;

/** Runs `f`; weights made meanwhile take at most so many bytes together (counted as 4 an element). */
export function withWeightBudget<T>(limit: number, f: () => T): T {
  const outer = left;
  left = { bytes: limit, limit };
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
