/** The harmonic mean of precision and recall. */
import { GradloomError } from '../../errors.ts';
import { showShape } from '../../shape.ts';
import type { Tensor } from '../../tensor/index.ts';
import { epsilon } from '../config.ts';
import { checkOptions, lookup } from '../identifiers.ts';
import { alignWeight, sameShapes } from '../losses/shapes.ts';
import {
  type Direction,
  Metric,
  type MetricOptions,
  type MetricVariable,
  metricOptions,
  named,
} from './metric.ts';

export type FAverage = 'micro' | 'macro' | 'weighted';

export interface F1Options extends MetricOptions {
  /**
   * null: a score for each class. 'micro': the score of all classes counted together. 'macro': the
   * mean of the classes' scores; 'weighted': weighed by how often they are true.
   */
  readonly average?: FAverage | (string & {}) | null;
  /** Above which a prediction is positive; without one, the largest of each sample is. */
  readonly threshold?: number | null;
}
export interface FBetaOptions extends F1Options {
  /** How much more recall counts than precision: 1. */
  readonly beta?: number;
}

const averages: Record<string, FAverage> = { micro: 'micro', macro: 'macro', weighted: 'weighted' };

function checkBeta(what: string, beta: number): number {
  if (Number.isFinite(beta) && beta > 0) return beta;
  throw new GradloomError('range', `${what}: beta must be a number above 0; received ${beta}.`, {
    beta,
  });
}

function checkThreshold(what: string, t: number | null | undefined): number | null {
  if (t == null) return null;
  if (t > 0 && t <= 1) return t;
  throw new GradloomError(
    'range',
    `${what}: threshold must be above 0 and at most 1; received ${t}.`,
    { threshold: t },
  );
}

/**
 * (1 + beta²) precision recall / (beta² precision + recall) of one-hot targets (batch, classes): a
 * number for each class, or one (`average`). Throws `range`, `unknown-id`.
 */
export class FBetaScore extends Metric {
  readonly average: FAverage | null;
  readonly beta: number;
  readonly threshold: number | null;
  #classes: number | undefined;

  constructor(o: FBetaOptions = {}, what = 'FBetaScore') {
    checkOptions(what, o, [...metricOptions, 'average', 'beta', 'threshold']);
    super(named(o, 'fbeta_score'));
    this.average = o.average == null ? null : lookup(`average of ${what}:`, o.average, averages);
    this.beta = checkBeta(what, o.beta ?? 1);
    this.threshold = checkThreshold(what, o.threshold);
  }
  override get built(): boolean {
    return this.average === 'micro' || this.#classes !== undefined;
  }
  override build(_yTrue: readonly number[], yPred: readonly number[]): void {
    this.#classes = yPred[yPred.length - 1];
  }
  override variables(): readonly MetricVariable[] {
    const shape = this.average === 'micro' ? [] : [this.#classes!];
    return ['true_positives', 'false_positives', 'false_negatives', 'intermediate_weights'].map(
      (name) => ({ name, shape }),
    );
  }

  override update(
    state: readonly Tensor[],
    yTrue: Tensor,
    yPred: Tensor,
    sampleWeight?: Tensor | null,
  ): Tensor[] {
    const { dtype } = state[0];
    const [t, p0] = [yTrue.astype(dtype), yPred.astype(dtype)];
    this.#check(t, p0);
    const p = this.#positive(p0).astype(dtype);
    const w = sampleWeight && alignWeight(sampleWeight, p.shape).astype(dtype);
    const sum = (x: Tensor): Tensor => (w ? x.mul(w) : x).sum(this.average === 'micro' ? null : 0);
    const other = (x: Tensor): Tensor => x.neg().add(1);
    const counts = [p.mul(t), p.mul(other(t)), other(p).mul(t), t];
    return state.map((s, i) => s.add(sum(counts[i])));
  }

  #check(t: Tensor, p: Tensor): void {
    if (p.ndim !== 2 || t.ndim !== 2)
      throw new GradloomError(
        'shape',
        `${this.name}: targets and predictions have shape (batch, classes); received ${showShape(t.shape)} and ${showShape(p.shape)}.`,
        { yTrue: [...t.shape], yPred: [...p.shape] },
      );
    sameShapes(this.name, t, p);
    if (this.average !== 'micro' && p.shape[1] !== this.#classes)
      throw new GradloomError(
        'shape',
        `${this.name}: predictions of ${this.#classes} classes were expected, as before; received ${p.shape[1]}.`,
        { expected: this.#classes, received: p.shape[1] },
      );
  }

  #positive(p: Tensor): Tensor {
    if (this.threshold !== null) return p.gt(this.threshold);
    // A sample of zeros has no largest.
    return p.ge(p.max(-1, { keepdims: true })).logicalAnd(p.abs().gt(1e-9));
  }

  result([tp, fp, fn, weights]: readonly Tensor[] = this.state): Tensor {
    const e = epsilon();
    const precision = tp.div(tp.add(fp).add(e));
    const recall = tp.div(tp.add(fn).add(e));
    const square = this.beta ** 2;
    const mean = precision.mul(recall).div(precision.mul(square).add(recall).add(e));
    const score = mean.mul(1 + square);
    if (this.average === null) return score;
    if (this.average !== 'weighted') return score.mean();
    return score.mul(weights.div(weights.sum().add(e))).sum();
  }
  override getConfig(): Record<string, unknown> {
    const { average, beta, threshold } = this;
    return { ...super.getConfig(), average, beta, threshold };
  }
  override get direction(): Direction {
    return 'up';
  }
}

/** FBetaScore with beta 1: the harmonic mean of precision and recall. */
export class F1Score extends FBetaScore {
  constructor(o: F1Options = {}) {
    checkOptions('F1Score', o, [...metricOptions, 'average', 'threshold']);
    super({ ...o, name: o.name ?? 'f1_score' }, 'F1Score');
  }
  override getConfig(): Record<string, unknown> {
    const { beta: _, ...config } = super.getConfig();
    return config;
  }
}
