/** Images sharper, or less sharp. */
import { where } from '../../../../numpy/index.ts';
import { type Tensor, tensor } from '../../../../tensor/index.ts';
import { filterImages, gaussianBlur } from '../../../image/index.ts';
import { optionsOf } from '../../spatial.ts';
import { RandomImageLayer, type RandomImageOptions } from './image-layer.ts';
import type { Factor } from './random-affine.ts';
import { RandomColorLayer, type RandomColorOptions } from './random-color.ts';

/**
 * Goes away from a smoothed image: 0.5 leaves it, 1 doubles the difference, 0 smooths. `factor` is
 * drawn from 0 to it, or between two bounds; 0 to 1.
 */
export class RandomSharpness extends RandomColorLayer {
  constructor(o: RandomColorOptions) {
    super(o, 0, 1);
  }
  override recolor(images: Tensor): Tensor {
    const rest = this.each(images).mul(-2).add(1);
    const [a, b] = [1 / 13, 5 / 13];
    const kernel = tensor([
      [a, a, a],
      [a, b, a],
      [a, a, a],
    ]);
    const smooth = filterImages(images, kernel, this.dataFormat);
    return images.add(rest.mul(smooth.sub(images))).clip(...this.valueRange);
  }
}

export interface RandomGaussianBlurOptions extends RandomImageOptions {
  /** The probability is drawn from 0 to this, or between two bounds; 1. */
  readonly factor?: Factor;
  /** Odd: a number, or [width, height]; 3. */
  readonly kernelSize?: number | readonly number[];
  /** The deviation is drawn from 0 to this, or between two bounds, for the whole batch; 0 to 1, 1. */
  readonly sigma?: Factor;
  /** What results are held to: [0, 255]. */
  readonly valueRange?: readonly number[];
}

export class RandomGaussianBlur extends RandomImageLayer {
  readonly factor: readonly [number, number];
  readonly kernelSize: readonly number[];
  readonly sigma: readonly [number, number];
  readonly valueRange: readonly [number, number];

  constructor(o: RandomGaussianBlurOptions = {}) {
    super(o, ['factor', 'kernelSize', 'sigma', 'valueRange']);
    this.factor = this.factorOf('factor', o.factor ?? 1, 0, 1);
    const size = o.kernelSize ?? 3;
    const both = typeof size === 'number' ? [size, size] : size;
    if (!Array.isArray(both) || both.length !== 2 || both.some((n) => !(n > 0 && n % 2 === 1)))
      throw this.optionError('kernelSize', 'an odd number, or a list of two', size);
    this.kernelSize = [...both];
    this.sigma = this.factorOf('sigma', o.sigma ?? 1, 0, 1);
    this.valueRange = this.range('valueRange', o.valueRange ?? [0, 255]);
  }
  protected transform(images: Tensor, training: boolean): Tensor {
    if (!training) return images;
    const n = images.shape[0];
    const probability = this.draw([n], ...this.factor);
    const chosen = this.draw([n], 0, 1).lt(probability).reshape([n, 1, 1, 1]);
    const sigma = this.draw([2], ...this.sigma).add(1e-6);
    const blurred = gaussianBlur(images, this.kernelSize, sigma, this.dataFormat);
    return where(chosen, blurred, images).clip(...this.valueRange);
  }
  override getConfig(): Record<string, unknown> {
    const { factor, kernelSize, sigma, valueRange } = this;
    return { ...super.getConfig(), factor, kernelSize, sigma, valueRange };
  }
}

export const randomSharpness = (
  factor: Factor | RandomColorOptions,
  o: RandomColorOptions = {},
): RandomSharpness => new RandomSharpness(optionsOf('factor', factor, o));
export const randomGaussianBlur = (
  factor?: Factor | RandomGaussianBlurOptions,
  o: RandomGaussianBlurOptions = {},
): RandomGaussianBlur => new RandomGaussianBlur(optionsOf('factor', factor, o));
