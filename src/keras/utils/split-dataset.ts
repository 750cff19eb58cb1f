/** A dataset in two parts. */
import { Dataset, type Slices } from '../../data/index.ts';
import { GradloomError } from '../../errors.ts';
import { checkOptions } from '../identifiers.ts';
import { MT19937 } from '../random/mt19937.ts';
import { drawSeed } from '../random/seeds.ts';

export interface SplitOptions {
  /** A share below 1, or a number of elements; without it, what the right part leaves. */
  readonly leftSize?: number | null;
  readonly rightSize?: number | null;
  /** Whether elements are drawn at random: false. */
  readonly shuffle?: boolean;
  readonly seed?: number | null;
}

/** Halves to the nearest even number, as Python rounds. */
function round(v: number): number {
  const r = Math.round(v);
  return r - v === 0.5 && r % 2 !== 0 ? r - 1 : r;
}

function sizeOfPart(name: string, v: number | null | undefined, total: number): number | null {
  if (v == null) return null;
  const share = v > 0 && v < 1;
  if (share) return round(v * total);
  if (Number.isInteger(v) && v > 0 && v < total) return v;
  throw new GradloomError(
    'range',
    `splitDataset: ${name} must be a share between 0 and 1, or a whole number from 1 to ${total - 1}; received ${v}.`,
    { [name]: v, total },
  );
}

function sizes(total: number, o: SplitOptions): [number, number] {
  if (o.leftSize == null && o.rightSize == null)
    throw new GradloomError('range', 'splitDataset needs leftSize, rightSize or both.');
  const [l, r] = [
    sizeOfPart('leftSize', o.leftSize, total),
    sizeOfPart('rightSize', o.rightSize, total),
  ];
  const left = l ?? total - r!;
  const right = r ?? total - left;
  if (left + right <= total && left > 0 && right > 0) return [left, right];
  throw new GradloomError(
    'range',
    `splitDataset: ${left} and ${right} of ${total} elements: ${left + right > total ? 'more than there are' : 'one part would be empty'}.`,
    { left, right, total },
  );
}

/**
 * The first and the last elements of a dataset, or of arrays (the rows of a tensor, or of a list or
 * object of them), as two datasets of single elements. A dataset is read to its end and kept in
 * memory: unbatch it first. With `shuffle` they are drawn as Python's random.shuffle draws them.
 * Throws `range`, `data`.
 */
export async function splitDataset<T>(
  dataset: Dataset<T>,
  o: SplitOptions,
): Promise<[Dataset<T>, Dataset<T>]>;
export async function splitDataset<T>(
  dataset: T,
  o: SplitOptions,
): Promise<[Dataset<Slices<T>>, Dataset<Slices<T>>]>;
export async function splitDataset(
  dataset: unknown,
  o: SplitOptions,
): Promise<[Dataset<unknown>, Dataset<unknown>]> {
  checkOptions('splitDataset', o, ['leftSize', 'rightSize', 'shuffle', 'seed']);
  const given = dataset instanceof Dataset ? dataset : Dataset.fromTensorSlices(dataset);
  const elements: unknown[] = await given.toArray();
  if (elements.length === 0) throw new GradloomError('data', 'splitDataset: the dataset is empty.');
  const [left, right] = sizes(elements.length, o);
  let list = elements;
  if (o.shuffle) {
    const order = MT19937.python(o.seed ?? drawSeed()).shuffle(elements.length);
    list = Array.from(order, (i) => elements[i]);
  }
  return [Dataset.fromArray(list.slice(0, left)), Dataset.fromArray(list.slice(-right))];
}
