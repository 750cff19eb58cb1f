/** SwapEMAWeights. */
import { GradloomError } from '../../errors.ts';
import { checkOptions } from '../identifiers.ts';
import type { Optimizer } from '../optimizers/index.ts';
import type { Variable } from '../variable.ts';
import { Callback } from './callback.ts';

export interface SwapEMAWeightsOptions {
  /**
   * Swaps at the end of an epoch too, and back at the beginning of the next, so that callbacks after
   * this one (a checkpoint) see the averages. Default false.
   */
  readonly swapOnEpoch?: boolean;
}

/**
 * Evaluates and predicts with the moving averages of the weights, which an optimizer with `useEma`
 * keeps, in the place of the weights; afterwards these are back. (Keras forgets to put them back after
 * `predict`.)
 */
export class SwapEMAWeights extends Callback {
  readonly swapOnEpoch: boolean;
  /** The optimizer whose averages are in the place of the weights now. */
  #swapped: Optimizer | undefined;

  constructor(o: SwapEMAWeightsOptions = {}) {
    super();
    checkOptions('SwapEMAWeights', o, ['swapOnEpoch']);
    this.swapOnEpoch = o.swapOnEpoch ?? false;
  }
  override onEpochBegin(): void {
    // Also after an evaluation that was cut short.
    this.#swap(false);
  }
  override onEpochEnd(epoch: number): void {
    if (!this.swapOnEpoch) return;
    this.#swap(true);
    // Training ends with the averages in the place of the weights: they must be where it looks.
    if (epoch === this.params.epochs - 1 || this.model.stopTraining)
      for (const [weight, average] of this.#pairs()) average.assign(weight.tensor);
  }
  override onTestBegin(): void {
    this.#swap(true);
  }
  override onTestEnd(): void {
    this.#swap(false);
  }
  override onPredictBegin(): void {
    this.#swap(true);
  }
  override onPredictEnd(): void {
    this.#swap(false);
  }

  override getState(): unknown {
    return this.#swapped !== undefined;
  }
  override setState(swapped: unknown): void {
    this.#swapped = swapped ? this.model.optimizer : undefined;
  }

  /** Puts the averages in the place of the weights, or the weights back. */
  #swap(to: boolean): void {
    const { optimizer } = this.model;
    if (to === (this.#swapped === optimizer)) return;
    for (const [weight, average] of this.#pairs()) {
      const before = weight.tensor;
      weight.assign(average.tensor);
      average.assign(before);
    }
    this.#swapped = to ? optimizer : undefined;
  }

  #pairs(): (readonly [weight: Variable, average: Variable])[] {
    const { optimizer, weights } = this.model.needTrainer('SwapEMAWeights');
    const { averages } = optimizer;
    if (averages.length > 0) return weights.map((w, i) => [w, averages[i]]);
    const { useEma } = optimizer.getConfig();
    throw new GradloomError(
      'callback',
      `SwapEMAWeights must be used when \`useEma: true\` is set on the optimizer. Received: useEma=${useEma}${useEma && !optimizer.built ? ', but the model has not been trained yet' : ''}.`,
      { useEma },
    );
  }
}

export const swapEMAWeights = (o: SwapEMAWeightsOptions = {}): SwapEMAWeights =>
  new SwapEMAWeights(o);
