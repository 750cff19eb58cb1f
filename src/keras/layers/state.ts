/** What a layer keeps: weights, states, penalties, metrics, and those of the layers inside of it. */
import type { DType } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { type StateScope, stateScope, type Tensor, type TensorLike } from '../../tensor/index.ts';
import { getInitializer } from '../initializers/index.ts';
import { Mean } from '../metrics/mean.ts';
import { Metric } from '../metrics/metric.ts';
import { isPlainObject } from '../tree.ts';
import { Variable } from '../variable.ts';
import { layerPath } from './call-context.ts';
import type { WeightOptions } from './types.ts';
import { awaitedWeight, claimWeight } from './weight-budget.ts';
import { assignAll, copies } from './weights.ts';

interface Added {
  readonly loss: Tensor;
  readonly scope: StateScope | undefined;
}

interface Held {
  readonly layers: LayerState[];
  readonly variables: Variable[];
  readonly metrics: Metric[];
}
const nothing: Held = { layers: [], variables: [], metrics: [] };

// No functions within functions here: these run at every call of fit and its kin, and builds that keep
// names pay for each closure.
function add<T>(list: T[], item: T): void {
  if (!list.includes(item)) list.push(item);
}

/** Each part once; lists and plain objects are looked through. */
function collect(x: unknown, into: Held, within: readonly unknown[] = []): void {
  if (typeof x !== 'object' || x === null) return;
  if (x instanceof LayerState) add(into.layers, x);
  else if (x instanceof Variable) add(into.variables, x);
  else if (x instanceof Metric) add(into.metrics, x);
  else if (within.includes(x)) return;
  else if (Array.isArray(x)) for (const e of x) collect(e, into, [...within, x]);
  else if (isPlainObject(x)) for (const e of Object.values(x)) collect(e, into, [...within, x]);
}

/** The part of `Layer` that holds state. */
export abstract class LayerState {
  abstract readonly name: string;
  /** What weights are made in and inputs converted to. */
  abstract readonly dtype: DType;
  #trainable: boolean;
  readonly #trained: Variable[] = [];
  readonly #fixed: Variable[] = [];
  readonly #states: Variable[] = [];
  readonly #metrics = new Map<string, Mean>();
  #added: Added[] = [];

  constructor(trainable: boolean) {
    this.#trainable = trainable;
  }

  /** Makes a weight: float32, Glorot uniform and trainable unless told otherwise. */
  addWeight(o: WeightOptions): Variable {
    const init = getInitializer(o.initializer);
    claimWeight(o.name, o.shape);
    const dtype = o.dtype ?? this.dtype;
    const v = new Variable(awaitedWeight(o.shape, dtype) ?? init.init(o.shape, dtype), {
      name: o.name,
      path: this.#path(o.name),
      trainable: o.trainable ?? true,
      regularizer: o.regularizer,
      constraint: o.constraint ?? undefined,
      // A function of one's own may give what it keeps.
      own: typeof o.initializer !== 'function',
    });
    (v.trainable ? this.#trained : this.#fixed).push(v);
    if (!this.#trainable) v.trainable = false;
    return v;
  }

  /** State that is no weight: it moves with training but is not saved or counted (seeds). */
  addState(name: string, initial: Tensor): Variable {
    const v = new Variable(initial, { name, path: this.#path(name), trainable: false });
    this.#states.push(v);
    return v;
  }

  #path(name: string): string {
    const outer = layerPath();
    const inside = outer[outer.length - 1] === this.name ? outer : [...outer, this.name];
    return [...inside, name].join('/');
  }

  /** The layers right inside of this one, in the order in which they were assigned to properties. */
  get sublayers(): readonly LayerState[] {
    return this.#held().layers;
  }

  /** This layer and all inside of it, each once. */
  flattenLayers(): LayerState[] {
    const seen = new Set<LayerState>();
    this.#flatten(seen);
    return [...seen];
  }
  #flatten(seen: Set<LayerState>): void {
    if (seen.has(this)) return;
    seen.add(this);
    for (const inner of this.sublayers) inner.#flatten(seen);
  }

  /** Layers, variables and metrics among the own properties, in lists and plain objects too. */
  #held(): Held {
    let found = nothing;
    for (const key in this) {
      const value: unknown = this[key];
      if (typeof value !== 'object' || value === null) continue;
      // Sizes and words, of which there may be many.
      if (Array.isArray(value) && typeof value[0] !== 'object') continue;
      if (found === nothing) found = { layers: [], variables: [], metrics: [] };
      collect(value, found);
    }
    return found;
  }

  get trainable(): boolean {
    return this.#trainable;
  }
  /** Also of every layer inside, and of their weights, as Keras does. */
  set trainable(on: boolean) {
    this.#trainable = on;
    for (const v of this.#own(true)) v.trainable = on;
    for (const l of this.sublayers) l.trainable = on;
  }

  /** Own weights that were made to be trained, or the others. */
  #own(trained: boolean): readonly Variable[] {
    const list = trained ? this.#trained : this.#fixed;
    const assigned = this.#held().variables.filter(
      (v) => v.madeTrainable === trained && !list.includes(v) && !this.#states.includes(v),
    );
    return assigned.length === 0 ? list : [...list, ...assigned];
  }

  /** Own weights, trained ones first, then those of each layer inside; each once. */
  get weights(): readonly Variable[] {
    const all = new Set<Variable>();
    for (const l of this.flattenLayers()) {
      for (const v of l.#own(true)) all.add(v);
      for (const v of l.#own(false)) all.add(v);
    }
    return [...all];
  }
  get trainableWeights(): readonly Variable[] {
    return this.#trainable ? this.weights.filter((w) => w.trainable) : [];
  }
  get nonTrainableWeights(): readonly Variable[] {
    return this.#trainable ? this.weights.filter((w) => !w.trainable) : this.weights;
  }
  /** Keras's names of what is trained, and of all that is kept: weights, then seeds and states. */
  get trainableVariables(): readonly Variable[] {
    return this.trainableWeights;
  }
  get nonTrainableVariables(): readonly Variable[] {
    const trained = new Set(this.trainableVariables);
    return this.variables.filter((v) => !trained.has(v));
  }
  get variables(): readonly Variable[] {
    return [...new Set([...this.weights, ...this.states])];
  }
  /** The state of metrics: of those whose state is known, before a batch was seen. */
  get metricsVariables(): readonly Variable[] {
    return this.metrics.flatMap((m) => (m.built ? m.stateVariables : []));
  }
  get states(): readonly Variable[] {
    return [...new Set(this.flattenLayers().flatMap((l) => l.#states))];
  }

  /**
   * Adds a scalar to the loss, from within `call`; it counts until the next call. Throws `add-loss`
   * for what is no scalar.
   */
  addLoss(loss: Tensor | readonly Tensor[]): void {
    for (const l of Array.isArray(loss) ? (loss as readonly Tensor[]) : [loss as Tensor]) {
      if (typeof l?.shape !== 'object' || l.shape.length > 0)
        throw new GradloomError(
          'add-loss',
          `Layer "${this.name}": addLoss takes a scalar tensor, or a list of these; received ${l?.shape ? `shape (${l.shape.join(', ')})` : String(l)}.`,
          { layer: this.name },
        );
      this.#added.push({ loss: l, scope: stateScope() });
    }
  }

  /** Scalars of `addLoss` and activity regularizers, then the penalties on trained weights. */
  get losses(): Tensor[] {
    const scope = stateScope();
    const added = this.flattenLayers().flatMap((l) => l.#added.filter((a) => a.scope === scope));
    const penalized = this.trainableWeights.filter((w) => w.regularizer);
    return [...added.map((a) => a.loss), ...penalized.map((w) => w.regularizer!.call(w.tensor))];
  }

  /** Forgets what `addLoss` was given, here and inside. */
  protected clearLosses(): void {
    for (const l of this.flattenLayers()) if (l.#added.length > 0) l.#added = [];
  }

  /**
   * Follows the mean of a value under a name, from within `call`: a figure of training like those of
   * `compile`. Only calls inside of a model's training or evaluation count.
   */
  addMetric(value: TensorLike, o: { readonly name: string }): void {
    let metric = this.#metrics.get(o.name);
    if (!metric) {
      metric = new Mean({ name: o.name });
      this.#metrics.set(o.name, metric);
    }
    metric.updateState(value);
  }

  /** Metrics kept by the layer and by those inside. */
  get metrics(): readonly Metric[] {
    return this.keptMetrics;
  }
  protected get keptMetrics(): readonly Metric[] {
    const own = [...this.#held().metrics, ...this.#metrics.values()];
    return [...new Set([...own, ...this.innerMetrics])];
  }
  /** Those of the layers inside. */
  protected get innerMetrics(): readonly Metric[] {
    return this.sublayers.flatMap((l) => l.passedMetrics);
  }
  /** Those that a model around this layer follows. */
  protected get passedMetrics(): readonly Metric[] {
    return this.keptMetrics;
  }

  countParams(): number {
    return this.weights.reduce((n, w) => n + w.size, 0);
  }
  /** Copies of the weights. */
  getWeights(): Tensor[] {
    return copies(this.weights);
  }
  /** Throws `weights` listing every mismatch; then nothing has changed. */
  setWeights(values: readonly TensorLike[]): void {
    assignAll(this.name, this.weights, values);
  }
}
