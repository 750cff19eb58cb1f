/** How well probabilities fit classes. */
export interface Fit {
  /** Mean binary cross entropy. */
  readonly loss: number;
  readonly accuracy: number;
}

/** `at` is where the probabilities of these points begin. */
export function measure(said: ArrayLike<number>, classes: ArrayLike<number>, at = 0): Fit {
  let loss = 0;
  let right = 0;
  for (let i = 0; i < classes.length; i++) {
    const p = Math.min(1 - 1e-7, Math.max(1e-7, said[at + i]));
    loss -= classes[i] === 1 ? Math.log(p) : Math.log(1 - p);
    if (p > 0.5 === (classes[i] === 1)) right++;
  }
  return { loss: loss / classes.length, accuracy: right / classes.length };
}
