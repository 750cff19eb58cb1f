/** The arena: memory that means nothing between runs, shared by all programs of a backend. */
import { type Block, type Device, usage } from './device.ts';

export class Workspace {
  readonly #device: Device;
  /** Bytes of a piece but the last; no buffer lies across two. */
  readonly segment: number;
  #blocks: Block[] = [];
  #bytes = 0;

  constructor(device: Device, segment: number) {
    this.#device = device;
    this.segment = segment;
  }

  /** Makes it at least so large. What it held is gone then. */
  reserve(bytes: number): void {
    if (bytes <= this.#bytes) return;
    for (const b of this.#blocks) b.gpu.destroy();
    this.#blocks = [];
    this.#bytes = 0;
    for (let at = 0; at < bytes; at += this.segment) {
      const size = Math.min(this.segment, Math.ceil((bytes - at) / 256) * 256);
      const flags = usage.storage | usage.copySource | usage.copyTarget;
      this.#blocks.push(this.#device.create(size, flags, 'A piece of the arena'));
    }
    this.#bytes = bytes;
  }

  at(offset: number): { block: Block; offset: number } {
    const i = Math.floor(offset / this.segment);
    return { block: this.#blocks[i], offset: offset - i * this.segment };
  }

  dispose(): void {
    for (const b of this.#blocks) b.gpu.destroy();
    this.#blocks = [];
    this.#bytes = 0;
  }
}
