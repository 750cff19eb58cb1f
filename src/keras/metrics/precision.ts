/** Precision and recall. */
import type { Tensor } from '../../tensor/index.ts';
import { checkOptions } from '../identifiers.ts';
import { checkWhole } from '../losses/options.ts';
import { divideNoNan } from '../where.ts';
import { type Confusion, confusion, never } from './confusion.ts';
import {
  type Direction,
  Metric,
  type MetricOptions,
  type MetricVariable,
  metricOptions,
  numbered,
} from './metric.ts';
import { areEven, type Thresholds, thresholdList } from './thresholds.ts';

export interface PrecisionOptions extends MetricOptions {
  /** Above which a prediction is positive, one or several: 0.5, or with `topK` any. */
  readonly thresholds?: Thresholds;
  /** Only the k largest predictions of each sample count as positive. */
  readonly topK?: number | null;
  /** Only this class, an entry of the last axis, counts. */
  readonly classId?: number | null;
}

/** True positives as a share of themselves and something else. */
abstract class Share extends Metric {
  readonly #rest: 'falsePositives' | 'falseNegatives';
  readonly #given: Thresholds;
  readonly thresholds: readonly number[];
  readonly topK: number | null;
  readonly classId: number | null;

  constructor(what: string, rest: 'falsePositives' | 'falseNegatives', o: PrecisionOptions) {
    checkOptions(what, o, [...metricOptions, 'thresholds', 'topK', 'classId']);
    super(numbered(o, what));
    this.#rest = rest;
    this.#given = o.thresholds ?? null;
    this.topK = o.topK == null ? null : checkWhole(what, 'topK', o.topK, 1);
    this.classId = o.classId == null ? null : checkWhole(what, 'classId', o.classId, 0);
    this.thresholds = thresholdList(what, o.thresholds, this.topK === null ? 0.5 : never);
  }
  override variables(): readonly MetricVariable[] {
    const shape = [this.thresholds.length];
    const rest = this.#rest === 'falsePositives' ? 'false_positives' : 'false_negatives';
    return [
      { name: 'true_positives', shape },
      { name: rest, shape },
    ];
  }
  override update(
    [hits, rest]: readonly Tensor[],
    yTrue: Tensor,
    yPred: Tensor,
    sampleWeight?: Tensor | null,
  ): Tensor[] {
    const { thresholds, topK, classId } = this;
    const counts: Confusion = confusion(this.name, yTrue, yPred, sampleWeight, hits.dtype, {
      thresholds,
      even: areEven(thresholds),
      topK,
      classId,
    });
    return [hits.add(counts.truePositives), rest.add(counts[this.#rest])];
  }
  result([hits, rest]: readonly Tensor[] = this.state): Tensor {
    const share = divideNoNan(hits, hits.add(rest));
    return this.thresholds.length === 1 ? share.at(0) : share;
  }
  override getConfig(): Record<string, unknown> {
    const { topK, classId } = this;
    return { ...super.getConfig(), thresholds: this.#given, topK, classId };
  }
  override get direction(): Direction {
    return 'up';
  }
}

/**
 * How many of what is predicted positive is so: 0 to 1, for each threshold; 0 where nothing is.
 * Throws `range` for thresholds outside 0 to 1.
 */
export class Precision extends Share {
  constructor(o: PrecisionOptions = {}) {
    super('Precision', 'falsePositives', o);
  }
}

/**
 * How many of what is positive is predicted so: 0 to 1, for each threshold; 0 where nothing is.
 * Throws `range` for thresholds outside 0 to 1.
 */
export class Recall extends Share {
  constructor(o: PrecisionOptions = {}) {
    super('Recall', 'falseNegatives', o);
  }
}
