/** Weights as pictures, in the shapes in which Keras shows them. */
import { encode } from 'fast-png';
import type { SummaryValue } from '../../../formats/tfevents.ts';
import { images } from './summaries.ts';

/** More are not shown. */
const most = 3;

/**
 * A weight as at most three pictures, or undefined if it has no such form: a vector as a column, a
 * matrix lying, three dimensions as a picture for each of the last, four as they are if the last has 1, 3
 * or 4 channels. 0 is black, 1 and more is white.
 */
export function weightImages(
  tag: string,
  data: ArrayLike<number>,
  shape: readonly number[],
): SummaryValue | undefined {
  const found = pictures(
    data,
    shape.filter((n) => n !== 1),
  );
  if (!found) return undefined;
  const { count, width, height, channels, at } = found;
  const pngs = Array.from({ length: Math.min(count, most) }, (_, n) => {
    const pixels = new Uint8Array(height * width * channels);
    for (let i = 0; i < pixels.length; i++) pixels[i] = grey(data[at(n, i)]);
    return encode({ width, height, data: pixels, channels, depth: 8 });
  });
  return images(tag, width, height, pngs);
}

interface Pictures {
  readonly count: number;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** Where element `i` of picture `n` lies. */
  readonly at: (n: number, i: number) => number;
}

function pictures(data: ArrayLike<number>, shape: readonly number[]): Pictures | undefined {
  if (data.length === 0) return undefined;
  const [a, b, c, d] = shape;
  switch (shape.length) {
    case 1:
      return { count: 1, width: 1, height: a, channels: 1, at: (_, i) => i };
    case 2:
      return a > b
        ? {
            count: 1,
            width: a,
            height: b,
            channels: 1,
            at: (_, i) => (i % a) * b + Math.floor(i / a),
          }
        : { count: 1, width: b, height: a, channels: 1, at: (_, i) => i };
    case 3:
      return { count: c, width: b, height: a, channels: 1, at: (n, i) => i * c + n };
    case 4:
      // A single channel has been squeezed away.
      return d === 3 || d === 4
        ? { count: a, width: c, height: b, channels: d, at: (n, i) => n * b * c * d + i }
        : undefined;
    default:
      return undefined;
  }
}

/** tf.image.convert_image_dtype to uint8, saturating. */
function grey(v: number): number {
  return Number.isNaN(v) ? 0 : Math.min(255, Math.max(0, Math.trunc(Math.fround(v * 255.5))));
}
