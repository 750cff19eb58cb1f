/** Adamax: Adam with the infinity norm (Kingma & Ba, 2015, section 7.1). */
import type { Tensor } from '../../tensor/index.ts';
import type { Variable } from '../variable.ts';
import { moved, power } from './formulas.ts';
import { Optimizer } from './optimizer.ts';
import type { OptimizerOptions } from './options.ts';

export interface AdamaxOptions extends OptimizerOptions {
  /** Decay of the average of gradients. Default 0.9, in [0, 1). */
  readonly beta1?: number;
  /** Decay of the norm. Default 0.999, in [0, 1). */
  readonly beta2?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
}

/** u = max(beta2 * u, |g|); w -= rate * m / ((1 - beta1^t) * (u + epsilon)). */
export class Adamax extends Optimizer {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  #momentums: Variable[] = [];
  #norms: Variable[] = [];
  constructor(o: AdamaxOptions = {}) {
    super(o, ['beta1', 'beta2', 'epsilon'], { name: 'adamax', learningRate: 0.001 });
    this.beta1 = this.share('beta1', o.beta1 ?? 0.9);
    this.beta2 = this.share('beta2', o.beta2 ?? 0.999);
    this.epsilon = o.epsilon ?? 1e-7;
  }
  override getConfig(): Record<string, unknown> {
    const { beta1, beta2, epsilon } = this;
    return { ...super.getConfig(), beta1, beta2, epsilon };
  }
  protected override buildSlots(weights: readonly Variable[]): void {
    [this.#momentums, this.#norms] = this.interleaved(weights, ['momentum', 'norm']);
  }
  protected override updateStep(g: Tensor, w: Variable, rate: Tensor, i: number): void {
    const m = this.#momentums[i];
    const u = this.#norms[i];
    m.assign(moved(m.tensor, g, 1 - this.beta1));
    u.assign(u.tensor.mul(this.beta2).maximum(g.abs()));
    const rest = power(this.beta1, this.count(w)).mul(-1).add(1);
    w.assign(w.tensor.sub(m.tensor.mul(rate).div(u.tensor.add(this.epsilon).mul(rest))));
  }
}

export const adamax = (o: AdamaxOptions = {}): Adamax => new Adamax(o);
