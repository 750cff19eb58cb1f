/** Losses with Keras's numerics (on JAX): `call` gives a value a sample, `apply` reduces them. */
import { GradloomError } from '../../errors.ts';
import { lax, type Value } from '../../graph/index.ts';
import { normalizeAxis, showShape, sizeOf } from '../../shape.ts';
import { asTensor, Tensor, type TensorLike } from '../../tensor/index.ts';
import { logSoftmax } from '../activations/index.ts';
import { epsilon } from '../config.ts';
import { checkOptions, lookup, plainId, snakeCase } from '../identifiers.ts';
import { absolute } from '../kinks.ts';

export type Reduction = 'sumOverBatchSize' | 'sum' | 'mean' | 'meanWithSampleWeight' | 'none';

export type LossFn = (yTrue: Tensor, yPred: Tensor) => Tensor;

export interface LossOptions {
  readonly name?: string;
  readonly reduction?: Reduction | (string & {});
}

const reductions: Record<string, Reduction> = {
  sumOverBatchSize: 'sumOverBatchSize',
  sum: 'sum',
  mean: 'mean',
  meanWithSampleWeight: 'meanWithSampleWeight',
  none: 'none',
};

export abstract class Loss {
  readonly name: string;
  readonly reduction: Reduction;
  constructor(o: LossOptions = {}, fallback?: string) {
    this.name = o.name ?? fallback ?? snakeCase(this.constructor.name);
    this.reduction = lookup('reduction', o.reduction ?? 'sumOverBatchSize', reductions);
  }
  /** A value a sample: the shape of yPred without its last dimension (as a rule). */
  abstract call(yTrue: Tensor, yPred: Tensor): Tensor;

  /** 1 for the values that count and 0 for those that do not, where there are such. */
  protected mask(_yTrue: Tensor, _yPred: Tensor): Tensor | undefined {
    return undefined;
  }

  /**
   * The reduced loss. `sampleWeight` broadcasts to the per-sample values; "sumOverBatchSize" divides
   * by their number, not by the sum of the weights.
   */
  apply(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): Tensor {
    const p = floatTensor(asTensor(yPred));
    const t = matchRank(asTensor(yTrue), p);
    const values = this.call(t, p);
    let w = sampleWeight == null ? null : floatTensor(asTensor(sampleWeight));
    let mask = this.mask(t, p);
    if (mask) {
      // A mean is one over the values that count; there may be none of them.
      if (this.reduction === 'mean' || this.reduction === 'sumOverBatchSize')
        mask = mask.mul(sizeOf(mask.shape)).div(mask.sum().maximum(1));
      w = w ? alignWeight(w, values.shape).mul(mask) : mask;
    }
    return reduceWeighted(values, w, this.reduction);
  }

  getConfig(): Record<string, unknown> {
    return { name: this.name, reduction: this.reduction };
  }
}

export function floatTensor(x: Tensor): Tensor {
  return x.dtype === 'float32' || x.dtype === 'float64' ? x : x.astype('float32');
}

/** Keras's squeeze_or_expand: (n,) beside (n, 1) is made to fit. */
export function matchRank(yTrue: Tensor, yPred: Tensor): Tensor {
  if (yTrue.ndim === yPred.ndim - 1 && yPred.shape[yPred.ndim - 1] === 1)
    return yTrue.expandDims(-1);
  if (yTrue.ndim === yPred.ndim + 1 && yTrue.shape[yTrue.ndim - 1] === 1) return yTrue.squeeze(-1);
  return yTrue;
}

/** The weight in as many dimensions as the values of `shape` that it broadcasts to. */
function alignWeight(weight: Tensor, shape: readonly number[]): Tensor {
  let w = weight;
  if (w.ndim === shape.length + 1 && w.shape[w.ndim - 1] === 1) w = w.squeeze(-1);
  while (w.ndim < shape.length) w = w.expandDims(-1);
  if (w.ndim === shape.length && w.shape.every((n, d) => n === 1 || n === shape[d])) return w;
  throw new GradloomError(
    'shape',
    `sampleWeight has shape ${showShape(weight.shape)}, but the loss has values of shape ${showShape(shape)}.`,
    { expected: [...shape], received: [...weight.shape] },
  );
}

export function reduceWeighted(
  values: Tensor,
  weight: Tensor | null,
  reduction: Reduction,
): Tensor {
  let v = values;
  let w = weight && floatTensor(weight);
  if (w) {
    w = alignWeight(w, v.shape);
    v = v.mul(w);
  }
  if (reduction === 'none') return v;
  const total = v.sum();
  if (reduction === 'sum') return total;
  if (reduction === 'meanWithSampleWeight' && w) {
    const weights = w.broadcastTo(v.shape).sum();
    return total.div(weights);
  }
  return total.div(Math.max(1, sizeOf(v.shape)));
}

function sameShapes(name: string, t: Tensor, p: Tensor): void {
  if (t.ndim === p.ndim && t.shape.every((n, d) => n === p.shape[d] || n === 1 || p.shape[d] === 1))
    return;
  const sparse =
    t.ndim === p.ndim - 1 && plainId(name).includes('categorical')
      ? ' Integer labels want "sparseCategoricalCrossentropy".'
      : '';
  throw new GradloomError(
    'shape',
    `${name}: targets have shape ${showShape(t.shape)} but predictions ${showShape(p.shape)}.${sparse}`,
    {
      yTrue: [...t.shape],
      yPred: [...p.shape],
    },
  );
}

const meanLast = (x: Tensor): Tensor => (x.ndim === 0 ? x : x.mean(-1));

/** mean((yTrue - yPred)²) over the last axis. */
export function meanSquaredError(yTrue: Tensor, yPred: Tensor): Tensor {
  sameShapes('meanSquaredError', yTrue, yPred);
  return meanLast(yPred.sub(yTrue.astype(yPred.dtype)).square());
}

/** mean(|yTrue - yPred|) over the last axis. */
export function meanAbsoluteError(yTrue: Tensor, yPred: Tensor): Tensor {
  sameShapes('meanAbsoluteError', yTrue, yPred);
  return meanLast(absolute(yTrue.astype(yPred.dtype).sub(yPred)));
}

export interface CrossentropyOptions extends LossOptions {
  /** Predictions are logits, not probabilities. */
  readonly fromLogits?: boolean;
  /** 0..1: how much of the target is spread over the other classes. */
  readonly labelSmoothing?: number;
  readonly axis?: number;
}

function smoothing(o: CrossentropyOptions): number {
  const s = o.labelSmoothing ?? 0;
  if (!(s >= 0 && s <= 1))
    throw new GradloomError('range', `labelSmoothing lies between 0 and 1; received ${s}.`, {
      labelSmoothing: s,
    });
  return s;
}

/** log of predictions, normalised along `axis` and kept away from 0 and 1. */
function logProbabilities(p: Tensor, axis: number, fromLogits: boolean): Tensor {
  if (fromLogits) return logSoftmax(p, axis);
  return p
    .div(p.sum(axis, { keepdims: true }))
    .clip(epsilon(), 1 - epsilon())
    .log();
}

export function binaryCrossentropy(
  yTrue: Tensor,
  yPred: Tensor,
  o: CrossentropyOptions = {},
): Tensor {
  sameShapes('binaryCrossentropy', yTrue, yPred);
  const s = smoothing(o);
  let t = yTrue.astype(yPred.dtype);
  if (s) t = t.mul(1 - s).add(0.5 * s);
  let values: Tensor;
  if (o.fromLogits) {
    // -t log sigmoid(x) - (1-t) log sigmoid(-x), with log sigmoid(x) = min(x, 0) - log1p(e^-|x|).
    const rest = yPred.abs().neg().exp().log1p();
    const logP = yPred.minimum(0).sub(rest);
    const logQ = yPred.neg().minimum(0).sub(rest);
    values = t.mul(logP).neg().sub(t.mul(-1).add(1).mul(logQ));
  } else {
    const p = yPred.clip(epsilon(), 1 - epsilon());
    const one = t.mul(p.log());
    const zero = t.mul(-1).add(1).mul(p.mul(-1).add(1).log());
    values = one.add(zero).neg();
  }
  return meanLast(values);
}

export function categoricalCrossentropy(
  yTrue: Tensor,
  yPred: Tensor,
  o: CrossentropyOptions = {},
): Tensor {
  sameShapes('categoricalCrossentropy', yTrue, yPred);
  const axis = normalizeAxis(o.axis ?? -1, yPred.ndim);
  const s = smoothing(o);
  let t = yTrue.astype(yPred.dtype);
  if (s) t = t.mul(1 - s).add(s / yPred.shape[axis]);
  return t
    .mul(logProbabilities(yPred, axis, o.fromLogits ?? false))
    .sum(axis)
    .neg();
}

export interface SparseOptions extends LossOptions {
  readonly fromLogits?: boolean;
  readonly axis?: number;
  /** Samples with this label count for nothing. */
  readonly ignoreClass?: number | null;
}

/** Labels are whole numbers 0..classes-1, of the shape of yPred without its class axis. */
export function sparseCategoricalCrossentropy(
  yTrue: Tensor,
  yPred: Tensor,
  o: SparseOptions = {},
): Tensor {
  const axis = normalizeAxis(o.axis ?? -1, yPred.ndim);
  let t = yTrue;
  if (t.ndim === yPred.ndim && t.shape[t.ndim - 1] === 1) t = t.squeeze(-1);
  const want = yPred.shape.filter((_, d) => d !== axis);
  if (t.ndim !== want.length || t.shape.some((n, d) => n !== want[d])) {
    const oneHot =
      t.ndim === yPred.ndim && t.shape[t.ndim - 1] === yPred.shape[axis]
        ? ' One-hot targets want "categoricalCrossentropy".'
        : '';
    throw new GradloomError(
      'shape',
      `sparseCategoricalCrossentropy: integer targets of shape ${showShape(want)} were expected for predictions ${showShape(yPred.shape)}; received ${showShape(t.shape)}.${oneHot}`,
      {
        expected: want,
        received: [...t.shape],
      },
    );
  }
  const labels = lax.convert(t.value, 'int32');
  const ignored = o.ignoreClass ?? null;
  const logP = logProbabilities(yPred, axis, o.fromLogits ?? false);
  const hit = oneHotMask(labels, yPred.shape, axis);
  const zero = lax.full(yPred.shape, 0, yPred.dtype);
  let values: Value = lax.neg(lax.reduceSum(lax.select(hit, logP.value, zero), [axis]));
  if (ignored !== null) {
    const skip = lax.eq(labels, lax.full(labels.shape, ignored, 'int32'));
    values = lax.select(skip, lax.full(values.shape, 0, values.dtype), values);
  }
  return Tensor.of(values, yPred, t);
}

/** bool, true where the index along `axis` is the label. */
export function oneHotMask(labels: Value, shape: readonly number[], axis: number): Value {
  const spread = lax.broadcastInDim(
    labels,
    shape,
    shape.map((_, d) => d).filter((d) => d !== axis),
  );
  return lax.eq(spread, lax.iota(shape, axis, 'int32'));
}

class FunctionLoss extends Loss {
  readonly #fn: LossFn;
  readonly #config: Record<string, unknown>;
  constructor(fn: LossFn, o: LossOptions, name: string, config: Record<string, unknown> = {}) {
    super(o, name);
    this.#fn = fn;
    this.#config = config;
  }
  call(yTrue: Tensor, yPred: Tensor): Tensor {
    return this.#fn(yTrue, yPred);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), ...this.#config };
  }
}

const common = ['name', 'reduction'];

export class MeanSquaredError extends FunctionLoss {
  constructor(o: LossOptions = {}) {
    checkOptions('MeanSquaredError', o, common);
    super(meanSquaredError, o, 'mean_squared_error');
  }
}
export class MeanAbsoluteError extends FunctionLoss {
  constructor(o: LossOptions = {}) {
    checkOptions('MeanAbsoluteError', o, common);
    super(meanAbsoluteError, o, 'mean_absolute_error');
  }
}
export class BinaryCrossentropy extends FunctionLoss {
  constructor(o: CrossentropyOptions = {}) {
    checkOptions('BinaryCrossentropy', o, [...common, 'fromLogits', 'labelSmoothing', 'axis']);
    super((t, p) => binaryCrossentropy(t, p, o), o, 'binary_crossentropy', {
      fromLogits: o.fromLogits ?? false,
      labelSmoothing: smoothing(o),
    });
  }
}
export class CategoricalCrossentropy extends FunctionLoss {
  constructor(o: CrossentropyOptions = {}) {
    checkOptions('CategoricalCrossentropy', o, [...common, 'fromLogits', 'labelSmoothing', 'axis']);
    super((t, p) => categoricalCrossentropy(t, p, o), o, 'categorical_crossentropy', {
      fromLogits: o.fromLogits ?? false,
      labelSmoothing: smoothing(o),
    });
  }
}
export class SparseCategoricalCrossentropy extends FunctionLoss {
  readonly #ignored: number | null;
  constructor(o: SparseOptions = {}) {
    checkOptions('SparseCategoricalCrossentropy', o, [
      ...common,
      'fromLogits',
      'axis',
      'ignoreClass',
    ]);
    super((t, p) => sparseCategoricalCrossentropy(t, p, o), o, 'sparse_categorical_crossentropy', {
      fromLogits: o.fromLogits ?? false,
      ignoreClass: o.ignoreClass ?? null,
    });
    this.#ignored = o.ignoreClass ?? null;
  }
  protected override mask(yTrue: Tensor, yPred: Tensor): Tensor | undefined {
    if (this.#ignored === null) return undefined;
    const labels =
      yTrue.ndim === yPred.ndim && yTrue.shape[yTrue.ndim - 1] === 1 ? yTrue.squeeze(-1) : yTrue;
    return labels.ne(this.#ignored).astype(yPred.dtype);
  }
}

const table: Record<string, () => Loss> = {
  meanSquaredError: () => new MeanSquaredError(),
  meanAbsoluteError: () => new MeanAbsoluteError(),
  binaryCrossentropy: () => new BinaryCrossentropy(),
  categoricalCrossentropy: () => new CategoricalCrossentropy(),
  sparseCategoricalCrossentropy: () => new SparseCategoricalCrossentropy(),
};
export const lossAliases: Record<string, string> = {
  mse: 'meanSquaredError',
  mae: 'meanAbsoluteError',
  bce: 'binaryCrossentropy',
};

export type LossLike = string | Loss | LossFn;

/** The loss that an id, an instance or a function (yTrue, yPred) means. Throws `unknown-id`. */
export function getLoss(id: LossLike): Loss {
  if (id instanceof Loss) return id;
  if (typeof id === 'function') return new FunctionLoss(id, {}, snakeCase(id.name || 'loss'));
  if (typeof id !== 'string')
    throw new GradloomError('loss', 'A loss is an id, a Loss, or a function of (yTrue, yPred).', {
      received: id,
    });
  return lookup('loss', id, table, lossAliases)();
}
