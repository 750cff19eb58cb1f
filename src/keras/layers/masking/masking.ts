/** Marks steps of a sequence as padding by their value. */
import { GradloomError } from '../../../errors.ts';
import { lax } from '../../../graph/index.ts';
import { Tensor } from '../../../tensor/index.ts';
import { checkOptions } from '../../identifiers.ts';
import { type BatchShape, baseOptions, Layer, type LayerOptions } from '../layer.ts';
import { setMask } from '../mask.ts';
import { optionsOf } from '../spatial.ts';

export interface MaskingOptions extends LayerOptions {
  /** 0 */
  readonly maskValue?: number;
}

/**
 * Input (batch, steps, …, features). Steps of which every feature equals maskValue are masked:
 * later layers leave them out; here they become 0.
 */
export class Masking extends Layer {
  override readonly supportsMasking: boolean = true;
  readonly maskValue: number;

  constructor(o: MaskingOptions = {}) {
    super(o);
    checkOptions(`Masking "${this.name}"`, o, [...baseOptions, 'maskValue']);
    this.maskValue = o.maskValue ?? 0;
    if (typeof this.maskValue !== 'number')
      throw new GradloomError(
        'layer-option',
        `Masking "${this.name}": maskValue must be a number; received ${JSON.stringify(o.maskValue)}.`,
        { layer: this.name, maskValue: o.maskValue },
      );
  }

  override computeOutputShape(s: BatchShape): BatchShape {
    if (s.length < 2) throw this.shapeError('inputs of two dimensions or more, (batch, …)', s);
    return s;
  }

  override computeMask(x: Tensor): Tensor {
    return x.ne(this.maskValue).any(-1);
  }

  call(x: Tensor): Tensor {
    const counts = this.computeMask(x);
    const v = x.value;
    const whole = counts.expandDims(-1).broadcastTo(x.shape).value;
    const y = Tensor.of(lax.select(whole, v, lax.full(v.shape, 0, v.dtype)), x);
    setMask(y, counts);
    return y;
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), maskValue: this.maskValue };
  }
}

/** `masking()`, `masking(-1)`. */
export const masking = (maskValue?: number | MaskingOptions, o: MaskingOptions = {}): Masking =>
  new Masking(optionsOf('maskValue', maskValue, o));
