/**
 * A piece of a model's state: a weight, an optimizer slot, a metric's total, a seed.
 *
 * Normally it holds a tensor. While a training loop runs it holds the bare device buffer instead, so
 * that a step costs no more than handing buffers over; the next look at `tensor` wraps it again.
 * While a step is traced it holds a stand-in, and what is assigned then is the step's result.
 */
import type { DeviceBuffer } from '../backends/backend.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { showShape } from '../shape.ts';
import { fromBuffer, fromData, type Tensor, takeBuffer } from '../tensor/index.ts';

export class Variable {
  /** `kernel`, `bias`, `momentum`. */
  readonly name: string;
  /** `dense/kernel`. */
  path: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  trainable: boolean;
  #tensor: Tensor | undefined;
  #buffer: DeviceBuffer | undefined;
  #traced: Tensor | undefined;

  constructor(initial: Tensor, o: { name?: string; path?: string; trainable?: boolean } = {}) {
    this.name = o.name ?? 'variable';
    this.path = o.path ?? this.name;
    this.shape = initial.shape;
    this.dtype = initial.dtype;
    this.trainable = o.trainable ?? true;
    this.#tensor = initial;
  }

  /** The value; inside a traced step, its stand-in. */
  get tensor(): Tensor {
    if (this.#traced) return this.#traced;
    if (this.#buffer) {
      this.#tensor = fromBuffer(this.#buffer, this);
      this.#buffer = undefined;
    }
    return this.#tensor!;
  }

  get size(): number {
    return this.shape.reduce((a, b) => a * b, 1);
  }

  /** Replaces the value. Throws `shape` when it does not fit. */
  assign(value: Tensor): void {
    if (
      value.shape.length !== this.shape.length ||
      value.shape.some((n, d) => n !== this.shape[d])
    ) {
      throw new GradloomError(
        'shape',
        `${this.path} has shape ${showShape(this.shape)}; a value of shape ${showShape(value.shape)} cannot be assigned to it.`,
        {
          variable: this.path,
          expected: [...this.shape],
          received: [...value.shape],
        },
      );
    }
    const v = value.dtype === this.dtype ? value : value.astype(this.dtype);
    if (this.#traced) this.#traced = v;
    else {
      this.#buffer?.dispose();
      this.#buffer = undefined;
      this.#tensor = v;
    }
  }

  /** Overwrites the value with host data. */
  write(data: TypedArray): void {
    if (this.#buffer)
      this.#buffer.write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    else this.#tensor = fromData(data.slice(), this.shape, this.dtype);
  }

  /** The bare buffer, for a loop that will give it back changed by `put`. */
  take(): DeviceBuffer {
    if (!this.#buffer) {
      this.#buffer = takeBuffer(this.#tensor!);
      this.#tensor = undefined;
    }
    return this.#buffer;
  }

  put(buffer: DeviceBuffer): void {
    this.#buffer = buffer;
  }

  /** Ends the loop: from here on the garbage collector looks after the memory. */
  settle(): void {
    if (this.#buffer) void this.tensor;
  }

  startTrace(standIn: Tensor): void {
    this.#traced = standIn;
  }
  /** What the traced step left in the variable. */
  endTrace(): Tensor {
    const t = this.#traced!;
    this.#traced = undefined;
    return t;
  }
}
