/** Looking at targets on the host before training on them: a wrong label would train in silence. */
import { GradloomError } from '../../errors.ts';
import type { Tensor } from '../../tensor/index.ts';

/** What a loss of class labels expects of them. */
export interface Labels {
  readonly classes: number;
  /** The label that counts for nothing. */
  readonly ignore: number | null;
}

const sampleOf = (y: Tensor, i: number): number => Math.floor((i * y.shape[0]) / y.size);

/** Throws `label` with the first that is no whole number from 0 to classes - 1. */
export async function checkLabels(
  method: string,
  y: Tensor,
  { classes, ignore }: Labels,
): Promise<void> {
  const data = await y.data();
  for (let i = 0; i < data.length; i++) {
    const v = data[i];
    if (v === ignore || (Number.isInteger(v) && v >= 0 && v < classes)) continue;
    throw new GradloomError(
      'label',
      `${method}: label ${v} (sample ${sampleOf(y, i)}) is not one of the model's ${classes} classes, 0 to ${classes - 1}.`,
      { label: v, sample: sampleOf(y, i), classes },
    );
  }
}

/**
 * Throws `label` unless all labels are -1 and 1, or all are 0 and 1. A mixture of -1 and 0 would
 * mean one thing in one batch and another in the next.
 */
export async function checkSides(method: string, loss: string, y: Tensor): Promise<void> {
  const data = await y.data();
  let zero = -1;
  let minus = -1;
  for (let i = 0; i < data.length; i++) {
    const v = data[i];
    if (v === 1) continue;
    if (v === 0) zero = zero < 0 ? i : zero;
    else if (v === -1) minus = minus < 0 ? i : minus;
    else
      throw new GradloomError(
        'label',
        `${method}: label ${v} (sample ${sampleOf(y, i)}) is neither -1 nor 1; the loss "${loss}" takes labels -1 and 1, or 0 and 1.`,
        { label: v, sample: sampleOf(y, i) },
      );
  }
  if (zero < 0 || minus < 0) return;
  throw new GradloomError(
    'label',
    `${method}: the labels hold both 0 (sample ${sampleOf(y, zero)}) and -1 (sample ${sampleOf(y, minus)}); the loss "${loss}" takes labels -1 and 1, or 0 and 1.`,
    { zero: sampleOf(y, zero), minus: sampleOf(y, minus) },
  );
}
