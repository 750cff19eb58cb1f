/** The middle of images, in training and inference alike. */
import type { Tensor } from '../../../../tensor/index.ts';
import { resize } from '../../../image/index.ts';
import type { BatchShape } from '../../layer.ts';
import { ImageLayer, type ImageOptions } from './image-layer.ts';

export interface CropOptions extends ImageOptions {
  readonly height?: number;
  readonly width?: number;
}

/**
 * Of images that are too small, the largest window in the middle with the aspect ratio asked for,
 * resized.
 */
export class CenterCrop extends ImageLayer {
  protected override readonly movesPixels: boolean = true;
  readonly height: number;
  readonly width: number;

  constructor(o: CropOptions) {
    super(o, ['height', 'width']);
    this.height = this.pixels('height', o.height);
    this.width = this.pixels('width', o.width);
  }
  protected transform(images: Tensor, _training: boolean, nearest: boolean): Tensor {
    const { height, width, dataFormat } = this;
    const interpolation = nearest ? 'nearest' : 'bilinear';
    const [h, w] = this.sizeOf(images);
    if (h < height || w < width)
      return resize(images, [height, width], {
        interpolation,
        cropToAspectRatio: true,
        dataFormat,
      });
    const [top, left] = [Math.floor((h - height) / 2), Math.floor((w - width) / 2)];
    return images.slice(
      ...Array.from({ length: this.heightAxis(4) }, () => ':'),
      [top, top + height],
      [left, left + width],
    );
  }
  protected override maskShape(s: BatchShape): BatchShape {
    return this.withSize(super.maskShape(s), this.height, this.width);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), height: this.height, width: this.width };
  }
}

export const centerCrop = (
  height: number | CropOptions,
  width?: number,
  o: CropOptions = {},
): CenterCrop => new CenterCrop(typeof height === 'object' ? height : { ...o, height, width });
