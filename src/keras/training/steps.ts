/**
 * A step as one program: forward, loss, and for training backward, optimizer and metrics, over flat
 * state that is updated in place. The batch is taken from the whole data set inside the program, so
 * that a step moves no data through JavaScript.
 */
import type { Backend, DeviceBuffer } from '../../backends/backend.ts';
import { getBackend } from '../../backends/registry.ts';
import { type Aval, gradient, lax, type Value } from '../../graph/index.ts';
import { fromData, Tensor, traceToExecutable } from '../../tensor/index.ts';
import type { Loss } from '../losses/index.ts';
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

/**
 * Where a step's samples come from: `order` takes the next ones in the epoch's order, `next` the
 * next ones as they lie, `whole` all that is given.
 */
export type Source = 'order' | 'next' | 'whole';

export interface StepSpec {
  readonly kind: 'train' | 'test';
  /** Samples of one step. */
  readonly batch: number;
  readonly x: Aval;
  readonly y: Aval;
  readonly weight: Aval | undefined;
  readonly source: Source;
  /** The samples left over at the end of an epoch, whatever the position. */
  readonly tail?: boolean;
}

export interface Step {
  /** Runs once. `data` are the buffers of x, y, weight (if any) and the order (if it has one). */
  run(data: readonly DeviceBuffer[]): unknown;
}

export class Stepper {
  readonly #network: Network;
  readonly #loss: Loss;
  readonly #lossWeight: number;
  readonly #optimizer: Optimizer;
  readonly #positions: Readonly<Record<'train' | 'test', Variable>> = {
    train: counter(),
    test: counter(),
  };
  readonly #cache = new Map<string, Step>();
  #backend: Backend | undefined;

  constructor(network: Network, loss: Loss, lossWeight: number, optimizer: Optimizer) {
    this.#network = network;
    this.#loss = loss;
    this.#lossWeight = lossWeight;
    this.#optimizer = optimizer;
  }

  get variables(): readonly Variable[] {
    return [this.#positions.train, this.#positions.test];
  }

  /** Back to the first batch. */
  rewind(kind: 'train' | 'test'): void {
    this.#positions[kind].write(Int32Array.of(0));
  }

  step(spec: StepSpec, figures: Figures): Step {
    const backend = getBackend();
    if (backend !== this.#backend) {
      this.#cache.clear();
      this.#backend = backend;
    }
    const aval = (a: Aval | undefined): string => (a ? `${a.dtype}[${a.shape.join()}]` : '-');
    const key = `${spec.kind} ${spec.batch} ${aval(spec.x)} ${aval(spec.y)} ${aval(spec.weight)} ${spec.source} ${spec.tail ?? false}`;
    let step = this.#cache.get(key);
    if (!step) {
      step = this.#make(spec, figures);
      this.#cache.set(key, step);
    }
    return step;
  }

  #make(spec: StepSpec, figures: Figures): Step {
    const order: Aval = { shape: [spec.x.shape[0]], dtype: 'int32' };
    const data = [
      spec.x,
      spec.y,
      ...(spec.weight ? [spec.weight] : []),
      ...(spec.source === 'order' ? [order] : []),
    ];
    const trace = (inputs: Tensor[]): Tensor[] => {
      this.#trace(spec, figures, inputs);
      return [];
    };
    return traceToExecutable(trace, data, { name: `${this.#network.name}_${spec.kind}` });
  }

  #trace(spec: StepSpec, figures: Figures, data: readonly Tensor[]): void {
    const net = this.#network;
    const given = [data[0], data[1], spec.weight ? data[2] : undefined];
    const [x, y, weight] = this.#batch(spec, given, data[data.length - 1]);
    const yPred = net.forward(x!, spec.kind === 'train');
    let loss = this.#loss.apply(y!, yPred, weight);
    if (this.#lossWeight !== 1) loss = loss.mul(this.#lossWeight);
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
    figures.update(loss, spec.batch, y!, yPred, weight);
  }

  /** The samples of this step out of x, y and weight. */
  #batch(
    { kind, batch, source, tail }: StepSpec,
    given: readonly (Tensor | undefined)[],
    order: Tensor,
  ): readonly (Tensor | undefined)[] {
    if (source === 'whole') return given;
    const position = this.#positions[kind];
    const start = tail
      ? lax.scalar(given[0]!.shape[0] - batch, 'int32')
      : lax.mul(position.tensor.value, lax.scalar(batch, 'int32'));
    if (!tail) position.assign(position.tensor.add(1));
    const zero = lax.scalar(0, 'int32');
    const cut = (v: Value): Value =>
      lax.dynamicSlice(
        v,
        [start, ...v.shape.slice(1).map(() => zero)],
        [batch, ...v.shape.slice(1)],
      );
    if (source === 'next') return given.map((t) => t && Tensor.of(cut(t.value), t));
    const indices = cut(order.value);
    return given.map((t) => t && Tensor.of(lax.take(t.value, indices, 0), t));
  }
}

function counter(): Variable {
  return new Variable(fromData(Int32Array.of(0), []), { name: 'position', trainable: false });
}
