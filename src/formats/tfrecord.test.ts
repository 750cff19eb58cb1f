import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readGoldens } from '../keras/testing.ts';
import { crc32c, encodeTfRecord, readTfRecords } from './tfrecord.ts';

const ascii = (s: string): Uint8Array => new TextEncoder().encode(s);
const hex = (b: Uint8Array): string => Buffer.from(b).toString('hex');

describe('crc32c', () => {
  it('is that of RFC 3720 (B.4)', () => {
    expect(crc32c(ascii('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(new Uint8Array(0))).toBe(0);
  });
});

describe('TFRecord', () => {
  it('frames as TensorFlow does', () => {
    // tf.io.TFRecordWriter, of b"abc" and of b"".
    expect(hex(encodeTfRecord(ascii('abc')))).toBe('0300000000000000b099490e6162636e57f121');
    expect(hex(encodeTfRecord(ascii('')))).toBe('000000000000000029039807d8ea82a2');
  });
  it('reads TensorBoard’s files, and writes them again byte by byte', () => {
    const { tensorboard } = readGoldens<{
      tensorboard: { files: Record<string, string[]> };
    }>('callbacks');
    for (const stored of Object.values(tensorboard.files).flat()) {
      const bytes = Buffer.from(stored, 'base64');
      const records = [...readTfRecords(bytes)];
      expect(records.length).toBeGreaterThan(2);
      expect(Buffer.concat(records.map(encodeTfRecord)).equals(bytes)).toBe(true);
    }
  });
  it('reads what it has written', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 5 }), (records) => {
        const bytes = Buffer.concat(records.map(encodeTfRecord));
        expect([...readTfRecords(bytes)].map(hex)).toEqual(records.map(hex));
      }),
    );
  });
  it('finds every byte that has changed or is missing', () => {
    const bytes = Buffer.concat([encodeTfRecord(ascii('first')), encodeTfRecord(ascii('second'))]);
    for (let i = 0; i < bytes.length; i++) {
      const changed = Uint8Array.from(bytes);
      changed[i] ^= 16;
      expect(() => [...readTfRecords(changed)], `byte ${i} changed`).toThrow(/wrong|damaged/);
      if (i === 0 || i === 21) continue;
      expect(() => [...readTfRecords(bytes.subarray(0, i))], `${i} bytes`).toThrow(/cut off/);
    }
  });
  it('gives the records before the damage, and says where it is', () => {
    const bytes = Buffer.concat([encodeTfRecord(ascii('first')), encodeTfRecord(ascii('second'))]);
    bytes[bytes.length - 6] ^= 1;
    const got: string[] = [];
    expect(() => {
      for (const r of readTfRecords(bytes, { name: 'x.tfrecord' }))
        got.push(String(Buffer.from(r)));
    }).toThrow(
      'x.tfrecord: record 1, at byte 21, is damaged: its 6 bytes do not fit their checksum.',
    );
    expect(got).toEqual(['first']);
  });
  it('takes no length on trust', () => {
    const huge = Buffer.from(encodeTfRecord(ascii('abc')));
    huge.writeUInt32LE(0xffffffff, 4);
    expect(() => [...readTfRecords(huge)]).toThrow(/wrong checksum of its length/);
    const crc = crc32c(huge.subarray(0, 8));
    huge.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0, 8);
    expect(() => [...readTfRecords(huge)]).toThrow(/is cut off: of 18446744069414584000 bytes 3/);
  });
});
