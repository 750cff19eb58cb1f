/** Buffers on the device. */
import { GradloomError } from '../../errors.ts';
import type { DeviceBuffer } from '../backend.ts';
import type { Block, Device } from './device.ts';
import type { Pool } from './pool.ts';
import type { Timeline } from './timeline.ts';

/** What all buffers and programs of a backend share. */
export interface Shared {
  readonly device: Device;
  readonly data: Pool;
  readonly staging: Pool;
  readonly timeline: Timeline;
  readonly totals: { buffers: number; bytes: number };
}

/** Bytes as the device counts them: whole words, at least one. */
export const wholeWords = (bytes: number): number => Math.max(4, Math.ceil(bytes / 4) * 4);

export class WebgpuBuffer implements DeviceBuffer {
  readonly byteLength: number;
  readonly shared: Shared;
  #block: Block | undefined;

  constructor(shared: Shared, block: Block, byteLength: number) {
    this.shared = shared;
    this.#block = block;
    this.byteLength = byteLength;
    shared.totals.buffers++;
    shared.totals.bytes += byteLength;
  }

  get disposed(): boolean {
    return this.#block === undefined;
  }

  get block(): Block {
    if (!this.#block)
      throw new GradloomError('disposed', 'This buffer has been disposed of or donated.');
    return this.#block;
  }

  write(bytes: Uint8Array): void {
    const { block, byteLength } = this;
    const { device, timeline } = this.shared;
    device.check();
    if (bytes.byteLength !== byteLength) {
      throw new GradloomError(
        'buffer',
        `The buffer holds ${byteLength} bytes; received ${bytes.byteLength}.`,
        { expected: byteLength, received: bytes.byteLength },
      );
    }
    if (byteLength === 0) return;
    let data = bytes;
    if (byteLength % 4 !== 0) {
      data = new Uint8Array(wholeWords(byteLength));
      data.set(bytes);
    } else if (timeline.busy) data = bytes.slice();
    timeline.do(() =>
      device.gpu.queue.writeBuffer(block.gpu, 0, data as Uint8Array<ArrayBuffer>, 0, data.length),
    );
  }

  async read(): Promise<Uint8Array> {
    const { block, byteLength } = this;
    const { device, staging, timeline } = this.shared;
    device.check();
    if (byteLength === 0) return new Uint8Array(0);
    const size = wholeWords(byteLength);
    const target = staging.take(size, 'Reading a buffer');
    timeline.do(() => {
      const encoder = device.gpu.createCommandEncoder();
      encoder.copyBufferToBuffer(block.gpu, 0, target.gpu, 0, size);
      device.submit(encoder);
    });
    // What is done to the buffer from now on comes after the copy.
    await timeline.settled();
    const bytes = await mapped(device, target, byteLength);
    staging.give(target);
    device.check();
    return bytes;
  }

  readSync(): Uint8Array {
    throw new GradloomError(
      'sync-read',
      'Backend "webgpu" cannot be read synchronously. Use await tensor.data().',
      { backend: 'webgpu' },
    );
  }

  /** Gives up the memory without freeing it: it belongs to another buffer from now on. */
  release(): Block {
    const { block } = this;
    this.#block = undefined;
    this.shared.totals.buffers--;
    this.shared.totals.bytes -= this.byteLength;
    return block;
  }

  dispose(): void {
    if (!this.#block) return;
    // Whoever gets it next writes to it after everything that was asked for until now.
    const block = this.release();
    this.shared.timeline.do(() => this.shared.data.give(block));
  }
}

/** The first bytes of a staging buffer that something has been copied to. */
export async function mapped(device: Device, block: Block, bytes: number): Promise<Uint8Array> {
  const size = wholeWords(bytes);
  try {
    await block.gpu.mapAsync(1, 0, size);
  } catch (error) {
    // A lost device rejects this a moment before it says why.
    await Promise.resolve();
    device.check();
    throw new GradloomError(
      'webgpu',
      `Reading from the WebGPU device failed: ${error}`,
      {},
      { cause: error },
    );
  }
  const copy = new Uint8Array(block.gpu.getMappedRange(0, size)).slice(0, bytes);
  block.gpu.unmap();
  return copy;
}
