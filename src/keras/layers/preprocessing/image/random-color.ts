/** Images brighter or darker, with more contrast or less. */
import type { Tensor } from '../../../../tensor/index.ts';
import { optionsOf } from '../../spatial.ts';
import { RandomImageLayer, type RandomImageOptions } from './image-layer.ts';
import type { Factor } from './random-affine.ts';

export interface RandomColorOptions extends RandomImageOptions {
  readonly factor?: Factor;
  /** What results are held to: [0, 255]. */
  readonly valueRange?: readonly number[];
}

/**
 * Each channel's distance from its mean, times a number drawn from [1 - lower, 1 + upper] for
 * `factor: [lower, upper]`, each 0 to 1. As in Keras, a single number is the upper bound, and the
 * lower one is 0.
 */
export class RandomContrast extends RandomImageLayer {
  readonly factor: readonly [number, number];
  readonly valueRange: readonly [number, number];

  constructor(o: RandomColorOptions) {
    super(o, ['factor', 'valueRange']);
    this.factor = this.factorOf('factor', o.factor, 0, 1);
    this.valueRange = this.range('valueRange', o.valueRange ?? [0, 255]);
  }
  protected transform(images: Tensor, training: boolean): Tensor {
    if (!training) return images;
    const [lower, upper] = this.factor;
    const factor = this.draw([images.shape[0], 1, 1, 1], 1 - lower, 1 + upper);
    const a = this.heightAxis(4);
    const mean = images.mean(a, { keepdims: true }).mean(a + 1, { keepdims: true });
    return images
      .sub(mean)
      .mul(factor.astype(images.dtype))
      .add(mean)
      .clip(...this.valueRange);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), factor: this.factor, valueRange: this.valueRange };
  }
}

/**
 * Adds to all pixels of an image a share of the value range drawn from ±factor, or between two bounds
 * from -1 (black) to 1 (white).
 */
export class RandomBrightness extends RandomImageLayer {
  readonly factor: readonly [number, number];
  readonly valueRange: readonly [number, number];

  constructor(o: RandomColorOptions) {
    super(o, ['factor', 'valueRange']);
    this.factor = this.factorOf('factor', o.factor, -1, 1);
    this.valueRange = this.range('valueRange', o.valueRange ?? [0, 255]);
  }
  protected transform(images: Tensor, training: boolean): Tensor {
    if (!training) return images;
    const [low, high] = this.valueRange;
    const delta = this.draw([images.shape[0], 1, 1, 1], ...this.factor).mul(high - low);
    return images.add(delta.astype(images.dtype)).clip(low, high);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), factor: this.factor, valueRange: this.valueRange };
  }
}

export const randomContrast = (
  factor: Factor | RandomColorOptions,
  o: RandomColorOptions = {},
): RandomContrast => new RandomContrast(optionsOf('factor', factor, o));
export const randomBrightness = (
  factor: Factor | RandomColorOptions,
  o: RandomColorOptions = {},
): RandomBrightness => new RandomBrightness(optionsOf('factor', factor, o));
