/** Gaussian noise, added or multiplied in training. */
import type { Tensor } from '../../../tensor/index.ts';
import { checkOptions } from '../../identifiers.ts';
import { normalFromKey } from '../../random/index.ts';
import { baseOptions, type CallOptions, Layer, type LayerOptions } from '../layer.ts';
import { SeedState } from '../seed-state.ts';
import { optionsOf } from '../spatial.ts';
import { share } from './share.ts';

export interface GaussianNoiseOptions extends LayerOptions {
  /** Standard deviation, 0 to 1. */
  readonly stddev?: number;
  readonly seed?: number | null;
}

/** Adds normal noise of mean 0 in training. */
export class GaussianNoise extends Layer {
  override readonly supportsMasking: boolean = true;
  readonly stddev: number;
  readonly #given: number | null;
  readonly #seed: SeedState | undefined;

  constructor(o: GaussianNoiseOptions) {
    super(o);
    checkOptions(`GaussianNoise "${this.name}"`, o, [...baseOptions, 'stddev', 'seed']);
    this.stddev = share(this, 'stddev', o.stddev);
    this.#given = o.seed ?? null;
    if (this.stddev > 0) this.#seed = new SeedState(this, o.seed);
  }
  call(x: Tensor, { training }: CallOptions): Tensor {
    if (!training || !this.#seed) return x;
    const noise = normalFromKey(this.#seed.next(), x.shape);
    return x.add(noise.mul(this.stddev).astype(x.dtype));
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), stddev: this.stddev, seed: this.#given };
  }
}

export interface GaussianDropoutOptions extends LayerOptions {
  /** The noise has the deviation of a dropout of this rate, sqrt(rate / (1 - rate)): 0 to below 1. */
  readonly rate?: number;
  readonly seed?: number | null;
}

/** Multiplies by normal noise of mean 1 in training. (Srivastava et al. 2014) */
export class GaussianDropout extends Layer {
  override readonly supportsMasking: boolean = true;
  readonly rate: number;
  readonly #given: number | null;
  readonly #seed: SeedState | undefined;

  constructor(o: GaussianDropoutOptions) {
    super(o);
    checkOptions(`GaussianDropout "${this.name}"`, o, [...baseOptions, 'rate', 'seed']);
    this.rate = share(this, 'rate', o.rate, true);
    this.#given = o.seed ?? null;
    if (this.rate > 0) this.#seed = new SeedState(this, o.seed);
  }
  call(x: Tensor, { training }: CallOptions): Tensor {
    if (!training || !this.#seed) return x;
    const stddev = Math.sqrt(this.rate / (1 - this.rate));
    const noise = normalFromKey(this.#seed.next(), x.shape).mul(stddev).add(1);
    return x.mul(noise.astype(x.dtype));
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), rate: this.rate, seed: this.#given };
  }
}

/** `gaussianNoise(0.1)`, `gaussianNoise({ stddev: 0.1, seed: 1 })`. */
export const gaussianNoise = (
  stddev: number | GaussianNoiseOptions,
  o: GaussianNoiseOptions = {},
): GaussianNoise => new GaussianNoise(optionsOf('stddev', stddev, o));
/** `gaussianDropout(0.3)`. */
export const gaussianDropout = (
  rate: number | GaussianDropoutOptions,
  o: GaussianDropoutOptions = {},
): GaussianDropout => new GaussianDropout(optionsOf('rate', rate, o));
