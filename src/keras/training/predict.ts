/** Predictions: one program for each size of batch, kept for the next call. */
import type { Backend } from '../../backends/backend.ts';
import { getBackend } from '../../backends/registry.ts';
import { makeArray } from '../../dtype.ts';
import { lax } from '../../graph/index.ts';
import {
  asTensor,
  bufferOf,
  fromBuffer,
  fromData,
  Tensor,
  type TensorLike,
  traceToExecutable,
} from '../../tensor/index.ts';
import { ProgbarLogger } from '../callbacks/index.ts';
import { floatTensor } from '../losses/index.ts';
import type { Model } from '../models/model.ts';
import type { Variable } from '../variable.ts';
import { checkCount, makeData } from './data.ts';

export interface PredictOptions {
  readonly batchSize?: number;
  readonly verbose?: 0 | 1 | 2 | 'auto';
}

interface Program {
  readonly variables: readonly Variable[];
  readonly output: { readonly shape: readonly number[]; readonly dtype: Tensor['dtype'] };
  run: ReturnType<typeof traceToExecutable>['run'];
}

/** Below this many samples there is nothing to show and one program does it. */
const small = 32;

export class Predictor {
  readonly #model: Model;
  #programs = new Map<string, Program>();
  #backend: Backend | undefined;

  constructor(model: Model) {
    this.#model = model;
  }

  async predict(input: TensorLike, o: PredictOptions): Promise<Tensor> {
    const x = asTensor(input);
    const n = x.ndim > 0 ? x.shape[0] : 0;
    if (n > 0 && n <= small && o.batchSize === undefined) return this.#whole(x);
    const d = makeData('predict', x, undefined);
    const batch = Math.min(d.n, checkCount('predict', 'batchSize', o.batchSize ?? 32));
    // Results do not depend on the batch, so small batches are done many at a time.
    const rows = Math.min(d.n, Math.max(batch, 1024));
    if (rows === d.n) return this.#whole(x);
    return this.#inParts(x, rows, o);
  }

  #whole(x: Tensor): Tensor {
    const p = this.#program(x, x.shape[0], false);
    const buffers = p.variables.map((v) => bufferOf(v.tensor));
    buffers.push(bufferOf(x));
    return fromBuffer(p.run(buffers)[0], p.output);
  }

  async #inParts(x: Tensor, rows: number, o: PredictOptions): Promise<Tensor> {
    const n = x.shape[0];
    const bar = new ProgbarLogger();
    const verbose = o.verbose === 'auto' || o.verbose === undefined ? 0 : o.verbose;
    const steps = Math.ceil(n / rows);
    bar.begin(steps, verbose);
    let out: ReturnType<typeof makeArray> | undefined;
    let shape: readonly number[] = [];
    const source = bufferOf(x);
    for (let i = 0; i < steps; i++) {
      const count = Math.min(rows, n - i * rows);
      const p = this.#program(x, count, true);
      const start = fromData(Int32Array.of(i * rows), []);
      const result = fromBuffer(
        p.run([...p.variables.map((v) => bufferOf(v.tensor)), source, bufferOf(start)])[0],
        p.output,
      );
      const data = await result.data();
      shape = p.output.shape.slice(1);
      const size = shape.reduce((a, b) => a * b, 1);
      out ??= makeArray(p.output.dtype, n * size);
      out.set(data, i * rows * size);
      result.dispose();
      bar.progress(i + 1, [], i + 1 === steps);
    }
    return fromData(out!, [n, ...shape]);
  }

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
    const variables = this.#model.weights;
    const trace = (inputs: Tensor[]): Tensor[] => {
      variables.forEach((v, i) => {
        v.startTrace(inputs[i]);
      });
      try {
        let t = inputs[variables.length];
        if (part) {
          const start = inputs[variables.length + 1].value;
          const zero = lax.scalar(0, 'int32');
          t = Tensor.of(
            lax.dynamicSlice(
              t.value,
              [start, ...t.shape.slice(1).map(() => zero)],
              [count, ...t.shape.slice(1)],
            ),
            t,
          );
        }
        return [this.#model.call(floatTensor(t), { training: false })];
      } finally {
        for (const v of variables) v.endTrace();
      }
    };
    const avals = [...variables, x, ...(part ? [{ shape: [], dtype: 'int32' as const }] : [])];
    const { run, outputs } = traceToExecutable(trace, avals, {
      name: `${this.#model.name}_predict`,
    });
    const program: Program = { variables, output: outputs[0], run };
    this.#programs.set(key, program);
    return program;
  }
}
