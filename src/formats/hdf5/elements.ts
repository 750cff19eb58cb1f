/** Elements of datasets and attributes. */
import { type DType, makeArray, type TypedArray } from '../../dtype.ts';
import { fromHalf } from '../npy.ts';
import type { Source } from './source.ts';
import { type H5Type, wrong } from './types.ts';

export interface H5Array {
  readonly data: TypedArray;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

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
  bf2: 'float32',
  f4: 'float32',
  f8: 'float64',
};

/** What holds elements of a type; undefined for text and bytes. */
export function heldAs(type: H5Type): DType | undefined {
  return held[type.slice(1)];
}

const little = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
const plain: Readonly<Record<string, boolean>> = {
  u1: true,
  i4: true,
  u4: true,
  f4: true,
  f8: true,
};

/** Numbers out of bytes: the bytes themselves where they lie as they should. Wider integers are checked. */
export function numbers(s: Source, raw: Uint8Array, type: H5Type, count: number): TypedArray {
  const dtype = heldAs(type)!;
  const code = type.slice(1);
  const size = Number(/\d+$/.exec(code)![0]);
  if (plain[code] && (size === 1 || (type[0] === '<') === little)) {
    const out = makeArray(dtype, 0);
    const Array = out.constructor as new (b: ArrayBufferLike, at: number, n: number) => TypedArray;
    if (raw.byteOffset % size === 0) return new Array(raw.buffer, raw.byteOffset, count);
    return new Array(new Uint8Array(raw).buffer, 0, count);
  }
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const le = type[0] !== '>';
  const out = makeArray(dtype, count);
  const read: Record<string, (at: number) => number> = {
    b1: (at) => (view.getUint8(at) ? 1 : 0),
    i1: (at) => view.getInt8(at),
    i2: (at) => view.getInt16(at, le),
    u2: (at) => view.getUint16(at, le),
    i4: (at) => view.getInt32(at, le),
    u4: (at) => view.getUint32(at, le),
    i8: (at) => Number(view.getBigInt64(at, le)),
    u8: (at) => Number(view.getBigUint64(at, le)),
    f2: (at) => fromHalf(view.getUint16(at, le)),
    bf2: (at) => fromBrain(view.getUint16(at, le)),
    f4: (at) => view.getFloat32(at, le),
    f8: (at) => view.getFloat64(at, le),
  };
  const get = read[code];
  for (let i = 0; i < count; i++) {
    const v = get(i * size);
    out[i] = v;
    if (size === 8 && dtype === 'int32' && out[i] !== v)
      throw wrong(s.name, `holds the integer ${v}, beyond the 32 bits that integers have here.`);
  }
  return out;
}

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);
/** The upper half of a float32. */
function fromBrain(half: number): number {
  bits[0] = half << 16;
  return float[0];
}

/** Text of fixed or of any length. */
export function texts(
  s: Source,
  raw: Uint8Array,
  at: number,
  type: H5Type,
  count: number,
): string[] {
  if (type === '|T') return Array.from({ length: count }, (_, i) => heapText(s, at + 16 * i));
  const size = Number(type.slice(2));
  return Array.from({ length: count }, (_, i) => {
    const one = raw.subarray(i * size, (i + 1) * size);
    const end = one.indexOf(0);
    return new TextDecoder().decode(end < 0 ? one : one.subarray(0, end));
  });
}

/** Text that lies in a global heap: a length, the address of a collection, and the object's number. */
function heapText(s: Source, at: number): string {
  const length = s.u32(at);
  const collection = s.address(at + 4);
  const wanted = s.u32(at + 12);
  if (length === 0 || collection === undefined || collection === 0) return '';
  s.expect(collection, 'GCOL');
  const end = collection + s.u64(collection + 8);
  for (let p = collection + 16; p + 16 <= end; ) {
    s.step();
    const index = s.u16(p);
    const size = s.u64(p + 8);
    if (index === wanted) {
      const n = Math.min(length, size);
      s.spend(n, 'text');
      return new TextDecoder().decode(s.slice(p + 16, n));
    }
    if (index === 0) break;
    p += 16 + Math.ceil(size / 8) * 8;
  }
  throw wrong(s.name, 'is damaged: it refers to text that is not there.');
}
