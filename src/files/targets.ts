/** What files are written to: paths and names in the browser (`places.ts`), file handles and streams. */
import { GradloomError } from '../errors.ts';
import { isNode } from '../platform.ts';
import { type Place, placeOf } from './places.ts';

/** The part of Node's Writable that is used. */
export interface NodeWritable {
  write(chunk: Uint8Array, done: (error?: Error | null) => void): unknown;
  end(done: () => void): unknown;
  once(event: 'error', listener: (error: Error) => void): unknown;
}

/** A file that the user of a page chose (`showSaveFilePicker`), which is replaced when all is written. */
export interface WritableHandle {
  createWritable(): Promise<WritableStream>;
}

/**
 * Where a file goes: a path or `file:` URL (in browsers `indexeddb://name`, `downloads://name`), a file
 * handle, or a stream, which is closed when all is written: a web WritableStream or a Writable of Node.
 */
export type FileTarget = string | URL | WritableStream<Uint8Array> | NodeWritable | WritableHandle;

/** A path, which has an extension; undefined for streams and handles. Throws `file-unwritable` for http. */
export async function pathOfTarget(who: string, target: FileTarget): Promise<string | undefined> {
  if (typeof target === 'string' && !/^(https?|file):/i.test(target)) return target;
  if (typeof target !== 'string' && !(target instanceof URL)) return undefined;
  const url = new URL(target);
  if (url.protocol === 'file:' && isNode()) return (await import('node:url')).fileURLToPath(url);
  throw new GradloomError(
    'file-unwritable',
    `${who}: nothing is written to ${url.href}; there are paths, streams, and in browsers "indexeddb://name" and "downloads://name". The bytes to send (keras.saving.encodeModel, encodeWeights) go into a fetch.`,
    { url: url.href },
  );
}

/** The place that a target is. Throws `type`, `file-unwritable`, `node-only`. */
export async function openTarget(who: string, target: FileTarget): Promise<Place> {
  const path = await pathOfTarget(who, target);
  if (path !== undefined) return placeOf(who, path, 'Or give it a stream or a file handle.');
  const to = target as Partial<WritableStream & NodeWritable & WritableHandle> | null;
  const into = (write: (bytes: Uint8Array) => Promise<void>): Place => ({
    // What is there is for whoever opened it to know.
    exists: async () => false,
    read: async () => undefined,
    async write(bytes) {
      try {
        await write(bytes);
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new GradloomError(
          (cause as { name?: unknown })?.name === 'QuotaExceededError'
            ? 'disk-full'
            : 'file-unwritable',
          `${who}: the ${'createWritable' in to! ? 'file' : 'stream'} took not all of the ${bytes.length} bytes: ${why}.`,
          { bytes: bytes.length },
          { cause },
        );
      }
    },
  });
  if (typeof to?.createWritable === 'function')
    return into(async (bytes) => toStream(await to.createWritable!(), bytes));
  if (typeof to?.getWriter === 'function')
    return into((bytes) => toStream(to as WritableStream, bytes));
  if (typeof to?.write === 'function' && typeof to.end === 'function') {
    const stream = to as NodeWritable;
    // A file that cannot be opened fails before there is anything to write.
    const failed = new Promise<never>((_, reject) => stream.once('error', reject));
    failed.catch(() => {});
    return into((bytes) => Promise.race([failed, toWritable(stream, bytes)]));
  }
  throw new GradloomError(
    'type',
    `${who}: a file goes to a path, a stream or a file handle; received ${target === null ? 'null' : typeof target}.`,
  );
}

async function toStream(stream: WritableStream, bytes: Uint8Array): Promise<void> {
  const writer = stream.getWriter();
  try {
    await writer.write(bytes);
    await writer.close();
  } catch (e) {
    await writer.abort(e).catch(() => {});
    throw e;
  }
}

function toWritable(to: NodeWritable, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    to.write(bytes, (error) => (error ? reject(error) : to.end(resolve)));
  });
}
