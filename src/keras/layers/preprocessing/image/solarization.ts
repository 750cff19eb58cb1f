/** Images of which what is bright is inverted. */
import { where } from '../../../../numpy/index.ts';
import type { Tensor } from '../../../../tensor/index.ts';
import { RandomImageLayer, type RandomImageOptions } from './image-layer.ts';
import type { Factor } from './random-affine.ts';

export interface SolarizationOptions extends RandomImageOptions {
  /** What is added first, as a share of the range: from 0 to this, or between two bounds; 0 to 1. */
  readonly additionFactor?: Factor;
  /** From where on pixels are inverted, as a share of the range. */
  readonly thresholdFactor?: Factor;
  /** The range of the numbers: [0, 255]. */
  readonly valueRange?: readonly number[];
}

export class Solarization extends RandomImageLayer {
  readonly additionFactor: readonly [number, number];
  readonly thresholdFactor: readonly [number, number];
  readonly valueRange: readonly [number, number];

  constructor(o: SolarizationOptions = {}) {
    super(o, ['additionFactor', 'thresholdFactor', 'valueRange']);
    this.additionFactor = this.#share('additionFactor', o.additionFactor ?? 0);
    this.thresholdFactor = this.#share('thresholdFactor', o.thresholdFactor ?? 0);
    this.valueRange = this.range('valueRange', o.valueRange ?? [0, 255]);
  }
  #share(option: string, given: Factor): readonly [number, number] {
    const list = typeof given === 'number' ? [0, given] : given;
    if (Array.isArray(list) && list.every((v) => v >= 0 && v <= 1)) return this.range(option, list);
    throw this.optionError(option, 'a number, or a list of two, from 0 to 1', given);
  }
  protected transform(images: Tensor, training: boolean): Tensor {
    if (!training) return images;
    const [low, high] = this.valueRange;
    // Keras scales the upper bound to 255, and leaves the lower one.
    const each = ([lower, upper]: readonly [number, number]): Tensor =>
      this.draw([images.shape[0], 1, 1, 1], lower, upper * 255).astype(images.dtype);
    const addition = each(this.additionFactor);
    const threshold = each(this.thresholdFactor);
    const scaled =
      low === 0 && high === 255
        ? images
        : images
            .sub(low)
            .div(high - low)
            .mul(255);
    const raised = scaled.add(addition).clip(0, 255);
    const result = where(raised.lt(threshold), raised, raised.neg().add(255));
    return low === 0 && high === 255
      ? result
      : result
          .div(255)
          .mul(high - low)
          .add(low);
  }
  override getConfig(): Record<string, unknown> {
    const { additionFactor, thresholdFactor, valueRange } = this;
    return { ...super.getConfig(), additionFactor, thresholdFactor, valueRange };
  }
}

export const solarization = (
  additionFactor?: Factor | SolarizationOptions,
  thresholdFactor?: Factor,
  o: SolarizationOptions = {},
): Solarization =>
  new Solarization(
    typeof additionFactor === 'object' && !Array.isArray(additionFactor)
      ? (additionFactor as SolarizationOptions)
      : { ...o, additionFactor: additionFactor as Factor | undefined, thresholdFactor },
  );
