import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GradloomError } from '../errors.ts';

/** A local web server for the download tests, and what they share. Not part of the product. */

export interface Seen {
  url: string;
  range: string | undefined;
  ifRange: string | undefined;
  encoding: string | undefined;
}

export interface TestServer extends AsyncDisposable {
  /** `http://127.0.0.1:port/` */
  base: string;
  /** Every request so far. */
  seen: Seen[];
}

/** Answers each request with `answer`; `count` is the number of requests before it. */
export async function startServer(
  answer: (req: IncomingMessage, res: ServerResponse, count: number) => void,
): Promise<TestServer> {
  const seen: Seen[] = [];
  const server = createServer((req, res) => {
    seen.push({
      url: req.url ?? '',
      range: req.headers.range,
      ifRange: req.headers['if-range'] as string | undefined,
      encoding: req.headers['accept-encoding'] as string | undefined,
    });
    answer(req, res, seen.length - 1);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An address that refuses connections. (Not port 1 or the like: fetch itself refuses those.) */
export async function closedAddress(): Promise<string> {
  await using server = await startServer((_, res) => void res.end());
  return server.base;
}

export interface FileAnswer {
  etag?: string;
  lastModified?: string;
  /** Destroy the connection after this many bytes of the body. */
  cutAfter?: number;
  /** Ignore Range, as simple servers do. */
  noRanges?: boolean;
}

/** Answers as a web server with one file does: ranges, If-Range, ETag. */
export function sendFile(
  req: IncomingMessage,
  res: ServerResponse,
  file: Uint8Array,
  { etag, lastModified, cutAfter, noRanges = false }: FileAnswer = {},
): void {
  const match = /^bytes=(\d+)-$/.exec(req.headers.range ?? '');
  const ifRange = req.headers['if-range'];
  const wanted = match && !noRanges && (!ifRange || ifRange === etag || ifRange === lastModified);
  const from = wanted ? Number(match[1]) : 0;
  if (etag) res.setHeader('etag', etag);
  if (lastModified) res.setHeader('last-modified', lastModified);
  if (wanted && from >= file.length) {
    res.writeHead(416, { 'content-range': `bytes */${file.length}` }).end();
    return;
  }
  const body = file.subarray(from);
  const headers: Record<string, string | number> = { 'content-length': body.length };
  if (wanted) headers['content-range'] = `bytes ${from}-${file.length - 1}/${file.length}`;
  res.writeHead(wanted ? 206 : 200, headers);
  if (cutAfter === undefined) res.end(body);
  else res.write(body.subarray(0, cutAfter), () => setTimeout(() => res.destroy(), 20));
}

/** The GradloomError that `run` ends in; fails the test if it ends otherwise. */
export async function errorOf(run: Promise<unknown>): Promise<GradloomError> {
  const outcome = await run.then(
    (value) => new Error(`expected a GradloomError, the call returned ${value}`),
    (error) => error,
  );
  if (outcome instanceof GradloomError) return outcome;
  throw outcome;
}
