/** Layers that work on the host, on strings or with hashes: for input pipelines. */
import { GradloomError } from '../../../errors.ts';
import { isConcrete, type Tensor, type TensorLike } from '../../../tensor/index.ts';
import { Layer, type TensorsLike } from '../layer.ts';
import type { Strings } from './strings.ts';

export abstract class HostLayer extends Layer {
  protected override readonly autocast: boolean = false;

  /** What the layer gives for strings or for numbers that can be read. */
  protected abstract compute(x: Strings | TensorLike): Tensor;

  /** Takes nested lists of strings as well as numbers. */
  override apply<R = Tensor>(x: Strings | TensorsLike): R {
    this.built = true;
    return this.compute(x as Strings | TensorLike) as R;
  }

  call(x: Tensor): Tensor {
    if (isConcrete(x.value)) return this.compute(x);
    throw new GradloomError(
      'layer',
      `Layer "${this.name}" (${this.constructor.name}) works on the host and cannot be part of a compiled model. Apply it to the data before, for example with dataset.map(x => layer.apply(x)).`,
      { layer: this.name },
    );
  }
}
