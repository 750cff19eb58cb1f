/** SimpleRNNCell: activation(x · kernel + h · recurrent_kernel + bias). */
import type { Tensor } from '../../../tensor/index.ts';
import { optionsOf } from '../spatial.ts';
import { type DropoutMasks, UnitCell, type UnitCellOptions } from './unit-cell.ts';

export class SimpleRNNCell extends UnitCell {
  protected override readonly gates: number = 1;

  constructor(o: UnitCellOptions) {
    super(o);
  }
  get stateSize(): number {
    return this.units;
  }
  override step(z: Tensor, [h]: readonly Tensor[], masks: DropoutMasks): Tensor[] {
    return [this.activation(z.add(this.product(h, this.recurrentKernel.tensor, masks.state)))];
  }
}

export const simpleRNNCell = (
  units: number | UnitCellOptions,
  o: UnitCellOptions = {},
): SimpleRNNCell => new SimpleRNNCell(optionsOf('units', units, o));
