/** Metrics by id. */
import { GradloomError } from '../../errors.ts';
import { lookup, plainId, snakeCase } from '../identifiers.ts';
import type { LossFn } from '../losses/index.ts';
import { kindOf } from '../losses/kind.ts';
import { BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy } from './accuracy.ts';
import {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  MeanAbsoluteError,
  MeanSquaredError,
  RootMeanSquaredError,
  SparseCategoricalCrossentropy,
} from './losses.ts';
import { Mean, MeanMetricWrapper, Sum } from './mean.ts';
import { Metric, type MetricOptions } from './metric.ts';

type Make = (o: MetricOptions) => Metric;

const accuracies: Record<ReturnType<typeof kindOf>, Make> = {
  binary: (o) => new BinaryAccuracy(o),
  categorical: (o) => new CategoricalAccuracy(o),
  sparseCategorical: (o) => new SparseCategoricalAccuracy(o),
};
const crossentropies: Record<ReturnType<typeof kindOf>, Make> = {
  binary: (o) => new BinaryCrossentropy(o),
  categorical: (o) => new CategoricalCrossentropy(o),
  sparseCategorical: (o) => new SparseCategoricalCrossentropy(o),
};

/** The shapes by which "accuracy" is resolved; null stands for the batch. */
export interface MetricContext {
  readonly outputShape: readonly (number | null)[];
  readonly targetShape: readonly (number | null)[];
}

const table: Record<string, (o: MetricOptions, c: MetricContext) => Metric> = {
  accuracy: (o, c) => accuracies[kindOf(c.targetShape, c.outputShape)](o),
  crossentropy: (o, c) => crossentropies[kindOf(c.targetShape, c.outputShape)](o),
  mean: (o) => new Mean(o),
  sum: (o) => new Sum(o),
  binaryAccuracy: accuracies.binary,
  categoricalAccuracy: accuracies.categorical,
  sparseCategoricalAccuracy: accuracies.sparseCategorical,
  meanSquaredError: (o) => new MeanSquaredError(o),
  meanAbsoluteError: (o) => new MeanAbsoluteError(o),
  rootMeanSquaredError: (o) => new RootMeanSquaredError(o),
  binaryCrossentropy: crossentropies.binary,
  categoricalCrossentropy: crossentropies.categorical,
  sparseCategoricalCrossentropy: crossentropies.sparseCategorical,
};

const aliases: Readonly<Record<string, string>> = {
  acc: 'accuracy',
  ce: 'crossentropy',
  mse: 'meanSquaredError',
  mae: 'meanAbsoluteError',
  rmse: 'rootMeanSquaredError',
  bce: 'binaryCrossentropy',
};

export type MetricLike = string | Metric | LossFn;

/**
 * The metric that an id, an instance or a function of (yTrue, yPred) means. "accuracy" (or "acc") is
 * binary for one output, sparse for integer targets, else categorical; "crossentropy" (or "ce")
 * likewise. One made from an id keeps the user's word as its name: "acc", "mse". Throws
 * `unknown-id`, `metric`.
 */
export function getMetric(id: MetricLike, context: MetricContext): Metric {
  if (id instanceof Metric) return id;
  if (typeof id === 'function') return new MeanMetricWrapper(id);
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
