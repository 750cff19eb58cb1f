/** Layers that work on the host, on strings or with hashes: for input pipelines. */
import { GradloomError } from '../../../errors.ts';
import { isConcrete, type Tensor, type TensorLike } from '../../../tensor/index.ts';
import type { KerasTensor } from '../../functional/keras-tensor.ts';
import { isSymbolic } from '../../functional/node.ts';
import { Layer, type SymbolicTree, type TensorsLike } from '../layer.ts';
import type { Strings } from './strings.ts';

export abstract class HostLayer extends Layer {
  protected override readonly autocast: boolean = false;

  /** What the layer gives for strings or for numbers that can be read. */
  protected abstract compute(x: Strings | TensorLike): Tensor;

  /** Takes nested lists of strings as well as numbers. */
  override apply(x: Strings | TensorsLike): Tensor;
  override apply(x: SymbolicTree): KerasTensor;
  override apply<R>(x: Strings | TensorsLike | SymbolicTree): R;
  override apply(x: Strings | TensorsLike | SymbolicTree): unknown {
    if (isSymbolic(x)) return super.apply(x as SymbolicTree);
    this.built = true;
    return this.compute(x as Strings | TensorLike);
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
