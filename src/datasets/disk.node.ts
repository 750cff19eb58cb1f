import { mkdir, open, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { GradloomError } from '../errors.ts';

/** Reading and writing the data folders, with errors that say what to do. */

/** Folder of downloaded datasets: `$GRADLOOM_HOME/datasets`, by default `~/.gradloom/datasets`. */
export function defaultCacheDir(): string {
  const home = process.env.GRADLOOM_HOME;
  return join(home ? resolve(home) : join(homedir(), '.gradloom'), 'datasets');
}

/**
 * The whole file, or undefined when there is none.
 *
 * @throws GradloomError `file-too-large` (more than `maxBytes`, nothing is read) or `file-unreadable`
 */
export async function readFileWithin(
  path: string,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const stat = await file.stat();
      if (!stat.isFile()) throw Object.assign(new Error('not a file'), { code: 'EISDIR' });
      if (stat.size > maxBytes) {
        throw new GradloomError(
          'file-too-large',
          `${path} has ${stat.size} bytes, expected at most ${maxBytes}. Check that this is the right file.`,
          { path, received: stat.size, maxBytes },
        );
      }
      // One array of the file's size and large reads into it: readFile's many small ones take
      // several times as long for the 47 MB of MNIST's training images.
      const bytes = new Uint8Array(stat.size);
      let filled = 0;
      while (filled < bytes.length) {
        const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled === bytes.length ? bytes : bytes.subarray(0, filled);
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof GradloomError) throw cause;
    const code = errorCode(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new GradloomError(
      'file-unreadable',
      `${path} is there but cannot be read (${code}). Check that it is a file you may read.`,
      { path, reason: code },
      { cause },
    );
  }
}

/** Writes a file so that other processes see all of it or none. */
export async function writeFileAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const unfinished = `${path}.${uniqueSuffix()}.tmp`;
  await onDisk(path, async () => {
    await mkdir(dirname(path), { recursive: true });
    try {
      const file = await open(unfinished, 'wx');
      try {
        await file.writeFile(bytes);
      } finally {
        await file.close();
      }
      await rename(unfinished, path);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  });
}

/**
 * Runs file operations that write `path`.
 *
 * @throws GradloomError `disk-full` or `cache-unwritable`
 */
export async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof GradloomError) throw cause;
    const reason = errorCode(cause);
    const facts = { path, reason };
    const elsewhere = 'set GRADLOOM_HOME (or pass cacheDir) to a folder';
    if (reason === 'ENOSPC' || reason === 'EDQUOT') {
      throw new GradloomError(
        'disk-full',
        `No space left to write ${path} (${reason}). Free some, or ${elsewhere} on another disk; what was downloaded so far is kept.`,
        facts,
        { cause },
      );
    }
    throw new GradloomError(
      'cache-unwritable',
      `Cannot write ${path} (${reason}). Make its folder writable, or ${elsewhere} that is.`,
      facts,
      { cause },
    );
  }
}

export function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : String(error);
}

export function uniqueSuffix(): string {
  return `${process.pid}-${Math.random().toString(36).slice(2, 10)}`;
}
