/** Means and sums of values. */
import type { DType } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { showShape, sizeOf } from '../../shape.ts';
import { type Tensor, type TensorLike, tensor } from '../../tensor/index.ts';
import { floatDType } from '../config.ts';
import { checkOptions, snakeCase } from '../identifiers.ts';
import { getMask } from '../layers/mask.ts';
import { lossFunctions } from '../losses/functions.ts';
import type { LossFn } from '../losses/index.ts';
import { floatTensor, matchRanks } from '../losses/shapes.ts';
import { divideNoNan } from '../where.ts';
import {
  type Direction,
  Metric,
  type MetricOptions,
  type MetricVariable,
  metricOptions,
  named,
} from './metric.ts';

/** Dimensions from `keep` on averaged (or summed) away. */
function down(t: Tensor, keep: number, reduce: 'mean' | 'sum'): Tensor {
  return t.ndim > keep ? t[reduce](t.shape.map((_, d) => d).slice(keep)) : t;
}

/**
 * Sum and weight of a batch of values, as Keras's reduce_to_samplewise_values: a sample counts once
 * whatever its shape. Values of more dimensions than the weights are brought down to them.
 */
function weigh(
  values: Tensor,
  sampleWeight: Tensor | null | undefined,
  reduce: 'mean' | 'sum',
  dtype: DType,
): { total: Tensor; count: Tensor | number } {
  const v = values.astype(dtype);
  if (!sampleWeight) {
    const each = down(v, 1, reduce);
    return { total: each.sum(), count: sizeOf(each.shape) };
  }
  const [x0, w0] = matchRanks(v, masked(sampleWeight, getMask(values)).astype(dtype));
  const x = down(x0, w0.ndim, reduce);
  const fits =
    w0.ndim <= x.ndim && w0.shape.every((n, d) => n === 1 || n === x.shape[x.ndim - w0.ndim + d]);
  if (!fits)
    throw new GradloomError(
      'shape',
      `sampleWeight has shape ${showShape(sampleWeight.shape)}, but the metric has values of shape ${showShape(values.shape)}.`,
      { expected: [...values.shape], received: [...sampleWeight.shape] },
    );
  const w = w0.broadcastTo(x.shape);
  return { total: down(x.mul(w), 1, reduce).sum(), count: down(w, 1, reduce).sum() };
}

/** Weights that are 0 where the mask does not hold. A weight a sample weighs all its steps. */
function masked(weight: Tensor, mask: Tensor | undefined): Tensor {
  if (!mask) return floatTensor(weight);
  let w = floatTensor(weight);
  while (w.ndim < mask.ndim) w = w.expandDims(-1);
  let m = mask.astype(w.dtype);
  while (m.ndim < w.ndim) m = m.expandDims(-1);
  return w.mul(m);
}

const totalAndCount: readonly MetricVariable[] = [
  { name: 'total', shape: [] },
  { name: 'count', shape: [] },
];

/** The weighted mean of the values given to `updateState(values, sampleWeight)`. */
export class Mean extends Metric {
  constructor(o: MetricOptions = {}) {
    checkOptions('Mean', o, metricOptions);
    super(floatState(o, 'mean'));
  }
  override variables(): readonly MetricVariable[] {
    return totalAndCount;
  }
  override update(
    [total, count]: readonly Tensor[],
    values: Tensor,
    _pred?: Tensor,
    sampleWeight?: Tensor | null,
  ): Tensor[] {
    const batch = weigh(values, sampleWeight, 'mean', total.dtype);
    return [total.add(batch.total), count.add(batch.count)];
  }
  result([total, count]: readonly Tensor[] = this.state): Tensor {
    return divideNoNan(total, count);
  }
  override updateState(values: TensorLike, sampleWeight?: TensorLike | null): void {
    super.updateState(values, tensor(0), sampleWeight);
  }
  override apply(values: TensorLike, sampleWeight?: TensorLike | null): Tensor {
    this.updateState(values, sampleWeight);
    return this.result();
  }
}

/** The weighted sum of the values given to `updateState(values, sampleWeight)`. */
export class Sum extends Metric {
  constructor(o: MetricOptions = {}) {
    checkOptions('Sum', o, metricOptions);
    super(floatState(o, 'sum'));
  }
  override variables(): readonly MetricVariable[] {
    return [totalAndCount[0]];
  }
  override update(
    [total]: readonly Tensor[],
    values: Tensor,
    _pred?: Tensor,
    sampleWeight?: Tensor | null,
  ): Tensor[] {
    return [total.add(weigh(values, sampleWeight, 'sum', total.dtype).total)];
  }
  result([total]: readonly Tensor[] = this.state): Tensor {
    return total;
  }
  override updateState(values: TensorLike, sampleWeight?: TensorLike | null): void {
    super.updateState(values, tensor(0), sampleWeight);
  }
  override apply(values: TensorLike, sampleWeight?: TensorLike | null): Tensor {
    this.updateState(values, sampleWeight);
    return this.result();
  }
}

/**
 * The weighted mean of a function of (yTrue, yPred) that gives a value a sample. What the mask of
 * yPred leaves out weighs nothing.
 */
export class MeanMetricWrapper<C extends object = Record<string, never>> extends Metric {
  protected readonly options: C | undefined;
  readonly #fn: (yTrue: Tensor, yPred: Tensor, o?: C) => Tensor;

  /** `options` are given to the function. Throws `dtype` for a state that is no float. */
  constructor(fn: LossFn, o?: MetricOptions);
  constructor(fn: (yTrue: Tensor, yPred: Tensor, o?: C) => Tensor, o: MetricOptions, options: C);
  constructor(
    fn: (yTrue: Tensor, yPred: Tensor, o?: C) => Tensor,
    o: MetricOptions = {},
    options?: C,
  ) {
    super(floatState(o, snakeCase(fn.name || 'metric')));
    this.#fn = fn;
    this.options = options;
  }
  override variables(): readonly MetricVariable[] {
    return totalAndCount;
  }
  /** Losses get better downwards. */
  override get direction(): Direction | undefined {
    return lossFunctions.has(this.#fn) ? 'down' : undefined;
  }
  /** What of the predictions counts. */
  protected maskOf(yPred: Tensor): Tensor | undefined {
    return getMask(yPred);
  }
  override update(
    [total, count]: readonly Tensor[],
    yTrue: Tensor,
    yPred: Tensor,
    sampleWeight?: Tensor | null,
  ): Tensor[] {
    const mask = this.maskOf(yPred);
    const values = this.options ? this.#fn(yTrue, yPred, this.options) : this.#fn(yTrue, yPred);
    const weight = sampleWeight ? masked(sampleWeight, mask) : mask;
    const batch = weigh(values, weight, 'mean', total.dtype);
    return [total.add(batch.total), count.add(batch.count)];
  }
  result([total, count]: readonly Tensor[] = this.state): Tensor {
    return divideNoNan(total, count);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), ...this.options };
  }
}

/** Means and sums are kept in floats. */
function floatState(o: MetricOptions, name: string): MetricOptions {
  if (o.dtype != null) floatDType(o.name ?? name, o.dtype);
  return named(o, name);
}
