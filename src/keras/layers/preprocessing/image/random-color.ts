/** Images brighter or darker, with more contrast or less, in other colours. */

import { concatenate, where } from '../../../../numpy/index.ts';
import type { Tensor } from '../../../../tensor/index.ts';
import { epsilon } from '../../../config.ts';
import { hsvToRgb, rgbToGrayscale, rgbToHsv } from '../../../image/index.ts';
import type { BatchShape } from '../../layer.ts';
import { optionsOf } from '../../spatial.ts';
import { RandomImageLayer, type RandomImageOptions } from './image-layer.ts';
import type { Factor } from './random-affine.ts';

export interface RandomColorOptions extends RandomImageOptions {
  readonly factor?: Factor;
  /** The range of the numbers: [0, 255]. */
  readonly valueRange?: readonly number[];
}

/** Layers with one factor, drawn for each image, on numbers of a known range. */
export abstract class RandomColorLayer extends RandomImageLayer {
  readonly factor: readonly [number, number];
  readonly valueRange: readonly [number, number];

  constructor(o: RandomColorOptions, least: number, most: number) {
    super(o, ['factor', 'valueRange']);
    this.factor = this.factorOf('factor', o.factor, least, most);
    this.valueRange = this.range('valueRange', o.valueRange ?? [0, 255]);
  }

  /** What becomes of a batch of images in training. */
  abstract recolor(images: Tensor): Tensor;

  protected transform(images: Tensor, training: boolean): Tensor {
    return training ? this.recolor(images) : images;
  }
  /** One number for each image, (batch, 1, 1, 1). */
  protected each(
    images: Tensor,
    minval: number = this.factor[0],
    maxval: number = this.factor[1],
  ): Tensor {
    return this.draw([images.shape[0], 1, 1, 1], minval, maxval).astype(images.dtype);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), factor: this.factor, valueRange: this.valueRange };
  }
}

/** Those that mix red, green and blue, and refuse images without these. */
export abstract class RandomRgbLayer extends RandomColorLayer {
  protected get channelAxis(): number {
    return this.dataFormat === 'channelsFirst' ? 1 : 3;
  }
  protected override imageShape(s: BatchShape): BatchShape {
    super.imageShape(s);
    const channels = s[this.channelAxis - 4 + s.length];
    if (channels !== 3 && channels != null) throw this.shapeError('images of 3 channels', s);
    return s;
  }
  /** One channel of (batch, …) changed. */
  protected replace(images: Tensor, channel: number, f: (x: Tensor) => Tensor): Tensor {
    const before = Array.from({ length: this.channelAxis }, () => ':');
    const parts = [0, 1, 2].map((c) => images.slice(...before, [c, c + 1]));
    parts[channel] = f(parts[channel]);
    return concatenate(parts, this.channelAxis);
  }
}

/**
 * Each channel's distance from its mean, times a number drawn from [1 - lower, 1 + upper] for
 * `factor: [lower, upper]`, each 0 to 1; held to the range. As in Keras, a single number is the upper
 * bound, and the lower one is 0.
 */
export class RandomContrast extends RandomColorLayer {
  constructor(o: RandomColorOptions) {
    super(o, 0, 1);
  }
  override recolor(images: Tensor): Tensor {
    const [lower, upper] = this.factor;
    const factor = this.each(images, 1 - lower, 1 + upper);
    const a = this.heightAxis(4);
    const mean = images.mean(a, { keepdims: true }).mean(a + 1, { keepdims: true });
    return images
      .sub(mean)
      .mul(factor)
      .add(mean)
      .clip(...this.valueRange);
  }
}

/**
 * Adds to all pixels of an image a share of the value range drawn from ±factor, or between two bounds
 * from -1 (black) to 1 (white); held to the range.
 */
export class RandomBrightness extends RandomColorLayer {
  constructor(o: RandomColorOptions) {
    super(o, -1, 1);
  }
  override recolor(images: Tensor): Tensor {
    const [low, high] = this.valueRange;
    return images.add(this.each(images).mul(high - low)).clip(low, high);
  }
}

/** Turns the hue by up to half a circle times `factor`, 0 to 1, one way or the other. */
export class RandomHue extends RandomRgbLayer {
  constructor(o: RandomColorOptions) {
    super(o, 0, 1);
  }
  override recolor(images: Tensor): Tensor {
    const [low, high] = this.valueRange;
    const way = this.each(images, 0, 1).gt(0.5).astype(images.dtype).mul(-2).add(1);
    const turn = way.mul(this.each(images)).mul(0.5);
    const unit = images.sub(low).div(high - low);
    const hsv = this.replace(rgbToHsv(unit, this.dataFormat), 0, (h) => {
      const on = h.add(turn);
      const down = where(on.gt(1), on.sub(1), on);
      return where(down.lt(0), down.add(1), down);
    });
    const rgb = hsvToRgb(hsv, this.dataFormat).clip(0, 1);
    return rgb.mul(high - low).add(low);
  }
}

/**
 * Multiplies the saturation by f / (1 - f) for f drawn from `factor`: 0 is gray, 0.5 leaves it, 1 is
 * full. As in Keras, a single number draws from both signs of it.
 */
export class RandomSaturation extends RandomRgbLayer {
  constructor(o: RandomColorOptions) {
    super(o, -1, 1);
  }
  override recolor(images: Tensor): Tensor {
    const f = this.each(images);
    const times = f.div(f.neg().add(1).add(epsilon()));
    const hsv = this.replace(rgbToHsv(images, this.dataFormat), 1, (s) =>
      s.mul(times).clip(...this.valueRange),
    );
    return hsvToRgb(hsv, this.dataFormat);
  }
}

/** Goes a share of the way to gray, drawn from `factor`: 0 leaves the colours, 1 takes them all. */
export class RandomColorDegeneration extends RandomRgbLayer {
  constructor(o: RandomColorOptions) {
    super(o, -1, 1);
  }
  override recolor(images: Tensor): Tensor {
    const gray = rgbToGrayscale(images, this.dataFormat);
    const share = this.each(images);
    return images.add(share.mul(gray.sub(images))).clip(...this.valueRange);
  }
}

/** Inverts an image with a probability drawn from `factor`, 0 to 1 (1: from all of that). */
export class RandomInvert extends RandomColorLayer {
  constructor(o: RandomColorOptions = {}) {
    super({ factor: 1, ...o }, 0, 1);
  }
  override recolor(images: Tensor): Tensor {
    const probability = this.each(images);
    const inverted = this.each(images, 0, 1).lt(probability);
    return where(inverted, images.neg().add(this.valueRange[1]), images);
  }
}

type First = Factor | RandomColorOptions;
export const randomContrast = (factor: First, o: RandomColorOptions = {}): RandomContrast =>
  new RandomContrast(optionsOf('factor', factor, o));
export const randomBrightness = (factor: First, o: RandomColorOptions = {}): RandomBrightness =>
  new RandomBrightness(optionsOf('factor', factor, o));
export const randomHue = (factor: First, o: RandomColorOptions = {}): RandomHue =>
  new RandomHue(optionsOf('factor', factor, o));
export const randomSaturation = (factor: First, o: RandomColorOptions = {}): RandomSaturation =>
  new RandomSaturation(optionsOf('factor', factor, o));
export const randomColorDegeneration = (
  factor: First,
  o: RandomColorOptions = {},
): RandomColorDegeneration => new RandomColorDegeneration(optionsOf('factor', factor, o));
export const randomInvert = (factor?: First, o: RandomColorOptions = {}): RandomInvert =>
  new RandomInvert(optionsOf('factor', factor, o));
