/** Models: a network with compile, fit, evaluate, predict. */
import { GradloomError } from '../../errors.ts';
import { asTensor, bufferOf, type Tensor, type TensorLike } from '../../tensor/index.ts';
import type { History } from '../callbacks/index.ts';
import { checkOptions } from '../identifiers.ts';
import { type BatchShape, Layer } from '../layers/index.ts';
import { assignAll, copies } from '../layers/layer.ts';
import { getLoss, type Loss, type LossLike } from '../losses/index.ts';
import { getMetric, type MetricLike } from '../metrics/index.ts';
import { getOptimizer, type Optimizer, type OptimizerLike } from '../optimizers/index.ts';
import { checkSamples, makeData } from '../training/data.ts';
import { Figures } from '../training/figures.ts';
import { type EvaluateOptions, evaluate, type FitOptions, fit } from '../training/fit.ts';
import { type PredictOptions, Predictor } from '../training/predict.ts';
import { Stepper } from '../training/steps.ts';
import type { Variable } from '../variable.ts';
import { summaryText } from './summary.ts';

export interface CompileOptions {
  readonly optimizer?: OptimizerLike;
  readonly loss?: LossLike;
  /** Metrics that ignore sample weights. */
  readonly metrics?: readonly MetricLike[];
  /** Metrics that count samples by their weight. */
  readonly weightedMetrics?: readonly MetricLike[];
}

/** What `compile` sets up, completed once shapes are known. */
export interface Compiled {
  readonly optimizer: Optimizer;
  readonly loss: Loss;
  readonly stepper: Stepper;
  readonly train: Figures;
  readonly test: Figures;
}

export abstract class Model extends Layer {
  /** Set it (in a callback, say) to end training after the current batch. */
  stopTraining = false;
  history: History | undefined;
  #plan:
    | {
        optimizer: Optimizer;
        loss: Loss;
        metrics: readonly MetricLike[];
        weighted: readonly MetricLike[];
      }
    | undefined;
  #compiled: { target: string; value: Compiled } | undefined;
  readonly #predictor: Predictor = new Predictor(this);

  /** The layers in the order in which they were added. */
  abstract get layers(): readonly Layer[];
  /** Shape of the inputs once known. */
  abstract get batchInputShape(): BatchShape | undefined;

  override get weights(): readonly Variable[] {
    return this.layers.flatMap((l) => l.weights);
  }
  override get trainableWeights(): readonly Variable[] {
    return this.trainable ? this.layers.flatMap((l) => l.trainableWeights) : [];
  }
  override get states(): readonly Variable[] {
    return this.layers.flatMap((l) => l.states);
  }
  override get losses(): Tensor[] {
    return this.layers.flatMap((l) => l.losses);
  }
  override countParams(): number {
    return this.weights.reduce((n, w) => n + w.size, 0);
  }
  override getWeights(): Tensor[] {
    return copies(this.weights);
  }
  /** Throws `weights` listing every mismatch; then nothing has changed. */
  override setWeights(values: readonly TensorLike[]): void {
    assignAll(
      this.name,
      this.weights,
      values.map((v) => asTensor(v)),
    );
  }
  /** The layer of that name, or at that place. */
  getLayer(which: string | number): Layer {
    const l =
      typeof which === 'number' ? this.layers[which] : this.layers.find((x) => x.name === which);
    if (!l)
      throw new GradloomError(
        'layer',
        `Model "${this.name}" has no layer ${JSON.stringify(which)}. It has ${this.layers.map((x) => x.name).join(', ')}.`,
        { which },
      );
    return l;
  }

  get network(): {
    name: string;
    state: readonly Variable[];
    trainable: readonly Variable[];
    forward(x: Tensor, training: boolean): Tensor;
    penalty(): Tensor | undefined;
  } {
    return {
      name: this.name,
      state: [...this.weights, ...this.states],
      trainable: this.trainableWeights,
      forward: (x, training) => this.call(x, { training }),
      penalty: () =>
        this.losses.reduce<Tensor | undefined>((a, b) => (a ? a.add(b) : b), undefined),
    };
  }

  /** Sets how the model is trained. Ids, or instances with options of their own. */
  compile(o: CompileOptions = {}): void {
    checkOptions('compile', o, ['optimizer', 'loss', 'metrics', 'weightedMetrics']);
    if (o.loss === undefined)
      throw new GradloomError(
        'compile',
        'compile needs a loss, for example "sparseCategoricalCrossentropy".',
      );
    for (const m of [...(o.metrics ?? []), ...(o.weightedMetrics ?? [])])
      getMetric(m, { outputShape: [null, 2], targetShape: [null] });
    this.#plan = {
      optimizer: getOptimizer(o.optimizer ?? 'rmsprop'),
      loss: getLoss(o.loss),
      metrics: o.metrics ?? [],
      weighted: o.weightedMetrics ?? [],
    };
    this.#compiled = undefined;
  }

  get optimizer(): Optimizer {
    return this.#needPlan('optimizer').optimizer;
  }

  #needPlan(method: string): NonNullable<typeof this.plan> {
    if (!this.#plan)
      throw new GradloomError(
        'compile',
        `${method}: model "${this.name}" has not been compiled. Call model.compile({ optimizer, loss, metrics }) first.`,
      );
    return this.#plan;
  }
  private get plan():
    | {
        optimizer: Optimizer;
        loss: Loss;
        metrics: readonly MetricLike[];
        weighted: readonly MetricLike[];
      }
    | undefined {
    return this.#plan;
  }

  /** The compiled model for targets of this shape; builds what is not built yet. */
  prepare(method: string, x: Tensor, y: Tensor | undefined): Compiled {
    const plan = this.#needPlan(method);
    if (!y)
      throw new GradloomError(
        'data',
        `${method}: y is missing; the loss "${plan.loss.name}" needs targets.`,
      );
    this.prepareInputs(method, x);
    const target = y.shape.slice(1).join();
    if (this.#compiled?.target === target) return this.#compiled.value;
    const context = { outputShape: this.outputShape!, targetShape: [null, ...y.shape.slice(1)] };
    const figures = (): Figures =>
      new Figures(
        plan.metrics.map((m) => getMetric(m, context)),
        plan.weighted.map((m) => getMetric(m, context)),
      );
    plan.optimizer.build(this.trainableWeights);
    const value: Compiled = {
      optimizer: plan.optimizer,
      loss: plan.loss,
      stepper: new Stepper(this.network, plan.loss, plan.optimizer),
      train: figures(),
      test: figures(),
    };
    this.#compiled = { target, value };
    return value;
  }

  prepareInputs(method: string, x: Tensor): void {
    this.ensureBuilt([null, ...x.shape.slice(1)]);
    checkSamples(method, this.name, this.batchInputShape!, x);
  }

  /**
   * Trains for a number of epochs. x and y are tensors, typed arrays or nested arrays with a sample a
   * row. Resolves with the History; rejects with `aborted` when `signal` fires, the weights then hold
   * their last whole step.
   */
  async fit(x: TensorLike, y: TensorLike, options: FitOptions = {}): Promise<History> {
    this.history = await fit(this, x, y, options);
    return this.history;
  }

  /** The loss, or [loss, ...metrics] when there are metrics; with `returnDict` by name. */
  async evaluate(
    x: TensorLike,
    y: TensorLike,
    options: EvaluateOptions & { readonly returnDict: true },
  ): Promise<Record<string, number>>;
  async evaluate(
    x: TensorLike,
    y: TensorLike,
    options?: EvaluateOptions,
  ): Promise<number | number[]>;
  async evaluate(
    x: TensorLike,
    y: TensorLike,
    options: EvaluateOptions = {},
  ): Promise<number | number[] | Record<string, number>> {
    return evaluate(this, x, y, options);
  }

  /** Outputs for every sample of x. */
  predict(x: TensorLike, options: PredictOptions = {}): Promise<Tensor> {
    return this.#predictor.predict(x, options);
  }
  /** `predict` on one batch. */
  predictOnBatch(x: TensorLike): Promise<Tensor> {
    const t = asTensor(x);
    return this.#predictor.predict(t, { batchSize: Math.max(1, t.shape[0] ?? 1) });
  }

  /** One step on one batch; the loss, or [loss, ...metrics] of this batch. */
  async trainOnBatch(
    x: TensorLike,
    y: TensorLike,
    o: { sampleWeight?: TensorLike | null } = {},
  ): Promise<number | number[]> {
    return this.#onBatch('train', x, y, o.sampleWeight);
  }
  /** The loss and metrics of one batch, without training. */
  async testOnBatch(
    x: TensorLike,
    y: TensorLike,
    o: { sampleWeight?: TensorLike | null } = {},
  ): Promise<number | number[]> {
    return this.#onBatch('test', x, y, o.sampleWeight);
  }
  async #onBatch(
    kind: 'train' | 'test',
    x: TensorLike,
    y: TensorLike,
    weight: TensorLike | null | undefined,
  ): Promise<number | number[]> {
    const method = kind === 'train' ? 'trainOnBatch' : 'testOnBatch';
    const d = makeData(method, x, y, weight);
    const c = this.prepare(method, d.x, d.y);
    const figures = kind === 'train' ? c.train : c.test;
    figures.reset();
    const step = c.stepper.step(
      { kind, batch: d.n, x: d.x, y: d.y!, weight: d.weight, gather: false },
      figures,
    );
    try {
      step.run([d.x, d.y!, ...(d.weight ? [d.weight] : [])].map((t) => bufferOf(t)));
      return inOrder(figures, await figures.read());
    } finally {
      this.settle();
    }
  }

  /** Ends a loop over the bare buffers of the state. */
  settle(): void {
    for (const v of this.network.state) v.settle();
    const c = this.#compiled?.value;
    if (!c) return;
    for (const v of [
      ...c.optimizer.variables,
      ...c.train.variables,
      ...c.test.variables,
      c.stepper.position,
    ])
      v.settle();
  }

  /** Prints (or gives to `printFn`) the table of layers and parameters. */
  summary(o: { readonly printFn?: (text: string) => void } = {}): void {
    (o.printFn ?? console.log)(this.summaryText());
  }
  summaryText(): string {
    if (!this.built) return summaryText(this.name, this.layers, null);
    const trainable = this.trainableWeights.reduce((n, w) => n + w.size, 0);
    const total = this.countParams();
    const slots = this.#compiled
      ? this.#compiled.value.optimizer.variables.reduce((n, v) => n + v.size, 0)
      : null;
    return summaryText(this.name, this.layers, {
      trainable,
      nonTrainable: total - trainable,
      optimizer: slots,
    });
  }
}

/** Figures in the order of compile: loss first; a bare number when there is only the loss. */
export function inOrder(
  figures: Figures,
  read: readonly (readonly [string, number])[],
): number | number[] {
  const byName = new Map(read);
  const list = figures.names.map((n) => byName.get(n)!);
  return list.length === 1 ? list[0] : list;
}
