/** Batch normalization (Ioffe & Szegedy 2015), and batch renormalization (Ioffe 2017). */
import { GradloomError } from '../../../errors.ts';
import { lax, type Value } from '../../../graph/index.ts';
import { showShape } from '../../../shape.ts';
import { Tensor } from '../../../tensor/index.ts';
import { checkOptions } from '../../identifiers.ts';
import type { Variable } from '../../variable.ts';
import { type BatchShape, baseOptions, type CallOptions, Layer } from '../layer.ts';
import { WeightSpec, type WeightSpecOptions, weightSpecOptions } from '../weight-spec.ts';
import { maskedStatistics } from './masked-statistics.ts';
import { follow } from './moving.ts';
import { type AffineOptions, checkEpsilon, label } from './options.ts';
import { checkClipping, Renormalization, type RenormClipping } from './renormalization.ts';
import { inverseDeviation, type Statistics, scaleAndShift, statistics } from './statistics.ts';

export interface BatchNormalizationOptions
  extends AffineOptions,
    WeightSpecOptions<'movingMean'>,
    WeightSpecOptions<'movingVariance'> {
  /** The axis of the features, negative from the end: -1. */
  readonly axis?: number;
  /** What the moving statistics keep of themselves in a step, 0 to 1: 0.99. */
  readonly momentum?: number;
  /** Corrects the batch's statistics by moving ones: false. */
  readonly renorm?: boolean;
  /** Bounds of the corrections: `{ rmax, rmin, dmax }`. */
  readonly renormClipping?: RenormClipping | null;
  /** What the corrections' statistics keep of themselves: 0.99. */
  readonly renormMomentum?: number;
  /** Statistics over several devices: not supported, as in Keras on JAX. */
  readonly synchronized?: boolean;
}

const options = [
  ...baseOptions,
  'axis',
  'momentum',
  'epsilon',
  'center',
  'scale',
  'renorm',
  'renormClipping',
  'renormMomentum',
  'synchronized',
  ...weightSpecOptions('gamma', 'beta'),
  'movingMeanInitializer',
  'movingVarianceInitializer',
];

/**
 * gamma * (x - mean) / sqrt(variance + epsilon) + beta for each feature. In training (unless the
 * layer is frozen) the moments are the batch's, and moving ones follow them; in inference they are
 * the moving ones. With a mask of x's shape but the last dimension only what counts is averaged.
 * Weights: gamma, beta, moving_mean, moving_variance, one number a feature.
 */
export class BatchNormalization extends Layer {
  protected override readonly floatInputs: boolean = true;
  override readonly supportsMasking: boolean = true;
  readonly axis: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
  readonly #specs: Record<'gamma' | 'beta' | 'movingMean' | 'movingVariance', WeightSpec>;
  readonly #renorm: Renormalization | undefined;
  readonly #renormClipping: RenormClipping | null;
  readonly #renormMomentum: number;
  #rank = 0;
  gamma: Variable | undefined;
  beta: Variable | undefined;
  movingMean!: Variable;
  movingVariance!: Variable;

  constructor(o: BatchNormalizationOptions = {}) {
    super(o);
    const what = label(this);
    checkOptions(what, o, options);
    if (o.synchronized)
      throw new GradloomError(
        'layer-option',
        `${what}: synchronized statistics are not supported: a model runs on one device. Leave the option out.`,
        { layer: this.name },
      );
    const axis = o.axis ?? -1;
    if (!Number.isInteger(axis))
      throw new GradloomError(
        'layer-option',
        `${what}: axis must be a whole number; received ${JSON.stringify(axis)}.`,
        { axis },
      );
    this.axis = axis;
    this.momentum = fraction(what, 'momentum', o.momentum ?? 0.99);
    this.epsilon = checkEpsilon(what, o.epsilon ?? 1e-3);
    this.center = o.center ?? true;
    this.scale = o.scale ?? true;
    this.#specs = {
      beta: new WeightSpec(o, 'beta', 'zeros'),
      gamma: new WeightSpec(o, 'gamma', 'ones'),
      movingMean: new WeightSpec(o, 'movingMean', 'zeros'),
      movingVariance: new WeightSpec(o, 'movingVariance', 'ones'),
    };
    this.#renormClipping = checkClipping(what, o.renormClipping);
    this.#renormMomentum = fraction(what, 'renormMomentum', o.renormMomentum ?? 0.99);
    if (o.renorm)
      this.#renorm = new Renormalization(
        this.#renormClipping ?? {},
        this.#renormMomentum,
        this.epsilon,
      );
  }

  override build(inputShape: BatchShape): void {
    const shape = [inputShape.at(this.axis) as number];
    const { gamma, beta, movingMean, movingVariance } = this.#specs;
    this.#rank = inputShape.length;
    if (this.scale) this.gamma = this.addWeight({ name: 'gamma', shape, ...gamma.weight });
    if (this.center) this.beta = this.addWeight({ name: 'beta', shape, ...beta.weight });
    const still = { shape, trainable: false };
    this.movingMean = this.addWeight({ name: 'moving_mean', ...still, ...movingMean.weight });
    this.movingVariance = this.addWeight({
      name: 'moving_variance',
      ...still,
      ...movingVariance.weight,
    });
    this.#renorm?.build(
      (name, initializer) => this.addWeight({ name, ...still, initializer }),
      movingMean.initializer,
      movingVariance.initializer,
    );
  }

  override computeOutputShape(s: BatchShape): BatchShape {
    const n = s.at(this.axis);
    if (n === undefined) throw this.shapeError(`inputs that have axis ${this.axis}`, s);
    if (n === null) throw this.shapeError(`a known size of axis ${this.axis}`, s);
    if (this.built && s.length !== this.#rank)
      throw this.shapeError(`inputs of ${this.#rank} dimensions`, s);
    if (this.built && n !== this.movingMean.shape[0])
      throw this.shapeError(`${this.movingMean.shape[0]} features in axis ${this.axis}`, s);
    return s;
  }

  call(x: Tensor, { training, mask }: CallOptions): Tensor {
    const v = x.value;
    const feature = this.axis < 0 ? this.axis + x.ndim : this.axis;
    const axes = v.shape.map((_, d) => d).filter((d) => d !== feature);
    const learned = {
      gamma: this.gamma?.tensor.value,
      beta: this.beta?.tensor.value,
    };
    const parents = [
      x,
      this.gamma?.tensor,
      this.beta?.tensor,
      this.movingMean.tensor,
      this.movingVariance.tensor,
    ];
    if (!training || !this.trainable) {
      const mean = this.movingMean.tensor.value;
      const moments = { mean, at: mean, variance: this.movingVariance.tensor.value };
      return Tensor.of(this.#normalize(v, moments, learned, axes), ...parents);
    }
    const m = mask as Tensor | null | undefined;
    const moments = m ? this.#masked(x, m, axes) : statistics(v, axes);
    const renorm = this.#renorm;
    const adjusted = renorm ? renorm.correct(moments, learned) : learned;
    const y = this.#normalize(v, moments, adjusted, axes);
    this.#follow(this.movingMean, moments.mean, x);
    if (renorm) renorm.update(moments, this.momentum, this.movingVariance, x);
    else this.#follow(this.movingVariance, moments.variance, x);
    return Tensor.of(y, ...parents, m);
  }

  #normalize(
    x: Value,
    s: Statistics,
    { gamma, beta }: { gamma: Value | undefined; beta: Value | undefined },
    axes: readonly number[],
  ): Value {
    const inverse = inverseDeviation(s.variance, this.epsilon);
    return scaleAndShift(x, s, gamma ? lax.mul(inverse, gamma) : inverse, beta, axes);
  }

  #masked(x: Tensor, mask: Tensor, axes: readonly number[]): Statistics {
    if (mask.ndim !== x.ndim - 1)
      throw new GradloomError(
        'layer-shape',
        `${label(this)}: the mask must have one dimension less than the inputs; received a mask of shape ${showShape(mask.shape)} for inputs of shape ${showShape(x.shape)}.`,
        { layer: this.name, mask: [...mask.shape], inputs: [...x.shape] },
      );
    const whole = mask.astype('bool').expandDims(-1).broadcastTo(x.shape);
    return maskedStatistics(x.value, whole.value, axes);
  }

  #follow(moving: Variable, batch: Value, x: Tensor): void {
    moving.assign(follow(moving, batch, this.momentum, x));
  }

  override getConfig(): Record<string, unknown> {
    const { axis, momentum, epsilon, center, scale } = this;
    const { movingMeanInitializer } = this.#specs.movingMean.config;
    const { movingVarianceInitializer } = this.#specs.movingVariance.config;
    return {
      ...super.getConfig(),
      ...{ axis, momentum, epsilon, center, scale },
      ...this.#specs.beta.config,
      ...this.#specs.gamma.config,
      ...{ movingMeanInitializer, movingVarianceInitializer },
      synchronized: false,
      renorm: this.#renorm !== undefined,
      renormClipping: this.#renormClipping,
      renormMomentum: this.#renormMomentum,
    };
  }
}

function fraction(what: string, option: string, n: number): number {
  if (typeof n === 'number' && n >= 0 && n <= 1) return n;
  throw new GradloomError(
    'layer-option',
    `${what}: ${option} must be a number from 0 to 1; received ${n}.`,
    { [option]: n },
  );
}

/** `batchNormalization()`, `batchNormalization({ momentum: 0.9 })`. */
export const batchNormalization = (o: BatchNormalizationOptions = {}): BatchNormalization =>
  new BatchNormalization(o);
