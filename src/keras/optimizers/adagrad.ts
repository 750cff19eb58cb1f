/** Adagrad (Duchi et al., 2011). */
import type { Tensor } from '../../tensor/index.ts';
import type { Variable } from '../variable.ts';
import { Optimizer } from './optimizer.ts';
import type { OptimizerOptions } from './options.ts';

export interface AdagradOptions extends OptimizerOptions {
  /** What the sums of squares start from. Default 0.1, 0 or more. */
  readonly initialAccumulatorValue?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
}

/** a += g²; w -= rate * g / sqrt(a + epsilon). */
export class Adagrad extends Optimizer {
  readonly initialAccumulatorValue: number;
  readonly epsilon: number;
  #accumulators: Variable[] = [];
  constructor(o: AdagradOptions = {}) {
    super(o, ['initialAccumulatorValue', 'epsilon'], { name: 'adagrad', learningRate: 0.001 });
    this.initialAccumulatorValue = this.least(
      'initialAccumulatorValue',
      o.initialAccumulatorValue ?? 0.1,
    );
    this.epsilon = o.epsilon ?? 1e-7;
  }
  override getConfig(): Record<string, unknown> {
    const { initialAccumulatorValue, epsilon } = this;
    return { ...super.getConfig(), initialAccumulatorValue, epsilon };
  }
  protected override buildSlots(weights: readonly Variable[]): void {
    this.#accumulators = this.slots(weights, 'accumulator', this.initialAccumulatorValue);
  }
  protected override updateStep(g: Tensor, w: Variable, rate: Tensor, i: number): void {
    const a = this.#accumulators[i];
    a.assign(a.tensor.add(g.square()));
    w.assign(w.tensor.sub(g.mul(rate).div(a.tensor.add(this.epsilon).sqrt())));
  }
}

export const adagrad = (o: AdagradOptions = {}): Adagrad => new Adagrad(o);
