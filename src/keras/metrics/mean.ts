/** Means and sums of values. */

import { GradloomError } from '../../errors.ts';
import { lax } from '../../graph/index.ts';
import { showShape, sizeOf } from '../../shape.ts';
import { Tensor, type TensorLike, tensor } from '../../tensor/index.ts';
import { checkOptions, snakeCase } from '../identifiers.ts';
import type { LossFn } from '../losses/index.ts';
import { floatTensor, matchRanks } from '../losses/shapes.ts';
import { Metric, type MetricOptions, type MetricVariable } from './metric.ts';

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
): { total: Tensor; count: Tensor | number } {
  const v = values.astype('float32');
  if (!sampleWeight) {
    const each = down(v, 1, reduce);
    return { total: each.sum(), count: sizeOf(each.shape) };
  }
  const [x0, w0] = matchRanks(v, floatTensor(sampleWeight).astype('float32'));
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

/** total / count, and 0 where there is nothing to divide by. */
function ratio(total: Tensor, count: Tensor): Tensor {
  const none = lax.eq(count.value, lax.full(count.shape, 0, count.dtype));
  const safe = lax.select(none, lax.full(count.shape, 1, count.dtype), count.value);
  const quotient = lax.div(total.value, safe);
  return Tensor.of(lax.select(none, lax.full(total.shape, 0, total.dtype), quotient), total, count);
}

const totalAndCount: readonly MetricVariable[] = [
  { name: 'total', shape: [] },
  { name: 'count', shape: [] },
];

/** The weighted mean of the values given to `updateState(values, sampleWeight)`. */
export class Mean extends Metric {
  constructor(o: MetricOptions = {}) {
    checkOptions('Mean', o, ['name']);
    super(o.name ?? 'mean');
  }
  variables(): readonly MetricVariable[] {
    return totalAndCount;
  }
  update(
    [total, count]: readonly Tensor[],
    values: Tensor,
    _pred?: Tensor,
    sampleWeight?: Tensor | null,
  ): Tensor[] {
    const batch = weigh(values, sampleWeight, 'mean');
    return [total.add(batch.total), count.add(batch.count)];
  }
  result([total, count]: readonly Tensor[] = this.state): Tensor {
    return ratio(total, count);
  }
  override updateState(values: TensorLike, sampleWeight?: TensorLike | null): void {
    super.updateState(values, tensor(0), sampleWeight);
  }
}

/** The weighted sum of the values given to `updateState(values, sampleWeight)`. */
export class Sum extends Metric {
  constructor(o: MetricOptions = {}) {
    checkOptions('Sum', o, ['name']);
    super(o.name ?? 'sum');
  }
  variables(): readonly MetricVariable[] {
    return [totalAndCount[0]];
  }
  update(
    [total]: readonly Tensor[],
    values: Tensor,
    _pred?: Tensor,
    sampleWeight?: Tensor | null,
  ): Tensor[] {
    return [total.add(weigh(values, sampleWeight, 'sum').total)];
  }
  result([total]: readonly Tensor[] = this.state): Tensor {
    return total;
  }
  override updateState(values: TensorLike, sampleWeight?: TensorLike | null): void {
    super.updateState(values, tensor(0), sampleWeight);
  }
}

/** The weighted mean of a function of (yTrue, yPred) that gives a value a sample. */
export class MeanMetricWrapper extends Metric {
  readonly #fn: LossFn;
  readonly #config: Record<string, unknown>;
  constructor(fn: LossFn, o: MetricOptions = {}, config: Record<string, unknown> = {}) {
    super(o.name ?? snakeCase(fn.name || 'metric'));
    this.#fn = fn;
    this.#config = config;
  }
  variables(): readonly MetricVariable[] {
    return totalAndCount;
  }
  update(
    [total, count]: readonly Tensor[],
    yTrue: Tensor,
    yPred: Tensor,
    sampleWeight?: Tensor | null,
  ): Tensor[] {
    const batch = weigh(this.#fn(yTrue, yPred), sampleWeight, 'mean');
    return [total.add(batch.total), count.add(batch.count)];
  }
  result([total, count]: readonly Tensor[] = this.state): Tensor {
    return ratio(total, count);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), ...this.#config };
  }
}
