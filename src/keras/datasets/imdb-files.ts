/** How the files of IMDB are read. */
import { GradloomError } from '../../errors.ts';
import { decodeNpy, pickleOfNpy } from '../../formats/npy.ts';
import { type Pickled, type PickledArray, unpickle } from '../../formats/pickle.ts';
import { unzip } from '../../formats/zip.ts';
import { fromData, type Tensor } from '../../tensor/index.ts';
import { checkOptions } from '../identifiers.ts';
import { MT19937 } from '../random/mt19937.ts';
import { type FileOptions, fileOf } from './file.ts';
import type { ImdbOptions, Reviews } from './imdb.ts';
import { fileOptions } from './options.ts';

const base = 'https://storage.googleapis.com/tensorflow/tf-keras-datasets/';

const ownOptions = [
  'numWords',
  'skipTop',
  'maxlen',
  'seed',
  'startChar',
  'oovChar',
  'indexFrom',
] as const;

/** See imdb.ts. */
export async function loadData(
  o: ImdbOptions = {},
): Promise<[[Reviews, Tensor], [Reviews, Tensor]]> {
  checkOptions('imdb.loadData', o, [...ownOptions, ...fileOptions]);
  const {
    numWords = null,
    skipTop = 0,
    maxlen = null,
    seed = 113,
    startChar = 1,
    oovChar = 2,
    indexFrom = 3,
    ...rest
  } = o;
  const file = {
    dataset: 'imdb',
    name: 'imdb.npz',
    url: `${base}imdb.npz`,
    hash: '69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f',
    maxBytes: 2 ** 28,
  };
  const members = await unzip(await fileOf(file, rest), { name: file.name, maxBytes: 2 ** 30 });
  const state = MT19937.numpy(seed);
  const sets = (['train', 'test'] as const).map((which) => {
    const x = reviewsOf(members.get(`x_${which}.npy`), `${file.name}: x_${which}.npy`);
    const y = labelsOf(members.get(`y_${which}.npy`), `${file.name}: y_${which}.npy`);
    if (x.length !== y.length)
      throw damaged(`${file.name}: ${x.length} reviews, ${y.length} labels`);
    const pairs = Array.from(state.permutation(x.length), (i) => {
      const words = x[i].map((w) => w + indexFrom);
      return { words: startChar === null ? words : [startChar, ...words], label: y[i] };
    });
    const kept = maxlen === null ? pairs : pairs.filter((p) => p.words.length < maxlen);
    if (kept.length === 0)
      throw new GradloomError(
        'data',
        `imdb.loadData: no ${which} review is shorter than maxlen ${maxlen}. Raise maxlen.`,
        { maxlen },
      );
    return kept;
  });
  const limit = numWords ?? largest(sets.flat().map((p) => p.words));
  const within = (w: number): boolean => skipTop <= w && w < limit;
  const [train, test] = sets.map((pairs): [Reviews, Tensor] => [
    pairs.map(({ words }) =>
      oovChar === null ? words.filter(within) : words.map((w) => (within(w) ? w : oovChar)),
    ),
    fromData(
      Int32Array.from(pairs, (p) => p.label),
      [pairs.length],
      'int32',
    ),
  ]);
  return [train, test];
}

/** See imdb.ts. */
export async function getWordIndex(o: FileOptions = {}): Promise<Record<string, number>> {
  const file = {
    dataset: 'imdb',
    name: 'imdb_word_index.json',
    url: `${base}imdb_word_index.json`,
    hash: 'bfafd718b763782e994055a2d397834f',
    maxBytes: 2 ** 24,
  };
  const text = new TextDecoder().decode(await fileOf(file, o));
  let words: unknown;
  try {
    words = JSON.parse(text);
  } catch (e) {
    throw damaged(`${file.name}: ${(e as Error).message}`);
  }
  const entries = typeof words === 'object' && words !== null ? Object.entries(words) : [];
  if (entries.length === 0 || !entries.every(([, n]) => Number.isInteger(n)))
    throw damaged(`${file.name} is no table of words and numbers`);
  return Object.fromEntries(entries) as Record<string, number>;
}

const damaged = (what: string): GradloomError =>
  new GradloomError('dataset-shape', `${what}. The file is damaged or another one.`);

const isArray = (x: Pickled): x is PickledArray =>
  typeof x === 'object' && x !== null && (x as PickledArray).kind === 'array';

function reviewsOf(bytes: Uint8Array | undefined, name: string): Reviews {
  if (!bytes) throw damaged(`${name} is missing`);
  const array = unpickle(pickleOfNpy(bytes, { name }), { name });
  const lists = isArray(array) && !(array.data instanceof Uint8Array) ? array.data : [];
  const words = (x: Pickled): x is number[] =>
    Array.isArray(x) && x.every((w) => Number.isInteger(w));
  if (lists.length === 0 || !lists.every(words)) throw damaged(`${name} holds no lists of numbers`);
  return lists as number[][];
}

function labelsOf(bytes: Uint8Array | undefined, name: string): ArrayLike<number> {
  if (!bytes) throw damaged(`${name} is missing`);
  return decodeNpy(bytes, { name }).data;
}

function largest(lists: readonly (readonly number[])[]): number {
  let most = 0;
  for (const list of lists) for (const w of list) if (w > most) most = w;
  return most;
}
