/** AdaptiveMaxPooling and AdaptiveAveragePooling: so many windows, of whatever size that takes. */
import { lax, type Value } from '../../../graph/index.ts';
import { fromData, Tensor } from '../../../tensor/index.ts';
import type { BatchShape } from '../layer.ts';
import {
  optionsOf,
  type PerDimension,
  SpatialLayer,
  type SpatialOptions,
  type SpatialRank,
} from '../spatial.ts';

export interface AdaptivePoolingOptions extends SpatialOptions {
  /** How many windows: a number, or one a dimension. */
  readonly outputSize?: PerDimension;
}

/**
 * Window w of `count` over n elements has those from floor(w n / count) to before
 * ceil((w + 1) n / count): no two of their sizes are more than 1 apart.
 */
export abstract class AdaptivePooling extends SpatialLayer {
  readonly outputSize: readonly number[];

  constructor(rank: SpatialRank, o: AdaptivePoolingOptions) {
    super(rank, o, ['outputSize', 'dataFormat']);
    this.outputSize = this.sizes('outputSize', o.outputSize as PerDimension);
  }
  override computeOutputShape(s: BatchShape): BatchShape {
    if (this.spatialOf(s).some((n) => n === 0)) throw this.shapeError('elements to pool', s);
    return this.withSpatial(s, this.outputSize);
  }

  /** One window each for `size` elements from every position of `axis`. */
  protected abstract pool(x: Value, axis: number, size: number): Value;

  call(x: Tensor): Tensor {
    let v = x.value;
    this.spatialAxes.forEach((axis, i) => {
      v = this.#along(v, axis, this.outputSize[i]);
    });
    return Tensor.of(v, x);
  }

  /** As in Keras, windows of both sizes from everywhere, and then those that are meant. */
  #along(x: Value, axis: number, count: number): Value {
    const n = x.shape[axis];
    const starts = Array.from({ length: count }, (_, w) => Math.floor((w * n) / count));
    const sizes = starts.map((start, w) => Math.ceil(((w + 1) * n) / count) - start);
    const kinds = [...new Set(sizes)].sort((a, b) => a - b);
    const pools = kinds.map((size) => this.pool(x, axis, size));
    const first = kinds.map((_, k) =>
      pools.slice(0, k).reduce((total, p) => total + p.shape[axis], 0),
    );
    const at = Int32Array.from(starts, (start, w) => first[kinds.indexOf(sizes[w])] + start);
    const all = lax.concatenate(pools, axis);
    if (at.length === all.shape[axis] && at.every((p, w) => p === w)) return all;
    return lax.take(all, fromData(at, [count], 'int32').value, axis);
  }

  override getConfig(): Record<string, unknown> {
    const { outputSize: size, dataFormat } = this;
    return { ...super.getConfig(), outputSize: size.length === 1 ? size[0] : size, dataFormat };
  }
}

function windows(x: Value, axis: number, size: number, operator: 'max' | 'sum'): Value {
  if (size === 1) return x;
  return lax.reduceWindow(x, operator, {
    window: x.shape.map((_, d) => (d === axis ? size : 1)),
    strides: x.shape.map(() => 1),
    padding: x.shape.map(() => [0, 0] as const),
  });
}

export abstract class AdaptiveMaxPooling extends AdaptivePooling {
  protected override pool(x: Value, axis: number, size: number): Value {
    return windows(x, axis, size, 'max');
  }
}
export abstract class AdaptiveAveragePooling extends AdaptivePooling {
  protected override pool(x: Value, axis: number, size: number): Value {
    const sums = windows(x, axis, size, 'sum');
    return lax.div(sums, lax.full(sums.shape, size, sums.dtype));
  }
}

/** (batch, steps, channels) to (batch, outputSize, channels). */
export class AdaptiveMaxPooling1D extends AdaptiveMaxPooling {
  constructor(o: AdaptivePoolingOptions) {
    super(1, o);
  }
}
/** (batch, height, width, channels) to (batch, …outputSize, channels). */
export class AdaptiveMaxPooling2D extends AdaptiveMaxPooling {
  constructor(o: AdaptivePoolingOptions) {
    super(2, o);
  }
}
/** (batch, depth, height, width, channels) to (batch, …outputSize, channels). */
export class AdaptiveMaxPooling3D extends AdaptiveMaxPooling {
  constructor(o: AdaptivePoolingOptions) {
    super(3, o);
  }
}
/** (batch, steps, channels) to (batch, outputSize, channels). */
export class AdaptiveAveragePooling1D extends AdaptiveAveragePooling {
  constructor(o: AdaptivePoolingOptions) {
    super(1, o);
  }
}
/** (batch, height, width, channels) to (batch, …outputSize, channels). */
export class AdaptiveAveragePooling2D extends AdaptiveAveragePooling {
  constructor(o: AdaptivePoolingOptions) {
    super(2, o);
  }
}
/** (batch, depth, height, width, channels) to (batch, …outputSize, channels). */
export class AdaptiveAveragePooling3D extends AdaptiveAveragePooling {
  constructor(o: AdaptivePoolingOptions) {
    super(3, o);
  }
}

type First = PerDimension | AdaptivePoolingOptions;
export const adaptiveMaxPooling1D = (
  outputSize: First,
  o: AdaptivePoolingOptions = {},
): AdaptiveMaxPooling1D => new AdaptiveMaxPooling1D(optionsOf('outputSize', outputSize, o));
export const adaptiveMaxPooling2D = (
  outputSize: First,
  o: AdaptivePoolingOptions = {},
): AdaptiveMaxPooling2D => new AdaptiveMaxPooling2D(optionsOf('outputSize', outputSize, o));
export const adaptiveMaxPooling3D = (
  outputSize: First,
  o: AdaptivePoolingOptions = {},
): AdaptiveMaxPooling3D => new AdaptiveMaxPooling3D(optionsOf('outputSize', outputSize, o));
export const adaptiveAveragePooling1D = (
  outputSize: First,
  o: AdaptivePoolingOptions = {},
): AdaptiveAveragePooling1D => new AdaptiveAveragePooling1D(optionsOf('outputSize', outputSize, o));
export const adaptiveAveragePooling2D = (
  outputSize: First,
  o: AdaptivePoolingOptions = {},
): AdaptiveAveragePooling2D => new AdaptiveAveragePooling2D(optionsOf('outputSize', outputSize, o));
export const adaptiveAveragePooling3D = (
  outputSize: First,
  o: AdaptivePoolingOptions = {},
): AdaptiveAveragePooling3D => new AdaptiveAveragePooling3D(optionsOf('outputSize', outputSize, o));
