/** Crossentropy of yes-or-no targets and of one-hot targets. */
import { GradloomError } from '../../errors.ts';
import { lax, type Value } from '../../graph/index.ts';
import { normalizeAxis } from '../../shape.ts';
import { Tensor } from '../../tensor/index.ts';
import { logSoftmax } from '../activations/index.ts';
import { log1pExpNeg } from '../activations/smooth.ts';
import { epsilon } from '../config.ts';
import { checkOptions } from '../identifiers.ts';
import { commonOptions, FunctionLoss, type LossOptions } from './loss.ts';
import { floatTensor, matchRanks, sameShapes } from './shapes.ts';

export interface CrossentropyOptions extends LossOptions {
  /** Predictions are logits, not probabilities. */
  readonly fromLogits?: boolean;
  /** 0..1: how much of the target is spread evenly over all classes. */
  readonly labelSmoothing?: number;
  /** -1 */
  readonly axis?: number;
}

function smoothing(o: CrossentropyOptions): number {
  const s = o.labelSmoothing ?? 0;
  if (s >= 0 && s <= 1) return s;
  throw new GradloomError('range', `labelSmoothing lies between 0 and 1; received ${s}.`, {
    labelSmoothing: s,
  });
}

/** Away from 0 and 1 by epsilon, so that logarithms stay finite. */
export function clipped(p: Tensor): Tensor {
  return p.clip(epsilon(), 1 - epsilon());
}

/**
 * -(t log p + (1 - t) log(1 - p)) for each output, averaged over `axis`. yTrue and yPred have one
 * shape. Throws `shape`, `range`.
 */
export function binaryCrossentropy(
  yTrue: Tensor,
  yPred: Tensor,
  o: CrossentropyOptions = {},
): Tensor {
  const [t0, p] = matchRanks(yTrue, floatTensor(yPred));
  sameShapes('binaryCrossentropy', t0, p);
  const s = smoothing(o);
  let t = t0.astype(p.dtype);
  if (s) t = t.mul(1 - s).add(0.5 * s);
  const values = o.fromLogits ? binaryFromLogits(t, p) : binaryFromProbabilities(t, p);
  return values.ndim === 0 ? values : values.mean(normalizeAxis(o.axis ?? -1, values.ndim));
}

function binaryFromProbabilities(t: Tensor, probabilities: Tensor): Tensor {
  const p = clipped(probabilities);
  const zeros = p.mul(-1).add(1).log().mul(t.mul(-1).add(1));
  return p.log().mul(t).add(zeros).neg();
}

/**
 * The same of p = sigmoid(x), without rounding p: |x| times what the target is away from the nearer
 * side, plus log(1 + e^-|x|).
 */
function binaryFromLogits(t: Tensor, logits: Tensor): Tensor {
  const x = logits.value;
  const zero: Value = lax.full(x.shape, 0, x.dtype);
  const positive = lax.gt(x, zero);
  const size = lax.select(positive, x, lax.neg(x));
  const away = lax.select(positive, lax.sub(lax.full(x.shape, 1, x.dtype), t.value), t.value);
  return Tensor.of(lax.add(lax.mul(size, away), log1pExpNeg(size)), t, logits);
}

/**
 * -sum(t log p) along `axis`, the classes; probabilities are first made to add up to 1. yTrue is
 * one-hot (or any distribution) in the shape of yPred. Throws `shape`, `range`.
 */
export function categoricalCrossentropy(
  yTrue: Tensor,
  yPred: Tensor,
  o: CrossentropyOptions = {},
): Tensor {
  const p = floatTensor(yPred);
  sameShapes('categoricalCrossentropy', yTrue, p);
  const axis = normalizeAxis(o.axis ?? -1, p.ndim);
  const s = smoothing(o);
  let t = yTrue.astype(p.dtype);
  if (s) t = t.mul(1 - s).add(s / p.shape[axis]);
  const logP = o.fromLogits
    ? logSoftmax(p, axis)
    : clipped(p.div(p.sum(axis, { keepdims: true }))).log();
  return t.mul(logP).sum(axis).neg();
}

const options = [...commonOptions, 'fromLogits', 'labelSmoothing', 'axis'];

function config(o: CrossentropyOptions): Record<string, unknown> {
  return {
    fromLogits: o.fromLogits ?? false,
    labelSmoothing: smoothing(o),
    axis: o.axis ?? -1,
  };
}

export class BinaryCrossentropy extends FunctionLoss {
  constructor(o: CrossentropyOptions = {}) {
    checkOptions('BinaryCrossentropy', o, options);
    super((t, p) => binaryCrossentropy(t, p, o), o, 'binary_crossentropy', config(o));
  }
}

export class CategoricalCrossentropy extends FunctionLoss {
  constructor(o: CrossentropyOptions = {}) {
    checkOptions('CategoricalCrossentropy', o, options);
    super((t, p) => categoricalCrossentropy(t, p, o), o, 'categorical_crossentropy', config(o));
  }
}
