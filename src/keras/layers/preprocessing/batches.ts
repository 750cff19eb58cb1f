/** What `adapt` goes through: an array, or batches of a dataset or any iterable. */
import { GradloomError } from '../../../errors.ts';
import { Tensor } from '../../../tensor/index.ts';
import { isStrings } from './strings.ts';

export type AdaptData = unknown;

export interface AdaptOptions {
  /** Batches to look at; default all. */
  readonly steps?: number;
}

function isWhole(x: unknown): boolean {
  if (x instanceof Tensor || ArrayBuffer.isView(x) || isStrings(x)) return true;
  while (Array.isArray(x) && x.length > 0) x = x[0];
  return typeof x === 'number' || typeof x === 'boolean';
}

/** The batches; of pairs (x, y) the first. Throws `data` for what cannot be gone through, and for nothing. */
export async function* batchesOf(
  what: string,
  data: AdaptData,
  o: AdaptOptions = {},
): AsyncGenerator<unknown> {
  if (isWhole(data)) {
    yield data;
    return;
  }
  const iterable =
    data !== null &&
    typeof data === 'object' &&
    (Symbol.asyncIterator in data || Symbol.iterator in data);
  if (!iterable)
    throw new GradloomError(
      'data',
      `${what}.adapt takes a tensor, an array, or batches of a dataset or another iterable; received ${data === null ? 'null' : typeof data}.`,
    );
  const endless = (data as { cardinality?: number }).cardinality === Number.POSITIVE_INFINITY;
  if (endless && o.steps === undefined)
    throw new GradloomError(
      'data',
      `${what}.adapt: the dataset has no end; say how many batches to look at: { steps: 100 }.`,
    );
  let n = 0;
  for await (const batch of data as AsyncIterable<unknown>) {
    if (o.steps !== undefined && n >= o.steps) break;
    n++;
    yield Array.isArray(batch) && !isWhole(batch) ? batch[0] : batch;
  }
  if (n === 0) throw new GradloomError('data', `${what}.adapt: there are no batches to look at.`);
}
