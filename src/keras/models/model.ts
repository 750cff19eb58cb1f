/** Models: a network with compile, fit, evaluate, predict. */
import { GradloomError } from '../../errors.ts';
import { asTensor, type Tensor, type TensorLike } from '../../tensor/index.ts';
import type { History } from '../callbacks/index.ts';
import { checkOptions } from '../identifiers.ts';
import { type BatchShape, Layer } from '../layers/index.ts';
import { assignAll, copies } from '../layers/layer.ts';
import { getLoss, type Loss, type LossLike } from '../losses/index.ts';
import { getMetric, type MetricLike } from '../metrics/index.ts';
import { getOptimizer, type Optimizer, type OptimizerLike } from '../optimizers/index.ts';
import { checkSamples } from '../training/data.ts';
import { type EvaluateOptions, evaluate } from '../training/evaluate.ts';
import { Figures } from '../training/figures.ts';
import { type FitOptions, fit } from '../training/fit.ts';
import { type OnBatchOptions, onBatch } from '../training/on-batch.ts';
import { type PredictOptions, Predictor } from '../training/predict.ts';
import { type Network, Stepper } from '../training/steps.ts';
import type { Variable } from '../variable.ts';
import { type SummaryOptions, summaryText } from './summary.ts';

export interface CompileOptions {
  /** Default `rmsprop`, as in Keras. */
  readonly optimizer?: OptimizerLike;
  readonly loss?: LossLike;
  /** Metrics that ignore sample weights. */
  readonly metrics?: readonly MetricLike[];
  /** Metrics that count samples by their weight. */
  readonly weightedMetrics?: readonly MetricLike[];
  /** What the loss is multiplied by. */
  readonly lossWeights?: number | null;
}

interface Plan {
  readonly optimizer: Optimizer;
  readonly loss: Loss;
  readonly lossWeight: number;
  readonly metrics: readonly MetricLike[];
  readonly weighted: readonly MetricLike[];
}

/** What `compile` sets up, completed once shapes are known. */
export interface Compiled {
  readonly optimizer: Optimizer;
  readonly loss: Loss;
  readonly stepper: Stepper;
  readonly train: Figures;
  readonly test: Figures;
  /** Made by the last call of `prepare`, not found again. */
  fresh: boolean;
}

export abstract class Model extends Layer {
  /** Set it (in a callback, say) to end training after the current batch. */
  stopTraining = false;
  /** Of the last fit. */
  history: History | undefined;
  protected override readonly autocast: boolean = false;
  #plan: Plan | undefined;
  #compiled: { target: string; value: Compiled } | undefined;
  readonly #predictor: Predictor = new Predictor(this);
  readonly #running = new Map<'train' | 'test', string>();

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
    assignAll(this.name, this.weights, values);
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

  /** What a training step is made from. */
  get network(): Network {
    return {
      name: this.name,
      state: [...this.weights, ...this.states],
      trainable: this.trainableWeights,
      forward: (x, training) => this.call(x, { training }),
      penalty: () =>
        this.losses.reduce<Tensor | undefined>((a, b) => (a ? a.add(b) : b), undefined),
    };
  }

  /** Programs made for other layers are of no use any more. */
  protected layersChanged(): void {
    this.#compiled = undefined;
    this.#predictor.clear();
  }

  /**
   * Sets how the model is trained. Ids, or instances with options of their own. Throws `compile`,
   * `unknown-id`, `unknown-option`.
   */
  compile(o: CompileOptions = {}): void {
    checkOptions('compile', o, compileOptions);
    if (o.loss == null)
      throw new GradloomError(
        'compile',
        'compile needs a loss, for example "sparseCategoricalCrossentropy".',
      );
    const lossWeight = o.lossWeights ?? 1;
    if (!Number.isFinite(lossWeight))
      throw new GradloomError(
        'compile',
        `compile: lossWeights must be a number for a model of one output; received ${JSON.stringify(lossWeight)}.`,
        { lossWeights: lossWeight },
      );
    const metrics = list('metrics', o.metrics);
    const weighted = list('weightedMetrics', o.weightedMetrics);
    // Unknown ids are found now, though what "accuracy" means is known only with the shapes.
    for (const m of [...metrics, ...weighted])
      getMetric(m, { outputShape: [null, 2], targetShape: [null] });
    this.#plan = {
      optimizer: getOptimizer(o.optimizer ?? 'rmsprop'),
      loss: getLoss(o.loss),
      lossWeight,
      metrics,
      weighted,
    };
    this.#compiled = undefined;
  }

  get optimizer(): Optimizer {
    return this.#needPlan('optimizer').optimizer;
  }

  #needPlan(method: string): Plan {
    if (!this.#plan)
      throw new GradloomError(
        'compile',
        `${method}: model "${this.name}" has not been compiled. Call model.compile({ optimizer, loss, metrics }) first.`,
        { model: this.name },
      );
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
    if (this.#compiled?.target === target) {
      this.#compiled.value.fresh = false;
      return this.#compiled.value;
    }
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
      stepper: new Stepper(this.network, plan.loss, plan.lossWeight, plan.optimizer),
      train: figures(),
      test: figures(),
      fresh: true,
    };
    this.#compiled = { target, value };
    return value;
  }

  /**
   * Says that a loop over the model's state begins; call what it returns when the loop ends. Two
   * training loops at a time would step on each other, so the second throws `busy`.
   */
  enter(kind: 'train' | 'test', method: string): () => void {
    const other = this.#running.get(kind);
    if (other)
      throw new GradloomError(
        'busy',
        `${method}: model "${this.name}" is still running ${other}. Await that first.`,
        { model: this.name, running: other },
      );
    this.#running.set(kind, method);
    return () => {
      this.#running.delete(kind);
    };
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

  /** One step on one batch; the loss, or [loss, ...metrics] of this batch, before the update. */
  async trainOnBatch(
    x: TensorLike,
    y: TensorLike,
    o: OnBatchOptions & { readonly returnDict: true },
  ): Promise<Record<string, number>>;
  async trainOnBatch(x: TensorLike, y: TensorLike, o?: OnBatchOptions): Promise<number | number[]>;
  async trainOnBatch(
    x: TensorLike,
    y: TensorLike,
    o: OnBatchOptions = {},
  ): Promise<number | number[] | Record<string, number>> {
    return onBatch('train', this, x, y, o);
  }
  /** The loss and metrics of one batch, without training. */
  async testOnBatch(
    x: TensorLike,
    y: TensorLike,
    o: OnBatchOptions & { readonly returnDict: true },
  ): Promise<Record<string, number>>;
  async testOnBatch(x: TensorLike, y: TensorLike, o?: OnBatchOptions): Promise<number | number[]>;
  async testOnBatch(
    x: TensorLike,
    y: TensorLike,
    o: OnBatchOptions = {},
  ): Promise<number | number[] | Record<string, number>> {
    return onBatch('test', this, x, y, o);
  }

  /** Prints (or gives to `printFn`) the table of layers and parameters. */
  summary(o: SummaryOptions = {}): void {
    checkOptions('summary', o, ['lineLength', 'printFn', 'expandNested', 'showTrainable']);
    (o.printFn ?? console.log)(this.summaryText(o));
  }
  /** The same as a string. */
  summaryText(o: SummaryOptions = {}): string {
    const trainable = this.trainableWeights;
    return summaryText(
      this.name,
      this.layers,
      {
        trainable,
        nonTrainable: this.weights.filter((w) => !trainable.includes(w)),
        optimizer: this.#compiled?.value.optimizer.variables,
      },
      o,
    );
  }
}

const compileOptions: readonly string[] = [
  'optimizer',
  'loss',
  'metrics',
  'weightedMetrics',
  'lossWeights',
];

function list(
  option: string,
  given: readonly MetricLike[] | null | undefined,
): readonly MetricLike[] {
  if (given == null) return [];
  if (Array.isArray(given)) return given;
  throw new GradloomError(
    'compile',
    `compile: ${option} must be a list, for example ['accuracy']; received ${JSON.stringify(given)}.`,
    { [option]: given },
  );
}
