/** One device: its limits, what is cached on it, and what has gone wrong with it. */
import { GradloomError } from '../../errors.ts';

/** WebGPU's flags, which are globals in browsers only. */
export const usage = {
  mapRead: 1,
  copySource: 4,
  copyTarget: 8,
  uniform: 64,
  storage: 128,
  indirect: 256,
} as const;

/** A GPU buffer with a number, by which bind groups are found again. */
export interface Block {
  readonly gpu: GPUBuffer;
  readonly id: number;
  readonly bytes: number;
}

/** How one binding of a shader is declared; the key of a layout is these joined. */
export type BindingType = 'read-only-storage' | 'storage' | 'uniform';

/** Bytes between two numbers of `Device.numbers`. */
const numberStride = 256;

/** The limits that programs are fitted to. */
export const limitNames = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupsPerDimension',
] as const;
export type Limits = Readonly<Record<(typeof limitNames)[number], number>>;

export class Device {
  readonly gpu: GPUDevice;
  readonly limits: Limits;
  readonly description: string;
  /** How often commands were submitted, for tests. */
  submissions = 0;
  #failure: GradloomError | undefined;
  #ended = false;
  #nextId = 0;
  readonly #layouts = new Map<string, { group: GPUBindGroupLayout; pipeline: GPUPipelineLayout }>();
  readonly #pipelines = new Map<string, GPUComputePipeline>();
  #numbers: Block | undefined;

  /** @param lower limits to keep below the device's own */
  constructor(gpu: GPUDevice, description: string, lower: Partial<Limits> = {}) {
    this.gpu = gpu;
    this.limits = Object.fromEntries(
      limitNames.map((n) => [n, Math.min(gpu.limits[n], lower[n] ?? gpu.limits[n])]),
    ) as Limits;
    this.description = description;
    gpu.lost.then((info) => {
      if (info.reason === 'destroyed') {
        this.fail('disposed', 'The WebGPU backend has been disposed of.', { reason: info.reason });
      } else {
        this.fail(
          'device-lost',
          `The WebGPU device was lost (${info.reason}): ${info.message || 'no reason given'}. What lay on it is gone. Make the backend anew (await loadBackend('webgpu')) and restore weights kept on the host.`,
          { reason: info.reason, detail: info.message },
        );
      }
    });
    gpu.addEventListener('uncapturederror', (event) => {
      const { error } = event as GPUUncapturedErrorEvent;
      const memory =
        typeof GPUOutOfMemoryError !== 'undefined' && error instanceof GPUOutOfMemoryError;
      this.fail(
        memory ? 'out-of-memory' : 'webgpu',
        memory
          ? `The WebGPU device is out of memory: ${error.message}`
          : `The WebGPU device refused a command: ${error.message}`,
        { detail: error.message },
      );
    });
  }

  /**
   * Remembers the first failure, for the next use of the device to throw. The end of the device is
   * remembered for good.
   */
  fail(code: string, message: string, facts: Record<string, unknown>): void {
    if (this.#failure && this.#ended) return;
    const ended = code === 'device-lost' || code === 'disposed';
    if (this.#failure && !ended) return;
    this.#failure = new GradloomError(code, message, facts);
    this.#ended = ended;
  }

  /** Whether it is lost or disposed of. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Throws what has gone wrong with the device so far. */
  check(): void {
    if (this.#failure) {
      const { code, message, facts } = this.#failure;
      if (!this.#ended) this.#failure = undefined;
      throw new GradloomError(code, message, facts);
    }
  }

  /** A new buffer of so many bytes. Throws `limit` when the device has none so large. */
  create(bytes: number, flags: number, what: string): Block {
    this.check();
    const most = this.limits.maxBufferSize;
    if (bytes > most) {
      throw new GradloomError(
        'limit',
        `${what} takes ${bytes} bytes; the largest buffer of this WebGPU device (${this.description}) has ${most}. Use smaller batches or arrays, or another backend: setBackend("wasm").`,
        { bytes, maxBufferSize: most },
      );
    }
    return { gpu: this.gpu.createBuffer({ size: bytes, usage: flags }), id: this.#nextId++, bytes };
  }

  submit(encoder: GPUCommandEncoder): void {
    this.submissions++;
    this.gpu.queue.submit([encoder.finish()]);
  }

  #layout(types: readonly BindingType[]): {
    group: GPUBindGroupLayout;
    pipeline: GPUPipelineLayout;
  } {
    const key = types.join();
    let known = this.#layouts.get(key);
    if (!known) {
      const group = this.gpu.createBindGroupLayout({
        entries: types.map((type, binding) => ({
          binding,
          visibility: 4, // compute
          buffer: { type, hasDynamicOffset: type === 'uniform' },
        })),
      });
      known = { group, pipeline: this.gpu.createPipelineLayout({ bindGroupLayouts: [group] }) };
      this.#layouts.set(key, known);
    }
    return known;
  }

  /** The pipeline of a shader, compiled once however many programs hold it. */
  pipeline(text: string, types: readonly BindingType[]): GPUComputePipeline {
    const key = `${types.join()}\n${text}`;
    let known = this.#pipelines.get(key);
    if (!known) {
      known = this.gpu.createComputePipeline({
        layout: this.#layout(types).pipeline,
        compute: { module: this.gpu.createShaderModule({ code: text }), entryPoint: 'main' },
      });
      this.#pipelines.set(key, known);
    }
    return known;
  }

  bindGroup(
    types: readonly BindingType[],
    entries: readonly { block: Block; offset: number; size: number }[],
  ): GPUBindGroup {
    return this.gpu.createBindGroup({
      layout: this.#layout(types).group,
      entries: entries.map(({ block, offset, size }, binding) => ({
        binding,
        resource: { buffer: block.gpu, offset, size },
      })),
    });
  }

  /** A buffer that holds 0, 1, 2, … at multiples of `numberOffset(1)`, for loops up to `count`. */
  reserveNumbers(count: number): void {
    if (this.#numbers && this.#numbers.bytes >= count * numberStride) return;
    const length = Math.max(64, 2 ** Math.ceil(Math.log2(count)));
    const most = Math.floor(this.limits.maxBufferSize / numberStride);
    const block = this.create(
      Math.max(count, Math.min(length, most)) * numberStride,
      usage.uniform | usage.copyTarget,
      `A loop of ${count} steps`,
    );
    const words = new Int32Array(block.bytes / 4);
    for (let i = 0; i * numberStride < block.bytes; i++) words[(i * numberStride) / 4] = i;
    this.gpu.queue.writeBuffer(block.gpu, 0, words);
    // Bind groups may still name the old one: it is left to the garbage collector.
    this.#numbers = block;
  }

  get numbers(): Block {
    return this.#numbers!;
  }

  numberOffset(i: number): number {
    return i * numberStride;
  }

  dispose(): void {
    this.fail('disposed', 'The WebGPU backend has been disposed of.', {});
    this.gpu.destroy();
  }
}
