/** CRC-32 as ZIP, gzip and PNG have it: the reflected polynomial 0xEDB88320. */
import { isNode } from '../platform.ts';

let tables: readonly Int32Array[] | undefined;

/** Eight tables: what a byte does to the remainder, so many bytes before the end. */
function made(): readonly Int32Array[] {
  if (tables) return tables;
  const t = Array.from({ length: 8 }, () => new Int32Array(256));
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
    t[0][n] = c;
  }
  for (let n = 0; n < 256; n++)
    for (let k = 1; k < 8; k++) t[k][n] = (t[k - 1][n] >>> 8) ^ t[0][t[k - 1][n] & 255];
  tables = t;
  return t;
}

/** Eight bytes at a time (Kounavis and Berry, "A Systematic Approach to Building High Performance CRC Generators", 2005). */
export function crc32(bytes: Uint8Array): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = made();
  let c = -1;
  let i = 0;
  for (const end = bytes.length - 7; i < end; i += 8) {
    c ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    c =
      t7[c & 255] ^
      t6[(c >>> 8) & 255] ^
      t5[(c >>> 16) & 255] ^
      t4[c >>> 24] ^
      t3[bytes[i + 4]] ^
      t2[bytes[i + 5]] ^
      t1[bytes[i + 6]] ^
      t0[bytes[i + 7]];
  }
  for (; i < bytes.length; i++) c = t0[(c ^ bytes[i]) & 255] ^ (c >>> 8);
  return ~c >>> 0;
}

/** The quickest there is here: Node's own, where it has one (20.15 and later). */
export async function quickCrc32(): Promise<(bytes: Uint8Array) => number> {
  if (!isNode()) return crc32;
  const zlib = (await import('node:zlib')) as { crc32?: (bytes: Uint8Array) => number };
  return zlib.crc32 ?? crc32;
}
