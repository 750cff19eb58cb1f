/** Files that NumPy wrote (scripts/goldens/make_npy.py), files that are broken, and files changed at random. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { GradloomError } from '../errors.ts';
import { cases } from './fuzzing.ts';
import { decodeNpy, encodeNpy, fromHalf } from './npy.ts';
import { decodeNpz, encodeNpz } from './npz.ts';
import { unzip, zip } from './zip.ts';

interface File {
  readonly bytes: string;
  readonly shape: number[];
  readonly data: number[] | null;
}
const { files } = JSON.parse(
  readFileSync(new URL('../../test/files/npy.json', import.meta.url), 'utf8'),
) as { files: Record<string, File> };
const bytesOf = (name: string): Uint8Array =>
  Uint8Array.from(Buffer.from(files[name].bytes, 'base64'));
const header = (text: string, body = 0): Uint8Array => {
  const t = new TextEncoder().encode(text);
  return Uint8Array.from([
    0x93,
    ...Buffer.from('NUMPY'),
    1,
    0,
    t.length & 255,
    t.length >> 8,
    ...t,
    ...new Array(body).fill(0),
  ]);
};

describe('decodeNpy', () => {
  const readable = Object.entries(files).filter(([n, f]) => f.data && n !== 'too wide');
  it.each(readable)('%s', (name, f) => {
    const a = decodeNpy(bytesOf(name));
    expect([a.shape, Array.from(a.data)]).toEqual([f.shape, f.data]);
  });

  it.each([
    ['too wide', /1099511627776 \(element 0\), which does not fit/],
    ['text', /type '<U2'.*text/],
    ['objects', /type '\|O'/],
    ['records', /header that cannot be read/],
  ])('%s is refused', (name, message) => {
    expect(() => decodeNpy(bytesOf(name))).toThrow(message);
  });

  it.each([
    [new Uint8Array(0), /empty/],
    [new TextEncoder().encode('hello, world'), /no NPY file/],
    [header("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 7), /cut off/],
    [header("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 9), /1 bytes after/],
    [
      header("{'descr': '<f4', 'fortran_order': False, 'shape': (999999, 999999, 9999999), }"),
      /limit/,
    ],
    [header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }"), /header/],
    [header("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'shape': (2,)}", 8), /header/],
    [header("{'descr': __import__('os'), 'fortran_order': False, 'shape': (1,)}", 4), /header/],
    [header("{'descr': '<f4', 'shape': (1,)}", 4), /header/],
    [bytesOf('<f4').slice(0, 40), /cut off/],
    [Uint8Array.from([...bytesOf('<f4').slice(0, 6), 9, 0, 0, 0, 0, 0]), /version 9/],
  ])('broken: %#', (bytes, message) => {
    expect(() => decodeNpy(bytes)).toThrow(message);
  });

  it('ends in an array or a GradloomError, whatever bytes are changed', () => {
    const names = readable.map(([n]) => n);
    const change = fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const property = fc.property(
      fc.constantFrom(...names),
      change,
      fc.nat(300),
      (name, edits, cut) => {
        let bytes = bytesOf(name);
        for (const [at, v] of edits) bytes[at % bytes.length] = v;
        if (cut < 60) bytes = bytes.slice(0, cut * 4);
        try {
          const a = decodeNpy(bytes, { maxBytes: 1 << 16 });
          return a.data.length === a.shape.reduce((x, y) => x * y, 1);
        } catch (e) {
          return e instanceof GradloomError;
        }
      },
    );
    fc.assert(property, { numRuns: cases(3000) });
  });

  it('knows every half', () => {
    expect([0x3c00, 0xc000, 0x7c00, 0xfc00, 0x0001, 0x7bff, 0x8000].map(fromHalf)).toEqual([
      1,
      -2,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      2 ** -24,
      65504,
      -0,
    ]);
    expect(fromHalf(0x7e00)).toBeNaN();
  });
});

describe('encodeNpy', () => {
  it.each(['<f4', '<f8', '<i4', '<u4', 'u1', 'b1', 'scalar', 'empty', 'vector'])(
    '%s: byte for byte as NumPy',
    (name) => {
      expect(encodeNpy(decodeNpy(bytesOf(name)))).toEqual(bytesOf(name));
    },
  );
});

describe('archives', () => {
  it.each(['npz', 'npz packed'])('%s', async (name) => {
    const a = await decodeNpz(bytesOf(name));
    expect([...a.keys()]).toEqual(['x', 'y']);
    expect(Array.from(a.get('x')!.data)).toEqual(Array.from({ length: 24 }, (_, i) => i));
    for (const compress of [false, true]) {
      const again = await decodeNpz(await encodeNpz(a, { compress }));
      expect([...again]).toEqual([...a]);
    }
  });

  it.each([
    ['../evil', /leads out/],
    ['/etc/passwd', /leads out/],
    ['C:\\x', /leads out/],
    ['a/../../b', /leads out/],
  ])('the path %s is refused', async (path, message) => {
    await expect(unzip(zipSync({ [path]: new Uint8Array(1) }))).rejects.toThrow(message);
    await expect(zip([[path, new Uint8Array(1)]])).rejects.toThrow(/cannot be the name/);
  });

  it('a bomb is refused before it goes off', async () => {
    const bomb = zipSync({ a: new Uint8Array(1 << 24) }, { level: 9 });
    expect(bomb.length).toBeLessThan(1 << 16);
    await expect(unzip(bomb, { maxBytes: 1 << 20 })).rejects.toThrow(/more than 1048576 bytes/);
    // One that lies about its size gets no more room than it said.
    const liar = bomb.slice();
    const central = liar.length - 22 - 47;
    new DataView(liar.buffer).setUint32(central + 24, 10, true);
    const outcome = await unzip(liar, { maxBytes: 1 << 20 }).then(
      (m) => m.get('a')!.length <= 1 << 20,
      (e) => e instanceof GradloomError,
    );
    expect(outcome).toBe(true);
  });

  it('what is no archive, and a strange member', async () => {
    await expect(unzip(new Uint8Array(0))).rejects.toThrow(/empty/);
    await expect(unzip(new Uint8Array(100))).rejects.toThrow(/no ZIP/);
    await expect(decodeNpz(zipSync({ 'a.txt': new Uint8Array(3) }))).rejects.toThrow(
      /a\.txt.*no array/,
    );
    await expect(
      unzip(zipSync({ a: new Uint8Array(3), b: new Uint8Array(3) }), { maxEntries: 1 }),
    ).rejects.toThrow(/more than 1/);
    expect(
      (
        await unzip(zipSync({ a: new Uint8Array(3), b: new Uint8Array(3) }), {
          only: (n) => n === 'b',
        })
      ).size,
    ).toBe(1);
  });

  it('ends in arrays or a GradloomError, whatever bytes are changed', async () => {
    const good = [bytesOf('npz'), bytesOf('npz packed')];
    const change = fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { minLength: 1, maxLength: 5 });
    const property = fc.asyncProperty(fc.nat(1), change, fc.nat(40), async (which, edits, cut) => {
      let bytes = good[which].slice();
      for (const [at, v] of edits) bytes[at % bytes.length] = v;
      if (cut < 10) bytes = bytes.slice(0, Math.floor((bytes.length * cut) / 10));
      try {
        await decodeNpz(bytes, { maxBytes: 1 << 18 });
        return true;
      } catch (e) {
        return e instanceof GradloomError;
      }
    });
    await fc.assert(property, { numRuns: cases(1500) });
  });
});
