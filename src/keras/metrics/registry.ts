/** Metrics by id. */
import { GradloomError } from '../../errors.ts';
import { type CustomObjects, customPart, withCustomObjects } from '../custom-objects.ts';
import { lookup, plainId, snakeCase } from '../identifiers.ts';
import {
  binaryFocalCrossentropy,
  categoricalFocalCrossentropy,
  huber,
  type LossFn,
} from '../losses/index.ts';
import { kindOf } from '../losses/kind.ts';
import { isSerialized, type Serialized, serialize as write } from '../serialization.ts';
import * as accuracies from './accuracy.ts';
import * as at from './at.ts';
import { AUC } from './auc.ts';
import { ConcordanceCorrelation, PearsonCorrelation } from './correlation.ts';
import * as counts from './counts.ts';
import { F1Score, FBetaScore } from './f-score.ts';
import * as iou from './iou.ts';
import * as losses from './losses.ts';
import { Mean, MeanMetricWrapper, Sum } from './mean.ts';
import { Metric, type MetricOptions } from './metric.ts';
import { Precision, Recall } from './precision.ts';
import { R2Score } from './r2.ts';
import { SparseTopKCategoricalAccuracy, TopKCategoricalAccuracy } from './top-k.ts';

type Make = new (o: never) => Metric;
type Maker = (o: MetricOptions, c?: MetricContext) => Metric;

/** The shapes by which "accuracy" is resolved; null stands for the batch. */
export interface MetricContext {
  readonly outputShape: readonly (number | null)[];
  readonly targetShape: readonly (number | null)[];
}

const classes: Record<string, Make> = {
  accuracy: accuracies.Accuracy,
  binaryAccuracy: accuracies.BinaryAccuracy,
  categoricalAccuracy: accuracies.CategoricalAccuracy,
  sparseCategoricalAccuracy: accuracies.SparseCategoricalAccuracy,
  mean: Mean,
  sum: Sum,
  topKCategoricalAccuracy: TopKCategoricalAccuracy,
  sparseTopKCategoricalAccuracy: SparseTopKCategoricalAccuracy,
  truePositives: counts.TruePositives,
  falsePositives: counts.FalsePositives,
  trueNegatives: counts.TrueNegatives,
  falseNegatives: counts.FalseNegatives,
  precision: Precision,
  recall: Recall,
  sensitivityAtSpecificity: at.SensitivityAtSpecificity,
  specificityAtSensitivity: at.SpecificityAtSensitivity,
  precisionAtRecall: at.PrecisionAtRecall,
  recallAtPrecision: at.RecallAtPrecision,
  auc: AUC,
  f1Score: F1Score,
  fBetaScore: FBetaScore,
  ioU: iou.IoU,
  binaryIoU: iou.BinaryIoU,
  meanIoU: iou.MeanIoU,
  oneHotIoU: iou.OneHotIoU,
  oneHotMeanIoU: iou.OneHotMeanIoU,
  r2Score: R2Score,
  pearsonCorrelation: PearsonCorrelation,
  concordanceCorrelation: ConcordanceCorrelation,
  meanSquaredError: losses.MeanSquaredError,
  meanAbsoluteError: losses.MeanAbsoluteError,
  meanAbsolutePercentageError: losses.MeanAbsolutePercentageError,
  meanSquaredLogarithmicError: losses.MeanSquaredLogarithmicError,
  rootMeanSquaredError: losses.RootMeanSquaredError,
  cosineSimilarity: losses.CosineSimilarity,
  logCoshError: losses.LogCoshError,
  hinge: losses.Hinge,
  squaredHinge: losses.SquaredHinge,
  categoricalHinge: losses.CategoricalHinge,
  klDivergence: losses.KLDivergence,
  poisson: losses.Poisson,
  binaryCrossentropy: losses.BinaryCrossentropy,
  categoricalCrossentropy: losses.CategoricalCrossentropy,
  sparseCategoricalCrossentropy: losses.SparseCategoricalCrossentropy,
};

/** The class that the shapes speak for; where they are not known, `otherwise`. */
function byKind(kinds: Record<ReturnType<typeof kindOf>, Make>, otherwise: Make): Maker {
  return (o, c) => {
    const make = c ? kinds[kindOf(c.targetShape, c.outputShape)] : otherwise;
    return new make(o as never);
  };
}

/** A loss that Keras has as a function among its metrics, and no class for. */
function wrap(fn: LossFn): Maker {
  return (o) => new MeanMetricWrapper(fn, o);
}

const table: Record<string, Maker> = {
  ...Object.fromEntries(
    Object.entries(classes).map(([id, make]): [string, Maker] => [id, (o) => new make(o as never)]),
  ),
  accuracy: byKind(
    {
      binary: accuracies.BinaryAccuracy,
      categorical: accuracies.CategoricalAccuracy,
      sparseCategorical: accuracies.SparseCategoricalAccuracy,
    },
    accuracies.Accuracy,
  ),
  crossentropy: byKind(
    {
      binary: losses.BinaryCrossentropy,
      categorical: losses.CategoricalCrossentropy,
      sparseCategorical: losses.SparseCategoricalCrossentropy,
    },
    losses.CategoricalCrossentropy,
  ),
  huber: wrap(huber),
  binaryFocalCrossentropy: wrap(binaryFocalCrossentropy),
  categoricalFocalCrossentropy: wrap(categoricalFocalCrossentropy),
};

const aliases: Readonly<Record<string, string>> = {
  acc: 'accuracy',
  ce: 'crossentropy',
  mse: 'meanSquaredError',
  mae: 'meanAbsoluteError',
  mape: 'meanAbsolutePercentageError',
  msle: 'meanSquaredLogarithmicError',
  rmse: 'rootMeanSquaredError',
  bce: 'binaryCrossentropy',
  kld: 'klDivergence',
  logcosh: 'logCoshError',
};

export type MetricLike = string | Metric | LossFn | Serialized;

/**
 * The metric that an id, an instance, a function of (yTrue, yPred) or a config means. "accuracy" (or
 * "acc") is binary for one output, sparse for integer targets, else categorical; "crossentropy" (or
 * "ce") likewise; without shapes they are plain Accuracy and CategoricalCrossentropy. One made from an id keeps the user's word as its name: "acc", "mse". Throws
 * `unknown-id`, `metric`.
 */
export function getMetric(id: MetricLike, context?: MetricContext): Metric {
  if (id instanceof Metric) return id;
  if (typeof id === 'function') return new MeanMetricWrapper(id);
  const own = customPart(id);
  if (own !== undefined) return getMetric(own as MetricLike, context);
  if (isSerialized(id)) return deserialize(id);
  if (typeof id !== 'string')
    throw new GradloomError(
      'metric',
      'A metric is an id, a Metric, or a function of (yTrue, yPred).',
      { received: id },
    );
  const short = Object.hasOwn(aliases, plainId(id));
  return lookup(
    'metric',
    id,
    table,
    aliases,
  )({ name: short ? plainId(id) : snakeCase(id) }, context);
}

/** { className, config } of a metric, which `deserialize` makes it of again. */
export function serialize(metric: Metric): Serialized {
  return write(metric)!;
}

/** The metric that `serialize` has written. `customObjects` names classes of your own. Throws `unknown-id`. */
export function deserialize(config: Serialized, customObjects: CustomObjects = {}): Metric {
  return withCustomObjects(customObjects, () => {
    const own = customPart(config);
    if (own !== undefined) return getMetric(own as MetricLike);
    return new (lookup('metric', config.className, classes))(config.config as never);
  });
}
