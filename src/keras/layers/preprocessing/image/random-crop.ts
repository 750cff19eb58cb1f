/** A window of images, at a place drawn for the whole batch. */
import { lax } from '../../../../graph/index.ts';
import { Tensor } from '../../../../tensor/index.ts';
import { resize } from '../../../image/index.ts';
import { drawSeed } from '../../../random/index.ts';
import type { BatchShape } from '../../layer.ts';
import type { CropOptions } from './center-crop.ts';
import { RandomImageLayer, type RandomImageOptions } from './image-layer.ts';

export interface RandomCropOptions extends CropOptions, RandomImageOptions {}

/**
 * In inference, the largest window in the middle with the aspect ratio asked for, resized. (Keras
 * 3.15 says so too, but gives the images back whole, in another shape than it announces.) In training
 * an image that is not larger in both directions is cropped in the middle, as far as it goes, and
 * resized.
 */
export class RandomCrop extends RandomImageLayer {
  protected override readonly movesPixels: boolean = true;
  readonly height: number;
  readonly width: number;

  constructor(o: RandomCropOptions) {
    // Keras draws a seed for its config, and then another one for the generator.
    if (o.seed == null) drawSeed();
    super(o, ['height', 'width']);
    this.height = this.pixels('height', o.height);
    this.width = this.pixels('width', o.width);
  }
  protected transform(images: Tensor, training: boolean, nearest: boolean): Tensor {
    const { height, width, dataFormat } = this;
    const interpolation = nearest ? 'nearest' : 'bilinear';
    if (!training)
      return resize(images, [height, width], {
        interpolation,
        cropToAspectRatio: true,
        dataFormat,
      });
    const [h, w] = this.sizeOf(images);
    if (h > height && w > width) {
      const top = this.#place(h - height);
      return this.#cut(images, top, this.#place(w - width));
    }
    const start = [
      middle(h, Math.trunc((w * height) / width)),
      middle(w, Math.trunc((h * width) / height)),
    ];
    const part = images.slice(
      ...Array.from({ length: this.heightAxis(4) }, () => ':'),
      [start[0], Math.min(h, start[0] + height)],
      [start[1], Math.min(w, start[1] + width)],
    );
    return resize(part, [height, width], { interpolation, dataFormat });
  }
  /** 0 to `room`: int32, a scalar. */
  #place(room: number): Tensor {
    return this.draw([], 0, room + 1).astype('int32');
  }
  #cut(images: Tensor, top: Tensor, left: Tensor): Tensor {
    const a = this.heightAxis(4);
    const zero = lax.scalar(0, 'int32');
    const starts = images.shape.map((_, d) =>
      d === a ? top.value : d === a + 1 ? left.value : zero,
    );
    const sizes = [...this.withSize(images.shape, this.height, this.width)] as number[];
    return Tensor.of(lax.dynamicSlice(images.value, starts, sizes), images, top, left);
  }
  protected override maskShape(s: BatchShape): BatchShape {
    return this.withSize(super.maskShape(s), this.height, this.width);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), height: this.height, width: this.width };
  }
}

/** Where a window of `wanted` of `size` pixels starts. */
function middle(size: number, wanted: number): number {
  return Math.trunc((size - Math.max(Math.min(size, wanted), 1)) / 2);
}

export const randomCrop = (
  height: number | RandomCropOptions,
  width?: number,
  o: RandomCropOptions = {},
): RandomCrop => new RandomCrop(typeof height === 'object' ? height : { ...o, height, width });
