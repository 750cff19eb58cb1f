/** Brightness, contrast, saturation and hue changed one after the other. */
import type { Tensor } from '../../../../tensor/index.ts';
import type { BatchShape } from '../../layer.ts';
import { RandomImageLayer, type RandomImageOptions } from './image-layer.ts';
import type { Factor } from './random-affine.ts';
import {
  RandomBrightness,
  type RandomColorLayer,
  type RandomColorOptions,
  RandomContrast,
  RandomHue,
  RandomSaturation,
} from './random-color.ts';

export interface RandomColorJitterOptions extends RandomImageOptions {
  /** The range of the numbers: [0, 255]. */
  readonly valueRange?: readonly number[];
  /** As RandomBrightness takes it; null leaves the brightness. */
  readonly brightnessFactor?: Factor | null;
  readonly contrastFactor?: Factor | null;
  readonly saturationFactor?: Factor | null;
  readonly hueFactor?: Factor | null;
}

/** All draw from one generator, the layer's. */
export class RandomColorJitter extends RandomImageLayer {
  readonly valueRange: readonly [number, number];
  readonly brightnessFactor: Factor | null;
  readonly contrastFactor: Factor | null;
  readonly saturationFactor: Factor | null;
  readonly hueFactor: Factor | null;
  protected readonly steps: readonly RandomColorLayer[];

  constructor(o: RandomColorJitterOptions = {}) {
    super(o, ['valueRange', 'brightnessFactor', 'contrastFactor', 'saturationFactor', 'hueFactor']);
    this.valueRange = this.range('valueRange', o.valueRange ?? [0, 255]);
    this.brightnessFactor = o.brightnessFactor ?? null;
    this.contrastFactor = o.contrastFactor ?? null;
    this.saturationFactor = o.saturationFactor ?? null;
    this.hueFactor = o.hueFactor ?? null;
    const { valueRange, dataFormat, seed, dtype } = this;
    const chosen: [Factor | null, new (o: RandomColorOptions) => RandomColorLayer][] = [
      [this.brightnessFactor, RandomBrightness],
      [this.contrastFactor, RandomContrast],
      [this.saturationFactor, RandomSaturation],
      [this.hueFactor, RandomHue],
    ];
    this.steps = chosen.flatMap(([factor, Step]) => {
      if (factor === null) return [];
      const step = new Step({ factor, valueRange, dataFormat, seed, dtype });
      step.drawFrom(this);
      return [step];
    });
  }
  protected override imageShape(s: BatchShape): BatchShape {
    super.imageShape(s);
    for (const step of this.steps) step.computeOutputShape(s);
    return s;
  }
  protected transform(images: Tensor, training: boolean): Tensor {
    if (!training) return images;
    return this.steps.reduce((x, step) => step.recolor(x), images);
  }
  override getConfig(): Record<string, unknown> {
    const { valueRange, brightnessFactor, contrastFactor, saturationFactor, hueFactor } = this;
    return {
      ...super.getConfig(),
      valueRange,
      brightnessFactor,
      contrastFactor,
      saturationFactor,
      hueFactor,
    };
  }
}

export const randomColorJitter = (o: RandomColorJitterOptions = {}): RandomColorJitter =>
  new RandomColorJitter(o);
