/** The area under a curve of two rates. */
import { GradloomError } from '../../errors.ts';
import { showShape } from '../../shape.ts';
import { type Tensor, tensor } from '../../tensor/index.ts';
import { sigmoid } from '../activations/index.ts';
import { epsilon } from '../config.ts';
import { checkOptions, lookup } from '../identifiers.ts';
import { checkNumber, checkWhole } from '../losses/options.ts';
import { divideNoNan, where } from '../where.ts';
import { confusion } from './confusion.ts';
import {
  type Direction,
  Metric,
  type MetricOptions,
  type MetricVariable,
  metricOptions,
  numbered,
} from './metric.ts';
import { areEven, evenThresholds, thresholdList } from './thresholds.ts';

export type AucCurve = 'ROC' | 'PR' | 'PRGAIN';
export type AucSummation = 'interpolation' | 'minoring' | 'majoring';

export interface AucOptions extends MetricOptions {
  /** How many thresholds there are, ends included: 200. */
  readonly numThresholds?: number;
  /**
   * 'ROC': recall over the share of false positives. 'PR': precision over recall. 'PRGAIN': their
   * gains (Flach & Kull 2015).
   */
  readonly curve?: AucCurve | (string & {});
  /**
   * The height between two thresholds: the mean of the heights at them, of PR the interpolation of
   * Davis & Goadrich 2006; or the smaller ('minoring') or larger ('majoring') of the two.
   */
  readonly summationMethod?: AucSummation | (string & {});
  /** Thresholds between 0 and 1 in place of even ones; ends are added. */
  readonly thresholds?: readonly number[] | null;
  /** Whether an area is taken of each label, the last axis, and then their mean: false. */
  readonly multiLabel?: boolean;
  /** With `multiLabel`: how many labels, where the predictions need not tell. */
  readonly numLabels?: number | null;
  /** With `multiLabel` the weight of each area, else of each entry of the last axis. */
  readonly labelWeights?: readonly number[] | null;
  /** Predictions are logits, not probabilities: false. */
  readonly fromLogits?: boolean;
}

const curves: Record<string, AucCurve> = { ROC: 'ROC', PR: 'PR', PRGAIN: 'PRGAIN' };
const methods: Record<string, AucSummation> = {
  interpolation: 'interpolation',
  minoring: 'minoring',
  majoring: 'majoring',
};

const optionNames = [
  ...metricOptions,
  'numThresholds',
  'curve',
  'summationMethod',
  'thresholds',
  'multiLabel',
  'numLabels',
  'labelWeights',
  'fromLogits',
];

export class AUC extends Metric {
  readonly curve: AucCurve;
  readonly summationMethod: AucSummation;
  /** With the ends, which lie a little below 0 and above 1. */
  readonly thresholds: readonly number[];
  readonly multiLabel: boolean;
  readonly labelWeights: readonly number[] | null;
  readonly fromLogits: boolean;
  readonly #given: readonly number[] | null;
  readonly #even: boolean;
  readonly #numLabels: number | null;
  #labels: number | null;

  /** Throws `range`, `unknown-id`, `unknown-option`. */
  constructor(o: AucOptions = {}) {
    checkOptions('AUC', o, optionNames);
    super(numbered(o, 'AUC'));
    this.curve = lookup('curve of AUC:', o.curve ?? 'ROC', curves);
    this.summationMethod = lookup(
      'summationMethod of AUC:',
      o.summationMethod ?? 'interpolation',
      methods,
      { carefulInterpolation: 'interpolation' },
    );
    this.multiLabel = o.multiLabel ?? false;
    this.fromLogits = o.fromLogits ?? false;
    const inner = o.thresholds
      ? thresholdList('AUC', o.thresholds, 0).sort((a, b) => a - b)
      : evenThresholds(checkWhole('AUC', 'numThresholds', o.numThresholds ?? 200, 2)).slice(1, -1);
    this.#given = o.thresholds ? inner : null;
    this.#even = !o.thresholds || areEven([0, ...inner, 1]);
    this.thresholds = [-epsilon(), ...inner, 1 + epsilon()];
    this.labelWeights = o.labelWeights?.map((w) => checkNumber('AUC', 'labelWeights', w)) ?? null;
    this.#numLabels = o.numLabels ? checkWhole('AUC', 'numLabels', o.numLabels, 1) : null;
    this.#labels = this.#numLabels;
    if (this.#numLabels && !this.multiLabel)
      throw new GradloomError('range', 'AUC: numLabels goes with multiLabel: true only.', {
        numLabels: this.#numLabels,
      });
  }

  override get built(): boolean {
    return !this.multiLabel || this.#labels !== null;
  }
  override build(_yTrue: readonly number[], yPred: readonly number[]): void {
    if (yPred.length !== 2)
      throw new GradloomError(
        'shape',
        `AUC: with multiLabel predictions have shape (batch, labels); received ${showShape(yPred)}.`,
        { received: [...yPred] },
      );
    this.#labels = yPred[1];
  }
  override variables(): readonly MetricVariable[] {
    const n = this.thresholds.length;
    const shape = this.multiLabel ? [n, this.#labels!] : [n];
    return ['true_positives', 'false_positives', 'true_negatives', 'false_negatives'].map(
      (name) => ({ name, shape }),
    );
  }

  override update(
    state: readonly Tensor[],
    yTrue: Tensor,
    yPred: Tensor,
    sampleWeight?: Tensor | null,
  ): Tensor[] {
    const { multiLabel, thresholds, labelWeights } = this;
    this.#checkLabels(yPred);
    const p = this.fromLogits ? sigmoid(yPred.astype(state[0].dtype)) : yPred;
    const c = confusion(this.name, yTrue, p, sampleWeight, state[0].dtype, {
      thresholds,
      even: this.#even,
      multiLabel,
      labelWeights: multiLabel ? null : labelWeights,
    });
    const counts = [c.truePositives, c.falsePositives, c.trueNegatives, c.falseNegatives];
    return state.map((s, i) => s.add(counts[i]));
  }

  #checkLabels(p: Tensor): void {
    if (!this.multiLabel) return;
    if (p.ndim !== 2 || p.shape[1] !== this.#labels)
      throw new GradloomError(
        'shape',
        `AUC: predictions of shape (batch, ${this.#labels}) were expected; received ${showShape(p.shape)}.`,
        { labels: this.#labels, received: [...p.shape] },
      );
    if (this.labelWeights && this.labelWeights.length !== this.#labels)
      throw new GradloomError(
        'shape',
        `AUC: labelWeights has ${this.labelWeights.length} weights, but the predictions ${this.#labels} labels.`,
        { labelWeights: this.labelWeights.length, labels: this.#labels },
      );
  }

  result(state: readonly Tensor[] = this.state): Tensor {
    const areas =
      this.curve === 'PR' && this.summationMethod === 'interpolation'
        ? interpolatedPrecision(state)
        : this.#riemann(state);
    const area = areas.sum(0);
    if (!this.multiLabel) return area;
    if (!this.labelWeights) return area.mean();
    const w = tensor(this.labelWeights, { dtype: area.dtype });
    return divideNoNan(area.mul(w).sum(), w.sum());
  }

  /** The area between each two thresholds. */
  #riemann(state: readonly Tensor[]): Tensor {
    const [x, y] = pointsOf[this.curve](state);
    const [low, high] = [y.slice([0, -1]), y.slice([1, null])];
    const height = {
      interpolation: () => low.add(high).div(2),
      minoring: () => low.minimum(high),
      majoring: () => low.maximum(high),
    }[this.summationMethod]();
    return x
      .slice([0, -1])
      .sub(x.slice([1, null]))
      .mul(height);
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      numThresholds: this.thresholds.length,
      curve: this.curve,
      summationMethod: this.summationMethod,
      multiLabel: this.multiLabel,
      numLabels: this.#numLabels,
      labelWeights: this.labelWeights,
      fromLogits: this.fromLogits,
      ...(this.#given && { thresholds: this.#given }),
    };
  }
  override get direction(): Direction {
    return 'up';
  }
}

type Points = readonly [x: Tensor, y: Tensor];

/** The points of the curve by the four counts, from the lowest threshold to the highest. */
const pointsOf: Record<AucCurve, (state: readonly Tensor[]) => Points> = {
  ROC: ([tp, fp, tn, fn]) => [divideNoNan(fp, fp.add(tn)), divideNoNan(tp, tp.add(fn))],
  PR: ([tp, fp, , fn]) => [divideNoNan(tp, tp.add(fn)), divideNoNan(tp, tp.add(fp))],
  PRGAIN: ([tp, fp, tn, fn]) => {
    const scale = divideNoNan(tp.add(fn), tn.add(fp));
    const gain = (wrong: Tensor): Tensor => scale.mul(divideNoNan(wrong, tp)).neg().add(1);
    const none = tp.eq(0);
    return [where(none, 0, gain(fn)).maximum(0), where(none, 1, gain(fp))];
  },
};

/**
 * Between two thresholds the true positives grow with the positives in a straight line, which is no
 * straight line of precision over recall: its integral, as a share of all that are true.
 */
function interpolatedPrecision([tp, fp, , fn]: readonly Tensor[]): Tensor {
  const low = (x: Tensor): Tensor => x.slice([0, -1]);
  const high = (x: Tensor): Tensor => x.slice([1, null]);
  const p = tp.add(fp);
  const [p0, p1] = [low(p), high(p)];
  const gained = low(tp).sub(high(tp));
  const slope = divideNoNan(gained, p0.sub(p1).maximum(0));
  const intercept = high(tp).sub(slope.mul(p1));
  const ratio = where(p0.gt(0).logicalAnd(p1.gt(0)), divideNoNan(p0, p1.maximum(0)), 1);
  const all = high(tp).add(high(fn)).maximum(0);
  return divideNoNan(slope.mul(gained.add(intercept.mul(ratio.log()))), all);
}
