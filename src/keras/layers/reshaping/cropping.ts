/** Cutting off the ends of the spatial dimensions. */
import { lax } from '../../../graph/index.ts';
import { Tensor } from '../../../tensor/index.ts';
import type { BatchShape, LayerOptions } from '../layer.ts';
import {
  type EndsPerDimension,
  optionsOf,
  SpatialLayer,
  type SpatialOptions,
  type SpatialRank,
} from '../spatial.ts';

export interface Cropping1DOptions extends LayerOptions {
  /** How many steps to cut off: 1. A number, or [before, after]. */
  readonly cropping?: EndsPerDimension;
}
export interface CroppingOptions extends SpatialOptions {
  /** How much to cut off: 0 in 2D, 1 in 3D. A number, one a dimension, or [before, after] a dimension. */
  readonly cropping?: EndsPerDimension;
}

/** Every spatial size shrinks by what is cut off; at least 1 must be left, or `layer-shape`. */
export abstract class Cropping extends SpatialLayer {
  readonly cropping: readonly (readonly [number, number])[];

  constructor(rank: SpatialRank, o: CroppingOptions, options: readonly string[], amount: number) {
    super(rank, o, options);
    this.cropping = this.ends('cropping', o.cropping ?? amount);
  }
  override computeOutputShape(s: BatchShape): BatchShape {
    const sizes = this.spatialOf(s).map((n, i) => {
      const [before, after] = this.cropping[i];
      return n === null ? null : n - before - after;
    });
    if (sizes.some((n) => n !== null && n < 1)) {
      const least = this.cropping.map(([a, b]) => a + b + 1).join(' x ');
      throw this.shapeError(
        `spatial sizes of ${least} or more, to crop ${JSON.stringify(this.cropping)}`,
        s,
      );
    }
    return this.withSpatial(s, sizes);
  }
  call(x: Tensor): Tensor {
    const cut = (a: number, end: 0 | 1): number => this.cropping[a - this.firstSpatial]?.[end] ?? 0;
    const start = x.shape.map((_, a) => cut(a, 0));
    const limit = x.shape.map((n, a) => n - cut(a, 1));
    return Tensor.of(lax.slice(x.value, start, limit), x);
  }
  override getConfig(): Record<string, unknown> {
    return this.spatialRank === 1
      ? { ...super.getConfig(), cropping: this.cropping[0] }
      : { ...super.getConfig(), cropping: this.cropping, dataFormat: this.dataFormat };
  }
}

/** (batch, steps, channels) to (batch, steps - before - after, channels). */
export class Cropping1D extends Cropping {
  constructor(o: Cropping1DOptions = {}) {
    super(1, o, ['cropping'], 1);
  }
}
/** The middle of images: (batch, height, width, channels). */
export class Cropping2D extends Cropping {
  constructor(o: CroppingOptions = {}) {
    super(2, o, ['cropping', 'dataFormat'], 0);
  }
}
/** The middle of volumes: (batch, depth, height, width, channels). */
export class Cropping3D extends Cropping {
  constructor(o: CroppingOptions = {}) {
    super(3, o, ['cropping', 'dataFormat'], 1);
  }
}

type First = EndsPerDimension | CroppingOptions;
export const cropping1D = (
  cropping?: EndsPerDimension | Cropping1DOptions,
  o: Cropping1DOptions = {},
): Cropping1D => new Cropping1D(optionsOf('cropping', cropping, o));
export const cropping2D = (cropping?: First, o: CroppingOptions = {}): Cropping2D =>
  new Cropping2D(optionsOf('cropping', cropping, o));
export const cropping3D = (cropping?: First, o: CroppingOptions = {}): Cropping3D =>
  new Cropping3D(optionsOf('cropping', cropping, o));
