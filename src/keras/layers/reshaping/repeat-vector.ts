/** A vector repeated, to be the input of every step of a sequence. */
import { GradloomError } from '../../../errors.ts';
import { lax } from '../../../graph/index.ts';
import { Tensor } from '../../../tensor/index.ts';
import { checkOptions } from '../../identifiers.ts';
import { type BatchShape, baseOptions, Layer, type LayerOptions } from '../layer.ts';
import { optionsOf } from '../spatial.ts';

export interface RepeatVectorOptions extends LayerOptions {
  /** How often: 1 or more. */
  readonly n?: number;
}

/** (batch, features) to (batch, n, features). */
export class RepeatVector extends Layer {
  readonly n: number;

  constructor(o: RepeatVectorOptions) {
    super(o);
    checkOptions(`RepeatVector "${this.name}"`, o, [...baseOptions, 'n']);
    if (!Number.isInteger(o.n) || (o.n as number) < 1)
      throw new GradloomError(
        'layer-option',
        `RepeatVector "${this.name}": n must be a whole number of 1 or more; received ${JSON.stringify(o.n)}.`,
        { layer: this.name, n: o.n },
      );
    this.n = o.n as number;
  }
  override computeOutputShape(s: BatchShape): BatchShape {
    if (s.length !== 2) throw this.shapeError('inputs of 2 dimensions, (batch, features)', s);
    return [s[0], this.n, s[1]];
  }
  call(x: Tensor): Tensor {
    const shape = [x.shape[0], this.n, x.shape[1]];
    return Tensor.of(lax.broadcastInDim(x.value, shape, [0, 2]), x);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), n: this.n };
  }
}

export const repeatVector = (
  n: number | RepeatVectorOptions,
  o: RepeatVectorOptions = {},
): RepeatVector => new RepeatVector(optionsOf('n', n, o));
