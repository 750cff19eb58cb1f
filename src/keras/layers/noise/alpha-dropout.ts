/** Dropout that keeps mean and variance under selu (Klambauer et al. 2017). */
import { GradloomError } from '../../../errors.ts';
import { showShape } from '../../../shape.ts';
import type { Tensor } from '../../../tensor/index.ts';
import { checkOptions } from '../../identifiers.ts';
import { uniformFromKey } from '../../random/index.ts';
import { baseOptions, type CallOptions, Layer, type LayerOptions } from '../layer.ts';
import { SeedState } from '../seed-state.ts';
import { optionsOf } from '../spatial.ts';
import { share } from './share.ts';

export interface AlphaDropoutOptions extends LayerOptions {
  /** 0 to below 1 */
  readonly rate?: number;
  readonly seed?: number | null;
  /** Dimensions of size 1 share their fate; null takes the input's. */
  readonly noiseShape?: readonly (number | null)[] | null;
}

/** What selu tends to for very negative numbers. */
const lowest = -1.6732632423543772 * 1.0507009873554805;

/**
 * In training, a share `rate` of the elements becomes the lowest value of selu, and then all of
 * them a x + b such that mean 0 and variance 1 stay so.
 */
export class AlphaDropout extends Layer {
  override readonly supportsMasking: boolean = true;
  readonly rate: number;
  readonly #noiseShape: readonly (number | null)[] | null;
  readonly #given: number | null;
  readonly #seed: SeedState | undefined;

  constructor(o: AlphaDropoutOptions) {
    super(o);
    const own = ['rate', 'seed', 'noiseShape'];
    checkOptions(`AlphaDropout "${this.name}"`, o, [...baseOptions, ...own]);
    this.rate = share(this, 'rate', o.rate, true);
    this.#noiseShape = o.noiseShape ?? null;
    this.#given = o.seed ?? null;
    if (this.rate > 0) this.#seed = new SeedState(this, o.seed);
  }

  call(x: Tensor, { training }: CallOptions): Tensor {
    if (!training || !this.#seed) return x;
    const { rate } = this;
    const kept = uniformFromKey(this.#seed.next(), this.#noise(x)).ge(rate).astype(x.dtype);
    const a = ((1 - rate) * (1 + rate * lowest ** 2)) ** -0.5;
    const b = -a * lowest * rate;
    const dropped = x.mul(kept).add(kept.neg().add(1).mul(lowest));
    return dropped.mul(a).add(b);
  }

  #noise(x: Tensor): readonly number[] {
    const noise = this.#noiseShape?.map((n, d) => n ?? x.shape[d]) ?? x.shape;
    const from = x.ndim - noise.length;
    if (from < 0 || noise.some((n, d) => n !== 1 && n !== x.shape[from + d]))
      throw new GradloomError(
        'layer-shape',
        `AlphaDropout "${this.name}": noiseShape ${showShape(noise)} does not broadcast to inputs of shape ${showShape(x.shape)}.`,
        { layer: this.name, noiseShape: noise, inputs: [...x.shape] },
      );
    return noise;
  }

  override getConfig(): Record<string, unknown> {
    const { rate } = this;
    return { ...super.getConfig(), rate, seed: this.#given, noiseShape: this.#noiseShape };
  }
}

/** `alphaDropout(0.2)`, `alphaDropout({ rate: 0.2, seed: 1 })`. */
export const alphaDropout = (
  rate: number | AlphaDropoutOptions,
  o: AlphaDropoutOptions = {},
): AlphaDropout => new AlphaDropout(optionsOf('rate', rate, o));
