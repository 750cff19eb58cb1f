/** LSTMCell (Hochreiter and Schmidhuber 1997), with gates i, f, c, o as Keras orders them. */
import { concatenate } from '../../../numpy/index.ts';
import type { Tensor } from '../../../tensor/index.ts';
import { type ActivationFn, getActivation, serializeActivation } from '../../activations/index.ts';
import { getInitializer } from '../../initializers/index.ts';
import { optionsOf } from '../spatial.ts';
import type { WeightSpec } from '../weight-spec.ts';
import { type DropoutMasks, UnitCell, type UnitCellOptions } from './unit-cell.ts';

export interface LSTMCellOptions extends UnitCellOptions {
  /** sigmoid */
  readonly recurrentActivation?: string | ActivationFn | null;
  /** Whether the forget gate's bias starts at 1 (Jozefowicz et al. 2015): true. */
  readonly unitForgetBias?: boolean;
}

/** c' = f c + i activation(g), h' = o activation(c'). States h and c. */
export class LSTMCell extends UnitCell {
  protected override readonly gates: number = 4;
  readonly recurrentActivation: ActivationFn;
  readonly unitForgetBias: boolean;

  constructor(o: LSTMCellOptions) {
    super(o, ['recurrentActivation', 'unitForgetBias']);
    const { recurrentActivation = 'sigmoid' } = o;
    this.recurrentActivation = getActivation(recurrentActivation);
    this.unitForgetBias = o.unitForgetBias ?? true;
  }
  get stateSize(): readonly number[] {
    return [this.units, this.units];
  }

  protected override biasStart(spec: WeightSpec): WeightSpec['weight'] {
    if (!this.unitForgetBias) return spec.weight;
    const { units } = this;
    const ones = getInitializer('ones');
    const rest = spec.initializer;
    return {
      ...spec.weight,
      initializer: (_, dtype) =>
        concatenate([
          rest.init([units], dtype),
          ones.init([units], dtype),
          rest.init([units * 2], dtype),
        ]),
    };
  }

  override step(z: Tensor, [h, c]: readonly Tensor[], masks: DropoutMasks): Tensor[] {
    const all = z.add(this.product(h, this.recurrentKernel.tensor, masks.state));
    const [i, f, g, o] = [0, 1, 2, 3].map((k) => this.gate(all, k));
    const opened = this.recurrentActivation;
    const carry = opened(f)
      .mul(c)
      .add(opened(i).mul(this.activation(g)));
    return [opened(o).mul(this.activation(carry)), carry];
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      recurrentActivation: serializeActivation(this.recurrentActivation),
      unitForgetBias: this.unitForgetBias,
    };
  }
}

export const lstmCell = (units: number | LSTMCellOptions, o: LSTMCellOptions = {}): LSTMCell =>
  new LSTMCell(optionsOf('units', units, o));
