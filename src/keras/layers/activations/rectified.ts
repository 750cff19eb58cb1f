/** ReLU, LeakyReLU and ELU as layers. */
import { GradloomError } from '../../../errors.ts';
import type { Tensor } from '../../../tensor/index.ts';
import { elu as eluOf, leakyRelu, relu } from '../../activations/index.ts';
import { checkOptions } from '../../identifiers.ts';
import { baseOptions, Layer, type LayerOptions } from '../layer.ts';
import { optionsOf } from '../spatial.ts';

export interface ReLUOptions extends LayerOptions {
  /** What larger values become, 0 or more; null for no limit. */
  readonly maxValue?: number | null;
  /** The slope below the threshold, 0 or more: 0. */
  readonly negativeSlope?: number;
  /** Values up to it count as below, 0 or more: 0. */
  readonly threshold?: number;
}

/** Throws `layer-option` unless n is a number of 0 or more. */
function atLeast0(layer: Layer, option: string, n: unknown): number {
  if (typeof n === 'number' && n >= 0) return n;
  throw new GradloomError(
    'layer-option',
    `${layer.constructor.name} "${layer.name}": ${option} must be a number of 0 or more; received ${String(n)}.`,
    { layer: layer.name, [option]: n },
  );
}

/** maxValue above it, x above threshold, negativeSlope * (x - threshold) below. */
export class ReLU extends Layer {
  override readonly supportsMasking: boolean = true;
  readonly maxValue: number | null;
  readonly negativeSlope: number;
  readonly threshold: number;
  constructor(o: ReLUOptions = {}) {
    super(o);
    const own = ['maxValue', 'negativeSlope', 'threshold'];
    checkOptions(`ReLU "${this.name}"`, o, [...baseOptions, ...own]);
    this.maxValue = o.maxValue == null ? null : atLeast0(this, 'maxValue', o.maxValue);
    this.negativeSlope = atLeast0(this, 'negativeSlope', o.negativeSlope ?? 0);
    this.threshold = atLeast0(this, 'threshold', o.threshold ?? 0);
  }
  call(x: Tensor): Tensor {
    const { maxValue, negativeSlope, threshold } = this;
    return relu(x, { maxValue, negativeSlope, threshold });
  }
  override getConfig(): Record<string, unknown> {
    const { maxValue, negativeSlope, threshold } = this;
    return { ...super.getConfig(), maxValue, negativeSlope, threshold };
  }
}

export interface LeakyReLUOptions extends LayerOptions {
  /** 0 or more: 0.3. */
  readonly negativeSlope?: number;
}

/** x where x >= 0, else negativeSlope * x. */
export class LeakyReLU extends Layer {
  override readonly supportsMasking: boolean = true;
  readonly negativeSlope: number;
  constructor(o: LeakyReLUOptions = {}) {
    super(o);
    checkOptions(`LeakyReLU "${this.name}"`, o, [...baseOptions, 'negativeSlope']);
    const { negativeSlope = 0.3 } = o;
    this.negativeSlope = atLeast0(this, 'negativeSlope', negativeSlope);
  }
  call(x: Tensor): Tensor {
    return leakyRelu(x, this.negativeSlope);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), negativeSlope: this.negativeSlope };
  }
}

export interface ELUOptions extends LayerOptions {
  /** 1 */
  readonly alpha?: number;
}

/** x where x > 0, else alpha * (e^x - 1). */
export class ELU extends Layer {
  override readonly supportsMasking: boolean = true;
  readonly alpha: number;
  constructor(o: ELUOptions = {}) {
    super(o);
    checkOptions(`ELU "${this.name}"`, o, [...baseOptions, 'alpha']);
    this.alpha = o.alpha ?? 1;
    if (typeof this.alpha !== 'number' || Number.isNaN(this.alpha))
      throw new GradloomError(
        'layer-option',
        `ELU "${this.name}": alpha must be a number; received ${String(o.alpha)}.`,
        { layer: this.name, alpha: o.alpha },
      );
  }
  call(x: Tensor): Tensor {
    return eluOf(x, this.alpha);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), alpha: this.alpha };
  }
}

/** `reLU()`, `reLU(6)` with a maxValue, `reLU({ negativeSlope: 0.1 })`. */
export const reLU = (maxValue?: number | null | ReLUOptions, o: ReLUOptions = {}): ReLU =>
  new ReLU(optionsOf('maxValue', maxValue, o));
/** `leakyReLU()`, `leakyReLU(0.2)`. */
export const leakyReLU = (
  negativeSlope?: number | LeakyReLUOptions,
  o: LeakyReLUOptions = {},
): LeakyReLU => new LeakyReLU(optionsOf('negativeSlope', negativeSlope, o));
/** `elu()`, `elu(0.5)`. */
export const elu = (alpha?: number | ELUOptions, o: ELUOptions = {}): ELU =>
  new ELU(optionsOf('alpha', alpha, o));
