/**
 * The weights of a TensorFlow.js model: `weightsManifest` in model.json says what lies in the shards, files
 * of elements one after another, little endian, that together are one run of bytes for each group. See
 * tfjs-core/src/io/types.ts and io_utils.ts.
 */
import { bytesOf, type DType, makeArray, type TypedArray, viewArray } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { fromHalf } from './npy.ts';
import { readTfjsManifest, type TfjsGroup, type TfjsWeight } from './tfjs-manifest.ts';

export interface TfjsArray {
  readonly data: TypedArray;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

export interface DecodeTfjsOptions {
  /** Refuse weights that take more than this many bytes in memory. Default 2 GiB. */
  readonly maxBytes?: number;
  /** What error messages call the model. Default `The TF.js model`. */
  readonly name?: string;
}

/**
 * Gives the bytes of a shard. `path` is relative and stays in the folder of model.json; `atMost` is how
 * long the shard can be, so that a longer one need not be read.
 */
export type ReadShard = (path: string, atMost: number) => Promise<Uint8Array> | Uint8Array;

/**
 * The arrays of a manifest by name, in its order. Quantized ones are given as they are used: uint8, uint16
 * as `q * scale + min`, rounded where the weight is int32; float16 as float32.
 *
 * @param manifest `weightsManifest` of a model.json
 * @throws GradloomError `tfjs` for a manifest that cannot be read, shards that are longer or shorter than it
 *   says, and types that cannot be held; `tfjs-too-large` before a shard is read
 */
export async function decodeTfjsWeights(
  manifest: unknown,
  read: ReadShard,
  o: DecodeTfjsOptions = {},
): Promise<Map<string, TfjsArray>> {
  const name = o.name ?? 'The TF.js model';
  const limit = o.maxBytes ?? 2 ** 31;
  const groups = readTfjsManifest(manifest, name);
  let total = 0;
  for (const group of groups)
    for (const w of group.weights) total += w.count * bytesOf(heldAs(w, name));
  if (total > limit)
    throw new GradloomError(
      'tfjs-too-large',
      `${name} takes ${total} bytes in memory, over the limit of ${limit}. Raise maxBytes if it is meant to be this large.`,
      { name, bytes: total, maxBytes: limit },
    );
  const out = new Map<string, TfjsArray>();
  for (const group of groups) {
    const bytes = await join(group, read, name);
    let at = 0;
    for (const w of group.weights) {
      const data = elements(bytes.subarray(at, at + w.bytes), w, heldAs(w, name));
      out.set(w.name, { data, shape: w.shape, dtype: heldAs(w, name) });
      at += w.bytes;
    }
  }
  return out;
}

function heldAs(w: TfjsWeight, name: string): DType {
  switch (w.dtype) {
    case 'float32':
    case 'int32':
    case 'bool':
    case 'uint8':
      return w.dtype;
  }
  throw new GradloomError(
    'tfjs',
    `${name}: ${JSON.stringify(w.name)} holds elements of type ${w.dtype}, which cannot be read. Types that can: float32, int32, bool, uint8.`,
    { name, weight: w.name, dtype: w.dtype },
  );
}

/** The shards of a group one after another: as many bytes as its weights have, and no others. */
async function join(group: TfjsGroup, read: ReadShard, name: string): Promise<Uint8Array> {
  const wrong = (received: number, path: string): GradloomError =>
    new GradloomError(
      'tfjs',
      `${name}: the weights of ${group.paths.map((p) => JSON.stringify(p)).join(', ')} take ${group.bytes} bytes, and ${received > group.bytes ? `there are more, up to ${JSON.stringify(path)}` : `the files have ${received}`}. A shard is damaged or of another model.`,
      { name, expected: group.bytes, received },
    );
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const path of group.paths) {
    const part = await read(path, group.bytes - at);
    at += part.length;
    if (at > group.bytes) throw wrong(at, path);
    parts.push(part);
  }
  if (at !== group.bytes) throw wrong(at, '');
  if (parts.length === 1) return parts[0];
  const out = new Uint8Array(group.bytes);
  at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function elements(bytes: Uint8Array, w: TfjsWeight, dtype: DType): TypedArray {
  const q = w.quantization;
  if (!q) {
    // A copy of its own, aligned.
    const data = viewArray(dtype, bytes.slice().buffer);
    return dtype === 'bool' ? data.map((v) => (v ? 1 : 0)) : data;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = makeArray(dtype, w.count);
  if (q.dtype === 'float16') {
    for (let i = 0; i < out.length; i++) out[i] = fromHalf(view.getUint16(i * 2, true));
    return out;
  }
  const { scale, min } = q;
  const wide = q.dtype === 'uint16';
  for (let i = 0; i < out.length; i++) {
    const v = (wide ? view.getUint16(i * 2, true) : bytes[i]) * scale + min;
    out[i] = dtype === 'int32' ? Math.round(v) : v;
  }
  return out;
}
