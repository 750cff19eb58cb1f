import { GradloomError } from '../errors.ts';
import { explainFetch } from '../files/fetch-errors.ts';
import { acceptedChecksums, type DownloadRequest } from './download.ts';

/**
 * The part of downloading that is the same on disk and in a browser: asking one mirror after
 * another, giving up on one that is silent, and saying why none of them worked.
 */

/** How often one mirror is asked again after a failure that may pass. */
const RETRIES = 3;
const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_RETRY_DELAY_MS = 500;

/** Failures that another mirror cannot mend. */
const FINAL_CODES = ['download-aborted', 'cache-unwritable', 'disk-full', 'sha256-unavailable'];

/**
 * Runs `attempt` on each mirror until one succeeds, more than once on a mirror whose failure has
 * `facts.retry`. What `attempt` throws that is not a GradloomError is taken to come from `fetch`.
 */
export async function tryMirrors<T>(
  request: DownloadRequest,
  attempt: (url: string) => Promise<T>,
): Promise<T> {
  const failures: GradloomError[] = [];
  for (const url of request.urls) {
    for (let tries = 0; ; tries++) {
      if (request.signal?.aborted) throw aborted(request);
      let failure: GradloomError;
      try {
        return await attempt(url);
      } catch (error) {
        if (request.signal?.aborted) throw aborted(request);
        failure = error instanceof GradloomError ? error : explainFetch(error, url);
      }
      if (FINAL_CODES.includes(failure.code)) throw failure;
      if (failure.facts.retry !== true || tries === RETRIES) {
        failures.push(failure);
        break;
      }
      await pause((request.retryDelayMs ?? DEFAULT_RETRY_DELAY_MS) * 2 ** tries, request.signal);
    }
  }
  throw combine(request, failures);
}

/** What `receive` tells while a response comes in. */
export interface Receiver {
  /** The status and headers are there; throwing refuses the body. */
  start(response: Response): void | Promise<void>;
  /** One more piece of the body. */
  chunk(bytes: Uint8Array): void | Promise<void>;
}

/**
 * Fetches `url` and hands the response to `to` piece by piece, giving up when nothing comes for the
 * request's `timeoutMs`. Time spent in `to` (a slow disk) does not count as silence.
 */
export async function receive(
  url: string,
  headers: Record<string, string>,
  request: DownloadRequest,
  to: Receiver,
): Promise<void> {
  const timeoutMs = request.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const controller = new AbortController();
  const onAbort = () => controller.abort(request.signal?.reason);
  request.signal?.addEventListener('abort', onAbort, { once: true });
  const impatient = async <T>(work: Promise<T>): Promise<T> => {
    const timer = setTimeout(() => controller.abort(timedOut(url, timeoutMs)), timeoutMs);
    try {
      return await work;
    } catch (error) {
      // fetch reports an abort in different words on different platforms; the reason is ours.
      throw controller.signal.aborted ? controller.signal.reason : error;
    } finally {
      clearTimeout(timer);
    }
  };
  try {
    const response = await impatient(
      fetch(url, { headers, signal: controller.signal, redirect: 'follow' }),
    );
    await to.start(response);
    if (!response.body) return;
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await impatient(reader.read());
      if (done) return;
      await to.chunk(value);
    }
  } finally {
    request.signal?.removeEventListener('abort', onAbort);
    // Lets go of the connection when the body was not read to its end; does nothing otherwise.
    controller.abort();
  }
}

export function tooLarge(url: string, bytes: number, request: DownloadRequest): GradloomError {
  return new GradloomError(
    'download-too-large',
    `${url}: the file has ${bytes} bytes or more, over the limit of ${request.maxBytes}. This is not the expected file.`,
    { url, received: bytes, maxBytes: request.maxBytes },
  );
}

/** `retry`: whether asking the same mirror again may give other bytes. */
export function checksumMismatch(
  url: string,
  received: string,
  bytes: number,
  request: DownloadRequest,
  retry: boolean,
): GradloomError {
  const expected = acceptedChecksums(request);
  return new GradloomError(
    'download-checksum',
    `${url}: the ${bytes} bytes received are not the expected file and were deleted: expected SHA-256 ${expected.join(' or ')}, received ${received}. The file on the server was changed or something on the way (a proxy, a login page) answered instead.`,
    { url, expected, received, bytes, retry },
  );
}

export function aborted(request: DownloadRequest): GradloomError {
  return new GradloomError(
    'download-aborted',
    `The download of ${request.fileName} was stopped by the caller's signal.`,
    { file: request.fileName },
    { cause: request.signal?.reason },
  );
}

function timedOut(url: string, timeoutMs: number): GradloomError {
  return new GradloomError(
    'download-timeout',
    `${url}: no answer or no further bytes for ${timeoutMs / 1000} s.`,
    { url, timeoutMs, retry: true },
  );
}

function combine(request: DownloadRequest, failures: GradloomError[]): GradloomError {
  const codes = new Set(failures.map((failure) => failure.code));
  const code = codes.size === 1 ? failures[0].code : 'download-failed';
  const advice =
    code === 'download-offline'
      ? 'Check the network connection and any proxy.'
      : 'Try again later or give another address.';
  const reasons = failures.map((failure) => failure.message);
  return new GradloomError(
    code,
    reasons.length === 1
      ? `Could not download ${request.fileName} from ${reasons[0]} ${advice}`
      : `Could not download ${request.fileName} from any of ${reasons.length} mirrors:\n${reasons
          .map((reason) => `  - ${reason}`)
          .join('\n')}\n${advice}`,
    // A single mirror's facts (status, expected, received) are the failure's own.
    failures.length === 1
      ? { file: request.fileName, ...failures[0].facts }
      : { file: request.fileName, failures: failures.map(({ code, facts }) => ({ code, facts })) },
    { cause: failures.length === 1 ? failures[0] : new AggregateError(failures) },
  );
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end, { once: true });
  });
}
