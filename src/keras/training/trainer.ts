/** What `compile` sets up: optimizer, losses, metrics, and the steps made of them. */
import { GradloomError } from '../../errors.ts';
import { lax } from '../../graph/index.ts';
import { Tensor } from '../../tensor/index.ts';
import { checkOptions } from '../identifiers.ts';
import type { Layer } from '../layers/index.ts';
import { Mean, type Metric } from '../metrics/index.ts';
import type { Model } from '../models/model.ts';
import { getOptimizer, type Optimizer, type OptimizerLike } from '../optimizers/index.ts';
import type { Variable } from '../variable.ts';
import { CompileLoss, type LossTree, type LossWeights } from './compile-loss.ts';
import { CompileMetrics, type MetricEntry, type MetricTree } from './compile-metrics.ts';
import { checkCount } from './data.ts';
import { Figures } from './figures.ts';
import { type StepLogs, Stepper } from './steps.ts';
import type { TreeOf } from './tree.ts';

export interface CompileOptions {
  /** Default `rmsprop`, as in Keras. */
  readonly optimizer?: OptimizerLike;
  /**
   * An id, an instance or a function for all outputs, or a list or an object by output name with one
   * for each (null for an output without a loss). Without any, the model must add losses of its own.
   */
  readonly loss?: LossTree;
  /** Metrics that ignore sample weights; for several outputs a list or an object with an entry each. */
  readonly metrics?: MetricTree | null;
  /** Metrics that count samples by their weight. */
  readonly weightedMetrics?: MetricTree | null;
  /** What the losses are multiplied by: a number, or a list or object like `loss`. */
  readonly lossWeights?: LossWeights;
  /** Batches for each call of the batch callbacks. Default 1. */
  readonly stepsPerExecution?: number;
  /** Loss scaling for half precision: nothing to do where there is none. Default true. */
  readonly autoScaleLoss?: boolean;
  /** Accepted as in Keras: steps are compiled unless `runEagerly` says otherwise. */
  readonly jitCompile?: boolean | 'auto';
  /** Runs steps without compiling them, slowly, so that values can be looked at on the way. Default false. */
  readonly runEagerly?: boolean;
}

const compileOptions: readonly string[] = [
  'optimizer',
  'loss',
  'metrics',
  'weightedMetrics',
  'lossWeights',
  'stepsPerExecution',
  'autoScaleLoss',
  'jitCompile',
  'runEagerly',
];

export class Trainer {
  /** What `compile` was given. */
  readonly options: CompileOptions;
  readonly optimizer: Optimizer;
  readonly loss: CompileLoss | undefined;
  readonly metrics: CompileMetrics;
  /** `loss`: the mean of the total loss, by samples. */
  readonly lossTracker: Mean = new Mean({ name: 'loss' });
  readonly stepsPerExecution: number;
  readonly figures: Figures;
  #stepper: Stepper;
  readonly #eager: boolean;
  #weights: readonly Variable[] | undefined;
  readonly #model: Model;
  #trainable: ReadonlyMap<Layer, boolean>;

  /** Throws `compile`, `unknown-id`, `unknown-option`. */
  constructor(model: Model, o: CompileOptions) {
    checkOptions('compile', o, compileOptions);
    const names = model.outputNames;
    this.options = o;
    this.#model = model;
    this.optimizer = getOptimizer(o.optimizer ?? 'rmsprop');
    this.loss = o.loss == null ? undefined : new CompileLoss(o.loss, o.lossWeights, names);
    this.metrics = new CompileMetrics(o.metrics, o.weightedMetrics, names);
    this.stepsPerExecution = checkCount('compile', 'stepsPerExecution', o.stepsPerExecution ?? 1);
    this.figures = new Figures(() => this.entries);
    this.#eager = o.runEagerly ?? false;
    this.#stepper = new Stepper(model, this.figures, this.#eager);
    this.#trainable = trainableState(model);
    if (model.built) this.#weights = model.trainableWeights;
  }

  get stepper(): Stepper {
    return this.#stepper;
  }
  /** Programs made for other layers are of no use any more. */
  forgetSteps(): void {
    this.#stepper = new Stepper(this.#model, this.figures, this.#eager);
    this.#weights = undefined;
  }

  /** The weights that are trained: those that could be when the model was compiled, or first run. */
  get weights(): readonly Variable[] {
    this.#weights ??= this.#model.trainableWeights;
    return this.#weights;
  }

  /** Whether no batch has been seen since `compile`. */
  get fresh(): boolean {
    return (this.loss !== undefined && !this.loss.built) || !this.metrics.built;
  }

  /** The model's metrics with their names in the log. */
  get entries(): readonly MetricEntry[] {
    const named = new Map(this.metrics.entries.map((e) => [e.metric, e.name]));
    const taken = new Set<string>();
    return this.#model.metrics.map((metric) => {
      const base = named.get(metric) ?? metric.name;
      let name = base;
      for (let k = 1; taken.has(name); k++) name = `${base}_${k}`;
      taken.add(name);
      return { name, metric };
    });
  }

  /** Says so once when layers have been frozen or thawed since `compile`. */
  warnIfTrainableChanged(): void {
    const now = trainableState(this.#model);
    const changed = [...now]
      .filter(([l, on]) => this.#trainable.has(l) && this.#trainable.get(l) !== on)
      .map(([l]) => `"${l.name}"`);
    if (changed.length === 0) return;
    this.#trainable = now;
    console.warn(
      `trainable has changed since compile for ${changed.join(', ')}: training goes on with the weights it was compiled for. Call model.compile again for the change to take effect.`,
    );
  }
}

function trainableState(model: Model): ReadonlyMap<Layer, boolean> {
  return new Map(model.flattenLayers().map((l) => [l, l.trainable]));
}

/** Keras's `model.metrics`: the loss, the compiled metrics, the outputs' losses, the model's own, its layers'. */
export function metricsOf(own: readonly Metric[], trainer: Trainer | undefined): Metric[] {
  const found: Metric[] = trainer
    ? [trainer.lossTracker, ...trainer.metrics.entries.map((e) => e.metric)]
    : [];
  if (trainer?.loss) found.push(...trainer.loss.trackers);
  return [...new Set([...found, ...own])];
}

/** What `computeLoss` and `computeMetrics` are given. */
export interface StepResults {
  readonly x?: TreeOf<Tensor>;
  readonly y?: TreeOf<Tensor | null>;
  readonly yPred?: TreeOf<Tensor>;
  readonly sampleWeight?: TreeOf<Tensor | null>;
  readonly training?: boolean;
}

/** The compiled losses of a batch, and the losses that layers added, summed: a scalar. */
export function computeLoss(model: Model, trainer: Trainer, r: StepResults): Tensor {
  const losses: Tensor[] = [];
  if (trainer.loss && r.yPred !== undefined)
    losses.push(trainer.loss.apply(r.y ?? null, r.yPred, r.sampleWeight ?? null));
  for (const l of model.losses) losses.push(l.ndim === 0 ? l : l.sum());
  if (losses.length > 0) return losses.reduce((a, b) => a.add(b));
  if (r.training === false) return Tensor.of(lax.scalar(0, 'float32'));
  throw new GradloomError(
    'compile',
    `Model "${model.name}" has no loss to train on: compile needs a loss, for example "sparseCategoricalCrossentropy"; or add losses with addLoss.`,
    { model: model.name },
  );
}

/** Counts a batch in the compiled metrics; the results of all metrics by name. */
export function computeMetrics(trainer: Trainer, r: StepResults): StepLogs {
  if (r.yPred !== undefined)
    trainer.metrics.update(r.y ?? null, r.yPred, r.sampleWeight ?? null, trainer.loss?.wanted);
  return Object.fromEntries(trainer.entries.map(({ name, metric }) => [name, metric.result()]));
}
