/** Layer normalization (Ba et al. 2016): each sample to mean 0 and variance 1 over some axes. */
import { lax, type Value } from '../../../graph/index.ts';
import { Tensor } from '../../../tensor/index.ts';
import { checkOptions } from '../../identifiers.ts';
import type { Variable } from '../../variable.ts';
import { type BatchShape, baseOptions, Layer } from '../layer.ts';
import { WeightSpec, weightSpecOptions } from '../weight-spec.ts';
import { type AffineOptions, checkAxes, checkEpsilon, label, resolveAxes } from './options.ts';
import { inverseDeviation, over, standardize, statistics } from './statistics.ts';

export interface LayerNormalizationOptions extends AffineOptions {
  /** One axis or several, negative from the end: -1. */
  readonly axis?: number | readonly number[];
  /** Divides by the deviation but does not subtract the mean, and has no beta: false. Deprecated in Keras. */
  readonly rmsScaling?: boolean;
}

/**
 * gamma * (x - mean) / sqrt(variance + epsilon) + beta, the moments being those of each sample over
 * `axis`. Weights: gamma (ones) and beta (zeros), of the sizes of `axis`. epsilon is 1e-3.
 */
export class LayerNormalization extends Layer {
  protected override readonly floatInputs: boolean = true;
  override readonly supportsMasking: boolean = true;
  readonly axis: number | readonly number[];
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
  readonly rmsScaling: boolean;
  readonly #gamma: WeightSpec;
  readonly #beta: WeightSpec;
  gamma: Variable | undefined;
  beta: Variable | undefined;

  constructor(o: LayerNormalizationOptions = {}) {
    super(o);
    checkOptions(label(this), o, [
      ...baseOptions,
      'axis',
      'epsilon',
      'center',
      'scale',
      'rmsScaling',
      ...weightSpecOptions('gamma', 'beta'),
    ]);
    const axis = checkAxes(label(this), o.axis ?? -1);
    this.axis = typeof axis === 'number' ? axis : [...axis].sort((a, b) => a - b);
    this.epsilon = checkEpsilon(label(this), o.epsilon ?? 1e-3);
    this.rmsScaling = o.rmsScaling ?? false;
    this.center = o.center ?? true;
    this.scale = o.scale ?? true;
    this.#beta = new WeightSpec(o, 'beta', 'zeros');
    this.#gamma = new WeightSpec(o, 'gamma', 'ones');
  }

  override build(inputShape: BatchShape): void {
    const shape = this.#axes(inputShape).map((a) => inputShape[a] as number);
    if (this.scale || this.rmsScaling)
      this.gamma = this.addWeight({ name: 'gamma', shape, ...this.#gamma.weight });
    if (this.center && !this.rmsScaling)
      this.beta = this.addWeight({ name: 'beta', shape, ...this.#beta.weight });
  }

  #axes(s: BatchShape): number[] {
    const axes = resolveAxes(this.axis, s);
    if (!axes) throw this.shapeError(`inputs that have axis ${[this.axis].flat().join(', ')}`, s);
    return axes;
  }

  override computeOutputShape(s: BatchShape): BatchShape {
    const axes = this.#axes(s);
    if (axes.some((a) => s[a] == null))
      throw this.shapeError(`a known size of axis ${axes.join(', ')}`, s);
    const weight = this.gamma ?? this.beta;
    if (this.built && weight && axes.some((a, i) => s[a] !== weight.shape[i]))
      throw this.shapeError(`sizes ${weight.shape.join(', ')} of axis ${axes.join(', ')}`, s);
    return s;
  }

  call(x: Tensor): Tensor {
    const axes = this.#axes(x.shape);
    const v = x.value;
    let y = this.rmsScaling ? this.#scaled(v, axes) : standardize(v, axes, this.epsilon);
    if (this.gamma) y = lax.mul(y, this.#spread(this.gamma, v, axes));
    if (this.beta) y = lax.add(y, this.#spread(this.beta, v, axes));
    return Tensor.of(y, x, this.gamma?.tensor, this.beta?.tensor);
  }

  #scaled(x: Value, axes: readonly number[]): Value {
    const { variance } = statistics(x, axes);
    return lax.mul(x, over(inverseDeviation(variance, this.epsilon), x, axes));
  }

  /** A weight over x. Where axes were given out of order, Keras takes its numbers in order of memory. */
  #spread(w: Variable, x: Value, axes: readonly number[]): Value {
    const sorted = [...axes].sort((a, b) => a - b);
    const shape = sorted.map((a) => x.shape[a]);
    return lax.broadcastInDim(lax.reshape(w.tensor.value, shape), x.shape, sorted);
  }

  override getConfig(): Record<string, unknown> {
    const { axis, epsilon, center, scale, rmsScaling } = this;
    return {
      ...super.getConfig(),
      ...{ axis, epsilon, center, scale, rmsScaling },
      ...this.#beta.config,
      ...this.#gamma.config,
    };
  }
}

/** `layerNormalization()`, `layerNormalization({ axis: [1, 2], epsilon: 1e-6 })`. */
export const layerNormalization = (o: LayerNormalizationOptions = {}): LayerNormalization =>
  new LayerNormalization(o);
