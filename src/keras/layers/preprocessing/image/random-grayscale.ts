/** Images without their colours, some of the time. */
import { where } from '../../../../numpy/index.ts';
import type { Tensor } from '../../../../tensor/index.ts';
import { rgbToGrayscale } from '../../../image/index.ts';
import type { BatchShape } from '../../layer.ts';
import { optionsOf } from '../../spatial.ts';
import { RandomImageLayer, type RandomImageOptions } from './image-layer.ts';

export interface RandomGrayscaleOptions extends RandomImageOptions {
  /** The probability, 0 to 1: 0.5. */
  readonly factor?: number;
}

/** The shape stays: three channels become equal. */
export class RandomGrayscale extends RandomImageLayer {
  readonly factor: number;

  constructor(o: RandomGrayscaleOptions = {}) {
    super(o, ['factor']);
    this.factor = o.factor ?? 0.5;
    if (!(this.factor >= 0 && this.factor <= 1))
      throw this.optionError('factor', 'a number from 0 to 1', o.factor);
  }
  protected override imageShape(s: BatchShape): BatchShape {
    super.imageShape(s);
    const channels = s[s.length - (this.dataFormat === 'channelsFirst' ? 3 : 1)];
    if (channels != null && channels !== 1 && channels !== 3)
      throw this.shapeError('images of 1 or 3 channels', s);
    return s;
  }
  protected transform(images: Tensor, training: boolean): Tensor {
    if (!training) return images;
    const chosen = this.draw([images.shape[0]], 0, 1).lt(this.factor).reshape([-1, 1, 1, 1]);
    return where(chosen, rgbToGrayscale(images, this.dataFormat), images);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), factor: this.factor };
  }
}

export const randomGrayscale = (
  factor?: number | RandomGrayscaleOptions,
  o: RandomGrayscaleOptions = {},
): RandomGrayscale => new RandomGrayscale(optionsOf('factor', factor, o));
