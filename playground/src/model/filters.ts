/** First-layer weights as images: what each unit looks at. */
import type { PlainWeights } from './weights-file.ts';

export interface Filters {
  /** Side of each image. */
  readonly side: number;
  readonly images: readonly Float32Array[];
  /** Whether each image belongs to one of the ten answers: no hidden layer is between. */
  readonly answers: boolean;
}

export function filtersOf({ spec, arrays }: PlainWeights): Filters {
  const { data, shape } = arrays[0];
  const units = shape[shape.length - 1];
  const side = shape.length === 4 ? shape[0] : 28;
  const images = Array.from({ length: units }, (_, u) =>
    Float32Array.from({ length: side * side }, (_, i) => data[i * units + u]),
  );
  return { side, images, answers: spec.every((l) => l.kind === 'dropout') };
}
