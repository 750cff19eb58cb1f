/** Metrics: `update` and `result` over a state, or `updateState`, `result()` and `resetState` by hand. */
export {
  Accuracy,
  accuracy,
  BinaryAccuracy,
  binaryAccuracy,
  CategoricalAccuracy,
  categoricalAccuracy,
  SparseCategoricalAccuracy,
  sparseCategoricalAccuracy,
} from './accuracy.ts';
export {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  MeanAbsoluteError,
  MeanSquaredError,
  RootMeanSquaredError,
  SparseCategoricalCrossentropy,
} from './losses.ts';
export { Mean, MeanMetricWrapper, Sum } from './mean.ts';
export { Metric, type MetricOptions, type MetricVariable } from './metric.ts';
export { getMetric, type MetricContext, type MetricLike } from './registry.ts';
