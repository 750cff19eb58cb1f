/**
 * A piece of a model's state: a weight, an optimizer slot, a metric's total, a seed.
 *
 * Normally it holds a tensor. While a training loop runs it holds the bare device buffer instead, so
 * that a step costs no more than handing buffers over; the next look at `tensor` wraps it again.
 * While a function is traced (a step, or anything given to `compile`) it shows a stand-in, and what is
 * assigned then is a result of the program.
 */
import type { Backend, DeviceBuffer } from '../backends/backend.ts';
import { getBackend } from '../backends/registry.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { apply, lax } from '../graph/index.ts';
import { reshape } from '../graph/primitives/index.ts';
import { showShape } from '../shape.ts';
import {
  asTensor,
  bufferOf,
  fromData,
  type StateCell,
  stateScope,
  Tensor,
  type TensorLike,
  takeBuffer,
  tensor,
} from '../tensor/index.ts';
import { Storage } from '../tensor/storage.ts';
import type { Regularizer } from './regularizers/index.ts';

/** What a weight is replaced by after each update. Traceable. */
export type ConstraintFn = (w: Tensor) => Tensor;

export interface VariableOptions {
  readonly name?: string;
  readonly path?: string;
  /** That of the first value unless given. */
  readonly dtype?: DType;
  readonly trainable?: boolean;
  readonly regularizer?: Regularizer;
  readonly constraint?: ConstraintFn;
  /** Whether nobody else holds the first value, so that its memory may be taken without a copy. */
  readonly own?: boolean;
}

interface Held {
  buffer: DeviceBuffer | undefined;
  backend: Backend | undefined;
}

/** Frees the bare buffer of a variable that nobody can reach any more. */
const reaper = new FinalizationRegistry<Held>((held) => held.buffer?.dispose());

export class Variable implements StateCell {
  /** `kernel`, `bias`, `momentum`. */
  readonly name: string;
  /** `dense/kernel`. */
  path: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  trainable: boolean;
  /** Whether it was made to be trained: freezing a layer leaves the others alone. */
  readonly madeTrainable: boolean;
  /** Its penalty is part of the loss. */
  readonly regularizer: Regularizer | undefined;
  readonly constraint: ConstraintFn | undefined;
  #tensor: Tensor | undefined;
  /** Whether nobody else holds `#tensor`, so that its memory may be taken without a copy. */
  #own = false;
  /** The bare buffer, in a box of its own so that it can be freed after the variable. */
  readonly #held: Held = { buffer: undefined, backend: undefined };

  constructor(first: TensorLike, o: VariableOptions = {}) {
    const initial = tensor(first, { dtype: o.dtype });
    this.name = o.name ?? 'variable';
    this.path = o.path ?? this.name;
    this.shape = initial.shape;
    this.dtype = initial.dtype;
    this.trainable = o.trainable ?? true;
    this.madeTrainable = this.trainable;
    this.regularizer = o.regularizer;
    this.constraint = o.constraint;
    this.#tensor = initial;
    this.#own = o.own ?? false;
    reaper.register(this, this.#held);
  }

  /** The value; inside a traced function, its stand-in. */
  get tensor(): Tensor {
    return stateScope()?.read(this) ?? this.#value();
  }

  #value(): Tensor {
    const { buffer, backend } = this.#held;
    if (buffer) {
      const value = lax.parameter(this.shape, this.dtype);
      value.storage = Storage.ofBuffer(buffer, backend!, this.dtype, this.size);
      this.#tensor = new Tensor(value);
      this.#own = true;
      this.#held.buffer = undefined;
    }
    return this.#tensor!;
  }

  /** Keras's name of `tensor`. */
  get value(): Tensor {
    return this.tensor;
  }
  get ndim(): number {
    return this.shape.length;
  }
  get size(): number {
    return this.shape.reduce((a, b) => a * b, 1);
  }

  /** Replaces the value. Throws `shape` when it does not fit. */
  assign(given: TensorLike): void {
    const value = asTensor(given);
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
    const scope = stateScope();
    if (scope) scope.write(this, v);
    else this.#set(v);
  }

  /** Adds to the value, which keeps its shape. Throws `shape`. */
  assignAdd(value: TensorLike): void {
    this.assign(this.tensor.add(value));
  }
  /** Takes away from the value. Throws `shape`. */
  assignSub(value: TensorLike): void {
    this.assign(this.tensor.sub(value));
  }

  /**
   * Keeps a value for good. A computed one may be the memory of another variable, which training
   * will overwrite, so it is copied; a pending one may be made from such memory, so it is run.
   */
  #set(v: Tensor): void {
    const copied = v.value.storage !== undefined;
    const next = copied ? copyOf(v) : v.realize();
    this.#held.buffer?.dispose();
    this.#held.buffer = undefined;
    this.#tensor = next;
    this.#own = copied;
  }

  /** Overwrites the value with host data, which is copied unless it is given away (`own`). */
  write(data: TypedArray, { own = false }: { readonly own?: boolean } = {}): void {
    const kept = (): TypedArray => (own ? data : data.slice());
    if (stateScope()) this.assign(fromData(kept(), this.shape, this.dtype));
    else if (this.#held.buffer && !this.#held.backend?.ended)
      this.#held.buffer.write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    else {
      this.#held.buffer?.dispose();
      this.#held.buffer = undefined;
      this.#tensor = fromData(kept(), this.shape, this.dtype);
      this.#own = true;
    }
  }

  /**
   * The bare buffer on the backend in use, for a loop that will give it back changed by `put`. The
   * tensor that the variable gave out before, if any, is dead from here on.
   */
  take(backend: Backend = getBackend()): DeviceBuffer {
    const held = this.#held;
    if (!held.buffer || held.backend !== backend) {
      const t = this.#value();
      held.buffer = takeBuffer(this.#own ? t : copyOf(t));
      held.backend = backend;
      this.#tensor = undefined;
    }
    return held.buffer;
  }

  /** The buffer on that backend to read from; the variable keeps it. */
  peek(backend: Backend = getBackend()): DeviceBuffer {
    const { buffer, backend: where } = this.#held;
    return buffer && where === backend ? buffer : bufferOf(this.#value());
  }

  put(buffer: DeviceBuffer): void {
    this.#held.buffer = buffer;
  }
}

/** The same numbers in memory of their own. */
export function copyOf(t: Tensor): Tensor {
  if (getBackend().sync) return fromData(t.dataSync().slice(), t.shape, t.dtype);
  return new Tensor(apply(reshape, [t.value], { shape: t.shape })).realize();
}
