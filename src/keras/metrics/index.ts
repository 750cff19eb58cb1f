/**
 * Metrics as pure functions of a small state, so that a whole training step, metrics included, is
 * one program; and as Keras's stateful objects for those who use them alone.
 */
import { GradloomError } from '../../errors.ts';
import { lax } from '../../graph/index.ts';
import { showShape, sizeOf } from '../../shape.ts';
import { asTensor, fromData, Tensor, type TensorLike, tensor } from '../../tensor/index.ts';
import { lookup, plainId, snakeCase } from '../identifiers.ts';
import {
  binaryCrossentropy,
  type CrossentropyOptions,
  categoricalCrossentropy,
  floatTensor,
  type LossFn,
  lossAliases,
  matchRank,
  meanAbsoluteError,
  meanSquaredError,
  type SparseOptions,
  sparseCategoricalCrossentropy,
} from '../losses/index.ts';

export interface MetricVariable {
  readonly name: string;
  readonly shape: readonly number[];
}

export abstract class Metric {
  readonly name: string;
  #state: Tensor[] | undefined;

  constructor(name?: string) {
    this.name = name ?? snakeCase(this.constructor.name);
  }

  /** The state, all float32 and all starting at 0. */
  abstract variables(): readonly MetricVariable[];
  /** The state after a batch. */
  abstract update(
    state: readonly Tensor[],
    yTrue: Tensor,
    yPred: Tensor,
    sampleWeight?: Tensor | null,
  ): Tensor[];
  /** The metric's value: a scalar. */
  abstract result(state: readonly Tensor[]): Tensor;

  /** Keras's stateful use: `updateState`, `value`, `resetState`. */
  updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): void {
    this.#state = this.update(
      this.#current(),
      asTensor(yTrue),
      asTensor(yPred),
      sampleWeight == null ? null : asTensor(sampleWeight),
    ).map((t) => t.realize());
  }
  /** The result of what was seen so far. */
  value(): Tensor {
    return this.result(this.#current());
  }
  resetState(): void {
    this.#state = undefined;
  }
  #current(): Tensor[] {
    return (
      this.#state ??
      this.variables().map((v) => fromData(new Float32Array(sizeOf(v.shape)), v.shape, 'float32'))
    );
  }
  getConfig(): Record<string, unknown> {
    return { name: this.name };
  }
}

/**
 * total and count of per-sample values, weighted. Dimensions after the first are averaged (or
 * summed) away first, so that a sample counts once whatever its shape.
 */
export function accumulateMean(
  state: readonly Tensor[],
  values: Tensor,
  sampleWeight: Tensor | null | undefined,
  reduce: 'mean' | 'sum' = 'mean',
): Tensor[] {
  const v = floatTensor(values).astype('float32');
  const down = (t: Tensor, keep: number): Tensor =>
    t.ndim > keep ? t[reduce](t.shape.map((_, d) => d).slice(keep)) : t;
  if (!sampleWeight) {
    const each = down(v, 1);
    return [state[0].add(each.sum()), state[1].add(sizeOf(each.shape))];
  }
  let w = floatTensor(sampleWeight).astype('float32');
  let x = v;
  if (w.ndim === x.ndim + 1 && w.shape[w.ndim - 1] === 1) w = w.squeeze(-1);
  // Values of more dimensions than the weights are brought down to them, as Keras does.
  x = down(x, w.ndim);
  w = w.broadcastTo(x.shape);
  return [state[0].add(down(x.mul(w), 1).sum()), state[1].add(down(w, 1).sum())];
}

function ratio(total: Tensor, count: Tensor): Tensor {
  // 0 / 0 is 0, as Keras's divide_no_nan.
  const none = lax.eq(count.value, lax.full(count.shape, 0, count.dtype));
  const safe = lax.select(none, lax.full(count.shape, 1, count.dtype), count.value);
  return Tensor.of(
    lax.select(none, lax.full(total.shape, 0, total.dtype), lax.div(total.value, safe)),
    total,
    count,
  );
}

const totalAndCount: readonly MetricVariable[] = [
  { name: 'total', shape: [] },
  { name: 'count', shape: [] },
];

/** The weighted mean of the values given to updateState(values, sampleWeight). */
export class Mean extends Metric {
  constructor(o: { name?: string } = {}) {
    super(o.name ?? 'mean');
  }
  variables(): readonly MetricVariable[] {
    return totalAndCount;
  }
  update(
    state: readonly Tensor[],
    values: Tensor,
    _pred?: Tensor,
    sampleWeight?: Tensor | null,
  ): Tensor[] {
    return accumulateMean(state, values, sampleWeight);
  }
  result([total, count]: readonly Tensor[]): Tensor {
    return ratio(total, count);
  }
  override updateState(values: TensorLike, sampleWeight?: TensorLike | null): void {
    super.updateState(values, tensor(0), sampleWeight);
  }
}

/** The weighted sum of the values given. */
export class Sum extends Metric {
  constructor(o: { name?: string } = {}) {
    super(o.name ?? 'sum');
  }
  variables(): readonly MetricVariable[] {
    return [{ name: 'total', shape: [] }];
  }
  update(
    state: readonly Tensor[],
    values: Tensor,
    _pred?: Tensor,
    sampleWeight?: Tensor | null,
  ): Tensor[] {
    return [accumulateMean([state[0], state[0]], values, sampleWeight, 'sum')[0]];
  }
  result([total]: readonly Tensor[]): Tensor {
    return total;
  }
  override updateState(values: TensorLike, sampleWeight?: TensorLike | null): void {
    super.updateState(values, tensor(0), sampleWeight);
  }
}

/** The mean of a function of (yTrue, yPred). */
export class MeanMetricWrapper extends Metric {
  readonly #fn: LossFn;
  constructor(fn: LossFn, o: { name?: string } = {}) {
    super(o.name ?? snakeCase(fn.name || 'metric'));
    this.#fn = fn;
  }
  variables(): readonly MetricVariable[] {
    return totalAndCount;
  }
  update(
    state: readonly Tensor[],
    yTrue: Tensor,
    yPred: Tensor,
    sampleWeight?: Tensor | null,
  ): Tensor[] {
    const p = floatTensor(yPred);
    return accumulateMean(state, this.#fn(matchRank(yTrue, p), p), sampleWeight);
  }
  result([total, count]: readonly Tensor[]): Tensor {
    return ratio(total, count);
  }
}

/** How often predictions equal labels exactly. */
export function accuracy(yTrue: Tensor, yPred: Tensor): Tensor {
  return yTrue.astype(yPred.dtype).eq(yPred).astype('float32');
}

/** Predictions above `threshold` count as 1. Averaged over the last axis. */
export function binaryAccuracy(yTrue: Tensor, yPred: Tensor, threshold = 0.5): Tensor {
  const said = yPred.gt(threshold).astype('float32');
  const right = yTrue.astype('float32').eq(said).astype('float32');
  return right.ndim === 0 ? right : right.mean(-1);
}

export function categoricalAccuracy(yTrue: Tensor, yPred: Tensor): Tensor {
  return yTrue.argmax(-1).eq(yPred.argmax(-1)).astype('float32');
}

export function sparseCategoricalAccuracy(yTrue: Tensor, yPred: Tensor): Tensor {
  const t =
    yTrue.ndim === yPred.ndim && yTrue.shape[yTrue.ndim - 1] === 1 ? yTrue.squeeze(-1) : yTrue;
  const want = yPred.shape.slice(0, -1);
  if (t.ndim !== want.length) {
    throw new GradloomError(
      'shape',
      `sparseCategoricalAccuracy: integer targets of shape ${showShape(want)} were expected; received ${showShape(t.shape)}.`,
      { expected: want, received: [...t.shape] },
    );
  }
  return t.astype('int32').eq(yPred.argmax(-1)).astype('float32');
}

type Named = { readonly name?: string };

export class Accuracy extends MeanMetricWrapper {
  constructor(o: Named = {}) {
    super(accuracy, { name: o.name ?? 'accuracy' });
  }
}
export class BinaryAccuracy extends MeanMetricWrapper {
  constructor(o: Named & { threshold?: number } = {}) {
    const { threshold = 0.5 } = o;
    if (!(threshold >= 0 && threshold <= 1))
      throw new GradloomError(
        'range',
        `BinaryAccuracy: threshold lies between 0 and 1; received ${threshold}.`,
        { threshold },
      );
    super((t, p) => binaryAccuracy(t, p, threshold), { name: o.name ?? 'binary_accuracy' });
  }
}
export class CategoricalAccuracy extends MeanMetricWrapper {
  constructor(o: Named = {}) {
    super(categoricalAccuracy, { name: o.name ?? 'categorical_accuracy' });
  }
}
export class SparseCategoricalAccuracy extends MeanMetricWrapper {
  constructor(o: Named = {}) {
    super(sparseCategoricalAccuracy, { name: o.name ?? 'sparse_categorical_accuracy' });
  }
}
export class MeanSquaredError extends MeanMetricWrapper {
  constructor(o: Named = {}) {
    super(meanSquaredError, { name: o.name ?? 'mean_squared_error' });
  }
}
export class MeanAbsoluteError extends MeanMetricWrapper {
  constructor(o: Named = {}) {
    super(meanAbsoluteError, { name: o.name ?? 'mean_absolute_error' });
  }
}
export class BinaryCrossentropy extends MeanMetricWrapper {
  constructor(o: CrossentropyOptions = {}) {
    super((t, p) => binaryCrossentropy(t, p, o), { name: o.name ?? 'binary_crossentropy' });
  }
}
export class CategoricalCrossentropy extends MeanMetricWrapper {
  constructor(o: CrossentropyOptions = {}) {
    super((t, p) => categoricalCrossentropy(t, p, o), {
      name: o.name ?? 'categorical_crossentropy',
    });
  }
}
export class SparseCategoricalCrossentropy extends MeanMetricWrapper {
  constructor(o: SparseOptions = {}) {
    super((t, p) => sparseCategoricalCrossentropy(t, p, o), {
      name: o.name ?? 'sparse_categorical_crossentropy',
    });
  }
}
/** sqrt of the mean squared error. */
export class RootMeanSquaredError extends MeanMetricWrapper {
  constructor(o: Named = {}) {
    super((t, p) => p.sub(t.astype(p.dtype)).square(), {
      name: o.name ?? 'root_mean_squared_error',
    });
  }
  override result(state: readonly Tensor[]): Tensor {
    return super.result(state).sqrt();
  }
}

const table: Record<string, (name?: string) => Metric> = {
  mean: (name) => new Mean({ name }),
  sum: (name) => new Sum({ name }),
  binaryAccuracy: (name) => new BinaryAccuracy({ name }),
  categoricalAccuracy: (name) => new CategoricalAccuracy({ name }),
  sparseCategoricalAccuracy: (name) => new SparseCategoricalAccuracy({ name }),
  meanSquaredError: (name) => new MeanSquaredError({ name }),
  meanAbsoluteError: (name) => new MeanAbsoluteError({ name }),
  rootMeanSquaredError: (name) => new RootMeanSquaredError({ name }),
  binaryCrossentropy: (name) => new BinaryCrossentropy({ name }),
  categoricalCrossentropy: (name) => new CategoricalCrossentropy({ name }),
  sparseCategoricalCrossentropy: (name) => new SparseCategoricalCrossentropy({ name }),
};

export type MetricLike = string | Metric | LossFn;

/** The shapes that "accuracy" is resolved by; null stands for the batch. */
export interface MetricContext {
  readonly outputShape: readonly (number | null)[];
  readonly targetShape: readonly (number | null)[];
}

/**
 * The metric that an id, an instance or a function means. "accuracy" (or "acc") is binary for one
 * output, sparse for integer targets, else categorical; "crossentropy" (or "ce") likewise.
 */
export function getMetric(id: MetricLike, context: MetricContext): Metric {
  if (id instanceof Metric) return id;
  if (typeof id === 'function') return new MeanMetricWrapper(id);
  if (typeof id !== 'string')
    throw new GradloomError(
      'metric',
      'A metric is an id, a Metric, or a function of (yTrue, yPred).',
      { received: id },
    );
  const plain = plainId(id);
  const family = {
    accuracy: 'Accuracy',
    acc: 'Accuracy',
    crossentropy: 'Crossentropy',
    ce: 'Crossentropy',
  }[plain];
  if (family) {
    const { outputShape, targetShape } = context;
    const classes = outputShape[outputShape.length - 1];
    const lastTarget = targetShape[targetShape.length - 1];
    const kind =
      classes === 1
        ? 'binary'
        : targetShape.length < outputShape.length || (lastTarget === 1 && (classes ?? 0) > 1)
          ? 'sparseCategorical'
          : 'categorical';
    return table[`${kind}${family}`](id);
  }
  const long = lossAliases[plain] ?? (plain === 'rmse' ? 'rootMeanSquaredError' : undefined);
  return lookup('metric', long ?? id, { ...table, accuracy: table.binaryAccuracy })(
    long ? id : snakeCase(id),
  );
}
