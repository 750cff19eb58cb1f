import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { GradloomError } from '../errors.ts';
import { gunzip, isGzip } from './gzip.ts';

async function codeOf(run: Promise<unknown>): Promise<string> {
  try {
    await run;
  } catch (error) {
    if (error instanceof GradloomError) return error.code;
    throw error;
  }
  return 'no error';
}

// A whole-array toEqual of 100,000 elements takes vitest half a second.
function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

const plain = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7919) >> 5);
const packed = new Uint8Array(gzipSync(plain));

describe('isGzip', () => {
  it('looks at the first two bytes', () => {
    expect(isGzip(packed)).toBe(true);
    expect(isGzip(Uint8Array.from([0x1f]))).toBe(false);
    expect(isGzip(Uint8Array.from([0x1f, 0x8c]))).toBe(false);
  });
});

describe('gunzip', () => {
  it('unpacks, also from the middle of a buffer, and nothing at all', async () => {
    expect(same(await gunzip(packed), plain)).toBe(true);
    const inside = new Uint8Array(packed.length + 10);
    inside.set(packed, 5);
    expect(same(await gunzip(inside.subarray(5, 5 + packed.length)), plain)).toBe(true);
    expect((await gunzip(new Uint8Array(gzipSync('')))).length).toBe(0);
  });

  it('keeps to maxBytes, to the byte', async () => {
    expect(same(await gunzip(packed, { maxBytes: plain.length }), plain)).toBe(true);
    expect(await codeOf(gunzip(packed, { maxBytes: plain.length - 1 }))).toBe('gzip-too-large');
  });

  it('refuses a bomb without unpacking it, whatever size it promises', async () => {
    const bomb = new Uint8Array(gzipSync(new Uint8Array(2 ** 28)));
    const started = performance.now();
    expect(await codeOf(gunzip(bomb, { maxBytes: 10_000 }))).toBe('gzip-too-large');
    bomb.set([1, 0, 0, 0], bomb.length - 4);
    expect(await codeOf(gunzip(bomb, { maxBytes: 10_000 }))).toBe('gzip-too-large');
    // Unpacking it whole takes over half a second; stopping at the limit takes milliseconds.
    expect(performance.now() - started).toBeLessThan(400);
  });

  it('does not believe a promised size: no memory is taken for it', async () => {
    const liar = packed.slice();
    liar.set([0xff, 0xff, 0xff, 0x7f], liar.length - 4);
    expect(await codeOf(gunzip(liar))).toMatch(/gzip-(corrupt|trailing)/);
  });

  it('calls a file cut at any place truncated', async () => {
    for (const keep of [2, 9, 17, 18, 25, 60, packed.length - 9, packed.length - 1]) {
      expect(await codeOf(gunzip(packed.subarray(0, keep))), `${keep}`).toBe('gzip-truncated');
    }
  });

  it('refuses what is not gzip, damaged, or followed by something', async () => {
    expect(await codeOf(gunzip(new Uint8Array(0)))).toBe('gzip-magic');
    expect(await codeOf(gunzip(new TextEncoder().encode('<html>')))).toBe('gzip-magic');
    const flipped = packed.slice();
    flipped[packed.length - 6] ^= 0x10; // in the CRC
    expect(await codeOf(gunzip(flipped, { name: 'x.gz' }))).toBe('gzip-corrupt');
    const followedBy = (more: Uint8Array) => Uint8Array.from([...packed, ...more]);
    expect(await codeOf(gunzip(followedBy(new TextEncoder().encode('garbage'))))).toBe(
      'gzip-trailing',
    );
    expect(await codeOf(gunzip(followedBy(new Uint8Array(64))))).toBe('gzip-trailing');
    expect(await codeOf(gunzip(followedBy(packed)))).toBe('gzip-trailing');
  });

  it('never returns other bytes for a file with one bit flipped', async () => {
    const small = new Uint8Array(gzipSync('the quick brown fox jumps over the lazy dog'.repeat(9)));
    const want = await gunzip(small);
    for (let bit = 0; bit < small.length * 8; bit += 3) {
      const bad = small.slice();
      bad[bit >> 3] ^= 1 << (bit & 7);
      const got = await gunzip(bad, { maxBytes: 10_000 }).catch((error) => error);
      if (!(got instanceof GradloomError)) expect(got, `bit ${bit}`).toEqual(want);
    }
  });

  it('names the file and says what to do', async () => {
    await expect(gunzip(packed.subarray(0, 50), { name: 'train.gz' })).rejects.toThrow(
      /^train\.gz is truncated: its 50 bytes end before .* Fetch the file again\.$/,
    );
  });
});
