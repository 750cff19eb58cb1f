/** Whether what is true is among the k largest predictions. Each function gives 1 or 0 a sample: float32. */
import { GradloomError } from '../../errors.ts';
import { lax } from '../../graph/index.ts';
import { showShape } from '../../shape.ts';
import { asTensor, Tensor, type TensorLike } from '../../tensor/index.ts';
import { checkOptions } from '../identifiers.ts';
import { checkWhole } from '../losses/options.ts';
import { sameShapes } from '../losses/shapes.ts';
import { labelsFor } from '../losses/sparse.ts';
import { where } from '../where.ts';
import { MeanMetricWrapper } from './mean.ts';
import { type Direction, type MetricOptions, metricOptions, named } from './metric.ts';

export interface TopKArgs {
  /** How many predictions are looked at: 5. */
  readonly k?: number;
}
export interface SparseTopKArgs extends TopKArgs {
  /** Predictions are labels already, the likeliest first: false. */
  readonly fromSortedIds?: boolean;
}

function arange(n: number): Tensor {
  return Tensor.of(lax.iota([n], 0, 'int32'));
}

/** Fewer than k predictions exceed that of the label; a label outside the classes is never among them. */
function inTopK(labels: Tensor, p: Tensor, k: number): Tensor {
  const classes = p.shape[p.ndim - 1];
  const hit = labels.astype('int32').expandDims(-1).eq(arange(classes));
  const own = where(hit, p, 0).sum(-1, { keepdims: true });
  const above = p.gt(own).astype('int32').sum(-1);
  const valid = labels.ge(0).logicalAnd(labels.lt(classes)).logicalAnd(own.eq(own).squeeze(-1));
  return above.lt(k).logicalAnd(valid).astype('float32');
}

/**
 * Of one-hot targets in the shape of yPred. Of equal predictions all are among the largest.
 * Throws `shape`, `range`.
 */
export function topKCategoricalAccuracy(
  yTrue: TensorLike,
  yPred: TensorLike,
  o: TopKArgs = {},
): Tensor {
  checkOptions('topKCategoricalAccuracy', o, ['k']);
  const k = checkWhole('topKCategoricalAccuracy', 'k', o.k ?? 5, 1);
  const [t, p] = [asTensor(yTrue), asTensor(yPred)];
  sameShapes('topKCategoricalAccuracy', t, p);
  return inTopK(t.argmax(-1), p, k);
}

/**
 * Of whole-number labels in the shape of yPred without its last dimension, or with 1 there. Of equal
 * predictions all are among the largest. Throws `shape`, `range`.
 */
export function sparseTopKCategoricalAccuracy(
  yTrue: TensorLike,
  yPred: TensorLike,
  o: SparseTopKArgs = {},
): Tensor {
  const name = 'sparseTopKCategoricalAccuracy';
  checkOptions(name, o, ['k', 'fromSortedIds']);
  const k = checkWhole(name, 'k', o.k ?? 5, 1);
  const p = asTensor(yPred);
  if (p.ndim === 0)
    throw new GradloomError(
      'shape',
      `${name}: predictions have shape (…, classes); received ${showShape(p.shape)}.`,
    );
  const t = labelsFor(name, asTensor(yTrue), p, p.ndim - 1);
  if (!o.fromSortedIds) return inTopK(t, p, k);
  const first = p.slice('...', [0, k]);
  return t.astype(p.dtype).expandDims(-1).eq(first).any(-1).astype('float32');
}

export class TopKCategoricalAccuracy extends MeanMetricWrapper<Required<TopKArgs>> {
  /** Throws `range`. */
  constructor(o: MetricOptions & TopKArgs = {}) {
    checkOptions('TopKCategoricalAccuracy', o, [...metricOptions, 'k']);
    const k = checkWhole('TopKCategoricalAccuracy', 'k', o.k ?? 5, 1);
    super(topKCategoricalAccuracy, named(o, 'top_k_categorical_accuracy'), { k });
  }
  override get direction(): Direction {
    return 'up';
  }
}

export class SparseTopKCategoricalAccuracy extends MeanMetricWrapper<Required<SparseTopKArgs>> {
  /** Throws `range`. */
  constructor(o: MetricOptions & SparseTopKArgs = {}) {
    checkOptions('SparseTopKCategoricalAccuracy', o, [...metricOptions, 'k', 'fromSortedIds']);
    const k = checkWhole('SparseTopKCategoricalAccuracy', 'k', o.k ?? 5, 1);
    super(sparseTopKCategoricalAccuracy, named(o, 'sparse_top_k_categorical_accuracy'), {
      k,
      fromSortedIds: o.fromSortedIds ?? false,
    });
  }
  override get direction(): Direction {
    return 'up';
  }
}
