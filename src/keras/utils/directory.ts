/** Files in folders of classes, in the order and the parts in which Keras takes them (Node). */
import { Dataset } from '../../data/index.ts';
import { GradloomError } from '../../errors.ts';
import { fromData, type Tensor } from '../../tensor/index.ts';
import { lookup } from '../identifiers.ts';
import { MT19937 } from '../random/mt19937.ts';
import { drawSeed } from '../random/seeds.ts';

export type LabelMode = 'int' | 'categorical' | 'binary';
export type Subset = 'training' | 'validation' | 'both';

export interface DirectoryOptions {
  /** 'inferred' (default): a folder a class. A list: a whole number for each file. null: none. */
  readonly labels?: 'inferred' | readonly number[] | null;
  /** Labels as whole numbers ('int', default), one-hot, as 0 and 1 in float32 (batch, 1), or not at all (null). */
  readonly labelMode?: LabelMode | (string & {}) | null;
  /** The folders that are classes, in the order of their labels: all of them, sorted. */
  readonly classNames?: readonly string[] | null;
  /** 32. null: single elements. */
  readonly batchSize?: number | null;
  /** Whether files are mixed: true. */
  readonly shuffle?: boolean;
  readonly seed?: number | null;
  /** The share of files that is left for validation. */
  readonly validationSplit?: number | null;
  /** Which part of a split; 'both' gives both. */
  readonly subset?: Subset | (string & {}) | null;
  /** Whether links to folders are followed: false. */
  readonly followLinks?: boolean;
  /** Whether it says how many files it has found: true. */
  readonly verbose?: boolean;
}

export const directoryOptions: readonly string[] = [
  'labels',
  'labelMode',
  'classNames',
  'batchSize',
  'shuffle',
  'seed',
  'validationSplit',
  'subset',
  'followLinks',
  'verbose',
];

/** A dataset with what it was made of. */
export type FileDataset<T> = Dataset<T> & {
  readonly classNames: readonly string[] | null;
  readonly filePaths: readonly string[];
};

interface Found {
  readonly files: readonly string[];
  readonly labels: readonly number[] | null;
  readonly classNames: readonly string[] | null;
}

const modes: Record<string, LabelMode> = {
  int: 'int',
  categorical: 'categorical',
  binary: 'binary',
};
const subsets: Record<string, Subset> = {
  training: 'training',
  validation: 'validation',
  both: 'both',
};

/** What kind of files they are. */
export interface FileKind<T> {
  /** The function that was called. */
  readonly what: string;
  readonly noun: string;
  readonly extensions: readonly string[];
  load(path: string): Promise<T>;
}

/**
 * The datasets of a folder: one, or with subset 'both' two. Elements are what `load` makes of a file,
 * with its label where there is one. Throws `data`, `range`, `unknown-id`.
 */
export async function fromDirectory<T>(
  directory: string,
  o: DirectoryOptions,
  kind: FileKind<T>,
): Promise<FileDataset<unknown>[]> {
  const { what } = kind;
  const subset = o.subset == null ? null : lookup(`subset of ${what}:`, o.subset, subsets);
  checkSplit(what, o, subset);
  const none = o.labels === null || o.labelMode === null;
  const mode = none ? null : lookup(`labelMode of ${what}:`, o.labelMode ?? 'int', modes);
  const seed = o.seed ?? drawSeed();
  const found = shuffled(
    await find(directory, none ? null : (o.labels ?? 'inferred'), o, kind),
    o,
    seed,
  );
  const { classNames } = found;
  if (mode === 'binary' && classNames?.length !== 2)
    throw new GradloomError(
      'data',
      `${what}: labelMode "binary" wants two classes; received ${classNames?.join(', ')}.`,
      { classNames },
    );
  const parts: Subset[] = subset === 'both' ? ['training', 'validation'] : [subset ?? 'training'];
  return parts.map((part) => {
    const some = split(found, o, subset === null ? null : part);
    if (some.files.length === 0)
      throw new GradloomError(
        'data',
        `${what}: no ${kind.noun} ${subset ? `for ${part} ` : ''}in ${directory}. Files end in ${kind.extensions.join(', ')}.`,
        { directory, subset: part },
      );
    // As in Keras, the second of both is not shuffled again.
    const mix = (o.shuffle ?? true) && !(subset === 'both' && part === 'validation');
    return assemble(some, mode, mix ? seed : null, o.batchSize, kind);
  });
}

function checkSplit(what: string, o: DirectoryOptions, subset: Subset | null): void {
  const { validationSplit: share } = o;
  if (share != null && share !== 0 && !(share > 0 && share < 1))
    throw new GradloomError(
      'range',
      `${what}: validationSplit lies between 0 and 1; received ${share}.`,
      { validationSplit: share },
    );
  if (Boolean(share) !== (subset !== null))
    throw new GradloomError(
      'range',
      `${what}: validationSplit and subset go together; received ${share ?? null} and ${subset}.`,
      { validationSplit: share, subset },
    );
  if (share && (o.shuffle ?? true) && o.seed == null)
    throw new GradloomError(
      'range',
      `${what}: a split of shuffled files needs a seed, so that the parts do not overlap.`,
    );
}

async function find(
  directory: string,
  labels: 'inferred' | readonly number[] | null,
  o: DirectoryOptions,
  { what, extensions }: FileKind<unknown>,
): Promise<Found> {
  const [fs, path] = await Promise.all([import('node:fs/promises'), import('node:path')]);
  const list = async (
    at: string,
    follow: boolean,
  ): Promise<{ folders: string[]; files: string[] }> => {
    const folders: string[] = [];
    const files: string[] = [];
    try {
      for (const e of await fs.readdir(at, { withFileTypes: true })) {
        const target = e.isSymbolicLink() ? await fs.stat(path.join(at, e.name)) : e;
        if (target.isFile()) files.push(e.name);
        else if (target.isDirectory() && (follow || !e.isSymbolicLink())) folders.push(e.name);
      }
    } catch (cause) {
      throw new GradloomError(
        'data',
        `${what}: ${at} cannot be read: ${(cause as Error).message}`,
        { folder: at },
        { cause },
      );
    }
    return { folders: folders.sort(byCode), files: files.sort(byCode) };
  };
  const walk = async (at: string): Promise<[string, string][]> => {
    const { folders, files } = await list(at, o.followLinks ?? false);
    const here = files
      .filter((f) => extensions.some((e) => f.toLowerCase().endsWith(e)))
      .map((f): [string, string] => [at, f]);
    const below = await Promise.all(folders.map((f) => walk(path.join(at, f))));
    return [...here, ...below.flat()];
  };
  const under = async (at: string): Promise<string[]> =>
    (await walk(at))
      .sort((a, b) => byCode(a[0], b[0]) || byCode(a[1], b[1]))
      .map(([folder, file]) => path.join(folder, file));
  const found = labels === 'inferred' ? await inferred() : await given();
  if (o.verbose ?? true)
    console.log(
      found.classNames
        ? `Found ${found.files.length} files belonging to ${found.classNames.length} classes.`
        : `Found ${found.files.length} files.`,
    );
  return found;

  async function inferred(): Promise<Found> {
    // A class may be a link.
    const all = (await list(directory, true)).folders.filter((f) => !f.startsWith('.'));
    const classNames = o.classNames ?? all;
    const missing = classNames.filter((c) => !all.includes(c));
    if (missing.length > 0)
      throw new GradloomError(
        'data',
        `${what}: ${directory} has no folder ${missing.join(', ')}; it has ${all.join(', ')}.`,
        { classNames: [...classNames], folders: all },
      );
    const files = await Promise.all(classNames.map((c) => under(path.join(directory, c))));
    return { files: files.flat(), labels: files.flatMap((f, i) => f.map(() => i)), classNames };
  }

  async function given(): Promise<Found> {
    if (o.classNames)
      throw new GradloomError('data', `${what}: classNames go with labels "inferred" only.`);
    const files = await under(directory);
    if (labels === null) return { files, labels: null, classNames: null };
    if (!Array.isArray(labels) || labels.length !== files.length)
      throw new GradloomError(
        'data',
        `${what}: labels must be "inferred", null, or a list with one for each file; there are ${files.length} files${Array.isArray(labels) ? ` and ${labels.length} labels` : ''}.`,
        { files: files.length },
      );
    const distinct = [...new Set(labels as readonly number[])].sort((a, b) => a - b);
    return { files, labels: labels as readonly number[], classNames: distinct.map(String) };
  }
}

/** As Python sorts text. */
function byCode(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** In the order of NumPy's RandomState(seed).shuffle, as Keras mixes them. */
function shuffled(f: Found, o: DirectoryOptions, seed: number): Found {
  if (!(o.shuffle ?? true)) return f;
  const order = [...MT19937.numpy(seed).permutation(f.files.length)];
  const { labels } = f;
  return {
    ...f,
    files: order.map((i) => f.files[i]),
    labels: labels && order.map((i) => labels[i]),
  };
}

function split(f: Found, o: DirectoryOptions, part: Subset | null): Found {
  if (part === null) return f;
  const at = f.files.length - Math.floor(o.validationSplit! * f.files.length);
  const cut = <T>(list: readonly T[]): T[] =>
    part === 'training' ? list.slice(0, at) : list.slice(at);
  const some = { ...f, files: cut(f.files), labels: f.labels && cut(f.labels) };
  if (o.verbose ?? true) console.log(`Using ${some.files.length} files for ${part}.`);
  return some;
}

function assemble<T>(
  f: Found,
  mode: LabelMode | null,
  seed: number | null,
  batchSize: number | null | undefined,
  kind: FileKind<T>,
): FileDataset<unknown> {
  const size = batchSize === undefined ? 32 : batchSize;
  let at: Dataset<number> = Dataset.range(f.files.length);
  if (seed !== null) at = at.shuffle(size === null ? 1024 : size * 8, { seed });
  const classes = f.classNames?.length ?? 0;
  const single = at.map(
    async (i) => {
      const element = await kind.load(f.files[i]);
      return mode && f.labels ? [element, labelTensor(f.labels[i], mode, classes)] : element;
    },
    { parallel: 8 },
  );
  const dataset: Dataset<unknown> = size === null ? single : single.batch(size);
  return Object.assign(dataset.prefetch(2), { classNames: f.classNames, filePaths: f.files });
}

function labelTensor(label: number, mode: LabelMode, classes: number): Tensor {
  if (mode === 'int') return fromData(Int32Array.of(label), [], 'int32');
  if (mode === 'binary') return fromData(Float32Array.of(label), [1], 'float32');
  const out = new Float32Array(classes);
  if (label >= 0 && label < classes) out[label] = 1;
  return fromData(out, [classes], 'float32');
}
