/** Files that the safetensors package wrote (scripts/goldens/make_safetensors.py), broken and changed ones. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DType } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { cases } from './fuzzing.ts';
import { decodeSafetensors, encodeSafetensors, type SafetensorsArray } from './safetensors.ts';
import { readSafetensorsHeader } from './safetensors-header.ts';

interface File {
  readonly bytes: string;
  readonly metadata: Record<string, string>;
  readonly tensors: Record<string, { readonly shape: number[]; readonly data: number[] }>;
}
const { files } = JSON.parse(
  readFileSync(new URL('../../test/files/safetensors.json', import.meta.url), 'utf8'),
) as { files: Record<string, File> };
const bytesOf = (name: string): Uint8Array =>
  Uint8Array.from(Buffer.from(files[name].bytes, 'base64'));

/** A file of this header (text or value) and so many bytes of elements. */
function file(header: unknown, body = 0): Uint8Array {
  const text = typeof header === 'string' ? header : JSON.stringify(header);
  const bytes = new TextEncoder().encode(text);
  const out = new Uint8Array(8 + bytes.length + body);
  new DataView(out.buffer).setUint32(0, bytes.length, true);
  out.set(bytes, 8);
  return out;
}
const entry = (dtype: string, shape: unknown, from: unknown, to: unknown): object => ({
  dtype,
  shape,
  data_offsets: [from, to],
});

const floats = (name: string, ...data: number[]): [string, SafetensorsArray] => [
  name,
  { data: Float32Array.from(data), shape: [data.length], dtype: 'float32' },
];

describe('decodeSafetensors', () => {
  it.each(['own', 'odd', 'nothing'])('%s', (name) => {
    const { tensors, metadata } = decodeSafetensors(bytesOf(name));
    expect(Object.fromEntries(metadata)).toEqual(files[name].metadata);
    const found = [...tensors].map(([k, a]) => [k, { shape: a.shape, data: [...a.data] }]);
    expect(Object.fromEntries(found)).toEqual(files[name].tensors);
  });

  it('reads what lies unaligned, and only what is asked for', () => {
    const whole = new Uint8Array(bytesOf('own').length + 3);
    whole.set(bytesOf('own'), 3);
    const { tensors } = decodeSafetensors(whole.subarray(3), { only: (n) => n === 'wide' });
    expect([...tensors.keys()]).toEqual(['wide']);
    expect([...tensors.get('wide')!.data]).toEqual(files.own.tensors.wide.data);
    // Types that are not asked for do no harm.
    expect(decodeSafetensors(bytesOf('eight'), { only: () => false }).tensors.size).toBe(0);
  });

  it('booleans other than 0 and 1 become 1', () => {
    const bytes = file({ b: entry('BOOL', [3], 0, 3) }, 3);
    bytes.set([0, 7, 1], bytes.length - 3);
    expect([...decodeSafetensors(bytes).tensors.get('b')!.data]).toEqual([0, 1, 1]);
  });

  it.each([
    ['too wide', /"n" holds 1099511627776 \(element 1\), which does not fit/],
    ['eight', /"x" holds elements of type F8_E4M3.*Types that can: BOOL/],
  ])('%s is refused', (name, message) => {
    expect(() => decodeSafetensors(bytesOf(name))).toThrow(message);
  });

  const f4 = entry('F32', [1], 0, 4);
  it.each<[string, Uint8Array, RegExp]>([
    ['empty', new Uint8Array(0), /is empty/],
    ['a few bytes', new Uint8Array(5), /cut off: it has 5 bytes/],
    ['text', new TextEncoder().encode('hello, world'), /no safetensors file/],
    ['a header of 2^64 bytes', new Uint8Array(16).fill(255), /no safetensors file/],
    ['a header beyond the end', file({ a: f4 }, 4).slice(0, 30), /cut off: its header/],
    ['no header', new Uint8Array(8), /header that cannot be read/],
    ['a header of nothing but {', file('{'), /header that cannot be read/],
    ['bytes that are no UTF-8', file('{"\xff": 1}').fill(0xff, 10, 11), /cannot be read/],
    ['a list', file('[1]'), /no safetensors file/],
    ['elements cut off', file({ a: f4 }, 3), /cut off: its elements end/],
    ['bytes left over', file({ a: f4 }, 5), /1 bytes after/],
    ['a hole', file({ a: f4, b: entry('F32', [1], 8, 12) }, 12), /leaves a hole before "b"/],
    ['an overlap', file({ a: entry('F32', [2], 0, 8), b: entry('F32', [1], 4, 8) }, 8), /overlap/],
    ['the same bytes twice', file({ a: f4, b: f4 }, 4), /overlap/],
    ['a hole in front', file({ a: entry('F32', [1], 4, 8) }, 8), /leaves a hole/],
    ['offsets backwards', file({ a: entry('F32', [1], 4, 0) }, 4), /-4 bytes, expected 4/],
    ['an offset below zero', file({ a: entry('F32', [1], -4, 0) }, 4), /cannot be read/],
    ['half an offset', file({ a: entry('F32', [1], 0.5, 4.5) }, 4), /cannot be read/],
    [
      'three offsets',
      file({ a: { dtype: 'F32', shape: [1], data_offsets: [0, 4, 4] } }, 4),
      /data_offsets/,
    ],
    ['too few bytes', file({ a: entry('F32', [2], 0, 4) }, 4), /4 bytes, expected 8/],
    ['a shape that overflows', file({ a: entry('F32', [2 ** 40, 2 ** 40], 0, 4) }, 4), /expected/],
    ['a size beyond all', file({ a: entry('F32', [1e300], 0, 4) }, 4), /cannot be read/],
    [
      'infinity times nothing',
      file({ a: entry('U8', [...new Array(25).fill(2 ** 50), 0], 0, 0) }),
      /expected NaN/,
    ],
    ['a size below zero', file({ a: entry('F32', [-1, -1], 0, 4) }, 4), /cannot be read/],
    ['33 dimensions', file({ a: entry('U8', new Array(33).fill(1), 0, 1) }, 1), /33 dimensions/],
    ['an unknown type', file({ a: entry('F31', [1], 0, 4) }, 4), /unknown type "F31"/],
    ['a type of Object', file({ a: entry('constructor', [1], 0, 4) }, 4), /unknown type/],
    ['an entry too many', file({ a: { ...f4, url: 'http://x' } }, 4), /cannot be read/],
    ['an entry that is null', file({ a: null }), /cannot be read/],
    ['metadata of numbers', file({ __metadata__: { a: 1 } }), /no strings: "a"/],
    ['metadata of a list', file({ __metadata__: ['a'] }), /no object/],
    [
      'a name twice',
      file('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\\u0061":1}'),
      /"a" twice/,
    ],
  ])('%s is refused', (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes, { name: 'x.safetensors' })).toThrow(message);
    expect(() => decodeSafetensors(bytes, { name: 'x.safetensors' })).toThrow(/^x\.safetensors/);
  });

  it('names that mean something to JavaScript are names', () => {
    const { tensors } = decodeSafetensors(
      file('{"__proto__":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}', 1),
    );
    expect([...tensors.keys()]).toEqual(['__proto__']);
  });

  it('takes no more memory than it may', () => {
    // One byte of the file becomes four.
    const bytes = file({ a: entry('I8', [1000], 0, 1000) }, 1000);
    expect(() => decodeSafetensors(bytes, { maxBytes: 3999 })).toThrow(/takes 4000 bytes/);
    expect(decodeSafetensors(bytes, { maxBytes: 4000 }).tensors.get('a')!.data.length).toBe(1000);
  });

  it('the header alone tells what is in a file', () => {
    const bytes = bytesOf('own');
    const start = readSafetensorsHeader(bytes).dataStart;
    const { tensors } = readSafetensorsHeader(bytes.subarray(0, start), { length: bytes.length });
    expect(tensors.get('dense/kernel')).toMatchObject({ dtype: 'F32', shape: [3, 4], count: 12 });
    expect(() => readSafetensorsHeader(bytes.subarray(0, start))).toThrow(/cut off/);
  });

  it('ends in arrays or a GradloomError, whatever bytes are changed', () => {
    const good = ['own', 'odd'].map(bytesOf);
    const change = fc.array(fc.tuple(fc.nat(1200), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const property = fc.property(fc.nat(1), change, fc.nat(300), (which, edits, cut) => {
      let bytes = good[which].slice();
      for (const [at, v] of edits) bytes[at % bytes.length] = v;
      if (cut < 60) bytes = bytes.slice(0, Math.floor((bytes.length * cut) / 60));
      return endsWell(bytes);
    });
    fc.assert(property, { numRuns: cases(3000) });
  });

  it('ends in arrays or a GradloomError, whatever the header says', () => {
    const size = fc.oneof(fc.nat(4), fc.constantFrom(-1, 0.5, 2 ** 31, 2 ** 53, 1e308, null, '1'));
    const dtype = fc.constantFrom('F32', 'F16', 'I64', 'BOOL', 'U8', 'F64', 'X', 3);
    const described = fc.record({
      dtype,
      shape: fc.oneof(fc.array(size, { maxLength: 3 }), fc.json()),
      data_offsets: fc.oneof(fc.tuple(size, size), fc.array(size, { maxLength: 3 })),
    });
    const header = fc.dictionary(fc.constantFrom('a', 'b', '__metadata__', ''), described);
    const property = fc.property(header, fc.nat(40), (h, body) => endsWell(file(h, body)));
    fc.assert(property, { numRuns: cases(2000) });
  });

  function endsWell(bytes: Uint8Array): boolean {
    try {
      const { tensors } = decodeSafetensors(bytes, { maxBytes: 1 << 16 });
      return [...tensors.values()].every(
        (a) => a.data.length === a.shape.reduce((x, y) => x * y, 1),
      );
    } catch (e) {
      return e instanceof GradloomError;
    }
  }
});

describe('encodeSafetensors', () => {
  it('writes the bytes that the safetensors package writes', () => {
    const { tensors, metadata } = decodeSafetensors(bytesOf('own'));
    const shuffled = [...tensors].reverse();
    expect(encodeSafetensors(shuffled, { metadata })).toEqual(bytesOf('own'));
    expect(encodeSafetensors([])).toEqual(bytesOf('nothing'));
  });

  it('what is written is read: any arrays, names and metadata', () => {
    const array = fc
      .tuple(
        fc.constantFrom<DType>('float32', 'float64', 'int32', 'uint32', 'uint8', 'bool'),
        fc.nat(3),
        fc.nat(3),
      )
      .map(([dtype, n, m]): SafetensorsArray => {
        const made = {
          float32: Float32Array,
          float64: Float64Array,
          int32: Int32Array,
          uint32: Uint32Array,
          uint8: Uint8Array,
          bool: Uint8Array,
        };
        const data = new made[dtype](n * m).fill(1);
        return { data, shape: [n, m], dtype };
      });
    const name = fc.string({ unit: 'binary' }).filter((s) => s !== '__metadata__');
    const entries = fc.uniqueArray(fc.tuple(name, array), { selector: ([n]) => n, maxLength: 6 });
    const metadata = fc.uniqueArray(fc.tuple(name, fc.string()), { selector: ([n]) => n });
    const property = fc.property(entries, metadata, (list, meta) => {
      const back = decodeSafetensors(encodeSafetensors(list, { metadata: meta }));
      expect(new Map(back.tensors)).toEqual(new Map(list));
      expect(back.metadata).toEqual(new Map(meta));
    });
    fc.assert(property, { numRuns: cases(300) });
  });

  it('refuses what would be no file', () => {
    const [, a] = floats('a', 1, 2);
    expect(() => encodeSafetensors([floats('a', 1), floats('a', 2)])).toThrow(/two arrays/);
    expect(() => encodeSafetensors([floats('__metadata__', 1)])).toThrow(/cannot be the name/);
    expect(() => encodeSafetensors([['a', { ...a, shape: [3] }]])).toThrow(
      /2 elements.*expected 3/,
    );
    expect(() => encodeSafetensors([['a', { ...a, dtype: 'float64' }]])).toThrow(
      /Float32Array.*float64/,
    );
  });
});
