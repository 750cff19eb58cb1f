/** How predictions move with targets. */
import { normalizeAxis } from '../../shape.ts';
import type { Tensor, TensorLike } from '../../tensor/index.ts';
import { epsilon } from '../config.ts';
import { checkOptions } from '../identifiers.ts';
import { pair } from '../losses/shapes.ts';
import { MeanMetricWrapper } from './mean.ts';
import { type Direction, type MetricOptions, metricOptions, named } from './metric.ts';

export interface CorrelationArgs {
  /** The axis along which values go together: -1. */
  readonly axis?: number;
}

interface Parts {
  readonly t: Tensor;
  readonly p: Tensor;
  readonly mean: (x: Tensor) => Tensor;
}

function parts(name: string, yTrue: TensorLike, yPred: TensorLike, o: CorrelationArgs): Parts {
  checkOptions(name, o, ['axis']);
  const [t, p] = pair(name, yTrue, yPred);
  const axis = normalizeAxis(o.axis ?? -1, p.ndim, `${name}: axis`);
  return { t, p, mean: (x) => x.mean({ axis, keepdims: true }) };
}

/** Pearson's correlation along `axis`, -1 to 1; NaN of what does not vary. Throws `shape`, `axis`. */
export function pearsonCorrelation(
  yTrue: TensorLike,
  yPred: TensorLike,
  o: CorrelationArgs = {},
): Tensor {
  const { t, p, mean } = parts('pearsonCorrelation', yTrue, yPred, o);
  const standard = (x: Tensor): Tensor => {
    const centred = x.sub(mean(x));
    const d = centred.sub(mean(centred));
    return centred.div(mean(d.square()).sqrt());
  };
  const axis = normalizeAxis(o.axis ?? -1, p.ndim);
  return standard(t).mul(standard(p)).mean(axis);
}

/**
 * Lin's concordance along `axis`: 2 cov / (var + var + (mean - mean)²), 1 where predictions equal
 * targets. Throws `shape`, `axis`.
 */
export function concordanceCorrelation(
  yTrue: TensorLike,
  yPred: TensorLike,
  o: CorrelationArgs = {},
): Tensor {
  const { t, p, mean } = parts('concordanceCorrelation', yTrue, yPred, o);
  const [mt, mp] = [mean(t), mean(p)];
  const variance = (x: Tensor): Tensor => mean(x.sub(mean(x)).square());
  const norm = variance(t.sub(mt))
    .add(variance(p.sub(mp)))
    .add(mt.sub(mp).square());
  // From the mean of the predictions both, as Keras has it: over the axis that makes no difference.
  const covariance = t.sub(mp).mul(p.sub(mp));
  const axis = normalizeAxis(o.axis ?? -1, p.ndim);
  return covariance.mul(2).div(norm.add(epsilon())).mean(axis);
}

export class PearsonCorrelation extends MeanMetricWrapper<Required<CorrelationArgs>> {
  constructor(o: MetricOptions & CorrelationArgs = {}) {
    checkOptions('PearsonCorrelation', o, [...metricOptions, 'axis']);
    super(pearsonCorrelation, named(o, 'pearson_correlation'), { axis: o.axis ?? -1 });
  }
  override get direction(): Direction {
    return 'up';
  }
}

export class ConcordanceCorrelation extends MeanMetricWrapper<Required<CorrelationArgs>> {
  constructor(o: MetricOptions & CorrelationArgs = {}) {
    checkOptions('ConcordanceCorrelation', o, [...metricOptions, 'axis']);
    super(concordanceCorrelation, named(o, 'concordance_correlation'), { axis: o.axis ?? -1 });
  }
  override get direction(): Direction {
    return 'up';
  }
}
