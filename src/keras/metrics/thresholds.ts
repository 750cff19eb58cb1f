/** The thresholds above which predictions count as positive. */
import { GradloomError } from '../../errors.ts';
import { epsilon } from '../config.ts';

/** One, or several. */
export type Thresholds = number | readonly number[] | null;

/** As a list; without any, `fallback`. Throws `range` unless they lie between 0 and 1. */
export function thresholdList(what: string, t: Thresholds | undefined, fallback: number): number[] {
  if (t == null) return [fallback];
  const list = typeof t === 'number' ? [t] : [...t];
  const bad = list.filter((v) => !(v >= 0 && v <= 1));
  if (list.length > 0 && bad.length === 0) return list;
  throw new GradloomError(
    'range',
    list.length === 0
      ? `${what}: thresholds is an empty list.`
      : `${what}: thresholds lie between 0 and 1; received ${bad.join(', ')}.`,
    { thresholds: list },
  );
}

/** 0, 1/(n-1), 2/(n-1), …, 1. */
export function evenThresholds(n: number): number[] {
  return Array.from({ length: n }, (_, i) => (i === n - 1 ? 1 : i / (n - 1)));
}

/**
 * Whether they are those of `evenThresholds`, as nearly as Keras asks: then predictions are counted
 * in buckets between them.
 */
export function areEven(thresholds: readonly number[]): boolean {
  const n = thresholds.length;
  return (
    n >= 3 && evenThresholds(n).every((e, i) => Math.abs(thresholds[i] - e) <= epsilon() + 1e-5 * e)
  );
}
