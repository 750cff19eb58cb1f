/**
 * Where the contents of a computed value lie: on the host, or on a backend.
 *
 * A backend's memory is freed when the garbage collector finds the storage dead, or by `dispose`.
 * Two things help the collector, which knows nothing of that memory: `breathe`, which lets it work
 * where code waits anyway, and host memory in place of the backend's for the results of long loops
 * that never wait, since finalizers cannot run in them.
 */
import type { Backend, DeviceBuffer } from '../backends/backend.ts';
import { getBackend } from '../backends/registry.ts';
import { type DType, type TypedArray, viewArray } from '../dtype.ts';
import { GradloomError } from '../errors.ts';

/** Frees the memory of storage that nobody can reach any more. */
const reaper = new FinalizationRegistry<DeviceBuffer>((buffer) => buffer.dispose());

/** Bytes of device memory handed to storage since the event loop last turned. */
let sinceTurn = 0;
/** … and since the garbage collector was last asked to look. */
let sinceCollection = 0;
let turnAwaited = false;

const yieldAfter = 64 * 2 ** 20;
const collectAfter = 256 * 2 ** 20;
/** Beyond this in one turn of the event loop, results are kept on the host. */
const spillAfter = 512 * 2 ** 20;

/** What a buffer weighs besides its bytes: a thousand small ones are worth a turn too. */
const perBuffer = 2 ** 16;

function allocated(bytes: number): void {
  sinceTurn += bytes + perBuffer;
  sinceCollection += bytes;
  if (turnAwaited || sinceTurn < yieldAfter) return;
  turnAwaited = true;
  const timer = setTimeout(() => {
    turnAwaited = false;
    sinceTurn = 0;
  }, 0) as unknown as { unref?: () => void };
  // A program that is done should not wait for this.
  timer.unref?.();
}

function freed(bytes: number): void {
  sinceTurn = Math.max(0, sinceTurn - bytes - perBuffer);
  sinceCollection = Math.max(0, sinceCollection - bytes);
}

export class Storage {
  readonly dtype: DType;
  readonly length: number;
  #host: TypedArray | undefined;
  #buffer: DeviceBuffer | undefined;
  #backend: Backend | undefined;
  #disposed = false;
  /** A result that was moved to the host: see `ofResult`. */
  #spilled = false;

  private constructor(dtype: DType, length: number) {
    this.dtype = dtype;
    this.length = length;
  }

  /**
   * Host data. The array is kept, not copied, until a backend first needs it; then it is copied there
   * and let go.
   */
  static ofHost(data: TypedArray, dtype: DType): Storage {
    const s = new Storage(dtype, data.length);
    s.#host = data;
    return s;
  }

  static ofBuffer(buffer: DeviceBuffer, backend: Backend, dtype: DType, length: number): Storage {
    const s = new Storage(dtype, length);
    s.#adopt(buffer, backend);
    return s;
  }

  /** As `ofBuffer`, for what a lazy graph computed: moved to the host when too much has piled up. */
  static ofResult(buffer: DeviceBuffer, backend: Backend, dtype: DType, length: number): Storage {
    if (sinceTurn < spillAfter || !backend.sync || buffer.byteLength < 1024)
      return Storage.ofBuffer(buffer, backend, dtype, length);
    const bytes = buffer.readSync();
    buffer.dispose();
    const s = Storage.ofHost(viewArray(dtype, bytes.buffer, bytes.byteOffset, length), dtype);
    s.#spilled = true;
    return s;
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  /** The contents, if they lie on the host. Not a copy. */
  get host(): TypedArray | undefined {
    this.#check();
    return this.#host;
  }

  #adopt(buffer: DeviceBuffer, backend: Backend): void {
    this.#buffer = buffer;
    this.#backend = backend;
    reaper.register(this, buffer, this);
    allocated(buffer.byteLength);
  }

  #abandon(): DeviceBuffer | undefined {
    const b = this.#buffer;
    if (b) {
      reaper.unregister(this);
      freed(b.byteLength);
    }
    this.#buffer = undefined;
    return b;
  }

  #check(): void {
    if (this.#disposed) {
      throw new GradloomError(
        'disposed',
        'This tensor has been disposed of (or was donated to a compiled function). Use a tensor that is still alive, or dispose later.',
      );
    }
  }

  /** The contents as a buffer of `backend`, copied over if they lie elsewhere. */
  on(backend: Backend): DeviceBuffer {
    this.#check();
    if (this.#buffer && this.#backend === backend) return this.#buffer;
    const bytes = this.#host ? bytesOfArray(this.#host) : this.#foreignBytes();
    const buffer = backend.allocate(bytes.length);
    buffer.write(bytes);
    this.#abandon()?.dispose();
    this.#host = undefined;
    this.#adopt(buffer, backend);
    return buffer;
  }

  /**
   * The contents for one run. What was moved to the host for want of memory stays there: its buffer
   * is a passing one, which the caller disposes of.
   */
  forRun(backend: Backend, passing: DeviceBuffer[]): DeviceBuffer {
    if (!this.#spilled || !this.host || sinceTurn < spillAfter) return this.on(backend);
    const buffer = upload(this.#host!);
    passing.push(buffer);
    return buffer;
  }

  #foreignBytes(): Uint8Array {
    if (this.#backend!.ended) {
      throw new GradloomError(
        'device-lost',
        `This tensor lay on a device of backend "${this.#backend!.name}" that is lost or disposed of. Make it anew from data on the host.`,
        { backend: this.#backend!.name },
      );
    }
    if (!this.#backend!.sync) {
      throw new GradloomError(
        'backend',
        `Read the tensor (await t.data()) before moving it from backend "${this.#backend!.name}" to another.`,
      );
    }
    return this.#buffer!.readSync();
  }

  /** Takes the buffer out: the caller owns it now, and this storage is dead. */
  release(backend: Backend): DeviceBuffer {
    const b = this.on(backend);
    this.#abandon();
    this.#disposed = true;
    return b;
  }

  /** Host contents as they are, else a copy from the device. Not to be written to. */
  peek(): TypedArray {
    this.#check();
    if (this.#host) return this.#host;
    if (!this.#backend!.sync) {
      throw new GradloomError(
        'sync-read',
        `Backend "${this.#backend!.name}" cannot be read synchronously. Use await tensor.data().`,
        { backend: this.#backend!.name },
      );
    }
    return this.#view(this.#buffer!.readSync());
  }

  /** A copy of the contents. */
  readSync(): TypedArray {
    this.#check();
    return this.#host ? this.#host.slice() : this.peek();
  }

  async read(): Promise<TypedArray> {
    this.#check();
    if (this.#host || this.#backend!.sync) return this.readSync();
    return this.#view(await this.#buffer!.read());
  }

  #view(bytes: Uint8Array): TypedArray {
    return viewArray(this.dtype, bytes.buffer, bytes.byteOffset, this.length);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#abandon()?.dispose();
    this.#host = undefined;
  }
}

function bytesOfArray(a: TypedArray): Uint8Array {
  return new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
}

/** The buffer of host data on the current backend, outside any Storage: the caller frees it. */
export function upload(data: TypedArray): DeviceBuffer {
  const bytes = bytesOfArray(data);
  const buffer = getBackend().allocate(bytes.length);
  buffer.write(bytes);
  return buffer;
}

interface NodeGlobals {
  readonly gc?: () => void;
  readonly setImmediate?: (f: () => void) => void;
  readonly process?: { readonly getBuiltinModule?: (name: string) => unknown };
}

let collector: (() => void) | null | undefined;

/** The garbage collector, where it can be called: with --expose-gc, and in Node without. */
function collectGarbage(): void {
  const g = globalThis as NodeGlobals;
  if (collector === undefined) {
    collector = g.gc ?? null;
    try {
      const v8 = g.process?.getBuiltinModule?.('node:v8') as
        | { setFlagsFromString(flag: string): void }
        | undefined;
      const vm = g.process?.getBuiltinModule?.('node:vm') as
        | { runInNewContext(code: string): () => void }
        | undefined;
      if (!collector && v8 && vm) {
        v8.setFlagsFromString('--expose-gc');
        collector = vm.runInNewContext('gc');
        v8.setFlagsFromString('--no-expose-gc');
      }
    } catch {
      // Not allowed here: the collector comes when it comes.
    }
  }
  collector?.();
}

function turn(): Promise<void> {
  const { setImmediate } = globalThis as NodeGlobals;
  return new Promise((done) => (setImmediate ? setImmediate(done) : setTimeout(done, 0)));
}

/**
 * Lets the event loop turn when much has been allocated since it last did, after asking the garbage
 * collector to look when very much has: finalizers, which free what it found dead, run only then.
 * Every asynchronous read calls this, and every prediction in parts.
 */
export async function breathe(): Promise<void> {
  if (sinceTurn < yieldAfter && sinceCollection < collectAfter) return;
  if (sinceCollection >= collectAfter) {
    sinceCollection = 0;
    collectGarbage();
    // One turn for the collector to post its finalizers, one for them to run.
    await turn();
  }
  sinceTurn = 0;
  await turn();
}
