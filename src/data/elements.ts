/**
 * What a dataset holds: trees (nested arrays and plain objects) with tensors, typed arrays, numbers,
 * booleans and strings as leaves. Batching works on the host, so that making a batch starts no program.
 */
import { type DType, makeArray, type TypedArray } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { sameShape, showShape, sizeOf } from '../shape.ts';
import { asTensor, fromData, Tensor, type TensorLike } from '../tensor/index.ts';

/** The type of a batch of T: numbers, booleans and typed arrays become tensors, strings a list. */
export type Batched<T> = T extends Tensor | number | boolean | ArrayBufferView
  ? Tensor
  : T extends string
    ? string[]
    : T extends object
      ? { [K in keyof T]: Batched<T[K]> }
      : T;

export type Leaf = Tensor | ArrayBufferView | number | boolean | string;

export function isLeaf(x: unknown): x is Leaf {
  return (
    x instanceof Tensor ||
    ArrayBuffer.isView(x) ||
    typeof x === 'number' ||
    typeof x === 'boolean' ||
    typeof x === 'string'
  );
}

/** The leaves of a tree and how to put others in their places. Throws `data` for what is no tree. */
export function unfold(tree: unknown, method: string): [Leaf[], (leaves: unknown[]) => unknown] {
  const leaves: Leaf[] = [];
  const walk = (t: unknown, path: string): ((values: unknown[]) => unknown) => {
    if (isLeaf(t)) {
      const i = leaves.push(t) - 1;
      return (values) => values[i];
    }
    if (t === null || t === undefined) return () => t;
    if (Array.isArray(t)) {
      const parts = t.map((v, i) => walk(v, `${path}[${i}]`));
      return (values) => parts.map((f) => f(values));
    }
    const prototype: unknown = typeof t === 'object' ? Object.getPrototypeOf(t) : undefined;
    if (prototype !== Object.prototype && prototype !== null)
      throw new GradloomError(
        'data',
        `${method}: elements are tensors, typed arrays, numbers, booleans, strings, and nested arrays and plain objects of them; found ${typeof t === 'object' ? ((t as object).constructor?.name ?? 'an object') : `a ${typeof t}`}${path ? ` at ${path}` : ''}.`,
        { path },
      );
    const parts = Object.entries(t as object).map(
      ([k, v]) => [k, walk(v, `${path}.${k}`)] as const,
    );
    return (values) => Object.fromEntries(parts.map(([k, f]) => [k, f(values)]));
  };
  const fold = walk(tree, '');
  return [leaves, fold];
}

/** Host numbers with a shape. */
export interface Block {
  readonly data: TypedArray;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** The numbers of a leaf; reads tensors back. */
export async function toBlock(leaf: Exclude<Leaf, string>): Promise<Block> {
  const t = asTensor(leaf as TensorLike);
  return { data: await t.data(), shape: t.shape, dtype: t.dtype };
}

function describe(leaf: unknown): string {
  if (leaf instanceof Tensor) return `a tensor of shape ${showShape(leaf.shape)}`;
  return ArrayBuffer.isView(leaf) ? 'a typed array' : `a ${typeof leaf}`;
}

function mismatch(method: string, i: number, what: string): GradloomError {
  return new GradloomError(
    'data',
    `${method}: element ${i} of the batch does not match the first: ${what}. Elements of a batch must have one structure, shape and dtype; paddedBatch pads what differs in length.`,
    { element: i },
  );
}

/**
 * One element of stacked leaves out of many. With `pad`, shapes may differ: each dimension becomes the
 * largest, filled up with that number at the end.
 */
export async function collate(
  elements: readonly unknown[],
  method: string,
  pad?: (leaf: number, sizes: readonly number[]) => { shape: readonly number[]; value: number },
): Promise<unknown> {
  const [first, fold] = unfold(elements[0], method);
  const columns: Leaf[][] = first.map(() => []);
  elements.forEach((e, i) => {
    const leaves = i === 0 ? first : unfold(e, method)[0];
    if (leaves.length !== first.length)
      throw mismatch(method, i, `${leaves.length} parts for ${first.length}`);
    leaves.forEach((l, k) => {
      columns[k].push(l);
    });
  });
  return fold(
    await Promise.all(columns.map((c, k) => stack(c, method, pad && ((s) => pad(k, s))))),
  );
}

async function stack(
  leaves: readonly Leaf[],
  method: string,
  pad: ((sizes: readonly number[]) => { shape: readonly number[]; value: number }) | undefined,
): Promise<unknown> {
  const strings = typeof leaves[0] === 'string';
  leaves.forEach((l, i) => {
    if ((typeof l === 'string') !== strings)
      throw mismatch(method, i, `${describe(l)} for ${describe(leaves[0])}`);
  });
  if (strings) return [...leaves];
  const blocks: Block[] = [];
  for (const l of leaves as Exclude<Leaf, string>[]) blocks.push(await toBlock(l));
  const [{ dtype, shape }] = blocks;
  blocks.forEach((b, i) => {
    if (b.dtype !== dtype) throw mismatch(method, i, `dtype ${b.dtype} for ${dtype}`);
    if (b.shape.length !== shape.length || (!pad && !sameShape(b.shape, shape)))
      throw mismatch(method, i, `shape ${showShape(b.shape)} for ${showShape(shape)}`);
  });
  if (!pad) {
    const size = sizeOf(shape);
    const out = makeArray(dtype, size * blocks.length);
    blocks.forEach((b, i) => {
      out.set(b.data as never, i * size);
    });
    return fromData(out, [blocks.length, ...shape], dtype);
  }
  const largest = shape.map((_, d) => Math.max(...blocks.map((b) => b.shape[d])));
  const { shape: target, value } = pad(largest);
  const size = sizeOf(target);
  const out = makeArray(dtype, size * blocks.length).fill(value as never);
  blocks.forEach((b, i) => {
    copyInto(out, i * size, target, b);
  });
  return fromData(out, [blocks.length, ...target], dtype);
}

/** Copies a block to the beginning of a larger one. */
function copyInto(out: TypedArray, at: number, shape: readonly number[], b: Block): void {
  if (shape.length === 0) {
    out[at] = b.data[0];
    return;
  }
  const row = b.shape[b.shape.length - 1];
  const outer = b.shape.slice(0, -1);
  const n = sizeOf(outer);
  for (let r = 0; r < n; r++) {
    let rest = r;
    let to = 0;
    let stride = shape[shape.length - 1];
    for (let d = outer.length - 1; d >= 0; d--) {
      to += (rest % outer[d]) * stride;
      rest = Math.floor(rest / outer[d]);
      stride *= shape[d];
    }
    out.set(b.data.subarray(r * row, r * row + row) as never, at + to);
  }
}

/** Element `i` of stacked leaves. */
export function rowOf(leaf: Block | readonly string[], i: number): unknown {
  if (!('data' in leaf)) return leaf[i];
  const size = sizeOf(leaf.shape.slice(1));
  return fromData(leaf.data.slice(i * size, i * size + size), leaf.shape.slice(1), leaf.dtype);
}

/** Elements `indices` of stacked leaves, stacked. */
export function gatherRows(leaf: Block | readonly string[], indices: ArrayLike<number>): unknown {
  if (!('data' in leaf)) return Array.from(indices, (i) => leaf[i]);
  const { data, dtype, shape } = leaf;
  const size = sizeOf(shape.slice(1));
  const out = makeArray(dtype, size * indices.length);
  if (size === 1) for (let k = 0; k < indices.length; k++) out[k] = data[indices[k]];
  else
    for (let k = 0; k < indices.length; k++)
      out.set(data.subarray(indices[k] * size, indices[k] * size + size) as never, k * size);
  return fromData(out, [indices.length, ...shape.slice(1)], dtype);
}
