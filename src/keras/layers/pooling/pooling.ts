/** MaxPooling and AveragePooling in 1 to 3 dimensions: the largest, or the mean, of each window. */
import { isFloat } from '../../../dtype.ts';
import { lax, type Value } from '../../../graph/index.ts';
import { isOptions } from '../../../numpy/support.ts';
import { sizeOf } from '../../../shape.ts';
import { fromData, Tensor } from '../../../tensor/index.ts';
import { lookup } from '../../identifiers.ts';
import type { BatchShape } from '../layer.ts';
import {
  optionsOf,
  type PerDimension,
  SpatialLayer,
  type SpatialOptions,
  type SpatialRank,
} from '../spatial.ts';
import { type Padding, type Window, windowCount, windowPadding } from '../windows.ts';

export interface PoolingOptions extends SpatialOptions {
  /** The size of a window: a number, or one a dimension. 2 for MaxPooling. */
  readonly poolSize?: PerDimension;
  /** How far windows are apart: null takes poolSize. */
  readonly strides?: PerDimension | null;
  /** 'valid', where windows lie within the input, or 'same', where they may reach beyond it. */
  readonly padding?: 'valid' | 'same' | (string & {});
}

const paddings: Readonly<Record<string, Padding>> = { valid: 'valid', same: 'same' };

export abstract class Pooling extends SpatialLayer {
  readonly poolSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: Padding;

  constructor(rank: SpatialRank, o: PoolingOptions, poolSize?: number) {
    super(rank, o, ['poolSize', 'strides', 'padding', 'dataFormat']);
    this.poolSize = this.sizes('poolSize', (o.poolSize ?? poolSize) as PerDimension);
    this.strides = o.strides == null ? this.poolSize : this.sizes('strides', o.strides);
    this.padding = lookup(`padding of ${this.label}:`, String(o.padding ?? 'valid'), paddings);
  }

  override computeOutputShape(s: BatchShape): BatchShape {
    const sizes = this.spatialOf(s).map((n, i) =>
      n === null ? null : windowCount(n, this.#window(i), this.padding),
    );
    if (sizes.some((n) => n !== null && n < 1))
      throw this.shapeError(
        `spatial sizes of ${this.poolSize.join(' x ')} or more, its poolSize, with padding '${this.padding}'`,
        s,
      );
    return this.withSpatial(s, sizes);
  }

  #window(i: number): Window {
    return { size: this.poolSize[i], stride: this.strides[i], dilation: 1 };
  }
  /** What is added [before, after] spatial dimension i of so many elements. */
  protected beyond(i: number, n: number): readonly [number, number] {
    return windowPadding(n, this.#window(i), this.padding);
  }

  /** The windows of x folded into one number each. */
  protected fold(x: Value, operator: 'max' | 'sum'): Value {
    const spread = <T>(rest: T, f: (i: number) => T): T[] =>
      x.shape.map((_, a) => {
        const i = a - this.firstSpatial;
        return i >= 0 && i < this.spatialRank ? f(i) : rest;
      });
    return lax.reduceWindow(x, operator, {
      window: spread(1, (i) => this.poolSize[i]),
      strides: spread(1, (i) => this.strides[i]),
      padding: spread<readonly [number, number]>([0, 0], (i) =>
        this.beyond(i, x.shape[this.firstSpatial + i]),
      ),
    });
  }

  override getConfig(): Record<string, unknown> {
    const one = (list: readonly number[]): number | readonly number[] =>
      this.spatialRank === 1 ? list[0] : list;
    return {
      ...super.getConfig(),
      poolSize: one(this.poolSize),
      strides: one(this.strides),
      padding: this.padding,
      dataFormat: this.dataFormat,
    };
  }
}

/** The largest number of each window, by channel. */
export abstract class MaxPooling extends Pooling {
  constructor(rank: SpatialRank, o: PoolingOptions) {
    super(rank, o, 2);
  }
  call(x: Tensor): Tensor {
    return Tensor.of(this.fold(x.value, 'max'), x);
  }
}

/** The mean of each window, by channel, over the elements that are there: padding does not count. */
export abstract class AveragePooling extends Pooling {
  call(x: Tensor): Tensor {
    const sums = this.fold(lax.convert(x.value, isFloat(x.dtype) ? x.dtype : this.dtype), 'sum');
    const whole = sizeOf(this.poolSize);
    if (this.spatialAxes.every((a, i) => this.beyond(i, x.shape[a]).every((n) => n === 0)))
      return Tensor.of(lax.div(sums, lax.full(sums.shape, whole, sums.dtype)), x);
    const counts = this.#counts(x.shape);
    const each = lax.broadcastInDim(lax.convert(counts.value, sums.dtype), sums.shape, [
      ...this.spatialAxes,
    ]);
    return Tensor.of(lax.div(sums, each), x, counts);
  }
  /** How many elements each window has within the input. */
  #counts(shape: readonly number[]): Tensor {
    const along = this.spatialAxes.map((a, i) => {
      const n = shape[a];
      const [before, after] = this.beyond(i, n);
      const [size, stride] = [this.poolSize[i], this.strides[i]];
      const windows = Math.floor((n + before + after - size) / stride) + 1;
      return Array.from({ length: windows }, (_, w) => {
        const start = w * stride - before;
        return Math.min(start + size, n) - Math.max(start, 0);
      });
    });
    const counts = along.reduce<number[]>((all, c) => all.flatMap((v) => c.map((u) => v * u)), [1]);
    return fromData(
      Int32Array.from(counts),
      along.map((c) => c.length),
      'int32',
    );
  }
}

/** (batch, steps, channels) to (batch, steps', channels). */
export class MaxPooling1D extends MaxPooling {
  constructor(o: PoolingOptions = {}) {
    super(1, o);
  }
}
/** (batch, height, width, channels) to (batch, height', width', channels). */
export class MaxPooling2D extends MaxPooling {
  constructor(o: PoolingOptions = {}) {
    super(2, o);
  }
}
/** (batch, depth, height, width, channels) to (batch, depth', height', width', channels). */
export class MaxPooling3D extends MaxPooling {
  constructor(o: PoolingOptions = {}) {
    super(3, o);
  }
}
/** (batch, steps, channels) to (batch, steps', channels). */
export class AveragePooling1D extends AveragePooling {
  constructor(o: PoolingOptions) {
    super(1, o);
  }
}
/** (batch, height, width, channels) to (batch, height', width', channels). */
export class AveragePooling2D extends AveragePooling {
  constructor(o: PoolingOptions) {
    super(2, o);
  }
}
/** (batch, depth, height, width, channels) to (batch, depth', height', width', channels). */
export class AveragePooling3D extends AveragePooling {
  constructor(o: PoolingOptions) {
    super(3, o);
  }
}

/** Or the options, which then stand second. */
type Strides = PerDimension | null | PoolingOptions;
function options(
  poolSize: PerDimension | PoolingOptions | undefined,
  strides: Strides | undefined,
  o: PoolingOptions,
): PoolingOptions {
  const rest = isOptions(strides) ? strides : strides === undefined ? o : { ...o, strides };
  return optionsOf('poolSize', poolSize, rest as PoolingOptions);
}
export const maxPooling1D = (
  poolSize?: PerDimension | PoolingOptions,
  strides?: Strides,
  o: PoolingOptions = {},
): MaxPooling1D => new MaxPooling1D(options(poolSize, strides, o));
export const maxPooling2D = (
  poolSize?: PerDimension | PoolingOptions,
  strides?: Strides,
  o: PoolingOptions = {},
): MaxPooling2D => new MaxPooling2D(options(poolSize, strides, o));
export const maxPooling3D = (
  poolSize?: PerDimension | PoolingOptions,
  strides?: Strides,
  o: PoolingOptions = {},
): MaxPooling3D => new MaxPooling3D(options(poolSize, strides, o));
export const averagePooling1D = (
  poolSize: PerDimension | PoolingOptions,
  strides?: Strides,
  o: PoolingOptions = {},
): AveragePooling1D => new AveragePooling1D(options(poolSize, strides, o));
export const averagePooling2D = (
  poolSize: PerDimension | PoolingOptions,
  strides?: Strides,
  o: PoolingOptions = {},
): AveragePooling2D => new AveragePooling2D(options(poolSize, strides, o));
export const averagePooling3D = (
  poolSize: PerDimension | PoolingOptions,
  strides?: Strides,
  o: PoolingOptions = {},
): AveragePooling3D => new AveragePooling3D(options(poolSize, strides, o));
/** Keras's other names. */
export {
  AveragePooling1D as AvgPool1D,
  AveragePooling2D as AvgPool2D,
  AveragePooling3D as AvgPool3D,
  averagePooling1D as avgPool1D,
  averagePooling2D as avgPool2D,
  averagePooling3D as avgPool3D,
  MaxPooling1D as MaxPool1D,
  MaxPooling2D as MaxPool2D,
  MaxPooling3D as MaxPool3D,
  maxPooling1D as maxPool1D,
  maxPooling2D as maxPool2D,
  maxPooling3D as maxPool3D,
};
