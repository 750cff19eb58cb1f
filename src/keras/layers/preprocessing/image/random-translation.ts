/** Images moved. */
import type { Tensor } from '../../../../tensor/index.ts';
import { type Factor, RandomAffineLayer, type RandomAffineOptions } from './random-affine.ts';

export interface RandomTranslationOptions extends RandomAffineOptions {
  /** How far down, as a share of the height: up to ±factor, or between two bounds; -1 to 1. */
  readonly heightFactor?: Factor;
  /** How far right, as a share of the width. */
  readonly widthFactor?: Factor;
}

export class RandomTranslation extends RandomAffineLayer {
  readonly heightFactor: readonly [number, number];
  readonly widthFactor: readonly [number, number];

  constructor(o: RandomTranslationOptions) {
    super(o, ['heightFactor', 'widthFactor']);
    this.heightFactor = this.#share('heightFactor', o.heightFactor);
    this.widthFactor = this.#share('widthFactor', o.widthFactor);
  }
  #share(option: string, given: unknown): readonly [number, number] {
    const list = typeof given === 'number' ? [-Math.abs(given), Math.abs(given)] : given;
    if (Array.isArray(list) && list.every((v) => v >= -1 && v <= 1))
      return this.range(option, list);
    throw this.optionError(option, 'a number, or a list of two, from -1 to 1', given);
  }
  protected map(n: number, height: number, width: number): readonly (number | Tensor)[] {
    const shift = ([lower, upper]: readonly [number, number], size: number): Tensor =>
      this.draw([n], lower, upper).mul(-size);
    const down = shift(this.heightFactor, height);
    const right = shift(this.widthFactor, width);
    return [1, 0, right, 0, 1, down];
  }
  override getConfig(): Record<string, unknown> {
    const { heightFactor, widthFactor } = this;
    return { ...super.getConfig(), heightFactor, widthFactor };
  }
}

export const randomTranslation = (
  heightFactor: Factor | RandomTranslationOptions,
  widthFactor?: Factor,
  o: RandomTranslationOptions = {},
): RandomTranslation =>
  new RandomTranslation(
    typeof heightFactor === 'object' && !Array.isArray(heightFactor)
      ? (heightFactor as RandomTranslationOptions)
      : { ...o, heightFactor: heightFactor as Factor, widthFactor },
  );
