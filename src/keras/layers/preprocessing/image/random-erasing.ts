/** A rectangle of each image overwritten (Zhong et al. 2017). */

import { arange, where } from '../../../../numpy/index.ts';
import { type Tensor, tensor } from '../../../../tensor/index.ts';
import { optionsOf } from '../../spatial.ts';
import { RandomImageLayer, type RandomImageOptions } from './image-layer.ts';
import type { Factor } from './random-affine.ts';

export interface RandomErasingOptions extends RandomImageOptions {
  /** The probability is drawn from 0 to this, or between two bounds; 1. */
  readonly factor?: Factor;
  /** Shares of the area, whose roots are shares of the sides: [0.02, 0.33]. */
  readonly scale?: Factor;
  /** A number, or one for each of three channels; null for normal noise. */
  readonly fillValue?: number | readonly number[] | null;
  /** The range of the numbers: [0, 255]. */
  readonly valueRange?: readonly number[];
}

export class RandomErasing extends RandomImageLayer {
  readonly factor: readonly [number, number];
  readonly scale: readonly [number, number];
  readonly fillValue: number | readonly number[] | null;
  readonly valueRange: readonly [number, number];

  constructor(o: RandomErasingOptions = {}) {
    super(o, ['factor', 'scale', 'fillValue', 'valueRange']);
    this.factor = this.factorOf('factor', o.factor ?? 1, 0, 1);
    this.scale = this.factorOf('scale', o.scale ?? [0.02, 0.33], 0, 1);
    const fill: unknown = o.fillValue ?? null;
    const list = Array.isArray(fill) && fill.length === 3 ? fill : [fill];
    if (fill !== null && !list.every((v) => typeof v === 'number'))
      throw this.optionError('fillValue', 'a number, a list of three, or null', fill);
    this.fillValue = fill as number | readonly number[] | null;
    this.valueRange = this.range('valueRange', o.valueRange ?? [0, 255]);
  }

  protected transform(images: Tensor, training: boolean): Tensor {
    if (!training) return images;
    const n = images.shape[0];
    const a = this.heightAxis(4);
    const share = this.draw([n, 2], ...this.scale).sqrt();
    const across = this.#within(images, a + 1, share.slice(':', 0));
    const down = this.#within(images, a, share.slice(':', 1));
    const probability = this.draw([n], ...this.factor);
    const chosen = this.draw([n], 0, 1).lt(probability).reshape([n, 1, 1, 1]);
    const erased = across.logicalAnd(down).logicalAnd(chosen);
    return where(erased, this.#fill(images), images);
  }
  /** Which places along `axis` lie in a stretch of this share of it, somewhere: bool. */
  #within(images: Tensor, axis: number, share: Tensor): Tensor {
    const size = images.shape[axis];
    const n = images.shape[0];
    const length = share.mul(size);
    const start = this.draw([n], 0, 1).mul(length.neg().add(size));
    const place = arange(size, { dtype: 'float32' }).reshape(
      [0, 1, 2, 3].map((d) => (d === axis ? size : 1)),
    );
    const end = start.add(length);
    return place.ge(start.reshape([n, 1, 1, 1])).logicalAnd(place.lt(end.reshape([n, 1, 1, 1])));
  }
  #fill(images: Tensor): Tensor {
    const [low, high] = this.valueRange;
    if (this.fillValue === null)
      return this.drawNormal(images.shape).mul(high).astype(images.dtype).clip(low, high);
    const one = tensor(this.fillValue, { dtype: images.dtype });
    const byChannel = this.dataFormat === 'channelsFirst' && one.ndim === 1;
    return (byChannel ? one.reshape([-1, 1, 1]) : one).clip(low, high);
  }
  override getConfig(): Record<string, unknown> {
    const { factor, scale, fillValue, valueRange } = this;
    return { ...super.getConfig(), factor, scale, fillValue, valueRange };
  }
}

export const randomErasing = (
  factor?: Factor | RandomErasingOptions,
  o: RandomErasingOptions = {},
): RandomErasing => new RandomErasing(optionsOf('factor', factor, o));
