/** Stochastic gradient descent, with momentum and Nesterov's variant. */
import type { Tensor } from '../../tensor/index.ts';
import type { Variable } from '../variable.ts';
import { Optimizer } from './optimizer.ts';
import type { OptimizerOptions } from './options.ts';

export interface SGDOptions extends OptimizerOptions {
  /** 0..1 */
  readonly momentum?: number;
  readonly nesterov?: boolean;
}

/** w -= rate*g; with momentum m = momentum*m - rate*g and w += m (Nesterov: w += momentum*m - rate*g). */
export class SGD extends Optimizer {
  readonly momentum: number;
  readonly nesterov: boolean;
  #momentums: Variable[] = [];
  constructor(o: SGDOptions = {}) {
    super(o, ['momentum', 'nesterov'], { name: 'sgd', learningRate: 0.01 });
    this.momentum = o.momentum ?? 0;
    this.nesterov = o.nesterov ?? false;
    if (!(this.momentum >= 0 && this.momentum <= 1))
      throw this.bad('momentum', this.momentum, 'between 0 and 1');
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), momentum: this.momentum, nesterov: this.nesterov };
  }
  protected override buildSlots(weights: readonly Variable[]): void {
    if (this.momentum > 0) this.#momentums = this.slots(weights, 'momentum');
  }
  protected override updateStep(g: Tensor, w: Variable, rate: Tensor, i: number): void {
    const step = g.mul(rate);
    if (this.momentum === 0) {
      w.assign(w.tensor.sub(step));
      return;
    }
    const m = this.#momentums[i];
    const next = m.tensor.mul(this.momentum).sub(step);
    m.assign(next);
    w.assign(w.tensor.add(this.nesterov ? next.mul(this.momentum).sub(step) : next));
  }
}

export const sgd = (o: SGDOptions = {}): SGD => new SGD(o);
