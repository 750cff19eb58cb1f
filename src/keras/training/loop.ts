/** One pass over the data: training or testing, paced so that the event loop keeps turning. */
import type { DeviceBuffer } from '../../backends/backend.ts';
import { GradloomError } from '../../errors.ts';
import { bufferOf, fromData } from '../../tensor/index.ts';
import { type CallbackList, makeLogs, type ProgbarLogger } from '../callbacks/index.ts';
import type { Compiled, Model } from '../models/model.ts';
import type { Data } from './data.ts';
import type { Step } from './steps.ts';

/** Names and values of the loss and the metrics, sorted. */
export type Read = [string, number][];

/** How long a stretch of steps may keep the event loop waiting, in milliseconds. */
const stretch = 50;

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
    if (!this.#signal?.aborted) return;
    throw new GradloomError(
      'aborted',
      `${this.#method} was aborted; the weights hold the last whole step.`,
      { method: this.#method },
      { cause: this.#signal.reason },
    );
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

function turn(): Promise<void> {
  const g = globalThis as { setImmediate?: (f: () => void) => void };
  return new Promise((done) => (g.setImmediate ? g.setImmediate(done) : setTimeout(done, 0)));
}

export interface PassOptions {
  readonly batch: number;
  /** Steps, when fewer than the data gives. */
  readonly steps: number;
  /** The order of the samples; without one, as they lie. */
  readonly order?: Int32Array;
  readonly callbacks: CallbackList;
  readonly pacer: Pacer;
  /** Drawn while the pass runs. */
  readonly bar?: ProgbarLogger;
  /** Sees every reading of the figures. */
  readonly inspect?: (figures: Read) => void;
}

/** Runs the steps of one epoch, or of one evaluation; the figures at its end. */
export async function runPass(
  kind: 'train' | 'test',
  model: Model,
  c: Compiled,
  data: Data,
  o: PassOptions,
): Promise<Read> {
  const figures = c[kind];
  const { callbacks, pacer, bar } = o;
  const order = o.order && fromData(o.order, [data.n], 'int32');
  const inputs: DeviceBuffer[] = [data.x, data.y!, data.weight, order]
    .filter((t) => t !== undefined)
    .map((t) => bufferOf(t));
  const begin = kind === 'train' ? 'onTrainBatchBegin' : 'onTestBatchBegin';
  const end = kind === 'train' ? 'onTrainBatchEnd' : 'onTestBatchEnd';
  const [beginning, ending] = [callbacks.has(begin), callbacks.has(end)];
  const read = async (): Promise<Read> => {
    const r = await figures.read();
    o.inspect?.(r);
    return r;
  };
  const [whole, tail] = makeSteps(kind, c, data, o);
  figures.reset();
  c.stepper.rewind(kind);
  try {
    for (let i = 0; i < o.steps; i++) {
      if (beginning) await callbacks.call(begin, i);
      ((i + 1) * o.batch > data.n ? tail() : whole()).run(inputs);
      if (i === 0) bar?.firstStepDone();
      if (ending) await callbacks.call(end, i, makeLogs(await read()));
      pacer.check();
      if (kind === 'train' && model.stopTraining) break;
      if (!pacer.due) continue;
      if (bar?.live) bar.progress(i + 1, await read());
      await pacer.pause();
    }
    return await read();
  } finally {
    order?.dispose();
  }
}

/** The step of a full batch and that of what is left over, compiled when first asked for. */
function makeSteps(
  kind: 'train' | 'test',
  c: Compiled,
  { n, x, y, weight }: Data,
  o: PassOptions,
): [() => Step, () => Step] {
  const spec = { kind, x, y: y!, weight, source: o.order ? 'order' : 'next' } as const;
  const lazily = (batch: number, tail: boolean): (() => Step) => {
    let step: Step | undefined;
    return () => {
      step ??= c.stepper.step({ ...spec, batch, tail }, c[kind]);
      return step;
    };
  };
  return [lazily(o.batch, false), lazily(n % o.batch, true)];
}
