/** Files in the browser's IndexedDB: one database, in which bytes lie under their names. */
import { GradloomError } from '../errors.ts';
import type { Place } from './places.ts';

const database = 'gradloom';
const store = 'files';

interface Entry {
  readonly bytes: Uint8Array;
  readonly saved: Date;
}

/** Something that was saved in this browser, by pages of this origin. */
export interface SavedFile {
  /** `indexeddb://name`, for `loadWeights` and `removeSaved`. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly saved: Date;
}

const pathOf = (name: string): string => `indexeddb://${name}`;

export function inIndexedDb(who: string, name: string): Place {
  return {
    exists: async () => (await request(who, name, 'readonly', (s) => s.count(name))) > 0,
    write: async (bytes) => {
      const entry: Entry = { bytes, saved: new Date() };
      await request(who, name, 'readwrite', (s) => s.put(entry, name));
    },
    read: async () => {
      const entry: Entry | undefined = await request(who, name, 'readonly', (s) => s.get(name));
      return entry?.bytes;
    },
    remove: async () => {
      await request(who, name, 'readwrite', (s) => s.delete(name));
    },
  };
}

/** What is saved in this browser, by name. Throws `file-unreadable` where there is no IndexedDB. */
export async function listSaved(): Promise<SavedFile[]> {
  const keys = await request('listSaved', '', 'readonly', (s) => s.getAllKeys());
  const found: SavedFile[] = [];
  for (const key of keys) {
    const name = String(key);
    // One at a time: together they may be large.
    const entry: Entry | undefined = await request('listSaved', name, 'readonly', (s) =>
      s.get(name),
    );
    if (entry) found.push({ path: pathOf(name), size: entry.bytes.length, saved: entry.saved });
  }
  return found;
}

/** Takes `indexeddb://name` out of the browser. Throws `file-not-found`. */
export async function removeSaved(path: string): Promise<void> {
  const name = path.replace(/^indexeddb:\/\//, '');
  const place = inIndexedDb('removeSaved', name);
  if (!(await place.exists()))
    throw new GradloomError('file-not-found', `removeSaved: there is no ${pathOf(name)}.`, {
      path,
    });
  await place.remove?.();
}

/** One request in a transaction of its own; resolves when the transaction is done, not before. */
async function request<T>(
  who: string,
  name: string,
  mode: 'readonly' | 'readwrite',
  make: (s: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const fail = (cause: unknown): GradloomError => failure(who, name, mode, cause);
  if (typeof indexedDB === 'undefined') throw fail(undefined);
  let db: IDBDatabase | undefined;
  try {
    const opened = await open();
    db = opened;
    return await new Promise<T>((resolve, reject) => {
      const transaction = opened.transaction(store, mode, { durability: 'strict' });
      const r = make(transaction.objectStore(store));
      transaction.oncomplete = () => resolve(r.result);
      transaction.onabort = () => reject(transaction.error ?? r.error);
      transaction.onerror = () => reject(transaction.error ?? r.error);
    });
  } catch (cause) {
    throw fail(cause);
  } finally {
    db?.close();
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const r = indexedDB.open(database, 1);
    r.onupgradeneeded = () => r.result.createObjectStore(store);
    r.onsuccess = () => resolve(r.result);
    r.onerror = () => reject(r.error);
  });
}

function failure(who: string, name: string, mode: string, cause: unknown): GradloomError {
  const path = pathOf(name);
  const code =
    (cause as Error | undefined)?.name === 'QuotaExceededError'
      ? 'disk-full'
      : mode === 'readonly'
        ? 'file-unreadable'
        : 'file-unwritable';
  const why =
    cause === undefined
      ? 'there is no IndexedDB here (Node, or a browser that keeps nothing). Give a path, or take the bytes of keras.saving.encodeWeights'
      : code === 'disk-full'
        ? 'the browser gives this site no more room. Take something out with keras.saving.removeSaved'
        : ((cause as Error).message ?? String(cause));
  return new GradloomError(code, `${who}: ${path}: ${why}.`, { path }, { cause });
}
