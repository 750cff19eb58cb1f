/** Losses of numbers. */
import { normalizeAxis } from '../../shape.ts';
import type { Tensor, TensorLike } from '../../tensor/index.ts';
import { softplus } from '../activations/index.ts';
import { epsilon } from '../config.ts';
import { checkOptions } from '../identifiers.ts';
import { absolute } from '../kinks.ts';
import { where } from '../where.ts';
import { commonOptions, FunctionLoss, type LossOptions } from './loss.ts';
import { checkNumber } from './options.ts';
import { meanLast, pair } from './shapes.ts';

export interface HuberOptions extends LossOptions {
  /** Where the loss turns from squares to lines: 1. */
  readonly delta?: number;
}

export interface CosineOptions extends LossOptions {
  /** The axis of the vectors: -1. */
  readonly axis?: number;
}

/** mean((yTrue - yPred)²) over the last axis. Throws `shape`. */
export function meanSquaredError(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = pair('meanSquaredError', yTrue, yPred);
  return meanLast(t.sub(p).square());
}

/** mean(|yTrue - yPred|) over the last axis. Throws `shape`. */
export function meanAbsoluteError(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = pair('meanAbsoluteError', yTrue, yPred);
  return meanLast(absolute(t.sub(p)));
}

/** 100 mean(|yTrue - yPred| / max(|yTrue|, epsilon)) over the last axis. Throws `shape`. */
export function meanAbsolutePercentageError(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = pair('meanAbsolutePercentageError', yTrue, yPred);
  const size = t.abs().maximum(epsilon());
  return meanLast(absolute(t.sub(p).div(size))).mul(100);
}

/**
 * mean((log(yTrue + 1) - log(yPred + 1))²) over the last axis; what is below epsilon counts as
 * epsilon. Throws `shape`.
 */
export function meanSquaredLogarithmicError(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = pair('meanSquaredLogarithmicError', yTrue, yPred);
  const log = (x: Tensor): Tensor => x.maximum(epsilon()).add(1).log();
  return meanLast(log(p).sub(log(t)).square());
}

/**
 * Half the square of the error up to `delta`, beyond it the line that goes on from there; averaged
 * over the last axis. Throws `shape`, `range`.
 */
export function huber(
  yTrue: TensorLike,
  yPred: TensorLike,
  o: Pick<HuberOptions, 'delta'> = {},
): Tensor {
  checkOptions('huber', o, ['delta']);
  const delta = checkNumber('huber', 'delta', o.delta ?? 1);
  const [t, p] = pair('huber', yTrue, yPred);
  const error = p.sub(t);
  const size = absolute(error);
  const line = size.mul(delta).sub(0.5 * delta * delta);
  return meanLast(where(size.le(delta), error.square().mul(0.5), line));
}

/** log(cosh(yPred - yTrue)), averaged over the last axis. Throws `shape`. */
export function logCosh(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = pair('logCosh', yTrue, yPred);
  const x = p.sub(t);
  return meanLast(x.add(softplus(x.mul(-2))).sub(Math.LN2));
}

/** x over its length along `axis`, at most 1 / epsilon times it. */
function normalized(x: Tensor, axis: number): Tensor {
  const scale = x
    .square()
    .sum({ axis, keepdims: true })
    .rsqrt()
    .minimum(1 / epsilon());
  return x.mul(scale);
}

/** The cosine of the angle between two vectors along `axis`: -1 to 1. Throws `shape`, `axis`. */
export function cosine(name: string, yTrue: TensorLike, yPred: TensorLike, axis: number): Tensor {
  const [t, p] = pair(name, yTrue, yPred);
  const a = normalizeAxis(axis, p.ndim, `${name}: axis`);
  return normalized(t, a).mul(normalized(p, a)).sum(a);
}

/** Minus the cosine of the angle between targets and predictions: -1 where they agree. Throws `shape`, `axis`. */
export function cosineSimilarity(
  yTrue: TensorLike,
  yPred: TensorLike,
  o: Pick<CosineOptions, 'axis'> = {},
): Tensor {
  checkOptions('cosineSimilarity', o, ['axis']);
  return cosine('cosineSimilarity', yTrue, yPred, o.axis ?? -1).neg();
}

export class MeanSquaredError extends FunctionLoss {
  constructor(o: LossOptions = {}) {
    checkOptions('MeanSquaredError', o, commonOptions);
    super(meanSquaredError, o, 'mean_squared_error');
  }
}

export class MeanAbsoluteError extends FunctionLoss {
  constructor(o: LossOptions = {}) {
    checkOptions('MeanAbsoluteError', o, commonOptions);
    super(meanAbsoluteError, o, 'mean_absolute_error');
  }
}

export class MeanAbsolutePercentageError extends FunctionLoss {
  constructor(o: LossOptions = {}) {
    checkOptions('MeanAbsolutePercentageError', o, commonOptions);
    super(meanAbsolutePercentageError, o, 'mean_absolute_percentage_error');
  }
}

export class MeanSquaredLogarithmicError extends FunctionLoss {
  constructor(o: LossOptions = {}) {
    checkOptions('MeanSquaredLogarithmicError', o, commonOptions);
    super(meanSquaredLogarithmicError, o, 'mean_squared_logarithmic_error');
  }
}

export class Huber extends FunctionLoss<{ delta: number }> {
  /** Throws `range` for a `delta` that is not a number. */
  constructor(o: HuberOptions = {}) {
    checkOptions('Huber', o, [...commonOptions, 'delta']);
    super(huber, o, 'huber_loss', { delta: checkNumber('Huber', 'delta', o.delta ?? 1) });
  }
}

export class LogCosh extends FunctionLoss {
  constructor(o: LossOptions = {}) {
    checkOptions('LogCosh', o, commonOptions);
    super(logCosh, o, 'log_cosh');
  }
}

export class CosineSimilarity extends FunctionLoss<{ axis: number }> {
  constructor(o: CosineOptions = {}) {
    checkOptions('CosineSimilarity', o, [...commonOptions, 'axis']);
    super(cosineSimilarity, o, 'cosine_similarity', { axis: o.axis ?? -1 });
  }
}
