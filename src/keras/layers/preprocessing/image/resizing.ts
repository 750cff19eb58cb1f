/** Images in another size, in training and inference alike. */
import { isFloat } from '../../../../dtype.ts';
import type { Tensor } from '../../../../tensor/index.ts';
import { lookup } from '../../../identifiers.ts';
import { type Interpolation, interpolations, resize } from '../../../image/index.ts';
import type { BatchShape } from '../../layer.ts';
import { ImageLayer, type ImageOptions } from './image-layer.ts';

export interface ResizingOptions extends ImageOptions {
  readonly height?: number;
  readonly width?: number;
  /** 'bilinear'; or 'nearest', 'bicubic', 'lanczos3', 'lanczos5'. */
  readonly interpolation?: Interpolation | (string & {});
  /** Cuts off what is too long for the new aspect ratio: false. */
  readonly cropToAspectRatio?: boolean;
  /** Adds `fillValue` where the image is too short for the new aspect ratio: false. */
  readonly padToAspectRatio?: boolean;
  readonly fillMode?: 'constant' | (string & {});
  /** 0 */
  readonly fillValue?: number;
  /** Averages over more pixels when the image shrinks: false. */
  readonly antialias?: boolean;
}

/** Keeps the dtype: integers are rounded, and held within their range. */
export class Resizing extends ImageLayer {
  protected override readonly movesPixels: boolean = true;
  readonly height: number;
  readonly width: number;
  readonly interpolation: Interpolation;
  readonly cropToAspectRatio: boolean;
  readonly padToAspectRatio: boolean;
  readonly fillMode: string;
  readonly fillValue: number;
  readonly antialias: boolean;

  constructor(o: ResizingOptions) {
    super(o, [
      'height',
      'width',
      'interpolation',
      'cropToAspectRatio',
      'padToAspectRatio',
      'fillMode',
      'fillValue',
      'antialias',
    ]);
    this.height = this.pixels('height', o.height);
    this.width = this.pixels('width', o.width);
    this.interpolation = lookup(
      `interpolation of ${this.label}:`,
      o.interpolation ?? 'bilinear',
      interpolations,
    );
    this.cropToAspectRatio = o.cropToAspectRatio ?? false;
    this.padToAspectRatio = o.padToAspectRatio ?? false;
    if (this.cropToAspectRatio && this.padToAspectRatio)
      throw this.optionError('cropToAspectRatio', 'false when padToAspectRatio is true', true);
    this.fillMode = lookup(`fillMode of ${this.label}:`, o.fillMode ?? 'constant', {
      constant: 'constant',
    });
    this.fillValue = o.fillValue ?? 0;
    this.antialias = o.antialias ?? false;
  }

  protected override toNumbers(x: Tensor): Tensor {
    return isFloat(x.dtype) ? x.astype(this.dtype) : x;
  }
  protected transform(images: Tensor, _training: boolean, nearest: boolean): Tensor {
    const interpolation = nearest ? 'nearest' : this.interpolation;
    const { cropToAspectRatio, padToAspectRatio, fillValue, antialias } = this;
    const y = resize(images, [this.height, this.width], {
      interpolation,
      cropToAspectRatio,
      padToAspectRatio,
      fillValue,
      antialias,
      dataFormat: this.dataFormat,
    });
    return y.dtype === images.dtype ? y : y.round().astype(images.dtype);
  }
  protected override maskShape(s: BatchShape): BatchShape {
    return this.withSize(super.maskShape(s), this.height, this.width);
  }
  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      height: this.height,
      width: this.width,
      interpolation: this.interpolation,
      cropToAspectRatio: this.cropToAspectRatio,
      padToAspectRatio: this.padToAspectRatio,
      fillMode: this.fillMode,
      fillValue: this.fillValue,
      antialias: this.antialias,
    };
  }
}

export const resizing = (
  height: number | ResizingOptions,
  width?: number,
  o: ResizingOptions = {},
): Resizing => new Resizing(typeof height === 'object' ? height : { ...o, height, width });
