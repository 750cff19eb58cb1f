/** Predictions: one program for each size of batch, kept for the next call. */
import type { Backend, DeviceBuffer } from '../../backends/backend.ts';
import { getBackend } from '../../backends/registry.ts';
import { GradloomError } from '../../errors.ts';
import { lax } from '../../graph/index.ts';
import {
  breathe,
  bufferOf,
  fromBuffer,
  fromData,
  Tensor,
  type TracedProgram,
  traceToExecutable,
} from '../../tensor/index.ts';
import { type Callback, CallbackList, ProgbarLogger } from '../callbacks/index.ts';
import { checkOptions } from '../identifiers.ts';
import type { Model } from '../models/model.ts';
import type { Batch } from './batches.ts';
import { checkCount, checkData, type Data } from './data.ts';
import { Pacer, turnNowAndThen } from './loop.ts';
import { type Outputs, Parts } from './outputs.ts';
import { countsOf } from './prepare.ts';
import { isSource, openSource, unpackBatch } from './source.ts';
import { SourceFeed } from './source-feed.ts';
import { Layout, type Trees } from './steps.ts';
import {
  type DataTree,
  flatten,
  isNested,
  mapLeaves,
  pack,
  type TreeOf,
  toTensors,
} from './tree.ts';
import { level, type Verbose } from './verbose.ts';

export interface PredictOptions {
  /** Samples a call of the program. Without it as many as are good for speed. Not for sources of batches. */
  readonly batchSize?: number;
  /** Batches to predict, when not all of them. */
  readonly steps?: number | null;
  /** 0 silent (also `auto`: a bar would cost more than a prediction), 1 progress bar, 2 a line. */
  readonly verbose?: Verbose;
  readonly callbacks?: readonly Callback[];
  readonly signal?: AbortSignal;
}

const predictOptions: readonly string[] = ['batchSize', 'steps', 'verbose', 'callbacks', 'signal'];

interface Program extends Outputs {
  run: TracedProgram['run'];
}

/** Up to so many samples there is nothing to show, and one program does it. */
const few = 32;
/** Rows a program is given when nobody says otherwise: results do not depend on it. */
const usualRows = 1024;

const alone = (x: TreeOf<Tensor | null>): Trees => ({ x, y: null, weight: null });

export class Predictor {
  readonly #model: Model;
  #programs = new Map<string, Program>();
  #backend: Backend | undefined;

  constructor(model: Model) {
    this.#model = model;
  }

  /** Forgets its programs: the layers have changed. */
  clear(): void {
    this.#programs.clear();
  }

  async predict(input: unknown, o: PredictOptions): Promise<TreeOf<Tensor>> {
    checkOptions('predict', o, predictOptions);
    const quiet = o.verbose === undefined || o.verbose === 'auto' || o.verbose === 0;
    const plain =
      quiet && o.batchSize === undefined && o.callbacks === undefined && o.steps == null;
    if (plain && input instanceof Tensor && input.ndim > 0) {
      const n = input.shape[0];
      if (n > 0 && n <= few) {
        const turn = turnNowAndThen();
        if (turn) await turn;
        return this.#whole(input, n);
      }
    }
    if (isSource(input)) return this.#fromSource(input, o);
    const x = toTensors(input as DataTree, countsOf(this.#model).inputs);
    const data = checkData('predict', alone(x));
    if (plain && data.n <= usualRows) {
      const turn = turnNowAndThen();
      if (turn) await turn;
      return this.#whole(x, data.n);
    }
    const batch = checkCount('predict', 'batchSize', o.batchSize ?? usualRows);
    return this.#inParts(data, Math.min(data.n, batch), o);
  }

  /** All of x by one program. */
  async predictOnBatch(input: DataTree): Promise<TreeOf<Tensor>> {
    const x = toTensors(input, countsOf(this.#model).inputs);
    const { n } = checkData('predictOnBatch', alone(x));
    const turn = turnNowAndThen();
    if (turn) await turn;
    return this.#whole(x, n);
  }

  #whole(x: TreeOf<Tensor | null>, n: number): TreeOf<Tensor> {
    const p = this.#program(x, n, false);
    const out = p.run(inputsOf(x));
    if (!p.like) return fromBuffer(out[0], p.outputs[0]);
    return pack(
      p.like,
      out.map((b, i) => fromBuffer(b, p.outputs[i])),
    );
  }

  async #inParts(data: Data, rows: number, o: PredictOptions): Promise<TreeOf<Tensor>> {
    const { n } = data;
    // Large results of earlier calls that nobody holds any more: their memory is there for this one.
    await breathe();
    const all = Math.ceil(n / rows);
    const most = o.steps == null ? all : checkCount('predict', 'steps', o.steps);
    const steps = Math.min(all, most);
    const run = this.#begin(o, steps);
    await run.callbacks.call('onPredictBegin');
    const parts = new Parts(Math.min(n, steps * rows));
    const inputs = inputsOf(data.x);
    for (let i = 0; i < steps; i++) {
      await run.callbacks.call('onPredictBatchBegin', i);
      const count = Math.min(rows, n - i * rows);
      const p = this.#program(data.x, count, true);
      const start = fromData(Int32Array.of(i * rows), []);
      await parts.add(p, count, (places) => p.run([...inputs, bufferOf(start)], 1, places));
      start.dispose();
      await run.after(i, i + 1 === steps);
    }
    await run.callbacks.call('onPredictEnd');
    return parts.join();
  }

  async #fromSource(
    input: Parameters<typeof openSource>[1],
    o: PredictOptions,
  ): Promise<TreeOf<Tensor>> {
    if (o.batchSize !== undefined)
      throw new GradloomError(
        'data',
        'predict: x is a source of batches, which bring their own size (batchSize); leave it out.',
      );
    const source = openSource('predict', input, false);
    const most = o.steps == null ? null : checkCount('predict', 'steps', o.steps);
    if (source.endless && most === null)
      throw new GradloomError(
        'data',
        'predict: the data source has no end; say how many batches to take with steps.',
      );
    const steps = most ?? source.length;
    const run = this.#begin(o, steps);
    const parts = new Parts();
    const counts = countsOf(this.#model);
    let out: { p: Program; n: number; results: DeviceBuffer[] } | undefined;
    const read = (item: unknown): Batch => {
      const { x, n } = checkData('predict', alone(unpackBatch('predict', item, counts).x));
      const p = this.#program(x, n, false);
      return {
        step: {
          repeats: false,
          run: (buffers) => {
            out = { p, n, results: p.run(buffers) };
          },
          read: () => Promise.resolve([]),
        },
        buffers: inputsOf(x),
        tensors: [],
      };
    };
    const feed = new SourceFeed(source, read, { method: 'predict', counted: most !== null });
    try {
      await run.callbacks.call('onPredictBegin');
      await feed.begin();
      const limit = steps ?? Number.POSITIVE_INFINITY;
      let i = 0;
      for (; i < limit; i++) {
        const batch = await run.pacer.wait(feed.next(i + 1 < limit));
        if (!batch) break;
        await run.callbacks.call('onPredictBatchBegin', i);
        batch.step.run(batch.buffers, batch.tensors);
        await parts.add(out!.p, out!.n, () => out!.results);
        await run.after(i, i + 1 === limit);
      }
      if (i < limit) run.bar.progress(i, [], true);
      if (i === 0) throw new GradloomError('data', 'predict: the data source gave no batches.');
      feed.end();
      await run.callbacks.call('onPredictEnd');
      return parts.join();
    } finally {
      await feed.close();
    }
  }

  #begin(o: PredictOptions, steps: number | null) {
    const verbose = level('predict', o.verbose, 0);
    const pacer = new Pacer('predict', o.signal);
    const bar = new ProgbarLogger();
    bar.begin(steps, verbose);
    const params = { epochs: 1, steps, verbose };
    const callbacks = new CallbackList(o.callbacks ?? [], this.#model, params);
    return {
      callbacks,
      bar,
      pacer,
      after: async (i: number, last: boolean): Promise<void> => {
        await callbacks.call('onPredictBatchEnd', i);
        bar.progress(i + 1, [], last);
        if (pacer.due) await pacer.pause();
      },
    };
  }

  /** The program for inputs like x: all of them, or `count` of them from a given one on. */
  #program(x: TreeOf<Tensor | null>, count: number, part: boolean): Program {
    const backend = getBackend();
    if (backend !== this.#backend) {
      this.#programs = new Map();
      this.#backend = backend;
    }
    const one = x instanceof Tensor;
    const layout = one ? undefined : new Layout(alone(x));
    const key = one
      ? `${x.dtype}[${x.shape.join()}] ${count} ${part}`
      : `${layout!.key} ${count} ${part}`;
    const known = this.#programs.get(key);
    if (known) return known;
    this.#model.prepareInputs('predict', x);
    const { tensors, unpack } = bind(layout ?? new Layout(alone(x)));
    let like: TreeOf<null> | undefined;
    const trace = (inputs: Tensor[]): readonly Tensor[] => {
      const given = inputs.slice(0, tensors.length);
      const start = inputs[tensors.length];
      const taken = part ? given.map((t) => rowsOf(t, start, count)) : given;
      const y = this.#model.predictStep(unpack(taken));
      like = isNested(y) ? mapLeaves(y as TreeOf<Tensor>, () => null) : undefined;
      return flatten(y as TreeOf<Tensor>);
    };
    const { run, outputs } = traceToExecutable(
      trace,
      [...tensors, ...(part ? [{ shape: [], dtype: 'int32' as const }] : [])],
      { name: `${this.#model.name}_predict` },
    );
    const program: Program = { outputs, like, run };
    this.#programs.set(key, program);
    return program;
  }
}

function bind(layout: Layout): { tensors: readonly Tensor[]; unpack: Layout['unpack'] } {
  return { tensors: layout.tensors, unpack: (t) => layout.unpack(t) };
}

function inputsOf(x: TreeOf<Tensor | null>): DeviceBuffer[] {
  if (x instanceof Tensor) return [bufferOf(x)];
  return new Layout(alone(x)).tensors.map((t) => bufferOf(t));
}

function rowsOf(t: Tensor, start: Tensor, count: number): Tensor {
  const zero = lax.scalar(0, 'int32');
  const rest = t.shape.slice(1);
  const starts = [start.value, ...rest.map(() => zero)];
  return Tensor.of(lax.dynamicSlice(t.value, starts, [count, ...rest]), t);
}
