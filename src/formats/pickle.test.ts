/** Pickles against Python's, and what strangers may write. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GradloomError } from '../errors.ts';
import { type GoldenArray, numbersOf, readGoldens, shapeOf } from '../keras/testing.ts';
import { cases } from './fuzzing.ts';
import { type PickledArray, unpickle } from './pickle.ts';

interface Goldens {
  readonly plain: { name: string; file: GoldenArray }[];
  readonly arrays: { name: string; file: GoldenArray; values: GoldenArray; descr: string }[];
  readonly cifar: { file: GoldenArray; labels: number[] };
}
const goldens = readGoldens<Goldens>('pickles');
const bytesOf = (a: GoldenArray): Uint8Array => Uint8Array.from(numbersOf(a));

describe('unpickle', () => {
  it.each(goldens.plain)('reads plain data: $name', ({ file }) => {
    const x = unpickle(bytesOf(file)) as Map<string, unknown>;
    expect(Object.fromEntries(x)).toEqual({
      whole: [0, 255, 256, -1, 70000, 2 ** 40],
      float: 1.5,
      text: 'žluťoučký',
      bytes: Uint8Array.of(0, 255),
      none: null,
      flags: [true, false],
    });
  });
  it.each(goldens.arrays)('reads arrays: $name', ({ file, values, descr }) => {
    const a = unpickle(bytesOf(file)) as PickledArray;
    expect([a.kind, a.descr, a.shape]).toEqual(['array', descr, shapeOf(values)]);
    const bytes = Uint8Array.from(a.data as Uint8Array);
    const view = new DataView(bytes.buffer);
    const [rows, columns = 1] = a.shape;
    const at = (i: number): number => {
      if (descr === '|u1') return view.getUint8(i);
      if (descr === '>i8') return Number(view.getBigInt64(8 * i));
      return view.getFloat32(4 * i, true);
    };
    const read = numbersOf(values).map((_, i) =>
      at(a.fortran ? (i % columns) * rows + Math.floor(i / columns) : i),
    );
    expect(read).toEqual(numbersOf(values));
  });
  it('reads what Python 2 wrote', () => {
    const batch = unpickle(bytesOf(goldens.cifar.file)) as Map<string, unknown>;
    expect(batch.get('labels')).toEqual(goldens.cifar.labels);
    expect((batch.get('data') as PickledArray).shape).toEqual([2, 3072]);
  });

  const text = (s: string): Uint8Array => Uint8Array.from(s, (c) => c.charCodeAt(0));
  it('runs nothing', () => {
    // os.system('true'), as pickles of strangers call it.
    expect(() => unpickle(text("cos\nsystem\n(S'true'\ntR."))).toThrow(/os\.system/);
    expect(() => unpickle(text('cbuiltins\neval\n(X\x01\0\0\x001tR.'))).toThrow(/builtins\.eval/);
    expect(() => unpickle(text('cnumpy\nload\n.'))).toThrow(/numpy\.load/);
    expect(() => unpickle(text('cnumpy\nndarray\n.'))).toThrow(/no data/);
    // Instructions that make objects of classes.
    for (const op of ['i', 'o', '\x81', '\x92', 'P', 'Q'])
      expect(() => unpickle(text(`(${op}.`))).toThrow(/instruction/);
  });
  it('refuses what is damaged, at whatever depth', () => {
    const whole = bytesOf(goldens.plain[0].file);
    for (let n = 0; n < whole.length; n++)
      expect(() => unpickle(whole.subarray(0, n))).toThrow(GradloomError);
    expect(() => unpickle(text('T\xff\xff\xff\x7fabc.'))).toThrow(/cut off/);
    expect(() => unpickle(text('h\x05.'))).toThrow(/entry 5/);
    expect(() => unpickle(text('K\x01K\x02a.'))).toThrow(/no list/);
    expect(() => unpickle(text('.'))).toThrow(/stack/);
    // A list in a list in a list, and a list that holds itself.
    const deep = unpickle(text(`${']'.repeat(1e5)}${'a'.repeat(1e5 - 1)}.`));
    expect(Array.isArray(deep)).toBe(true);
    const own = unpickle(text(']q\0h\0a.')) as unknown[];
    expect(own[0]).toBe(own);
  });
  it('ends in a value or a GradloomError, whatever the bytes', () => {
    const good = [...goldens.plain, ...goldens.arrays].map((g) => bytesOf(g.file));
    const attempt = (bytes: Uint8Array): void => {
      try {
        unpickle(bytes);
      } catch (e) {
        expect(e).toBeInstanceOf(GradloomError);
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), attempt), { numRuns: cases(2000) });
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...good), changes, (bytes, edits) => {
        const copy = Uint8Array.from(bytes);
        for (const [at, v] of edits) copy[at % copy.length] = v;
        attempt(copy);
      }),
      { numRuns: cases(3000) },
    );
  });
});
