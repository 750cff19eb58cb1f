/**
 * A step as one program: forward, loss, and for training backward, optimizer and metrics, over flat
 * state that is updated in place. The batch is taken from the whole data set inside the program, by
 * a slice of the epoch's order, so that a step moves no data through JavaScript.
 */
import type { Backend, DeviceBuffer } from '../../backends/backend.ts';
import { getBackend } from '../../backends/registry.ts';
import { type Aval, gradient, lax } from '../../graph/index.ts';
import { fromData, Tensor, traceToExecutable } from '../../tensor/index.ts';
import type { Loss } from '../losses/index.ts';
import { floatTensor } from '../losses/index.ts';
import type { Optimizer } from '../optimizers/index.ts';
import { Variable } from '../variable.ts';
import type { Figures } from './figures.ts';

export interface Network {
  readonly name: string;
  /** Weights and seeds. */
  readonly state: readonly Variable[];
  readonly trainable: readonly Variable[];
  forward(x: Tensor, training: boolean): Tensor;
  /** Sum of the regularizers' penalties, or undefined. */
  penalty(): Tensor | undefined;
}

export interface StepSpec {
  readonly kind: 'train' | 'test';
  /** Samples of one step. */
  readonly batch: number;
  readonly x: Aval;
  readonly y: Aval;
  readonly weight: Aval | undefined;
  /** Take the batch by the epoch's order out of all samples; else x, y and weight are the batch. */
  readonly gather: boolean;
}

export interface Step {
  /** Runs once. `data` are the buffers of x, y, weight (if any) and order (if gathering). */
  run(data: readonly DeviceBuffer[]): void;
}

export class Stepper {
  readonly #network: Network;
  readonly #loss: Loss;
  readonly #optimizer: Optimizer;
  /** Which batch of the epoch comes next. */
  readonly position: Variable = new Variable(fromData(Int32Array.of(0), []), {
    name: 'position',
    trainable: false,
  });
  readonly #cache = new Map<string, Step>();
  #backend: Backend | undefined;

  constructor(network: Network, loss: Loss, optimizer: Optimizer) {
    this.#network = network;
    this.#loss = loss;
    this.#optimizer = optimizer;
  }

  step(spec: StepSpec, figures: Figures): Step {
    const backend = getBackend();
    if (backend !== this.#backend) {
      this.#cache.clear();
      this.#backend = backend;
    }
    const aval = (a: Aval | undefined): string => (a ? `${a.dtype}[${a.shape.join()}]` : '-');
    const key = `${spec.kind} ${spec.batch} ${aval(spec.x)} ${aval(spec.y)} ${aval(spec.weight)} ${spec.gather}`;
    let step = this.#cache.get(key);
    if (!step) {
      step = this.#make(spec, figures);
      this.#cache.set(key, step);
    }
    return step;
  }

  #make(spec: StepSpec, figures: Figures): Step {
    const net = this.#network;
    const training = spec.kind === 'train';
    const counter = spec.gather ? [this.position] : [];
    const changing = training
      ? [...net.state, ...this.#optimizer.variables, ...figures.variables, ...counter]
      : [...figures.variables, ...counter];
    const fixed = training ? [] : net.state;
    const variables = [...changing, ...fixed];
    const order: Aval = { shape: [spec.x.shape[0]], dtype: 'int32' };
    const data = [
      spec.x,
      spec.y,
      ...(spec.weight ? [spec.weight] : []),
      ...(spec.gather ? [order] : []),
    ];

    const trace = (inputs: Tensor[]): Tensor[] => {
      variables.forEach((v, i) => {
        v.startTrace(inputs[i]);
      });
      try {
        this.#trace(spec, figures, inputs.slice(variables.length));
      } catch (e) {
        for (const v of variables) v.endTrace();
        throw e;
      }
      const ends = variables.map((v) => v.endTrace());
      return ends.slice(0, changing.length);
    };
    const { run } = traceToExecutable(trace, [...variables, ...data], {
      donate: [...changing.map(() => true), ...fixed.map(() => false)],
      name: `${net.name}_${spec.kind}`,
    });
    const buffers: DeviceBuffer[] = [];
    return {
      run(given) {
        for (let i = 0; i < variables.length; i++) buffers[i] = variables[i].take();
        for (let i = 0; i < given.length; i++) buffers[variables.length + i] = given[i];
        const out = run(buffers);
        for (let i = 0; i < changing.length; i++) changing[i].put(out[i]);
      },
    };
  }

  #trace(spec: StepSpec, figures: Figures, data: readonly Tensor[]): void {
    const net = this.#network;
    let [x, y] = data;
    let weight = spec.weight && data[2];
    if (spec.gather) {
      const at = this.position.tensor;
      const indices = lax.dynamicSlice(
        data[data.length - 1].value,
        [lax.mul(at.value, lax.scalar(spec.batch, 'int32'))],
        [spec.batch],
      );
      const rows = (t: Tensor): Tensor => Tensor.of(lax.take(t.value, indices, 0), t);
      [x, y, weight] = [rows(x), rows(y), weight && rows(weight)];
      this.position.assign(at.add(1));
    }
    const yPred = net.forward(floatTensor(x), spec.kind === 'train');
    let loss = this.#loss.apply(y, yPred, weight);
    const penalty = net.penalty();
    if (penalty) loss = loss.add(penalty);
    if (spec.kind === 'train') {
      const weights = net.trainable;
      const gs = gradient(
        loss.value,
        weights.map((w) => w.tensor.value),
      ).map((g) => Tensor.of(g));
      // Metrics see the predictions made before the update.
      this.#optimizer.applyGradients(gs, weights);
    }
    figures.update(loss, spec.batch, y, yPred, weight);
  }
}
