import { crc32 as zlib } from 'node:zlib';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { crc32, quickCrc32 } from './crc32.ts';
import { unzip } from './zip.ts';

const text = (s: string): Uint8Array => new TextEncoder().encode(s);

describe('crc32', () => {
  it('is the well-known one', async () => {
    for (const f of [crc32, await quickCrc32()]) {
      expect(f(text('123456789'))).toBe(0xcbf43926);
      expect(f(new Uint8Array(0))).toBe(0);
      expect(f(text('The quick brown fox jumps over the lazy dog'))).toBe(0x414fa339);
    }
  });
  it.runIf(zlib)('agrees with zlib at every length', () => {
    const bytes = Uint8Array.from({ length: 70 }, (_, i) => (i * i * 31) & 255);
    for (let n = 0; n <= 70; n++)
      expect(crc32(bytes.subarray(0, n))).toBe(zlib(bytes.subarray(0, n)));
  });
});

describe('unzip', () => {
  it.each([0, 6] as const)('finds a byte that is wrong (level %s)', async (level) => {
    const content = Uint8Array.from({ length: 1000 }, (_, i) => (i * i) >> 3);
    const zip = zipSync({ 'größe.bin': content, 'b.bin': content }, { level });
    expect((await unzip(zip)).get('größe.bin')).toEqual(content);
    let found = 0;
    for (let at = 60; at < 900; at += 70) {
      const bytes = zip.slice();
      bytes[at] ^= 16;
      const e = await unzip(bytes).catch((e) => e);
      expect(e.code).toBe('zip');
      if (/"größe\.bin" is not what its checksum says/.test(e.message)) found++;
    }
    expect(found).toBeGreaterThan(level === 0 ? 10 : 0);
    // What is not asked for is not looked at.
    zip[100] ^= 1;
    expect((await unzip(zip, { only: (n) => n === 'b.bin' })).size).toBe(1);
  });
});
