/** How often predictions are right. Each function gives 1 or 0 a sample: float32. */
import { given } from '../../numpy/support.ts';
import { asTensor, type Tensor, type TensorLike } from '../../tensor/index.ts';
import { checkOptions } from '../identifiers.ts';
import { checkNumber } from '../losses/options.ts';
import { matchRanks, sameShapes } from '../losses/shapes.ts';
import { labelsFor } from '../losses/sparse.ts';
import { MeanMetricWrapper } from './mean.ts';
import { type Direction, type MetricOptions, metricOptions, named } from './metric.ts';

/** Where predictions equal labels exactly. Throws `shape`. */
export function accuracy(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = matchRanks(asTensor(yTrue), asTensor(yPred));
  sameShapes('accuracy', t, p);
  return t.astype(p.dtype).eq(p).astype('float32');
}

/** Predictions above `threshold` count as 1; every output by itself. Throws `shape`. */
export function binaryAccuracy(
  yTrue: TensorLike,
  yPred: TensorLike,
  limit?: number | { readonly threshold?: number },
): Tensor {
  const names = ['threshold'] as const;
  const { threshold = 0.5 } = given<{ threshold: number }>('binaryAccuracy', names, [limit]);
  const [t, p] = matchRanks(asTensor(yTrue), asTensor(yPred));
  sameShapes('binaryAccuracy', t, p);
  return t.astype('float32').eq(p.gt(threshold).astype('float32')).astype('float32');
}

/** Whether the largest prediction along the last axis is where the largest target is; of equals, the first. Throws `shape`. */
export function categoricalAccuracy(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = [asTensor(yTrue), asTensor(yPred)];
  sameShapes('categoricalAccuracy', t, p);
  return t.argmax(-1).eq(p.argmax(-1)).astype('float32');
}

/** The same for integer labels, of the shape of yPred without its last dimension or with 1 there. Throws `shape`. */
export function sparseCategoricalAccuracy(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [given, p] = [asTensor(yTrue), asTensor(yPred)];
  const t = labelsFor('sparseCategoricalAccuracy', given, p, p.ndim - 1);
  return t.eq(p.argmax(-1)).astype('float32');
}

export class Accuracy extends MeanMetricWrapper {
  constructor(o: MetricOptions = {}) {
    checkOptions('Accuracy', o, metricOptions);
    super(accuracy, named(o, 'accuracy'));
  }
  override get direction(): Direction {
    return 'up';
  }
}

export class BinaryAccuracy extends MeanMetricWrapper<{ threshold: number }> {
  /** `threshold` is 0.5; for logits 0. Throws `range` for what is not a number. */
  constructor(o: MetricOptions & { readonly threshold?: number } = {}) {
    checkOptions('BinaryAccuracy', o, [...metricOptions, 'threshold']);
    const threshold = checkNumber('BinaryAccuracy', 'threshold', o.threshold ?? 0.5);
    super((t, p) => binaryAccuracy(t, p, threshold), named(o, 'binary_accuracy'), { threshold });
  }
  override get direction(): Direction {
    return 'up';
  }
}

export class CategoricalAccuracy extends MeanMetricWrapper {
  constructor(o: MetricOptions = {}) {
    checkOptions('CategoricalAccuracy', o, metricOptions);
    super(categoricalAccuracy, named(o, 'categorical_accuracy'));
  }
  override get direction(): Direction {
    return 'up';
  }
}

export class SparseCategoricalAccuracy extends MeanMetricWrapper {
  constructor(o: MetricOptions = {}) {
    checkOptions('SparseCategoricalAccuracy', o, metricOptions);
    super(sparseCategoricalAccuracy, named(o, 'sparse_categorical_accuracy'));
  }
  override get direction(): Direction {
    return 'up';
  }
}
