/** Buffers in linear memory. */
import { GradloomError } from '../../errors.ts';
import type { DeviceBuffer } from '../backend.ts';
import type { Heap } from './heap.ts';

export interface Totals {
  buffers: number;
  bytes: number;
}

export class WasmBuffer implements DeviceBuffer {
  readonly byteLength: number;
  readonly heap: Heap;
  /** Where it lies; -1 once disposed of. */
  address: number;
  readonly #totals: Totals;

  constructor(heap: Heap, address: number, byteLength: number, totals: Totals) {
    this.heap = heap;
    this.address = address;
    this.byteLength = byteLength;
    this.#totals = totals;
    totals.buffers++;
    totals.bytes += byteLength;
  }

  get disposed(): boolean {
    return this.address < 0;
  }

  #view(): Uint8Array {
    if (this.address < 0)
      throw new GradloomError('disposed', 'This buffer has been disposed of or donated.');
    return this.heap.bytes.subarray(this.address, this.address + this.byteLength);
  }

  write(bytes: Uint8Array): void {
    if (bytes.byteLength !== this.byteLength) {
      throw new GradloomError(
        'buffer',
        `The buffer holds ${this.byteLength} bytes; received ${bytes.byteLength}.`,
        { expected: this.byteLength, received: bytes.byteLength },
      );
    }
    this.#view().set(bytes);
  }

  async read(): Promise<Uint8Array> {
    return this.readSync();
  }

  readSync(into?: Uint8Array): Uint8Array {
    if (!into) return this.#view().slice();
    into.set(this.#view());
    return into;
  }

  /** Gives up the memory without freeing it: it belongs to another buffer from now on. */
  release(): number {
    const { address } = this;
    this.address = -1;
    this.#totals.buffers--;
    this.#totals.bytes -= this.byteLength;
    return address;
  }

  dispose(): void {
    if (this.address >= 0) this.heap.give(this.release());
  }
}
