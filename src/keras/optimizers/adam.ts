/** Adam (Kingma & Ba, 2015) and AdamW (Loshchilov & Hutter, 2019). */
import type { Tensor } from '../../tensor/index.ts';
import type { Variable } from '../variable.ts';
import { moved, power } from './formulas.ts';
import { Optimizer } from './optimizer.ts';
import { badOption, type OptimizerOptions } from './options.ts';

export interface AdamOptions extends OptimizerOptions {
  /** Decay of the average of gradients. Default 0.9, in [0, 1). */
  readonly beta1?: number;
  /** Decay of the average of their squares. Default 0.999, in [0, 1). */
  readonly beta2?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
  /** Divides by the largest average so far (Reddi et al., 2018). */
  readonly amsgrad?: boolean;
}

/** w -= m * alpha / (sqrt(v) + epsilon), alpha = rate * sqrt(1 - beta2^t) / (1 - beta1^t). */
export class Adam extends Optimizer {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly amsgrad: boolean;
  #momentums: Variable[] = [];
  #velocities: Variable[] = [];
  #largest: Variable[] = [];
  constructor(
    o: AdamOptions = {},
    defaults: { name: string; weightDecay?: number } = { name: 'adam' },
  ) {
    super(o, ['beta1', 'beta2', 'epsilon', 'amsgrad'], { learningRate: 0.001, ...defaults });
    this.beta1 = this.share('beta1', o.beta1 ?? 0.9);
    this.beta2 = this.share('beta2', o.beta2 ?? 0.999);
    this.epsilon = o.epsilon ?? 1e-7;
    this.amsgrad = o.amsgrad ?? false;
  }
  override getConfig(): Record<string, unknown> {
    const { beta1, beta2, epsilon, amsgrad } = this;
    return { ...super.getConfig(), beta1, beta2, epsilon, amsgrad };
  }
  protected override buildSlots(weights: readonly Variable[]): void {
    [this.#momentums, this.#velocities] = this.interleaved(weights, ['momentum', 'velocity']);
    if (this.amsgrad) this.#largest = this.slots(weights, 'velocity_hat');
  }
  protected override updateStep(g: Tensor, w: Variable, rate: Tensor, i: number): void {
    const t = this.count(w);
    const rest = (beta: number): Tensor => power(beta, t).mul(-1).add(1);
    const alpha = rate.mul(rest(this.beta2).sqrt()).div(rest(this.beta1));
    const m = this.#momentums[i];
    const v = this.#velocities[i];
    m.assign(moved(m.tensor, g, 1 - this.beta1));
    v.assign(moved(v.tensor, g.square(), 1 - this.beta2));
    let under = v.tensor;
    if (this.amsgrad) {
      const h = this.#largest[i];
      h.assign(h.tensor.maximum(v.tensor));
      under = h.tensor;
    }
    w.assign(w.tensor.sub(m.tensor.mul(alpha).div(under.sqrt().add(this.epsilon))));
  }
}

/** Adam with decoupled weight decay (0.004 unless given). */
export class AdamW extends Adam {
  constructor(o: AdamOptions = {}) {
    if (o.weightDecay === null) throw badOption('adam_w', 'weightDecay', null, 'a number');
    super(o, { name: 'adam_w', weightDecay: 0.004 });
  }
}

export const adam = (o: AdamOptions = {}): Adam => new Adam(o);
export const adamW = (o: AdamOptions = {}): AdamW => new AdamW(o);
