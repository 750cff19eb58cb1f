/** Choosing by condition. */
import { GradloomError } from '../errors.ts';
import { lax, type Value } from '../graph/index.ts';
import { broadcastShapes } from '../shape.ts';
import { arith, asTensor, binaryOp, type Tensor, type TensorLike } from '../tensor/index.ts';
import { nonzero } from './indexing.ts';
import { make } from './support.ts';

/**
 * where(condition, a, b): a where the condition holds, else b, with broadcasting.
 * where(condition): the positions of true elements, as `nonzero`.
 */
export function where(condition: TensorLike): Tensor[];
export function where(condition: TensorLike, a: TensorLike, b: TensorLike): Tensor;
export function where(condition: TensorLike, a?: TensorLike, b?: TensorLike): Tensor | Tensor[] {
  if (a === undefined && b === undefined) return nonzero(condition);
  if (a === undefined || b === undefined)
    throw new GradloomError(
      'argument',
      'where takes a condition alone, or a condition and both choices.',
    );
  const c = asTensor(condition).astype('bool');
  const t = binaryOp(
    arith.plain((x: Value, y: Value) => {
      const shape = broadcastShapes(c.shape, x.shape);
      return lax.select(
        lax.broadcastTo(c.value, shape),
        lax.broadcastTo(x, shape),
        lax.broadcastTo(y, shape),
      );
    }),
    a,
    b,
  );
  return make(t.value, t, c);
}

/** The choice of the first condition that holds, else `otherwise`. */
export function select(
  conditions: readonly TensorLike[],
  choices: readonly TensorLike[],
  otherwise: TensorLike = 0,
): Tensor {
  if (conditions.length !== choices.length || conditions.length === 0) {
    throw new GradloomError(
      'argument',
      `select needs as many choices as conditions, at least one; received ${choices.length} and ${conditions.length}.`,
    );
  }
  let r: TensorLike = otherwise;
  for (let i = conditions.length - 1; i >= 0; i--) r = where(conditions[i], choices[i], r);
  return asTensor(r);
}
