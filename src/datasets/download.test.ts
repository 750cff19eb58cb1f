import { createHash } from 'node:crypto';
import { existsSync, symlinkSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closedAddress, errorOf, sendFile, startServer } from '../files/test-server.ts';
import { type DownloadProgress, type DownloadRequest, download } from './download.ts';

const file = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 2654435761) >>> 13);
const sha256 = createHash('sha256').update(file).digest('hex');
const CUT = 100_000;

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gradloom-download-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

function request(urls: string[], more: Partial<DownloadRequest> = {}): DownloadRequest {
  return {
    urls,
    fileName: 'file.bin',
    sha256,
    maxBytes: 1e6,
    cacheDir: dir,
    retryDelayMs: 1,
    ...more,
  };
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Makes `dir` hold the first bytes of the file, as a cut download leaves them. */
async function leavePart(bytes: Uint8Array, origin?: { url: string; validator?: string }) {
  await writeFile(join(dir, 'file.bin.part'), bytes);
  if (origin) await writeFile(join(dir, 'file.bin.part.json'), JSON.stringify(origin));
}

describe('download in Node', () => {
  it('puts the verified file into the cache, reports progress, and then needs no network', async () => {
    await using server = await startServer((req, res) => sendFile(req, res, file));
    const reports: DownloadProgress[] = [];
    const cacheDir = join(dir, 'made', 'by', 'download');
    const onProgress = (progress: DownloadProgress) => reports.push(progress);
    const got = await download(request([`${server.base}a`], { cacheDir, onProgress }));
    expect(same(got, file)).toBe(true);
    expect(same(await readFile(join(cacheDir, 'file.bin')), file)).toBe(true);
    expect(await readdir(cacheDir)).toEqual(['file.bin']);
    expect(server.seen[0].encoding).toBe('identity');
    expect(reports[0]).toMatchObject({
      file: 'file.bin',
      received: 0,
      total: 300_000,
      done: false,
    });
    expect(reports.at(-1)).toMatchObject({ received: 300_000, resumedFrom: 0, done: true });

    expect(same(await download(request([`${server.base}a`], { cacheDir })), file)).toBe(true);
    expect(server.seen.length).toBe(1);
  });

  it('replaces a file in the cache that has other bytes', async () => {
    await writeFile(join(dir, 'file.bin'), file.subarray(0, 1000));
    await using server = await startServer((req, res) => sendFile(req, res, file));
    await download(request([server.base]));
    expect(same(await readFile(join(dir, 'file.bin')), file)).toBe(true);
  });

  it('goes on by itself after the connection is cut, with If-Range', async () => {
    await using server = await startServer((req, res, count) =>
      sendFile(req, res, file, { etag: '"v1"', cutAfter: count < 2 ? CUT : undefined }),
    );
    expect(same(await download(request([server.base])), file)).toBe(true);
    expect(server.seen.map((seen) => [seen.range, seen.ifRange])).toEqual([
      [undefined, undefined],
      [`bytes=${CUT}-`, '"v1"'],
      [`bytes=${2 * CUT}-`, '"v1"'],
    ]);
  });

  it('keeps the part of a download that failed, and the next call fetches only the rest', async () => {
    const reports: DownloadProgress[] = [];
    {
      await using server = await startServer((req, res, count) =>
        count === 0 ? sendFile(req, res, file, { cutAfter: CUT }) : void res.writeHead(404).end(),
      );
      expect((await errorOf(download(request([server.base])))).code).toBe('download-http');
    }
    expect((await readdir(dir)).sort()).toEqual(['file.bin.part', 'file.bin.part.json']);
    await using server = await startServer((req, res) => sendFile(req, res, file));
    const onProgress = (progress: DownloadProgress) => reports.push(progress);
    expect(same(await download(request([server.base], { onProgress })), file)).toBe(true);
    expect(server.seen.map((seen) => seen.range)).toEqual([`bytes=${CUT}-`]);
    expect(reports[0]).toMatchObject({ received: CUT, total: 300_000, resumedFrom: CUT });
    expect(await readdir(dir)).toEqual(['file.bin']);
  });

  it('starts over when the file changed on the server, or the server knows no ranges', async () => {
    for (const options of [{ etag: '"new"' }, { noRanges: true }]) {
      await rm(join(dir, 'file.bin'), { force: true });
      await using server = await startServer((req, res) => sendFile(req, res, file, options));
      await leavePart(new Uint8Array(CUT), { url: server.base, validator: '"old"' });
      expect(same(await download(request([server.base])), file)).toBe(true);
      expect(server.seen.length).toBe(1);
    }
  });

  it('fetches the whole file again when the kept part was of another one', async () => {
    await using server = await startServer((req, res) => sendFile(req, res, file));
    await leavePart(new Uint8Array(CUT));
    expect(same(await download(request([server.base])), file)).toBe(true);
    expect(server.seen.map((seen) => seen.range)).toEqual([`bytes=${CUT}-`, undefined]);
    // Longer than the file: the server answers 416.
    await rm(join(dir, 'file.bin'));
    await leavePart(new Uint8Array(400_000));
    expect(same(await download(request([server.base])), file)).toBe(true);
  });

  it('needs no server for a part that is already whole', async () => {
    await leavePart(file);
    expect(same(await download(request([await closedAddress()])), file)).toBe(true);
  });

  it('deletes a file with another checksum, says both, and does not ask again', async () => {
    await using server = await startServer((req, res) => sendFile(req, res, file.subarray(1)));
    const error = await errorOf(download(request([server.base])));
    expect(error.code).toBe('download-checksum');
    const received = createHash('sha256').update(file.subarray(1)).digest('hex');
    expect(error.facts).toMatchObject({ expected: [sha256], received, bytes: 299_999 });
    expect(error.message).toContain(sha256);
    expect(await readdir(dir)).toEqual([]);
    expect(server.seen.length).toBe(1);
  });

  it('takes the next mirror after a 404, a wrong file and a refused connection', async () => {
    await using missing = await startServer((_, res) => void res.writeHead(404).end('no'));
    await using wrong = await startServer((_, res) => void res.end('<html>log in</html>'));
    await using good = await startServer((req, res) => sendFile(req, res, file));
    const urls = [missing.base, wrong.base, await closedAddress(), good.base];
    expect(same(await download(request(urls)), file)).toBe(true);
    expect(await readdir(dir)).toEqual(['file.bin']);
    expect([missing, wrong, good].map((server) => server.seen.length)).toEqual([1, 1, 1]);
  });

  it('continues on another mirror what the first one started', async () => {
    await using first = await startServer((req, res, count) =>
      count === 0
        ? sendFile(req, res, file, { etag: '"a"', cutAfter: CUT })
        : void res.writeHead(410).end(),
    );
    await using second = await startServer((req, res) => sendFile(req, res, file, { etag: '"b"' }));
    expect(same(await download(request([first.base, second.base])), file)).toBe(true);
    expect(second.seen).toMatchObject([{ range: `bytes=${CUT}-`, ifRange: undefined }]);
  });

  it('tells 404, offline, a busy server and several different failures apart', async () => {
    await using missing = await startServer((_, res) => void res.writeHead(404).end('no'));
    const notFound = await errorOf(download(request([missing.base])));
    expect(notFound.code).toBe('download-http');
    expect(notFound.facts.status).toBe(404);
    expect(notFound.message).toContain('404 Not Found');
    expect(missing.seen.length).toBe(1);

    const offline = await errorOf(download(request([await closedAddress()])));
    expect(offline.code).toBe('download-offline');
    expect(offline.message).toContain('ECONNREFUSED');

    await using busy = await startServer((_, res) => void res.writeHead(503).end());
    expect((await errorOf(download(request([busy.base])))).facts.status).toBe(503);
    expect(busy.seen.length).toBe(4);

    const both = await errorOf(download(request([missing.base, await closedAddress()])));
    expect(both.code).toBe('download-failed');
    expect(both.message).toMatch(/any of 2 mirrors:\n {2}- .*404.*\n {2}- .*ECONNREFUSED/);
  });

  it('gives up on a server that stops sending, keeping what came', async () => {
    await using server = await startServer((_, res) => {
      res.writeHead(200, { 'content-length': file.length });
      res.write(file.subarray(0, CUT));
    });
    // The answer never goes on, and each retry starts over, as this server knows no ranges.
    const started = performance.now();
    const error = await errorOf(download(request([server.base], { timeoutMs: 150 })));
    expect(error.code).toBe('download-timeout');
    expect(performance.now() - started).toBeLessThan(5000);
    expect((await readFile(join(dir, 'file.bin.part'))).length).toBe(CUT);
  });

  it('does not take a slow but steady server for a silent one', async () => {
    await using server = await startServer((_, res) => {
      res.writeHead(200, { 'content-length': file.length });
      let sent = 0;
      const timer = setInterval(() => {
        res.write(file.subarray(sent, sent + CUT));
        sent += CUT;
        if (sent >= file.length) clearInterval(timer);
      }, 250);
    });
    const got = await download(request([server.base], { timeoutMs: 500 }));
    expect(same(got, file)).toBe(true);
  });

  it('stops on abort, before and during, and keeps the part', async () => {
    await using server = await startServer((_, res) => {
      res.writeHead(200, { 'content-length': file.length });
      res.write(file.subarray(0, CUT));
    });
    const early = AbortSignal.abort(new Error('changed my mind'));
    const error = await errorOf(download(request([server.base], { signal: early })));
    expect(error.code).toBe('download-aborted');
    expect((error.cause as Error).message).toBe('changed my mind');
    expect(server.seen.length).toBe(0);

    const controller = new AbortController();
    const onProgress = ({ received }: DownloadProgress) => {
      if (received === CUT) controller.abort();
    };
    const { signal } = controller;
    const later = await errorOf(
      download(request([server.base, server.base], { signal, onProgress })),
    );
    expect(later.code).toBe('download-aborted');
    expect(server.seen.length).toBe(1);
    expect((await readdir(dir)).sort()).toEqual(['file.bin.part', 'file.bin.part.json']);
  });

  it('says when the cache cannot be written, and asks no server', async () => {
    const blocked = join(dir, 'blocked');
    await writeFile(blocked, 'a file where the folder should be');
    await using server = await startServer((req, res) => sendFile(req, res, file));
    for (const cacheDir of [blocked, join(blocked, 'below')]) {
      const error = await errorOf(download(request([server.base], { cacheDir })));
      expect(error.code).toBe('cache-unwritable');
      expect(error.message).toContain('GRADLOOM_HOME');
    }
    expect(server.seen.length).toBe(0);
  });

  it.runIf(existsSync('/dev/full'))(
    'says when the disk is full, and tries no other mirror',
    async () => {
      symlinkSync('/dev/full', join(dir, 'file.bin.part'));
      await using server = await startServer((req, res) => sendFile(req, res, file));
      const error = await errorOf(download(request([server.base, server.base])));
      expect(error.code).toBe('disk-full');
      expect(error.facts.reason).toBe('ENOSPC');
      expect(server.seen.length).toBe(1);
    },
  );

  it('refuses a file over maxBytes, announced or not', async () => {
    await using announced = await startServer((req, res) => sendFile(req, res, file));
    const more = { maxBytes: 200_000 };
    expect((await errorOf(download(request([announced.base], more)))).code).toBe(
      'download-too-large',
    );
    await using chunked = await startServer((_, res) => {
      res.write(file);
      res.end();
    });
    expect((await errorOf(download(request([chunked.base], more)))).code).toBe(
      'download-too-large',
    );
    expect(await readdir(dir)).not.toContain('file.bin');
  });

  it('accepts any of several checksums, as of a .gz unpacked on the way', async () => {
    const packed = gzipSync(file);
    await using server = await startServer((_, res) => {
      res
        .writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.length })
        .end(packed);
    });
    const sums = [createHash('sha256').update(packed).digest('hex'), sha256.toUpperCase()];
    expect(same(await download(request([server.base], { sha256: sums })), file)).toBe(true);
  });

  it('lets two downloads of one file run at once', async () => {
    await using server = await startServer((req, res) => {
      setTimeout(() => sendFile(req, res, file), 50);
    });
    const both = await Promise.all([1, 2, 3].map(() => download(request([server.base]))));
    expect(both.every((got) => same(got, file))).toBe(true);
    expect(await readdir(dir)).toEqual(['file.bin']);
  });

  it('leaves the part of a running download alone, and none of its own behind', async () => {
    await leavePart(file.subarray(0, CUT));
    await writeFile(join(dir, 'file.bin.part.lock'), String(process.pid));
    await using server = await startServer((req, res, count) =>
      count === 0 ? sendFile(req, res, file, { cutAfter: 10 }) : void res.writeHead(404).end(),
    );
    expect((await errorOf(download(request([server.base])))).code).toBe('download-http');
    expect(server.seen[0].range).toBe(undefined);
    expect((await readdir(dir)).sort()).toEqual(['file.bin.part', 'file.bin.part.lock']);
    expect((await readFile(join(dir, 'file.bin.part'))).length).toBe(CUT);
  });

  it('takes over the lock of a process that is gone, and an old one, to resume', async () => {
    await using server = await startServer((req, res) => sendFile(req, res, file));
    const lock = join(dir, 'file.bin.part.lock');
    const longAgo = new Date(Date.now() - 120_000);
    for (const pid of ['999999999', String(process.pid), 'half-written']) {
      await rm(join(dir, 'file.bin'), { force: true });
      await leavePart(file.subarray(0, CUT));
      await writeFile(lock, pid);
      // A process that is known to be gone need not have been silent for long.
      if (pid !== '999999999') {
        await utimes(lock, longAgo, longAgo);
        await utimes(join(dir, 'file.bin.part'), longAgo, longAgo);
      }
      expect(same(await download(request([server.base])), file)).toBe(true);
      expect(server.seen.at(-1)?.range, pid).toBe(`bytes=${CUT}-`);
      expect(await readdir(dir)).toEqual(['file.bin']);
    }
  });

  it('refuses requests it cannot mean', async () => {
    const bad: Partial<DownloadRequest>[] = [
      { urls: [] },
      { urls: ['file:///etc/passwd'] },
      { urls: ['not an address'] },
      { fileName: '../escape' },
      { fileName: 'a/b' },
      { fileName: '.part' },
      { fileName: '' },
      { sha256: 'abc' },
      { sha256: [] },
      { maxBytes: 0 },
    ];
    for (const more of bad) {
      const error = await errorOf(download(request(['http://127.0.0.1:1/'], more)));
      expect(error.code, JSON.stringify(more)).toBe('download-input');
    }
  });
});
