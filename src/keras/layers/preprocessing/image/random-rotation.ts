/** Images turned about their middle. */
import type { Tensor } from '../../../../tensor/index.ts';
import { optionsOf } from '../../spatial.ts';
import { type Factor, RandomAffineLayer, type RandomAffineOptions } from './random-affine.ts';

export interface RandomRotationOptions extends RandomAffineOptions {
  /** How far, in whole turns: up to ±factor, or between two bounds; -1 to 1. Positive is counter-clockwise. */
  readonly factor?: Factor;
}

export class RandomRotation extends RandomAffineLayer {
  readonly factor: readonly [number, number];

  constructor(o: RandomRotationOptions) {
    super(o, ['factor']);
    this.factor = this.factorOf('factor', o.factor, -1, 1);
  }
  protected map(n: number, height: number, width: number): readonly (number | Tensor)[] {
    const [lower, upper] = this.factor;
    const angle = this.draw([n], lower * 360, upper * 360).mul(Math.PI / 180);
    const [cos, sin] = [angle.cos(), angle.sin()];
    const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
    const x = cos.mul(-cx).add(cx).add(sin.mul(cy));
    const y = sin.mul(-cx).add(cy).sub(cos.mul(cy));
    return [cos, sin.neg(), x, sin, cos, y];
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), factor: this.factor };
  }
}

export const randomRotation = (
  factor: Factor | RandomRotationOptions,
  o: RandomRotationOptions = {},
): RandomRotation => new RandomRotation(optionsOf('factor', factor, o));
