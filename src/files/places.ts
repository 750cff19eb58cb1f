/**
 * Where files lie: paths in Node; in browsers `indexeddb://name`, which stays in the browser, and
 * `downloads://name`, which the browser saves for its user.
 */
import { GradloomError } from '../errors.ts';
import { isNode } from '../platform.ts';

export interface Place {
  exists(): Promise<boolean>;
  /** Replaces what is there in one step. Throws `disk-full`, `file-unwritable`. */
  write(bytes: Uint8Array): Promise<void>;
  /** undefined when there is nothing. Throws `file-unreadable`, `file-too-large` for more than `maxBytes`. */
  read(maxBytes?: number): Promise<Uint8Array | undefined>;
  /** Takes out what is there, if anything; not there where nothing can be taken out. */
  remove?(): Promise<void>;
}

/** Ways to say where something lies, other than by a path. */
export type Scheme = 'indexeddb' | 'downloads';

/** `indexeddb://name` in its parts; undefined for a path. */
export function partsOf(path: string): { scheme: Scheme; name: string } | undefined {
  const found = /^(indexeddb|downloads):\/\/(.+)$/s.exec(path);
  return found ? { scheme: found[1] as Scheme, name: found[2] } : undefined;
}

/**
 * The place that `path` names, for `who`. Throws `node-only` for a plain path in a browser, with
 * `instead` as advice.
 */
export async function placeOf(who: string, path: string, instead = ''): Promise<Place> {
  const parts = partsOf(path);
  if (parts?.scheme === 'indexeddb')
    return (await import('./indexed-db.ts')).inIndexedDb(who, parts.name);
  if (parts) return (await import('./downloads.ts')).asDownload(who, parts.name);
  if (!isNode())
    throw new GradloomError(
      'node-only',
      `${who} works on paths in Node only; in a browser there are "indexeddb://name" and "downloads://name". ${instead}`.trim(),
      { path },
    );
  const { exists, readWhole, removeFile, writeAtomically } = await import('./atomic.node.ts');
  return {
    exists: () => exists(path),
    write: (bytes) => writeAtomically(path, bytes, { who }),
    read: (maxBytes) => readWhole(path, maxBytes),
    remove: () => removeFile(path),
  };
}

/** A file in the same folder: `a/x.json` and `y` as `a/y`. */
export function besidePath(path: string, name: string): string {
  const scheme = /^(indexeddb|downloads):\/\//.exec(path)?.[0] ?? '';
  const rest = path.slice(scheme.length);
  // Windows separates folders by either.
  const cut = Math.max(rest.lastIndexOf('/'), isNode() ? rest.lastIndexOf('\\') : -1);
  return scheme + rest.slice(0, cut + 1) + name;
}
