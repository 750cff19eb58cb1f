/** Files that callbacks add to while training runs: each addition is on disk when it resolves. */
import { appendFile, mkdir, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GradloomError } from '../../errors.ts';

/** An empty file, with its folders. Throws `file-unwritable`. */
export async function createFile(who: string, path: string): Promise<void> {
  await writing(who, path, async () => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, '');
  });
}

/** Adds to the end of a file, which is made if there is none. Throws `file-unwritable`. */
export async function addToFile(
  who: string,
  path: string,
  data: string | Uint8Array,
): Promise<void> {
  await writing(who, path, async () => {
    await mkdir(dirname(path), { recursive: true });
    await appendFile(path, data);
  });
}

/** Whether there is such a file with anything in it. Throws `file-unwritable`. */
export async function hasContent(who: string, path: string): Promise<boolean> {
  return (await sizeOfFile(who, path)) > 0;
}

/** Its length in bytes; 0 where there is none. Throws `file-unwritable`. */
export async function sizeOfFile(who: string, path: string): Promise<number> {
  return writing(who, path, async () => {
    try {
      return (await stat(path)).size;
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code === 'ENOENT') return 0;
      throw e;
    }
  });
}

/** Takes away what lies behind `size` bytes. Throws `file-unwritable`. */
export async function cutFile(who: string, path: string, size: number): Promise<void> {
  await writing(who, path, async () => {
    if ((await sizeOfFile(who, path)) > size) await truncate(path, size);
  });
}

async function writing<T>(who: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const hint =
      reason === 'ENOSPC' || reason === 'EDQUOT'
        ? 'Free some space'
        : reason === 'EISDIR'
          ? 'It is a folder: name a file in it'
          : 'Check that its folder can be written';
    throw new GradloomError(
      'file-unwritable',
      `${who} cannot write ${path} (${reason}). ${hint}, or choose another path.`,
      { path, reason },
      { cause },
    );
  }
}
