/**
 * TFRecord, TensorFlow's file of byte strings one after another. Each is a length (uint64, little
 * endian), the masked CRC-32C of those eight bytes, the bytes, and their masked CRC-32C. See
 * tensorflow/core/lib/io/record_writer.h.
 */
import { GradloomError } from '../errors.ts';

let table: Uint32Array | undefined;

/** Of the reflected Castagnoli polynomial. */
function crcTable(): Uint32Array {
  if (table) return table;
  table = new Uint32Array(256);
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
    table[n] = c;
  }
  return table;
}

/** CRC-32C (RFC 3720, B.4) as an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array): number {
  const t = crcTable();
  let c = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) c = t[(c ^ bytes[i]) & 255] ^ (c >>> 8);
  return ~c >>> 0;
}

/** A checksum of data that holds checksums itself should not look like one of those. */
function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

const framing = 16;

/** One record: `data` in its frame. */
export function encodeTfRecord(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length + framing);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length, true);
  view.setUint32(4, Math.floor(data.length / 2 ** 32), true);
  view.setUint32(8, masked(crc32c(out.subarray(0, 8))), true);
  out.set(data, 12);
  view.setUint32(12 + data.length, masked(crc32c(data)), true);
  return out;
}

export interface ReadTfRecordsOptions {
  /** What error messages call the input. Default `TFRecord data`. */
  readonly name?: string;
}

/**
 * The records of a file, as views of its bytes. Throws `tfrecord` where a checksum is wrong or the
 * last record is cut off; the records before that have been given by then.
 */
export function* readTfRecords(
  bytes: Uint8Array,
  o: ReadTfRecordsOptions = {},
): Generator<Uint8Array> {
  const name = o.name ?? 'TFRecord data';
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  for (let record = 0; at < bytes.length; record++) {
    const wrong = (message: string): GradloomError =>
      new GradloomError('tfrecord', `${name}: record ${record}, at byte ${at}, ${message}`, {
        name,
        record,
        offset: at,
      });
    const left = bytes.length - at - framing;
    if (left < 0) throw wrong(`is cut off: ${bytes.length - at} bytes are left.`);
    if (view.getUint32(at + 8, true) !== masked(crc32c(bytes.subarray(at, at + 8))))
      throw wrong('has a wrong checksum of its length. Is this a TFRecord file, not compressed?');
    const length = view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
    if (length > left) throw wrong(`is cut off: of ${length} bytes ${left} are there.`);
    const data = bytes.subarray(at + 12, at + 12 + length);
    if (view.getUint32(at + 12 + length, true) !== masked(crc32c(data)))
      throw wrong(`is damaged: its ${length} bytes do not fit their checksum.`);
    yield data;
    at += length + framing;
  }
}
