/** Adam (Kingma & Ba, 2015) and AdamW (Loshchilov & Hutter, 2019). */
import { lax, type Value } from '../../graph/index.ts';
import { Tensor } from '../../tensor/index.ts';
import type { Variable } from '../variable.ts';
import { Optimizer, type OptimizerOptions } from './optimizer.ts';

export interface AdamOptions extends OptimizerOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
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
    this.beta1 = o.beta1 ?? 0.9;
    this.beta2 = o.beta2 ?? 0.999;
    this.epsilon = o.epsilon ?? 1e-7;
    this.amsgrad = o.amsgrad ?? false;
    for (const [k, v] of [
      ['beta1', this.beta1],
      ['beta2', this.beta2],
    ] as const)
      if (!(v >= 0 && v < 1)) throw this.bad(k, v, 'in [0, 1)');
  }
  protected buildSlots(weights: readonly Variable[]): void {
    // Keras interleaves the two slots weight by weight.
    for (const w of weights) {
      this.#momentums.push(...this.slots([w], 'momentum'));
      this.#velocities.push(...this.slots([w], 'velocity'));
    }
    if (this.amsgrad) this.#largest = this.slots(weights, 'velocity_hat');
  }
  protected updateStep(i: number, w: Variable, g: Tensor, rate: Tensor): void {
    const t = this.updates.add(1).astype('float32');
    const power = (beta: number): Tensor => Tensor.of(scalarPower(beta, t), t);
    const alpha = rate
      .mul(power(this.beta2).mul(-1).add(1).sqrt())
      .div(power(this.beta1).mul(-1).add(1));
    const m = this.#momentums[i];
    const v = this.#velocities[i];
    m.assign(m.tensor.add(g.sub(m.tensor).mul(1 - this.beta1)));
    v.assign(
      v.tensor.add(
        g
          .square()
          .sub(v.tensor)
          .mul(1 - this.beta2),
      ),
    );
    let under = v.tensor;
    if (this.amsgrad) {
      const h = this.#largest[i];
      h.assign(h.tensor.maximum(v.tensor));
      under = h.tensor;
    }
    w.assign(w.tensor.sub(m.tensor.mul(alpha).div(under.sqrt().add(this.epsilon))));
  }
}

function scalarPower(base: number, exponent: Tensor): Value {
  return lax.pow(lax.scalar(base, 'float32'), exponent.value);
}

/** Adam with decoupled weight decay (0.004 unless given). */
export class AdamW extends Adam {
  constructor(o: AdamOptions = {}) {
    super(o, { name: 'adamw', weightDecay: 0.004 });
  }
}

export const adam = (o: AdamOptions = {}): Adam => new Adam(o);
export const adamW = (o: AdamOptions = {}): AdamW => new AdamW(o);
