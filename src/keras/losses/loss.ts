/** What every loss is: a value a sample, weighed and reduced. */
import type { DType } from '../../dtype.ts';
import { sizeOf } from '../../shape.ts';
import { asTensor, type Tensor, type TensorLike } from '../../tensor/index.ts';
import { floatDType } from '../config.ts';
import { lookup } from '../identifiers.ts';
import { getMask } from '../layers/mask.ts';
import { autoName } from '../naming.ts';
import { divideNoNan } from '../where.ts';
import { alignWeight, floatTensor, matchRanks } from './shapes.ts';
import { checkLabels, type Labels } from './targets.ts';

export type Reduction = 'sumOverBatchSize' | 'sum' | 'mean' | 'meanWithSampleWeight' | 'none';

/** A function of targets and predictions that gives a value a sample. */
export type LossFn = (yTrue: Tensor, yPred: Tensor) => Tensor;

export interface LossOptions {
  readonly name?: string;
  /** How the values become one; null is 'none'. */
  readonly reduction?: Reduction | (string & {}) | null;
  /** What predictions are computed in: as a rule their own float type. */
  readonly dtype?: DType | (string & {}) | null;
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
  readonly dtype: DType | null;

  /** Throws `unknown-id` for an unknown reduction, `dtype` for one that is no float. */
  constructor(o: LossOptions = {}, fallback?: string) {
    this.name = o.name ?? fallback ?? autoName(this.constructor.name);
    const reduction = o.reduction === undefined ? 'sumOverBatchSize' : (o.reduction ?? 'none');
    this.reduction = lookup('reduction', reduction, reductions);
    this.dtype = o.dtype == null ? null : floatDType(this.name, o.dtype);
  }

  /** A value a sample: as a rule the shape of yPred without its last dimension. Traceable. */
  abstract call(yTrue: Tensor, yPred: Tensor): Tensor;

  /**
   * Whether targets of this shape are class labels, for outputs of that shape: how many classes there
   * are and which label counts for nothing. `fit` looks at labels before it trains on them.
   */
  labels(_targetShape: readonly number[], _outputShape: readonly number[]): Labels | undefined {
    return undefined;
  }

  /**
   * Looks at targets on the host, as `method` (fit) does before it trains on them, for outputs of
   * `outputShape` (the batch's size first). Throws `label` with the first that the loss cannot take.
   */
  checkTargets(
    method: string,
    y: Tensor,
    outputShape: readonly number[],
  ): Promise<void> | undefined {
    const labels = this.labels(y.shape, outputShape);
    return labels && checkLabels(method, y, labels);
  }

  /**
   * The reduced loss: a scalar, or a value a sample for 'none'. `sampleWeight` broadcasts to those
   * values; 'sumOverBatchSize' and 'mean' divide by the number of values (that count), only
   * 'meanWithSampleWeight' by the sum of the weights. Values count where the masks of yPred and of
   * the values (`setMask`) say so. Throws `shape` for what does not fit.
   */
  apply(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): Tensor {
    const given = asTensor(yPred);
    const p = this.dtype ? given.astype(this.dtype) : floatTensor(given);
    const values = this.call(asTensor(yTrue), p);
    const masks = [getMask(given), getMask(values)].filter((m) => m !== undefined);
    let weight = sampleWeight == null ? null : aligned('sampleWeight', sampleWeight, values);
    if (masks.length > 0) {
      const mask = masks.reduce((a, b) => a.logicalAnd(b)).astype(values.dtype);
      const w = aligned('the mask', this.#maskWeight(mask), values);
      weight = weight ? weight.mul(w) : w;
    }
    return reduceValues(values, weight, this.reduction);
  }

  /** A mean is one over the values that count: they weigh total / valid. There may be none. */
  #maskWeight(mask: Tensor): Tensor {
    if (this.reduction !== 'mean' && this.reduction !== 'sumOverBatchSize') return mask;
    const valid = mask.sum();
    return mask.mul(divideNoNan(sizeOf(mask.shape), valid));
  }

  /** Options to make it anew with. */
  getConfig(): Record<string, unknown> {
    const dtype = this.dtype && { dtype: this.dtype };
    return { name: this.name, reduction: this.reduction, ...dtype };
  }

  static fromConfig<T>(this: new (o: never) => T, config: object): T {
    return new this(config as never);
  }
}

/** A loss of one number for the whole batch takes weights of any shape, as Keras broadcasts it. */
function aligned(what: string, weight: TensorLike, values: Tensor): Tensor {
  const w = asTensor(weight);
  return values.ndim === 0 ? floatTensor(w) : alignWeight(w, values.shape, what);
}

function reduceValues(values: Tensor, weight: Tensor | null, reduction: Reduction): Tensor {
  const v = weight ? values.mul(weight.astype(values.dtype)) : values;
  if (reduction === 'none') return v;
  const total = v.sum();
  if (reduction === 'sum') return total;
  if (reduction !== 'meanWithSampleWeight' || !weight)
    return total.div(Math.max(1, sizeOf(v.shape)));
  return divideNoNan(total, weight.sum().astype(total.dtype));
}

/** A loss made of a function, and of the options it is called with. */
export class FunctionLoss<C extends object = Record<string, never>> extends Loss {
  protected readonly options: C | undefined;
  readonly #fn: (yTrue: Tensor, yPred: Tensor, o?: C) => Tensor;

  constructor(
    fn: (yTrue: Tensor, yPred: Tensor, o?: C) => Tensor,
    o: LossOptions,
    name: string,
    options?: C,
  ) {
    super(o, name);
    this.#fn = fn;
    this.options = options;
  }
  call(yTrue: Tensor, yPred: Tensor): Tensor {
    const [t, p] = matchRanks(yTrue, yPred);
    return this.options ? this.#fn(t, p, this.options) : this.#fn(t, p);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), ...this.options };
  }
}

/** Options that every loss takes. */
export const commonOptions: readonly string[] = ['name', 'reduction', 'dtype'];
