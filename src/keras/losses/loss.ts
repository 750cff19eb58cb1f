/** What every loss is: a value a sample, weighed and reduced. */
import { sizeOf } from '../../shape.ts';
import { asTensor, type Tensor, type TensorLike } from '../../tensor/index.ts';
import { lookup, snakeCase } from '../identifiers.ts';
import { alignWeight, floatTensor, matchRanks } from './shapes.ts';

export type Reduction = 'sumOverBatchSize' | 'sum' | 'mean' | 'meanWithSampleWeight' | 'none';

/** A function of targets and predictions that gives a value a sample. */
export type LossFn = (yTrue: Tensor, yPred: Tensor) => Tensor;

export interface LossOptions {
  readonly name?: string;
  /** How the values become one; null is 'none'. */
  readonly reduction?: Reduction | (string & {}) | null;
}

const reductions: Record<string, Reduction> = {
  sumOverBatchSize: 'sumOverBatchSize',
  sum: 'sum',
  mean: 'mean',
  meanWithSampleWeight: 'meanWithSampleWeight',
  none: 'none',
};

/** Extend it with a `call` of your own. */
export abstract class Loss {
  readonly name: string;
  readonly reduction: Reduction;

  /** Throws `unknown-id` for an unknown reduction. */
  constructor(o: LossOptions = {}, fallback?: string) {
    this.name = o.name ?? fallback ?? snakeCase(this.constructor.name);
    const reduction = o.reduction === undefined ? 'sumOverBatchSize' : (o.reduction ?? 'none');
    this.reduction = lookup('reduction', reduction, reductions);
  }

  /** A value a sample: as a rule the shape of yPred without its last dimension. Traceable. */
  abstract call(yTrue: Tensor, yPred: Tensor): Tensor;

  /**
   * Whether targets of this shape are class labels, for outputs of that shape: how many classes there
   * are and which label counts for nothing. `fit` looks at labels before it trains on them.
   */
  labels(
    _targetShape: readonly number[],
    _outputShape: readonly number[],
  ): { readonly classes: number; readonly ignore: number | null } | undefined {
    return undefined;
  }

  /** 1 for the values that count and 0 for those that do not, where there are such. */
  protected mask(_yTrue: Tensor, _yPred: Tensor): Tensor | undefined {
    return undefined;
  }

  /**
   * The reduced loss: a scalar, or a value a sample for 'none'. `sampleWeight` broadcasts to those
   * values; 'sumOverBatchSize' and 'mean' divide by the number of values (that count), only
   * 'meanWithSampleWeight' by the sum of the weights. Throws `shape` for what does not fit.
   */
  apply(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): Tensor {
    const p = floatTensor(asTensor(yPred));
    const t = asTensor(yTrue);
    const values = this.call(t, p);
    let w = sampleWeight == null ? null : alignWeight(asTensor(sampleWeight), values.shape);
    let mask = this.mask(t, p);
    if (mask) {
      // A mean is one over the values that count; there may be none of them.
      if (this.reduction === 'mean' || this.reduction === 'sumOverBatchSize')
        mask = mask.mul(sizeOf(mask.shape)).div(mask.sum().maximum(1));
      w = w ? w.mul(mask) : mask;
    }
    return reduceValues(values, w, this.reduction);
  }

  getConfig(): Record<string, unknown> {
    return { name: this.name, reduction: this.reduction };
  }
}

function reduceValues(values: Tensor, weight: Tensor | null, reduction: Reduction): Tensor {
  const v = weight ? values.mul(weight.astype(values.dtype)) : values;
  if (reduction === 'none') return v;
  const total = v.sum();
  if (reduction === 'sum') return total;
  if (reduction !== 'meanWithSampleWeight' || !weight)
    return total.div(Math.max(1, sizeOf(v.shape)));
  const weights = weight.sum().astype(total.dtype);
  // Weights that add up to 0 leave a total of 0, not 0 / 0.
  return total.div(weights.add(weights.eq(0).astype(total.dtype)));
}

/** A loss made of a function. */
export class FunctionLoss extends Loss {
  readonly #fn: LossFn;
  readonly #config: Record<string, unknown>;
  constructor(fn: LossFn, o: LossOptions, name: string, config: Record<string, unknown> = {}) {
    super(o, name);
    this.#fn = fn;
    this.#config = config;
  }
  call(yTrue: Tensor, yPred: Tensor): Tensor {
    return this.#fn(...matchRanks(yTrue, yPred));
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), ...this.#config };
  }
}

/** Options that every loss takes. */
export const commonOptions: readonly string[] = ['name', 'reduction'];
