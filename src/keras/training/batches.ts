/** Where batches come from: whole arrays on the device, or a source that gives one after another. */
import type { DeviceBuffer } from '../../backends/backend.ts';
import { GradloomError } from '../../errors.ts';
import { bufferOf, fromData, type Tensor } from '../../tensor/index.ts';
import { drawPermutation } from '../random/index.ts';
import type { Data } from './data.ts';
import type { Kind } from './figures.ts';
import type { DataSource } from './source.ts';
import { type AnyStep, Layout, type Stepper } from './steps.ts';

/** Another order of all samples in every epoch, of those of each batch, or none. */
export type Shuffle = boolean | 'batch';

/** Batch after batch, each in an order of its own. */
function orderWithin(n: number, batch: number): Int32Array {
  const order = new Int32Array(n);
  for (let i = 0; i < n; i += batch)
    order.set(
      drawPermutation(Math.min(batch, n - i)).map((k) => k + i),
      i,
    );
  return order;
}

/** A step and what it takes. */
export interface Batch {
  readonly step: AnyStep;
  readonly buffers: readonly DeviceBuffer[];
  /** The tensors behind the buffers. */
  readonly tensors: readonly Tensor[];
  /** Called when the step has run. */
  done?(): void;
}

/**
 * The batches of a run of epochs. When the number of steps of an epoch is given, the next epoch goes
 * on where the last one stopped; else each starts afresh.
 */
export interface Feed {
  /** Batches there are, when that is known. */
  readonly length: number | null;
  begin(): void | Promise<void>;
  /** The next batch, undefined when there is none. `more` says whether another will be wanted. */
  next(more: boolean): Batch | undefined | Promise<Batch | undefined>;
  end(): void;
  close(): void | Promise<void>;
}

/** Says once that there was less data than was asked for. */
class Interruption {
  #said = false;
  readonly #method: string;
  constructor(method: string) {
    this.#method = method;
  }
  warn(): void {
    if (this.#said) return;
    this.#said = true;
    console.warn(
      `${this.#method}: your input ran out of data; interrupting the epoch. Make sure that your data gives at least stepsPerEpoch * epochs batches (Dataset.repeat() makes it endless).`,
    );
  }
}

export interface FeedOptions {
  readonly method: string;
  /** Whether the number of steps of an epoch was given. */
  readonly counted: boolean;
}

export interface ArrayFeedOptions extends FeedOptions {
  readonly kind: Kind;
  readonly stepper: Stepper;
  readonly shuffle: Shuffle;
}

/** Arrays that lie on the device: every step takes its samples out of them. */
export class ArrayFeed implements Feed {
  readonly length: number;
  readonly #o: ArrayFeedOptions;
  readonly #data: Data;
  readonly #layout: Layout;
  readonly #batch: number;
  readonly #interruption: Interruption;
  readonly #buffers: DeviceBuffer[];
  readonly #tensors: Tensor[];
  #order: Tensor | undefined;
  #whole: Batch | undefined;
  #tail: Batch | undefined;
  #seen = -1;

  constructor(data: Data, batch: number, o: ArrayFeedOptions) {
    this.#o = o;
    this.#data = data;
    this.#layout = new Layout(data);
    this.#batch = Math.min(data.n, batch);
    this.length = Math.ceil(data.n / this.#batch);
    this.#interruption = new Interruption(o.method);
    this.#tensors = [...this.#layout.tensors];
    this.#buffers = this.#tensors.map((t) => bufferOf(t));
  }

  /** Compiles the first step, so that the model and its losses are built. */
  prepare(): void {
    this.#whole = this.#make(this.#batch, false);
  }

  begin(): void {
    const { kind, stepper, shuffle, counted } = this.#o;
    if (counted && this.#seen >= 0) return;
    this.#seen = 0;
    stepper.rewind(kind);
    if (!shuffle) return;
    this.#order?.dispose();
    const { n } = this.#data;
    const order = shuffle === 'batch' ? orderWithin(n, this.#batch) : drawPermutation(n);
    this.#order = fromData(order, [n], 'int32');
    const last = this.#layout.tensors.length;
    this.#tensors[last] = this.#order;
    this.#buffers[last] = bufferOf(this.#order);
  }

  next(): Batch | undefined {
    if (this.#seen >= this.length) {
      if (this.#o.counted) this.#interruption.warn();
      return undefined;
    }
    this.#seen++;
    if (this.#seen * this.#batch <= this.#data.n) {
      this.#whole ??= this.#make(this.#batch, false);
      return this.#whole;
    }
    this.#tail ??= this.#make(this.#data.n % this.#batch, true);
    return this.#tail;
  }

  #make(batch: number, tail: boolean): Batch {
    const { kind, stepper, shuffle } = this.#o;
    const source = shuffle ? 'order' : 'next';
    const step = stepper.step({ kind, layout: this.#layout, batch, source, tail });
    return { step, buffers: this.#buffers, tensors: this.#tensors };
  }

  end(): void {
    if (this.#seen >= this.length) this.#seen = -1;
  }

  close(): void {
    this.#order?.dispose();
    this.#seen = -1;
  }
}

type Pull = IteratorResult<unknown> | Promise<IteratorResult<unknown>>;

/** Batches that come one after another. While a step runs, the next batch is already on its way. */
export class SourceFeed implements Feed {
  readonly #o: FeedOptions;
  readonly #source: DataSource;
  readonly #read: (item: unknown) => Batch | Promise<Batch>;
  readonly #interruption: Interruption;
  #iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined;
  #ahead: Promise<IteratorResult<unknown>> | undefined;
  #asking = false;
  #seen = 0;
  #total = 0;

  /** `read` makes a batch of what the source gave, checked. */
  constructor(source: DataSource, read: (item: unknown) => Batch | Promise<Batch>, o: FeedOptions) {
    this.#source = source;
    this.#read = read;
    this.#o = o;
    this.#interruption = new Interruption(o.method);
  }

  get length(): number | null {
    return this.#source.length;
  }

  async begin(): Promise<void> {
    if (this.#iterator && this.#o.counted) return;
    await this.#stop();
    this.#source.onEpochBegin?.();
    this.#iterator = this.#source.open();
    this.#seen = 0;
  }

  async next(more: boolean): Promise<Batch | undefined> {
    const { length } = this.#source;
    if (!this.#iterator || (length !== null && this.#seen >= length)) {
      if (this.#o.counted) this.#interruption.warn();
      return undefined;
    }
    const result = await this.#guard(() => this.#ahead ?? this.#pull());
    this.#ahead = undefined;
    if (result.done) {
      this.#iterator = undefined;
      const early = this.#o.counted || length !== null || this.#seen === 0;
      // A source that never gave anything is an error, thrown elsewhere.
      if (early && this.#total > 0) this.#interruption.warn();
      return undefined;
    }
    this.#seen++;
    this.#total++;
    const batch = await this.#read(result.value);
    if (more && (length === null || this.#seen < length)) this.#lookAhead();
    return batch;
  }

  #pull(): Pull {
    return this.#iterator!.next();
  }

  /** Only what takes time of its own is asked for ahead: anything else would but run earlier. */
  #lookAhead(): void {
    if (!this.#source.ahead) return;
    const p = new Promise<IteratorResult<unknown>>((done) => {
      done(this.#pull());
    });
    // An error is thrown in its turn, after the step that runs meanwhile.
    p.catch(() => {});
    this.#ahead = p;
  }

  async #guard(pull: () => Pull): Promise<IteratorResult<unknown>> {
    try {
      this.#asking = true;
      const result = await pull();
      this.#asking = false;
      return result;
    } catch (cause) {
      this.#iterator = undefined;
      this.#ahead = undefined;
      throw new GradloomError(
        'source',
        `${this.#o.method}: the data source failed at batch ${this.#total}: ${cause instanceof Error ? cause.message : String(cause)}. The weights hold the last whole step.`,
        { batch: this.#total },
        { cause },
      );
    }
  }

  end(): void {
    const { length } = this.#source;
    if (length !== null && this.#seen >= length) this.#iterator = undefined;
    this.#source.onEpochEnd?.();
  }

  async close(): Promise<void> {
    await this.#stop();
  }

  async #stop(): Promise<void> {
    const it = this.#iterator;
    const waiting = this.#asking || this.#ahead !== undefined;
    this.#iterator = undefined;
    this.#ahead = undefined;
    if (!it?.return || !this.#source.owned) return;
    const closed = Promise.resolve(it.return());
    // A generator that is waited for may never come to its end.
    if (waiting) closed.catch(() => {});
    else await closed;
  }
}
