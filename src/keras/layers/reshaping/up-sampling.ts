/** Larger signals, images and volumes, by repeating elements or between them. */
import { lax, type Value } from '../../../graph/index.ts';
import { Tensor } from '../../../tensor/index.ts';
import { lookup } from '../../identifiers.ts';
import { type Interpolation, interpolations, resize } from '../../image/index.ts';
import type { BatchShape, LayerOptions } from '../layer.ts';
import {
  optionsOf,
  type PerDimension,
  SpatialLayer,
  type SpatialOptions,
  type SpatialRank,
} from '../spatial.ts';

export interface UpSampling1DOptions extends LayerOptions {
  /** How often each step is repeated: 2. */
  readonly size?: number;
}
export interface UpSamplingOptions extends SpatialOptions {
  /** How many times larger: 2. A number, or one a dimension. */
  readonly size?: PerDimension;
}
export interface UpSampling2DOptions extends UpSamplingOptions {
  /** 'nearest', which repeats rows and columns, 'bilinear', 'bicubic', 'lanczos3' or 'lanczos5'. */
  readonly interpolation?: Interpolation | (string & {});
}

/** Every spatial size times the layer's. */
export abstract class UpSampling extends SpatialLayer {
  readonly size: readonly number[];

  constructor(rank: SpatialRank, o: UpSamplingOptions, options: readonly string[]) {
    super(rank, o, options);
    this.size = this.sizes('size', o.size ?? 2);
  }
  override computeOutputShape(s: BatchShape): BatchShape {
    const sizes = this.spatialOf(s).map((n, i) => (n === null ? null : n * this.size[i]));
    return this.withSpatial(s, sizes);
  }
  call(x: Tensor): Tensor {
    const times = x.shape.map((_, a) => this.size[a - this.firstSpatial] ?? 1);
    return Tensor.of(repeat(x.value, times), x);
  }
  override getConfig(): Record<string, unknown> {
    return this.spatialRank === 1
      ? { ...super.getConfig(), size: this.size[0] }
      : { ...super.getConfig(), size: this.size, dataFormat: this.dataFormat };
  }
}

/** (batch, steps, channels) to (batch, size * steps, channels): every step `size` times. */
export class UpSampling1D extends UpSampling {
  constructor(o: UpSampling1DOptions = {}) {
    super(1, o, ['size']);
    if (o.size !== undefined && typeof o.size !== 'number')
      throw this.optionError('size', 'a whole number of 1 or more', o.size);
  }
}

/** Images (batch, height, width, channels), repeated or interpolated. */
export class UpSampling2D extends UpSampling {
  readonly interpolation: Interpolation;

  constructor(o: UpSampling2DOptions = {}) {
    super(2, o, ['size', 'dataFormat', 'interpolation']);
    this.interpolation = lookup(
      `interpolation of ${this.label}:`,
      o.interpolation ?? 'nearest',
      interpolations,
    );
  }
  override call(x: Tensor): Tensor {
    if (this.interpolation === 'nearest') return super.call(x);
    const size = this.spatialAxes.map((a, i) => x.shape[a] * this.size[i]);
    const { interpolation, dataFormat } = this;
    return resize(x, size, { interpolation, dataFormat });
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), interpolation: this.interpolation };
  }
}

/** Volumes (batch, depth, height, width, channels), repeated. */
export class UpSampling3D extends UpSampling {
  constructor(o: UpSamplingOptions = {}) {
    super(3, o, ['size', 'dataFormat']);
  }
}

/** x with every element along dimension d `times[d]` times. */
function repeat(x: Value, times: readonly number[]): Value {
  const shape = x.shape.flatMap((n, d) => (times[d] === 1 ? [n] : [n, times[d]]));
  let at = 0;
  const from = times.map((t) => {
    const here = at;
    at += t === 1 ? 1 : 2;
    return here;
  });
  return lax.reshape(
    lax.broadcastInDim(x, shape, from),
    x.shape.map((n, d) => n * times[d]),
  );
}

export const upSampling1D = (
  size?: number | UpSampling1DOptions,
  o: UpSampling1DOptions = {},
): UpSampling1D => new UpSampling1D(optionsOf('size', size, o));
export const upSampling2D = (
  size?: PerDimension | UpSampling2DOptions,
  o: UpSampling2DOptions = {},
): UpSampling2D => new UpSampling2D(optionsOf('size', size, o));
export const upSampling3D = (
  size?: PerDimension | UpSamplingOptions,
  o: UpSamplingOptions = {},
): UpSampling3D => new UpSampling3D(optionsOf('size', size, o));
