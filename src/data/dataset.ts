/**
 * Input pipelines: sources of elements, and steps that make one stream of another. Nothing runs until
 * somebody iterates; every iteration starts anew. The names are tf.data's.
 */
import { GradloomError } from '../errors.ts';
import type { Tensor } from '../tensor/index.ts';
import type { CsvOptions, CsvRow, CsvSource } from './csv.ts';
import { type Batched, collate } from './elements.ts';
import type { ImageFolderOptions, LabelledImage } from './images.ts';
import { anySeed, shuffleInPlace, Xoshiro128 } from './random.ts';
import { generated, type Rows, rowsOf } from './sources.ts';
import { ahead, interleaved, mapped, shuffled, userError, windows } from './streams.ts';

/** The elements of arrays cut along their first dimension. */
export type Slices<T> = T extends Tensor | ArrayBufferView | Numbers
  ? Tensor
  : T extends readonly string[]
    ? string
    : T extends object
      ? { -readonly [K in keyof T]: Slices<T[K]> }
      : T;

type Numbers = readonly (number | boolean)[] | readonly Numbers[];

export interface PaddedBatchOptions {
  readonly dropRemainder?: boolean;
  /** Lengths to pad to, one list for each leaf; null (and no list): the longest of the batch. */
  readonly paddedShapes?: readonly (readonly (number | null)[] | null)[];
  /** What to fill up with, one for each leaf or one for all. Default 0. */
  readonly paddingValues?: number | readonly number[];
}

/** In memory, in the order in which this iteration gives it (undefined: as it lies). */
interface Ordered {
  readonly rows: Rows;
  order(epoch: number): Int32Array | undefined;
}

type Open<T> = (epoch: number) => AsyncIterable<T>;

/** An element's part of a cardinality: undefined is unknown, Infinity endless. */
type Cardinality = number | undefined;

const count = (method: string, name: string, v: number, least: number): number => {
  if ((Number.isInteger(v) && v >= least) || v === Number.POSITIVE_INFINITY) return v;
  throw new GradloomError(
    'data',
    `${method}: ${name} must be a whole number of ${least} or more; received ${v}.`,
    { [name]: v },
  );
};

export class Dataset<T> implements AsyncIterable<T> {
  readonly #open: Open<T>;
  readonly #ordered: Ordered | undefined;
  /** How many elements there are: Infinity when there is no end, undefined when nobody knows. */
  readonly cardinality: Cardinality;
  /** Those that an iteration iterates. */
  readonly #sources: readonly unknown[];
  #epochs = 0;

  private constructor(
    open: Open<T>,
    cardinality: Cardinality,
    o: { readonly ordered?: Ordered; readonly sources?: readonly unknown[] } = {},
  ) {
    this.#open = open;
    this.cardinality = cardinality;
    this.#ordered = o.ordered;
    this.#sources = o.sources ?? [];
  }

  [Symbol.asyncIterator](): AsyncIterator<T> {
    return this.#open(this.#epochs++)[Symbol.asyncIterator]();
  }

  /**
   * How often this dataset, and those it is made of, have been iterated: what the orders to come
   * depend on. A training run that is taken up again begins its iteration from here.
   */
  getState(): number[] {
    return this.#chain().map((d) => d.#epochs);
  }
  /** Throws `data` for the state of another dataset. */
  setState(state: readonly number[]): void {
    const chain = this.#chain();
    if (!Array.isArray(state) || state.length !== chain.length)
      throw new GradloomError('data', 'setState: this is the state of another dataset.');
    chain.forEach((d, i) => {
      d.#epochs = state[i];
    });
  }
  #chain(): Dataset<unknown>[] {
    const found: Dataset<unknown>[] = [];
    const visit = (d: Dataset<unknown>): void => {
      if (found.includes(d)) return;
      found.push(d);
      for (const s of d.#sources) if (s instanceof Dataset) visit(s);
    };
    visit(this as Dataset<unknown>);
    return found;
  }

  // ---- sources

  /**
   * The rows of a tensor, typed array or nested array, or of a list or object of them:
   * `Dataset.fromTensorSlices([images, labels])`. Throws `data` for lengths that differ.
   */
  static fromTensorSlices<T>(data: T): Dataset<Slices<T>> {
    return Dataset.#ofRows<Slices<T>>({ rows: rowsOf(data), order: () => undefined });
  }

  static #ofRows<T>(ordered: Ordered): Dataset<T> {
    const { rows } = ordered;
    async function* open(epoch: number): AsyncGenerator<T> {
      const order = ordered.order(epoch);
      const n = order?.length ?? rows.length;
      for (let i = 0; i < n; i++) yield (await rows.row(order ? order[i] : i)) as T;
    }
    return new Dataset(open, ordered.order(0)?.length ?? rows.length, { ordered });
  }

  /** One element: all of it. */
  static fromTensors<T>(element: T): Dataset<T> {
    return Dataset.fromArray([element]);
  }

  /** The elements of a list, as they are. */
  static fromArray<T>(elements: readonly T[]): Dataset<T> {
    return new Dataset<T>(() => generated(() => elements), elements.length);
  }

  /**
   * What a function's iterable gives; the function is called for each iteration, so that a generator
   * starts anew. An error in it surfaces as `data` with the error as its cause.
   */
  static fromGenerator<T>(
    make: () => Iterable<T> | AsyncIterable<T> | Promise<Iterable<T> | AsyncIterable<T>>,
    o: { readonly cardinality?: number } = {},
  ): Dataset<T> {
    if (typeof make !== 'function')
      throw new GradloomError(
        'data',
        'fromGenerator takes a function, which is called at the start of every epoch; received something else.',
      );
    return new Dataset<T>(() => generated(make), o.cardinality);
  }

  /** Whole numbers from `start` (0 when one argument is given) up to `stop`, as range in Python. */
  static range(start: number, stop?: number, step = 1): Dataset<number> {
    const [from, to] = stop === undefined ? [0, start] : [start, stop];
    if (step === 0 || !Number.isFinite(step))
      throw new GradloomError('data', `range: step must not be ${step}.`, { step });
    const n = Math.max(0, Math.ceil((to - from) / step));
    return new Dataset<number>(
      () =>
        generated(function* () {
          for (let i = 0; i < n; i++) yield from + i * step;
        }),
      n,
    );
  }

  /** The rows of a CSV file (a path in Node, a URL, a Blob, or the text itself): see `CsvOptions`. */
  static fromCsv(source: CsvSource, o: CsvOptions = {}): Dataset<CsvRow> {
    return new Dataset<CsvRow>(
      () =>
        generated(async () => {
          const { readCsv } = await import('./csv.ts');
          return readCsv(source, o);
        }),
      undefined,
    );
  }

  /** Pictures in a folder with a subfolder a class (Node): see `ImageFolderOptions`. */
  static async fromImageFolder(
    folder: string,
    o: ImageFolderOptions = {},
  ): Promise<Dataset<LabelledImage> & { readonly classNames: readonly string[] }> {
    const { listImages } = await import('./images.ts');
    const { files, classNames, load } = await listImages(folder, o);
    const rows: Rows = {
      length: files.length,
      row: (i) => load(i),
      gather: async (indices) =>
        collate(await Promise.all(Array.from(indices, (i) => load(i))), 'batch'),
    };
    const dataset = Dataset.#ofRows<LabelledImage>({ rows, order: () => undefined });
    return Object.assign(dataset, { classNames });
  }

  /** Elements of several datasets side by side, until the shortest ends. */
  static zip<A extends readonly unknown[]>(
    ...datasets: { [K in keyof A]: AsyncIterable<A[K]> }
  ): Dataset<A> {
    const sources = datasets as readonly AsyncIterable<unknown>[];
    if (sources.length === 0) throw new GradloomError('data', 'zip needs a dataset at least.');
    async function* open(): AsyncGenerator<A> {
      const its = sources.map((d) => d[Symbol.asyncIterator]());
      try {
        for (;;) {
          const rs = await Promise.all(its.map((it) => it.next()));
          if (rs.some((r) => r.done)) return;
          yield rs.map((r) => r.value) as unknown as A;
        }
      } finally {
        for (const it of its) await it.return?.();
      }
    }
    const sizes = sources.map((d) => (d as Partial<Dataset<unknown>>).cardinality);
    const known = sizes.every((n) => n !== undefined);
    return new Dataset<A>(open, known ? Math.min(...(sizes as number[])) : undefined, { sources });
  }

  // ---- steps

  /** f of each element; `parallel` calls may be under way at a time, their order is kept. */
  map<R>(
    f: (element: T, index: number) => R | Promise<R>,
    o: { readonly parallel?: number } = {},
  ): Dataset<R> {
    const parallel = count('map', 'parallel', o.parallel ?? 1, 1);
    return this.#then((s) => mapped(s, f, parallel), this.cardinality);
  }

  /** The elements for which f is true. */
  filter(f: (element: T) => boolean | Promise<boolean>): Dataset<T> {
    return this.#then(async function* (source) {
      let i = 0;
      for await (const element of source) {
        let keep: boolean;
        try {
          keep = await f(element);
        } catch (e) {
          throw userError('filter', i, e);
        }
        i++;
        if (keep) yield element;
      }
    }, undefined);
  }

  /** Elements stacked, `size` at a time; the last batch holds what is left, unless it is dropped. */
  batch(size: number, o: { readonly dropRemainder?: boolean } = {}): Dataset<Batched<T>> {
    count('batch', 'size', size, 1);
    const drop = o.dropRemainder ?? false;
    const n = divide(this.cardinality, size, drop);
    if (!this.#ordered)
      return this.#then(
        (s) => chunks(s, size, drop, (b) => collate(b, 'batch') as Promise<Batched<T>>),
        n,
      );
    const { rows, order } = this.#ordered;
    async function* open(epoch: number): AsyncGenerator<Batched<T>> {
      const indices = order(epoch);
      const total = indices?.length ?? rows.length;
      for (let at = 0; at < total && (!drop || at + size <= total); at += size) {
        const to = Math.min(total, at + size);
        const part = indices
          ? indices.subarray(at, to)
          : Int32Array.from({ length: to - at }, (_, i) => at + i);
        yield (await rows.gather(part)) as Batched<T>;
      }
    }
    return new Dataset<Batched<T>>(open, n, { sources: [this] });
  }

  /** Batches of arrays of different lengths, filled up at the end. */
  paddedBatch(size: number, o: PaddedBatchOptions = {}): Dataset<Batched<T>> {
    count('paddedBatch', 'size', size, 1);
    const drop = o.dropRemainder ?? false;
    const pad = (leaf: number, sizes: readonly number[]) => {
      const wanted = o.paddedShapes?.[leaf];
      const values = o.paddingValues ?? 0;
      const shape = sizes.map((s, d) => {
        const w = wanted?.[d] ?? s;
        if (w < s)
          throw new GradloomError(
            'data',
            `paddedBatch: an element is ${s} long in dimension ${d}, longer than the ${w} to pad to.`,
            { leaf, sizes: [...sizes] },
          );
        return w;
      });
      return { shape, value: typeof values === 'number' ? values : (values[leaf] ?? 0) };
    };
    return this.#then(
      (s) => chunks(s, size, drop, (b) => collate(b, 'paddedBatch', pad) as Promise<Batched<T>>),
      divide(this.cardinality, size, drop),
    );
  }

  /** Batches taken apart again: elements along the first dimension. */
  unbatch(): Dataset<unknown> {
    return this.#then<unknown>(async function* (source) {
      for await (const batch of source) {
        const rows = rowsOf(batch);
        for (let i = 0; i < rows.length; i++) yield await rows.row(i);
      }
    }, undefined);
  }

  /**
   * A random one of the next `bufferSize` elements at a time. With a seed the order is the same in
   * every program; `reshuffleEachIteration: false` makes it the same in every epoch.
   */
  shuffle(
    bufferSize: number,
    o: { readonly seed?: number; readonly reshuffleEachIteration?: boolean } = {},
  ): Dataset<T> {
    count('shuffle', 'bufferSize', bufferSize, 1);
    const seed = o.seed ?? anySeed();
    if (!Number.isSafeInteger(seed))
      throw new GradloomError('data', `shuffle: seed must be a whole number; received ${seed}.`, {
        seed,
      });
    const random = (epoch: number): Xoshiro128 =>
      new Xoshiro128(seed, o.reshuffleEachIteration === false ? 0 : epoch);
    const whole = this.#ordered;
    if (whole && bufferSize >= (this.cardinality ?? 0)) {
      return Dataset.#ofRows<T>({
        rows: whole.rows,
        order: (epoch) => {
          const all =
            whole.order(epoch) ?? Int32Array.from({ length: whole.rows.length }, (_, i) => i);
          return shuffleInPlace(all.slice(), random(epoch));
        },
      });
    }
    return this.#then((s, epoch) => shuffled(s, bufferSize, random(epoch)), this.cardinality);
  }

  /** Keeps the elements in memory the first time that they are gone through to the end. */
  cache(): Dataset<T> {
    let kept: readonly T[] | undefined;
    const filled = async function* (source: AsyncIterable<T>): AsyncGenerator<T> {
      if (kept) {
        yield* kept;
        return;
      }
      const seen: T[] = [];
      for await (const element of source) {
        seen.push(element);
        yield element;
      }
      kept = seen;
    };
    // Its source is iterated once in every program, whatever the state.
    return this.#then(filled, this.cardinality, []);
  }

  /** Makes up to `n` elements ahead while the reader is busy. */
  prefetch(n: number): Dataset<T> {
    count('prefetch', 'n', n, 1);
    return this.#then((s) => ahead(s, n), this.cardinality);
  }

  /** All of it `times` times over; without a number, for ever. */
  repeat(times: number = Number.POSITIVE_INFINITY): Dataset<T> {
    count('repeat', 'times', times, 0);
    const self = this;
    async function* open(): AsyncGenerator<T> {
      for (let k = 0; k < times; k++) {
        let any = false;
        for await (const element of self) {
          any = true;
          yield element;
        }
        // Nothing, repeated for ever, would never end.
        if (!any) return;
      }
    }
    const n = this.cardinality;
    return new Dataset<T>(
      open,
      times === 0 || n === 0 ? 0 : n === undefined ? undefined : n * times,
      { sources: [this] },
    );
  }

  /** The first n elements. */
  take(n: number): Dataset<T> {
    count('take', 'n', n, 0);
    const known = this.cardinality === undefined ? undefined : Math.min(n, this.cardinality);
    if (this.#ordered) return this.#cut((order) => order.subarray(0, n));
    return this.#then(async function* (source) {
      if (n === 0) return;
      let i = 0;
      for await (const element of source) {
        yield element;
        if (++i === n) return;
      }
    }, known);
  }

  /** All but the first n elements. */
  skip(n: number): Dataset<T> {
    count('skip', 'n', n, 0);
    const known = this.cardinality === undefined ? undefined : Math.max(0, this.cardinality - n);
    if (this.#ordered) return this.#cut((order) => order.subarray(n));
    return this.#then(async function* (source) {
      let i = 0;
      for await (const element of source) if (i++ >= n) yield element;
    }, known);
  }

  /** Every `shards`-th element, from element `index` on: a part for each of several workers. */
  shard(shards: number, index: number): Dataset<T> {
    count('shard', 'shards', shards, 1);
    if (!(Number.isInteger(index) && index >= 0 && index < shards))
      throw new GradloomError(
        'data',
        `shard: index lies between 0 and ${shards - 1}; received ${index}.`,
        { shards, index },
      );
    if (this.#ordered) return this.#cut((order) => order.filter((_, i) => i % shards === index));
    const n = this.cardinality;
    return this.#then(
      async function* (source) {
        let i = 0;
        for await (const element of source) if (i++ % shards === index) yield element;
      },
      n === undefined ? undefined : Math.max(0, Math.ceil((n - index) / shards)),
    );
  }

  /** This, and then the other. */
  concatenate(other: AsyncIterable<T> & { readonly cardinality?: number }): Dataset<T> {
    const [a, b] = [this.cardinality, other.cardinality];
    return this.#then(
      async function* (source) {
        yield* source;
        yield* other;
      },
      a === undefined || b === undefined ? undefined : a + b,
      [this, other],
    );
  }

  /** [position, element]. */
  enumerate(start = 0): Dataset<[number, T]> {
    return this.map((element, i) => [start + i, element]);
  }

  /** The elements of f(element), `cycleLength` of them in turn, `blockLength` elements at a time. */
  interleave<R>(
    f: (element: T, index: number) => AsyncIterable<R>,
    o: { readonly cycleLength?: number; readonly blockLength?: number } = {},
  ): Dataset<R> {
    const cycle = count('interleave', 'cycleLength', o.cycleLength ?? 2, 1);
    const block = count('interleave', 'blockLength', o.blockLength ?? 1, 1);
    return this.#then((s) => interleaved(s, f, cycle, block), undefined);
  }

  /** The elements of f(element), one after another. */
  flatMap<R>(f: (element: T, index: number) => AsyncIterable<R>): Dataset<R> {
    return this.interleave(f, { cycleLength: 1 });
  }

  /** Datasets of `size` elements each, a new one every `shift` (default `size`) elements. */
  window(
    size: number,
    o: { readonly shift?: number; readonly stride?: number; readonly dropRemainder?: boolean } = {},
  ): Dataset<Dataset<T>> {
    count('window', 'size', size, 1);
    const shift = count('window', 'shift', o.shift ?? size, 1);
    const stride = count('window', 'stride', o.stride ?? 1, 1);
    return this.#then(async function* (source) {
      for await (const w of windows(source, size, shift, stride, o.dropRemainder ?? false))
        yield Dataset.fromArray(w);
    }, undefined);
  }

  // ---- ends

  /** f(state, element) over all elements. */
  async reduce<S>(initial: S, f: (state: S, element: T) => S | Promise<S>): Promise<S> {
    let state = initial;
    for await (const element of this) state = await f(state, element);
    return state;
  }

  async forEach(f: (element: T, index: number) => void | Promise<void>): Promise<void> {
    let i = 0;
    for await (const element of this) await f(element, i++);
  }

  /** All elements. Refused for a dataset without an end. */
  async toArray(): Promise<T[]> {
    if (this.cardinality === Number.POSITIVE_INFINITY)
      throw new GradloomError('data', 'toArray: this dataset has no end; take(n) of it first.');
    const all: T[] = [];
    for await (const element of this) all.push(element);
    return all;
  }

  #then<R>(
    step: (source: AsyncIterable<T>, epoch: number) => AsyncIterable<R>,
    cardinality: Cardinality,
    sources: readonly unknown[] = [this],
  ): Dataset<R> {
    // The source counts its own iterations, so a shuffle before a repeat goes on shuffling.
    return new Dataset<R>((epoch) => step(this, epoch), cardinality, { sources });
  }

  #cut(part: (order: Int32Array) => Int32Array): Dataset<T> {
    const { rows, order } = this.#ordered!;
    return Dataset.#ofRows<T>({
      rows,
      order: (epoch) => part(order(epoch) ?? Int32Array.from({ length: rows.length }, (_, i) => i)),
    });
  }
}

function divide(n: Cardinality, size: number, drop: boolean): Cardinality {
  if (n === undefined || n === Number.POSITIVE_INFINITY) return n;
  return drop ? Math.floor(n / size) : Math.ceil(n / size);
}

async function* chunks<T, R>(
  source: AsyncIterable<T>,
  size: number,
  drop: boolean,
  make: (elements: T[]) => Promise<R>,
): AsyncGenerator<R> {
  let elements: T[] = [];
  for await (const element of source) {
    elements.push(element);
    if (elements.length < size) continue;
    yield await make(elements);
    elements = [];
  }
  if (elements.length > 0 && !drop) yield await make(elements);
}
