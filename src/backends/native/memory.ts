/**
 * Device buffers in native memory. Freed blocks are kept by size class and given out again, because
 * a training loop asks for the same sizes at every step.
 */
import { GradloomError } from '../../errors.ts';
import type { DeviceBuffer } from '../backend.ts';
import type { Address, RuntimeLibrary } from './runtime.ts';

/** A piece of native memory. Its ArrayBuffer is made when JavaScript first looks inside. */
export class Block {
  readonly address: Address;
  readonly capacity: number;
  /** The address as two 32-bit words, ready to be written into a table. */
  readonly low: number;
  readonly high: number;
  #bytes: Uint8Array | undefined;

  constructor(address: Address, capacity: number) {
    this.address = address;
    this.capacity = capacity;
    this.low = address | 0;
    this.high = Math.floor(address / 2 ** 32);
  }

  bytes(library: RuntimeLibrary): Uint8Array {
    this.#bytes ??= new Uint8Array(library.view(this.address, this.capacity));
    return this.#bytes;
  }
}

/** Free blocks beyond this many bytes go back to the system. */
const keepBytes = 256 * 1024 * 1024;

/** Sizes are rounded up to one of four steps per power of two, so that at most a fifth is lost. */
export function sizeClass(bytes: number): number {
  if (bytes <= 64) return 64;
  const step = Math.max(64, 2 ** (Math.floor(Math.log2(bytes - 1)) - 2));
  return Math.ceil(bytes / step) * step;
}

export class Memory {
  readonly library: RuntimeLibrary;
  readonly #free = new Map<number, Block[]>();
  #freeBytes = 0;
  #buffers = 0;
  #bytes = 0;

  constructor(library: RuntimeLibrary) {
    this.library = library;
  }

  take(bytes: number): Block {
    const capacity = sizeClass(bytes);
    const known = this.#free.get(capacity)?.pop();
    if (known) {
      this.#freeBytes -= capacity;
      return known;
    }
    let address = this.library.alloc(capacity);
    if (address === 0 && this.#freeBytes > 0) {
      this.trim();
      address = this.library.alloc(capacity);
    }
    if (address === 0) {
      throw new GradloomError(
        'memory',
        `Could not allocate ${bytes} bytes of native memory; ${this.#bytes} bytes are in use by ${this.#buffers} buffers.`,
        { bytes, inUse: this.#bytes, buffers: this.#buffers },
      );
    }
    return new Block(address, capacity);
  }

  give(block: Block): void {
    if (this.#freeBytes + block.capacity > keepBytes) {
      this.library.free(block.address);
      return;
    }
    const list = this.#free.get(block.capacity);
    if (list) list.push(block);
    else this.#free.set(block.capacity, [block]);
    this.#freeBytes += block.capacity;
  }

  /** Hands every free block back to the system. */
  trim(): void {
    for (const list of this.#free.values()) for (const b of list) this.library.free(b.address);
    this.#free.clear();
    this.#freeBytes = 0;
  }

  /** A buffer of its own memory; its contents are whatever was there. */
  buffer(byteLength: number): NativeBuffer {
    return this.adopt(this.take(byteLength), byteLength);
  }

  adopt(block: Block, byteLength: number): NativeBuffer {
    this.#buffers++;
    this.#bytes += byteLength;
    return new NativeBuffer(this, block, byteLength);
  }

  /** Counts a buffer out; its block is the caller's business. */
  forget(byteLength: number): void {
    this.#buffers--;
    this.#bytes -= byteLength;
  }

  usage(): { buffers: number; bytes: number } {
    return { buffers: this.#buffers, bytes: this.#bytes };
  }
}

export class NativeBuffer implements DeviceBuffer {
  readonly memory: Memory;
  readonly byteLength: number;
  /** Undefined once disposed. */
  block: Block | undefined;
  /** Number of the last run that saw this buffer: finds inputs given twice. */
  seen = 0;

  constructor(memory: Memory, block: Block, byteLength: number) {
    this.memory = memory;
    this.block = block;
    this.byteLength = byteLength;
  }

  get disposed(): boolean {
    return this.block === undefined;
  }

  /** The live contents, not a copy; valid until the buffer is disposed of. */
  bytes(): Uint8Array {
    const { block } = this;
    if (!block) throw new GradloomError('disposed', 'This buffer has been disposed of.');
    return block.bytes(this.memory.library).subarray(0, this.byteLength);
  }

  write(bytes: Uint8Array): void {
    if (bytes.byteLength !== this.byteLength) {
      throw new GradloomError(
        'buffer-size',
        `A buffer of ${this.byteLength} bytes cannot be written with ${bytes.byteLength} bytes.`,
        { expected: this.byteLength, received: bytes.byteLength },
      );
    }
    this.bytes().set(bytes);
  }

  part(start: number, byteLength: number): NativeBuffer {
    const { block } = this;
    if (!block) throw new GradloomError('disposed', 'This buffer has been disposed of.');
    if (start < 0 || start + byteLength > this.byteLength)
      throw new GradloomError(
        'buffer-size',
        `A buffer of ${this.byteLength} bytes has no ${byteLength} bytes from ${start} on.`,
      );
    return new NativePart(this.memory, new Block(block.address + start, byteLength), byteLength);
  }

  readSync(into?: Uint8Array): Uint8Array {
    if (!into) return this.bytes().slice();
    into.set(this.bytes());
    return into;
  }

  async read(): Promise<Uint8Array> {
    return this.readSync();
  }

  dispose(): void {
    const block = this.release();
    if (block) this.memory.give(block);
  }

  /** Ends this buffer and hands its memory to the caller. */
  release(): Block | undefined {
    const { block } = this;
    if (!block) return undefined;
    this.block = undefined;
    this.memory.forget(this.byteLength);
    return block;
  }
}

/** A stretch of a buffer, which owns the memory. */
class NativePart extends NativeBuffer {
  override release(): undefined {
    this.block = undefined;
  }
}
