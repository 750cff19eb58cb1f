/** RMSprop (Hinton, 2012). */
import type { Tensor } from '../../tensor/index.ts';
import type { Variable } from '../variable.ts';
import { Optimizer } from './optimizer.ts';
import type { OptimizerOptions } from './options.ts';

export interface RMSpropOptions extends OptimizerOptions {
  readonly rho?: number;
  readonly momentum?: number;
  readonly epsilon?: number;
  readonly centered?: boolean;
}

/** v = rho*v + (1-rho)*g²; w -= rate*g / sqrt(v + epsilon), by way of a momentum if there is one. */
export class RMSprop extends Optimizer {
  readonly rho: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly centered: boolean;
  #velocities: Variable[] = [];
  #momentums: Variable[] = [];
  #averages: Variable[] = [];
  constructor(o: RMSpropOptions = {}) {
    super(o, ['rho', 'momentum', 'epsilon', 'centered'], { name: 'rm_sprop', learningRate: 0.001 });
    this.rho = o.rho ?? 0.9;
    this.momentum = o.momentum ?? 0;
    this.epsilon = o.epsilon ?? 1e-7;
    this.centered = o.centered ?? false;
  }
  override getConfig(): Record<string, unknown> {
    const { rho, momentum, epsilon, centered } = this;
    return { ...super.getConfig(), rho, momentum, epsilon, centered };
  }
  protected override buildSlots(weights: readonly Variable[]): void {
    this.#velocities = this.slots(weights, 'velocity');
    if (this.momentum > 0) this.#momentums = this.slots(weights, 'momentum');
    if (this.centered) this.#averages = this.slots(weights, 'average_gradient');
  }
  protected override updateStep(g: Tensor, w: Variable, rate: Tensor, i: number): void {
    const v = this.#velocities[i];
    v.assign(v.tensor.mul(this.rho).add(g.square().mul(1 - this.rho)));
    let denominator = v.tensor.add(this.epsilon);
    if (this.centered) {
      const a = this.#averages[i];
      a.assign(a.tensor.mul(this.rho).add(g.mul(1 - this.rho)));
      denominator = v.tensor.sub(a.tensor.square()).add(this.epsilon);
    }
    let step = g.mul(rate).div(denominator.sqrt());
    if (this.momentum > 0) {
      const m = this.#momentums[i];
      m.assign(m.tensor.mul(this.momentum).add(step));
      step = m.tensor;
    }
    w.assign(w.tensor.sub(step));
  }
}

export const rmsprop = (o: RMSpropOptions = {}): RMSprop => new RMSprop(o);
