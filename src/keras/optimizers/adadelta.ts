/** Adadelta (Zeiler, 2012). */
import type { Tensor } from '../../tensor/index.ts';
import type { Variable } from '../variable.ts';
import { Optimizer } from './optimizer.ts';
import type { OptimizerOptions } from './options.ts';

export interface AdadeltaOptions extends OptimizerOptions {
  /** Decay of both averages. Default 0.95, in [0, 1]. */
  readonly rho?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
}

/**
 * a = rho*a + (1-rho)*g²; d = -g * sqrt(b + epsilon) / sqrt(a + epsilon); b = rho*b + (1-rho)*d²;
 * w += rate * d. The paper's rate is 1.
 */
export class Adadelta extends Optimizer {
  readonly rho: number;
  readonly epsilon: number;
  #gradients: Variable[] = [];
  #deltas: Variable[] = [];
  constructor(o: AdadeltaOptions = {}) {
    super(o, ['rho', 'epsilon'], { name: 'adadelta', learningRate: 0.001 });
    this.rho = o.rho ?? 0.95;
    if (!(this.rho >= 0 && this.rho <= 1)) throw this.bad('rho', this.rho, 'between 0 and 1');
    this.epsilon = o.epsilon ?? 1e-7;
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), rho: this.rho, epsilon: this.epsilon };
  }
  protected override buildSlots(weights: readonly Variable[]): void {
    const names = ['accumulated_grad', 'accumulated_delta_var'];
    [this.#gradients, this.#deltas] = this.interleaved(weights, names);
  }
  protected override updateStep(g: Tensor, w: Variable, rate: Tensor, i: number): void {
    const { rho, epsilon } = this;
    const average = (a: Variable, x: Tensor): void => {
      a.assign(a.tensor.mul(rho).add(x.square().mul(1 - rho)));
    };
    const root = (a: Variable): Tensor => a.tensor.add(epsilon).sqrt();
    const a = this.#gradients[i];
    const b = this.#deltas[i];
    average(a, g);
    const d = root(b).mul(g).div(root(a)).neg();
    average(b, d);
    w.assign(w.tensor.add(d.mul(rate)));
  }
}

export const adadelta = (o: AdadeltaOptions = {}): Adadelta => new Adadelta(o);
