/** The share of the targets' variance that predictions account for. */
import { GradloomError } from '../../errors.ts';
import { showShape, sizeOf } from '../../shape.ts';
import type { Tensor } from '../../tensor/index.ts';
import { checkOptions, lookup } from '../identifiers.ts';
import { checkWhole } from '../losses/options.ts';
import { alignWeight, matchRanks, sameShapes } from '../losses/shapes.ts';
import { where } from '../where.ts';
import {
  type Direction,
  Metric,
  type MetricOptions,
  type MetricVariable,
  metricOptions,
  named,
} from './metric.ts';

export type R2Aggregation = 'uniformAverage' | 'varianceWeightedAverage';

export interface R2Options extends MetricOptions {
  /** How the outputs' scores become one: 'uniformAverage'; null gives a score for each. */
  readonly classAggregation?: R2Aggregation | (string & {}) | null;
  /** How many independent regressors the score is adjusted for: 0, not at all. */
  readonly numRegressors?: number;
}

const aggregations: Record<string, R2Aggregation> = {
  uniformAverage: 'uniformAverage',
  varianceWeightedAverage: 'varianceWeightedAverage',
};

/**
 * 1 - residuals² / (distances from the mean)², of targets (batch, outputs): 1 is perfect, 0 no better
 * than the mean. Throws `range`, `unknown-id`.
 */
export class R2Score extends Metric {
  readonly classAggregation: R2Aggregation | null;
  readonly numRegressors: number;
  #outputs: number | undefined;

  constructor(o: R2Options = {}) {
    checkOptions('R2Score', o, [...metricOptions, 'classAggregation', 'numRegressors']);
    super(named(o, 'r2_score'));
    const { classAggregation = 'uniformAverage' } = o;
    this.classAggregation =
      classAggregation === null
        ? null
        : lookup('classAggregation of R2Score:', classAggregation, aggregations);
    this.numRegressors = checkWhole('R2Score', 'numRegressors', o.numRegressors ?? 0, 0);
  }
  override get built(): boolean {
    return this.#outputs !== undefined;
  }
  override build(yTrue: readonly number[], yPred: readonly number[]): void {
    // Of (batch,) and (batch, 1) there is one output.
    const shape = yPred.length > yTrue.length ? yPred : yTrue;
    this.#outputs = shape[shape.length - 1];
  }
  override variables(): readonly MetricVariable[] {
    const each = ['squared_sum', 'sum', 'residual', 'count'];
    const shape = [this.#outputs!];
    return [{ name: 'num_samples', shape: [] }, ...each.map((name) => ({ name, shape }))];
  }

  override update(
    [samples, squares, sum, residual, count]: readonly Tensor[],
    yTrue: Tensor,
    yPred: Tensor,
    sampleWeight?: Tensor | null,
  ): Tensor[] {
    const { dtype } = samples;
    const [t, p] = matchRanks(yTrue.astype(dtype), yPred.astype(dtype));
    this.#check(t, p);
    const w = sampleWeight && alignWeight(sampleWeight, t.shape).astype(dtype);
    const weigh = (x: Tensor): Tensor => (w ? x.mul(w) : x);
    return [
      samples.add(sizeOf(t.shape)),
      squares.add(t.mul(weigh(t)).sum(0)),
      sum.add(weigh(t).sum(0)),
      residual.add(weigh(t.sub(p).square()).sum(0)),
      w ? count.add(w.broadcastTo(t.shape).sum(0)) : count.add(t.shape[0]),
    ];
  }

  #check(t: Tensor, p: Tensor): void {
    if (t.ndim !== 2 || p.ndim !== 2)
      throw new GradloomError(
        'shape',
        `${this.name}: targets and predictions have shape (batch, outputs); received ${showShape(t.shape)} and ${showShape(p.shape)}.`,
        { yTrue: [...t.shape], yPred: [...p.shape] },
      );
    sameShapes(this.name, t, p);
    if (p.shape[1] !== this.#outputs)
      throw new GradloomError(
        'shape',
        `${this.name}: predictions of ${this.#outputs} outputs were expected, as before; received ${p.shape[1]}.`,
        { expected: this.#outputs, received: p.shape[1] },
      );
  }

  result([samples, squares, sum, residual, count]: readonly Tensor[] = this.state): Tensor {
    const total = squares.sub(sum.mul(sum.div(count)));
    const raw = residual.div(total).neg().add(1);
    const scores = where(raw.abs().eq(Number.POSITIVE_INFINITY), 0, raw);
    let score = scores;
    if (this.classAggregation === 'uniformAverage') score = scores.mean();
    else if (this.classAggregation === 'varianceWeightedAverage')
      score = total.mul(scores).sum().div(total.sum());
    if (this.numRegressors === 0) return score;
    // More regressors than samples allow: not adjusted.
    const freedom = samples.sub(this.numRegressors + 1);
    const adjusted = score.neg().add(1).mul(samples.sub(1)).div(freedom).neg().add(1);
    return where(freedom.gt(0), adjusted, score);
  }
  override getConfig(): Record<string, unknown> {
    const { classAggregation, numRegressors } = this;
    return { ...super.getConfig(), classAggregation, numRegressors };
  }
  override get direction(): Direction {
    return 'up';
  }
}
