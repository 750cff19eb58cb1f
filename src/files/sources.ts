/**
 * What files are read from: paths and names in the browser (`places.ts`), http addresses, blobs, bytes and
 * streams; and the files beside them, where a format is several.
 */
import { GradloomError } from '../errors.ts';
import { isNode } from '../platform.ts';
import { cut, explainFetch, httpError } from './fetch-errors.ts';
import { besidePath, placeOf } from './places.ts';

/** A file that the user of a page chose (`showOpenFilePicker`). */
export interface ReadableHandle {
  getFile(): Promise<File>;
}

/**
 * Where a file comes from: a path (in browsers `indexeddb://name`), an http address or `file:` URL, the
 * answer of a `fetch`, a Blob, File or file handle, the bytes, or a stream of them: a web ReadableStream, a
 * Readable of Node, or any async iterable of bytes.
 */
export type FileSource =
  | string
  | URL
  | Uint8Array
  | ArrayBuffer
  | Blob
  | ReadableHandle
  | Response
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>;

export interface Opened {
  /** What error messages call it. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** A file in the same folder, no longer than `atMost`. Throws `file-not-found`. */
  beside(path: string, atMost: number): Promise<Uint8Array>;
}

export interface OpenOptions {
  /** What error messages call the file, where its path or address is not to be said. */
  readonly name?: string;
  /** More bytes are not taken. Default: no limit for files, 4 GiB for what has no size beforehand. */
  readonly maxBytes?: number;
}

const endless = 2 ** 32;

/** What a file is called that has no name. */
export const nameless = 'The file';

/** Reads all of a source, for `who`. Throws `file-not-found`, `file-unreadable`, `file-too-large`, `download-…`. */
export async function openSource(
  who: string,
  source: FileSource | readonly File[],
  o: OpenOptions = {},
): Promise<Opened> {
  if (Array.isArray(source)) return openFiles(who, source as readonly File[], o);
  const handle = source as Partial<ReadableHandle> | null;
  const one =
    typeof handle?.getFile === 'function' ? await handle.getFile() : (source as FileSource);
  const place = placeIn(one);
  if (place !== undefined) {
    const bytes = await readPlace(who, place, o.maxBytes).catch((e: unknown) => {
      const { code, facts } = e as GradloomError;
      throw code === 'file-too-large' && o.maxBytes !== undefined
        ? tooLarge(who, o.name ?? place, Number(facts.received), o.maxBytes)
        : e;
    });
    return {
      name: o.name ?? place,
      bytes,
      beside: (path, atMost) => readPlace(who, besidePath(place, path), atMost),
    };
  }
  const url = typeof one === 'string' ? new URL(one) : one instanceof URL ? one : undefined;
  if (url)
    return {
      name: o.name ?? url.href,
      bytes: await readUrl(who, url, o.maxBytes),
      beside: (path, atMost) => readUrl(who, besideUrl(url, path), atMost),
    };
  if (typeof Response === 'function' && one instanceof Response) {
    const base = URL.canParse(one.url) ? new URL(one.url) : undefined;
    const name = o.name ?? (one.url || 'The response');
    return {
      name,
      bytes: await readResponse(who, name, one, o.maxBytes),
      beside: base
        ? (path, atMost) => readUrl(who, besideUrl(base, path), atMost)
        : alone(who, name),
    };
  }
  const fileName = (one as { name?: unknown } | null)?.name;
  const name = o.name ?? (typeof fileName === 'string' && fileName ? fileName : nameless);
  return { name, bytes: await contentOf(who, name, one, o), beside: alone(who, name) };
}

/** Several files that a user chose: the one that is no shard, and the others beside it. */
async function openFiles(who: string, files: readonly File[], o: OpenOptions): Promise<Opened> {
  const main = files.length === 1 ? files : files.filter((f) => /\.json$/i.test(f?.name ?? ''));
  if (main.length !== 1 || !(main[0] instanceof Blob))
    throw new GradloomError(
      'file-not-found',
      `${who}: of several files one is the model.json, and the others are its shards; received ${files.map((f) => JSON.stringify(f?.name ?? typeof f)).join(', ') || 'none'}.`,
    );
  const name = o.name ?? main[0].name;
  return {
    name,
    bytes: await contentOf(who, name, main[0], o),
    async beside(path, atMost) {
      // Browsers give the names of files, without their folders.
      const wanted = path.slice(path.lastIndexOf('/') + 1);
      const found = files.find((f) => f.name === wanted);
      if (found) return contentOf(who, wanted, found, { maxBytes: atMost });
      throw missing(
        who,
        wanted,
        `${name} asks for it, and the files given are ${files.map((f) => f.name).join(', ')}`,
      );
    },
  };
}

/** A path, or `indexeddb://name`; undefined for what is none. */
function placeIn(source: FileSource): string | undefined {
  if (typeof source === 'string')
    return /^(https?|file|data|blob):/i.test(source) ? undefined : source;
  return undefined;
}

function alone(who: string, name: string): Opened['beside'] {
  return async (path) => {
    throw missing(
      who,
      path,
      `${name} asks for it, and nothing says where it lies: give the path or the address of ${name}, or all files in a list`,
    );
  };
}

const missing = (who: string, path: string, why = ''): GradloomError =>
  new GradloomError('file-not-found', `${who}: there is no file ${path}${why && ` (${why})`}.`, {
    path,
  });

/** Signed addresses sign what they are for; what is asked for beside them goes without. */
function besideUrl(url: URL, path: string): URL {
  const found = new URL(path.split('/').map(encodeURIComponent).join('/'), url);
  found.search = url.search;
  return found;
}

async function readPlace(who: string, path: string, maxBytes?: number): Promise<Uint8Array> {
  const place = await placeOf(
    who,
    path,
    'Or give it an http address, a Blob, a stream or the bytes.',
  );
  const bytes = await place.read(maxBytes);
  if (!bytes) throw missing(who, path);
  return bytes;
}

async function readUrl(who: string, url: URL, maxBytes?: number): Promise<Uint8Array> {
  if (url.protocol === 'file:' && isNode()) {
    const { fileURLToPath } = await import('node:url');
    return readPlace(who, fileURLToPath(url), maxBytes);
  }
  if (url.protocol === 'data:' || url.protocol === 'blob:' || /^https?:$/.test(url.protocol)) {
    const label = url.protocol === 'data:' ? 'The data: address' : url.href;
    let response: Response;
    try {
      response = await fetch(url);
    } catch (e) {
      throw named(who, explainFetch(e, label));
    }
    return readResponse(who, label, response, maxBytes);
  }
  throw new GradloomError(
    'download-input',
    `${who}: ${url.href}: files are read from http, https${isNode() ? ' and file' : ''} addresses.`,
    { url: url.href },
  );
}

const named = (who: string, e: GradloomError): GradloomError =>
  new GradloomError(e.code, `${who}: ${e.message}`, e.facts, { cause: e.cause });

async function readResponse(
  who: string,
  name: string,
  r: Response,
  maxBytes = endless,
): Promise<Uint8Array> {
  if (!r.ok) {
    await r.body?.cancel().catch(() => {});
    const e = httpError(r, name);
    const gone = r.status === 404 || r.status === 410;
    throw named(who, gone ? new GradloomError('file-not-found', e.message, e.facts) : e);
  }
  // The length is of what is sent, which may be packed.
  const packed = r.headers.get('content-encoding');
  const length = Number(r.headers.get('content-length') ?? Number.NaN);
  const size = packed || !(length >= 0) ? undefined : length;
  if (size !== undefined && size > maxBytes) {
    await r.body?.cancel().catch(() => {});
    throw tooLarge(who, name, size, maxBytes);
  }
  if (!r.body) return new Uint8Array(0);
  const broken = (cause: unknown): GradloomError => named(who, brokenOff(cause, name));
  const bytes = await gather(who, name, r.body, { size, maxBytes, broken });
  if (size !== undefined && bytes.length < size) throw named(who, cut(name, bytes.length, size));
  return bytes;
}

/** A body that breaks off says so in many ways ("terminated", "network error"), none of which says what it was. */
function brokenOff(cause: unknown, url: string): GradloomError {
  const e = explainFetch(cause, url);
  if (e.code !== 'download-failed') return e;
  return new GradloomError(
    'download-cut',
    `${url}: the connection broke off before the file was whole. Try again.`,
    { ...e.facts, retry: true },
    { cause },
  );
}

async function contentOf(
  who: string,
  name: string,
  source: FileSource,
  { maxBytes = Number.POSITIVE_INFINITY }: OpenOptions,
): Promise<Uint8Array> {
  // Node's Buffer is one too, but its slice is a view.
  if (source instanceof Uint8Array)
    return source.constructor === Uint8Array
      ? source
      : new Uint8Array(source.buffer, source.byteOffset, source.length);
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (source instanceof Blob) {
    if (source.size > maxBytes) throw tooLarge(who, name, source.size, maxBytes);
    return gather(who, name, source.stream(), { size: source.size });
  }
  const stream = source as Partial<ReadableStream & AsyncIterable<Uint8Array>> | null;
  if (
    typeof stream?.getReader !== 'function' &&
    typeof stream?.[Symbol.asyncIterator] !== 'function'
  )
    throw new GradloomError(
      'type',
      `${who}: a file is a path, an address, a Blob, bytes or a stream; received ${source === null ? 'null' : typeof source}.`,
    );
  return gather(who, name, stream as ReadableStream<Uint8Array>, {
    maxBytes: Math.min(maxBytes, endless),
  });
}

function tooLarge(who: string, name: string, bytes: number, maxBytes: number): GradloomError {
  return new GradloomError(
    'file-too-large',
    `${who}: ${name} has ${bytes} bytes or more, over the limit of ${maxBytes}. Raise maxBytes if it is meant to be this large.`,
    { received: bytes, maxBytes },
  );
}

/** All chunks as one array: written where they belong at once when the size is known beforehand. */
async function gather(
  who: string,
  name: string,
  stream: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
  o: {
    readonly size?: number;
    readonly maxBytes?: number;
    readonly broken?: (cause: unknown) => GradloomError;
  },
): Promise<Uint8Array> {
  const { size, maxBytes = endless } = o;
  let whole = new Uint8Array(Math.min(size ?? 0, maxBytes));
  let at = 0;
  const put = (chunk: unknown): void => {
    if (!(chunk instanceof Uint8Array))
      throw new GradloomError(
        'type',
        `${who}: ${name} gives ${typeof chunk} where bytes (Uint8Array) belong. A stream of text has an encoding set.`,
      );
    const end = at + chunk.length;
    if (end > maxBytes) throw tooLarge(who, name, end, maxBytes);
    if (end > whole.length) {
      const more = new Uint8Array(Math.min(maxBytes, Math.max(end, 2 * whole.length, 2 ** 16)));
      more.set(whole.subarray(0, at));
      whole = more;
    }
    whole.set(chunk, at);
    at = end;
  };
  try {
    if ('getReader' in stream && typeof stream.getReader === 'function') {
      const reader = stream.getReader();
      try {
        for (;;) {
          const { done, value } = await reader.read();
          if (done) break;
          put(value);
        }
      } catch (e) {
        await reader.cancel(e).catch(() => {});
        throw e;
      } finally {
        reader.releaseLock();
      }
    } else for await (const chunk of stream as AsyncIterable<Uint8Array>) put(chunk);
  } catch (cause) {
    if (cause instanceof GradloomError) throw cause;
    if (o.broken) throw o.broken(cause);
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new GradloomError(
      'file-unreadable',
      `${who}: ${name} could not be read to its end: ${why}.`,
      { received: at },
      { cause },
    );
  }
  return at === whole.length ? whole : whole.subarray(0, at);
}
