/** Each vector to length 1. */
import { lax } from '../../../graph/index.ts';
import { Tensor } from '../../../tensor/index.ts';
import { checkOptions } from '../../identifiers.ts';
import { type BatchShape, baseOptions, Layer, type LayerOptions } from '../layer.ts';
import { checkAxes, label, resolveAxes } from './options.ts';
import { like, over } from './statistics.ts';

export interface UnitNormalizationOptions extends LayerOptions {
  /** One axis or several, negative from the end: -1. */
  readonly axis?: number | readonly number[];
}

/** x divided by the square root of its sum of squares over `axis`, but by no less than 1e-12. */
export class UnitNormalization extends Layer {
  protected override readonly floatInputs: boolean = true;
  override readonly supportsMasking: boolean = true;
  readonly axis: number | readonly number[];

  constructor(o: UnitNormalizationOptions = {}) {
    super(o);
    checkOptions(label(this), o, [...baseOptions, 'axis']);
    this.axis = checkAxes(label(this), o.axis ?? -1);
  }

  #axes(s: BatchShape): number[] {
    const axes = resolveAxes(this.axis, s);
    if (!axes) throw this.shapeError(`inputs that have axis ${[this.axis].flat().join(', ')}`, s);
    return axes;
  }

  override computeOutputShape(s: BatchShape): BatchShape {
    this.#axes(s);
    return s;
  }

  call(x: Tensor): Tensor {
    const axes = this.#axes(x.shape);
    const v = x.value;
    const inverse = lax.rsqrt(lax.reduceSum(lax.mul(v, v), axes));
    return Tensor.of(lax.mul(v, over(lax.min(inverse, like(inverse, 1e12)), v, axes)), x);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), axis: this.axis };
  }
}

/** `unitNormalization()`, `unitNormalization({ axis: [1, 2] })`. */
export const unitNormalization = (o: UnitNormalizationOptions = {}): UnitNormalization =>
  new UnitNormalization(o);
