/**
 * Files of which other processes, and whoever comes after a crash, see all or nothing: written aside in
 * the same folder, flushed to the disk, and then put in their place in one step.
 */
import { mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { GradloomError } from '../errors.ts';
import { errorCode, readFileWithin, uniqueSuffix } from './disk.node.ts';

export interface WriteOptions {
  /** What error messages call the writer: `saveWeights`. */
  readonly who: string;
  /** The path that the file which was there before keeps. */
  readonly previous?: string;
  /** Told how many bytes are written. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Written between two reports. */
const piece = 2 ** 22;

/**
 * Writes a file, with its folders. Whatever fails, what was at `path` before is as it was (or, with
 * `previous`, is there).
 *
 * @throws GradloomError `disk-full`, `file-unwritable`
 */
export async function writeAtomically(
  path: string,
  bytes: Uint8Array,
  { who, previous, onProgress }: WriteOptions,
): Promise<void> {
  const folder = dirname(path);
  const unfinished = `${path}.${uniqueSuffix()}.tmp`;
  try {
    await mkdir(folder, { recursive: true });
    try {
      const file = await open(unfinished, 'wx');
      try {
        if (onProgress) {
          for (let at = 0; at < bytes.length; at += piece) {
            await file.writeFile(bytes.subarray(at, at + piece));
            onProgress(Math.min(at + piece, bytes.length), bytes.length);
          }
        } else await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      if (previous !== undefined) await renameIfThere(path, previous);
      await rename(unfinished, path);
    } catch (e) {
      await rm(unfinished, { force: true }).catch(() => {});
      throw e;
    }
    await syncFolder(folder);
  } catch (cause) {
    throw writeError(who, path, cause);
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (e) {
    if (errorCode(e) !== 'ENOENT') throw e;
  }
}

/** So that the new name outlives a power cut; not all systems can open a folder. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const dir = await open(folder, 'r');
    try {
      await dir.sync();
    } finally {
      await dir.close();
    }
  } catch (e) {
    if (errorCode(e) === 'EIO') throw e;
  }
}

function writeError(who: string, path: string, cause: unknown): GradloomError {
  const reason = errorCode(cause);
  const full = reason === 'ENOSPC' || reason === 'EDQUOT';
  const hint = full
    ? 'Free some space and try again; what was saved there before is still whole.'
    : reason === 'EISDIR'
      ? 'It is a folder: name a file in it.'
      : 'Check that its folder can be written, or choose another path.';
  return new GradloomError(
    full ? 'disk-full' : 'file-unwritable',
    full
      ? `${who}: no space left to write ${path} (${reason}). ${hint}`
      : `${who} cannot write ${path} (${reason}). ${hint}`,
    { path, reason },
    { cause },
  );
}

/** Whether there is something at that path. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** The whole file, or undefined when there is none. Throws `file-unreadable`, `file-too-large`. */
export function readWhole(
  path: string,
  maxBytes: number = Number.POSITIVE_INFINITY,
): Promise<Uint8Array | undefined> {
  return readFileWithin(path, maxBytes);
}

/** Removes a file that may be there. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
}

/** Removes files, and what unfinished writes of them a killed process left; then the folder, if it is empty. */
export async function removeFiles(folder: string, names: readonly string[]): Promise<void> {
  await removeUnfinished(folder, names);
  for (const name of names) await rm(join(folder, name), { force: true });
  await rmdir(folder).catch(() => {});
}

/** Removes what unfinished writes of these files a killed process left. Nobody may be writing them. */
export async function removeUnfinished(folder: string, names: readonly string[]): Promise<void> {
  const found = await readdir(folder).catch(() => []);
  for (const f of found)
    if (f.endsWith('.tmp') && names.some((n) => f.startsWith(`${basename(n)}.`)))
      await rm(join(folder, f), { force: true });
}
