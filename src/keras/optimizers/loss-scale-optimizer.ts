/** Dynamic loss scaling around another optimizer, so that small gradients are not lost to rounding. */
import { GradloomError } from '../../errors.ts';
import { lax } from '../../graph/index.ts';
import { Tensor } from '../../tensor/index.ts';
import type { Serialized } from '../serialization.ts';
import type { Variable } from '../variable.ts';
import { choose } from './formulas.ts';
import type { LearningRateLike } from './learning-rate.ts';
import { Optimizer } from './optimizer.ts';
import { deserialize, serialize } from './registry.ts';

export interface LossScaleOptions {
  /** Default 2^15, above 0. */
  readonly initialScale?: number;
  /** Steps with finite gradients after which the scale is doubled. Default 2000, 1 or more. */
  readonly dynamicGrowthSteps?: number;
  readonly name?: string;
}

/** What older files hold of an optimizer that has none of it. */
const idle: Readonly<Record<string, unknown>> = {
  weightDecay: null,
  clipnorm: null,
  globalClipnorm: null,
  clipvalue: null,
  useEma: false,
  emaMomentum: 0.99,
  emaOverwriteFrequency: null,
  lossScaleFactor: null,
  gradientAccumulationSteps: null,
  dynamic: true,
  learningRate: 0,
};

/**
 * Multiplies the loss by a scale, and divides the gradients by it before the inner optimizer takes
 * them. A step whose gradients are not all finite changes no weight and halves the scale; after
 * `dynamicGrowthSteps` finite ones it is doubled. A `lossScaleFactor` of the inner one is not used.
 *
 *     model.compile({ optimizer: new LossScaleOptimizer(adam({ learningRate: 0.01 })), loss: 'mse' });
 */
export class LossScaleOptimizer extends Optimizer {
  readonly innerOptimizer: Optimizer;
  readonly initialScale: number;
  readonly dynamicGrowthSteps: number;
  readonly #counter: Variable;
  readonly #scale: Variable;

  /** Throws `optimizer`, `unknown-option`. */
  constructor(innerOptimizer: Optimizer, o: LossScaleOptions = {}) {
    const given = Object.entries(o).filter(([k, v]) => !(k in idle && v === idle[k]));
    for (const [k] of given)
      if (k in idle)
        throw new GradloomError(
          'optimizer',
          k === 'dynamic'
            ? 'loss_scale_optimizer: the scale is always dynamic. For a fixed one give the inner optimizer a lossScaleFactor, and do without this one.'
            : `loss_scale_optimizer does not support ${k}. Set it on the inner optimizer.`,
          { option: k },
        );
    const { name, initialScale, dynamicGrowthSteps, ...rest } = Object.fromEntries(
      given,
    ) as LossScaleOptions;
    const own = ['initialScale', 'dynamicGrowthSteps'];
    super({ ...rest, name }, own, { name: 'loss_scale_optimizer', learningRate: 0 });
    if (!(innerOptimizer instanceof Optimizer))
      throw this.bad('innerOptimizer', innerOptimizer, 'an Optimizer');
    this.innerOptimizer = innerOptimizer;
    this.initialScale = initialScale ?? 2 ** 15;
    if (!(this.initialScale > 0 && Number.isFinite(Math.fround(this.initialScale))))
      throw this.bad('initialScale', this.initialScale, 'above 0, and finite in float32');
    this.dynamicGrowthSteps = dynamicGrowthSteps ?? 2000;
    if (!(Number.isInteger(this.dynamicGrowthSteps) && this.dynamicGrowthSteps >= 1))
      throw this.bad('dynamicGrowthSteps', this.dynamicGrowthSteps, 'a whole number of 1 or more');
    this.#counter = this.addVariable({ name: 'step_counter', dtype: 'int32' });
    this.#scale = this.addVariable({
      name: 'dynamic_scale',
      dtype: 'float32',
      fill: this.initialScale,
    });
    innerOptimizer.leaveLossScale();
  }

  override build(weights: readonly Variable[]): void {
    this.innerOptimizer.build(weights);
    super.build(weights);
  }
  /** Its own, then those of the inner optimizer. */
  override get variables(): readonly Variable[] {
    return [...super.variables, ...this.innerOptimizer.variables];
  }

  /** What the loss is multiplied by now. */
  get dynamicScale(): number {
    return this.#scale.tensor.item();
  }
  override scaleLoss(loss: Tensor): Tensor {
    return loss.mul(this.#scale.tensor.astype(loss.dtype));
  }

  override applyGradients(gradients: readonly Tensor[], weights: readonly Variable[]): void {
    const inner = this.innerOptimizer;
    const scale = this.#scale.tensor;
    const finite = gradients
      .map((g) => Tensor.of(lax.isFinite(g.value), g).all())
      .reduce((a, b) => a.logicalAnd(b));
    const moving = [...weights, ...inner.variables];
    const before = moving.map((v) => v.tensor);
    inner.applyGradients(
      gradients.map((g) => g.div(scale.astype(g.dtype))),
      weights,
    );
    moving.forEach((v, i) => {
      v.assign(choose(finite, v.tensor, before[i]));
    });
    const count = this.#counter.tensor;
    const grows = count.eq(this.dynamicGrowthSteps - 1);
    const zero = count.mul(0);
    this.#counter.assign(choose(finite, choose(grows, zero, count.add(1)), zero));
    const grown = choose(grows, scale.mul(2), scale);
    this.#scale.assign(choose(finite, grown, scale.mul(0.5)));
  }
  /** The inner optimizer makes the updates. */
  protected updateStep(): void {}

  override get iterations(): Variable {
    return this.innerOptimizer.iterations;
  }
  override get learningRate(): number {
    return this.innerOptimizer.learningRate;
  }
  override set learningRate(rate: LearningRateLike) {
    this.innerOptimizer.learningRate = rate;
  }
  override get learningRateTensor(): Tensor {
    return this.innerOptimizer.learningRateTensor;
  }
  override get revision(): number {
    return this.innerOptimizer.revision;
  }
  override get averages(): readonly Variable[] {
    return this.innerOptimizer.averages;
  }
  override excludeFromWeightDecay(
    o: { varList?: readonly Variable[]; varNames?: readonly string[] } = {},
  ): void {
    this.innerOptimizer.excludeFromWeightDecay(o);
  }
  override finalizeVariableValues(weights: readonly Variable[]): void {
    this.innerOptimizer.finalizeVariableValues(weights);
  }

  override getConfig(): Record<string, unknown> {
    const { name, initialScale, dynamicGrowthSteps } = this;
    const innerOptimizer = serialize(this.innerOptimizer);
    return { name, innerOptimizer, initialScale, dynamicGrowthSteps };
  }
  /** From what `getConfig` gave. Throws as the constructor and `deserialize` do. */
  static override fromConfig<T extends Optimizer>(
    this: new (
      config: never,
      o?: never,
    ) => T,
    config: Readonly<Record<string, unknown>>,
    customObjects: Readonly<Record<string, unknown>> = {},
  ): T {
    const { innerOptimizer, ...rest } = config;
    const inner = deserialize(innerOptimizer as Serialized, customObjects);
    return new this(inner as never, rest as never);
  }
}

export const lossScaleOptimizer = (
  innerOptimizer: Optimizer,
  o: LossScaleOptions = {},
): LossScaleOptimizer => new LossScaleOptimizer(innerOptimizer, o);
