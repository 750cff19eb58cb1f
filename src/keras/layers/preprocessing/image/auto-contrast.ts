/** Images stretched over the whole range, in training and inference alike. */
import { where } from '../../../../numpy/index.ts';
import type { Tensor } from '../../../../tensor/index.ts';
import { ImageLayer, type ImageOptions } from './image-layer.ts';

export interface AutoContrastOptions extends ImageOptions {
  /** The range of the numbers: [0, 255]. */
  readonly valueRange?: readonly number[];
}

/** Each channel's smallest number becomes the least, its largest the most; one of a single number stays. */
export class AutoContrast extends ImageLayer {
  readonly valueRange: readonly [number, number];

  constructor(o: AutoContrastOptions = {}) {
    super(o, ['valueRange']);
    this.valueRange = this.range('valueRange', o.valueRange ?? [0, 255]);
  }
  protected transform(images: Tensor): Tensor {
    const [low, high] = this.valueRange;
    const a = this.heightAxis(4);
    const least = images.min([a, a + 1], { keepdims: true });
    const span = images.max([a, a + 1], { keepdims: true }).sub(least);
    const scale = span.add(span.eq(0).astype(images.dtype));
    const stretched = images
      .sub(least)
      .div(scale)
      .clip(0, 1)
      .mul(high - low)
      .add(low);
    return where(span.eq(0), images, stretched);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), valueRange: this.valueRange };
  }
}

export const autoContrast = (
  valueRange?: readonly number[] | AutoContrastOptions,
  o: AutoContrastOptions = {},
): AutoContrast =>
  new AutoContrast(
    Array.isArray(valueRange)
      ? { ...o, valueRange }
      : ((valueRange as AutoContrastOptions | undefined) ?? o),
  );
