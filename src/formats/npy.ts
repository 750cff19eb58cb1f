/**
 * NPY, NumPy's file of one array: a magic string, a version, a header that is a Python dictionary of
 * descr, fortran_order and shape, and the elements. See numpy.lib.format.
 */
import { bytesOf, type DType, makeArray, type TypedArray, viewArray } from '../dtype.ts';
import { GradloomError } from '../errors.ts';

export interface NpyArray {
  readonly data: TypedArray;
  readonly shape: number[];
  readonly dtype: DType;
}

export interface DecodeNpyOptions {
  /** Refuse arrays that take more than this many bytes in memory. Default: 16 times the file, 64 MiB at least. */
  readonly maxBytes?: number;
  /** What error messages call the input. Default `NPY data`. */
  readonly name?: string;
}

/** NumPy's kinds and sizes, and what holds them here. Wider integers are checked for range. */
const held: Readonly<Record<string, DType>> = {
  b1: 'bool',
  u1: 'uint8',
  i1: 'int32',
  i2: 'int32',
  u2: 'int32',
  i4: 'int32',
  u4: 'uint32',
  i8: 'int32',
  u8: 'int32',
  f2: 'float32',
  f4: 'float32',
  f8: 'float64',
};

const written: Readonly<Record<DType, string>> = {
  bool: '|b1',
  uint8: '|u1',
  int32: '<i4',
  uint32: '<u4',
  float32: '<f4',
  float64: '<f8',
};

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/**
 * Reads the bytes of an .npy file. Throws `npy` for what is none, is cut off, holds Python objects,
 * text or records, or integers beyond 32 bits; `npy-too-large` before memory is taken.
 */
export function decodeNpy(bytes: Uint8Array, o: DecodeNpyOptions = {}): NpyArray {
  const name = o.name ?? 'NPY data';
  const wrong = wrongIn(name);
  const { descr, fortran, shape, start } = headerOf(bytes, wrong);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const dtype = held[descr.slice(1)];
  const order = descr[0];
  if (!dtype || !'<>|='.includes(order))
    throw wrong(
      `holds elements of type '${descr}'. Numbers and booleans can be read; objects, text and records cannot.`,
      { descr },
    );
  const size = Number(descr[2]);
  // As a product in doubles it may round, but then it is far beyond any limit.
  const count = shape.reduce((a, b) => a * b, 1);
  const limit = o.maxBytes ?? Math.max(2 ** 26, bytes.length * 16);
  if (count * bytesOf(dtype) > limit)
    throw new GradloomError(
      'npy-too-large',
      `${name} declares ${descr} elements of shape (${shape.join(', ')}), over the limit of ${limit} bytes. Raise maxBytes if the file is meant to be this large.`,
      { name, shape, maxBytes: limit },
    );
  const end = start + count * size;
  if (end > bytes.length)
    throw wrong(
      `is cut off: ${descr} of shape (${shape.join(', ')}) ends at byte ${end} of ${bytes.length}.`,
      { shape, expected: end, received: bytes.length },
    );
  if (end < bytes.length)
    throw wrong(`has ${bytes.length - end} bytes after its last element.`, { shape });
  const raw = elements(view, start, count, descr.slice(1), order !== '>', dtype, wrong);
  return { data: fortran ? fromColumns(raw, shape, dtype) : raw, shape, dtype };
}

/** The pickle in an .npy file that holds Python objects. Throws `npy` for any other. */
export function pickleOfNpy(bytes: Uint8Array, o: { readonly name?: string } = {}): Uint8Array {
  const wrong = wrongIn(o.name ?? 'NPY data');
  const { descr, start } = headerOf(bytes, wrong);
  if (descr !== '|O') throw wrong(`holds elements of type '${descr}', not objects.`, { descr });
  return bytes.subarray(start);
}

type Wrong = (message: string, facts?: Record<string, unknown>) => GradloomError;

const wrongIn =
  (name: string): Wrong =>
  (message, facts = {}) =>
    new GradloomError('npy', `${name} ${message}`, { name, ...facts });

/** What the header says, and where the elements begin. */
function headerOf(
  bytes: Uint8Array,
  wrong: Wrong,
): { descr: string; fortran: boolean; shape: number[]; start: number } {
  if (bytes.length < 10 || magic.some((b, i) => bytes[i] !== b))
    throw wrong(
      bytes.length === 0 ? 'is empty.' : 'is no NPY file: it does not begin with \\x93NUMPY.',
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6];
  if (version < 1 || version > 3)
    throw wrong(`has format version ${version}; versions 1 to 3 can be read.`, { version });
  const [at, length] =
    version === 1
      ? [10, view.getUint16(8, true)]
      : [12, bytes.length >= 12 ? view.getUint32(8, true) : 0];
  const start = at + length;
  if (start > bytes.length)
    throw wrong(`is cut off: its header ends at byte ${start} of ${bytes.length}.`);
  const decoder = new TextDecoder(version === 3 ? 'utf-8' : 'latin1');
  return { ...parseHeader(decoder.decode(bytes.subarray(at, start)), wrong), start };
}

/** {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }: this and nothing else of Python. */
function parseHeader(
  text: string,
  wrong: Wrong,
): { descr: string; fortran: boolean; shape: number[] } {
  const refuse = (): GradloomError =>
    wrong(`has a header that cannot be read: ${JSON.stringify(text.trim().slice(0, 80))}.`);
  const outer = /^\s*\{(.*)\}\s*$/s.exec(text);
  if (!outer) throw refuse();
  const found = new Map<string, string>();
  const item =
    /\s*(['"])(descr|fortran_order|shape)\1\s*:\s*((['"])[^'"]{1,16}\4|True|False|\([0-9L,\s]{0,400}\))\s*(,|$)/y;
  const inner = outer[1].trimEnd();
  while (item.lastIndex < inner.length) {
    const m = item.exec(inner);
    if (!m || found.has(m[2])) throw refuse();
    found.set(m[2], m[3]);
  }
  const [descr, fortran, shape] = ['descr', 'fortran_order', 'shape'].map((k) => found.get(k));
  if (
    !descr ||
    !/^['"]/.test(descr) ||
    !/^(True|False)$/.test(fortran ?? '') ||
    !shape?.startsWith('(')
  )
    throw refuse();
  const parts = shape
    .slice(1, -1)
    .split(',')
    .map((s) => s.trim().replace(/L$/, ''));
  if (parts[parts.length - 1] === '') parts.pop();
  if (!parts.every((s) => /^\d{1,15}$/.test(s)) || parts.length > 32) throw refuse();
  return { descr: descr.slice(1, -1), fortran: fortran === 'True', shape: parts.map(Number) };
}

function elements(
  view: DataView,
  start: number,
  count: number,
  kind: string,
  little: boolean,
  dtype: DType,
  wrong: Wrong,
): TypedArray {
  const size = Number(kind[1]);
  if (size === bytesOf(dtype) && (little || size === 1) && kind !== 'i1') {
    const from = view.byteOffset + start;
    // A copy of its own, aligned.
    const data = viewArray(dtype, view.buffer.slice(from, from + count * size));
    return kind === 'b1' ? data.map((v) => (v ? 1 : 0)) : data;
  }
  const out = makeArray(dtype, count);
  const read = reader(view, kind, little);
  for (let i = 0; i < count; i++) {
    const v = read(start + i * size);
    if (typeof v === 'bigint' && (v > 0x7fffffffn || v < -0x80000000n))
      throw wrong(`holds ${v} (element ${i}), which does not fit the 32 bits of int32.`, {
        element: i,
      });
    out[i] = Number(v);
  }
  return out;
}

function reader(view: DataView, kind: string, little: boolean): (at: number) => number | bigint {
  switch (kind) {
    case 'i1':
      return (at) => view.getInt8(at);
    case 'i2':
      return (at) => view.getInt16(at, little);
    case 'u2':
      return (at) => view.getUint16(at, little);
    case 'i4':
      return (at) => view.getInt32(at, little);
    case 'u4':
      return (at) => view.getUint32(at, little);
    case 'i8':
      return (at) => view.getBigInt64(at, little);
    case 'u8':
      return (at) => view.getBigUint64(at, little);
    case 'f2':
      return (at) => fromHalf(view.getUint16(at, little));
    case 'f4':
      return (at) => view.getFloat32(at, little);
    default:
      return (at) => view.getFloat64(at, little);
  }
}

/** IEEE 754 binary16. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** Fortran's order (the first index moves fastest) to C's. */
function fromColumns(data: TypedArray, shape: readonly number[], dtype: DType): TypedArray {
  const out = makeArray(dtype, data.length);
  const strides = shape.map((_, d) => shape.slice(0, d).reduce((a, b) => a * b, 1));
  const index = shape.map(() => 0);
  let from = 0;
  for (let i = 0; i < data.length; i++) {
    out[i] = data[from];
    for (let d = shape.length - 1; d >= 0; d--) {
      from += strides[d];
      if (++index[d] < shape[d]) break;
      from -= strides[d] * shape[d];
      index[d] = 0;
    }
  }
  return out;
}

/** The bytes of an .npy file (version 1.0), as NumPy writes it. */
export function encodeNpy(a: {
  readonly data: TypedArray;
  readonly shape: readonly number[];
  readonly dtype: DType;
}): Uint8Array<ArrayBuffer> {
  const { data, shape, dtype } = a;
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${written[dtype]}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // Filled up so that the elements begin at a multiple of 64.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const out = new Uint8Array(10 + length + data.byteLength);
  out.set(magic);
  out.set([1, 0, length & 255, length >> 8], 6);
  out.set(new TextEncoder().encode(`${text.padEnd(length - 1)}\n`), 10);
  out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + length);
  return out;
}
