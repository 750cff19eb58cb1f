import { cut, httpError } from '../files/fetch-errors.ts';
import { sha256Hex } from '../files/sha256.ts';
import { accepts, type DownloadProgress, type DownloadRequest } from './download.ts';
import { checksumMismatch, receive, tooLarge, tryMirrors } from './mirrors.ts';

const CACHE_NAME = 'gradloom-datasets';

/**
 * Downloads in a browser: into memory, with a verified copy in the Cache API where the page has one
 * (private windows and insecure pages may not; the download works all the same).
 *
 * `request` and the errors are those of `download`; `cacheDir` has no meaning here.
 */
export async function downloadInBrowser(request: DownloadRequest): Promise<Uint8Array> {
  const cache = await openCache();
  // Kept under the first mirror's address, whichever mirror it came from.
  const key = request.urls[0];
  const kept = await cache?.match(key).catch(() => undefined);
  if (kept) {
    const bytes = new Uint8Array(await kept.arrayBuffer());
    if (accepts(request, await sha256Hex(bytes))) return bytes;
    await cache?.delete(key).catch(() => false);
  }
  const bytes = await tryMirrors(request, (url) => fetchWhole(url, request));
  // A full quota is no reason to fail: the bytes are here.
  await cache?.put(key, new Response(bytes as Uint8Array<ArrayBuffer>)).catch(() => {});
  return bytes;
}

async function openCache(): Promise<Cache | undefined> {
  try {
    return await globalThis.caches?.open(CACHE_NAME);
  } catch {
    return undefined;
  }
}

async function fetchWhole(url: string, request: DownloadRequest): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let received = 0;
  let total: number | undefined;
  const report = (done: boolean) => {
    const { host } = new URL(url);
    const progress: DownloadProgress = {
      file: request.fileName,
      received,
      total,
      resumedFrom: 0,
      host,
      done,
    };
    request.onProgress?.(progress);
  };
  await receive(url, {}, request, {
    start(response) {
      if (response.status !== 200) throw httpError(response, url);
      const length = Number(response.headers.get('content-length'));
      // Of an encoded response the length is that of the encoded bytes, not those that arrive here.
      if (length > 0 && !response.headers.get('content-encoding')) total = length;
      if (total !== undefined && total > request.maxBytes) throw tooLarge(url, total, request);
      report(false);
    },
    chunk(bytes) {
      received += bytes.length;
      if (received > request.maxBytes) throw tooLarge(url, received, request);
      chunks.push(bytes);
      report(false);
    },
  });
  if (total !== undefined && received < total) throw cut(url, received, total);
  const whole = new Uint8Array(received);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  const sum = await sha256Hex(whole);
  if (!accepts(request, sum)) {
    throw checksumMismatch(url, sum, received, request, false);
  }
  report(true);
  return whole;
}
