import { GradloomError } from '../errors.ts';
import { isNode } from '../platform.ts';

/** How far a download is. Sent once when bytes start to come, then as they come, then once done. */
export interface DownloadProgress {
  /** Name of the file. */
  file: string;
  /** Bytes at hand so far, those of an earlier cut download included. */
  received: number;
  /** Bytes the whole file has, when the server says so. */
  total: number | undefined;
  /** How many of `received` were kept from an earlier, cut download. */
  resumedFrom: number;
  /** The host the bytes come from. */
  host: string;
  /** True in the last report: the file is complete and its checksum is right. */
  done: boolean;
}

export interface DownloadRequest {
  /** Where the file can be had, http or https; tried in order until one gives it. */
  urls: readonly string[];
  /** Name of the file in the cache: a plain name, no folders. */
  fileName: string;
  /**
   * SHA-256 in hexadecimal; with several, any one of them will do. Without one, whatever comes is
   * taken, and so is whatever is in the cache; a cut download goes on only if the server can tell
   * that its file is still the same.
   */
  sha256?: string | readonly string[];
  /** Give up when the file turns out larger than this. */
  maxBytes: number;
  /** Folder the file goes to, in Node. Default: `<GRADLOOM_HOME or ~/.gradloom>/datasets`. */
  cacheDir?: string;
  /** Stops the download; the bytes so far are kept for the next call. */
  signal?: AbortSignal;
  /** Give up on a mirror that sends nothing for this long. Default 30,000. */
  timeoutMs?: number;
  /** First pause before asking the same mirror again; it doubles each time. Default 500. */
  retryDelayMs?: number;
  /** Told how far the download is. */
  onProgress?: (progress: DownloadProgress) => void;
}

/**
 * Fetches a file, checks its SHA-256 and returns its bytes.
 *
 * In Node the file ends up in `cacheDir`, moved there only when complete and verified. Until then its
 * bytes are in `<fileName>.part` beside it, and a cut download goes on from there. In browsers it is
 * put into the Cache API, where the page has one. A file already there with the right checksum is
 * returned without touching the network.
 *
 * @throws GradloomError. When every mirror failed: `download-offline`, `download-http`,
 *   `download-cut`, `download-timeout`, `download-checksum`, `download-too-large`, or
 *   `download-failed` where they failed for different reasons. At once: `download-aborted`,
 *   `download-input`, `cache-unwritable`, `disk-full`.
 */
export async function download(request: DownloadRequest): Promise<Uint8Array> {
  checkRequest(request);
  if (isNode()) {
    const { downloadToFile } = await import('./download.node.ts');
    return downloadToFile(request);
  }
  const { downloadInBrowser } = await import('./download.browser.ts');
  return downloadInBrowser(request);
}

/** The checksums `request` accepts, lower-case. */
export function acceptedChecksums(request: DownloadRequest): string[] {
  const { sha256 = [] } = request;
  const given = typeof sha256 === 'string' ? [sha256] : sha256;
  return given.map((sum) => sum.toLowerCase());
}

/** Whether bytes with this checksum are those asked for. */
export function accepts(request: DownloadRequest, sum: string): boolean {
  return request.sha256 === undefined || acceptedChecksums(request).includes(sum);
}

function checkRequest(request: DownloadRequest): void {
  const complain = (message: string, facts: Record<string, unknown>): never => {
    throw new GradloomError('download-input', message, facts);
  };
  const { urls, fileName, maxBytes } = request;
  if (urls.length === 0) complain(`No address to download ${fileName} from.`, { fileName });
  for (const url of urls) {
    const protocol = URL.canParse(url) ? new URL(url).protocol : '';
    if (protocol !== 'http:' && protocol !== 'https:') {
      complain(`Cannot download from ${url}: expected an http or https address.`, { url });
    }
  }
  // The name becomes a path in the cache, so it must not lead out of it.
  if (!/^[\w][\w.-]*$/.test(fileName)) {
    complain(
      `Cannot keep a download under the name ${JSON.stringify(fileName)}: expected letters, digits, ".", "_" and "-", not starting with "." or "-".`,
      { fileName },
    );
  }
  const sums = acceptedChecksums(request);
  const none = request.sha256 !== undefined && sums.length === 0;
  if (none || !sums.every((sum) => /^[0-9a-f]{64}$/.test(sum))) {
    complain(`${fileName}: expected a SHA-256 of 64 hexadecimal digits, received ${sums}.`, {
      fileName,
      sha256: sums,
    });
  }
  if (!(maxBytes > 0)) {
    complain(`${fileName}: expected maxBytes over 0, received ${maxBytes}.`, { maxBytes });
  }
}
