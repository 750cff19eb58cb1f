/** Crossentropy of yes-or-no targets and of one-hot targets. */
import { lax, type Value } from '../../graph/index.ts';
import { normalizeAxis } from '../../shape.ts';
import { Tensor, type TensorLike } from '../../tensor/index.ts';
import { logSoftmax } from '../activations/index.ts';
import { log1pExpNeg } from '../activations/smooth.ts';
import { epsilon } from '../config.ts';
import { checkOptions } from '../identifiers.ts';
import { commonOptions, FunctionLoss, type LossOptions } from './loss.ts';
import { checkRange } from './options.ts';
import { pair, sameShapes } from './shapes.ts';

/** What the crossentropies of whole distributions are called with. */
export interface CrossentropyArgs {
  /** Predictions are logits, not probabilities. */
  readonly fromLogits?: boolean;
  /** 0..1: how much of the target is spread evenly over all classes. */
  readonly labelSmoothing?: number;
  /** -1 */
  readonly axis?: number;
}

export interface CrossentropyOptions extends LossOptions, CrossentropyArgs {}

/** All of them, checked. Throws `range`. */
export function crossentropyArgs(
  what: string,
  o: CrossentropyArgs,
): { fromLogits: boolean; labelSmoothing: number; axis: number } {
  return {
    fromLogits: o.fromLogits ?? false,
    labelSmoothing: checkRange(what, 'labelSmoothing', o.labelSmoothing ?? 0, 0, 1),
    axis: o.axis ?? -1,
  };
}

/** Away from 0 and 1 by epsilon, so that logarithms stay finite. */
export function clipped(p: Tensor): Tensor {
  return p.clip(epsilon(), 1 - epsilon());
}

/** Targets moved toward 1/2: both sides become a little possible. */
export function smoothedSides(t: Tensor, smoothing: number): Tensor {
  return smoothing ? t.mul(1 - smoothing).add(0.5 * smoothing) : t;
}

/** Targets of which a part is spread over all classes: as many as the last axis has, as in Keras. */
export function smoothedClasses(t: Tensor, smoothing: number): Tensor {
  return smoothing ? t.mul(1 - smoothing).add(smoothing / t.shape[t.ndim - 1]) : t;
}

/** The mean over `axis`; of a scalar, itself. */
export function meanOver(values: Tensor, axis: number): Tensor {
  return values.ndim === 0 ? values : values.mean(normalizeAxis(axis, values.ndim));
}

/**
 * -(t log p + (1 - t) log(1 - p)) for each output, averaged over `axis`. yTrue and yPred have one
 * shape. Throws `shape`, `range`, `unknown-option`.
 */
export function binaryCrossentropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  o: CrossentropyArgs = {},
): Tensor {
  checkOptions('binaryCrossentropy', o, argNames);
  const { fromLogits, labelSmoothing, axis } = crossentropyArgs('binaryCrossentropy', o);
  const [t0, p] = pair('binaryCrossentropy', yTrue, yPred, sameShapes);
  const t = smoothedSides(t0, labelSmoothing);
  return meanOver(fromLogits ? binaryFromLogits(t, p) : binaryFromProbabilities(t, p), axis);
}

/** -(t log p + (1 - t) log(1 - p)), p held off 0 and 1. */
export function binaryFromProbabilities(t: Tensor, probabilities: Tensor): Tensor {
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
 * one-hot (or any distribution) in the shape of yPred. Throws `shape`, `range`, `unknown-option`.
 */
export function categoricalCrossentropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  o: CrossentropyArgs = {},
): Tensor {
  checkOptions('categoricalCrossentropy', o, argNames);
  const args = crossentropyArgs('categoricalCrossentropy', o);
  const [t, p] = pair('categoricalCrossentropy', yTrue, yPred, sameShapes);
  const axis = normalizeAxis(args.axis, p.ndim);
  const logP = args.fromLogits ? logSoftmax(p, axis) : shares(p, axis).log();
  return smoothedClasses(t, args.labelSmoothing).mul(logP).sum(axis).neg();
}

/** Made to add up to 1 along `axis`, and held off 0 and 1. */
export function shares(p: Tensor, axis: number): Tensor {
  return clipped(p.div(p.sum(axis, { keepdims: true })));
}

const argNames = ['fromLogits', 'labelSmoothing', 'axis'];
const options = [...commonOptions, ...argNames];
type Args = ReturnType<typeof crossentropyArgs>;

export class BinaryCrossentropy extends FunctionLoss<Args> {
  /** Throws `range` for a `labelSmoothing` outside 0 to 1. */
  constructor(o: CrossentropyOptions = {}) {
    checkOptions('BinaryCrossentropy', o, options);
    const args = crossentropyArgs('BinaryCrossentropy', o);
    super(binaryCrossentropy, o, 'binary_crossentropy', args);
  }
}

export class CategoricalCrossentropy extends FunctionLoss<Args> {
  /** Throws `range` for a `labelSmoothing` outside 0 to 1. */
  constructor(o: CrossentropyOptions = {}) {
    checkOptions('CategoricalCrossentropy', o, options);
    const args = crossentropyArgs('CategoricalCrossentropy', o);
    super(categoricalCrossentropy, o, 'categorical_crossentropy', args);
  }
}
