/** Schedule-free AdamW (Defazio et al., 2024): averaging in the place of a falling learning rate. */
import { type Tensor, withStateScope } from '../../tensor/index.ts';
import type { Variable } from '../variable.ts';
import { moved, power, rest } from './formulas.ts';
import { Optimizer } from './optimizer.ts';
import type { OptimizerOptions } from './options.ts';

export interface ScheduleFreeAdamWOptions extends OptimizerOptions {
  /** How much of the average the weights in training are. Default 0.9, in (0, 1). */
  readonly beta1?: number;
  /** Decay of the average of squares. Default 0.999, in [0, 1). */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
  /** Steps in which the rate rises from 0. Default 0. */
  readonly warmupSteps?: number;
}

/**
 * With the weights y a mix of z (the slot `momentum`) and of their average x, y = (1-beta1)*z + beta1*x:
 * z -= rate * g / (sqrt(v / (1 - beta2^t)) + epsilon); x += (z - x) / t. The rate is 0.0025 unless given.
 */
export class ScheduleFreeAdamW extends Optimizer {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly warmupSteps: number;
  #momentums: Variable[] = [];
  #velocities: Variable[] = [];
  constructor(o: ScheduleFreeAdamWOptions = {}) {
    super(o, ['beta1', 'beta2', 'epsilon', 'warmupSteps'], {
      name: 'schedule_free_adam_w',
      learningRate: 0.0025,
    });
    this.beta1 = o.beta1 ?? 0.9;
    // The average is found by dividing by it.
    if (!(this.beta1 > 0 && this.beta1 < 1)) throw this.bad('beta1', this.beta1, 'in (0, 1)');
    this.beta2 = this.share('beta2', o.beta2 ?? 0.999);
    this.epsilon = o.epsilon ?? 1e-8;
    this.warmupSteps = this.least('warmupSteps', o.warmupSteps ?? 0);
  }
  override getConfig(): Record<string, unknown> {
    const { beta1, beta2, epsilon, warmupSteps } = this;
    return { ...super.getConfig(), beta1, beta2, epsilon, warmupSteps };
  }
  protected override buildSlots(weights: readonly Variable[]): void {
    [this.#momentums, this.#velocities] = this.interleaved(weights, ['momentum', 'velocity']);
    // What the weights are now, also where a step is being traced.
    withStateScope(undefined, () => {
      for (const [i, m] of this.#momentums.entries()) m.assign(weights[i].tensor);
    });
  }
  protected override updateStep(g: Tensor, w: Variable, rate: Tensor, i: number): void {
    const t = this.count(w);
    const { beta1, epsilon, warmupSteps } = this;
    const [z, v] = [this.#momentums[i], this.#velocities[i]];
    const before = z.tensor;
    const now = warmupSteps > 0 ? rate.mul(t.div(warmupSteps).minimum(1)) : rate;
    v.assign(moved(v.tensor, g.square(), rest(this.beta2, w.dtype)));
    const root = v.tensor.div(power(this.beta2, t).mul(-1).add(1)).sqrt();
    z.assign(before.sub(g.mul(now).div(root.add(epsilon))));
    const mix = rest(beta1, w.dtype);
    const share = t.pow(-1);
    const average = w.tensor.sub(before.mul(mix)).div(beta1);
    const next = average.mul(share.mul(-1).add(1)).add(z.tensor.mul(share));
    w.assign(z.tensor.mul(mix).add(next.mul(beta1)));
  }
}

export const scheduleFreeAdamW = (o: ScheduleFreeAdamWOptions = {}): ScheduleFreeAdamW =>
  new ScheduleFreeAdamW(o);
