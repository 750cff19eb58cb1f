/** Losses as metrics: the mean over all samples seen. */
import type { Tensor } from '../../tensor/index.ts';
import { checkOptions } from '../identifiers.ts';
import {
  binaryCrossentropy,
  type CrossentropyOptions,
  categoricalCrossentropy,
  meanAbsoluteError,
  meanSquaredError,
  type SparseOptions,
  sparseCategoricalCrossentropy,
} from '../losses/index.ts';
import { floatTensor, matchRanks, similarShapes } from '../losses/shapes.ts';
import { MeanMetricWrapper } from './mean.ts';
import type { MetricOptions } from './metric.ts';

export class MeanSquaredError extends MeanMetricWrapper {
  constructor(o: MetricOptions = {}) {
    checkOptions('MeanSquaredError', o, ['name']);
    super(meanSquaredError, { name: o.name ?? 'mean_squared_error' });
  }
}

export class MeanAbsoluteError extends MeanMetricWrapper {
  constructor(o: MetricOptions = {}) {
    checkOptions('MeanAbsoluteError', o, ['name']);
    super(meanAbsoluteError, { name: o.name ?? 'mean_absolute_error' });
  }
}

function squaredError(yTrue: Tensor, yPred: Tensor): Tensor {
  const [t, p] = matchRanks(yTrue, floatTensor(yPred));
  similarShapes('rootMeanSquaredError', t, p);
  return t.astype(p.dtype).sub(p).square();
}

/** The root of the mean over all elements seen, not a mean of roots. */
export class RootMeanSquaredError extends MeanMetricWrapper {
  constructor(o: MetricOptions = {}) {
    checkOptions('RootMeanSquaredError', o, ['name']);
    super(squaredError, { name: o.name ?? 'root_mean_squared_error' });
  }
  override result(state: readonly Tensor[] = this.state): Tensor {
    return super.result(state).sqrt();
  }
}

type Binary = MetricOptions & Pick<CrossentropyOptions, 'fromLogits' | 'labelSmoothing'>;
type Categorical = MetricOptions &
  Pick<CrossentropyOptions, 'fromLogits' | 'labelSmoothing' | 'axis'>;
type Sparse = MetricOptions & Pick<SparseOptions, 'fromLogits' | 'axis'>;

/** The options without the name, given once in full. */
function chosen<T extends MetricOptions>(defaults: Omit<T, 'name'>, o: T): Record<string, unknown> {
  const { name: _, ...rest } = o;
  return { ...defaults, ...rest };
}

export class BinaryCrossentropy extends MeanMetricWrapper {
  constructor(o: Binary = {}) {
    checkOptions('BinaryCrossentropy', o, ['name', 'fromLogits', 'labelSmoothing']);
    super(
      (t, p) => binaryCrossentropy(t, p, o),
      { name: o.name ?? 'binary_crossentropy' },
      chosen<Binary>({ fromLogits: false, labelSmoothing: 0 }, o),
    );
  }
}

export class CategoricalCrossentropy extends MeanMetricWrapper {
  constructor(o: Categorical = {}) {
    checkOptions('CategoricalCrossentropy', o, ['name', 'fromLogits', 'labelSmoothing', 'axis']);
    super(
      (t, p) => categoricalCrossentropy(t, p, o),
      { name: o.name ?? 'categorical_crossentropy' },
      chosen<Categorical>({ fromLogits: false, labelSmoothing: 0, axis: -1 }, o),
    );
  }
}

export class SparseCategoricalCrossentropy extends MeanMetricWrapper {
  constructor(o: Sparse = {}) {
    checkOptions('SparseCategoricalCrossentropy', o, ['name', 'fromLogits', 'axis']);
    super(
      (t, p) => sparseCategoricalCrossentropy(t, p, o),
      { name: o.name ?? 'sparse_categorical_crossentropy' },
      chosen<Sparse>({ fromLogits: false, axis: -1 }, o),
    );
  }
}
