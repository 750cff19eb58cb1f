/**
 * safetensors, Hugging Face's file of named arrays: the length of a header (uint64), the header as JSON
 * ({ name: { dtype, shape, data_offsets } } and an optional `__metadata__` of strings), and the elements.
 * See https://github.com/huggingface/safetensors#format.
 */
import { bytesOf, type DType, makeArray, type TypedArray, viewArray } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { fromHalf } from './npy.ts';
import {
  formatLimits,
  readSafetensorsHeader,
  type SafetensorsEntry,
  type SafetensorsHeaderOptions,
} from './safetensors-header.ts';

export interface SafetensorsArray {
  readonly data: TypedArray;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

export interface SafetensorsFile {
  /** By name, in the order of their bytes. */
  readonly tensors: Map<string, SafetensorsArray>;
  readonly metadata: Map<string, string>;
}

export interface DecodeSafetensorsOptions extends SafetensorsHeaderOptions {
  /** Refuse files whose arrays take more than this many bytes in memory. Default: 4 times the file, 64 MiB at least. */
  readonly maxBytes?: number;
  /** Only these arrays. */
  readonly only?: (name: string) => boolean;
}

/** What holds the elements of a file's types here. Wider integers are checked for range. */
const held: Readonly<Record<string, DType>> = {
  BOOL: 'bool',
  U8: 'uint8',
  I8: 'int32',
  I16: 'int32',
  U16: 'int32',
  I32: 'int32',
  U32: 'uint32',
  I64: 'int32',
  U64: 'int32',
  F16: 'float32',
  BF16: 'float32',
  F32: 'float32',
  F64: 'float64',
};

/** In the order in which the reference implementation puts arrays, so that each lies aligned. */
const written: readonly (readonly [DType, string])[] = [
  ['float64', 'F64'],
  ['float32', 'F32'],
  ['uint32', 'U32'],
  ['int32', 'I32'],
  ['uint8', 'U8'],
  ['bool', 'BOOL'],
];

/**
 * Reads the bytes of a .safetensors file. Arrays of our own dtypes that lie aligned are views of `bytes`;
 * half precision becomes float32, other integers int32.
 *
 * @throws GradloomError `safetensors` for what is none, is cut off, whose arrays overlap or leave holes,
 *   or with elements that cannot be held; `safetensors-too-large` before memory is taken
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  o: DecodeSafetensorsOptions = {},
): SafetensorsFile {
  const name = o.name ?? 'safetensors data';
  const header = readSafetensorsHeader(bytes, o);
  const wanted = [...header.tensors].filter(([key]) => !o.only || o.only(key));
  const limit = o.maxBytes ?? Math.max(2 ** 26, bytes.length * 4);
  let total = 0;
  for (const [key, entry] of wanted) {
    const dtype = held[entry.dtype];
    if (!dtype)
      throw new GradloomError(
        'safetensors',
        `${name}: ${JSON.stringify(key)} holds elements of type ${entry.dtype}, which cannot be read. Types that can: ${Object.keys(held).join(', ')}.`,
        { name, tensor: key, dtype: entry.dtype },
      );
    total += entry.count * bytesOf(dtype);
  }
  if (total > limit)
    throw new GradloomError(
      'safetensors-too-large',
      `${name} takes ${total} bytes in memory, over the limit of ${limit}. Raise maxBytes if it is meant to be this large.`,
      { name, bytes: total, maxBytes: limit },
    );
  const tensors = new Map<string, SafetensorsArray>();
  for (const [key, entry] of wanted) {
    const data = elements(bytes, entry, `${name}: ${JSON.stringify(key)}`);
    tensors.set(key, { data, shape: entry.shape, dtype: held[entry.dtype] });
  }
  return { tensors, metadata: header.metadata };
}

function elements(bytes: Uint8Array, entry: SafetensorsEntry, name: string): TypedArray {
  const { dtype: kind, count, begin, end } = entry;
  const dtype = held[kind];
  const size = bytesOf(dtype);
  const from = bytes.byteOffset + begin;
  if (written.some(([, k]) => k === kind)) {
    const data =
      from % size === 0
        ? viewArray(dtype, bytes.buffer, from, count)
        : viewArray(dtype, bytes.slice(begin, end).buffer);
    return kind === 'BOOL' && data.some((v) => v > 1) ? data.map((v) => (v ? 1 : 0)) : data;
  }
  const view = new DataView(bytes.buffer, from, end - begin);
  const read = readers[kind](view);
  const out = makeArray(dtype, count);
  for (let i = 0; i < count; i++) {
    const v = read(i);
    if (typeof v === 'bigint' && (v > 0x7fffffffn || v < -0x80000000n))
      throw new GradloomError(
        'safetensors',
        `${name} holds ${v} (element ${i}), which does not fit the 32 bits of int32.`,
        { element: i },
      );
    out[i] = Number(v);
  }
  return out;
}

const bits = new Uint32Array(1);
const asFloat = new Float32Array(bits.buffer);

const readers: Readonly<Record<string, (view: DataView) => (i: number) => number | bigint>> = {
  I8: (v) => (i) => v.getInt8(i),
  I16: (v) => (i) => v.getInt16(i * 2, true),
  U16: (v) => (i) => v.getUint16(i * 2, true),
  I64: (v) => (i) => v.getBigInt64(i * 8, true),
  U64: (v) => (i) => v.getBigUint64(i * 8, true),
  F16: (v) => (i) => fromHalf(v.getUint16(i * 2, true)),
  BF16: (v) => (i) => {
    bits[0] = v.getUint16(i * 2, true) << 16;
    return asFloat[0];
  },
};

export interface EncodeSafetensorsOptions {
  /** Strings by name. */
  readonly metadata?: Iterable<readonly [string, string]>;
}

/**
 * The bytes of a .safetensors file, as the reference implementation lays them out: wide elements first,
 * then by name. Throws `safetensors` for a name that is given twice or is `__metadata__`, and for data
 * that are not of the shape they claim.
 */
export function encodeSafetensors(
  tensors: Iterable<readonly [name: string, array: SafetensorsArray]>,
  o: EncodeSafetensorsOptions = {},
): Uint8Array<ArrayBuffer> {
  const rank = (a: SafetensorsArray): number => written.findIndex(([d]) => d === a.dtype);
  const list = [...tensors].sort(
    ([n, a], [m, b]) => rank(a) - rank(b) || (n < m ? -1 : n > m ? 1 : 0),
  );
  const fields: string[] = [];
  const metadata = o.metadata ? [...o.metadata] : [];
  if (metadata.length > 0) {
    const pairs = metadata.map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`);
    fields.push(`"__metadata__":{${pairs.join(',')}}`);
  }
  let size = 0;
  for (const [i, [name, a]] of list.entries()) {
    const count = a.shape.reduce((x, y) => x * y, 1);
    if (name === '__metadata__' || list[i - 1]?.[0] === name)
      throw new GradloomError(
        'safetensors',
        `${JSON.stringify(name)} cannot be the name of ${name === '__metadata__' ? 'an array' : 'two arrays'} in a safetensors file.`,
        { tensor: name },
      );
    if (a.data.length !== count || rank(a) < 0 || a.data.byteLength !== count * bytesOf(a.dtype))
      throw new GradloomError(
        'safetensors',
        `${JSON.stringify(name)} has ${a.data.length} elements (${a.data.constructor.name}), expected ${count} of ${a.dtype} for shape (${a.shape.join(', ')}).`,
        { tensor: name, shape: [...a.shape], received: a.data.length },
      );
    const kind = written[rank(a)][1];
    const end = size + a.data.byteLength;
    fields.push(
      `${JSON.stringify(name)}:{"dtype":"${kind}","shape":[${a.shape.join(',')}],"data_offsets":[${size},${end}]}`,
    );
    size = end;
  }
  const text = new TextEncoder().encode(`{${fields.join(',')}}`);
  // Filled up with spaces so that the elements begin at a multiple of 8.
  const length = Math.ceil(text.length / 8) * 8;
  if (length > formatLimits.header)
    throw new GradloomError(
      'safetensors',
      `The names and metadata of a safetensors file may take ${formatLimits.header} bytes; these take ${length}.`,
      { bytes: length },
    );
  const out = new Uint8Array(8 + length + size);
  new DataView(out.buffer).setUint32(0, length, true);
  out.fill(0x20, 8, 8 + length).set(text, 8);
  let at = 8 + length;
  for (const [, { data }] of list) {
    out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return out;
}
