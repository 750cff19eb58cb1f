/**
 * Weights in several files, as Keras's `save_weights('x.weights.json', max_shard_size=…)` writes them:
 * `x.weights.json` says in which of `x_00000.weights.h5`, `x_00001.weights.h5`, … each group of weights
 * lies. A group may be cut over several. Source: keras/src/saving/saving_lib.py, ShardedH5IOStore.
 */
import { bytesOf } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { besidePath, type Place, placeOf } from '../../files/places.ts';
import { sha256Hex } from '../../files/sha256.ts';
import { type H5Group, readHdf5, writeHdf5 } from '../../formats/hdf5/index.ts';
import { isPlainObject } from '../tree.ts';
import type { Variable } from '../variable.ts';
import type { DecodedWeights, DecodeOptions, WeightFormat } from './formats.ts';
import { groupNames, h5Tree, h5Variables, modernPaths } from './h5-weights.ts';
import { type NamedArray, readVariable } from './values.ts';

/** A file in the same folder, no longer than `atMost`. */
export type Beside = (name: string, atMost: number) => Promise<Uint8Array>;

/** What the .json says. */
export interface ShardMap {
  /** Bytes of all weights. */
  readonly totalSize: number;
  /** The files of each group of weights (`layers/dense/vars`). */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** Checksums of the files, where this library has written them. */
  readonly checksums: ReadonlyMap<string, string>;
}

/** The entry of `metadata` with the checksums; Keras reads over it. */
const checksumsKey = 'gradloom_sha256';

/** In bytes; Keras gives the size in these, too. */
const gigabyte = 2 ** 30;
/** In Keras it must be given. A shard is made in memory. */
const usualSize = 1;

/** A name of a file in this folder: it may come from a stranger. */
const plainName = /^[^/\\:\0]+\.weights\.h5$/;

/** Throws `weights` for what is no such map, or names files elsewhere. */
export function parseShardMap(bytes: Uint8Array, name: string): ShardMap {
  const fail = (why: string, facts: object = {}, cause?: unknown): GradloomError =>
    new GradloomError('weights', `${name} ${why}.`, { name, ...facts }, { cause });
  if (bytes.length === 0) throw fail('is empty');
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw fail(`is no JSON: ${(cause as Error).message}`, {}, cause);
  }
  const { weight_map: map, metadata } = (isPlainObject(json) ? json : {}) as Record<
    string,
    unknown
  >;
  if (!isPlainObject(map)) throw fail('is no list of weight files: it has no weight_map');
  const groups = new Map<string, readonly string[]>();
  for (const [key, value] of Object.entries(map)) {
    const files = Array.isArray(value) ? value : [value];
    for (const f of files)
      if (typeof f !== 'string' || !plainName.test(f) || f.startsWith('..'))
        throw fail(
          `names ${JSON.stringify(f)} for ${key}: shards are files x_00000.weights.h5 in the same folder`,
          { file: f },
        );
    groups.set(key.replace(/^\/+/, ''), [...new Set(files as string[])]);
  }
  const about = isPlainObject(metadata) ? (metadata as Record<string, unknown>) : {};
  const sums = isPlainObject(about[checksumsKey]) ? Object.entries(about[checksumsKey]) : [];
  return {
    totalSize: typeof about.total_size === 'number' ? about.total_size : Number.NaN,
    groups,
    checksums: new Map(sums.filter((e): e is [string, string] => typeof e[1] === 'string')),
  };
}

/** Reads every shard that the map names, each once. Throws `weights`, `checksum`, `file-not-found`. */
export async function decodeShards(
  bytes: Uint8Array,
  beside: Beside,
  o: DecodeOptions,
): Promise<DecodedWeights> {
  const { groups, checksums } = parseShardMap(bytes, o.name);
  const byFile = new Map<string, string[]>();
  // What an optimizer remembers lies beside the weights.
  for (const [group, files] of groups)
    if (!/^optimizer(\/|$)/.test(group))
      for (const f of files) byFile.set(f, [...(byFile.get(f) ?? []), group]);
  const arrays = new Map<string, NamedArray>();
  let left = o.maxBytes ?? Number.POSITIVE_INFINITY;
  for (const [file, inside] of byFile) {
    const content = await beside(file, left);
    await check(content, checksums.get(file), file);
    left -= content.length;
    const root = readHdf5(content, {
      name: file,
      ...(o.maxBytes !== undefined && { maxBytes: left + content.length }),
    });
    for (const group of inside) take(root, group, file, arrays);
  }
  return { arrays: modernPaths(arrays) };
}

function take(root: H5Group, group: string, file: string, into: Map<string, NamedArray>): void {
  const g = root.group(group);
  if (!g)
    throw new GradloomError(
      'weights',
      `${file} is not the shard that was written with the others: it has no ${group}.`,
      { file, group },
    );
  for (const n of g.names) {
    const key = `${group}/${n}`;
    const found = g.get(n);
    if (found?.kind !== 'dataset') continue;
    if (into.has(key))
      throw new GradloomError('weights', `${file} holds ${key}, which another shard has, too.`, {
        file,
        weight: key,
      });
    into.set(key, found.read());
  }
}

async function check(bytes: Uint8Array, expected: string | undefined, file: string): Promise<void> {
  const received = expected === undefined ? undefined : await checksum(bytes);
  if (received === undefined || received === expected) return;
  throw new GradloomError(
    'checksum',
    `${file} is damaged, or of another time than its .weights.json: that says ${expected?.slice(0, 16)}…, its bytes give ${received.slice(0, 16)}….`,
    { file, expected, received },
  );
}

/** undefined in pages that browsers give no hashing to. */
async function checksum(bytes: Uint8Array): Promise<string | undefined> {
  try {
    return await sha256Hex(bytes);
  } catch (e) {
    if (e instanceof GradloomError && e.code === 'sha256-unavailable') return undefined;
    throw e;
  }
}

export interface ShardOptions {
  /** What the files are called: `x` of `x.weights.json`. */
  readonly base: string;
  /** In GB (2^30 bytes), as in Keras. Default 1. */
  readonly maxShardSize?: number;
  /** Names that no shard may have. */
  readonly taken?: ReadonlySet<string>;
}

/** The name of a shard; Keras opens number 0 of any set, whether the list names it or not. */
const shardName = (base: string, index: number): string =>
  `${base}_${String(index).padStart(5, '0')}.weights.h5`;

/**
 * The files of these weights by their names, one at a time, the .json last. Throws `weights` for a weight
 * that is larger than a shard, before anything is given.
 */
export async function* encodeShards(
  variables: ReadonlyMap<string, Variable>,
  paths: ReadonlyMap<string, string>,
  { base, maxShardSize = usualSize, taken = new Set() }: ShardOptions,
): AsyncGenerator<readonly [name: string, bytes: Uint8Array]> {
  const most = maxShardSize * gigabyte;
  if (!(most > 0))
    throw new GradloomError(
      'weights',
      `saveWeights: maxShardSize is a size in GB, more than 0; received ${maxShardSize}.`,
      { maxShardSize },
    );
  const size = (v: Variable): number => v.size * bytesOf(v.dtype);
  const large = [...variables].filter(([, v]) => size(v) > most);
  if (large.length > 0)
    throw new GradloomError(
      'weights',
      `saveWeights: a weight lies in one shard, and these are larger than maxShardSize ${maxShardSize} GB:\n  ${large.map(([k, v]) => `${k} (${v.path}): ${size(v)} bytes`).join('\n  ')}`,
      { maxShardSize, weights: large.map(([k]) => k) },
    );
  const names = groupNames(paths);
  const map: Record<string, string | string[]> = {};
  const sums: Record<string, string> = {};
  let index = 0;
  let total = 0;
  let used = 0;
  let part = new Map<string, NamedArray>();
  const shard = async (): Promise<readonly [string, Uint8Array]> => {
    while (taken.has(shardName(base, index))) index++;
    const file = shardName(base, index++);
    const groups = new Map<string, number>();
    for (const key of part.keys()) {
      const group = key.slice(0, key.lastIndexOf('/'));
      groups.set(group, (groups.get(group) ?? 0) + 1);
    }
    for (const [group, count] of groups) {
      const before = map[`/${group}`];
      // As Keras: the name alone where a group is one weight.
      map[`/${group}`] = before === undefined && count === 1 ? file : [before ?? [], file].flat();
    }
    const bytes = writeHdf5(h5Tree(part, new Map([...names].filter(([g]) => groups.has(g)))));
    const sum = await checksum(bytes);
    if (sum !== undefined) sums[file] = sum;
    part = new Map();
    used = 0;
    return [file, bytes];
  };
  for (const [key, v] of variables) {
    if (used + size(v) > most) yield await shard();
    used += size(v);
    total += size(v);
    part.set(key, await readVariable(v));
  }
  // Keras opens the first one whatever is in it.
  yield await shard();
  const json = { metadata: { total_size: total, [checksumsKey]: sums }, weight_map: map };
  yield [`${base}.weights.json`, new TextEncoder().encode(JSON.stringify(json, null, 4))];
}

/**
 * Writes a set of shards, over one that may be there, which is whole until the new one is: shards have names
 * that the list there does not name, the list is replaced in one step, and then the old shards go. So there
 * must be room for both.
 */
export async function writeShards(
  path: string,
  place: Place,
  files: (o: {
    base: string;
    taken: ReadonlySet<string>;
  }) => AsyncIterable<readonly [name: string, bytes: Uint8Array]>,
): Promise<void> {
  const base = shardBase(path);
  const beside = (name: string): Promise<Place> => placeOf('saveWeights', besidePath(path, name));
  const before = (await place.exists()) ? namedIn(await place.read()) : new Set<string>();
  const written = new Set<string>();
  for await (const [name, bytes] of files({ base, taken: before })) {
    written.add(name);
    if (name.endsWith('.json')) await place.write(bytes);
    else await (await beside(name)).write(bytes);
  }
  for (const name of before)
    if (!written.has(name)) await leave(await beside(name), name === shardName(base, 0));
}

/** The shards that a list names; none where it is none, and holds nothing that could be lost. */
function namedIn(list: Uint8Array | undefined): Set<string> {
  try {
    return new Set([...parseShardMap(list ?? new Uint8Array(0), '').groups.values()].flat());
  } catch {
    return new Set();
  }
}

/** Takes out a shard that is of no use any more. What cannot be taken out only takes room. */
async function leave(shard: Place, isFirst: boolean): Promise<void> {
  try {
    // Keras opens it in any case.
    if (isFirst) await shard.write(writeHdf5({}));
    else await shard.remove?.();
  } catch {}
}

/** `dir/x.weights.json` is of the files `x`. */
export function shardBase(path: string): string {
  const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  return name.replace(/\.json$/, '').replaceAll('.weights', '');
}

export const shardedFormat: WeightFormat = {
  extension: '.weights.json',
  variables: h5Variables,
  encode() {
    throw new GradloomError(
      'extension',
      'encodeWeights: .weights.json is several files: model.saveWeights(path) writes them; .weights.h5 is one.',
    );
  },
  encodeFiles: encodeShards,
  decode: (bytes, o) =>
    decodeShards(
      bytes,
      o.beside ??
        ((file) => {
          throw new GradloomError(
            'file-not-found',
            `${o.name} asks for ${file}, and nothing says where it lies: give the path of the .weights.json.`,
            { file },
          );
        }),
      o,
    ),
  recognizes: (bytes) =>
    bytes[0] === 0x7b && new TextDecoder().decode(bytes).includes('"weight_map"'),
};
