import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { errorCode } from '../files/disk.node.ts';

/**
 * Keeps two processes that download the same file at once from writing into one `.part` file.
 *
 * The lock is a file that holds a process id. Whoever does not get it downloads into a file of its
 * own, so a lock left behind by a killed process costs a resume at worst, never the download.
 */
export interface PartLock {
  release(): Promise<void>;
}

/** Takes the lock on `part`, or returns undefined when a running download has it. */
export async function lockPart(part: string, silentMs: number): Promise<PartLock | undefined> {
  const path = `${part}.lock`;
  for (let tries = 0; tries < 3; tries++) {
    try {
      await writeFile(path, String(process.pid), { flag: 'wx' });
      return { release: () => rm(path, { force: true }) };
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
    if (!(await isStale(path, part, silentMs))) return undefined;
    await rm(path, { force: true });
  }
  return undefined;
}

async function isStale(path: string, part: string, silentMs: number): Promise<boolean> {
  const pid = Number(await readFile(path, 'utf8').catch(() => ''));
  if (pid > 0 && !isAlive(pid)) return true;
  // The id may have gone to another process since (in a container it is often 1), so a running
  // process only counts while bytes keep coming; a live download gives up when they do not.
  const touched = await Promise.all([path, part].map((file) => stat(file).catch(() => undefined)));
  const latest = Math.max(...touched.map((found) => found?.mtimeMs ?? 0));
  return Date.now() - latest > silentMs;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== 'ESRCH';
  }
}
