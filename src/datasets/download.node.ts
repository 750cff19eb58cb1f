import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import {
  type FileHandle,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { GradloomError } from '../errors.ts';
import { readFileWithin, uniqueSuffix } from '../files/disk.node.ts';
import { cut, httpError } from '../files/fetch-errors.ts';
import { defaultCacheDir, onDisk } from './cache.node.ts';
import { accepts, type DownloadRequest } from './download.ts';
import { checksumMismatch, receive, tooLarge, tryMirrors } from './mirrors.ts';
import { lockPart } from './part-lock.node.ts';

/**
 * Downloads into the cache folder, going on from where an earlier try was cut.
 *
 * The bytes so far are in `<name>.part`, and `<name>.part.json` says which version of which address
 * they are of. A part is also continued from another mirror: the checksum of the whole tells whether
 * the pieces belong together, and when they do not the file is fetched once more from its start.
 */
export async function downloadToFile(request: DownloadRequest): Promise<Uint8Array> {
  const dir = request.cacheDir ?? defaultCacheDir();
  const path = join(dir, request.fileName);
  const here = await readVerified(path, request);
  if (here) return here;

  await onDisk(dir, () => mkdir(dir, { recursive: true }));
  const shared = `${path}.part`;
  const silentMs = 2 * (request.timeoutMs ?? 30_000);
  const lock = await onDisk(shared, () => lockPart(shared, silentMs));
  const part = lock ? shared : `${path}.${uniqueSuffix()}.part`;
  try {
    await tryMirrors(request, (url) => fetchPart(url, part, request));
    await onDisk(path, () => rename(part, path));
    await discard(part);
  } finally {
    // A part under a name of its own would never be found again.
    if (!lock) await discard(part);
    await lock?.release();
  }
  const bytes = await readFileWithin(path, request.maxBytes);
  if (bytes) return bytes;
  throw new GradloomError(
    'cache-unwritable',
    `${path} was removed right after it was downloaded. Check what else uses this folder.`,
    { path },
  );
}

async function readVerified(
  path: string,
  request: DownloadRequest,
): Promise<Uint8Array | undefined> {
  // Whatever is wrong with the file that is there, the answer is to replace it.
  const bytes = await readFileWithin(path, request.maxBytes).catch(() => undefined);
  if (!bytes) return undefined;
  const sum = createHash('sha256').update(bytes).digest('hex');
  return accepts(request, sum) ? bytes : undefined;
}

/** What is known of the bytes in a part file. */
interface Origin {
  url: string;
  /** A strong ETag or a date, as If-Range wants it. */
  validator?: string;
}

/** Completes `part` from `url` and verifies it; on failure leaves there what can be used again. */
async function fetchPart(url: string, part: string, request: DownloadRequest): Promise<void> {
  let { hash, size } = await hashPart(part);
  const checked = request.sha256 !== undefined;
  if (checked && size > 0 && accepts(request, hash.copy().digest('hex'))) return;
  const origin = size > 0 ? await readOrigin(part) : undefined;
  // Validators mean something only to the server that gave them.
  const validator = origin?.url === url ? origin.validator : undefined;
  // Without a checksum nothing else tells whether old and new bytes are of one file.
  const resumable = size <= request.maxBytes && (checked || validator !== undefined);
  const resumedFrom = resumable ? size : 0;

  const headers: Record<string, string> = { 'accept-encoding': 'identity' };
  if (resumedFrom > 0) {
    headers.range = `bytes=${resumedFrom}-`;
    if (validator) headers['if-range'] = validator;
  }

  const file = await onDisk(part, () => open(part, constants.O_RDWR | constants.O_CREAT));
  let kept = resumedFrom;
  let total: number | undefined;
  let reusable = true;
  const report = (done: boolean) =>
    request.onProgress?.({
      file: request.fileName,
      received: size,
      total,
      resumedFrom: kept,
      host: new URL(url).host,
      done,
    });
  try {
    await receive(url, headers, request, {
      async start(response) {
        if (response.status === 416) {
          reusable = false;
          throw new GradloomError(
            'download-http',
            `${url}: the part kept from an earlier download is longer than the server's file.`,
            { url, status: 416, kept, retry: true },
          );
        }
        if (response.status === 206 && resumedFrom > 0) {
          total = totalOfRange(response, resumedFrom, url);
        } else if (response.status === 200) {
          if (size > 0) await onDisk(part, () => file.truncate(0));
          hash = createHash('sha256');
          size = 0;
          kept = 0;
          const encoded = (response.headers.get('content-encoding') ?? 'identity') !== 'identity';
          // Unpacked on the way here: ranges and lengths would count other bytes than these.
          reusable = !encoded;
          const length = Number(response.headers.get('content-length'));
          if (length > 0 && !encoded) total = length;
          await writeOrigin(part, { url, validator: validatorOf(response) });
        } else {
          throw httpError(response, url);
        }
        if (total !== undefined && total > request.maxBytes) throw tooLarge(url, total, request);
        report(false);
      },
      async chunk(bytes) {
        if (size + bytes.length > request.maxBytes) {
          reusable = false;
          throw tooLarge(url, size + bytes.length, request);
        }
        await onDisk(part, () => writeAll(file, bytes, size));
        hash.update(bytes);
        size += bytes.length;
        report(false);
      },
    });
    if (total !== undefined && size < total) throw cut(url, size, total);
    const sum = hash.digest('hex');
    if (!accepts(request, sum)) {
      reusable = false;
      throw checksumMismatch(url, sum, size, request, kept > 0);
    }
    reusable = true;
    report(true);
  } finally {
    await onDisk(part, () => file.close());
    if (!reusable) await discard(part);
  }
}

async function hashPart(part: string): Promise<{ hash: Hash; size: number }> {
  const hash = createHash('sha256');
  const found = await stat(part).catch(() => undefined);
  if (!found?.isFile() || found.size === 0) return { hash, size: 0 };
  const file = await onDisk(part, () => open(part, 'r'));
  let size = 0;
  for await (const chunk of file.createReadStream()) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { hash, size };
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** The whole file's size by a 206 response, if it is known. */
function totalOfRange(response: Response, from: number, url: string): number | undefined {
  const range = response.headers.get('content-range') ?? '';
  const match = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(range);
  if (!match || Number(match[1]) !== from) {
    throw new GradloomError(
      'download-http',
      `${url}: asked for the bytes from ${from} on, the server answered with the range ${JSON.stringify(range)}.`,
      { url, status: 206, expected: from, received: range },
    );
  }
  return match[2] === '*' ? undefined : Number(match[2]);
}

function validatorOf(response: Response): string | undefined {
  const etag = response.headers.get('etag');
  // If-Range compares strongly, so a weak tag would never match.
  if (etag && !etag.startsWith('W/')) return etag;
  return response.headers.get('last-modified') ?? undefined;
}

async function readOrigin(part: string): Promise<Origin | undefined> {
  try {
    const origin = JSON.parse(await readFile(`${part}.json`, 'utf8'));
    return typeof origin?.url === 'string' ? origin : undefined;
  } catch {
    return undefined;
  }
}

async function writeOrigin(part: string, origin: Origin): Promise<void> {
  await onDisk(part, () => writeFile(`${part}.json`, JSON.stringify(origin)));
}

async function discard(part: string): Promise<void> {
  await rm(part, { force: true }).catch(() => {});
  await rm(`${part}.json`, { force: true }).catch(() => {});
}
