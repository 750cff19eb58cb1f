/** Dropout of whole channels (Tompson et al. 2014): what neighbours share would tell what is missing. */
import type { Tensor } from '../../../tensor/index.ts';
import { dropoutWithKey } from '../../random/index.ts';
import type { BatchShape, CallOptions } from '../layer.ts';
import { SeedState } from '../seed-state.ts';
import { optionsOf, SpatialLayer, type SpatialOptions, type SpatialRank } from '../spatial.ts';
import { share } from './share.ts';

export interface SpatialDropoutOptions extends SpatialOptions {
  /** 0 to 1 */
  readonly rate?: number;
  readonly seed?: number | null;
}
export interface SpatialDropout1DOptions extends Omit<SpatialDropoutOptions, 'dataFormat'> {}

/** In training, a share `rate` of the channels of each sample becomes 0, the others times 1 / (1 - rate). */
export abstract class SpatialDropout extends SpatialLayer {
  override readonly supportsMasking: boolean = true;
  readonly rate: number;
  readonly seed: number | null;
  readonly #key: SeedState | undefined;

  constructor(rank: SpatialRank, o: SpatialDropoutOptions) {
    super(rank, o, rank === 1 ? ['rate', 'seed'] : ['rate', 'seed', 'dataFormat']);
    this.rate = share(this, 'rate', o.rate);
    this.seed = o.seed ?? null;
    if (this.rate > 0) this.#key = new SeedState(this, o.seed);
  }
  override computeOutputShape(s: BatchShape): BatchShape {
    this.checkRank(s);
    return s;
  }
  call(x: Tensor, { training }: CallOptions): Tensor {
    if (!training || !this.#key) return x;
    const whole = x.shape.map((n, a) => (this.spatialAxes.includes(a) ? 1 : n));
    return dropoutWithKey(x, this.rate, this.#key.next(), whole);
  }
  override getConfig(): Record<string, unknown> {
    const { rate, seed, dataFormat } = this;
    const own = { ...super.getConfig(), rate, seed };
    return this.spatialRank === 1 ? own : { ...own, dataFormat };
  }
}

/** (batch, steps, channels) */
export class SpatialDropout1D extends SpatialDropout {
  constructor(o: SpatialDropout1DOptions) {
    super(1, o);
  }
}
/** (batch, height, width, channels) */
export class SpatialDropout2D extends SpatialDropout {
  constructor(o: SpatialDropoutOptions) {
    super(2, o);
  }
}
/** (batch, depth, height, width, channels) */
export class SpatialDropout3D extends SpatialDropout {
  constructor(o: SpatialDropoutOptions) {
    super(3, o);
  }
}

export const spatialDropout1D = (
  rate: number | SpatialDropout1DOptions,
  o: SpatialDropout1DOptions = {},
): SpatialDropout1D => new SpatialDropout1D(optionsOf('rate', rate, o));
export const spatialDropout2D = (
  rate: number | SpatialDropoutOptions,
  o: SpatialDropoutOptions = {},
): SpatialDropout2D => new SpatialDropout2D(optionsOf('rate', rate, o));
export const spatialDropout3D = (
  rate: number | SpatialDropoutOptions,
  o: SpatialDropoutOptions = {},
): SpatialDropout3D => new SpatialDropout3D(optionsOf('rate', rate, o));
