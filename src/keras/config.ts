/** Keras's global settings: the float type of new layers, the fuzz of losses. */
import { checkDType, type DType, isFloat } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { lookup, snakeCase } from './identifiers.ts';
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

const halves = ['float16', 'bfloat16', 'mixed_float16', 'mixed_bfloat16'];

/** The policy by which layers choose their dtypes: that of weights and activations alike. */
export function dtypePolicy(): string {
  return float;
}

/**
 * Sets the policy for layers made from here on: 'float32' or 'float64'. Half precision, mixed or not,
 * needs a backend that computes in it, which none does yet. Throws `dtype`, `unknown-id`.
 */
export function setDtypePolicy(policy: string): void {
  const table = Object.fromEntries(['float32', 'float64', ...halves].map((p) => [p, p]));
  const name = lookup('dtype policy', String(policy), table);
  refuseHalves(name);
  float = name as DType;
}

function refuseHalves(name: string): void {
  if (!halves.includes(name)) return;
  throw new GradloomError(
    'dtype',
    `The dtype policy "${name}" needs a backend with half precision; native, wasm and reference compute in float32 and float64. Leave the policy at "float32".`,
    { policy: name },
  );
}

/** The dtype that the `dtype` of a layer means: a dtype, or a policy by name. Throws `dtype`. */
export function dtypeOfPolicy(policy: string | null | undefined): DType {
  if (policy == null) return float;
  refuseHalves(snakeCase(String(policy)));
  return checkDType(policy);
}

/** A dtype that losses and metrics can be computed in. Throws `dtype` unless it is a float. */
export function floatDType(what: string, dtype: string): DType {
  const d = checkDType(dtype);
  if (isFloat(d)) return d;
  throw new GradloomError('dtype', `${what}: dtype must be a float type; received "${d}".`, {
    dtype: d,
  });
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
