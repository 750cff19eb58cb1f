/** Keras's global settings: the float type of new layers, the fuzz of losses. */
import type { DType } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { lookup } from './identifiers.ts';
import { clearNames } from './naming.ts';

/** Where the channels of images are: (batch, …, channels) or (batch, channels, …). */
export type DataFormat = 'channelsLast' | 'channelsFirst';

let float: DType = 'float32';
let fuzz = 1e-7;
let format: DataFormat = 'channelsLast';

/** The dtype of weights and activations of layers that were given none. */
export function floatx(): DType {
  return float;
}

/** Sets it for layers made from here on: 'float32' or 'float64'. Throws `dtype` for another. */
export function setFloatx(dtype: DType): void {
  if (dtype !== 'float32' && dtype !== 'float64')
    throw new GradloomError(
      'dtype',
      `floatx must be "float32" or "float64"; received ${JSON.stringify(dtype)}.`,
      { dtype },
    );
  float = dtype;
}

/** How far losses keep probabilities from 0 and 1. */
export function epsilon(): number {
  return fuzz;
}

/** Sets it for programs compiled from here on. Throws `range` unless 0 < value < 0.5. */
export function setEpsilon(value: number): void {
  if (!(value > 0 && value < 0.5))
    throw new GradloomError(
      'range',
      `epsilon must be a small positive number; received ${value}.`,
      { epsilon: value },
    );
  fuzz = value;
}

/** Where layers that were not told look for the channels. */
export function imageDataFormat(): DataFormat {
  return format;
}

/** Sets it for layers made from here on. Throws `unknown-id` for another name. */
export function setImageDataFormat(dataFormat: DataFormat | (string & {})): void {
  format = dataFormatOf('setImageDataFormat', dataFormat);
}

/** The format that an id means; none is `imageDataFormat()`. Throws `unknown-id`. */
export function dataFormatOf(what: string, id: string | null | undefined): DataFormat {
  if (id == null) return format;
  return lookup<DataFormat>(`dataFormat of ${what}:`, String(id), {
    channelsLast: 'channelsLast',
    channelsFirst: 'channelsFirst',
  });
}

/** Starts the automatic names of layers anew: the next Dense is `dense` again. */
export function clearSession(): void {
  clearNames();
}
