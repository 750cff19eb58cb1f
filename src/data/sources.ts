/** Where a dataset's elements come from. */
import { GradloomError } from '../errors.ts';
import { showShape } from '../shape.ts';
import { asTensor, Tensor, type TensorLike } from '../tensor/index.ts';
import { type Block, gatherRows, isLeaf, rowOf, toBlock } from './elements.ts';

/** Data that lies in memory: any of its elements can be had, and batches need no elements in between. */
export interface Rows {
  readonly length: number;
  row(i: number): Promise<unknown>;
  /** Elements `indices`, stacked. */
  gather(indices: ArrayLike<number>): Promise<unknown>;
}

/** Whether an array is (nested) numbers or a list of strings rather than a list of parts. */
function isData(x: unknown): boolean {
  if (x instanceof Tensor || ArrayBuffer.isView(x)) return true;
  if (!Array.isArray(x)) return false;
  if (typeof x[0] === 'string') return true;
  let v: unknown = x;
  while (Array.isArray(v) && v.length > 0) v = v[0];
  return typeof v === 'number' || typeof v === 'boolean';
}

type Column = Tensor | readonly string[];

/**
 * The rows of a tree of arrays, all of one length. Tensors are read back when the first row is asked
 * for. Throws `data` for arrays of different lengths, scalars, no rows at all.
 */
export function rowsOf(tree: unknown): Rows {
  const columns: Column[] = [];
  const paths: string[] = [];
  const walk = (t: unknown, path: string): ((values: unknown[]) => unknown) => {
    if (isData(t)) {
      const strings = Array.isArray(t) && typeof t[0] === 'string';
      const i = columns.push(strings ? (t as string[]) : asTensor(t as TensorLike)) - 1;
      paths.push(path || 'the data');
      return (values) => values[i];
    }
    if (t === null || t === undefined) return () => t;
    if (isLeaf(t) || typeof t !== 'object')
      throw new GradloomError(
        'data',
        `fromTensorSlices: ${path || 'the data'} is ${typeof t === 'object' ? 'no array' : `a ${typeof t}`}; arrays are cut along their first dimension.`,
      );
    if (Array.isArray(t)) {
      const parts = t.map((v, i) => walk(v, `${path}[${i}]`));
      return (values) => parts.map((f) => f(values));
    }
    const parts = Object.entries(t).map(
      ([k, v]) => [k, walk(v, path ? `${path}.${k}` : k)] as const,
    );
    return (values) => Object.fromEntries(parts.map(([k, f]) => [k, f(values)]));
  };
  const fold = walk(tree, '');
  const lengths = columns.map((c, i) => {
    if (c instanceof Tensor && c.ndim === 0)
      throw new GradloomError(
        'data',
        `fromTensorSlices: ${paths[i]} is a scalar; arrays are cut along their first dimension.`,
      );
    return c instanceof Tensor ? c.shape[0] : c.length;
  });
  if (columns.length === 0)
    throw new GradloomError('data', 'fromTensorSlices: there are no arrays to cut.');
  const odd = lengths.findIndex((n) => n !== lengths[0]);
  if (odd > 0)
    throw new GradloomError(
      'data',
      `fromTensorSlices: ${paths[0]} has ${lengths[0]} rows but ${paths[odd]} has ${lengths[odd]}${columns[odd] instanceof Tensor ? ` (shape ${showShape((columns[odd] as Tensor).shape)})` : ''}. They must have one each.`,
      { lengths },
    );
  let read: Promise<(Block | readonly string[])[]> | undefined;
  const blocks = (): Promise<(Block | readonly string[])[]> => {
    read ??= Promise.all(columns.map((c) => (c instanceof Tensor ? toBlock(c) : c)));
    return read;
  };
  return {
    length: lengths[0],
    row: async (i) => fold((await blocks()).map((b) => rowOf(b, i))),
    gather: async (indices) => fold((await blocks()).map((b) => gatherRows(b, indices))),
  };
}

/** Elements of what a function gives, checked to be iterable. */
export async function* generated<T>(
  make: () => Iterable<T> | AsyncIterable<T> | Promise<Iterable<T> | AsyncIterable<T>>,
): AsyncGenerator<T, void, undefined> {
  let n = 0;
  let source: Iterable<T> | AsyncIterable<T>;
  try {
    source = await make();
  } catch (cause) {
    throw failed(cause, n);
  }
  const iterable =
    source !== null &&
    typeof source === 'object' &&
    (Symbol.asyncIterator in source || Symbol.iterator in source);
  if (!iterable)
    throw new GradloomError(
      'data',
      `fromGenerator takes a function that returns something iterable, for example a function*; it returned ${source === null ? 'null' : typeof source}.`,
    );
  const it =
    Symbol.asyncIterator in source
      ? source[Symbol.asyncIterator]()
      : (source as Iterable<T>)[Symbol.iterator]();
  try {
    for (;;) {
      let r: IteratorResult<T>;
      try {
        r = await it.next();
      } catch (cause) {
        throw failed(cause, n);
      }
      if (r.done) return;
      n++;
      yield r.value;
    }
  } finally {
    await it.return?.();
  }
}

function failed(cause: unknown, n: number): GradloomError {
  const said = cause instanceof Error ? cause.message : String(cause);
  return new GradloomError(
    'data',
    `The generator failed after ${n} element${n === 1 ? '' : 's'}: ${said}`,
    { elements: n },
    { cause },
  );
}
