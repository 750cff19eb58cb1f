/** One pass over the data: training or testing, paced so that the event loop keeps turning. */
import { GradloomError } from '../../errors.ts';
import { type CallbackList, type Logs, makeLogs, type ProgbarLogger } from '../callbacks/index.ts';
import type { Model } from '../models/model.ts';
import type { Batch, Feed } from './batches.ts';
import type { Kind, Read } from './figures.ts';
import type { Trainer } from './trainer.ts';

/**
 * How long a stretch of steps may keep the event loop waiting, in milliseconds: on a page, as long as a
 * frame, so that what moves goes on moving and a click is answered at once.
 */
const stretch = typeof document === 'undefined' ? 50 : 16;

/** Lets timers, input and AbortSignals have their turn now and then. */
export class Pacer {
  readonly #method: string;
  readonly #signal: AbortSignal | undefined;
  #last = performance.now();

  constructor(method: string, signal: AbortSignal | undefined) {
    this.#method = method;
    this.#signal = signal;
    this.check();
  }

  /** Whether the event loop has waited long enough. */
  get due(): boolean {
    return performance.now() - this.#last >= stretch;
  }

  async pause(): Promise<void> {
    await turn();
    this.#last = performance.now();
    this.check();
  }

  /** Throws `aborted` once the signal has fired. */
  check(): void {
    if (this.#signal?.aborted) throw this.#aborted();
  }

  #aborted(): GradloomError {
    return new GradloomError(
      'aborted',
      `${this.#method} was aborted; the weights hold the last whole step.`,
      { method: this.#method },
      { cause: this.#signal!.reason },
    );
  }

  /** What `coming` gives, or `aborted` if the signal fires before that: data may never come. */
  wait<T>(coming: Promise<T>): Promise<T> {
    const signal = this.#signal;
    if (!signal) return coming;
    this.check();
    return new Promise<T>((resolve, reject) => {
      const stop = (): void => reject(this.#aborted());
      signal.addEventListener('abort', stop, { once: true });
      coming.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
    });
  }
}

let calls = 0;

/**
 * For methods that are called in loops: awaiting them alone never lets the event loop turn, and what
 * the garbage collector found dead is freed only then. Counts, since looking at the clock would make
 * rare calls wait for nothing.
 */
export function turnNowAndThen(): Promise<void> | undefined {
  calls++;
  return calls % 256 === 0 ? turn() : undefined;
}

/**
 * One turn of the event loop. In browsers by a message: timers wait four milliseconds when they follow
 * each other, and a second in a tab that is not looked at.
 */
function turn(): Promise<void> {
  const g = globalThis as { setImmediate?: (f: () => void) => void };
  return new Promise((done) => {
    if (g.setImmediate) return g.setImmediate(done);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      done();
    };
    port2.postMessage(null);
  });
}

/**
 * How many steps run at once where nobody looks at them one by one: as many as take two milliseconds,
 * so that what lies between two short steps is not paid for each.
 */
class Stride {
  size = 1;
  #started = 0;

  begin(): void {
    this.#started = performance.now();
  }

  ended(steps: number): void {
    const each = (performance.now() - this.#started) / steps;
    this.size = Math.max(1, Math.min(2 * this.size, Math.floor(2 / each), 64));
  }
}

/** A callback that looks at the figures now and then, not at every batch, which would cost more than the batch. */
export interface Watcher {
  watch(batch: number, logs: Logs): void;
}

export interface PassOptions {
  /** Most steps; null for as many as there are batches. */
  readonly steps: number | null;
  /** Whether the feed will be asked for another epoch. */
  readonly again?: boolean;
  readonly callbacks: CallbackList;
  readonly pacer: Pacer;
  /** Drawn while the pass runs. */
  readonly bar?: ProgbarLogger;
  /** Sees every reading of the figures. */
  readonly inspect?: (figures: Read) => void;
  /** Brings an epoch to where it was interrupted; gives the steps that were done, and the last batch. */
  readonly resume?: () => Promise<{ readonly done: number; readonly last: Batch | undefined }>;
  /** Called between two steps, after the callbacks. */
  readonly settled?: (steps: number) => Promise<void> | undefined;
}

/** The figures at the end of a pass, after how many steps. */
export interface Pass {
  readonly figures: Read;
  readonly steps: number;
}

/** Runs the steps of one epoch, or of one evaluation. */
export async function runPass(
  kind: Kind,
  model: Model,
  trainer: Trainer,
  feed: Feed,
  o: PassOptions,
): Promise<Pass> {
  const { callbacks, pacer, bar } = o;
  const begin = kind === 'train' ? 'onTrainBatchBegin' : 'onTestBatchBegin';
  const end = kind === 'train' ? 'onTrainBatchEnd' : 'onTestBatchEnd';
  const [beginning, ending] = [callbacks.has(begin), callbacks.has(end)];
  const watchers = kind === 'train' ? callbacks.watchers : [];
  const every = trainer.stepsPerExecution;
  const limit = o.steps ?? Number.POSITIVE_INFINITY;
  let step: Batch['step'] | undefined;
  let i = 0;
  const finish = async (): Promise<void> => {
    const batch = Math.ceil(i / every) * every - 1;
    if (callbacks.readsBatch(end, batch)) await callbacks.call(end, batch, makeLogs(await read()));
  };
  const read = async (): Promise<Read> => {
    const r = await step!.read();
    o.inspect?.(r);
    if (watchers.length > 0) for (const w of watchers) w.watch(i - 1, makeLogs(r));
    return r;
  };
  trainer.figures.use(kind);
  if (o.resume) {
    const { done, last } = await o.resume();
    i = done;
    step = last?.step;
    last?.done?.();
  } else {
    model.resetMetrics();
    const started = feed.begin();
    if (started) await started;
  }
  const first = i + 1;
  const observed = beginning || ending || o.settled !== undefined;
  const stride = new Stride();
  while (i < limit && !(o.resume && model.stopTraining)) {
    const coming = feed.next(o.again === true || i + 1 < limit);
    const batch = coming instanceof Promise ? await pacer.wait(coming) : coming;
    if (!batch) break;
    if (beginning && i % every === 0) await callbacks.call(begin, i);
    step = batch.step;
    const most = Math.min(stride.size, limit - i) - 1;
    const more = !observed && step.repeats && most > 0 ? (feed.alike?.(most) ?? 0) : 0;
    stride.begin();
    step.run(batch.buffers, batch.tensors, 1 + more);
    stride.ended(1 + more);
    batch.done?.();
    i += 1 + more;
    if (i === first) bar?.firstStepDone();
    if (ending && (i % every === 0 || i === limit)) await finish();
    const keeping = i % every === 0 ? o.settled?.(i) : undefined;
    if (keeping) await keeping;
    pacer.check();
    if (kind === 'train' && model.stopTraining) break;
    if (!pacer.due) continue;
    if (bar?.live || watchers.length > 0) {
      const figures = await read();
      if (bar?.live) bar.progress(i, figures);
    }
    await pacer.pause();
  }
  if (ending && i % every !== 0 && i !== limit && i > 0 && !model.stopTraining) await finish();
  feed.end();
  return { figures: step ? await read() : [], steps: i };
}
