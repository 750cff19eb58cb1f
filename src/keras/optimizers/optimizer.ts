/**
 * The base of every optimizer. The order of an update is Keras's: accumulate, clip, decay the
 * weights, update, moving average, constraints, count. Everything an optimizer remembers is a `Variable`, so that a training step
 * is one program; the learning rate is one too, so that changing it compiles nothing.
 */
import { makeArray } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { lax } from '../../graph/index.ts';
import { fromData, Tensor } from '../../tensor/index.ts';
import { checkOptions } from '../identifiers.ts';
import { Variable } from '../variable.ts';

export interface OptimizerOptions {
  readonly learningRate?: number;
  readonly name?: string;
  /** w -= w * weightDecay * learningRate before each update. */
  readonly weightDecay?: number | null;
  /** Largest norm of each gradient. */
  readonly clipnorm?: number | null;
  /** Largest absolute value of each gradient's elements. */
  readonly clipvalue?: number | null;
  /** Largest norm of all gradients together. */
  readonly globalClipnorm?: number | null;
  /** Keep a moving average of the weights; training ends with it in their place. */
  readonly useEma?: boolean;
  readonly emaMomentum?: number;
  /** Puts the averages in place of the weights every so many updates; else only at the end. */
  readonly emaOverwriteFrequency?: number | null;
  /** Updates once in so many steps, with the mean of their gradients. */
  readonly gradientAccumulationSteps?: number | null;
}

export const optimizerOptions: readonly string[] = [
  'learningRate',
  'name',
  'weightDecay',
  'clipnorm',
  'clipvalue',
  'globalClipnorm',
  'useEma',
  'emaMomentum',
  'emaOverwriteFrequency',
  'gradientAccumulationSteps',
];

export abstract class Optimizer {
  readonly name: string;
  readonly learningRateVariable: Variable;
  readonly iterations: Variable;
  readonly #options: OptimizerOptions;
  readonly #slots: Variable[] = [];
  #averages: Variable[] = [];
  #accumulators: Variable[] = [];
  #built: readonly Variable[] | undefined;

  constructor(
    o: OptimizerOptions,
    allowed: readonly string[],
    defaults: { name: string; learningRate: number; weightDecay?: number },
  ) {
    checkOptions(defaults.name, o, [...optimizerOptions, ...allowed]);
    this.name = o.name ?? defaults.name;
    const rate = o.learningRate ?? defaults.learningRate;
    if (!(rate >= 0) || !Number.isFinite(rate))
      throw this.bad('learningRate', rate, 'a number of 0 or more');
    for (const k of ['clipnorm', 'clipvalue', 'globalClipnorm'] as const) {
      const v = o[k];
      if (v != null && !(v > 0)) throw this.bad(k, v, 'positive');
    }
    if ([o.clipnorm, o.clipvalue, o.globalClipnorm].filter((v) => v != null).length > 1) {
      throw new GradloomError(
        'optimizer',
        `${this.name}: only one of clipnorm, clipvalue and globalClipnorm can be set.`,
      );
    }
    const m = o.emaMomentum ?? 0.99;
    if (!(m >= 0 && m <= 1)) throw this.bad('emaMomentum', m, 'between 0 and 1');
    for (const [k, least] of [
      ['emaOverwriteFrequency', 1],
      ['gradientAccumulationSteps', 2],
    ] as const) {
      const v = o[k];
      if (v != null && !(Number.isInteger(v) && v >= least))
        throw this.bad(k, v, `a whole number of ${least} or more`);
    }
    const decay = o.weightDecay;
    if (decay != null && !Number.isFinite(decay)) throw this.bad('weightDecay', decay, 'a number');
    this.#options = { ...o, weightDecay: o.weightDecay ?? defaults.weightDecay ?? null };
    this.learningRateVariable = new Variable(fromData(Float32Array.of(rate), []), {
      name: 'learning_rate',
      path: `${this.name}/learning_rate`,
      trainable: false,
    });
    this.iterations = new Variable(fromData(Int32Array.of(0), []), {
      name: 'iteration',
      path: `${this.name}/iteration`,
      trainable: false,
    });
  }

  protected bad(option: string, value: unknown, want: string): GradloomError {
    return new GradloomError(
      'optimizer',
      `${this.name}: ${option} must be ${want}; received ${String(value)}.`,
      { [option]: value },
    );
  }

  get learningRate(): number {
    return this.learningRateVariable.tensor.item();
  }
  set learningRate(rate: number) {
    if (!(rate >= 0) || !Number.isFinite(rate))
      throw this.bad('learningRate', rate, 'a number of 0 or more');
    this.learningRateVariable.write(Float32Array.of(rate));
  }

  /** Makes the state for these weights. Once only; later calls must name the same weights. */
  build(weights: readonly Variable[]): void {
    if (this.#built) {
      if (this.#built.length === weights.length && this.#built.every((v, i) => v === weights[i]))
        return;
      throw new GradloomError(
        'optimizer',
        `${this.name} was built for ${this.#built.length} weights and cannot be used with others. Make a new optimizer (compile the model again).`,
      );
    }
    this.#built = [...weights];
    if (this.#options.useEma) this.#averages = weights.map((w) => this.#zeros(w, 'average'));
    if (this.#options.gradientAccumulationSteps)
      this.#accumulators = weights.map((w) => this.#zeros(w, 'gradient_accumulator'));
    this.buildSlots(weights);
  }

  protected abstract buildSlots(weights: readonly Variable[]): void;
  /** The update of weight i; `rate` is the learning rate. Assigns the weight and its slots. */
  protected abstract updateStep(i: number, weight: Variable, gradient: Tensor, rate: Tensor): void;

  #zeros(like: Variable, name: string): Variable {
    return new Variable(fromData(makeArray(like.dtype, like.size), like.shape, like.dtype), {
      name,
      path: `${this.name}/${like.path.replace('/', '_')}_${name}`,
      trainable: false,
    });
  }
  /** A slot of zeros beside each weight. */
  protected slots(weights: readonly Variable[], name: string): Variable[] {
    const made = weights.map((w) => this.#zeros(w, name));
    this.#slots.push(...made);
    return made;
  }

  /** All that the optimizer remembers: iterations, learning rate, averages, accumulators, slots. */
  get variables(): readonly Variable[] {
    return [
      this.iterations,
      this.learningRateVariable,
      ...this.#averages,
      ...this.#accumulators,
      ...this.#slots,
    ];
  }

  /** Updates made so far: steps, or fewer when gradients are accumulated. int32, traceable. */
  protected get updates(): Tensor {
    const every = this.#options.gradientAccumulationSteps;
    const steps = this.iterations.tensor;
    return every ? steps.floorDiv(every) : steps;
  }

  get built(): boolean {
    return this.#built !== undefined;
  }

  /** One step with these gradients, for steps of one's own: builds the optimizer if need be. */
  apply(gradients: readonly Tensor[], weights?: readonly Variable[]): void {
    if (weights) this.build(weights);
    this.applyGradients(gradients, weights ?? this.#built ?? []);
  }

  /** What a loss is multiplied by before gradients are taken: nothing, but for half precision. */
  scaleLoss(loss: Tensor): Tensor {
    return loss;
  }

  /** One step, traceable: reads and assigns variables. */
  applyGradients(gradients: readonly Tensor[], weights: readonly Variable[]): void {
    const every = this.#options.gradientAccumulationSteps;
    if (every) this.#accumulate(gradients, weights, every);
    else this.#update(gradients, weights);
    this.#average(weights);
    for (const w of weights) if (w.constraint) w.assign(w.constraint(w.tensor));
    this.iterations.assign(this.iterations.tensor.add(1));
  }

  #update(gradients: readonly Tensor[], weights: readonly Variable[]): void {
    const { weightDecay } = this.#options;
    const rate = this.learningRateVariable.tensor;
    const clipped = this.#clip(gradients);
    if (weightDecay != null) {
      for (const w of weights) w.assign(w.tensor.sub(w.tensor.mul(rate.mul(weightDecay))));
    }
    clipped.forEach((g, i) => {
      this.updateStep(i, weights[i], g, rate);
    });
  }

  /** The last step of each round updates with the mean; the others only add to the sums. */
  #accumulate(gradients: readonly Tensor[], weights: readonly Variable[], every: number): void {
    const due = this.iterations.tensor.add(1).mod(every).eq(0);
    const sums = gradients.map((g, i) => this.#accumulators[i].tensor.add(g));
    const moving = [...weights, ...this.#slots];
    const before = moving.map((v) => v.tensor);
    this.#update(
      sums.map((s) => s.div(every)),
      weights,
    );
    // A graph has no branches: the update is computed at every step and kept when it is due.
    moving.forEach((v, i) => {
      v.assign(choose(due, v.tensor, before[i]));
    });
    sums.forEach((s, i) => {
      this.#accumulators[i].assign(choose(due, Tensor.of(lax.full(s.shape, 0, s.dtype)), s));
    });
  }

  #average(weights: readonly Variable[]): void {
    if (this.#averages.length === 0) return;
    const { emaMomentum = 0.99, emaOverwriteFrequency } = this.#options;
    // The first step copies the weights.
    const momentum = this.updates.ne(0).astype('float32').mul(emaMomentum);
    const rest = momentum.mul(-1).add(1);
    this.#averages.forEach((a, i) => {
      a.assign(a.tensor.mul(momentum).add(weights[i].tensor.mul(rest)));
    });
    if (!emaOverwriteFrequency) return;
    const due = this.updates.add(1).mod(emaOverwriteFrequency).eq(0);
    this.#averages.forEach((a, i) => {
      weights[i].assign(choose(due, a.tensor, weights[i].tensor));
    });
  }

  #clip(gradients: readonly Tensor[]): readonly Tensor[] {
    const { clipnorm, clipvalue, globalClipnorm } = this.#options;
    if (clipvalue != null) return gradients.map((g) => g.clip(-clipvalue, clipvalue));
    if (clipnorm != null)
      return gradients.map((g) => g.mul(clipnorm).div(norm([g]).maximum(clipnorm)));
    if (globalClipnorm != null) {
      const n = norm(gradients);
      const one = Tensor.of(lax.scalar(1, 'float32'));
      const scale = one
        .div(n)
        .minimum(1 / globalClipnorm)
        .mul(globalClipnorm);
      return gradients.map((g) => g.mul(scale));
    }
    return gradients;
  }

  /** Puts the moving averages in place of the weights, when there are any. */
  finalize(weights: readonly Variable[]): void {
    this.#averages.forEach((a, i) => {
      weights[i].assign(a.tensor);
    });
  }

  getConfig(): Record<string, unknown> {
    return { ...this.#options, name: this.name, learningRate: this.learningRate };
  }
}

/** a where the scalar `which` holds, else b. */
function choose(which: Tensor, a: Tensor, b: Tensor): Tensor {
  return Tensor.of(
    lax.select(lax.broadcastTo(which.value, a.shape), a.value, b.value),
    which,
    a,
    b,
  );
}

function norm(gs: readonly Tensor[]): Tensor {
  return gs
    .map((g) => g.square().sum())
    .reduce((a, b) => a.add(b))
    .sqrt();
}
