/** Images larger or smaller about their middle. */
import type { Tensor } from '../../../../tensor/index.ts';
import { type Factor, RandomAffineLayer, type RandomAffineOptions } from './random-affine.ts';

export interface RandomZoomOptions extends RandomAffineOptions {
  /**
   * What is added to 1: how much more of the height is seen, above -1 to 1. Positive zooms out. Up to
   * ±factor, or between two bounds.
   */
  readonly heightFactor?: Factor;
  /** The same for the width; null draws once for both, which keeps the aspect ratio. */
  readonly widthFactor?: Factor | null;
}

export class RandomZoom extends RandomAffineLayer {
  readonly heightFactor: readonly [number, number];
  readonly widthFactor: readonly [number, number] | null;

  constructor(o: RandomZoomOptions) {
    super(o, ['heightFactor', 'widthFactor']);
    this.heightFactor = this.#zoom('heightFactor', o.heightFactor);
    this.widthFactor = o.widthFactor == null ? null : this.#zoom('widthFactor', o.widthFactor);
  }
  #zoom(option: string, given: unknown): readonly [number, number] {
    const list = typeof given === 'number' ? [-Math.abs(given), Math.abs(given)] : given;
    const seen = Array.isArray(given) ? given : [given];
    if (seen.every((v) => v > -1 && v <= 1)) return this.range(option, list);
    throw this.optionError(option, 'a number, or a list of two, above -1 and up to 1', given);
  }
  protected map(n: number, height: number, width: number): readonly (number | Tensor)[] {
    const zoom = ([lower, upper]: readonly [number, number]): Tensor =>
      this.draw([n], 1 + lower, 1 + upper);
    const h = zoom(this.heightFactor);
    const w = this.widthFactor ? zoom(this.widthFactor) : h;
    const offset = (z: Tensor, size: number): Tensor =>
      z
        .neg()
        .add(1)
        .mul((size - 1) / 2);
    return [w, 0, offset(w, width), 0, h, offset(h, height)];
  }
  override getConfig(): Record<string, unknown> {
    const { heightFactor, widthFactor } = this;
    return { ...super.getConfig(), heightFactor, widthFactor };
  }
}

export const randomZoom = (
  heightFactor: Factor | RandomZoomOptions,
  widthFactor?: Factor | null,
  o: RandomZoomOptions = {},
): RandomZoom =>
  new RandomZoom(
    typeof heightFactor === 'object' && !Array.isArray(heightFactor)
      ? (heightFactor as RandomZoomOptions)
      : { ...o, heightFactor: heightFactor as Factor, widthFactor },
  );
