/** How often predictions are right. Each function gives 1 or 0 a sample: float32. */
import { GradloomError } from '../../errors.ts';
import { showShape } from '../../shape.ts';
import type { Tensor } from '../../tensor/index.ts';
import { checkOptions } from '../identifiers.ts';
import { matchRanks, sameShapes } from '../losses/shapes.ts';
import { MeanMetricWrapper } from './mean.ts';
import type { MetricOptions } from './metric.ts';

/** Where predictions equal labels exactly. Throws `shape`. */
export function accuracy(yTrue: Tensor, yPred: Tensor): Tensor {
  const [t, p] = matchRanks(yTrue, yPred);
  sameShapes('accuracy', t, p);
  return t.astype(p.dtype).eq(p).astype('float32');
}

/** Predictions above `threshold` count as 1; every output by itself. Throws `shape`. */
export function binaryAccuracy(yTrue: Tensor, yPred: Tensor, threshold = 0.5): Tensor {
  const [t, p] = matchRanks(yTrue, yPred);
  sameShapes('binaryAccuracy', t, p);
  return t.astype('float32').eq(p.gt(threshold).astype('float32')).astype('float32');
}

/** Whether the largest prediction along the last axis is where the largest target is; of equals, the first. Throws `shape`. */
export function categoricalAccuracy(yTrue: Tensor, yPred: Tensor): Tensor {
  sameShapes('categoricalAccuracy', yTrue, yPred);
  return yTrue.argmax(-1).eq(yPred.argmax(-1)).astype('float32');
}

/** The same for integer labels, of the shape of yPred without its last dimension or with 1 there. Throws `shape`. */
export function sparseCategoricalAccuracy(yTrue: Tensor, yPred: Tensor): Tensor {
  const column = yTrue.ndim === yPred.ndim && yTrue.shape[yTrue.ndim - 1] === 1;
  const t = column ? yTrue.squeeze(-1) : yTrue;
  const want = yPred.shape.slice(0, -1);
  if (t.ndim !== want.length || t.shape.some((n, d) => n !== want[d]))
    throw new GradloomError(
      'shape',
      `sparseCategoricalAccuracy: integer targets of shape ${showShape(want)} were expected for predictions ${showShape(yPred.shape)}; received ${showShape(yTrue.shape)}.`,
      { expected: want, received: [...yTrue.shape] },
    );
  return t.eq(yPred.argmax(-1)).astype('float32');
}

export class Accuracy extends MeanMetricWrapper {
  constructor(o: MetricOptions = {}) {
    checkOptions('Accuracy', o, ['name']);
    super(accuracy, { name: o.name ?? 'accuracy' });
  }
}

export class BinaryAccuracy extends MeanMetricWrapper {
  /** `threshold` is 0.5; for logits 0. Throws `range` for what is not a number. */
  constructor(o: MetricOptions & { readonly threshold?: number } = {}) {
    checkOptions('BinaryAccuracy', o, ['name', 'threshold']);
    const { threshold = 0.5 } = o;
    if (!Number.isFinite(threshold))
      throw new GradloomError(
        'range',
        `BinaryAccuracy: threshold must be a number; received ${threshold}.`,
        { threshold },
      );
    super(
      (t, p) => binaryAccuracy(t, p, threshold),
      { name: o.name ?? 'binary_accuracy' },
      { threshold },
    );
  }
}

export class CategoricalAccuracy extends MeanMetricWrapper {
  constructor(o: MetricOptions = {}) {
    checkOptions('CategoricalAccuracy', o, ['name']);
    super(categoricalAccuracy, { name: o.name ?? 'categorical_accuracy' });
  }
}

export class SparseCategoricalAccuracy extends MeanMetricWrapper {
  constructor(o: MetricOptions = {}) {
    checkOptions('SparseCategoricalAccuracy', o, ['name']);
    super(sparseCategoricalAccuracy, { name: o.name ?? 'sparse_categorical_accuracy' });
  }
}
