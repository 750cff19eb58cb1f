/**
 * Compiled libraries on disk, by content hash.
 *
 * What is loaded from here runs with the user's rights, so the directory must belong to the user
 * and be closed to others, or it is not used. An entry is a directory made aside and renamed into
 * place in one step: other processes see all of it or nothing. The hash of the library is kept
 * beside it, and an entry that does not match (truncated, damaged) is rebuilt, never loaded.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CompileError } from './compiler.ts';

export interface CacheOptions {
  readonly dir?: string;
  /** Entries used longest ago are removed beyond this. */
  readonly maxBytes?: number;
  readonly warn?: (message: string) => void;
}

const libraryFile = 'program.so';
const sumFile = 'sum';
const defaultMaxBytes = 256 * 1024 * 1024;
const touchAfterMs = 3600_000;
const staleAfterMs = 24 * 3600_000;
const failuresLastMs = 3600_000;
const plansLastMs = 30 * 24 * 3600_000;

export function defaultCacheDir(env: NodeJS.ProcessEnv = process.env): string {
  if (env.GRADLOOM_CACHE) return resolve(env.GRADLOOM_CACHE);
  const base = env.XDG_CACHE_HOME?.startsWith('/') ? env.XDG_CACHE_HOME : undefined;
  return join(base ?? join(homedir(), '.cache'), 'gradloom');
}

export function hashOf(parts: readonly string[]): string {
  const h = createHash('sha256');
  for (const p of parts) h.update(`${p.length}:`).update(p);
  return h.digest('hex').slice(0, 40);
}

/** Why a directory may not be trusted, or undefined when it may. */
export function distrust(dir: string): string | undefined {
  const uid = process.getuid?.();
  const link = lstatSync(dir);
  if (link.isSymbolicLink() && uid !== undefined && link.uid !== uid)
    return 'it is a symbolic link made by another user';
  const s = statSync(dir);
  if (!s.isDirectory()) return 'it is not a directory';
  if (uid !== undefined && s.uid !== uid) return 'it belongs to another user';
  if ((s.mode & 0o022) !== 0) return 'others may write to it';
  return undefined;
}

/** Makes an entry: `build` writes the library, `load` opens it (and throws if it is no good). */
export interface Recipe<T> {
  build(library: string, tempDir: string): void;
  load(library: string): T;
}

export class DiskCache {
  readonly #options: CacheOptions;
  #dir: string | undefined;
  #private: string | undefined;
  #pruned = false;

  constructor(options: CacheOptions = {}) {
    this.#options = options;
  }

  /** The directory in use. */
  get dir(): string {
    this.#dir ??= this.#open();
    return this.#dir;
  }

  #open(): string {
    const dir = resolve(this.#options.dir ?? defaultCacheDir());
    try {
      if (!existsSync(dir)) mkdirSync(dir, { recursive: true, mode: 0o700 });
      const reason = distrust(dir);
      if (reason === undefined) return dir;
      return this.#fallBack(dir, reason);
    } catch (e) {
      return this.#fallBack(dir, (e as Error).message);
    }
  }

  /** A private directory for this process alone. */
  #fallBack(dir: string, reason: string): string {
    if (this.#private) return this.#private;
    this.#options.warn?.(
      `The compile cache ${dir} is not used because ${reason}; programs are compiled anew in this process.`,
    );
    const made = mkdtempSync(join(tmpdir(), 'gradloom-'));
    chmodSync(made, 0o700);
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    this.#private = made;
    return made;
  }

  /** Whether a sound entry is there; never builds. */
  find<T>(key: string, load: (library: string) => T): T | undefined {
    const entry = join(this.dir, key);
    const library = join(entry, libraryFile);
    if (!isSound(entry)) return undefined;
    const value = load(library);
    this.#touch(entry);
    return value;
  }

  get<T>(key: string, recipe: Recipe<T>): T {
    try {
      const known = this.find(key, (library) => recipe.load(library));
      if (known !== undefined) return known;
    } catch {
      // Whole, yet it does not load here: made on another system that shares this directory.
    }
    try {
      return this.#make(key, recipe);
    } catch (e) {
      if (!isDiskTrouble(e) || this.#private) throw e;
      this.#dir = this.#fallBack(this.dir, (e as Error).message);
      return this.#make(key, recipe);
    }
  }

  #make<T>(key: string, recipe: Recipe<T>): T {
    const entry = join(this.dir, key);
    const aside = join(
      this.dir,
      `.${key.slice(0, 8)}-${process.pid}-${randomBytes(4).toString('hex')}`,
    );
    mkdirSync(aside, { mode: 0o700 });
    try {
      // A full disk or a read-only one must not look like a broken compiler.
      writeFileSync(join(aside, sumFile), 'x'.repeat(128));
      const library = join(aside, libraryFile);
      recipe.build(library, aside);
      if (!existsSync(library)) throw new CompileError('the compiler made no library');
      const bytes = readFileSync(library);
      writeFileSync(join(aside, sumFile), sumOf(bytes), { flush: false });
      // Loaded before it is published, so that what cannot be loaded never becomes an entry.
      const value = recipe.load(library);
      this.#publish(aside, entry);
      this.#pruneOnce();
      return value;
    } finally {
      rmSync(aside, { recursive: true, force: true });
    }
  }

  #publish(aside: string, entry: string): void {
    try {
      try {
        renameSync(aside, entry);
      } catch {
        // Another process was faster, or a damaged entry is in the way.
        if (isSound(entry)) return;
        const broken = `${aside}.old`;
        renameSync(entry, broken);
        renameSync(aside, entry);
        rmSync(broken, { recursive: true, force: true });
      }
    } catch {
      // The library is loaded all the same; it will just be built again next time.
    }
  }

  /** A small text kept under a key; undefined where there is none. */
  note(key: string): string | undefined {
    try {
      const path = join(this.dir, `${key}.plan`);
      return lstatSync(path).isFile() ? readFileSync(path, 'utf8') : undefined;
    } catch {
      return undefined;
    }
  }

  /** Keeps a small text: all of it or nothing. Not being able to is no error. */
  keepNote(key: string, text: string): void {
    const aside = join(this.dir, `.${key.slice(0, 8)}-${process.pid}.plan`);
    try {
      writeFileSync(aside, text, { mode: 0o600 });
      renameSync(aside, join(this.dir, `${key}.plan`));
    } catch {
      rmSync(aside, { force: true });
    }
  }

  /** Remembers for an hour that something does not work and took long to find out. */
  noteFailure(key: string, reason: string): void {
    try {
      writeFileSync(join(this.dir, `${key}.failed`), reason);
    } catch {
      // It will be found out again.
    }
  }

  failure(key: string): string | undefined {
    try {
      const path = join(this.dir, `${key}.failed`);
      const s = lstatSync(path);
      if (!s.isFile() || Date.now() - s.mtimeMs > failuresLastMs) return undefined;
      return readFileSync(path, 'utf8').slice(0, 500);
    } catch {
      return undefined;
    }
  }

  #touch(entry: string): void {
    try {
      const now = Date.now();
      if (now - statSync(entry).mtimeMs > touchAfterMs) utimesSync(entry, now / 1000, now / 1000);
    } catch {
      // Read-only cache: entries then age by creation.
    }
  }

  #pruneOnce(): void {
    if (this.#pruned) return;
    this.#pruned = true;
    prune(this.dir, this.#options.maxBytes ?? defaultMaxBytes);
  }
}

function sumOf(bytes: Uint8Array): string {
  return `${bytes.length} ${createHash('sha256').update(bytes).digest('hex')}\n`;
}

function isSound(entry: string): boolean {
  try {
    if (distrust(entry) !== undefined) return false;
    const sum = readFileSync(join(entry, sumFile), 'latin1');
    return sum === sumOf(readFileSync(join(entry, libraryFile)));
  } catch {
    return false;
  }
}

function isDiskTrouble(e: unknown): boolean {
  const code = (e as NodeJS.ErrnoException).code;
  return ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR', 'ENOENT', 'EIO'].includes(
    code ?? '',
  );
}

/** Removes the entries used longest ago until the rest fits, and what crashed processes left. */
export function prune(dir: string, maxBytes: number): void {
  const entries: { path: string; bytes: number; used: number }[] = [];
  try {
    for (const name of readdirSync(dir)) {
      const path = join(dir, name);
      try {
        const s = statSync(path);
        if (name.startsWith('.') || name.endsWith('.failed')) {
          if (Date.now() - s.mtimeMs > staleAfterMs) rmSync(path, { recursive: true, force: true });
        } else if (name.endsWith('.plan')) {
          if (Date.now() - s.mtimeMs > plansLastMs) rmSync(path, { force: true });
        } else if (/^[0-9a-f]{40}$/.test(name)) {
          const { size } = statSync(join(path, libraryFile));
          entries.push({ path, bytes: size, used: s.mtimeMs });
        }
      } catch {
        // Removed by another process meanwhile.
      }
    }
  } catch {
    return;
  }
  entries.sort((a, b) => b.used - a.used);
  let total = 0;
  for (const e of entries) {
    total += e.bytes;
    // The newest entry stays even if it alone is over the cap.
    if (total > maxBytes && e !== entries[0]) rmSync(e.path, { recursive: true, force: true });
  }
}
