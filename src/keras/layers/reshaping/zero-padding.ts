/** Zeros around the spatial dimensions. */
import { lax } from '../../../graph/index.ts';
import { Tensor } from '../../../tensor/index.ts';
import type { BatchShape } from '../layer.ts';
import {
  type EndsPerDimension,
  optionsOf,
  SpatialLayer,
  type SpatialOptions,
  type SpatialRank,
} from '../spatial.ts';

export interface ZeroPaddingOptions extends SpatialOptions {
  /** How many zeros: 1. A number, one a dimension, or [before, after] a dimension. */
  readonly padding?: EndsPerDimension;
}

/** Every spatial size grows by what is put before and after. */
export abstract class ZeroPadding extends SpatialLayer {
  readonly padding: readonly (readonly [number, number])[];

  constructor(rank: SpatialRank, o: ZeroPaddingOptions) {
    super(rank, o, ['padding', 'dataFormat']);
    this.padding = this.ends('padding', o.padding ?? 1);
  }
  override computeOutputShape(s: BatchShape): BatchShape {
    const sizes = this.spatialOf(s).map((n, i) => {
      const [before, after] = this.padding[i];
      return n === null ? null : n + before + after;
    });
    return this.withSpatial(s, sizes);
  }
  call(x: Tensor): Tensor {
    const at = (end: 0 | 1): number[] =>
      x.shape.map((_, a) => this.padding[a - this.firstSpatial]?.[end] ?? 0);
    return Tensor.of(lax.pad(x.value, 0, at(0), at(1)), x);
  }
  override getConfig(): Record<string, unknown> {
    const padding = this.spatialRank === 1 ? this.padding[0] : this.padding;
    return { ...super.getConfig(), padding, dataFormat: this.dataFormat };
  }
}

/** (batch, steps, channels) to (batch, before + steps + after, channels). */
export class ZeroPadding1D extends ZeroPadding {
  constructor(o: ZeroPaddingOptions = {}) {
    super(1, o);
  }
}
/** Zeros around images: (batch, height, width, channels). */
export class ZeroPadding2D extends ZeroPadding {
  constructor(o: ZeroPaddingOptions = {}) {
    super(2, o);
  }
}
/** Zeros around volumes: (batch, depth, height, width, channels). */
export class ZeroPadding3D extends ZeroPadding {
  constructor(o: ZeroPaddingOptions = {}) {
    super(3, o);
  }
}

type First = EndsPerDimension | ZeroPaddingOptions;
export const zeroPadding1D = (padding?: First, o: ZeroPaddingOptions = {}): ZeroPadding1D =>
  new ZeroPadding1D(optionsOf('padding', padding, o));
export const zeroPadding2D = (padding?: First, o: ZeroPaddingOptions = {}): ZeroPadding2D =>
  new ZeroPadding2D(optionsOf('padding', padding, o));
export const zeroPadding3D = (padding?: First, o: ZeroPaddingOptions = {}): ZeroPadding3D =>
  new ZeroPadding3D(optionsOf('padding', padding, o));
