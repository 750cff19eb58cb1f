/** Crossentropy of integer labels. */
import { GradloomError } from '../../errors.ts';
import { lax, type Value } from '../../graph/index.ts';
import { normalizeAxis, showShape } from '../../shape.ts';
import { asTensor, Tensor, type TensorLike } from '../../tensor/index.ts';
import { shifted } from '../activations/softmax.ts';
import { checkOptions } from '../identifiers.ts';
import { setMask } from '../layers/mask.ts';
import { where } from '../where.ts';
import { clipped } from './crossentropy.ts';
import { commonOptions, FunctionLoss, type LossOptions } from './loss.ts';
import { floatTensor } from './shapes.ts';
import type { Labels } from './targets.ts';

export interface SparseArgs {
  /** Predictions are logits, not probabilities. */
  readonly fromLogits?: boolean;
  /** The axis of the classes: -1. */
  readonly axis?: number;
  /** Samples with this label count for nothing. */
  readonly ignoreClass?: number | null;
}
export interface SparseOptions extends LossOptions, SparseArgs {}

/**
 * -log of the probability of the label. yTrue holds whole numbers 0..classes-1 in the shape of yPred
 * without its class axis, or with 1 there. A label outside the classes gives 0 (`fit` refuses it);
 * one that is ignored too, and is masked. Throws `shape`, `unknown-option`.
 */
export function sparseCategoricalCrossentropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  o: SparseArgs = {},
): Tensor {
  checkOptions('sparseCategoricalCrossentropy', o, argNames);
  const given = floatTensor(asTensor(yPred));
  const axis = normalizeAxis(o.axis ?? -1, given.ndim);
  const labels = labelsFor('sparseCategoricalCrossentropy', asTensor(yTrue), given, axis);
  const at = lax.convert(labels.value, 'int32');
  const counted = o.ignoreClass == null ? undefined : labels.ne(o.ignoreClass);
  // Nothing of what is ignored, were it NaN, reaches the loss or the gradient.
  const p = counted ? where(counted.expandDims(axis), given, 0) : given;
  const pick = pickAlong(at, p.shape, axis);
  let values: Value;
  if (o.fromLogits) {
    const s = shifted(p.value, axis);
    values = lax.sub(lax.log(lax.reduceSum(lax.exp(s), [axis])), pick(s));
  } else {
    // Picked first, so that one logarithm a sample is taken and not one a class.
    const share = lax.div(pick(p.value), lax.reduceSum(p.value, [axis]));
    values = clipped(new Tensor(share)).log().neg().value;
  }
  // As unsigned numbers negative labels are large.
  const classes = lax.full(at.shape, p.shape[axis], 'uint32');
  let counts = lax.lt(lax.bitcastConvert(at, 'uint32'), classes);
  if (counted) counts = lax.and(counts, counted.value);
  const result = Tensor.of(
    lax.select(counts, values, lax.full(values.shape, 0, values.dtype)),
    yPred,
    yTrue,
  );
  if (counted) setMask(result, counted);
  return result;
}

/** The element that `labels` point at along `axis`: by comparing, which fuses and needs no scatter in the gradient. */
export function pickAlong(
  labels: Value,
  shape: readonly number[],
  axis: number,
): (v: Value) => Value {
  const others = shape.map((_, d) => d).filter((d) => d !== axis);
  const hit = lax.eq(lax.broadcastInDim(labels, shape, others), lax.iota(shape, axis, 'int32'));
  return (v) => lax.reduceSum(lax.select(hit, v, lax.full(shape, 0, v.dtype)), [axis]);
}

/** The labels in the shape of the values they get. */
export function labelsFor(name: string, yTrue: Tensor, yPred: Tensor, axis: number): Tensor {
  const want = yPred.shape.filter((_, d) => d !== axis);
  const fits = (t: Tensor): boolean =>
    t.ndim === want.length && t.shape.every((n, d) => n === want[d]);
  if (fits(yTrue)) return yTrue;
  for (const d of [axis, yTrue.ndim - 1]) {
    if (yTrue.ndim !== yPred.ndim || yTrue.shape[d] !== 1) continue;
    const t = yTrue.squeeze(d);
    if (fits(t)) return t;
  }
  const oneHot =
    yTrue.ndim === yPred.ndim && yTrue.shape[axis] === yPred.shape[axis]
      ? ' One-hot targets want "categoricalCrossentropy".'
      : '';
  throw new GradloomError(
    'shape',
    `${name}: integer targets of shape ${showShape(want)} were expected for predictions ${showShape(yPred.shape)}; received ${showShape(yTrue.shape)}.${oneHot}`,
    { expected: want, received: [...yTrue.shape] },
  );
}

const argNames = ['fromLogits', 'axis', 'ignoreClass'];

export class SparseCategoricalCrossentropy extends FunctionLoss<Required<SparseArgs>> {
  constructor(o: SparseOptions = {}) {
    checkOptions('SparseCategoricalCrossentropy', o, [...commonOptions, ...argNames]);
    super(sparseCategoricalCrossentropy, o, 'sparse_categorical_crossentropy', {
      fromLogits: o.fromLogits ?? false,
      axis: o.axis ?? -1,
      ignoreClass: o.ignoreClass ?? null,
    });
  }
  override labels(
    targetShape: readonly number[],
    outputShape: readonly number[],
  ): Labels | undefined {
    const { axis, ignoreClass } = this.options!;
    return labelsOf(targetShape, outputShape, axis, ignoreClass);
  }
}

/** Targets that are labels of the classes along `axis`. */
export function labelsOf(
  targetShape: readonly number[],
  outputShape: readonly number[],
  classAxis: number,
  ignore: number | null,
): Labels | undefined {
  const axis = normalizeAxis(classAxis, outputShape.length);
  // One-hot targets get their own message from the loss itself.
  const oneHot = targetShape.length === outputShape.length && targetShape[axis] !== 1;
  return oneHot ? undefined : { classes: outputShape[axis], ignore };
}
