import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { isTar, untar } from './tar.ts';

const { archives } = JSON.parse(
  readFileSync(new URL('../../test/goldens/utils.json', import.meta.url), 'utf8'),
) as { archives: { name: string; gzip: string; files: Record<string, string> }[] };
const unpacked = (i: number): Uint8Array =>
  new Uint8Array(gunzipSync(Buffer.from(archives[i].gzip, 'base64')));

describe('untar', () => {
  for (const [i, c] of archives.entries())
    it(`reads what Python's tarfile writes: ${c.name}`, () => {
      const bytes = unpacked(i);
      expect(isTar(bytes)).toBe(true);
      const got = [...untar(bytes)].map(([n, b]) => [n, new TextDecoder().decode(b)]);
      expect(Object.fromEntries(got)).toEqual(c.files);
    });

  it('refuses what is damaged, cut, or leads out of it', () => {
    const bytes = unpacked(0);
    expect(() => untar(new Uint8Array(0))).toThrow('The archive is empty');
    expect(() => untar(new Uint8Array(600).fill(7), { name: 'x.tar' })).toThrow('x.tar is no TAR');
    // The folder's header is whole; the next one is not.
    const damaged = bytes.slice();
    damaged[512 + 3] ^= 1;
    expect(() => untar(damaged)).toThrow('is damaged at byte 512');
    expect(() => untar(bytes.slice(0, 2 * 512 + 1))).toThrow('ends in the middle of a member');
    expect(() => untar(bytes, { maxEntries: 2 })).toThrow('holds more than 2 files');
    for (const path of ['../out', '/etc/x', 'a/../../x'])
      expect(() => untar(named(bytes, path))).toThrow('leads out of it');
  });
});

/** The archive with its first file's name changed. */
function named(bytes: Uint8Array, path: string): Uint8Array {
  const out = bytes.slice();
  const header = out.subarray(512, 1024);
  header.fill(0, 0, 100);
  header.set(new TextEncoder().encode(path));
  header.fill(32, 148, 156);
  const sum = header.reduce((a, b) => a + b, 0);
  header.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  return out;
}
