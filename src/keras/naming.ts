/** Automatic names as Keras gives them: dense, dense_1, dense_2, … */
import { snakeCase } from './identifiers.ts';

const counts = new Map<string, number>();

export function autoName(className: string): string {
  const base = snakeCase(className);
  const n = counts.get(base) ?? 0;
  counts.set(base, n + 1);
  return n === 0 ? base : `${base}_${n}`;
}

/** Starts the numbering anew (keras.backend.clear_session). */
export function clearNames(): void {
  counts.clear();
}
