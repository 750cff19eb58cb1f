/** Dropout (Srivastava et al. 2014): zeroes a share of its input while training. */
import { GradloomError } from '../../errors.ts';
import type { Tensor } from '../../tensor/index.ts';
import { checkOptions } from '../identifiers.ts';
import { dropoutWithKey } from '../random/index.ts';
import {
  type BatchShape,
  baseOptions,
  type CallOptions,
  Layer,
  type LayerOptions,
} from './layer.ts';
import { SeedState } from './seed-state.ts';

export interface DropoutOptions extends LayerOptions {
  /** 0..1 */
  readonly rate?: number;
  readonly seed?: number | null;
  /** Dimensions of size 1 share their fate; null takes the input's. */
  readonly noiseShape?: readonly (number | null)[] | null;
}

/** What is kept is scaled by 1 / (1 - rate), so that sums stay the same on average. */
export class Dropout extends Layer {
  override readonly supportsMasking: boolean = true;
  readonly rate: number;
  readonly #noiseShape: readonly (number | null)[] | null;
  readonly #seed: number | null;
  readonly #key: SeedState | undefined;

  constructor(o: DropoutOptions) {
    super(o);
    checkOptions(`Dropout "${this.name}"`, o, [...baseOptions, 'rate', 'seed', 'noiseShape']);
    const rate = o.rate as number;
    if (!(rate >= 0 && rate <= 1))
      throw new GradloomError(
        'layer-option',
        `Dropout "${this.name}": rate lies between 0 and 1; received ${rate}.`,
        { layer: this.name, rate },
      );
    this.rate = rate;
    this.#seed = o.seed ?? null;
    this.#noiseShape = o.noiseShape ?? null;
    if (rate > 0) this.#key = new SeedState(this, o.seed);
  }

  override computeOutputShape(s: BatchShape): BatchShape {
    return s;
  }

  call(x: Tensor, { training }: CallOptions): Tensor {
    if (!training || !this.#key) return x;
    const noise = this.#noiseShape?.map((n, d) => n ?? x.shape[d]) ?? x.shape;
    return dropoutWithKey(x, this.rate, this.#key.next(), noise);
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      rate: this.rate,
      seed: this.#seed,
      noiseShape: this.#noiseShape,
    };
  }
}

export function dropout(rate: number | DropoutOptions, o: DropoutOptions = {}): Dropout {
  return new Dropout(typeof rate === 'number' ? { ...o, rate } : rate);
}
