/** Lion (Chen et al., 2023): the sign of a momentum. */
import type { Tensor } from '../../tensor/index.ts';
import type { Variable } from '../variable.ts';
import { rest } from './formulas.ts';
import { Optimizer } from './optimizer.ts';
import type { OptimizerOptions } from './options.ts';

export interface LionOptions extends OptimizerOptions {
  /** Share of the momentum in the update. Default 0.9, in (0, 1]. */
  readonly beta1?: number;
  /** Decay of the momentum. Default 0.99, in [0, 1]. */
  readonly beta2?: number;
}

/** w -= rate * sign(beta1*m + (1-beta1)*g); m = beta2*m + (1-beta2)*g. */
export class Lion extends Optimizer {
  readonly beta1: number;
  readonly beta2: number;
  #momentums: Variable[] = [];
  constructor(o: LionOptions = {}) {
    super(o, ['beta1', 'beta2'], { name: 'lion', learningRate: 0.001 });
    this.beta1 = o.beta1 ?? 0.9;
    this.beta2 = o.beta2 ?? 0.99;
    if (!(this.beta1 > 0 && this.beta1 <= 1))
      throw this.bad('beta1', this.beta1, 'above 0 and at most 1');
    if (!(this.beta2 >= 0 && this.beta2 <= 1))
      throw this.bad('beta2', this.beta2, 'between 0 and 1');
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), beta1: this.beta1, beta2: this.beta2 };
  }
  protected override buildSlots(weights: readonly Variable[]): void {
    this.#momentums = this.slots(weights, 'momentum');
  }
  protected override updateStep(g: Tensor, w: Variable, rate: Tensor, i: number): void {
    const m = this.#momentums[i];
    const mix = (beta: number): Tensor => m.tensor.mul(beta).add(g.mul(rest(beta, w.dtype)));
    w.assign(w.tensor.sub(mix(this.beta1).sign().mul(rate)));
    m.assign(mix(this.beta2));
  }
}

export const lion = (o: LionOptions = {}): Lion => new Lion(o);
