/** Trees: tensors and numbers in nested arrays and plain objects, as functions take and return them. */
import { GradloomError } from '../errors.ts';
import { Tensor } from './tensor.ts';

export type Tree =
  | Tensor
  | number
  | boolean
  | null
  | undefined
  | readonly Tree[]
  | { readonly [key: string]: Tree };

export type Leaf = Tensor | number | boolean;

function isLeaf(x: unknown): x is Leaf {
  return x instanceof Tensor || typeof x === 'number' || typeof x === 'boolean';
}

function isPlainObject(x: unknown): x is Record<string, unknown> {
  if (typeof x !== 'object' || x === null) return false;
  const prototype: unknown = Object.getPrototypeOf(x);
  return prototype === Object.prototype || prototype === null;
}

/** The leaves of a tree in a fixed order (keys sorted), and its structure as text. Throws `tree`. */
export function flattenTree(tree: unknown): { leaves: Leaf[]; structure: string } {
  const leaves: Leaf[] = [];
  const walk = (t: unknown): string => {
    if (isLeaf(t)) {
      leaves.push(t);
      return '*';
    }
    if (t === null || t === undefined) return '-';
    if (Array.isArray(t)) return `[${t.map(walk).join()}]`;
    if (isPlainObject(t)) {
      const keys = Object.keys(t).sort();
      return `{${keys.map((k) => `${JSON.stringify(k)}:${walk(t[k])}`).join()}}`;
    }
    throw new GradloomError(
      'tree',
      `Arguments and results must be tensors, numbers, or nested arrays and plain objects of them; found ${typeof t === 'object' ? t.constructor?.name : typeof t}.`,
    );
  };
  return { leaves, structure: walk(tree) };
}

/** The tree with its leaves replaced, in the order of `flattenTree`. */
export function mapTree(tree: unknown, f: (leaf: Leaf, i: number) => unknown): unknown {
  let i = 0;
  const walk = (t: unknown): unknown => {
    if (isLeaf(t)) return f(t, i++);
    if (Array.isArray(t)) return t.map(walk);
    if (!isPlainObject(t)) return t;
    const mapped = new Map<string, unknown>();
    for (const k of Object.keys(t).sort()) mapped.set(k, walk(t[k]));
    // The keys stay in the order in which they were written.
    return Object.fromEntries(Object.keys(t).map((k) => [k, mapped.get(k)]));
  };
  return walk(tree);
}
