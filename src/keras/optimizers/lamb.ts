/** Lamb (You et al., 2020): Adam's step, as long as the weights are large. */
import type { Tensor } from '../../tensor/index.ts';
import type { Variable } from '../variable.ts';
import { choose, moved, norm, power, scalar } from './formulas.ts';
import { Optimizer } from './optimizer.ts';
import type { OptimizerOptions } from './options.ts';

export interface LambOptions extends OptimizerOptions {
  /** Decay of the average of gradients. Default 0.9, in [0, 1). */
  readonly beta1?: number;
  /** Decay of the average of their squares. Default 0.999, in [0, 1). */
  readonly beta2?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
}

/**
 * u = m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon); w -= rate * |w| / |u| * u, where the
 * ratio of the norms is 1 if either is 0.
 */
export class Lamb extends Optimizer {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  #momentums: Variable[] = [];
  #velocities: Variable[] = [];
  constructor(o: LambOptions = {}) {
    super(o, ['beta1', 'beta2', 'epsilon'], { name: 'lamb', learningRate: 0.001 });
    this.beta1 = this.share('beta1', o.beta1 ?? 0.9);
    this.beta2 = this.share('beta2', o.beta2 ?? 0.999);
    this.epsilon = o.epsilon ?? 1e-7;
  }
  override getConfig(): Record<string, unknown> {
    const { beta1, beta2, epsilon } = this;
    return { ...super.getConfig(), beta1, beta2, epsilon };
  }
  protected override buildSlots(weights: readonly Variable[]): void {
    [this.#momentums, this.#velocities] = this.interleaved(weights, ['momentum', 'velocity']);
  }
  protected override updateStep(g: Tensor, w: Variable, rate: Tensor, i: number): void {
    const t = this.count(w);
    const rest = (beta: number): Tensor => power(beta, t).mul(-1).add(1);
    const [m, v] = [this.#momentums[i], this.#velocities[i]];
    m.assign(moved(m.tensor, g, 1 - this.beta1));
    v.assign(moved(v.tensor, g.square(), 1 - this.beta2));
    const root = v.tensor.div(rest(this.beta2)).sqrt().add(this.epsilon);
    const update = m.tensor.div(rest(this.beta1)).div(root);
    const [size, step] = [norm([w.tensor]), norm([update])];
    const both = size.gt(0).logicalAnd(step.gt(0));
    const ratio = choose(both, size.div(step), scalar(1, w.dtype));
    w.assign(w.tensor.sub(update.mul(ratio.mul(rate))));
  }
}

export const lamb = (o: LambOptions = {}): Lamb => new Lamb(o);
