/** Batches out of whole arrays, which lie on the device. */
import type { DeviceBuffer } from '../../backends/backend.ts';
import { bufferOf, fromData, type Tensor } from '../../tensor/index.ts';
import { drawPermutation } from '../random/index.ts';
import { type RandomState, randomState, setRandomState } from '../random/seeds.ts';
import {
  type Batch,
  type Feed,
  type FeedOptions,
  Interruption,
  otherData,
  type Shuffle,
} from './batches.ts';
import type { Data } from './data.ts';
import type { Kind } from './figures.ts';
import { Layout, type Stepper } from './steps.ts';

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

interface ArrayFeedState {
  readonly n: number;
  readonly batch: number;
  readonly shuffle: Shuffle;
  readonly seen: number;
  /** The random numbers before the order was drawn. */
  readonly random: RandomState;
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
  #random: RandomState = randomState();

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
    if (kind === 'train') this.#random = randomState();
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
    return this.#last();
  }

  alike(most: number): number {
    const whole = Math.floor(this.#data.n / this.#batch);
    const more = Math.max(0, Math.min(most, whole - this.#seen));
    this.#seen += more;
    return more;
  }

  /** The batch that was given last. */
  #last(): Batch {
    if (this.#seen * this.#batch <= this.#data.n) {
      this.#whole ??= this.#make(this.#batch, false);
      return this.#whole;
    }
    this.#tail ??= this.#make(this.#data.n % this.#batch, true);
    return this.#tail;
  }

  state(): ArrayFeedState {
    const { shuffle } = this.#o;
    const [n, batch, seen, random] = [this.#data.n, this.#batch, this.#seen, this.#random];
    return { n, batch, shuffle, seen, random };
  }

  async resume(state: unknown): Promise<Batch | undefined> {
    const now = this.state();
    const s = state as ArrayFeedState;
    for (const k of ['n', 'batch', 'shuffle'] as const)
      if (s[k] !== now[k])
        throw otherData(
          this.#o.method,
          `${{ n: 'samples', batch: 'batchSize', shuffle: 'shuffle' }[k]} was ${s[k]}, and is ${now[k]}.`,
        );
    if (s.seen < 0) return undefined;
    setRandomState(s.random);
    this.begin();
    this.#seen = s.seen;
    return s.seen > 0 ? this.#last() : undefined;
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
