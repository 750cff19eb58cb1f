/** Nested lists of strings: tensors hold numbers only, so text stays on the host. */
import { GradloomError } from '../../../errors.ts';
import { showShape } from '../../../shape.ts';

export type Strings = string | readonly Strings[];

export function isStrings(x: unknown): x is Strings {
  while (Array.isArray(x) && x.length > 0) x = x[0];
  return typeof x === 'string' || (Array.isArray(x) && x.length === 0);
}

/** The strings row by row, with the shape. Throws `data` for rows of different lengths. */
export function flattenStrings(x: Strings, what: string): { flat: string[]; shape: number[] } {
  const shape: number[] = [];
  for (let v: unknown = x; Array.isArray(v); v = v[0]) shape.push(v.length);
  const flat: string[] = [];
  const walk = (v: Strings, depth: number): void => {
    if (typeof v === 'string' && depth === shape.length) {
      flat.push(v);
      return;
    }
    if (!Array.isArray(v) || v.length !== shape[depth])
      throw new GradloomError(
        'data',
        `${what} takes strings or lists of one length; received ${Array.isArray(v) ? `a list of ${v.length}` : `a ${typeof v}`} where ${depth < shape.length ? `one of ${shape[depth]} (shape ${showShape(shape)})` : 'a string'} was expected.`,
      );
    for (const e of v) walk(e, depth + 1);
  };
  walk(x, 0);
  return { flat, shape };
}

/** A nested list out of a flat one. */
export function nest<T>(flat: readonly T[], shape: readonly number[]): unknown {
  if (shape.length === 0) return flat[0];
  const size = shape.slice(1).reduce((a, b) => a * b, 1);
  return Array.from({ length: shape[0] }, (_, i) =>
    nest(flat.slice(i * size, (i + 1) * size), shape.slice(1)),
  );
}

const encoder = new TextEncoder();
export const utf8 = (s: string): Uint8Array => encoder.encode(s);
