/** A layer that changes nothing. */
import type { Tensor } from '../../../tensor/index.ts';
import { checkOptions } from '../../identifiers.ts';
import { baseOptions, Layer, type LayerOptions } from '../layer.ts';

/** Gives what it is given: a place to name, or to put another layer in. */
export class Identity extends Layer {
  override readonly supportsMasking: boolean = true;
  constructor(o: LayerOptions = {}) {
    super(o);
    checkOptions(`Identity "${this.name}"`, o, baseOptions);
  }
  call(x: Tensor): Tensor {
    return x;
  }
}

export const identity = (o: LayerOptions = {}): Identity => new Identity(o);
