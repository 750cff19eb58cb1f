/** Group normalization (Wu & He 2018). */
import { GradloomError } from '../../../errors.ts';
import { lax } from '../../../graph/index.ts';
import { Tensor } from '../../../tensor/index.ts';
import { checkOptions } from '../../identifiers.ts';
import type { Variable } from '../../variable.ts';
import { type BatchShape, baseOptions, Layer } from '../layer.ts';
import { WeightSpec, weightSpecOptions } from '../weight-spec.ts';
import { type AffineOptions, checkEpsilon, label } from './options.ts';
import { standardize } from './statistics.ts';

export interface GroupNormalizationOptions extends AffineOptions {
  /** How many groups the channels fall into; -1 for one a channel (instance normalization): 32. */
  readonly groups?: number;
  /** The axis of the channels, negative from the end: -1. */
  readonly axis?: number;
}

/**
 * Each sample's channels in `groups` of neighbours, each brought to mean 0 and variance 1 over all
 * other dimensions too, then times gamma plus beta, one number a channel. epsilon is 1e-3.
 */
export class GroupNormalization extends Layer {
  protected override readonly floatInputs: boolean = true;
  override readonly supportsMasking: boolean = true;
  readonly groups: number;
  readonly axis: number;
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
  readonly #gamma: WeightSpec;
  readonly #beta: WeightSpec;
  #rank = 0;
  #channels = 0;
  gamma: Variable | undefined;
  beta: Variable | undefined;

  constructor(o: GroupNormalizationOptions = {}) {
    super(o);
    const what = label(this);
    checkOptions(what, o, [
      ...baseOptions,
      'groups',
      'axis',
      'epsilon',
      'center',
      'scale',
      ...weightSpecOptions('gamma', 'beta'),
    ]);
    this.groups = o.groups ?? 32;
    if (!Number.isInteger(this.groups) || (this.groups < 1 && this.groups !== -1))
      throw new GradloomError(
        'layer-option',
        `${what}: groups must be a whole number of 1 or more, or -1 for one group a channel; received ${this.groups}.`,
        { groups: this.groups },
      );
    this.axis = o.axis ?? -1;
    if (!Number.isInteger(this.axis) || this.axis === 0)
      throw new GradloomError(
        'layer-option',
        `${what}: axis must be a whole number other than 0, the batch; received ${JSON.stringify(o.axis)}.`,
        { axis: o.axis },
      );
    this.epsilon = checkEpsilon(what, o.epsilon ?? 1e-3);
    this.center = o.center ?? true;
    this.scale = o.scale ?? true;
    this.#beta = new WeightSpec(o, 'beta', 'zeros');
    this.#gamma = new WeightSpec(o, 'gamma', 'ones');
  }

  override build(s: BatchShape): void {
    this.#rank = s.length;
    this.#channels = s.at(this.axis) as number;
    const shape = [this.#channels];
    if (this.scale) this.gamma = this.addWeight({ name: 'gamma', shape, ...this.#gamma.weight });
    if (this.center) this.beta = this.addWeight({ name: 'beta', shape, ...this.#beta.weight });
  }

  override computeOutputShape(s: BatchShape): BatchShape {
    const n = s.at(this.axis);
    if (n === undefined || this.axis + s.length === 0)
      throw this.shapeError(`inputs that have axis ${this.axis} besides the batch`, s);
    if (n === null) throw this.shapeError(`a known size of axis ${this.axis}`, s);
    if (this.groups > 0 && n % this.groups !== 0)
      throw this.shapeError(
        `a number of channels (axis ${this.axis}) that ${this.groups} groups share evenly`,
        s,
      );
    if (this.built && (s.length !== this.#rank || n !== this.#channels))
      throw this.shapeError(
        `inputs of ${this.#rank} dimensions with ${this.#channels} channels in axis ${this.axis}`,
        s,
      );
    return s;
  }

  call(x: Tensor): Tensor {
    const axis = this.axis < 0 ? this.axis + x.ndim : this.axis;
    const groups = this.groups < 0 ? this.#channels : this.groups;
    const size = this.#channels / groups;
    const apart = [...x.shape.slice(0, axis), groups, size, ...x.shape.slice(axis + 1)];
    const v = lax.reshape(x.value, apart);
    const axes = apart.map((_, d) => d).filter((d) => d !== 0 && d !== axis);
    let y = lax.reshape(standardize(v, axes, this.epsilon), x.shape);
    if (this.gamma) y = lax.mul(y, lax.broadcastInDim(this.gamma.tensor.value, y.shape, [axis]));
    if (this.beta) y = lax.add(y, lax.broadcastInDim(this.beta.tensor.value, y.shape, [axis]));
    return Tensor.of(y, x, this.gamma?.tensor, this.beta?.tensor);
  }

  override getConfig(): Record<string, unknown> {
    const { groups, axis, epsilon, center, scale } = this;
    return {
      ...super.getConfig(),
      ...{ groups, axis, epsilon, center, scale },
      ...this.#beta.config,
      ...this.#gamma.config,
    };
  }
}

/** `groupNormalization(8)`, `groupNormalization({ groups: 8, axis: 1 })`. */
export const groupNormalization = (
  groups: number | GroupNormalizationOptions = {},
  o: GroupNormalizationOptions = {},
): GroupNormalization =>
  new GroupNormalization(typeof groups === 'number' ? { ...o, groups } : groups);
