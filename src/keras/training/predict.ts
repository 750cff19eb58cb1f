/** Predictions: one program for each size of batch, kept for the next call. */
import type { Backend } from '../../backends/backend.ts';
import { getBackend } from '../../backends/registry.ts';
import { makeArray } from '../../dtype.ts';
import { type Aval, lax } from '../../graph/index.ts';
import { sizeOf } from '../../shape.ts';
import {
  asTensor,
  bufferOf,
  fromBuffer,
  fromData,
  Tensor,
  type TensorLike,
  type TracedProgram,
  traceToExecutable,
} from '../../tensor/index.ts';
import { type Callback, CallbackList, ProgbarLogger } from '../callbacks/index.ts';
import { checkOptions } from '../identifiers.ts';
import type { Model } from '../models/model.ts';
import { checkCount, makeData } from './data.ts';
import { Pacer, turnNowAndThen } from './loop.ts';
import { level, type Verbose } from './verbose.ts';

export interface PredictOptions {
  /** Samples a call of the program. Without it as many as are good for speed. */
  readonly batchSize?: number;
  /** 0 silent (also `auto`: a bar would cost more than a prediction), 1 progress bar, 2 a line. */
  readonly verbose?: Verbose;
  readonly callbacks?: readonly Callback[];
  readonly signal?: AbortSignal;
}

const predictOptions: readonly string[] = ['batchSize', 'verbose', 'callbacks', 'signal'];

interface Program {
  readonly output: Aval;
  run: TracedProgram['run'];
}

/** Up to so many samples there is nothing to show, and one program does it. */
const few = 32;
/** Rows a program is given when nobody says otherwise: results do not depend on it. */
const usualRows = 1024;

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

  async predict(input: TensorLike, o: PredictOptions): Promise<Tensor> {
    checkOptions('predict', o, predictOptions);
    const x = asTensor(input);
    const quiet = o.verbose === undefined || o.verbose === 'auto' || o.verbose === 0;
    const plain = quiet && o.batchSize === undefined && o.callbacks === undefined;
    if (plain && x.ndim > 0 && x.shape[0] > 0 && x.shape[0] <= few) {
      const turn = turnNowAndThen();
      if (turn) await turn;
      return this.#whole(x);
    }
    const { n } = makeData('predict', x, undefined);
    if (plain && n <= usualRows) return this.#whole(x);
    const batch = checkCount('predict', 'batchSize', o.batchSize ?? usualRows);
    return this.#inParts(x, Math.min(n, batch), o);
  }

  #whole(x: Tensor): Tensor {
    const p = this.#program(x, x.shape[0], false);
    return fromBuffer(p.run([bufferOf(x)])[0], p.output);
  }

  async #inParts(x: Tensor, rows: number, o: PredictOptions): Promise<Tensor> {
    const n = x.shape[0];
    const steps = Math.ceil(n / rows);
    const verbose = level('predict', o.verbose, 0);
    const pacer = new Pacer('predict', o.signal);
    const bar = new ProgbarLogger();
    bar.begin(steps, verbose);
    const callbacks = new CallbackList(o.callbacks ?? [], this.#model, {
      epochs: 1,
      steps,
      verbose,
    });
    await callbacks.call('onPredictBegin');
    let out: ReturnType<typeof makeArray> | undefined;
    let output: Program['output'] | undefined;
    const source = bufferOf(x);
    for (let i = 0; i < steps; i++) {
      await callbacks.call('onPredictBatchBegin', i);
      const p = this.#program(x, Math.min(rows, n - i * rows), true);
      const start = fromData(Int32Array.of(i * rows), []);
      const result = fromBuffer(p.run([source, bufferOf(start)])[0], p.output);
      const part = await result.data();
      output ??= p.output;
      const size = sizeOf(output.shape.slice(1));
      out ??= makeArray(output.dtype, n * size);
      out.set(part, i * rows * size);
      result.dispose();
      start.dispose();
      await callbacks.call('onPredictBatchEnd', i);
      bar.progress(i + 1, [], i + 1 === steps);
      if (pacer.due) await pacer.pause();
    }
    await callbacks.call('onPredictEnd');
    return fromData(out!, [n, ...output!.shape.slice(1)], output!.dtype);
  }

  /** The program for inputs like x: all of them, or `count` of them from a given one on. */
  #program(x: Tensor, count: number, part: boolean): Program {
    const backend = getBackend();
    if (backend !== this.#backend) {
      this.#programs = new Map();
      this.#backend = backend;
    }
    const key = `${x.dtype}[${x.shape.join()}] ${count} ${part}`;
    const known = this.#programs.get(key);
    if (known) return known;
    this.#model.prepareInputs('predict', x);
    const trace = ([all, start]: Tensor[]): Tensor[] => {
      let t = all;
      if (part) {
        const zero = lax.scalar(0, 'int32');
        const rest = t.shape.slice(1);
        const sizes = [count, ...rest];
        t = Tensor.of(lax.dynamicSlice(t.value, [start.value, ...rest.map(() => zero)], sizes), t);
      }
      return [this.#model.call(t, { training: false })];
    };
    const { run, outputs } = traceToExecutable(
      trace,
      [x, ...(part ? [{ shape: [], dtype: 'int32' as const }] : [])],
      { name: `${this.#model.name}_predict` },
    );
    const program: Program = { output: outputs[0], run };
    this.#programs.set(key, program);
    return program;
  }
}
