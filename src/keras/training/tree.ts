/** Trees of data: what models take and give, with the paths of their leaves. */
import { asTensor, Tensor, type TensorLike } from '../../tensor/index.ts';
import { isPlainObject as isObject, type TreeOf } from '../tree.ts';

export { flatten, isPlainObject as isObject, pack, type TreeOf } from '../tree.ts';

/** Data as users give it: anything that makes a tensor, or a list or an object of such. null is nothing. */
export type DataTree = TreeOf<TensorLike | null>;

/** Steps from the root of a tree: keys of objects, places in lists. */
export type Path = readonly (string | number)[];

/** Whether `x` is a list or a plain object, not a leaf. */
export function isNested<T>(
  x: TreeOf<T> | undefined,
): x is readonly TreeOf<T>[] | { readonly [key: string]: TreeOf<T> } {
  return Array.isArray(x) || isObject(x);
}

/** Children with their keys, in order. */
export function children<T>(x: TreeOf<T>): [string | number, TreeOf<T>][] {
  if (Array.isArray(x)) return x.map((c, i) => [i, c as TreeOf<T>]);
  if (!isObject(x)) return [];
  const o = x as Record<string, TreeOf<T>>;
  return Object.keys(o)
    .sort()
    .map((k) => [k, o[k]]);
}

export function mapLeaves<T, R>(
  x: TreeOf<T>,
  f: (leaf: T, path: Path) => R,
  path: Path = [],
): TreeOf<R> {
  if (Array.isArray(x)) return x.map((c, i) => mapLeaves(c as TreeOf<T>, f, [...path, i]));
  if (!isObject(x)) return f(x as T, path);
  const mapped = new Map(
    children<T>(x as TreeOf<T>).map(([k, c]) => [k, mapLeaves(c, f, [...path, k])]),
  );
  // Visited in sorted order; the keys stay in the order in which they were written.
  return Object.fromEntries(Object.keys(x).map((k) => [k, mapped.get(k)!]));
}

/** The subtree at a path; undefined where there is none. */
export function at<T>(x: TreeOf<T> | undefined, path: Path): TreeOf<T> | undefined {
  let t: unknown = x;
  for (const k of path) {
    if (!isNested(t as TreeOf<unknown>)) return undefined;
    t = (t as Record<string | number, unknown>)[k];
  }
  return t as TreeOf<T> | undefined;
}

/** The structure as text: `[*,{a:*}]`. Equal for trees that differ in leaves only. */
export function structure(x: TreeOf<unknown>): string {
  if (Array.isArray(x)) return `[${x.map((c) => structure(c as TreeOf<unknown>)).join()}]`;
  if (!isObject(x)) return '*';
  return `{${children(x as TreeOf<unknown>)
    .map(([k, c]) => `${k}:${structure(c)}`)
    .join()}}`;
}

const isData = (x: unknown): boolean =>
  x instanceof Tensor || ArrayBuffer.isView(x) || x === null || isObject(x);

/** Whether an array lists several tensors, rather than being one of nested numbers. */
function isList(x: readonly unknown[]): boolean {
  return x.some((c) => isData(c) || (Array.isArray(c) && isList(c)));
}

/**
 * Data as a tree of tensors. An array of numbers (nested or not) is one tensor, an array of tensors,
 * typed arrays or objects a list; `count` says how many a model has, by which nested numbers are told
 * apart. Missing data (null, undefined) is null. `made` remembers what became of what, so that data
 * given twice (an autoencoder's) are one tensor.
 */
export function toTensors(
  x: DataTree | undefined,
  count = 1,
  made: Map<unknown, Tensor> = new Map(),
): TreeOf<Tensor | null> {
  const one = (): Tensor => {
    const t = made.get(x) ?? asTensor(x as TensorLike);
    made.set(x, t);
    return t;
  };
  if (x == null) return null;
  if (Array.isArray(x)) {
    const several = count > 1 && x.length === count && x.every((c) => Array.isArray(c));
    return isList(x) || several ? x.map((c) => toTensors(c as DataTree, 1, made)) : one();
  }
  if (isObject(x))
    return Object.fromEntries(
      Object.entries(x).map(([k, c]) => [k, toTensors(c as DataTree, 1, made)]),
    );
  return one();
}

/** For messages: `outputs["a"][0]`. */
export function showPath(root: string, path: Path): string {
  return root + path.map((k) => `[${JSON.stringify(k)}]`).join('');
}
