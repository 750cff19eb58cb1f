import { GradloomError } from '../errors.ts';

export interface GunzipOptions {
  /** Refuse input that unpacks to more bytes than this. Default 1 GiB. */
  maxBytes?: number;
  /** What error messages call the input, usually its file name. Default `'gzip data'`. */
  name?: string;
}

const DEFAULT_MAX_BYTES = 2 ** 30;
// Deflate cannot pack better than this, so a size promised beyond it is a lie not worth allocating.
const MAX_DEFLATE_RATIO = 1032;
// Ten bytes of header, at least two of deflate data, eight of trailer.
const SMALLEST_GZIP = 20;

/** Whether `bytes` starts like a gzip file (1f 8b). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Unpacks a gzip file of one member, with `DecompressionStream` (Node 20+ and browsers).
 *
 * Never holds more than `maxBytes` of output, whatever the input claims to hold.
 *
 * @param bytes the whole compressed file
 * @returns the unpacked bytes, in an array of exactly their length
 * @throws GradloomError `gzip-magic` (not gzip), `gzip-truncated`, `gzip-corrupt`, `gzip-trailing`
 *   (bytes or a second member after the first) or `gzip-too-large`
 */
export async function gunzip(
  bytes: Uint8Array,
  options: GunzipOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const name = options.name ?? 'gzip data';
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  if (!isGzip(bytes)) {
    const start = Array.from(bytes.subarray(0, 4), (b) => b.toString(16).padStart(2, '0'));
    throw new GradloomError(
      'gzip-magic',
      `${name} is not a gzip file: it should start with the bytes 1f 8b, received ${
        start.length > 0 ? start.join(' ') : 'nothing (0 bytes)'
      }. Check that this is the right file.`,
      { name, expected: '1f 8b', received: start.join(' ') },
    );
  }
  if (bytes.length < SMALLEST_GZIP) throw truncated(name, bytes.length);

  // The trailer promises the unpacked size. With it the output is allocated once and filled in
  // place; without trust in it (it may lie) the array grows and is cut as needed.
  const promised = trailerSize(bytes);
  let out = new Uint8Array(Math.min(promised, maxBytes, bytes.length * MAX_DEFLATE_RATIO));
  let filled = 0;
  const reader = unpackedChunks(bytes).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const needed = filled + value.length;
      if (needed > maxBytes) throw tooLarge(name, bytes.length, maxBytes);
      if (needed > out.length) out = grow(out, filled, Math.min(maxBytes, needed * 2));
      out.set(value, filled);
      filled = needed;
    }
  } catch (cause) {
    reader.cancel().catch(() => {});
    if (cause instanceof GradloomError) throw cause;
    throw explain(cause, name, bytes.length, filled);
  }
  // Engines differ on what may follow the first member: some ignore it, some append it. Asking the
  // last four bytes of the file to be the size of the output refuses both the same way everywhere.
  if (filled % 2 ** 32 !== promised) throw trailing(name, filled);
  return filled === out.length ? out : out.slice(0, filled);
}

function unpackedChunks(bytes: Uint8Array): ReadableStream<Uint8Array> {
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      // Enqueued as is: the stream only reads it, and a Blob would copy it first.
      controller.enqueue(bytes as Uint8Array<ArrayBuffer>);
      controller.close();
    },
  });
  return source.pipeThrough(new DecompressionStream('gzip'));
}

function trailerSize(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint32(bytes.byteLength - 4, true);
}

function grow(
  from: Uint8Array<ArrayBuffer>,
  used: number,
  length: number,
): Uint8Array<ArrayBuffer> {
  const to = new Uint8Array(length);
  to.set(from.subarray(0, used));
  return to;
}

function explain(cause: unknown, name: string, packed: number, filled: number): GradloomError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const facts = { name, packedBytes: packed, unpackedBytes: filled };
  if (/trailing|junk|after end/i.test(text)) return trailing(name, filled, cause);
  if (/unexpected end|ended|incomplete|truncat|buffer error/i.test(text)) {
    return truncated(name, packed, filled, cause);
  }
  // "Incorrect header check" past the first member is Node's word for bytes that follow it; the same
  // words with nothing unpacked yet are about the file's own header.
  if (/header check/i.test(text) && filled > 0) {
    return trailing(name, filled, cause);
  }
  return new GradloomError(
    'gzip-corrupt',
    `${name} is corrupt: unpacking its ${packed} bytes failed after ${filled} bytes of output (${text}). Fetch the file again.`,
    facts,
    { cause },
  );
}

function truncated(name: string, packed: number, filled = 0, cause?: unknown): GradloomError {
  return new GradloomError(
    'gzip-truncated',
    `${name} is truncated: its ${packed} bytes end before the gzip stream does (${filled} bytes were unpacked). Fetch the file again.`,
    { name, packedBytes: packed, unpackedBytes: filled },
    { cause },
  );
}

function trailing(name: string, filled: number, cause?: unknown): GradloomError {
  return new GradloomError(
    'gzip-trailing',
    `${name} has bytes after its gzip stream, which unpacked to ${filled} bytes. Only files of one gzip member are read; fetch the file again or repack it.`,
    { name, unpackedBytes: filled },
    { cause },
  );
}

function tooLarge(name: string, packed: number, maxBytes: number): GradloomError {
  return new GradloomError(
    'gzip-too-large',
    `${name} (${packed} bytes) unpacks to more than the limit of ${maxBytes} bytes. Raise maxBytes if the file is meant to be this large.`,
    { name, packedBytes: packed, maxBytes },
  );
}
