/** Arrays as text. */
import { GradloomError } from '../errors.ts';
import {
  asTensor,
  formatArray,
  type PrintOptions,
  printOptions,
  type TensorLike,
} from '../tensor/index.ts';

/** Changes how tensors are printed from now on: digits, when to abbreviate, the width of a line. */
export function setPrintoptions(options: Partial<PrintOptions>): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(printOptions, name))
      throw new GradloomError(
        'argument',
        `setPrintoptions: unknown option "${name}". There are ${Object.keys(printOptions).join(', ')}.`,
        { name },
      );
    if (value !== undefined) Object.assign(printOptions, { [name]: value });
  }
}
export function getPrintoptions(): PrintOptions {
  return { ...printOptions };
}
/** Runs `f` with other print options, and puts the old ones back. */
export function printoptions<T>(options: Partial<PrintOptions>, f: () => T): T {
  const before = getPrintoptions();
  try {
    setPrintoptions(options);
    return f();
  } finally {
    setPrintoptions(before);
  }
}
/** As Python's str(x). */
export function arrayStr(x: TensorLike, options: Partial<PrintOptions> = {}): string {
  const t = asTensor(x);
  return formatArray(t.dataSync(), t.shape, t.dtype, 'str', options);
}
/** As Python's repr(x): with array(…), commas and the dtype. */
export function arrayRepr(x: TensorLike, options: Partial<PrintOptions> = {}): string {
  const t = asTensor(x);
  return formatArray(t.dataSync(), t.shape, t.dtype, 'repr', options);
}
export const array2string: typeof arrayStr = arrayStr;
