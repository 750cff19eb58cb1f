/** How targets, predictions and weights are brought together. */
import { isFloat } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { showShape } from '../../shape.ts';
import { asTensor, type Tensor, type TensorLike } from '../../tensor/index.ts';

export function floatTensor(x: Tensor): Tensor {
  return isFloat(x.dtype) ? x : x.astype('float32');
}

const last = (t: Tensor): number => t.shape[t.ndim - 1];

/**
 * Keras's squeeze_or_expand_to_same_rank: of two tensors whose ranks differ by one, the one of
 * higher rank loses a last dimension of 1, or the other gains one where it has rank 1.
 */
export function matchRanks(a: Tensor, b: Tensor): [Tensor, Tensor] {
  if (a.ndim === b.ndim + 1 && last(a) === 1)
    return b.ndim === 1 ? [a, b.expandDims(-1)] : [a.squeeze(-1), b];
  if (b.ndim === a.ndim + 1 && last(b) === 1)
    return a.ndim === 1 ? [a.expandDims(-1), b] : [a, b.squeeze(-1)];
  return [a, b];
}

/**
 * Targets and predictions in one rank and in the float dtype of the predictions. Throws `shape`
 * unless `check` (dimensions equal or 1) lets them pass.
 */
export function pair(
  name: string,
  yTrue: TensorLike,
  yPred: TensorLike,
  check: (name: string, t: Tensor, p: Tensor) => void = similarShapes,
): [Tensor, Tensor] {
  const [t, p] = matchRanks(asTensor(yTrue), floatTensor(asTensor(yPred)));
  check(name, t, p);
  return [t.astype(p.dtype), p];
}

/** The mean over the last axis; of a scalar, itself. */
export function meanLast(x: Tensor): Tensor {
  return x.ndim === 0 ? x : x.mean(-1);
}

/** Throws `shape` unless the targets have the shape of the predictions. */
export function sameShapes(name: string, t: Tensor, p: Tensor): void {
  if (t.ndim === p.ndim && t.shape.every((n, d) => n === p.shape[d])) return;
  mismatch(name, t, p);
}

/** Throws `shape` unless dimensions are equal or 1, as plain arithmetic wants them. */
export function similarShapes(name: string, t: Tensor, p: Tensor): void {
  if (t.ndim === p.ndim && t.shape.every((n, d) => n === p.shape[d] || n === 1 || p.shape[d] === 1))
    return;
  mismatch(name, t, p);
}

function mismatch(name: string, t: Tensor, p: Tensor): never {
  const sparse =
    name === 'categoricalCrossentropy' && t.ndim === p.ndim - 1
      ? ' Integer labels want "sparseCategoricalCrossentropy".'
      : '';
  throw new GradloomError(
    'shape',
    `${name}: targets have shape ${showShape(t.shape)} but predictions ${showShape(p.shape)}.${sparse}`,
    { yTrue: [...t.shape], yPred: [...p.shape] },
  );
}

/**
 * The weight in as many dimensions as the values of `shape`, to which it broadcasts: (batch,) beside
 * (batch, time) weighs every position of a sample alike. Throws `shape`.
 */
export function alignWeight(
  weight: Tensor,
  shape: readonly number[],
  what = 'sampleWeight',
): Tensor {
  let w = floatTensor(weight);
  if (w.ndim === shape.length + 1 && last(w) === 1) w = w.squeeze(-1);
  while (w.ndim < shape.length) w = w.expandDims(-1);
  if (w.ndim === shape.length && w.shape.every((n, d) => n === 1 || n === shape[d])) return w;
  throw new GradloomError(
    'shape',
    `${what} has shape ${showShape(weight.shape)}, but the loss has values of shape ${showShape(shape)}.`,
    { expected: [...shape], received: [...weight.shape] },
  );
}
