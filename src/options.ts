/** Options by name: what is not known is refused, with the nearest name that is. */
import { GradloomError } from './errors.ts';
import { didYouMean } from './suggest.ts';

/** Refuses options that `allowed` does not name. */
export function checkOptions(what: string, options: object, allowed: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new GradloomError(
      'options',
      `${what} takes its options as an object; received ${JSON.stringify(options) ?? String(options)}.`,
      { received: options },
    );
  for (const key of Object.keys(options)) {
    if (allowed.includes(key)) continue;
    throw new GradloomError(
      'unknown-option',
      `${what} has no option "${key}".${didYouMean(key, allowed)}`,
      { option: key, allowed: [...allowed] },
    );
  }
}
