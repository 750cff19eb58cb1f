/** Softmax as a layer: with masks, and over several axes. */

import { isFloat } from '../../../dtype.ts';
import { GradloomError } from '../../../errors.ts';
import { showShape } from '../../../shape.ts';
import { Tensor } from '../../../tensor/index.ts';
import { checkOptions } from '../../identifiers.ts';
import {
  type BatchShape,
  baseOptions,
  type CallOptions,
  Layer,
  type LayerOptions,
} from '../layer.ts';
import { checkAxes, label, resolveAxes } from '../normalization/options.ts';
import { optionsOf } from '../spatial.ts';
import { softmaxOver } from './masked-softmax.ts';

export interface SoftmaxOptions extends LayerOptions {
  /** One axis or several, negative from the end: -1. */
  readonly axis?: number | readonly number[];
}

/**
 * e^x / sum(e^x) over `axis`. A mask, bool or numbers of which those above 0.5 count, broadcasts to
 * the input; what it leaves out gets 0.
 */
export class Softmax extends Layer {
  protected override readonly floatInputs: boolean = true;
  override readonly supportsMasking: boolean = true;
  readonly axis: number | readonly number[];

  constructor(o: SoftmaxOptions = {}) {
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

  call(x: Tensor, { mask }: CallOptions): Tensor {
    const m = mask as Tensor | null | undefined;
    const whole = m ? this.#overInput(m, x) : undefined;
    return Tensor.of(softmaxOver(x.value, this.#axes(x.shape), whole?.value), x, m);
  }

  #overInput(mask: Tensor, x: Tensor): Tensor {
    const from = x.ndim - mask.ndim;
    const fits = from >= 0 && mask.shape.every((n, d) => n === 1 || n === x.shape[from + d]);
    if (!fits)
      throw new GradloomError(
        'layer-shape',
        `${label(this)}: the mask must broadcast to the inputs; received a mask of shape ${showShape(mask.shape)} for inputs of shape ${showShape(x.shape)}.`,
        { layer: this.name, mask: [...mask.shape], inputs: [...x.shape] },
      );
    const bool = isFloat(mask.dtype) ? mask.gt(0.5) : mask.astype('bool');
    return bool.broadcastTo(x.shape);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), axis: this.axis };
  }
}

/** `softmax()`, `softmax(1)`, `softmax([1, 2])`. */
export const softmax = (
  axis?: number | readonly number[] | SoftmaxOptions,
  o: SoftmaxOptions = {},
): Softmax => new Softmax(optionsOf('axis', axis, o));
