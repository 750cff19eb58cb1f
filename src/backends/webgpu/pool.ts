/** Buffers that are used again: making one costs more than most kernels. */
import { type Block, type Device, usage } from './device.ts';

/** Bytes kept for later; beyond this what comes back is destroyed. */
const keptBytes = 256 * 2 ** 20;

/** Sizes are rounded up, by an eighth at most, so that few different ones occur. */
function classOf(bytes: number): number {
  const words = Math.max(4, Math.ceil(bytes / 4));
  const grain = 2 ** Math.max(2, Math.floor(Math.log2(words)) - 3);
  return Math.ceil(words / grain) * grain * 4;
}

export class Pool {
  readonly #device: Device;
  readonly #usage: number;
  readonly #free = new Map<number, Block[]>();
  #bytes = 0;

  constructor(device: Device, flags: number) {
    this.#device = device;
    this.#usage = flags;
  }

  /** A buffer of at least so many bytes, with any contents. */
  take(bytes: number, what: string): Block {
    const most = this.#device.limits.maxBufferSize;
    const size = bytes <= most ? Math.min(classOf(bytes), most) : bytes;
    const block = this.#free.get(size)?.pop();
    if (!block) return this.#device.create(size, this.#usage, what);
    this.#bytes -= size;
    return block;
  }

  give(block: Block): void {
    if (this.#bytes + block.bytes > keptBytes) {
      block.gpu.destroy();
      return;
    }
    this.#bytes += block.bytes;
    const list = this.#free.get(block.bytes);
    if (list) list.push(block);
    else this.#free.set(block.bytes, [block]);
  }
}

export const dataUsage: number = usage.storage | usage.copySource | usage.copyTarget;
export const readUsage: number = usage.mapRead | usage.copyTarget;
