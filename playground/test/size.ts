/** How much a visitor loads: the files behind the addresses that a page asked for. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const dist = fileURLToPath(new URL('../dist', import.meta.url));

/** Bytes of the files, each once, gzipped as a server sends them. */
export function gzippedSize(addresses: Iterable<string>): number {
  const files = new Set<string>();
  for (const a of addresses) {
    const { protocol, pathname } = new URL(a);
    if (protocol === 'http:') files.add(pathname === '/' ? '/index.html' : pathname);
  }
  let sum = 0;
  for (const f of files) sum += gzipSync(readFileSync(dist + f)).length;
  return sum;
}
