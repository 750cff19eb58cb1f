/** Models: a network with compile, fit, evaluate, predict. */
import { awaitedBackend } from '../../backends/registry.ts';
import { GradloomError } from '../../errors.ts';
import type { FileTarget } from '../../files/targets.ts';
import { Tensor } from '../../tensor/index.ts';
import type { History } from '../callbacks/index.ts';
import { checkOptions } from '../identifiers.ts';
import type { Tensors } from '../layers/layer.ts';
import { getMask } from '../layers/mask.ts';
import type { Metric } from '../metrics/index.ts';
import type { Optimizer } from '../optimizers/index.ts';
import type { ExportOptions } from '../saving/export-model.ts';
import type { SaveModelOptions } from '../saving/models-files.ts';
import type {
  LoadWeightsOptions,
  SaveWeightsOptions,
  WeightSource,
} from '../saving/weights-files.ts';
import { checkSamples } from '../training/data.ts';
import type { EvaluateOptions } from '../training/evaluate.ts';
import type { FitOptions } from '../training/fit.ts';
import { gradientsOf } from '../training/gradient.ts';
import type { OnBatchOptions } from '../training/on-batch.ts';
import type { PredictOptions, Predictor } from '../training/predict.ts';
import type { BatchSource } from '../training/source.ts';
import type { StepData, StepLogs } from '../training/steps.ts';
import {
  type CompileOptions,
  computeLoss,
  computeMetrics,
  metricsOf,
  type StepResults,
  Trainer,
} from '../training/trainer.ts';
import { type DataTree, flatten, isObject, mapLeaves, type TreeOf } from '../training/tree.ts';
import type { Variable } from '../variable.ts';
import { type ModelOptions, Network } from './network.ts';
import { type SummaryOptions, summaryOptions, summaryText } from './summary.ts';

export type { CompileOptions } from '../training/trainer.ts';

type Running = typeof import('../training/running.ts');
let running: Running | undefined;
/** Loads what runs models, the first time; after that it is at hand at once. */
async function loadRunning(): Promise<Running> {
  running = await import('../training/running.ts');
  return running;
}

/**
 * A functional model: `new Model({ inputs, outputs })`, or a class of one's own that holds layers and
 * overrides `call(inputs, { training })`.
 */
export class Model extends Network {
  /** Set it (in a callback, say) to end training after the current batch. */
  stopTraining = false;
  /** Of the last fit. */
  history: History | undefined;
  #trainer: Trainer | undefined;
  #predictor: Predictor | undefined;
  readonly #running = new Map<'train' | 'test', string>();

  /** Programs made for other layers are of no use any more. */
  protected layersChanged(): void {
    this.#trainer?.forgetSteps();
    this.#predictor?.clear();
  }

  /**
   * Sets how the model is trained. Ids, or instances with options of their own. Which weights are
   * trained is settled here (or at the first step, if the model is not built yet): compile again after changing `trainable`. Throws
   * `compile`, `unknown-id`, `unknown-option`.
   */
  compile(o: CompileOptions = {}): void {
    this.#trainer = new Trainer(this, o);
    this.#predictor?.clear();
  }

  get compiled(): boolean {
    return this.#trainer !== undefined;
  }
  get optimizer(): Optimizer {
    return this.#need('optimizer').optimizer;
  }

  /** What `compile` was given; undefined before. */
  get compileOptions(): CompileOptions | undefined {
    return this.#trainer?.options;
  }

  #need(method: string): Trainer {
    if (this.#trainer) return this.#trainer;
    throw new GradloomError(
      'compile',
      `${method}: model "${this.name}" has not been compiled. Call model.compile({ optimizer, loss, metrics }) first.`,
      { model: this.name },
    );
  }
  /** What `compile` has set up; throws `compile` before that. */
  needTrainer(method: string): Trainer {
    const t = this.#need(method);
    t.warnIfTrainableChanged();
    return t;
  }

  /**
   * All metrics: the loss, those of `compile` (once a batch has been seen), the outputs' losses, the
   * model's own (any Metric it holds as a property) and its layers'. Override it to say which.
   */
  override get metrics(): readonly Metric[] {
    return metricsOf(this.keptMetrics, this.#trainer);
  }
  /** A model inside of another counts for itself only, but for what its layers keep. */
  protected override get passedMetrics(): readonly Metric[] {
    return this.innerMetrics;
  }
  /** Their names, as in the log. */
  get metricsNames(): readonly string[] {
    return this.#trainer?.entries.map((e) => e.name) ?? this.metrics.map((m) => m.name);
  }
  /** Starts the metrics anew. Called at the beginning of every epoch and evaluation. */
  resetMetrics(): void {
    for (const m of this.metrics) m.resetState();
  }

  /**
   * One step of training, described: forward, loss, gradients, update. Override it for another kind
   * of training. It is traced once for each shape of batch, into the program that runs at every step:
   * so it works on tensors whose values are not known yet, and may not be async.
   *
   *     override trainStep({ x, y }: keras.StepData): keras.StepLogs {
   *       const yPred = this.apply(x, { training: true });
   *       const loss = this.computeLoss({ x, y, yPred });
   *       this.optimizer.apply(this.gradient(loss), this.trainableWeights);
   *       this.lossTracker.updateState(loss, x.shape[0]);
   *       return this.computeMetrics({ x, y, yPred });
   *     }
   *
   * Variables that it reads and assigns (weights, metrics, several optimizers' slots, seeds of dropout)
   * move at every step. What it returns is logged: the results of the metrics are read at the end of an
   * epoch, any other scalar is that of the last step.
   */
  trainStep(data: StepData<TreeOf<Tensor>, TreeOf<Tensor>, TreeOf<Tensor> | undefined>): StepLogs {
    const { x, y, sampleWeight } = data;
    const yPred = this.#forward(x, true);
    const loss = this.computeLoss({ x, y, yPred, sampleWeight, training: true });
    const { optimizer, weights } = this.#need('trainStep');
    // Metrics see the predictions made before the update.
    optimizer.apply(this.gradient(optimizer.scaleLoss(loss), weights), weights);
    this.lossTracker.updateState(loss, flatten(x)[0].shape[0]);
    // As in Keras on JAX, masks weigh the loss, and metrics only in testing.
    const plain = mapLeaves(yPred, (t) => (getMask(t) ? new Tensor(t.value) : t));
    return this.computeMetrics({ x, y, yPred: plain, sampleWeight });
  }

  /** One step of evaluation, described: see `trainStep`. */
  testStep(data: StepData<TreeOf<Tensor>, TreeOf<Tensor>, TreeOf<Tensor> | undefined>): StepLogs {
    const { x, y, sampleWeight } = data;
    const yPred = this.#forward(x, false);
    const loss = this.computeLoss({ x, y, yPred, sampleWeight, training: false });
    this.lossTracker.updateState(loss, flatten(x)[0].shape[0]);
    return this.computeMetrics({ x, y, yPred, sampleWeight });
  }

  /** Predictions for one batch, described: see `trainStep`. */
  predictStep({ x }: StepData<TreeOf<Tensor>, unknown, unknown>): TreeOf<Tensor> {
    return this.#forward(x, false);
  }

  #forward(x: TreeOf<Tensor>, training: boolean): TreeOf<Tensor> {
    if (!this.built) this.buildFor(x as Tensors);
    return this.invoke(x as Tensor, { training });
  }

  /** Whether training or testing is the model's own affair. */
  get hasOwnSteps(): boolean {
    return (
      this.trainStep !== Model.prototype.trainStep || this.testStep !== Model.prototype.testStep
    );
  }

  /** The mean loss of the epoch, for steps of one's own: `updateState(loss, samples)`. */
  get lossTracker(): Trainer['lossTracker'] {
    return this.#need('lossTracker').lossTracker;
  }

  /**
   * The loss of a batch, a scalar: the compiled losses of `yPred` against `y`, weighted, plus what
   * regularizers and `addLoss` add. Override it for a loss of another form. Traceable.
   */
  computeLoss(results: StepResults): Tensor {
    return computeLoss(this, this.#need('computeLoss'), results);
  }

  /** Counts a batch in the compiled metrics; the results of all metrics, by name. Traceable. */
  computeMetrics(results: StepResults): StepLogs {
    return computeMetrics(this.#need('computeMetrics'), results);
  }

  /**
   * The gradients of a scalar with respect to variables (default: all that are trainable), inside a
   * step, a function given to `compile`, or by hand (before the scalar is read). Take them before the variables are assigned to. Throws `gradient` when the scalar depends on
   * none of them.
   */
  gradient(loss: Tensor, variables: readonly Variable[] = this.trainableWeights): Tensor[] {
    return gradientsOf(loss, variables);
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
      // An evaluation in the middle of an epoch leaves the epoch's figures as they were.
      if (this.#running.has('train')) this.#trainer?.figures.use('train');
    };
  }

  /** Checks a batch against what the model takes, and builds what is not built yet. */
  prepareInputs(method: string, x: TreeOf<Tensor | null>): void {
    if (this.graph) {
      this.graph.check(`${method}: model "${this.name}"`, x);
      return;
    }
    // A step of the model's own may use the data otherwise than by calling the model on x.
    if (this.hasOwnSteps && !this.batchInputShape) return;
    if (!this.batchInputShape) this.buildFor(x as Tensors);
    const expected = this.batchInputShape;
    if (expected && x instanceof Tensor) checkSamples(method, this.name, expected, x);
  }

  /**
   * Trains for a number of epochs. x and y are tensors, typed arrays or nested arrays with a sample a
   * row, or lists or objects of such for several inputs and outputs. Instead of x and y a source of
   * batches may be given: see `BatchSource`. Resolves with the History; rejects with `aborted` when
   * `signal` fires, with `source` when a source throws; the weights then hold their last whole step.
   */
  async fit(x: DataTree, y?: DataTree, options?: FitOptions): Promise<History>;
  async fit(source: BatchSource, options?: FitOptions): Promise<History>;
  async fit(x: DataTree | BatchSource, y?: unknown, options?: FitOptions): Promise<History> {
    const { fit, fitOptions } = running ?? (await loadRunning());
    const [targets, o] = optionsOf<FitOptions>(y, options, fitOptions);
    if (awaitedBackend()) await awaitedBackend();
    this.history = await fit(this, x, targets, o);
    return this.history;
  }

  /** The loss, or [loss, ...metrics] when there are metrics; with `returnDict` by name. */
  async evaluate(
    x: DataTree,
    y: DataTree | undefined,
    options: EvaluateOptions & { readonly returnDict: true },
  ): Promise<Record<string, number>>;
  async evaluate(
    source: BatchSource,
    options: EvaluateOptions & { readonly returnDict: true },
  ): Promise<Record<string, number>>;
  async evaluate(x: DataTree, y?: DataTree, options?: EvaluateOptions): Promise<number | number[]>;
  async evaluate(source: BatchSource, options?: EvaluateOptions): Promise<number | number[]>;
  async evaluate(
    x: DataTree | BatchSource,
    y?: unknown,
    options?: EvaluateOptions,
  ): Promise<number | number[] | Record<string, number>> {
    const { evaluate, evaluateOptions } = running ?? (await loadRunning());
    const [targets, o] = optionsOf<EvaluateOptions>(y, options, evaluateOptions);
    if (awaitedBackend()) await awaitedBackend();
    return evaluate(this, x, targets, o);
  }

  /** Outputs for every sample of x, or of a source's batches, in the structure of the model's outputs. */
  async predict<R = Tensor>(x: DataTree | BatchSource, options: PredictOptions = {}): Promise<R> {
    if (awaitedBackend()) await awaitedBackend();
    const { Predictor } = running ?? (await loadRunning());
    this.#predictor ??= new Predictor(this);
    return this.#predictor.predict(x, options) as Promise<R>;
  }
  /** `predict` on one batch. */
  async predictOnBatch<R = Tensor>(x: DataTree): Promise<R> {
    if (awaitedBackend()) await awaitedBackend();
    const { Predictor } = running ?? (await loadRunning());
    this.#predictor ??= new Predictor(this);
    return this.#predictor.predictOnBatch(x) as Promise<R>;
  }

  /** One step on one batch; the loss, or [loss, ...metrics] of this batch, before the update. */
  async trainOnBatch(
    x: DataTree,
    y: DataTree | undefined,
    o: OnBatchOptions & { readonly returnDict: true },
  ): Promise<Record<string, number>>;
  async trainOnBatch(x: DataTree, y?: DataTree, o?: OnBatchOptions): Promise<number | number[]>;
  async trainOnBatch(
    x: DataTree,
    y?: DataTree,
    o: OnBatchOptions = {},
  ): Promise<number | number[] | Record<string, number>> {
    if (awaitedBackend()) await awaitedBackend();
    const { onBatch } = running ?? (await loadRunning());
    return onBatch('train', this, x, y, o);
  }
  /** The loss and metrics of one batch, without training. */
  async testOnBatch(
    x: DataTree,
    y: DataTree | undefined,
    o: OnBatchOptions & { readonly returnDict: true },
  ): Promise<Record<string, number>>;
  async testOnBatch(x: DataTree, y?: DataTree, o?: OnBatchOptions): Promise<number | number[]>;
  async testOnBatch(
    x: DataTree,
    y?: DataTree,
    o: OnBatchOptions = {},
  ): Promise<number | number[] | Record<string, number>> {
    if (awaitedBackend()) await awaitedBackend();
    const { onBatch } = running ?? (await loadRunning());
    return onBatch('test', this, x, y, o);
  }

  /**
   * Writes the whole model to a `.keras` file, which Python's Keras 3 reads too: see
   * `keras.saving.saveModel`, and `keras.saving.loadModel` for the way back.
   */
  async save(path: FileTarget, o: SaveModelOptions = {}): Promise<void> {
    const { saveModel } = await import('../saving/models-files.ts');
    await saveModel(this, path, o);
  }
  /** The model without its weights as JSON: see `keras.models.modelFromJson` for the way back. */
  async toJson(): Promise<string> {
    const { modelToJson } = await import('../saving/models-files.ts');
    return modelToJson(this);
  }
  /**
   * Writes what the model predicts with as an ONNX file, for other programs to run: see `toOnnx` of
   * `gradloom/onnx`, whose options it takes. Throws `export-format`, `onnx-shape`, `onnx-write`, `onnx-batch`, `onnx-state`.
   */
  async export(path: FileTarget, o: ExportOptions = {}): Promise<void> {
    const { exportModel } = await import('../saving/export-model.ts');
    await exportModel(this, path, o);
  }
  /**
   * Writes the weights to a file whose extension says the format: `.safetensors`, `.weights.h5`, or
   * `.weights.json` with `.weights.h5` files of up to `maxShardSize` GB beside it. A file that is there
   * is replaced in one step. In browsers it is `indexeddb://name` or `downloads://name`. Throws `extension`, `not-built`, `disk-full`, `file-unwritable`.
   */
  async saveWeights(path: FileTarget, o: SaveWeightsOptions = {}): Promise<void> {
    const { saveWeights } = await import('../saving/weights-files.ts');
    await saveWeights(this, path, o);
  }
  /**
   * Takes weights from a file (or an address, its bytes, a stream) that `saveWeights` wrote, by their places in the model, or
   * from an `.h5` file of Keras 2. All or nothing, unless `skipMismatch` or `byName` says otherwise. Throws `weights` listing every
   * difference, `file-not-found`, `checksum`, `extension`, `not-built`.
   */
  async loadWeights(source: WeightSource, o: LoadWeightsOptions = {}): Promise<void> {
    const { loadWeights } = await import('../saving/weights-files.ts');
    await loadWeights(this, source, o);
  }

  /** Prints (or gives to `printFn`) the table of layers and parameters. */
  summary(o: SummaryOptions = {}): void {
    checkOptions('summary', o, summaryOptions);
    (o.printFn ?? console.log)(this.summaryText(o));
  }
  /** The same as a string. */
  summaryText(o: SummaryOptions = {}): string {
    const trainable = this.trainableWeights;
    return summaryText(
      this,
      {
        trainable,
        nonTrainable: this.weights.filter((w) => !trainable.includes(w)),
        optimizer: this.#trainer?.optimizer.built ? this.#trainer.optimizer.variables : undefined,
      },
      o,
    );
  }
}

/** fit(x, options): whether what stands in the place of y are the options. */
function optionsOf<O extends object>(
  y: unknown,
  options: O | undefined,
  known: readonly string[],
): [y: DataTree | undefined, o: O] {
  const instead =
    options === undefined && isObject(y) && Object.keys(y).every((k) => known.includes(k));
  return instead
    ? [undefined, y as O]
    : [(y ?? undefined) as DataTree | undefined, options ?? ({} as O)];
}

/** A functional model: from KerasTensors to what was made of them. */
export function model(o: ModelOptions): Model {
  return new Model(o);
}
