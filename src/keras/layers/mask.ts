/** Masks that travel with tensors: which steps of a sequence count. Keras's `_keras_mask`. */
import type { Tensor } from '../../tensor/index.ts';

const masks = new WeakMap<Tensor, Tensor>();

/** The bool mask (batch, steps) of a tensor, if it has one. */
export function getMask(t: Tensor): Tensor | undefined {
  return masks.get(t);
}

export function setMask(t: Tensor, mask: Tensor | null | undefined): void {
  if (mask) masks.set(t, mask);
  else masks.delete(t);
}
