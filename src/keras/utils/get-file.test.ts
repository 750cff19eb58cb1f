import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sendFile, startServer } from '../../files/test-server.ts';
import { readGoldens } from '../testing.ts';
import { type GetFileOptions, getFile } from './index.ts';

const file = Uint8Array.from({ length: 50_000 }, (_, i) => (i * 2654435761) >>> 11);
const hash = (algorithm: string, of: Uint8Array = file): string =>
  createHash(algorithm).update(of).digest('hex');
const { archives } = readGoldens<{ archives: { gzip: string; files: Record<string, string> }[] }>(
  'utils',
);

let cacheDir = '';
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'gradloom-get-file-'));
});
afterEach(() => rm(cacheDir, { recursive: true, force: true }));

const quiet = (o: GetFileOptions = {}): GetFileOptions => ({
  cacheDir,
  onProgress: () => {},
  ...o,
});
const serve = (bytes: Uint8Array) =>
  startServer((req, res) => sendFile(req, res, bytes, { etag: '"1"' }));

describe('getFile', () => {
  it('keeps the file, and asks for it once', async () => {
    await using server = await serve(file);
    const path = await getFile(null, `${server.base}data.bin?x=1`, quiet());
    expect(path).toBe(join(cacheDir, 'datasets', 'data.bin'));
    expect(Buffer.compare(await readFile(path), file)).toBe(0);
    expect(await getFile({ origin: `${server.base}data.bin`, ...quiet() })).toBe(path);
    expect(server.seen.length).toBe(1);
    await getFile('data.bin', `${server.base}data.bin`, quiet({ forceDownload: true }));
    expect(server.seen.length).toBe(2);
  });

  it('goes on where it was cut, if the server has the same file', async () => {
    let etag = '"1"';
    await using server = await startServer((req, res, count) =>
      sendFile(req, res, file, { etag, cutAfter: count === 0 ? 20_000 : undefined }),
    );
    const get = () => getFile('f.bin', `${server.base}f.bin`, quiet());
    const path = await get();
    expect(Buffer.compare(await readFile(path), file)).toBe(0);
    expect(server.seen.length).toBe(2);
    expect(server.seen[1]).toMatchObject({ range: expect.any(String), ifRange: '"1"' });
    // Another file by now: from its start.
    await rm(path);
    await writeFile(`${path}.part`, 'old bytes');
    await writeFile(
      `${path}.part.json`,
      JSON.stringify({ url: `${server.base}f.bin`, validator: '"1"' }),
    );
    etag = '"2"';
    expect(Buffer.compare(await readFile(await get()), file)).toBe(0);
    // Of bytes that nobody vouches for, none are kept.
    await rm(path);
    await writeFile(`${path}.part`, 'old bytes');
    const before = server.seen.length;
    expect(Buffer.compare(await readFile(await get()), file)).toBe(0);
    expect(server.seen[before].range).toBeUndefined();
  });

  it('checks SHA-256 and MD5, whether the file was there or not', async () => {
    await using server = await serve(file);
    for (const algorithm of ['sha256', 'md5']) {
      const o = quiet({ fileHash: hash(algorithm).toUpperCase() });
      const path = await getFile('f.bin', `${server.base}f.bin`, o);
      await writeFile(path, 'something else');
      await getFile('f.bin', `${server.base}f.bin`, o);
      expect(Buffer.compare(await readFile(path), file)).toBe(0);
      const wrong = quiet({ fileHash: hash(algorithm, Uint8Array.of(1)), forceDownload: true });
      await expect(getFile('f.bin', `${server.base}f.bin`, wrong)).rejects.toMatchObject({
        code: 'download-checksum',
      });
      expect(await readdir(join(cacheDir, 'datasets'))).toEqual([]);
    }
    await getFile('f.bin', `${server.base}f.bin`, quiet({ md5Hash: hash('md5') }));
  });

  it('unpacks TAR, gzipped or not, and ZIP', async () => {
    const packed = new Uint8Array(Buffer.from(archives[1].gzip, 'base64'));
    const zipped = zipSync({ 'in/x.txt': new TextEncoder().encode('zip') });
    await using server = await startServer((req, res) =>
      sendFile(req, res, req.url!.includes('zip') ? zipped : packed),
    );
    const named = await getFile('set.tar.gz', `${server.base}set.tar.gz`, quiet({ untar: true }));
    expect(named).toBe(join(cacheDir, 'datasets', 'set_extracted'));
    for (const [name, text] of Object.entries(archives[1].files))
      expect(await readFile(join(named, name), 'utf8')).toBe(text);
    // What else lies there stays.
    await writeFile(join(named, 'mine'), 'kept');
    await getFile('set.tar.gz', `${server.base}set.tar.gz`, quiet({ extract: true }));
    expect(await readFile(join(named, 'mine'), 'utf8')).toBe('kept');
    const plain = await getFile({
      origin: `${server.base}zip`,
      extract: true,
      ...quiet({ cacheSubdir: 'other' }),
    });
    expect(plain).toBe(join(cacheDir, 'other', 'zip'));
    expect(await readFile(join(plain, 'in', 'x.txt'), 'utf8')).toBe('zip');
    const o = quiet({ extract: true, archiveFormat: 'zip' });
    await expect(getFile('t', `${server.base}set`, o)).rejects.toThrow(
      'no archive that can be unpacked: zip',
    );
  });

  it('refuses what it cannot do', async () => {
    const fails = (o: GetFileOptions, message: string) =>
      expect(getFile(quiet(o))).rejects.toThrow(message);
    const origin = 'http://127.0.0.1:9/x.bin';
    await fails({}, 'origin must be the address of a file; received null');
    await fails({ origin: 'file.bin' }, 'origin must be the address');
    await fails({ origin: 'ftp://x/y' }, 'expected an http or https address');
    await fails({ origin: 'http://x.y/' }, 'ends in no name');
    await fails({ origin, fname: 'a/b' }, 'a name without folders');
    await fails({ origin, cacheSubdir: '../x' }, 'must stay in the cache');
    await fails({ origin, fileHash: 'abc' }, 'has 64 hexadecimal digits');
    await fails({ origin, fileHash: 'abc', hashAlgorithm: 'sha1' }, 'Unknown hashAlgorithm');
    await fails({ origin, archiveFormat: 'rar', extract: true }, 'Unknown archiveFormat');
    await fails({ orgin: origin } as never, 'Did you mean "origin"?');
  });
});
