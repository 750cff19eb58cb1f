/** Images slanted. */
import type { Tensor } from '../../../../tensor/index.ts';
import { type Factor, RandomAffineLayer, type RandomAffineOptions } from './random-affine.ts';

export interface RandomShearOptions extends RandomAffineOptions {
  /** How far rows move for each row down: up to ±factor, or between two bounds; 0 to 1. */
  readonly xFactor?: Factor;
  /** How far columns move for each column to the right. */
  readonly yFactor?: Factor;
}

export class RandomShear extends RandomAffineLayer {
  readonly xFactor: readonly [number, number];
  readonly yFactor: readonly [number, number];

  constructor(o: RandomShearOptions = {}) {
    super(o, ['xFactor', 'yFactor']);
    this.xFactor = this.#slant('xFactor', o.xFactor ?? 0);
    this.yFactor = this.#slant('yFactor', o.yFactor ?? 0);
  }
  #slant(option: string, given: Factor): readonly [number, number] {
    const list = typeof given === 'number' ? [given] : given;
    if (!Array.isArray(list) || !list.every((v) => v >= 0 && v <= 1))
      throw this.optionError(option, 'a number, or a list of two, from 0 to 1', given);
    return this.range(option, typeof given === 'number' ? [-given, given] : given);
  }
  protected map(n: number): readonly (number | Tensor)[] {
    const way = this.draw([n], 0, 1).gt(0.5).astype('float32').mul(-2).add(1);
    const y = this.draw([n], ...this.yFactor).mul(way);
    const x = this.draw([n], ...this.xFactor).mul(way);
    return [1, x, 0, y, 1, 0];
  }
  override getConfig(): Record<string, unknown> {
    const { xFactor, yFactor } = this;
    // Bounds below 0 come of a single number only.
    const given = ([lower, upper]: readonly [number, number]): Factor =>
      lower < 0 ? upper : [lower, upper];
    return { ...super.getConfig(), xFactor: given(xFactor), yFactor: given(yFactor) };
  }
}

export const randomShear = (
  xFactor?: Factor | RandomShearOptions,
  yFactor?: Factor,
  o: RandomShearOptions = {},
): RandomShear =>
  new RandomShear(
    typeof xFactor === 'object' && !Array.isArray(xFactor)
      ? (xFactor as RandomShearOptions)
      : { ...o, xFactor: xFactor as Factor | undefined, yFactor },
  );
