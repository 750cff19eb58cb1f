/** Images turned, stretched and moved at random: one affine map each. */

import { stack } from '../../../../numpy/index.ts';
import { type Tensor, tensor } from '../../../../tensor/index.ts';
import { lookup } from '../../../identifiers.ts';
import { affineTransform, type FillMode, fillModes } from '../../../image/index.ts';
import { RandomImageLayer, type RandomImageOptions } from './image-layer.ts';

export interface RandomAffineOptions extends RandomImageOptions {
  /** What lies beyond the edge: 'reflect', 'wrap', 'constant' or 'nearest'. */
  readonly fillMode?: Exclude<FillMode, 'mirror'> | (string & {});
  /** 'bilinear' or 'nearest'. */
  readonly interpolation?: 'bilinear' | 'nearest' | (string & {});
  /** For 'constant': 0. */
  readonly fillValue?: number;
}

/** A number, which stands for both signs of it, or a list of two bounds. */
export type Factor = number | readonly number[];

const { mirror: _, ...modes } = fillModes;
const interpolations = { nearest: 'nearest', bilinear: 'bilinear' } as const;

/** A number for all images, or one for each. */
type Entry = number | Tensor;

export abstract class RandomAffineLayer extends RandomImageLayer {
  protected override readonly movesPixels: boolean = true;
  readonly fillMode: FillMode;
  readonly interpolation: 'nearest' | 'bilinear';
  readonly fillValue: number;

  constructor(o: RandomAffineOptions, options: readonly string[]) {
    super(o, ['fillMode', 'interpolation', 'fillValue', ...options]);
    this.fillMode = lookup<FillMode>(`fillMode of ${this.label}:`, o.fillMode ?? 'reflect', modes);
    this.interpolation = lookup<'nearest' | 'bilinear'>(
      `interpolation of ${this.label}:`,
      o.interpolation ?? 'bilinear',
      interpolations,
    );
    this.fillValue = o.fillValue ?? 0;
  }

  /** The first six numbers of affineTransform's maps, drawn for `n` images of this size. */
  protected abstract map(n: number, height: number, width: number): readonly Entry[];

  protected transform(images: Tensor, training: boolean, nearest: boolean): Tensor {
    if (!training) return images;
    const n = images.shape[0];
    const columns = [...this.map(n, ...this.sizeOf(images)), 0, 0].map((e) =>
      typeof e === 'number' ? tensor(e, { dtype: 'float32' }).broadcastTo([n]) : e,
    );
    const { fillMode, fillValue, dataFormat } = this;
    const interpolation = nearest ? 'nearest' : this.interpolation;
    return affineTransform(images, stack(columns, 1), {
      fillMode,
      interpolation,
      fillValue,
      dataFormat,
    });
  }

  override getConfig(): Record<string, unknown> {
    const { fillMode, interpolation, fillValue } = this;
    return { ...super.getConfig(), fillMode, interpolation, fillValue };
  }
}
