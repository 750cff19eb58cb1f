import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { errorOf, sendFile, startServer } from '../files/test-server.ts';
import { downloadInBrowser } from './download.browser.ts';
import type { DownloadProgress, DownloadRequest } from './download.ts';

// Node has the same fetch, Response and streams; only the Cache API is stood in for.
const file = new TextEncoder().encode('the file '.repeat(1000));
const sha256 = createHash('sha256').update(file).digest('hex');

function request(urls: string[], more: Partial<DownloadRequest> = {}): DownloadRequest {
  return { urls, fileName: 'file.bin', sha256, maxBytes: 1e6, retryDelayMs: 1, ...more };
}

function fakeCaches(): Map<string, Response> {
  const kept = new Map<string, Response>();
  const cache = {
    match: async (key: string) => kept.get(key)?.clone(),
    put: async (key: string, response: Response) => void kept.set(key, response),
    delete: async (key: string) => kept.delete(key),
  };
  vi.stubGlobal('caches', { open: async () => cache });
  return kept;
}

afterEach(() => vi.unstubAllGlobals());

describe('download in a browser', () => {
  it('keeps the file in the Cache API and asks the network once', async () => {
    const kept = fakeCaches();
    await using server = await startServer((req, res) => sendFile(req, res, file));
    const reports: DownloadProgress[] = [];
    const onProgress = (progress: DownloadProgress) => reports.push(progress);
    for (let i = 0; i < 2; i++) {
      expect(await downloadInBrowser(request([server.base], { onProgress }))).toEqual(file);
    }
    expect(server.seen.length).toBe(1);
    expect([...kept.keys()]).toEqual([server.base]);
    expect(reports.at(-1)).toMatchObject({ received: file.length, total: file.length, done: true });
  });

  it('replaces a cached file that is damaged', async () => {
    const kept = fakeCaches();
    await using server = await startServer((req, res) => sendFile(req, res, file));
    kept.set(server.base, new Response('damaged'));
    expect(await downloadInBrowser(request([server.base]))).toEqual(file);
    expect(await kept.get(server.base)?.text()).toContain('the file');
  });

  it('works without a usable cache', async () => {
    vi.stubGlobal('caches', { open: () => Promise.reject(new Error('SecurityError')) });
    await using server = await startServer((req, res) => sendFile(req, res, file));
    expect(await downloadInBrowser(request([server.base]))).toEqual(file);
  });

  it('asks again after a cut, and takes the next mirror', async () => {
    await using flaky = await startServer((req, res, count) =>
      sendFile(req, res, file, { cutAfter: count === 0 ? 100 : undefined }),
    );
    expect(await downloadInBrowser(request([flaky.base]))).toEqual(file);
    await using missing = await startServer((_, res) => void res.writeHead(404).end());
    expect(await downloadInBrowser(request([missing.base, flaky.base]))).toEqual(file);
  });

  it('says what is wrong: checksum, 404, size, abort', async () => {
    await using server = await startServer((req, res) => {
      if (req.url === '/404') res.writeHead(404).end();
      else sendFile(req, res, file.subarray(1));
    });
    const codes = await Promise.all(
      [
        request([server.base]),
        request([`${server.base}404`]),
        request([server.base], { maxBytes: 100 }),
        request([server.base], { signal: AbortSignal.abort() }),
      ].map(async (each) => (await errorOf(downloadInBrowser(each))).code),
    );
    expect(codes).toEqual([
      'download-checksum',
      'download-http',
      'download-too-large',
      'download-aborted',
    ]);
  });
});
