/** Sources of batches: iterables, async iterables, generator functions and PyDatasets. */
import { GradloomError } from '../../errors.ts';
import { Tensor } from '../../tensor/index.ts';
import { drawShuffle } from '../random/seeds.ts';
import { PyDataset } from '../utils/py-dataset.ts';
import type { Counts } from './data.ts';
import type { Trees } from './steps.ts';
import { type DataTree, isObject, toTensors } from './tree.ts';

/**
 * Batches one after another: `[x]`, `[x, y]` or `[x, y, sampleWeight]`, or x alone. An iterable that
 * can be iterated again starts anew in every epoch; a generator goes on, also in the next call. A
 * generator function is called for every epoch. `cardinality` may say how many batches there are.
 */
export type BatchSource =
  | Iterable<unknown>
  | AsyncIterable<unknown>
  | (() => Iterable<unknown> | AsyncIterable<unknown>)
  | PyDataset;

/** A source as the training loop sees it. */
export interface DataSource {
  /** Batches of one iteration, null when nobody knows or there is no end. */
  readonly length: number | null;
  /** Whether it is known to have no end. */
  readonly endless: boolean;
  /** Whether the iterators are ours to end. */
  readonly owned: boolean;
  /** Whether the batches come in another order each time. */
  readonly shuffles: boolean;
  /** Whether asking for the next batch early may save time. */
  readonly ahead: boolean;
  open(): SourceIterator;
  /**
   * What the iterations to come depend on, of sources that know (`getState` and `setState`, as a Dataset
   * has them): asked right before one begins.
   */
  readonly memory?: { get(): unknown; set(state: unknown): void };
  /** How far it has been used in this process. */
  readonly progress: SourceProgress;
  onEpochBegin?(): void;
  onEpochEnd?(): void;
}

export interface SourceProgress {
  /** Iterations begun, and epochs ended. */
  opened: number;
  ended: number;
  /** Batches taken. */
  total: number;
}

const used = new WeakMap<object, SourceProgress>();
function progressOf(x: object): SourceProgress {
  const p = used.get(x) ?? { opened: 0, ended: 0, total: 0 };
  used.set(x, p);
  return p;
}

/**
 * Brings a source to where it was in another process, without the batches: hooks are called, iterations
 * begun (since they may count themselves) and left.
 */
export async function replay(source: DataSource, opened: number, ended: number): Promise<void> {
  const p = source.progress;
  for (let k = Math.min(p.opened, p.ended); k < Math.max(opened, ended); k++) {
    if (k >= p.opened && k < opened) {
      source.onEpochBegin?.();
      p.opened = k + 1;
      // What remembers its iterations need not see them again.
      if (!source.memory) await beginOnce(source);
    }
    if (k >= p.ended && k < ended) {
      source.onEpochEnd?.();
      p.ended = k + 1;
    }
  }
}

async function beginOnce(source: DataSource): Promise<void> {
  const it = source.open();
  if (!it.skip) await it.next();
  await it.return?.();
}

/** `skip(n)` goes over n batches that nobody needs, where that is cheaper than taking them. */
export type SourceIterator = (Iterator<unknown> | AsyncIterator<unknown>) & {
  skip?(n: number): void;
};

type Iterables = Partial<Iterable<unknown> & AsyncIterable<unknown>>;

/** Whether `x` gives batches one after another, rather than being data. */
export function isSource(x: unknown): x is BatchSource {
  if (x === null || x === undefined || x instanceof Tensor || ArrayBuffer.isView(x)) return false;
  if (x instanceof PyDataset || typeof x === 'function') return true;
  if (Array.isArray(x)) return areBatches(x);
  if (typeof x !== 'object') return false;
  const it = x as Iterables;
  return (
    typeof it[Symbol.asyncIterator] === 'function' || typeof it[Symbol.iterator] === 'function'
  );
}

/** Whether an array lists batches: [[x, y], [x, y], …] of tensors or typed arrays. */
function areBatches(x: readonly unknown[]): boolean {
  const isData = (d: unknown): boolean =>
    d instanceof Tensor || ArrayBuffer.isView(d) || isObject(d);
  return (
    x.length > 0 &&
    x.every((b) => Array.isArray(b) && b.length > 0 && b.length <= 3 && b.every((d) => isData(d)))
  );
}

/** `x` as a DataSource. `shuffle` is for sources that know how. */
export function openSource(method: string, x: BatchSource, shuffle: boolean): DataSource {
  if (x instanceof PyDataset) return ofDataset(method, x, shuffle);
  if (typeof x === 'function') {
    const open = (): Iterables => {
      const made: unknown = (x as () => unknown)();
      if (isSource(made) && typeof made !== 'function') return made as Iterables;
      throw new GradloomError(
        'data',
        `${method}: the function given as data must return an iterable of batches; it returned ${made === null ? 'null' : made instanceof Promise ? 'a promise (use an async generator function)' : typeof made}.`,
      );
    };
    return {
      length: null,
      endless: false,
      shuffles: false,
      owned: true,
      ahead: true,
      progress: progressOf(x),
      open: () => iteratorOf(open()),
    };
  }
  const it = x as Iterables & { cardinality?: unknown };
  const said = typeof it.cardinality === 'function' ? it.cardinality() : it.cardinality;
  const known = typeof said === 'number' && Number.isInteger(said) && said >= 0;
  const length = known ? (said as number) : Array.isArray(x) ? x.length : null;
  if (length === 0)
    throw new GradloomError('data', `${method}: the data source holds no batches.`, { length });
  return {
    length,
    endless: said === Number.POSITIVE_INFINITY,
    shuffles: false,
    // An iterator that was handed to us belongs to its owner, who may go on with it.
    owned: !isIterator(it),
    ahead: typeof it[Symbol.asyncIterator] === 'function',
    memory: memoryOf(it),
    progress: progressOf(it),
    open: () => iteratorOf(it),
  };
}

function memoryOf(x: object): DataSource['memory'] {
  const { getState, setState } = x as Record<string, unknown>;
  if (typeof getState !== 'function' || typeof setState !== 'function') return undefined;
  return { get: () => getState.call(x), set: (s) => setState.call(x, s) };
}

function isIterator(it: Iterables): boolean {
  return typeof (it as { next?: unknown }).next === 'function';
}

function iteratorOf(it: Iterables): SourceIterator {
  return it[Symbol.asyncIterator]?.() ?? it[Symbol.iterator]!();
}

function ofDataset(method: string, d: PyDataset, shuffle: boolean): DataSource {
  const count = (): number | null => {
    const n = d.numBatches;
    if (n === null) return null;
    if (Number.isInteger(n) && n > 0) return n;
    throw new GradloomError(
      'data',
      `${method}: a PyDataset must hold at least one batch; its length is ${n}.`,
      { length: n },
    );
  };
  const depth = Math.max(1, Math.min(d.workers, d.maxQueueSize));
  return {
    get length() {
      return count();
    },
    endless: count() === null,
    shuffles: shuffle,
    owned: true,
    ahead: true,
    memory: memoryOf(d),
    progress: progressOf(d),
    open() {
      const n = count();
      const order = n !== null && shuffle ? drawShuffle(n) : undefined;
      const queue: unknown[] = [];
      let at = 0;
      const ask = (): void => {
        while (queue.length < depth && (n === null || at < n)) {
          const i = at++;
          const item = d.getItem(order ? order[i] : i);
          // Thrown in its turn.
          if (item instanceof Promise) item.catch(() => {});
          queue.push(item);
        }
      };
      return {
        skip(batches: number): void {
          at += batches;
        },
        next(): IteratorResult<unknown> | Promise<IteratorResult<unknown>> {
          ask();
          if (queue.length === 0) return { done: true, value: undefined };
          const item = queue.shift();
          return item instanceof Promise
            ? item.then((value: unknown) => ({ done: false, value }))
            : { done: false, value: item };
        },
      } as SourceIterator;
    },
    onEpochBegin: () => d.onEpochBegin(),
    onEpochEnd: () => d.onEpochEnd(),
  };
}

/** A batch as a source gives it: a list of one to three, or x alone. Throws `data`. */
export function unpackBatch(method: string, item: unknown, counts: Counts): Trees {
  const parts = Array.isArray(item) ? (item as DataTree[]) : [item as DataTree];
  if (parts.length === 0 || parts.length > 3 || item === undefined || typeof item === 'function')
    throw new GradloomError(
      'data',
      `${method}: a batch is [x], [x, y] or [x, y, sampleWeight]; received ${Array.isArray(item) ? `a list of ${item.length}` : typeof item}.`,
    );
  return {
    x: toTensors(parts[0], counts.inputs),
    y: toTensors(parts[1], counts.outputs),
    weight: toTensors(parts[2], counts.outputs),
  };
}
