/** GRUCell (Cho et al. 2014), with gates z, r, h as Keras orders them. */
import type { Tensor } from '../../../tensor/index.ts';
import { type ActivationFn, getActivation, serializeActivation } from '../../activations/index.ts';
import { optionsOf } from '../spatial.ts';
import { type DropoutMasks, UnitCell, type UnitCellOptions } from './unit-cell.ts';

export interface GRUCellOptions extends UnitCellOptions {
  /** sigmoid */
  readonly recurrentActivation?: string | ActivationFn | null;
  /** Whether the reset gate acts after the product with the state (as cuDNN has it): true. */
  readonly resetAfter?: boolean;
}

/** h' = z h + (1 - z) activation(candidate). With resetAfter the bias is (2, 3 units): input's, state's. */
export class GRUCell extends UnitCell {
  protected override readonly gates: number = 3;
  readonly recurrentActivation: ActivationFn;
  readonly resetAfter: boolean;

  constructor(o: GRUCellOptions) {
    super(o, ['recurrentActivation', 'resetAfter']);
    const { recurrentActivation = 'sigmoid' } = o;
    this.recurrentActivation = getActivation(recurrentActivation);
    this.resetAfter = o.resetAfter ?? true;
  }
  get stateSize(): number {
    return this.units;
  }

  protected override biasShape(): readonly number[] {
    const columns = super.biasShape();
    return this.resetAfter ? [2, ...columns] : columns;
  }
  protected override inputBias(bias: Tensor): Tensor {
    return this.resetAfter ? bias.slice(0) : bias;
  }

  override step(x: Tensor, [h]: readonly Tensor[], masks: DropoutMasks): Tensor[] {
    const kernel = this.recurrentKernel.tensor;
    const opened = this.recurrentActivation;
    if (this.resetAfter) {
      let inner = this.product(h, kernel, masks.state);
      if (this.bias) inner = inner.add(this.bias.tensor.slice(1));
      const both = opened(this.gate(x, 0, 2).add(this.gate(inner, 0, 2)));
      const reset = this.gate(both, 1).mul(this.gate(inner, 2));
      return [this.#mix(this.gate(both, 0), h, this.gate(x, 2).add(reset))];
    }
    const { state } = masks;
    const gates = this.product(h, this.gate(kernel, 0, 2), state?.slice(0, 2));
    const both = opened(this.gate(x, 0, 2).add(gates));
    const kept = state ? h.mul(state[2]) : h;
    const reset = this.gate(both, 1).mul(kept).matmul(this.gate(kernel, 2));
    return [this.#mix(this.gate(both, 0), h, this.gate(x, 2).add(reset))];
  }

  #mix(z: Tensor, h: Tensor, candidate: Tensor): Tensor {
    return z.mul(h).add(z.neg().add(1).mul(this.activation(candidate)));
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      recurrentActivation: serializeActivation(this.recurrentActivation),
      resetAfter: this.resetAfter,
    };
  }
}

export const gruCell = (units: number | GRUCellOptions, o: GRUCellOptions = {}): GRUCell =>
  new GRUCell(optionsOf('units', units, o));
