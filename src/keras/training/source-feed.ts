/** Batches that a source gives one after another. */
import { GradloomError } from '../../errors.ts';
import { type RandomState, randomState, setRandomState } from '../random/seeds.ts';
import { type Batch, type Feed, type FeedOptions, Interruption, otherData } from './batches.ts';
import { type DataSource, replay, type SourceIterator, type SourceProgress } from './source.ts';

interface SourceFeedState extends Readonly<SourceProgress> {
  /** Batches of this iteration. */
  readonly seen: number;
  /** Whether an iteration is under way. */
  readonly active: boolean;
  /** The random numbers, and what the source remembers, before this iteration (or the next) began. */
  readonly random: RandomState;
  readonly memory: unknown;
}

type Pull = IteratorResult<unknown> | Promise<IteratorResult<unknown>>;

/** Batches that come one after another. While a step runs, the next batch is already on its way. */
export class SourceFeed implements Feed {
  readonly #o: FeedOptions;
  readonly #source: DataSource;
  readonly #read: (item: unknown) => Batch | Promise<Batch>;
  readonly #interruption: Interruption;
  #iterator: SourceIterator | undefined;
  #ahead: Promise<IteratorResult<unknown>> | undefined;
  #asking = false;
  #seen = 0;
  #total = 0;
  #random: RandomState | undefined;
  #memory: unknown;

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
    this.#open();
  }

  #open(): void {
    this.#random = randomState();
    this.#memory = this.#source.memory?.get();
    this.#source.onEpochBegin?.();
    this.#iterator = this.#source.open();
    this.#source.progress.opened++;
    this.#seen = 0;
  }

  state(): SourceFeedState {
    const active = this.#iterator !== undefined;
    return {
      ...this.#source.progress,
      seen: this.#seen,
      active,
      random: (active && this.#random) || randomState(),
      memory: (active ? this.#memory : this.#source.memory?.get()) ?? null,
    };
  }

  async resume(state: unknown): Promise<Batch | undefined> {
    const s = state as SourceFeedState;
    const { owned, memory, progress } = this.#source;
    let behind = s.active ? s.seen : 0;
    if (owned) {
      await replay(this.#source, s.active ? s.opened - 1 : s.opened, s.ended);
      if (s.memory !== null) memory?.set(s.memory);
      setRandomState(s.random);
      if (s.active) this.#open();
    } else {
      // An iterator of somebody else's goes on through all epochs: one that is new is brought there.
      this.#iterator = this.#source.open();
      behind = Math.max(0, s.total - progress.total);
      progress.opened = Math.max(progress.opened, s.opened);
    }
    const last = behind > 0 ? await this.#passOver(behind) : undefined;
    if (!s.active) this.#iterator = undefined;
    progress.total = Math.max(progress.total, s.total);
    this.#seen = s.seen;
    this.#total = s.total;
    return s.active ? last : undefined;
  }

  /** Takes batches that nobody needs; the last one, read. */
  async #passOver(count: number): Promise<Batch> {
    const it = this.#iterator!;
    if (it.skip) it.skip(count - 1);
    let result: IteratorResult<unknown> | undefined;
    for (let k = it.skip ? count - 1 : 0; k < count; k++) {
      result = await this.#guard(() => this.#pull());
      if (result.done)
        throw otherData(this.#o.method, `the source has ended after ${k} of ${count} batches.`);
    }
    return this.#read(result!.value);
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
    this.#source.progress.total++;
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
    this.#source.progress.ended++;
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
