/**
 * The base of every optimizer. The order of an update is Keras's: unscale, accumulate, clip, decay the
 * weights, update, moving average, constraints, count. Everything an optimizer remembers is a
 * `Variable`, so that a training step is one program; the learning rate is one too, so that changing
 * it compiles nothing.
 */
import { GradloomError } from '../../errors.ts';
import { lax } from '../../graph/index.ts';
import { Tensor } from '../../tensor/index.ts';
import { checkOptions } from '../identifiers.ts';
import { isSerialized } from '../serialization.ts';
import type { Variable } from '../variable.ts';
import { choose, clip } from './formulas.ts';
import { LearningRate, type LearningRateLike, reviveRate } from './learning-rate.ts';
import type { OptimizerOptions } from './options.ts';
import { type OptimizerDefaults, OptimizerState } from './state.ts';

/**
 * Extend it with `buildSlots`, which makes what is remembered of each weight, and `updateStep`:
 *
 *     class SignDescent extends keras.optimizers.Optimizer {
 *       constructor(o: OptimizerOptions = {}) {
 *         super(o, [], { name: 'sign_descent', learningRate: 0.01 });
 *       }
 *       protected updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
 *         variable.assign(variable.tensor.sub(gradient.sign().mul(learningRate)));
 *       }
 *     }
 */
export abstract class Optimizer extends OptimizerState {
  readonly #iterations: Variable;
  readonly #rate: LearningRate;
  #lossScale: number | null;
  #averages: Variable[] = [];
  #accumulators: Variable[] = [];
  #built: ReadonlyMap<Variable, number> | undefined;
  #excluded: (v: Variable) => boolean = () => false;

  /** `own` are the options that this kind has beside those of all. Throws `unknown-option`, `optimizer`. */
  constructor(o: OptimizerOptions, own: readonly string[], defaults: OptimizerDefaults) {
    super(o, own, defaults);
    this.#lossScale = this.settings.lossScaleFactor;
    this.#rate = new LearningRate(this.name, o.learningRate ?? defaults.learningRate);
    this.#iterations = this.variable('iteration', [], 'int32');
  }

  /** Steps taken, int32: also those that only accumulate gradients. */
  get iterations(): Variable {
    return this.#iterations;
  }

  /**
   * The learning rate of the next step. It can be set to a number, or to a schedule or a function of
   * the step. Throws `optimizer` for a number where the rate follows a schedule.
   */
  get learningRate(): number {
    return this.learningRateTensor.item();
  }
  set learningRate(rate: LearningRateLike) {
    this.#rate.set(rate);
  }
  /** The same for reading where that cannot be waited for; traceable. */
  get learningRateTensor(): Tensor {
    return this.#rate.at(this.iterations.tensor);
  }
  /** Changes where programs that hold a step of this optimizer have become stale. */
  get revision(): number {
    return this.#rate.revision;
  }

  /** Makes the state for these weights. Once only; later calls must name the same weights. */
  build(weights: readonly Variable[]): void {
    if (this.#built) {
      const known = [...this.#built.keys()];
      if (known.length === weights.length && known.every((v, i) => v === weights[i])) return;
      throw this.#strangers();
    }
    if (this.settings.useEma) this.#averages = weights.map((w) => this.beside(w, 'average'));
    if (this.settings.gradientAccumulationSteps)
      this.#accumulators = weights.map((w) => this.beside(w, 'gradient_accumulator'));
    this.buildSlots(weights);
    this.#built = new Map(weights.map((w, i) => [w, i]));
  }
  get built(): boolean {
    return this.#built !== undefined;
  }
  #strangers(): GradloomError {
    return new GradloomError(
      'optimizer',
      `${this.name} was built for ${this.#built?.size ?? 0} weights and cannot be used with others. Make a new optimizer (compile the model again).`,
    );
  }

  /** Makes what the optimizer remembers of these weights, with `slots` and `addVariable`. */
  protected buildSlots(_weights: readonly Variable[]): void {}

  /**
   * The update of one weight, traceable: assigns the variable and its slots. `gradient` and
   * `learningRate` are of its dtype; `index` is its place among the weights that `build` was given.
   */
  protected abstract updateStep(
    gradient: Tensor,
    variable: Variable,
    learningRate: Tensor,
    index: number,
  ): void;

  /** What is done once an update, before the weights' own steps. */
  protected beforeSteps(): void {}

  /**
   * All that the optimizer remembers, in the order of Keras's files: iterations, learning rate (unless
   * it follows a schedule), averages, accumulators, slots.
   */
  get variables(): readonly Variable[] {
    const rate = this.#rate.variable;
    const own = [...this.#averages, ...this.#accumulators, ...this.ownVariables];
    return [this.#iterations, ...(rate ? [rate] : []), ...own];
  }

  /** Updates made so far: steps, or fewer when gradients are accumulated. int32, traceable. */
  protected get updates(): Tensor {
    const every = this.settings.gradientAccumulationSteps;
    const steps = this.iterations.tensor;
    return every ? steps.floorDiv(every) : steps;
  }
  /** The number of this update, from 1 on, in the dtype of a weight. */
  protected count(w: Variable): Tensor {
    return this.updates.add(1).astype(w.dtype);
  }

  /**
   * Keeps weights from being decayed: those in `varList`, and those in whose names a string of
   * `varNames` is found (as a regular expression). Throws `optimizer` once the optimizer is built.
   */
  excludeFromWeightDecay(
    o: { varList?: readonly Variable[]; varNames?: readonly string[] } = {},
  ): void {
    checkOptions('excludeFromWeightDecay', o, ['varList', 'varNames']);
    if (this.built)
      throw new GradloomError(
        'optimizer',
        `${this.name}: excludeFromWeightDecay must be called before the optimizer is built.`,
      );
    const list = new Set(o.varList);
    const names = (o.varNames ?? []).map((n) => new RegExp(n));
    this.#excluded = (v) => list.has(v) || names.some((n) => n.test(v.name));
  }
  /** By what share of the learning rate a weight is decayed; null for none. */
  protected decayOf(_variable: Variable): number | null {
    return this.settings.weightDecay;
  }

  /** One step with these gradients, for steps of one's own: builds the optimizer if need be. */
  apply(gradients: readonly Tensor[], weights?: readonly Variable[]): void {
    if (gradients.length === 0) return;
    if (!this.#built) {
      if (!weights)
        throw new GradloomError(
          'optimizer',
          `${this.name}: apply needs the weights too, since the optimizer is not built.`,
        );
      this.build(weights);
    }
    this.applyGradients(gradients, weights ?? [...this.#built!.keys()]);
  }

  /** What a loss is multiplied by before gradients are taken: lossScaleFactor, if there is one. */
  scaleLoss(loss: Tensor): Tensor {
    return this.#lossScale === null ? loss : loss.mul(this.#lossScale);
  }
  /** Leaves the scaling of the loss to an optimizer around this one: see LossScaleOptimizer. */
  leaveLossScale(): void {
    this.#lossScale = null;
  }

  /** One step, traceable: reads and assigns variables. The weights are among those it was built for. */
  applyGradients(gradients: readonly Tensor[], weights: readonly Variable[]): void {
    const gs = this.unscaled(gradients, weights);
    const every = this.settings.gradientAccumulationSteps;
    if (every) this.#accumulate(gs, weights, every);
    else this.#update(gs, weights);
    this.#average();
    for (const w of weights) if (w.constraint) w.assign(w.constraint(w.tensor));
    this.#iterations.assign(this.#iterations.tensor.add(1));
  }

  /**
   * The gradients as they are without the scale of the loss, each in the dtype of its weight. Throws
   * `optimizer` for weights that the optimizer was not built for.
   */
  protected unscaled(gradients: readonly Tensor[], weights: readonly Variable[]): Tensor[] {
    if (gradients.length !== weights.length)
      throw new GradloomError(
        'optimizer',
        `${this.name} takes a gradient for each of ${weights.length} weights; received ${gradients.length}.`,
        { weights: weights.length, gradients: gradients.length },
      );
    if (weights.some((w) => !this.#built?.has(w))) throw this.#strangers();
    const scale = this.#lossScale;
    return gradients.map((g, i) => {
      const own = g.dtype === weights[i].dtype ? g : g.astype(weights[i].dtype);
      return scale === null ? own : own.div(scale);
    });
  }

  #update(gradients: readonly Tensor[], weights: readonly Variable[]): void {
    const rate = this.learningRateTensor;
    const rateOf = (w: Variable): Tensor => (rate.dtype === w.dtype ? rate : rate.astype(w.dtype));
    const clipped = clip(gradients, this.settings);
    for (const w of weights) {
      const decay = this.#excluded(w) ? null : this.decayOf(w);
      if (decay !== null) w.assign(w.tensor.sub(w.tensor.mul(decay).mul(rateOf(w))));
    }
    this.beforeSteps();
    clipped.forEach((g, i) => {
      this.updateStep(g, weights[i], rateOf(weights[i]), this.#built!.get(weights[i])!);
    });
  }

  /** The last step of each round updates with the mean; the others only add to the sums. */
  #accumulate(gradients: readonly Tensor[], weights: readonly Variable[], every: number): void {
    const due = this.iterations.tensor.add(1).mod(every).eq(0);
    const accumulators = weights.map((w) => this.#accumulators[this.#built!.get(w)!]);
    const sums = gradients.map((g, i) => accumulators[i].tensor.add(g));
    const moving = [...weights, ...this.ownVariables];
    const before = moving.map((v) => v.tensor);
    this.#update(
      sums.map((s) => s.div(every)),
      weights,
    );
    // The update is computed at every step and kept when it is due: one program without branches.
    moving.forEach((v, i) => {
      v.assign(choose(due, v.tensor, before[i]));
    });
    sums.forEach((s, i) => {
      accumulators[i].assign(choose(due, Tensor.of(lax.full(s.shape, 0, s.dtype)), s));
    });
  }

  #average(): void {
    if (this.#averages.length === 0) return;
    const { emaMomentum, emaOverwriteFrequency } = this.settings;
    const weights = [...this.#built!.keys()];
    this.#averages.forEach((a, i) => {
      // The first step copies the weights.
      const momentum = this.updates.ne(0).astype(a.dtype).mul(emaMomentum);
      const rest = momentum.mul(-1).add(1);
      a.assign(a.tensor.mul(momentum).add(weights[i].tensor.mul(rest)));
    });
    if (!emaOverwriteFrequency) return;
    const due = this.updates.add(1).mod(emaOverwriteFrequency).eq(0);
    this.#averages.forEach((a, i) => {
      weights[i].assign(choose(due, a.tensor, weights[i].tensor));
    });
  }

  /** The moving averages, in the order of the weights; none without `useEma`. */
  get averages(): readonly Variable[] {
    return this.#averages;
  }
  /** Puts the moving averages in place of the weights, when there are any. `fit` does so at its end. */
  finalizeVariableValues(weights: readonly Variable[]): void {
    if (this.#averages.length === 0) return;
    if (weights.length !== this.#averages.length) throw this.#strangers();
    this.#averages.forEach((a, i) => {
      weights[i].assign(a.tensor);
    });
  }

  /** The options that make the same optimizer anew. */
  getConfig(): Record<string, unknown> {
    const learningRate = this.#rate.config(() => this.learningRate);
    const lossScaleFactor = this.#lossScale;
    return { name: this.name, learningRate, ...this.settings, lossScaleFactor };
  }
  /**
   * An optimizer from what `getConfig` gave; `customObjects` are schedules and functions of one's own
   * by name. Throws as the constructor does.
   */
  static fromConfig<T extends Optimizer>(
    this: new (
      config: never,
    ) => T,
    config: Readonly<Record<string, unknown>>,
    customObjects: Readonly<Record<string, unknown>> = {},
  ): T {
    const { learningRate: rate } = config;
    if (!isSerialized(rate)) return new this(config as never);
    const learningRate = reviveRate('optimizer', rate, customObjects);
    return new this({ ...config, learningRate } as never);
  }
}
