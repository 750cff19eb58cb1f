/** Reading files, with errors that say what to do. */
import { open } from 'node:fs/promises';
import { GradloomError } from '../errors.ts';

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

export function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : String(error);
}

export function uniqueSuffix(): string {
  return `${process.pid}-${Math.random().toString(36).slice(2, 10)}`;
}
