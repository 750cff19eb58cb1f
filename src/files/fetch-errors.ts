/** What went wrong when something was fetched. With `facts.retry` where asking again may help. */
import { GradloomError } from '../errors.ts';

export function httpError(response: Response, url: string): GradloomError {
  const { status, statusText } = response;
  const retry = status === 408 || status === 425 || status === 429 || status >= 500;
  const label = statusText ? `${status} ${statusText}` : `${status}`;
  return new GradloomError('download-http', `${url}: the server answered ${label}.`, {
    url,
    status,
    retry,
  });
}

export function cut(url: string, received: number, total: number | undefined): GradloomError {
  const of = total === undefined ? '' : ` of ${total}`;
  return new GradloomError(
    'download-cut',
    `${url}: the connection ended after ${received}${of} bytes.`,
    { url, received, total, retry: true },
  );
}

const OFFLINE = ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ENETUNREACH', 'EHOSTUNREACH'];
const CUT = ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT'];

export function explainFetch(error: unknown, url: string): GradloomError {
  // fetch throws a bare "fetch failed"; what happened is in its cause.
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = String((cause as { code?: unknown } | undefined)?.code ?? '');
  const text = cause instanceof Error && cause.message ? cause.message : String(code || cause);
  const facts = { url, reason: code || text };
  if (OFFLINE.includes(code)) {
    const message = `${url}: could not be reached (${code}).`;
    return new GradloomError('download-offline', message, facts, { cause: error });
  }
  if (CUT.includes(code)) {
    const message = `${url}: the connection broke (${text}).`;
    return new GradloomError('download-cut', message, { ...facts, retry: true }, { cause: error });
  }
  return new GradloomError('download-failed', `${url}: ${text}.`, facts, { cause: error });
}
