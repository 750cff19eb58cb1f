/** `saveWeights` and `loadWeights`: the extension chooses the format. */
import { GradloomError } from '../../errors.ts';
import { type Place, partsOf } from '../../files/places.ts';
import { type FileSource, openSource } from '../../files/sources.ts';
import { type FileTarget, openTarget, pathOfTarget } from '../../files/targets.ts';
import { sameShape, showShape } from '../../shape.ts';
import { checkOptions } from '../identifiers.ts';
import type { Model } from '../models/model.ts';
import type { Variable } from '../variable.ts';
import type { WeightExtension } from './extensions.ts';
import {
  type DecodedWeights,
  formatOf,
  formatOfBytes,
  formatToRead,
  type Match,
  type WeightFormat,
} from './formats.ts';
import { type NamedArray, readVariables, writeVariable } from './values.ts';

export interface SaveWeightsOptions {
  /** Whether a file that is there is replaced; else it throws `file-exists`. Default true. */
  readonly overwrite?: boolean;
  /**
   * For `.weights.json`: weights are cut into files beside it, none with more than this many GB (2^30
   * bytes) of them. Default 1.
   */
  readonly maxShardSize?: number;
  /** The format where no name chooses it: of streams and file handles. Default `.safetensors`. */
  readonly extension?: WeightExtension;
}

export interface LoadWeightsOptions {
  /** Leaves weights alone that the file has not or has in another shape, and says which. Default false. */
  readonly skipMismatch?: boolean;
  /**
   * Finds weights by the names of their layers (`dense_1/kernel`), not by their places; what is on one
   * side only is left alone, and said. Default false.
   */
  readonly byName?: boolean;
  /** Refuse files that take more than this many bytes in memory. Default by the file's size. */
  readonly maxBytes?: number;
}

/** A file, or for weights in shards that the user of a page chose, the `.weights.json` and its shards. */
export type WeightSource = FileSource | readonly File[];

/** The bytes of a weight file, for where there are no files. `extension` as in `.safetensors`. */
export async function encodeWeights(model: Model, extension: string): Promise<Uint8Array> {
  return encode('encodeWeights', model, formatOf('encodeWeights', extension));
}

async function encode(what: string, model: Model, format: WeightFormat): Promise<Uint8Array> {
  needBuilt(what, model);
  const variables = format.variables(model);
  const paths = new Map([...variables].map(([key, v]) => [key, v.path]));
  return format.encode(await readVariables(variables), paths);
}

/**
 * Writes the model's weights; a file that is there is replaced in one step, when the new one is whole.
 * `x.weights.json` is written last, after the files beside it that the weights lie in, with their
 * checksums; those of a set that was there before have other names, and go when the new one is whole. In browsers the path is `indexeddb://name`, or `downloads://name` to give the user a file. A
 * stream gets the bytes of the file and is closed.
 *
 * @throws GradloomError `extension`, `not-built`, `file-exists`, `disk-full`, `file-unwritable`,
 *   `weights` for one that is larger than a shard, `node-only` for a path in a browser
 */
export async function saveWeights(
  model: Model,
  target: FileTarget,
  o: SaveWeightsOptions = {},
): Promise<void> {
  checkOptions('saveWeights', o, ['overwrite', 'extension', 'maxShardSize']);
  const path = await pathOfTarget('saveWeights', target);
  const format = o.extension
    ? formatOf('saveWeights', o.extension)
    : formatFor('saveWeights', path ?? '.safetensors', formatOf);
  if (o.maxShardSize !== undefined && !format.encodeFiles)
    throw new GradloomError(
      'extension',
      `saveWeights: with maxShardSize the path ends in .weights.json; received ${JSON.stringify(path)}.`,
      { path },
    );
  // Whoever gets the file sees by its name what it is.
  const bare = path && partsOf(path)?.scheme === 'downloads' && !path.endsWith(format.extension);
  const full = bare ? `${path}${format.extension}` : path;
  const place = await openTarget('saveWeights', bare ? full! : target);
  const refuse = async (): Promise<void> => {
    if (o.overwrite === false && (await place.exists()))
      throw new GradloomError(
        'file-exists',
        `saveWeights: ${path} is there already, and overwrite is false.`,
        { path },
      );
  };
  if (format.encodeFiles) {
    if (full === undefined)
      throw new GradloomError(
        'extension',
        'saveWeights: .weights.json is several files, which need a path; .weights.h5 is one.',
      );
    await refuse();
    await saveFiles(model, format, full, place, o.maxShardSize);
    return;
  }
  const bytes = await encode('saveWeights', model, format);
  await refuse();
  await place.write(bytes);
}

async function saveFiles(
  model: Model,
  format: WeightFormat,
  path: string,
  place: Place,
  maxShardSize: number | undefined,
): Promise<void> {
  needBuilt('saveWeights', model);
  const variables = format.variables(model);
  const { writeShards } = await import('./sharded-weights.ts');
  const paths = new Map([...variables].map(([key, v]) => [key, v.path]));
  await writeShards(path, place, (o) =>
    format.encodeFiles!(variables, paths, { ...o, maxShardSize }),
  );
}

/** The format that the extension chooses; names in a browser (`indexeddb://name`) need none. */
function formatFor(what: string, path: string, find: typeof formatOf): WeightFormat {
  const name = partsOf(path)?.name;
  const plain = name !== undefined && !/\.[A-Za-z]\w*$/.test(name);
  return find(what, plain ? '.safetensors' : path);
}

/**
 * Reads weights that `saveWeights` wrote, here or in Keras, from a path or from bytes; also `.h5` files of
 * Keras 2, by the order of the layers or, `byName`, by their names. All or nothing: an error leaves the
 * model as it was.
 *
 * The source is a path, a URL, in browsers `indexeddb://name`, a File or Blob (of weights in shards all
 * files, in a list), the bytes, or a stream of them.
 *
 * @throws GradloomError `extension`, `not-built`, `file-not-found`, `weights` (listing every
 *   difference), `checksum`, what the format says of files that are damaged, and of addresses
 *   `download-offline`, `download-http`, `download-cut`
 */
export async function loadWeights(
  model: Model,
  source: WeightSource,
  o: LoadWeightsOptions = {},
): Promise<void> {
  checkOptions('loadWeights', o, ['skipMismatch', 'byName', 'maxBytes']);
  // A path says what it is before it is read; addresses often do not.
  const path = typeof source === 'string' && !/^(https?|file):/i.test(source) ? source : undefined;
  const byPath = path === undefined ? undefined : formatFor('loadWeights', path, formatToRead);
  needBuilt('loadWeights', model);
  const file = await openSource('loadWeights', source, { maxBytes: o.maxBytes });
  const format = byPath ?? formatOfBytes('loadWeights', file.bytes, file.name);
  const name = source instanceof Uint8Array ? `The ${format.extension} data` : file.name;
  const decoded = await format.decode(file.bytes, {
    name,
    beside: file.beside,
    ...(o.maxBytes !== undefined && { maxBytes: o.maxBytes }),
  });
  assignWeights(model, format, decoded, name, o);
}

function needBuilt(what: string, model: Model): void {
  if (model.built) return;
  throw new GradloomError(
    'not-built',
    `${what}: model "${model.name}" has no weights yet: give it an input shape, or call it on a batch first.`,
    { model: model.name },
  );
}

/** Puts arrays into the model. Throws `weights` with every difference; then nothing has changed. */
export function assignWeights(
  model: Model,
  format: WeightFormat,
  decoded: DecodedWeights,
  name: string,
  o: LoadWeightsOptions = {},
): void {
  const { byName = false } = o;
  if (decoded.match) {
    assignPaired(model, decoded.match(model, byName), name, o);
    return;
  }
  const places = format.variables(model);
  const optional = byName ? undefined : format.optional?.(model);
  const wanted = byName ? new Map([...places.values()].map((v) => [v.path, v])) : places;
  const found = byName ? byPath(decoded, name) : decoded.arrays;
  assignPaired(model, { wanted, found, wrong: [], optional }, name, o);
}

/** What `loadWeights` does once it is known which array is for which weight. */
export function assignPaired(
  model: Model,
  match: Match,
  name: string,
  { skipMismatch = false, byName = false }: LoadWeightsOptions = {},
): void {
  const { pairs, wrong } = compared(match);
  if (wrong.length > 0 && !skipMismatch && !byName)
    throw new GradloomError(
      'weights',
      `loadWeights: ${name} does not fit model "${model.name}" in ${wrong.length} ${wrong.length === 1 ? 'place' : 'places'}:\n  ${wrong.join('\n  ')}\nWith skipMismatch: true the others are loaded.`,
      { model: model.name, file: name, mismatches: wrong },
    );
  if (wrong.length > 0)
    console.warn(
      `loadWeights: ${pairs.length} of ${model.weights.length} weights of model "${model.name}" were loaded from ${name}; skipped:\n  ${wrong.join('\n  ')}`,
    );
  for (const [v, a] of pairs) writeVariable(v, a, { own: true });
}

/** Arrays that fit their weights, and every difference. */
export function compared({ wanted, found, wrong: before, optional }: Match): {
  pairs: [Variable, NamedArray][];
  wrong: string[];
} {
  const pairs: [Variable, NamedArray][] = [];
  const wrong = [...before];
  for (const [key, v] of wanted) {
    const a = found.get(key);
    if (a && sameShape(a.shape, v.shape)) pairs.push([v, a]);
    else if (a)
      wrong.push(`${key}: expected ${showShape(v.shape)}, the file has ${showShape(a.shape)}`);
    else if (!optional?.has(key))
      wrong.push(`${key}: not in the file (expected ${showShape(v.shape)})`);
  }
  for (const [key, a] of found)
    if (!wanted.has(key))
      wrong.push(`${key}: not in the model (the file has ${showShape(a.shape)})`);
  return { pairs, wrong };
}

function byPath({ arrays, paths }: DecodedWeights, name: string): Map<string, NamedArray> {
  if (!paths)
    throw new GradloomError(
      'weights',
      `loadWeights: ${name} does not know the names of layers; leave byName out.`,
      { file: name },
    );
  return new Map([...arrays].map(([key, a]) => [paths.get(key) ?? key, a]));
}
