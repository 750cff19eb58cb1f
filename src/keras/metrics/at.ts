/** The best of one rate among the thresholds at which another is good enough. */
import type { Tensor } from '../../tensor/index.ts';
import { checkOptions } from '../identifiers.ts';
import { checkRange, checkWhole } from '../losses/options.ts';
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
import { evenThresholds } from './thresholds.ts';

export interface AtOptions extends MetricOptions {
  /** How many thresholds are tried: 200. */
  readonly numThresholds?: number;
  /** Only this class, an entry of the last axis, counts. */
  readonly classId?: number | null;
}

const confusionVariables = [
  'true_positives',
  'false_positives',
  'true_negatives',
  'false_negatives',
];

/** The rates of each threshold, by the four counts. */
type Rates = Record<'precision' | 'recall' | 'specificity', Tensor>;

function ratesOf([tp, fp, tn, fn]: readonly Tensor[]): Rates {
  return {
    precision: divideNoNan(tp, tp.add(fp)),
    recall: divideNoNan(tp, tp.add(fn)),
    specificity: divideNoNan(tn, tn.add(fp)),
  };
}

abstract class BestAt extends Metric {
  /** The value that must be reached, from 0 to 1. */
  readonly #value: number;
  readonly #option: string;
  readonly numThresholds: number;
  readonly classId: number | null;

  constructor(what: string, option: string, value: number, o: AtOptions) {
    checkOptions(what, o, [...metricOptions, option, 'numThresholds', 'classId']);
    super(numbered(o, what));
    this.#option = option;
    this.#value = checkRange(what, option, value, 0, 1);
    this.numThresholds = checkWhole(what, 'numThresholds', o.numThresholds ?? 200, 1);
    this.classId = o.classId == null ? null : checkWhole(what, 'classId', o.classId, 0);
  }
  /** [what must be good enough, what is to be as good as can be] */
  protected abstract rates(r: Rates): readonly [Tensor, Tensor];

  override variables(): readonly MetricVariable[] {
    return confusionVariables.map((name) => ({ name, shape: [this.numThresholds] }));
  }
  override update(
    state: readonly Tensor[],
    yTrue: Tensor,
    yPred: Tensor,
    sampleWeight?: Tensor | null,
  ): Tensor[] {
    const n = this.numThresholds;
    const c = confusion(this.name, yTrue, yPred, sampleWeight, state[0].dtype, {
      thresholds: n === 1 ? [0.5] : evenThresholds(n),
      even: n > 1,
      classId: this.classId,
    });
    const counts = [c.truePositives, c.falsePositives, c.trueNegatives, c.falseNegatives];
    return state.map((s, i) => s.add(counts[i]));
  }
  result(state: readonly Tensor[] = this.state): Tensor {
    const [given, wanted] = this.rates(ratesOf(state));
    return where(given.ge(this.#value), wanted, 0).max().maximum(0);
  }
  override getConfig(): Record<string, unknown> {
    const { numThresholds, classId } = this;
    return { ...super.getConfig(), [this.#option]: this.#value, numThresholds, classId };
  }
  override get direction(): Direction {
    return 'up';
  }
}

/** The best recall where at least so many negatives are predicted negative. Throws `range`. */
export class SensitivityAtSpecificity extends BestAt {
  constructor(o: AtOptions & { readonly specificity: number }) {
    super('SensitivityAtSpecificity', 'specificity', o?.specificity, o ?? {});
  }
  protected override rates(r: Rates): readonly [Tensor, Tensor] {
    return [r.specificity, r.recall];
  }
}

/** The largest share of negatives predicted negative where the recall is at least so much. Throws `range`. */
export class SpecificityAtSensitivity extends BestAt {
  constructor(o: AtOptions & { readonly sensitivity: number }) {
    super('SpecificityAtSensitivity', 'sensitivity', o?.sensitivity, o ?? {});
  }
  protected override rates(r: Rates): readonly [Tensor, Tensor] {
    return [r.recall, r.specificity];
  }
}

/** The best precision where the recall is at least so much. Throws `range`. */
export class PrecisionAtRecall extends BestAt {
  constructor(o: AtOptions & { readonly recall: number }) {
    super('PrecisionAtRecall', 'recall', o?.recall, o ?? {});
  }
  protected override rates(r: Rates): readonly [Tensor, Tensor] {
    return [r.recall, r.precision];
  }
}

/** The best recall where the precision is at least so much. Throws `range`. */
export class RecallAtPrecision extends BestAt {
  constructor(o: AtOptions & { readonly precision: number }) {
    super('RecallAtPrecision', 'precision', o?.precision, o ?? {});
  }
  protected override rates(r: Rates): readonly [Tensor, Tensor] {
    return [r.precision, r.recall];
  }
}
