/** Where the contents of a computed value lie: on the host, on a backend, or both. */
import type { Backend, DeviceBuffer } from '../backends/backend.ts';
import { getBackend } from '../backends/registry.ts';
import { type DType, type TypedArray, viewArray } from '../dtype.ts';
import { GradloomError } from '../errors.ts';

/** Frees the memory of storage that nobody can reach any more. */
const reaper = new FinalizationRegistry<DeviceBuffer>((buffer) => buffer.dispose());

/** Bytes and number of buffers bound since the event loop last turned; see `breathe`. */
let pressure = 0;
let bound = 0;

export class Storage {
  readonly dtype: DType;
  readonly length: number;
  #host: TypedArray | undefined;
  #buffer: DeviceBuffer | undefined;
  #backend: Backend | undefined;
  #disposed = false;

  private constructor(dtype: DType, length: number) {
    this.dtype = dtype;
    this.length = length;
  }

  /** Host data, uploaded when a backend first needs it. The array is kept, not copied. */
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

  get disposed(): boolean {
    return this.#disposed;
  }

  #adopt(buffer: DeviceBuffer, backend: Backend): void {
    if (this.#buffer) reaper.unregister(this);
    this.#buffer = buffer;
    this.#backend = backend;
    reaper.register(this, buffer, this);
    pressure += buffer.byteLength;
    bound++;
  }

  #check(): void {
    if (this.#disposed) {
      throw new GradloomError(
        'disposed',
        'This tensor has been disposed of (or was donated to a compiled function).',
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
    const old = this.#buffer;
    this.#adopt(buffer, backend);
    old?.dispose();
    return buffer;
  }

  #foreignBytes(): Uint8Array {
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
    reaper.unregister(this);
    this.#buffer = undefined;
    this.#host = undefined;
    this.#disposed = true;
    return b;
  }

  /** A view of host contents, else a copy from the device. */
  readSync(): TypedArray {
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

  async read(): Promise<TypedArray> {
    this.#check();
    if (this.#host) return this.#host;
    if (this.#backend!.sync) return this.#view(this.#buffer!.readSync());
    return this.#view(await this.#buffer!.read());
  }

  #view(bytes: Uint8Array): TypedArray {
    return viewArray(this.dtype, bytes.buffer, bytes.byteOffset, this.length);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    reaper.unregister(this);
    this.#buffer?.dispose();
    this.#buffer = undefined;
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

/**
 * Lets the event loop turn when much has been allocated since it last did: finalizers, which free
 * what the garbage collector found dead, run only then. Every asynchronous read calls this.
 */
export async function breathe(): Promise<void> {
  if (pressure < 1 << 26 && bound < 1000) return;
  const full = pressure >= 1 << 26;
  pressure = 0;
  bound = 0;
  const g = globalThis as { gc?: () => void; setImmediate?: (f: () => void) => void };
  if (full) g.gc?.();
  await new Promise<void>((done) => (g.setImmediate ? g.setImmediate(done) : setTimeout(done, 0)));
}
