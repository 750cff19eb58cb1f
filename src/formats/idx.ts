import { GradloomError } from '../errors.ts';

/**
 * IDX, the file format of MNIST: a big-endian header (two zero bytes, a dtype code, the number of
 * dimensions, one uint32 per dimension) and then the elements, big-endian, in C order.
 */

/** Element types an IDX file can hold, by their NumPy names. */
export type IdxDtype = 'uint8' | 'int8' | 'int16' | 'int32' | 'float32' | 'float64';

/** The typed arrays that hold them. */
export type IdxData =
  | Uint8Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** A decoded IDX file. `data` holds the product of `shape` elements in C (row-major) order. */
export interface IdxArray {
  data: IdxData;
  shape: number[];
  dtype: IdxDtype;
}

export interface DecodeIdxOptions {
  /** Refuse files whose elements take more than this many bytes. Default 1 GiB. */
  maxBytes?: number;
  /** What error messages call the input, usually its file name. Default `'IDX data'`. */
  name?: string;
}

interface Code {
  code: number;
  dtype: IdxDtype;
  size: number;
}

const CODES: readonly Code[] = [
  { code: 0x08, dtype: 'uint8', size: 1 },
  { code: 0x09, dtype: 'int8', size: 1 },
  { code: 0x0b, dtype: 'int16', size: 2 },
  { code: 0x0c, dtype: 'int32', size: 4 },
  { code: 0x0d, dtype: 'float32', size: 4 },
  { code: 0x0e, dtype: 'float64', size: 8 },
];

const DEFAULT_MAX_BYTES = 2 ** 30;

/**
 * Reads an IDX file from its bytes.
 *
 * One-byte elements (`uint8`, `int8`) are returned as a view of `bytes`, without a copy: writing to
 * one writes to the other. Wider elements are copied into a new array in the machine's byte order.
 *
 * @param bytes the whole file, already unpacked (see `gunzip` for `.gz` files)
 * @returns the elements, their shape (`[]` for a file of no dimensions) and their dtype
 * @throws GradloomError `idx-input`, `idx-empty`, `idx-magic`, `idx-dtype`, `idx-overflow`,
 *   `idx-too-large`, `idx-truncated` or `idx-trailing`
 */
export function decodeIdx(bytes: Uint8Array, options: DecodeIdxOptions = {}): IdxArray {
  const name = options.name ?? 'IDX data';
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  if (!(bytes instanceof Uint8Array)) {
    throw new GradloomError(
      'idx-input',
      `${name}: expected the file's bytes as a Uint8Array, received ${describe(bytes)}.`,
      { name },
    );
  }
  if (bytes.byteLength === 0) {
    throw new GradloomError(
      'idx-empty',
      `${name} is empty (0 bytes); an IDX file starts with a header of at least 4 bytes. Fetch the file again.`,
      { name, received: 0 },
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { code, shape, headerBytes } = readHeader(view, name);
  const { count, dataBytes } = measure(shape, code, name);
  if (dataBytes > maxBytes) {
    throw new GradloomError(
      'idx-too-large',
      `${name} declares ${code.dtype} elements of shape [${shape}], ${dataBytes} bytes, over the limit of ${maxBytes} bytes. Raise maxBytes if the file is meant to be this large.`,
      { name, shape, dtype: code.dtype, bytes: dataBytes, maxBytes },
    );
  }
  const expected = headerBytes + dataBytes;
  if (bytes.byteLength < expected) {
    throw new GradloomError(
      'idx-truncated',
      `${name} is truncated: its header (${code.dtype}, shape [${shape}]) promises ${expected} bytes, received ${bytes.byteLength}. Fetch the file again.`,
      { name, shape, dtype: code.dtype, expected, received: bytes.byteLength },
    );
  }
  if (bytes.byteLength > expected) {
    throw new GradloomError(
      'idx-trailing',
      `${name} has ${bytes.byteLength - expected} bytes after its last element: its header (${code.dtype}, shape [${shape}]) promises ${expected} bytes, received ${bytes.byteLength}. The file is damaged or not plain IDX; fetch it again.`,
      { name, shape, dtype: code.dtype, expected, received: bytes.byteLength },
    );
  }
  return { data: readElements(view, headerBytes, count, code.dtype), shape, dtype: code.dtype };
}

/**
 * Writes an IDX file.
 *
 * @param data the elements in C order; the array's own type chooses the dtype of the file
 * @param shape at most 255 dimensions, each an integer in 0..2^32-1, whose product is `data.length`
 * @returns the file's bytes
 * @throws GradloomError `idx-dtype` or `idx-shape`
 */
export function encodeIdx(data: IdxData, shape: readonly number[]): Uint8Array<ArrayBuffer> {
  const dtype = dtypeOf(data);
  const code = CODES.find((c) => c.dtype === dtype);
  if (!code) {
    throw new GradloomError(
      'idx-dtype',
      `IDX holds ${CODES.map((c) => c.dtype).join(', ')}; received ${describe(data)}. Convert it first.`,
    );
  }
  const count = shape.reduce((product, dim) => product * dim, 1);
  const dimsFit = shape.every((d) => Number.isInteger(d) && d >= 0 && d <= 0xffffffff);
  if (!dimsFit || shape.length > 255 || count !== data.length) {
    throw new GradloomError(
      'idx-shape',
      `Shape [${shape}] does not describe ${data.length} elements as at most 255 dimensions of 0..4294967295. Pass a shape whose product is ${data.length}.`,
      { shape: [...shape], length: data.length },
    );
  }
  const headerBytes = 4 + 4 * shape.length;
  const bytes = new Uint8Array(headerBytes + count * code.size);
  const view = new DataView(bytes.buffer);
  view.setUint8(2, code.code);
  view.setUint8(3, shape.length);
  shape.forEach((dim, i) => {
    view.setUint32(4 + 4 * i, dim);
  });
  for (let i = 0; i < count; i++) {
    const at = headerBytes + i * code.size;
    if (dtype === 'uint8' || dtype === 'int8') view.setUint8(at, data[i]);
    else if (dtype === 'int16') view.setInt16(at, data[i]);
    else if (dtype === 'int32') view.setInt32(at, data[i]);
    else if (dtype === 'float32') view.setFloat32(at, data[i]);
    else view.setFloat64(at, data[i]);
  }
  return bytes;
}

function readHeader(
  view: DataView,
  name: string,
): { code: Code; shape: number[]; headerBytes: number } {
  // The magic is judged on as many bytes as there are, so that a short text file is called wrong
  // rather than truncated.
  const start = Array.from({ length: Math.min(4, view.byteLength) }, (_, i) => view.getUint8(i));
  if (start[0] !== 0 || (start.length > 1 && start[1] !== 0)) {
    const gzip = start[0] === 0x1f && start[1] === 0x8b;
    throw new GradloomError(
      'idx-magic',
      `${name} is not an IDX file: it should start with the bytes 00 00, received ${hex(start)}. ${
        gzip ? 'It is gzip-compressed; unpack it first.' : 'Check that this is the right file.'
      }`,
      { name, expected: '00 00', received: hex(start) },
    );
  }
  if (start.length < 4) throw truncatedHeader(name, 4, view.byteLength);
  const code = CODES.find((c) => c.code === start[2]);
  if (!code) {
    throw new GradloomError(
      'idx-dtype',
      `${name} has IDX dtype code ${hex([start[2]])}; the format knows ${CODES.map(
        (c) => `${hex([c.code])} (${c.dtype})`,
      ).join(', ')}. Check that this is the right file.`,
      { name, received: start[2] },
    );
  }
  const headerBytes = 4 + 4 * start[3];
  if (view.byteLength < headerBytes) throw truncatedHeader(name, headerBytes, view.byteLength);
  const shape = Array.from({ length: start[3] }, (_, i) => view.getUint32(4 + 4 * i));
  return { code, shape, headerBytes };
}

function truncatedHeader(name: string, expected: number, received: number): GradloomError {
  return new GradloomError(
    'idx-truncated',
    `${name} is truncated inside its header: expected at least ${expected} bytes, received ${received}. Fetch the file again.`,
    { name, expected, received },
  );
}

function measure(shape: number[], code: Code, name: string): { count: number; dataBytes: number } {
  // Zeros are left out of the overflow check, so [2^32-1, 2^32-1, 0] is refused as well: it has no
  // elements, but its strides could not be computed exactly by whoever receives it.
  let extent = code.size;
  for (const dim of shape) extent *= dim === 0 ? 1 : dim;
  if (extent > Number.MAX_SAFE_INTEGER) {
    throw new GradloomError(
      'idx-overflow',
      `${name} declares shape [${shape}] of ${code.dtype}, more elements than can be counted. The header is damaged or this is not an IDX file.`,
      { name, shape, dtype: code.dtype },
    );
  }
  const count = shape.includes(0) ? 0 : extent / code.size;
  return { count, dataBytes: count * code.size };
}

function readElements(view: DataView, at: number, count: number, dtype: IdxDtype): IdxData {
  const from = view.byteOffset + at;
  switch (dtype) {
    case 'uint8':
      return new Uint8Array(view.buffer, from, count);
    case 'int8':
      return new Int8Array(view.buffer, from, count);
    case 'int16': {
      const out = new Int16Array(count);
      for (let i = 0; i < count; i++) out[i] = view.getInt16(at + 2 * i);
      return out;
    }
    case 'int32': {
      const out = new Int32Array(count);
      for (let i = 0; i < count; i++) out[i] = view.getInt32(at + 4 * i);
      return out;
    }
    case 'float32': {
      const out = new Float32Array(count);
      for (let i = 0; i < count; i++) out[i] = view.getFloat32(at + 4 * i);
      return out;
    }
    case 'float64': {
      const out = new Float64Array(count);
      for (let i = 0; i < count; i++) out[i] = view.getFloat64(at + 8 * i);
      return out;
    }
  }
}

function dtypeOf(data: IdxData): IdxDtype | undefined {
  if (data instanceof Uint8Array) return 'uint8';
  if (data instanceof Int8Array) return 'int8';
  if (data instanceof Int16Array) return 'int16';
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Float64Array) return 'float64';
  return undefined;
}

function describe(value: unknown): string {
  if (value === null || typeof value !== 'object') return String(value);
  return value.constructor?.name ?? 'an object';
}

function hex(bytes: number[]): string {
  return bytes.map((b) => b.toString(16).padStart(2, '0')).join(' ');
}
