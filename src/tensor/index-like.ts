/** What a user writes for an index, as the indices of `indexing.ts`. */
import { isFloat } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { type Index, parseIndex, positionsOf, type Range } from './indexing.ts';
import { fromData, tensor } from './make.ts';
import { realize, storageOf } from './runtime.ts';
import { Tensor } from './tensor.ts';

/** What `slice` takes for one axis. */
export type IndexLike =
  | number
  | null
  | '...'
  | ':'
  | Range
  | Tensor
  | { readonly take: readonly number[] | Tensor };

/** Throws `index`. Masks are read. */
export function parseIndices(index: readonly (IndexLike | string)[]): Index[] {
  return index.flatMap((i): Index[] => {
    if (typeof i === 'string') return parseIndex(i);
    if (i instanceof Tensor) return [arrayIndex(i)];
    if (i !== null && typeof i === 'object' && 'take' in i)
      return [arrayIndex(i.take instanceof Tensor ? i.take : tensor(i.take, { dtype: 'int32' }))];
    return [checkIndex(i)];
  });
}

function checkIndex(i: unknown): Index {
  if (i === null || typeof i === 'number' || (Array.isArray(i) && i.length <= 3)) return i as Index;
  throw new GradloomError(
    'index',
    `An index is a number, a range [start, stop, step], null, '...', a tensor or { take: [...] }; received ${Array.isArray(i) ? `an array of ${i.length}` : String(i)}.`,
  );
}

function arrayIndex(t: Tensor): Index {
  if (t.dtype === 'bool') {
    realize([t.value]);
    const positions = positionsOf(storageOf(t.value)!.peek(), t.shape).map(
      (p) => fromData(p, [p.length], 'int32').value,
    );
    return { kind: 'mask', shape: t.shape, positions };
  }
  if (isFloat(t.dtype))
    throw new GradloomError(
      'index',
      `Arrays used as indices must be of integer or bool type; received ${t.dtype}. Use astype('int32').`,
      { dtype: t.dtype },
    );
  const known = storageOf(t.value)?.host;
  return { kind: 'array', indices: t.value, ...(known && { known }) };
}
