/** Commands on their way to the queue: an encoder, with a compute pass open while kernels follow each other. */
import type { Device } from './device.ts';

export class Recorder {
  readonly #device: Device;
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;

  constructor(device: Device) {
    this.#device = device;
  }

  get pass(): GPUComputePassEncoder {
    this.#encoder ??= this.#device.gpu.createCommandEncoder();
    this.#pass ??= this.#encoder.beginComputePass();
    return this.#pass;
  }

  copy(from: GPUBuffer, fromAt: number, to: GPUBuffer, toAt: number, bytes: number): void {
    this.#pass?.end();
    this.#pass = undefined;
    this.#encoder ??= this.#device.gpu.createCommandEncoder();
    this.#encoder.copyBufferToBuffer(from, fromAt, to, toAt, bytes);
  }

  submit(): void {
    this.#pass?.end();
    this.#pass = undefined;
    if (this.#encoder) this.#device.submit(this.#encoder);
    this.#encoder = undefined;
  }
}
