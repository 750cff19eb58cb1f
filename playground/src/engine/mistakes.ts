/** Where a network goes wrong: counts by truth and answer, and the mistakes it is surest of. */
import type { Examination, Mistake } from './protocol.ts';

/** `probabilities` holds ten numbers an image; `pixels` 784 bytes an image. */
export function findMistakes(
  probabilities: ArrayLike<number>,
  labels: Uint8Array,
  pixels: Uint8Array,
  most = 24,
): Examination {
  const confusion = Array.from({ length: 10 }, () => new Array<number>(10).fill(0));
  const wrong: { readonly image: number; readonly answer: number; readonly sureness: number }[] =
    [];
  labels.forEach((truth, image) => {
    let answer = 0;
    for (let d = 1; d < 10; d++)
      if (probabilities[image * 10 + d] > probabilities[image * 10 + answer]) answer = d;
    confusion[truth][answer]++;
    if (answer !== truth)
      wrong.push({ image, answer, sureness: probabilities[image * 10 + answer] });
  });
  wrong.sort((a, b) => b.sureness - a.sureness || a.image - b.image);
  const worst: Mistake[] = wrong.slice(0, most).map(({ image, answer, sureness }) => ({
    pixels: pixels.slice(image * 784, (image + 1) * 784),
    truth: labels[image],
    answer,
    sureness,
  }));
  return { confusion, accuracy: 1 - wrong.length / Math.max(1, labels.length), worst };
}
