/** Losses as metrics: the mean over all samples seen. */
import type { Tensor, TensorLike } from '../../tensor/index.ts';
import { checkOptions } from '../identifiers.ts';
import { type CrossentropyArgs, crossentropyArgs } from '../losses/crossentropy.ts';
import {
  binaryCrossentropy,
  categoricalCrossentropy,
  categoricalHinge,
  hinge,
  klDivergence,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
  poisson,
  type SparseArgs,
  sparseCategoricalCrossentropy,
  squaredHinge,
} from '../losses/index.ts';
import { cosine } from '../losses/regression.ts';
import { pair } from '../losses/shapes.ts';
import { MeanMetricWrapper } from './mean.ts';
import { type Direction, type MetricOptions, metricOptions, named } from './metric.ts';

/** (yTrue - yPred)² by the last axis' mean. See `losses.meanSquaredError`. */
export class MeanSquaredError extends MeanMetricWrapper {
  constructor(o: MetricOptions = {}) {
    checkOptions('MeanSquaredError', o, metricOptions);
    super(meanSquaredError, named(o, 'mean_squared_error'));
  }
}

export class MeanAbsoluteError extends MeanMetricWrapper {
  constructor(o: MetricOptions = {}) {
    checkOptions('MeanAbsoluteError', o, metricOptions);
    super(meanAbsoluteError, named(o, 'mean_absolute_error'));
  }
}

export class MeanAbsolutePercentageError extends MeanMetricWrapper {
  constructor(o: MetricOptions = {}) {
    checkOptions('MeanAbsolutePercentageError', o, metricOptions);
    super(meanAbsolutePercentageError, named(o, 'mean_absolute_percentage_error'));
  }
}

export class MeanSquaredLogarithmicError extends MeanMetricWrapper {
  constructor(o: MetricOptions = {}) {
    checkOptions('MeanSquaredLogarithmicError', o, metricOptions);
    super(meanSquaredLogarithmicError, named(o, 'mean_squared_logarithmic_error'));
  }
}

function squaredError(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = pair('rootMeanSquaredError', yTrue, yPred);
  return t.sub(p).square();
}

/** The root of the mean over all elements seen, not a mean of roots. Masks leave nothing out, as in Keras. */
export class RootMeanSquaredError extends MeanMetricWrapper {
  constructor(o: MetricOptions = {}) {
    checkOptions('RootMeanSquaredError', o, metricOptions);
    super(squaredError, named(o, 'root_mean_squared_error'));
  }
  protected override maskOf(): undefined {
    return undefined;
  }
  override result(state: readonly Tensor[] = this.state): Tensor {
    return super.result(state).sqrt();
  }
  override get direction(): Direction {
    return 'down';
  }
}

export class LogCoshError extends MeanMetricWrapper {
  constructor(o: MetricOptions = {}) {
    checkOptions('LogCoshError', o, metricOptions);
    super(logCosh, named(o, 'logcosh'));
  }
}

/** The cosine of the angle between targets and predictions: 1 where they agree, unlike the loss. */
export class CosineSimilarity extends MeanMetricWrapper<{ axis: number }> {
  constructor(o: MetricOptions & { readonly axis?: number } = {}) {
    checkOptions('CosineSimilarity', o, [...metricOptions, 'axis']);
    super((t, p, a) => cosine('cosineSimilarity', t, p, a!.axis), named(o, 'cosine_similarity'), {
      axis: o.axis ?? -1,
    });
  }
  override get direction(): Direction {
    return 'up';
  }
}

export class Hinge extends MeanMetricWrapper {
  constructor(o: MetricOptions = {}) {
    checkOptions('Hinge', o, metricOptions);
    super(hinge, named(o, 'hinge'));
  }
}

export class SquaredHinge extends MeanMetricWrapper {
  constructor(o: MetricOptions = {}) {
    checkOptions('SquaredHinge', o, metricOptions);
    super(squaredHinge, named(o, 'squared_hinge'));
  }
}

export class CategoricalHinge extends MeanMetricWrapper {
  constructor(o: MetricOptions = {}) {
    checkOptions('CategoricalHinge', o, metricOptions);
    super(categoricalHinge, named(o, 'categorical_hinge'));
  }
}

export class KLDivergence extends MeanMetricWrapper {
  constructor(o: MetricOptions = {}) {
    checkOptions('KLDivergence', o, metricOptions);
    super(klDivergence, named(o, 'kl_divergence'));
  }
}

export class Poisson extends MeanMetricWrapper {
  constructor(o: MetricOptions = {}) {
    checkOptions('Poisson', o, metricOptions);
    super(poisson, named(o, 'poisson'));
  }
}

type BinaryArgs = Pick<CrossentropyArgs, 'fromLogits' | 'labelSmoothing'>;

export class BinaryCrossentropy extends MeanMetricWrapper<BinaryArgs> {
  constructor(o: MetricOptions & BinaryArgs = {}) {
    checkOptions('BinaryCrossentropy', o, [...metricOptions, 'fromLogits', 'labelSmoothing']);
    const { axis: _, ...args } = crossentropyArgs('BinaryCrossentropy', o);
    super(binaryCrossentropy, named(o, 'binary_crossentropy'), args);
  }
}

export class CategoricalCrossentropy extends MeanMetricWrapper<CrossentropyArgs> {
  constructor(o: MetricOptions & CrossentropyArgs = {}) {
    const names = [...metricOptions, 'fromLogits', 'labelSmoothing', 'axis'];
    checkOptions('CategoricalCrossentropy', o, names);
    const args = crossentropyArgs('CategoricalCrossentropy', o);
    super(categoricalCrossentropy, named(o, 'categorical_crossentropy'), args);
  }
}

export class SparseCategoricalCrossentropy extends MeanMetricWrapper<Required<SparseArgs>> {
  constructor(o: MetricOptions & SparseArgs = {}) {
    const names = [...metricOptions, 'fromLogits', 'axis', 'ignoreClass'];
    checkOptions('SparseCategoricalCrossentropy', o, names);
    super(sparseCategoricalCrossentropy, named(o, 'sparse_categorical_crossentropy'), {
      fromLogits: o.fromLogits ?? false,
      axis: o.axis ?? -1,
      ignoreClass: o.ignoreClass ?? null,
    });
  }
}
