/** Weight files by extension: one entry a format. */
import { GradloomError } from '../../errors.ts';
import { decodeSafetensors } from '../../formats/safetensors.ts';
import type { Model } from '../models/model.ts';
import type { Variable } from '../variable.ts';
import { type WeightExtension, weightExtensions } from './extensions.ts';
import { h5Format } from './h5-weights.ts';
import { checkSeal, encodeSealed } from './seal.ts';
import { shardedFormat } from './sharded-weights.ts';
import type { NamedArray } from './values.ts';
import { weightPaths } from './weight-paths.ts';

export interface DecodeOptions {
  /** What error messages call the file. */
  readonly name: string;
  readonly maxBytes?: number;
  /** A file in the same folder, no longer than `atMost`. */
  readonly beside?: (name: string, atMost: number) => Promise<Uint8Array>;
}

/** Weights and arrays that go by the same names. */
export interface Match {
  readonly wanted: ReadonlyMap<string, Variable>;
  readonly found: ReadonlyMap<string, NamedArray>;
  /** What was found wrong that is no difference of two arrays. */
  readonly wrong: readonly string[];
  /** What the file need not have. */
  readonly optional?: ReadonlySet<string>;
}

export interface DecodedWeights {
  /** By the names of `WeightFormat.variables`. */
  readonly arrays: ReadonlyMap<string, NamedArray>;
  /** The variables' paths (`dense_1/kernel`) by the same names, where the file knows them. */
  readonly paths?: ReadonlyMap<string, string>;
  /** How the arrays find their weights, where it is not by these names. */
  readonly match?: (model: Model, byName: boolean) => Match;
}

export interface WeightFormat {
  readonly extension: WeightExtension | '.keras';
  /** What the file holds of a model, by the names that it has there. */
  variables(model: Model): ReadonlyMap<string, Variable>;
  /** The names of what a file need not hold: it then stays as it is. Default none. */
  optional?(model: Model): ReadonlySet<string>;
  /** `paths` as in `DecodedWeights`. */
  encode(
    arrays: ReadonlyMap<string, NamedArray>,
    paths: ReadonlyMap<string, string>,
  ): Promise<Uint8Array>;
  /**
   * For formats of several files, each with its name; the last is the one that was asked for. None of the
   * others has a name that is `taken`.
   */
  encodeFiles?(
    variables: ReadonlyMap<string, Variable>,
    paths: ReadonlyMap<string, string>,
    o: {
      readonly base: string;
      readonly maxShardSize?: number;
      readonly taken?: ReadonlySet<string>;
    },
  ): AsyncIterable<readonly [name: string, bytes: Uint8Array]>;
  /** Throws a GradloomError for whatever is no whole file of this format. */
  decode(bytes: Uint8Array, o: DecodeOptions): Promise<DecodedWeights>;
  /** Whether the bytes begin like this format, for what has no name. */
  recognizes(bytes: Uint8Array): boolean;
}

/** The metadata entry that keeps the variables' paths. */
const pathsKey = 'gradloom_paths';

function pathsIn(text: string | undefined, name: string): ReadonlyMap<string, string> | undefined {
  if (text === undefined) return undefined;
  try {
    const entries = Object.entries(JSON.parse(text) as object);
    if (entries.every(([, v]) => typeof v === 'string')) return new Map(entries);
  } catch {}
  throw new GradloomError('safetensors', `${name} has an entry ${pathsKey} that cannot be read.`, {
    name,
  });
}

const safetensors: WeightFormat = {
  extension: '.safetensors',
  variables: (model) => weightPaths(model),
  encode: (arrays, paths) =>
    encodeSealed(arrays, [
      ['format', 'gradloom'],
      [pathsKey, JSON.stringify(Object.fromEntries(paths))],
    ]),
  async decode(bytes, o) {
    await checkSeal(bytes, o.name);
    const { tensors, metadata } = decodeSafetensors(bytes, o);
    return { arrays: tensors, paths: pathsIn(metadata.get(pathsKey), o.name) };
  },
  recognizes: (bytes) => bytes[8] === 0x7b,
};

/** Their extensions stand in extensions.ts. */
export const weightFormats: Readonly<Record<WeightExtension, WeightFormat>> = {
  '.safetensors': safetensors,
  '.weights.h5': h5Format,
  '.weights.json': shardedFormat,
};
const all = Object.values(weightFormats);

/** The weights in a file of a whole model, which is only read here: models are written by saveModel. */
const wholeModel: WeightFormat = {
  ...h5Format,
  extension: '.keras',
  async decode(bytes, o) {
    const { kerasWeights } = await import('./keras-file.ts');
    const arrays = [...(await kerasWeights(bytes, o))];
    return { arrays: new Map(arrays.filter(([path]) => !path.startsWith('optimizer/'))) };
  },
  recognizes: (bytes) => bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3,
};

/** Files of Keras 2 are only read; what is in them is seen by how they are built. */
const onlyRead: readonly string[] = ['.h5', '.hdf5'];

/** The format of a path that is written. Throws `extension`. */
export function formatOf(what: string, path: string): WeightFormat {
  const found = all.find((f) => path.endsWith(f.extension));
  if (found) return found;
  const old = onlyRead.some((e) => path.endsWith(e));
  const whole = path.endsWith(wholeModel.extension);
  throw new GradloomError(
    'extension',
    `${what}: weight files end in ${extensions()}; received ${JSON.stringify(path)}.${old ? ' Files in the layout of Keras 2 are read, not written: name it .weights.h5.' : ''}${whole ? ' Whole models are written by model.save.' : ''}`,
    { path, extensions: weightExtensions },
  );
}

/** The format of a path that is read. Throws `extension`. */
export function formatToRead(what: string, path: string): WeightFormat {
  if (path.endsWith(wholeModel.extension)) return wholeModel;
  return onlyRead.some((e) => path.endsWith(e)) ? h5Format : formatOf(what, path);
}

/** The format that the bytes begin like. Throws `extension`. */
export function formatOfBytes(what: string, bytes: Uint8Array, name = 'These bytes'): WeightFormat {
  const found = [...all, wholeModel].find((f) => f.recognizes(bytes));
  if (found) return found;
  throw new GradloomError(
    'extension',
    `${what}: ${name}: ${bytes.length === 0 ? 'empty, and so' : `begins with ${beginning(bytes)}, so it is`} no weight file (${extensions()}).`,
  );
}

export function extensions(): string {
  return all.map((f) => f.extension).join(', ');
}

/** The first bytes, as text where they are. */
function beginning(bytes: Uint8Array): string {
  const text = new TextDecoder('latin1').decode(bytes.subarray(0, 12));
  return /^[\x20-\x7e\s]+$/.test(text)
    ? JSON.stringify(text)
    : Array.from(bytes.subarray(0, 8), (b) => b.toString(16).padStart(2, '0')).join(' ');
}
