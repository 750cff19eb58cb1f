/**
 * Trees: a leaf, a list of trees, or a plain object of trees. Leaves are visited in the order of lists
 * and of sorted keys, as Keras flattens.
 */

export type TreeOf<T> = T | readonly TreeOf<T>[] | { readonly [key: string]: TreeOf<T> };

export function isPlainObject(x: unknown): x is Record<string, unknown> {
  if (typeof x !== 'object' || x === null) return false;
  const prototype: unknown = Object.getPrototypeOf(x);
  return prototype === Object.prototype || prototype === null;
}

/** The leaves in order. What `isLeaf` accepts is not looked into; null and undefined are leaves. */
export function flatten<T>(x: TreeOf<T>, isLeaf?: (x: unknown) => boolean): T[] {
  const out: T[] = [];
  const walk = (t: unknown): void => {
    if (isLeaf?.(t)) out.push(t as T);
    else if (Array.isArray(t)) for (const c of t) walk(c);
    else if (isPlainObject(t)) for (const k of Object.keys(t).sort()) walk(t[k]);
    else out.push(t as T);
  };
  walk(x);
  return out;
}

/** The tree with `f` of its leaves, called in order. */
export function mapTree<T, R>(
  x: TreeOf<T>,
  f: (leaf: T) => R,
  isLeaf?: (x: unknown) => boolean,
): TreeOf<R> {
  const walk = (t: unknown): TreeOf<R> => {
    if (isLeaf?.(t)) return f(t as T);
    if (Array.isArray(t)) return t.map(walk);
    if (!isPlainObject(t)) return f(t as T);
    const mapped = new Map<string, TreeOf<R>>();
    for (const k of Object.keys(t).sort()) mapped.set(k, walk(t[k]));
    // Visited in sorted order; the keys stay in the order in which they were written.
    return Object.fromEntries(Object.keys(t).map((k) => [k, mapped.get(k)!]));
  };
  return walk(x);
}

/** `leaves` in the structure of `like`, which has as many. */
export function pack<R>(
  like: TreeOf<unknown>,
  leaves: readonly R[],
  isLeaf?: (x: unknown) => boolean,
): TreeOf<R> {
  let i = 0;
  return mapTree(like, () => leaves[i++], isLeaf);
}

/** Whether `x` is a shape, that is a list of sizes, and not a tree of shapes. */
export function isShape(x: unknown): x is readonly (number | null)[] {
  return Array.isArray(x) && x.every((n) => n === null || typeof n === 'number');
}
