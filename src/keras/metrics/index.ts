/** Metrics: `update` and `result` over a state, or `updateState`, `result()` and `resetState` by hand. */
export {
  binaryCrossentropy,
  binaryFocalCrossentropy,
  categoricalCrossentropy,
  categoricalFocalCrossentropy,
  categoricalHinge,
  hinge,
  huber,
  klDivergence,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
  poisson,
  sparseCategoricalCrossentropy,
  squaredHinge,
} from '../losses/index.ts';
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
  type AtOptions,
  PrecisionAtRecall,
  RecallAtPrecision,
  SensitivityAtSpecificity,
  SpecificityAtSensitivity,
} from './at.ts';
export { AUC, type AucCurve, type AucOptions, type AucSummation } from './auc.ts';
export {
  ConcordanceCorrelation,
  type CorrelationArgs,
  concordanceCorrelation,
  PearsonCorrelation,
  pearsonCorrelation,
} from './correlation.ts';
export {
  type CountOptions,
  FalseNegatives,
  FalsePositives,
  TrueNegatives,
  TruePositives,
} from './counts.ts';
export {
  type F1Options,
  F1Score,
  type FAverage,
  type FBetaOptions,
  FBetaScore,
} from './f-score.ts';
export {
  BinaryIoU,
  type BinaryIoUOptions,
  IoU,
  type IoUOptions,
  MeanIoU,
  type MeanIoUOptions,
  OneHotIoU,
  type OneHotIoUOptions,
  OneHotMeanIoU,
  type OneHotMeanIoUOptions,
} from './iou.ts';
export {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  CategoricalHinge,
  CosineSimilarity,
  Hinge,
  KLDivergence,
  LogCoshError,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  MeanSquaredLogarithmicError,
  Poisson,
  RootMeanSquaredError,
  SparseCategoricalCrossentropy,
  SquaredHinge,
} from './losses.ts';
export { Mean, MeanMetricWrapper, Sum } from './mean.ts';
export { type Direction, Metric, type MetricOptions, type MetricVariable } from './metric.ts';
export { Precision, type PrecisionOptions, Recall } from './precision.ts';
export { type R2Aggregation, type R2Options, R2Score } from './r2.ts';
export {
  deserialize,
  getMetric,
  getMetric as get,
  type MetricContext,
  type MetricLike,
  serialize,
} from './registry.ts';
export type { Thresholds } from './thresholds.ts';
export {
  type SparseTopKArgs,
  SparseTopKCategoricalAccuracy,
  sparseTopKCategoricalAccuracy,
  type TopKArgs,
  TopKCategoricalAccuracy,
  topKCategoricalAccuracy,
} from './top-k.ts';
