/** The part of `getFile` that needs Node: the cache on disk, hashes, unpacking. */
import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { defaultCacheDir, writeFileAtomically } from '../../datasets/cache.node.ts';
import { download } from '../../datasets/index.ts';
import { createProgressReporter } from '../../datasets/progress.ts';
import { GradloomError } from '../../errors.ts';
import { gunzip, isGzip } from '../../formats/gzip.ts';
import { isTar, untar } from '../../formats/tar.ts';
import { unzip } from '../../formats/zip.ts';
import type { ArchiveFormat, FileRequest } from './get-file.ts';

export async function fetchFile(r: FileRequest): Promise<string> {
  const folder = join(r.cacheDir ?? dirname(defaultCacheDir()), r.cacheSubdir);
  const path = join(folder, r.target);
  const { hash } = r;
  const md5 = hash?.algorithm === 'md5' ? hash.hex : undefined;
  if (r.force || (md5 && (await md5Of(path)) !== md5)) await rm(path, { force: true });
  const bar = r.onProgress ? undefined : createProgressReporter(process.stderr);
  let bytes: Uint8Array;
  try {
    bytes = await download({
      urls: [r.origin],
      fileName: r.target,
      sha256: hash?.algorithm === 'sha256' ? hash.hex : undefined,
      maxBytes: r.maxBytes,
      cacheDir: folder,
      signal: r.signal,
      onProgress: r.onProgress ?? bar?.report,
    });
  } finally {
    bar?.end();
  }
  if (md5) await checkMd5(path, md5, bytes, r.origin);
  if (!r.extraction) return path;
  const target = join(folder, r.extraction.folder);
  await unpack(bytes, target, r.extraction.formats, r);
  return target;
}

async function md5Of(path: string): Promise<string | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  return bytes && createHash('md5').update(bytes).digest('hex');
}

async function checkMd5(path: string, want: string, bytes: Uint8Array, url: string): Promise<void> {
  const got = createHash('md5').update(bytes).digest('hex');
  if (got === want) return;
  await rm(path, { force: true });
  throw new GradloomError(
    'download-checksum',
    `${url}: the ${bytes.length} bytes received are not the expected file and were deleted: expected MD5 ${want}, received ${got}.`,
    { url, expected: want, received: got, bytes: bytes.length },
  );
}

/** Into the folder, over what has the same names; file by file, each whole or not at all. */
async function unpack(
  bytes: Uint8Array,
  folder: string,
  formats: readonly ArchiveFormat[],
  r: FileRequest,
): Promise<void> {
  for (const [name, data] of await membersOf(bytes, formats, r))
    await writeFileAtomically(join(folder, name), data);
}

async function membersOf(
  bytes: Uint8Array,
  formats: readonly ArchiveFormat[],
  { target: name, maxBytes }: FileRequest,
): Promise<Map<string, Uint8Array>> {
  if (formats.includes('tar')) {
    const plain = isGzip(bytes) ? await gunzip(bytes, { name, maxBytes }) : bytes;
    if (isTar(plain)) return untar(plain, { name });
  }
  if (formats.includes('zip') && bytes[0] === 0x50 && bytes[1] === 0x4b)
    return unzip(bytes, { name, maxBytes, maxEntries: 1e6 });
  throw new GradloomError(
    'archive',
    `${name} is no archive that can be unpacked: ${formats.join(' or ')} (TAR plain or packed by gzip) was expected.`,
    { file: name, formats: [...formats] },
  );
}
