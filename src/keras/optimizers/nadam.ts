/** Nadam: Adam with Nesterov momentum (Dozat, 2015). */
import type { Tensor } from '../../tensor/index.ts';
import type { Variable } from '../variable.ts';
import { moved, power, rest } from './formulas.ts';
import { Optimizer } from './optimizer.ts';
import type { OptimizerOptions } from './options.ts';

export interface NadamOptions extends OptimizerOptions {
  /** Decay of the average of gradients. Default 0.9, in [0, 1). */
  readonly beta1?: number;
  /** Decay of the average of their squares. Default 0.999, in [0, 1). */
  readonly beta2?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
}

/**
 * u(t) = beta1 * (1 - 0.96^t / 2), p = u(1) * ... * u(t);
 * w -= rate * (u(t+1)*m / (1 - p*u(t+1)) + (1 - u(t))*g / (1 - p)) / (sqrt(v / (1 - beta2^t)) + epsilon).
 */
export class Nadam extends Optimizer {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  #momentums: Variable[] = [];
  #velocities: Variable[] = [];
  #product: Variable | undefined;
  constructor(o: NadamOptions = {}) {
    super(o, ['beta1', 'beta2', 'epsilon'], { name: 'nadam', learningRate: 0.001 });
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
    this.#product = this.addVariable({ name: 'u_product', dtype: weights[0]?.dtype, fill: 1 });
  }
  #u(t: Tensor): Tensor {
    return power(0.96, t).mul(-0.5).add(1).mul(this.beta1);
  }
  protected override beforeSteps(): void {
    const p = this.#product!;
    p.assign(p.tensor.mul(this.#u(this.count(p))));
  }
  protected override updateStep(g: Tensor, w: Variable, rate: Tensor, i: number): void {
    const t = this.count(w);
    const now = this.#u(t);
    const next = this.#u(t.add(1));
    const product = this.#product!.tensor.astype(w.dtype);
    const from1 = (x: Tensor): Tensor => x.mul(-1).add(1);
    const m = this.#momentums[i];
    const v = this.#velocities[i];
    m.assign(moved(m.tensor, g, rest(this.beta1, w.dtype)));
    v.assign(moved(v.tensor, g.square(), rest(this.beta2, w.dtype)));
    const ahead = m.tensor
      .mul(next.div(from1(product.mul(next))))
      .add(g.mul(from1(now).div(from1(product))));
    const root = v.tensor.div(from1(power(this.beta2, t))).sqrt();
    w.assign(w.tensor.sub(ahead.mul(rate).div(root.add(this.epsilon))));
  }
}

export const nadam = (o: NadamOptions = {}): Nadam => new Nadam(o);
