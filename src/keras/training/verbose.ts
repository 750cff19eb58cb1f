/** How much to say. */
import { GradloomError } from '../../errors.ts';

/** 0 silent, 1 progress bar, 2 a line an epoch; `auto` and true mean 1, false means 0. */
export type Verbose = 'auto' | 0 | 1 | 2 | boolean;

export function level(method: string, v: Verbose | undefined, auto: 0 | 1 = 1): 0 | 1 | 2 {
  if (v === undefined || v === 'auto') return auto;
  if (v === true || v === false) return v ? 1 : 0;
  if (v === 0 || v === 1 || v === 2) return v;
  throw new GradloomError(
    'option',
    `${method}: verbose must be "auto", 0, 1 or 2; received ${JSON.stringify(v)}.`,
    { verbose: v },
  );
}
