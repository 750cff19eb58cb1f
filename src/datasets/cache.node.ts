/** Writing the folders of downloaded data, with errors that say what to do. */
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { GradloomError } from '../errors.ts';
import { errorCode, uniqueSuffix } from '../files/disk.node.ts';

/** Folder of downloaded datasets: `$GRADLOOM_HOME/datasets`, by default `~/.gradloom/datasets`. */
export function defaultCacheDir(): string {
  const home = process.env.GRADLOOM_HOME;
  return join(home ? resolve(home) : join(homedir(), '.gradloom'), 'datasets');
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
