/** Crossentropy that noisy labels disturb less (Zhang & Sabuncu 2018). */
import { GradloomError } from '../../errors.ts';
import { lax } from '../../graph/index.ts';
import { asTensor, Tensor, type TensorLike } from '../../tensor/index.ts';
import { checkOptions } from '../identifiers.ts';
import { commonOptions, FunctionLoss, type LossOptions } from './loss.ts';
import { floatTensor } from './shapes.ts';
import { labelsFor, labelsOf, pickAlong } from './sparse.ts';
import type { Labels } from './targets.ts';

export interface GeneralizedOptions extends LossOptions {
  /** Between 0, where it is crossentropy, and 1, where it is the absolute error: 0.5. */
  readonly q?: number;
}

function checkQ(what: string, q: number): number {
  if (q > 0 && q < 1) return q;
  throw new GradloomError('range', `${what}: q lies between 0 and 1; received ${q}.`, { q });
}

/**
 * (1 - p^q) / q, where p is the probability of the label. yTrue holds whole numbers 0..classes-1 in
 * the shape of yPred without its last dimension, or with 1 there; a label outside the classes has
 * p = 0. Throws `shape`, `range`.
 */
export function categoricalGeneralizedCrossEntropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  o: Pick<GeneralizedOptions, 'q'> = {},
): Tensor {
  const name = 'categoricalGeneralizedCrossEntropy';
  checkOptions(name, o, ['q']);
  const q = checkQ(name, o.q ?? 0.5);
  const p = floatTensor(asTensor(yPred));
  const labels = labelsFor(name, asTensor(yTrue), p, p.ndim - 1);
  const pick = pickAlong(lax.convert(labels.value, 'int32'), p.shape, p.ndim - 1);
  return Tensor.of(pick(p.value), p, labels).pow(q).neg().add(1).div(q);
}

export class CategoricalGeneralizedCrossEntropy extends FunctionLoss<{ q: number }> {
  /** Throws `range` unless 0 < q < 1. */
  constructor(o: GeneralizedOptions = {}) {
    checkOptions('CategoricalGeneralizedCrossEntropy', o, [...commonOptions, 'q']);
    const q = checkQ('CategoricalGeneralizedCrossEntropy', o.q ?? 0.5);
    super(categoricalGeneralizedCrossEntropy, o, 'categorical_generalized_cross_entropy', { q });
  }
  override labels(
    targetShape: readonly number[],
    outputShape: readonly number[],
  ): Labels | undefined {
    return labelsOf(targetShape, outputShape, -1, null);
  }
}
