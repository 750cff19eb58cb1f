/** GlobalMaxPooling and GlobalAveragePooling: one number a channel, over all spatial dimensions. */
import { lax } from '../../../graph/index.ts';
import { Tensor } from '../../../tensor/index.ts';
import type { BatchShape, CallOptions } from '../layer.ts';
import { optionsOf, SpatialLayer, type SpatialOptions, type SpatialRank } from '../spatial.ts';

export interface GlobalPoolingOptions extends SpatialOptions {
  /** Leaves spatial dimensions of size 1: false. */
  readonly keepdims?: boolean;
}

export abstract class GlobalPooling extends SpatialLayer {
  readonly keepdims: boolean;

  constructor(rank: SpatialRank, o: GlobalPoolingOptions) {
    super(rank, o, ['keepdims', 'dataFormat']);
    this.keepdims = o.keepdims ?? false;
  }
  override computeOutputShape(s: BatchShape): BatchShape {
    const empty = this.spatialOf(s).some((n) => n === 0);
    if (empty) throw this.shapeError('at least one element to pool', s);
    return this.keepdims
      ? this.withSpatial(
          s,
          this.spatialAxes.map(() => 1),
        )
      : [s[0], s[this.channelAxis]];
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), dataFormat: this.dataFormat, keepdims: this.keepdims };
  }
}

export abstract class GlobalMaxPooling extends GlobalPooling {
  call(x: Tensor): Tensor {
    return x.max(this.spatialAxes, { keepdims: this.keepdims });
  }
}

export abstract class GlobalAveragePooling extends GlobalPooling {
  call(x: Tensor, _o: CallOptions): Tensor {
    return x.mean(this.spatialAxes, { keepdims: this.keepdims });
  }
}

/** (batch, steps, channels) to (batch, channels). */
export class GlobalMaxPooling1D extends GlobalMaxPooling {
  constructor(o: GlobalPoolingOptions = {}) {
    super(1, o);
  }
}
/** (batch, height, width, channels) to (batch, channels). */
export class GlobalMaxPooling2D extends GlobalMaxPooling {
  constructor(o: GlobalPoolingOptions = {}) {
    super(2, o);
  }
}
/** (batch, depth, height, width, channels) to (batch, channels). */
export class GlobalMaxPooling3D extends GlobalMaxPooling {
  constructor(o: GlobalPoolingOptions = {}) {
    super(3, o);
  }
}

/**
 * (batch, steps, channels) to (batch, channels): the mean over the steps that the mask (batch, steps)
 * leaves, which for none is NaN, as in Keras. The mask ends here.
 */
export class GlobalAveragePooling1D extends GlobalAveragePooling {
  override readonly supportsMasking: boolean = true;

  constructor(o: GlobalPoolingOptions = {}) {
    super(1, o);
  }
  override call(x: Tensor, o: CallOptions): Tensor {
    const mask = o.mask instanceof Tensor ? o.mask : undefined;
    if (!mask) return super.call(x, o);
    const steps = this.firstSpatial;
    const which = lax.broadcastInDim(mask.astype('bool').value, x.shape, [0, steps]);
    const kept = lax.select(which, x.value, lax.full(x.shape, 0, x.dtype));
    const count = mask.astype(x.dtype).sum(1, { keepdims: true });
    const total = Tensor.of(kept, x, mask).sum(steps, { keepdims: this.keepdims });
    return total.div(this.keepdims ? count.expandDims(2) : count);
  }
  override computeMask(): undefined {
    return undefined;
  }
}
/** (batch, height, width, channels) to (batch, channels). */
export class GlobalAveragePooling2D extends GlobalAveragePooling {
  constructor(o: GlobalPoolingOptions = {}) {
    super(2, o);
  }
}
/** (batch, depth, height, width, channels) to (batch, channels). */
export class GlobalAveragePooling3D extends GlobalAveragePooling {
  constructor(o: GlobalPoolingOptions = {}) {
    super(3, o);
  }
}

type First = string | GlobalPoolingOptions;
export const globalMaxPooling1D = (
  dataFormat?: First,
  o: GlobalPoolingOptions = {},
): GlobalMaxPooling1D => new GlobalMaxPooling1D(optionsOf('dataFormat', dataFormat, o));
export const globalMaxPooling2D = (
  dataFormat?: First,
  o: GlobalPoolingOptions = {},
): GlobalMaxPooling2D => new GlobalMaxPooling2D(optionsOf('dataFormat', dataFormat, o));
export const globalMaxPooling3D = (
  dataFormat?: First,
  o: GlobalPoolingOptions = {},
): GlobalMaxPooling3D => new GlobalMaxPooling3D(optionsOf('dataFormat', dataFormat, o));
export const globalAveragePooling1D = (
  dataFormat?: First,
  o: GlobalPoolingOptions = {},
): GlobalAveragePooling1D => new GlobalAveragePooling1D(optionsOf('dataFormat', dataFormat, o));
export const globalAveragePooling2D = (
  dataFormat?: First,
  o: GlobalPoolingOptions = {},
): GlobalAveragePooling2D => new GlobalAveragePooling2D(optionsOf('dataFormat', dataFormat, o));
export const globalAveragePooling3D = (
  dataFormat?: First,
  o: GlobalPoolingOptions = {},
): GlobalAveragePooling3D => new GlobalAveragePooling3D(optionsOf('dataFormat', dataFormat, o));
/** Keras's other names. */
export {
  GlobalAveragePooling1D as GlobalAvgPool1D,
  GlobalAveragePooling2D as GlobalAvgPool2D,
  GlobalAveragePooling3D as GlobalAvgPool3D,
  GlobalMaxPooling1D as GlobalMaxPool1D,
  GlobalMaxPooling2D as GlobalMaxPool2D,
  GlobalMaxPooling3D as GlobalMaxPool3D,
  globalAveragePooling1D as globalAvgPool1D,
  globalAveragePooling2D as globalAvgPool2D,
  globalAveragePooling3D as globalAvgPool3D,
  globalMaxPooling1D as globalMaxPool1D,
  globalMaxPooling2D as globalMaxPool2D,
  globalMaxPooling3D as globalMaxPool3D,
};
