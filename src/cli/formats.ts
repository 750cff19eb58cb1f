/**
 * The files that the command line knows: one entry a format. A format is found by how a file begins, and
 * by its extension only where that says nothing.
 */
import { bytesOf } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import type { Report } from './report.ts';

/** Arrays by name: what weight files hold, and what they are converted through. */
export type Arrays = ReadonlyMap<string, import('../keras/saving/values.ts').NamedArray>;

/** A file in the folder of the one that is read, refused when it is longer than that. */
export type Beside = (path: string, atMost: number) => Promise<Uint8Array>;

export interface FileFormat {
  readonly name: string;
  /** The first is the usual one. */
  readonly extensions: readonly string[];
  /** Whether the bytes begin like this format; undefined where only the extension tells. */
  recognizes?(bytes: Uint8Array): boolean;
  inspect(bytes: Uint8Array, name: string): Promise<Report>;
  /** The arrays in it, where it is a file of arrays. */
  read?(bytes: Uint8Array, name: string, beside: Beside): Promise<Arrays>;
  write?(arrays: Arrays): Promise<Uint8Array>;
}

const starts = (bytes: Uint8Array, letters: readonly number[]): boolean =>
  letters.every((b, i) => bytes[i] === b);
const zip = [0x50, 0x4b];

/** For formats that are one file. */
const alone: Beside = (path) =>
  Promise.reject(new GradloomError('file-not-found', `There is no ${path}.`, { path }));

/** What the arrays are, and how much there is of them. */
async function arraysReport(format: string, arrays: Arrays): Promise<Report> {
  const { arraysTable } = await import('./inspect.ts');
  return { format, ...arraysTable(arrays) };
}

const keras: FileFormat = {
  name: 'Keras model (.keras)',
  extensions: ['.keras'],
  inspect: async (bytes, name) => (await import('./inspect.ts')).inspectKeras(bytes, name),
};

const npz: FileFormat = {
  name: 'NumPy archive (.npz)',
  extensions: ['.npz'],
  inspect: async (bytes, name) => arraysReport(npz.name, await npz.read!(bytes, name, alone)),
  read: async (bytes, name) => (await import('../formats/npz.ts')).decodeNpz(bytes, { name }),
  write: async (arrays) => (await import('../formats/npz.ts')).encodeNpz(named(arrays)),
};

const npy: FileFormat = {
  name: 'NumPy array (.npy)',
  extensions: ['.npy'],
  recognizes: (b) => starts(b, [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]),
  inspect: async (bytes, name) => arraysReport(npy.name, await npy.read!(bytes, name, alone)),
  read: async (bytes, name) =>
    new Map([['array', (await import('../formats/npy.ts')).decodeNpy(bytes, { name })]]),
  async write(arrays) {
    const [only, ...others] = arrays.values();
    if (!only || others.length > 0)
      throw new GradloomError(
        'convert',
        `An .npy file holds one array; there are ${arrays.size}. Write .npz.`,
        { arrays: arrays.size },
      );
    return (await import('../formats/npy.ts')).encodeNpy({ ...only, shape: [...only.shape] });
  },
};

const safetensors: FileFormat = {
  name: 'safetensors',
  extensions: ['.safetensors'],
  recognizes: (b) => b.length > 8 && b[8] === 0x7b && b[7] === 0 && b[6] === 0,
  async inspect(bytes, name) {
    const { checkSeal } = await import('../keras/saving/seal.ts');
    await checkSeal(bytes, name);
    return arraysReport(safetensors.name, await safetensors.read!(bytes, name, alone));
  },
  read: async (bytes, name) =>
    (await import('../formats/safetensors.ts')).decodeSafetensors(bytes, { name }).tensors,
  write: async (arrays) => (await import('../formats/safetensors.ts')).encodeSafetensors(arrays),
};

const hdf5: FileFormat = {
  name: 'HDF5',
  extensions: ['.weights.h5', '.h5', '.hdf5'],
  recognizes: (b) => starts(b, [0x89, 0x48, 0x44, 0x46]),
  inspect: async (bytes, name) => (await import('./inspect.ts')).inspectHdf5(bytes, name),
  async read(bytes, name) {
    const { readHdf5 } = await import('../formats/hdf5/index.ts');
    return (await import('../keras/saving/h5-weights.ts')).h5Arrays(readHdf5(bytes, { name }));
  },
  async write(arrays) {
    const { writeHdf5 } = await import('../formats/hdf5/index.ts');
    return writeHdf5((await import('../keras/saving/h5-weights.ts')).h5Tree(arrays));
  },
};

const onnx: FileFormat = {
  name: 'ONNX model',
  extensions: ['.onnx'],
  inspect: async (bytes, name) => (await import('./inspect.ts')).inspectOnnx(bytes, name),
};

const idx: FileFormat = {
  name: 'IDX array (MNIST)',
  extensions: ['-ubyte', '.idx', '.idx1', '.idx3'],
  recognizes: (b) => b[0] === 0 && b[1] === 0 && b[2] >= 8 && b[2] <= 14 && b[3] > 0 && b[3] < 5,
  inspect: async (bytes, name) => (await import('./inspect.ts')).inspectIdx(bytes, name),
};

const events: FileFormat = {
  name: 'TensorBoard events',
  extensions: ['.v2'],
  inspect: async (bytes, name) => (await import('./inspect.ts')).inspectEvents(bytes, name),
};

const shards: FileFormat = {
  name: 'Keras weights in shards (.weights.json)',
  extensions: ['.weights.json'],
  recognizes: (b) => b[0] === 0x7b && new TextDecoder().decode(b).includes('"weight_map"'),
  inspect: async (bytes, name) => (await import('./inspect.ts')).inspectShards(bytes, name),
  read: async (bytes, name, beside) =>
    (
      await (
        await import('../keras/saving/sharded-weights.ts')
      ).decodeShards(bytes, beside, { name })
    ).arrays,
};

export const tfjs: FileFormat = {
  name: 'TensorFlow.js model (model.json)',
  extensions: ['.json'],
  recognizes: (b) => /^\s*\{/.test(new TextDecoder().decode(b.subarray(0, 64))),
  inspect: async (bytes, name) => (await import('./tfjs.ts')).inspectTfjs(bytes, name),
  read: async (bytes, name, beside) => (await import('./tfjs.ts')).readTfjs(bytes, name, beside),
};

export const formats: readonly FileFormat[] = [
  keras,
  npz,
  npy,
  safetensors,
  hdf5,
  onnx,
  idx,
  events,
  shards,
  tfjs,
];

export function extensionList(list: readonly FileFormat[] = formats): string {
  return list.map((f) => f.extensions[0]).join(', ');
}

/** The format of a file that is there. Throws `extension`. */
export function formatOfFile(bytes: Uint8Array, path: string): FileFormat {
  const byName = formats.find((f) => f.extensions.some((e) => path.endsWith(e)));
  if (bytes.length === 0) throw new GradloomError('data', `${path} is empty.`, { path });
  if (starts(bytes, zip)) return byName === npz ? npz : keras;
  const byContent = formats.find((f) => f.recognizes?.(bytes));
  if (byContent) return byContent;
  if (byName && !byName.recognizes && byName !== keras && byName !== npz) return byName;
  if (/events\.out\.tfevents/.test(path)) return events;
  throw new GradloomError(
    'extension',
    `${path} begins like no format that is known: ${extensionList()}.`,
    { path },
  );
}

/** The format to write, by extension. Throws `extension`. */
export function formatToWrite(path: string): FileFormat {
  const found = formats.find((f) => f.extensions.some((e) => path.endsWith(e)));
  if (found) return found;
  throw new GradloomError(
    'extension',
    `${path}: the extension chooses the format: ${extensionList()}.`,
    { path },
  );
}

function named(arrays: Arrays): [string, { data: never; shape: number[]; dtype: never }][] {
  return [...arrays].map(([name, a]) => [name, { ...a, shape: [...a.shape] } as never]);
}

export const bytesOfArray = (a: {
  readonly data: { length: number };
  readonly dtype: Parameters<typeof bytesOf>[0];
}): number => a.data.length * bytesOf(a.dtype);
