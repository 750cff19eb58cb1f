/** How much a visitor loads before the first drawing is answered. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const dist = fileURLToPath(new URL('../dist', import.meta.url));

/** Bytes, gzipped: the page, its scripts and styles, the worker, the trained network. */
export function firstLoad(): number {
  const loaded = /^(index|page-|worker-|digits\.safetensors|icon)/;
  // Parts loaded for other pages or on request have names of their own; counted in all the same
  // are the other pages' scripts, which makes the figure an upper bound.
  const files = (readdirSync(dist, { recursive: true }) as string[]).filter((f) =>
    loaded.test(f.split('/').pop()!),
  );
  return files.reduce((sum, f) => sum + gzipSync(readFileSync(`${dist}/${f}`)).length, 0);
}
