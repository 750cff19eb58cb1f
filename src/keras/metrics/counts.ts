/** True and false, positives and negatives: how many there are above each threshold. */
import type { Tensor } from '../../tensor/index.ts';
import { checkOptions } from '../identifiers.ts';
import { type Confusion, confusion } from './confusion.ts';
import {
  Metric,
  type MetricOptions,
  type MetricVariable,
  metricOptions,
  numbered,
} from './metric.ts';
import { areEven, type Thresholds, thresholdList } from './thresholds.ts';

export interface CountOptions extends MetricOptions {
  /** Above which a prediction is positive, one or several: 0.5. */
  readonly thresholds?: Thresholds;
}

/** One of the four counts: a number, or one for each threshold. */
abstract class Count extends Metric {
  readonly #which: keyof Confusion;
  readonly #given: Thresholds;
  readonly thresholds: readonly number[];

  constructor(what: string, which: keyof Confusion, o: CountOptions) {
    checkOptions(what, o, [...metricOptions, 'thresholds']);
    super(numbered(o, what));
    this.#which = which;
    this.#given = o.thresholds ?? null;
    this.thresholds = thresholdList(what, o.thresholds, 0.5);
  }
  override variables(): readonly MetricVariable[] {
    return [{ name: 'accumulator', shape: [this.thresholds.length] }];
  }
  override update(
    [sum]: readonly Tensor[],
    yTrue: Tensor,
    yPred: Tensor,
    sampleWeight?: Tensor | null,
  ): Tensor[] {
    const { thresholds } = this;
    const counts = confusion(this.name, yTrue, yPred, sampleWeight, sum.dtype, {
      thresholds,
      even: areEven(thresholds),
    });
    return [sum.add(counts[this.#which])];
  }
  result([sum]: readonly Tensor[] = this.state): Tensor {
    return this.thresholds.length === 1 ? sum.at(0) : sum;
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), thresholds: this.#given };
  }
}

/** Predicted positive, and so they are. Throws `range` for thresholds outside 0 to 1. */
export class TruePositives extends Count {
  constructor(o: CountOptions = {}) {
    super('TruePositives', 'truePositives', o);
  }
}

/** Predicted positive, and wrong. Throws `range` for thresholds outside 0 to 1. */
export class FalsePositives extends Count {
  constructor(o: CountOptions = {}) {
    super('FalsePositives', 'falsePositives', o);
  }
}

/** Predicted negative, and so they are. Throws `range` for thresholds outside 0 to 1. */
export class TrueNegatives extends Count {
  constructor(o: CountOptions = {}) {
    super('TrueNegatives', 'trueNegatives', o);
  }
}

/** Predicted negative, and wrong. Throws `range` for thresholds outside 0 to 1. */
export class FalseNegatives extends Count {
  constructor(o: CountOptions = {}) {
    super('FalseNegatives', 'falseNegatives', o);
  }
}
