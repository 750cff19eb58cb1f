/** np.save, np.load, np.savez: arrays in NumPy's files. Everything they need is loaded when they are called. */
import type { DType, TypedArray } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import type { FileSource } from '../files/sources.ts';
import type { FileTarget } from '../files/targets.ts';
import { asTensor, fromData, type Tensor, type TensorLike } from '../tensor/index.ts';

export type { FileSource, FileTarget };

/** What an .npz file holds, by name. */
export type NpzArrays = Readonly<Record<string, Tensor>>;

export interface LoadOptions {
  /** Refuse files that take more than this many bytes in memory. Default by the file's size. */
  readonly maxBytes?: number;
}

/**
 * Writes one array to an .npy file, as numpy.save does: the extension is put on if it is missing, and a
 * file that is there is replaced in one step. The target is a path or `file:` URL, in browsers
 * `indexeddb://name` or `downloads://name`, a file handle, or a stream.
 *
 * @throws GradloomError `disk-full`, `file-unwritable`, `node-only` for a path in a browser
 */
export async function save(file: FileTarget, array: TensorLike): Promise<void> {
  const { encodeNpy } = await import('../formats/npy.ts');
  const bytes = encodeNpy(await arrayOf(array));
  await write('np.save', file, '.npy', bytes);
}

/**
 * Writes several arrays to an .npz file: by name (`{ x, y }`), or a list, whose names are `arr_0`,
 * `arr_1`, …, as numpy.savez has them. Throws as `save`, and `zip` for names that no archive can hold.
 */
export async function savez(
  file: FileTarget,
  arrays: Readonly<Record<string, TensorLike>> | readonly TensorLike[],
): Promise<void> {
  await writeNpz('np.savez', file, arrays, false);
}

/** `savez`, with the arrays packed. */
export async function savezCompressed(
  file: FileTarget,
  arrays: Readonly<Record<string, TensorLike>> | readonly TensorLike[],
): Promise<void> {
  await writeNpz('np.savezCompressed', file, arrays, true);
}

/**
 * The array of an .npy file, or of an .npz file the arrays by name: `await np.load<np.NpzArrays>('x.npz')`.
 * Which it is, is seen by how it begins. The source is a path, a URL, in browsers `indexeddb://name`, a
 * File or Blob, the bytes or a stream of them. 64-bit integers become int32 (checked), float16 float32;
 * Python objects are not read.
 *
 * @throws GradloomError `npy`, `zip`, `npy-too-large`, `zip-too-large`, `file-not-found`, `download-offline`,
 *   `download-http`, `download-cut`
 */
export async function load<R extends Tensor | NpzArrays = Tensor>(
  file: FileSource,
  o: LoadOptions = {},
): Promise<R> {
  const { openSource } = await import('../files/sources.ts');
  const { name, bytes } = await openSource('np.load', file, o);
  const options = { name, ...(o.maxBytes !== undefined && { maxBytes: o.maxBytes }) };
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) {
    const { decodeNpz } = await import('../formats/npz.ts');
    const found = await decodeNpz(bytes, options);
    // Names of strangers: '__proto__' is one like any other.
    return Object.fromEntries([...found].map(([key, a]) => [key, tensorOf(a)])) as R;
  }
  const { decodeNpy } = await import('../formats/npy.ts');
  return tensorOf(decodeNpy(bytes, options)) as Tensor as R;
}

interface HostArray {
  readonly data: TypedArray;
  readonly shape: number[];
  readonly dtype: DType;
}

const tensorOf = ({ data, shape, dtype }: HostArray): Tensor => fromData(data, shape, dtype);

async function arrayOf(x: TensorLike): Promise<HostArray> {
  const t = asTensor(x);
  return { data: await t.data(), shape: [...t.shape], dtype: t.dtype };
}

async function writeNpz(
  who: string,
  file: FileTarget,
  arrays: Readonly<Record<string, TensorLike>> | readonly TensorLike[],
  compress: boolean,
): Promise<void> {
  if (typeof arrays !== 'object' || arrays === null || ArrayBuffer.isView(arrays))
    throw new GradloomError(
      'type',
      `${who} takes arrays by name ({ x, y }) or a list of them; received ${arrays === null ? 'null' : ArrayBuffer.isView(arrays) ? 'one array, which goes in a list or to np.save' : typeof arrays}.`,
    );
  const { encodeNpz } = await import('../formats/npz.ts');
  const list: [string, HostArray][] = [];
  for (const [key, x] of Object.entries(arrays))
    list.push([Array.isArray(arrays) ? `arr_${key}` : key, await arrayOf(x)]);
  await write(who, file, '.npz', await encodeNpz(list, { compress }));
}

async function write(
  who: string,
  file: FileTarget,
  extension: string,
  bytes: Uint8Array,
): Promise<void> {
  const { openTarget, pathOfTarget } = await import('../files/targets.ts');
  const path = await pathOfTarget(who, file);
  const whole = path === undefined ? file : path.endsWith(extension) ? path : path + extension;
  await (await openTarget(who, whole)).write(bytes);
}
