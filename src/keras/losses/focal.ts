/**
 * Crossentropy that counts what is predicted well for little (Lin et al. 2017, Focal Loss for Dense
 * Object Detection).
 */
import { GradloomError } from '../../errors.ts';
import { normalizeAxis } from '../../shape.ts';
import { type Tensor, type TensorLike, tensor } from '../../tensor/index.ts';
import { sigmoid, softmax } from '../activations/index.ts';
import { checkOptions } from '../identifiers.ts';
import {
  binaryFromProbabilities,
  type CrossentropyArgs,
  crossentropyArgs,
  meanOver,
  shares,
  smoothedClasses,
  smoothedSides,
} from './crossentropy.ts';
import { commonOptions, FunctionLoss, type LossOptions } from './loss.ts';
import { checkNumber } from './options.ts';
import { pair, sameShapes } from './shapes.ts';

export interface BinaryFocalArgs extends CrossentropyArgs {
  /** Whether the class 1 weighs `alpha` and the class 0 1 - alpha: false. */
  readonly applyClassBalancing?: boolean;
  /** 0.25 */
  readonly alpha?: number;
  /** How much less what is predicted well counts: 2. */
  readonly gamma?: number;
}
export interface BinaryFocalOptions extends LossOptions, BinaryFocalArgs {}

export interface CategoricalFocalArgs extends CrossentropyArgs {
  /** A weight for all classes, or for each: 0.25. */
  readonly alpha?: number | readonly number[];
  /** How much less what is predicted well counts: 2. */
  readonly gamma?: number;
}
export interface CategoricalFocalOptions extends LossOptions, CategoricalFocalArgs {}

function binaryArgs(what: string, o: BinaryFocalArgs): Required<BinaryFocalArgs> {
  return {
    applyClassBalancing: o.applyClassBalancing ?? false,
    alpha: checkNumber(what, 'alpha', o.alpha ?? 0.25),
    gamma: checkNumber(what, 'gamma', o.gamma ?? 2),
    ...crossentropyArgs(what, o),
  };
}

function categoricalArgs(what: string, o: CategoricalFocalArgs): Required<CategoricalFocalArgs> {
  const { alpha = 0.25 } = o;
  for (const a of Array.isArray(alpha) ? alpha : [alpha]) checkNumber(what, 'alpha', a);
  return {
    alpha,
    gamma: checkNumber(what, 'gamma', o.gamma ?? 2),
    ...crossentropyArgs(what, o),
  };
}

/**
 * (1 - p_t)^gamma times the binary crossentropy, averaged over `axis`; p_t is the probability given
 * to what is true. yTrue and yPred have one shape. Throws `shape`, `range`, `unknown-option`.
 */
export function binaryFocalCrossentropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  o: BinaryFocalArgs = {},
): Tensor {
  checkOptions('binaryFocalCrossentropy', o, binaryNames);
  const args = binaryArgs('binaryFocalCrossentropy', o);
  const [t0, p0] = pair('binaryFocalCrossentropy', yTrue, yPred, sameShapes);
  const t = smoothedSides(t0, args.labelSmoothing);
  const p = args.fromLogits ? sigmoid(p0) : p0;
  const other = (x: Tensor): Tensor => x.neg().add(1);
  const right = t.mul(p).add(other(t).mul(other(p)));
  let values = other(right).pow(args.gamma).mul(binaryFromProbabilities(t, p));
  if (args.applyClassBalancing)
    values = t
      .mul(args.alpha)
      .add(other(t).mul(1 - args.alpha))
      .mul(values);
  return meanOver(values, args.axis);
}

/**
 * -sum(alpha (1 - p)^gamma t log p) along `axis`, the classes; probabilities are first made to add up
 * to 1. yTrue is one-hot in the shape of yPred. Throws `shape`, `range`, `unknown-option`.
 */
export function categoricalFocalCrossentropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  o: CategoricalFocalArgs = {},
): Tensor {
  checkOptions('categoricalFocalCrossentropy', o, categoricalNames);
  const args = categoricalArgs('categoricalFocalCrossentropy', o);
  const [t0, p0] = pair('categoricalFocalCrossentropy', yTrue, yPred, sameShapes);
  const axis = normalizeAxis(args.axis, p0.ndim);
  const t = smoothedClasses(t0, args.labelSmoothing);
  const p = shares(args.fromLogits ? softmax(p0, axis) : p0, axis);
  const weight = p.neg().add(1).pow(args.gamma).mul(classWeights(args.alpha, p));
  return weight.mul(t.neg().mul(p.log())).sum(axis);
}

/** One weight, or a weight for each class of the last axis. */
function classWeights(alpha: number | readonly number[], p: Tensor): number | Tensor {
  if (typeof alpha === 'number') return alpha;
  const classes = p.shape[p.ndim - 1];
  if (alpha.length === classes) return tensor(alpha, { dtype: p.dtype });
  throw new GradloomError(
    'shape',
    `categoricalFocalCrossentropy: alpha has ${alpha.length} weights, but the predictions ${classes} classes.`,
    { alpha: alpha.length, classes },
  );
}

const argNames = ['fromLogits', 'labelSmoothing', 'axis', 'alpha', 'gamma'];
const categoricalNames = argNames;
const binaryNames = [...argNames, 'applyClassBalancing'];

export class BinaryFocalCrossentropy extends FunctionLoss<Required<BinaryFocalArgs>> {
  /** Throws `range` for what is not a number, or a `labelSmoothing` outside 0 to 1. */
  constructor(o: BinaryFocalOptions = {}) {
    checkOptions('BinaryFocalCrossentropy', o, [...commonOptions, ...binaryNames]);
    const args = binaryArgs('BinaryFocalCrossentropy', o);
    super(binaryFocalCrossentropy, o, 'binary_focal_crossentropy', args);
  }
}

export class CategoricalFocalCrossentropy extends FunctionLoss<Required<CategoricalFocalArgs>> {
  /** Throws `range` for what is not a number, or a `labelSmoothing` outside 0 to 1. */
  constructor(o: CategoricalFocalOptions = {}) {
    checkOptions('CategoricalFocalCrossentropy', o, [...commonOptions, ...categoricalNames]);
    const args = categoricalArgs('CategoricalFocalCrossentropy', o);
    super(categoricalFocalCrossentropy, o, 'categorical_focal_crossentropy', args);
  }
}
