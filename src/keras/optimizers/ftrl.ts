/** Follow the regularized leader (McMahan et al., 2013), as Keras has it. */
import type { Tensor } from '../../tensor/index.ts';
import type { Variable } from '../variable.ts';
import { Optimizer } from './optimizer.ts';
import type { OptimizerOptions } from './options.ts';

export interface FtrlOptions extends OptimizerOptions {
  /** How fast the rate falls; 0 for a fixed one. Default -0.5, 0 or less. */
  readonly learningRatePower?: number;
  /** What the sums of squares start from. Default 0.1, 0 or more. */
  readonly initialAccumulatorValue?: number;
  /** Default 0, 0 or more. */
  readonly l1RegularizationStrength?: number;
  /** A penalty that stabilizes. Default 0, 0 or more. */
  readonly l2RegularizationStrength?: number;
  /** A penalty on the size of weights. Default 0, 0 or more. */
  readonly l2ShrinkageRegularizationStrength?: number;
  /** Default 0. */
  readonly beta?: number;
}

/**
 * With s = shrinkage, p = -learningRatePower, l2 = l2 strength + beta / (2*rate), a' = a + g²:
 * z += g + 2*s*w - (a'^p - a^p) / rate * w; w = (clip(z, -l1, l1) - z) / (a'^p / rate + 2*l2).
 */
export class Ftrl extends Optimizer {
  readonly learningRatePower: number;
  readonly initialAccumulatorValue: number;
  readonly l1RegularizationStrength: number;
  readonly l2RegularizationStrength: number;
  readonly l2ShrinkageRegularizationStrength: number;
  readonly beta: number;
  #accumulators: Variable[] = [];
  #linears: Variable[] = [];
  constructor(o: FtrlOptions = {}) {
    const strengths = [
      'initialAccumulatorValue',
      'l1RegularizationStrength',
      'l2RegularizationStrength',
      'l2ShrinkageRegularizationStrength',
    ] as const;
    const own = ['learningRatePower', ...strengths, 'beta'];
    super(o, own, { name: 'ftrl', learningRate: 0.001 });
    for (const k of strengths) this.least(k, o[k] ?? 0);
    this.learningRatePower = o.learningRatePower ?? -0.5;
    if (!(this.learningRatePower <= 0))
      throw this.bad('learningRatePower', this.learningRatePower, '0 or less');
    this.initialAccumulatorValue = o.initialAccumulatorValue ?? 0.1;
    this.l1RegularizationStrength = o.l1RegularizationStrength ?? 0;
    this.l2RegularizationStrength = o.l2RegularizationStrength ?? 0;
    this.l2ShrinkageRegularizationStrength = o.l2ShrinkageRegularizationStrength ?? 0;
    this.beta = o.beta ?? 0;
  }
  override getConfig(): Record<string, unknown> {
    const { learningRatePower, initialAccumulatorValue, beta } = this;
    const { l1RegularizationStrength, l2RegularizationStrength } = this;
    const { l2ShrinkageRegularizationStrength } = this;
    return {
      ...super.getConfig(),
      learningRatePower,
      initialAccumulatorValue,
      l1RegularizationStrength,
      l2RegularizationStrength,
      l2ShrinkageRegularizationStrength,
      beta,
    };
  }
  protected override buildSlots(weights: readonly Variable[]): void {
    const fills = [this.initialAccumulatorValue, 0];
    [this.#accumulators, this.#linears] = this.interleaved(
      weights,
      ['accumulator', 'linear'],
      fills,
    );
  }
  protected override updateStep(g: Tensor, w: Variable, rate: Tensor, i: number): void {
    const p = -this.learningRatePower;
    const [a, z] = [this.#accumulators[i], this.#linears[i]];
    const sum = a.tensor.add(g.square());
    const grown = sum.pow(p);
    const shrunk = g.add(w.tensor.mul(2 * this.l2ShrinkageRegularizationStrength));
    const change = grown.sub(a.tensor.pow(p)).div(rate).mul(w.tensor);
    z.assign(z.tensor.add(shrunk.sub(change)));
    let under = grown.div(rate).add(2 * this.l2RegularizationStrength);
    if (this.beta !== 0) under = under.add(rate.pow(-1).mul(this.beta));
    const l1 = this.l1RegularizationStrength;
    w.assign(z.tensor.clip(-l1, l1).sub(z.tensor).div(under));
    a.assign(sum);
  }
}

export const ftrl = (o: FtrlOptions = {}): Ftrl => new Ftrl(o);
