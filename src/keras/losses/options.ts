/** Checks of what losses and metrics are made with. */
import { GradloomError } from '../../errors.ts';

/** A number that is neither NaN nor infinite; throws `range`. */
export function checkNumber(what: string, option: string, v: unknown): number {
  return checkRange(what, option, v, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
}

/** A number from `lo` to `hi`, both included; throws `range`. */
export function checkRange(
  what: string,
  option: string,
  v: unknown,
  lo: number,
  hi: number,
): number {
  if (typeof v === 'number' && Number.isFinite(v) && v >= lo && v <= hi) return v;
  const bounds =
    hi !== Number.POSITIVE_INFINITY
      ? ` between ${lo} and ${hi}`
      : lo !== Number.NEGATIVE_INFINITY
        ? ` of ${lo} or more`
        : '';
  throw new GradloomError(
    'range',
    `${what}: ${option} must be a number${bounds}; received ${typeof v === 'number' ? v : JSON.stringify(v)}.`,
    { [option]: v },
  );
}

/** A whole number from `lo`; throws `range`. */
export function checkWhole(what: string, option: string, v: unknown, lo: number): number {
  if (typeof v === 'number' && Number.isInteger(v) && v >= lo) return v;
  throw new GradloomError(
    'range',
    `${what}: ${option} must be a whole number of ${lo} or more; received ${typeof v === 'number' ? v : JSON.stringify(v)}.`,
    { [option]: v },
  );
}
