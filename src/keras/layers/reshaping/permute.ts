/** The dimensions of each sample in another order. */
import { GradloomError } from '../../../errors.ts';
import type { Tensor } from '../../../tensor/index.ts';
import { checkOptions } from '../../identifiers.ts';
import { type BatchShape, baseOptions, Layer, type LayerOptions } from '../layer.ts';
import { optionsOf } from '../spatial.ts';

export interface PermuteOptions extends LayerOptions {
  /** An order of the dimensions 1, 2, …; the batch, 0, stays first. */
  readonly dims?: readonly number[];
}

/** `dims: [2, 1]` makes (batch, b, a) of (batch, a, b). */
export class Permute extends Layer {
  readonly dims: readonly number[];

  constructor(o: PermuteOptions) {
    super(o);
    checkOptions(`Permute "${this.name}"`, o, [...baseOptions, 'dims']);
    const dims = o.dims ?? [];
    const sorted = Array.isArray(dims) ? [...dims].sort((a, b) => a - b) : [];
    if (sorted.length === 0 || sorted.some((d, i) => d !== i + 1))
      throw new GradloomError(
        'layer-option',
        `Permute "${this.name}": dims must hold 1, 2, … in some order, each once; received ${JSON.stringify(o.dims)}.`,
        { layer: this.name, dims: o.dims },
      );
    this.dims = [...dims];
  }
  override computeOutputShape(s: BatchShape): BatchShape {
    if (s.length !== this.dims.length + 1)
      throw this.shapeError(
        `inputs of ${this.dims.length + 1} dimensions, to put in the order [${this.dims.join(', ')}]`,
        s,
      );
    return [s[0], ...this.dims.map((d) => s[d])];
  }
  call(x: Tensor): Tensor {
    return x.transpose([0, ...this.dims]);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), dims: this.dims };
  }
}

export const permute = (
  dims: readonly number[] | PermuteOptions,
  o: PermuteOptions = {},
): Permute => new Permute(optionsOf('dims', dims, o));
