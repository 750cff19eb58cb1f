/** IMDB: 25,000 + 25,000 film reviews, each a list of word numbers, and whether they praise the film. */
import type { Tensor } from '../../tensor/index.ts';
import type { FileOptions } from './file.ts';

export interface ImdbOptions extends FileOptions {
  /** Only the so many most frequent words; rarer ones become `oovChar`. Default: all. */
  readonly numWords?: number | null;
  /** The so many most frequent words become `oovChar` too: 0. */
  readonly skipTop?: number;
  /** Reviews of so many words or more are left out. Default: none are. */
  readonly maxlen?: number | null;
  /** Of the order of the reviews: 113, as in Keras. */
  readonly seed?: number;
  /** What each review begins with: 1; null for nothing. */
  readonly startChar?: number | null;
  /** What words outside the limits become: 2; null leaves them out. */
  readonly oovChar?: number | null;
  /** Added to the number of every word: 3. */
  readonly indexFrom?: number;
}

/** A list of word numbers each. */
export type Reviews = number[][];

/**
 * [[xTrain, yTrain], [xTest, yTest]]: reviews as lists of word numbers (for `keras.utils.padSequences`), and
 * int32 tensors of 0 and 1. From the cache or a checked download of 17 MB; `path` is the .npz, when it is
 * at hand. Throws `dataset-shape` for another file, `data` when `maxlen` leaves nothing.
 */
export async function loadData(
  o: ImdbOptions = {},
): Promise<[[Reviews, Tensor], [Reviews, Tensor]]> {
  const { loadData } = await import('./imdb-files.ts');
  return loadData(o);
}

/** Which number each word has, before `indexFrom` is added. From the cache or a checked download of 2 MB. */
export async function getWordIndex(o: FileOptions = {}): Promise<Record<string, number>> {
  const { getWordIndex } = await import('./imdb-files.ts');
  return getWordIndex(o);
}
