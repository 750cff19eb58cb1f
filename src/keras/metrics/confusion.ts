/** Counting what is predicted right and wrong, at each of several thresholds. */
import type { DType } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { lax } from '../../graph/index.ts';
import { showShape, sizeOf } from '../../shape.ts';
import { Tensor, tensor } from '../../tensor/index.ts';
import { alignWeight, matchRanks, sameShapes } from '../losses/shapes.ts';
import { where } from '../where.ts';

export interface Confusion {
  /** Of shape (thresholds,), or (thresholds, labels). */
  readonly truePositives: Tensor;
  readonly falsePositives: Tensor;
  readonly trueNegatives: Tensor;
  readonly falseNegatives: Tensor;
}

export interface ConfusionOptions {
  readonly thresholds: readonly number[];
  /** Whether they lie evenly between 0 and 1, but for epsilon at the ends. */
  readonly even: boolean;
  /** Only the largest predictions of each sample count as positive. */
  readonly topK?: number | null;
  /** Only this entry of the last axis counts. */
  readonly classId?: number | null;
  /** Count every entry of the last axis by itself. */
  readonly multiLabel?: boolean;
  /** A weight for each entry of the last axis. */
  readonly labelWeights?: readonly number[] | null;
}

/** What a prediction among the others than the largest becomes: nothing exceeds it less. */
export const never = -1e10;

/**
 * The counts of a batch, weighed: predictions above a threshold are positive, targets other than 0
 * are true. A weight (batch,) holds for all of a sample. Semantics of Keras's
 * update_confusion_matrix_variables. Throws `shape`, `range`.
 */
export function confusion(
  what: string,
  yTrue: Tensor,
  yPred: Tensor,
  sampleWeight: Tensor | null | undefined,
  dtype: DType,
  o: ConfusionOptions,
): Confusion {
  let [p, t] = matchRanks(yPred.astype(dtype), yTrue.astype(dtype));
  sameShapes(what, t, p);
  if (o.topK != null) p = onlyLargest(what, p, o.topK);
  if (o.classId != null) [t, p] = [t, p].map((x) => oneClass(what, x, o.classId!));
  const labels = o.multiLabel ? lastOf(what, p) : 1;
  let w: Tensor | null = sampleWeight
    ? alignWeight(sampleWeight, p.shape).astype(dtype).broadcastTo(p.shape)
    : null;
  if (o.labelWeights) {
    const each = labelWeightsOf(what, o.labelWeights, p);
    w = w ? w.mul(each) : each.broadcastTo(p.shape);
  }
  const flat = (x: Tensor): Tensor => x.reshape([-1, labels]);
  const count = o.even ? inBuckets : byComparing;
  const counts = count(flat(t), flat(p), w ? flat(w) : null, o.thresholds);
  if (o.multiLabel) return counts;
  const line = (x: Tensor): Tensor => x.squeeze(1);
  return {
    truePositives: line(counts.truePositives),
    falsePositives: line(counts.falsePositives),
    trueNegatives: line(counts.trueNegatives),
    falseNegatives: line(counts.falseNegatives),
  };
}

/** For thresholds that are even: every prediction falls between two, and the counts add up from above. */
function inBuckets(
  t: Tensor,
  p: Tensor,
  w: Tensor | null,
  thresholds: readonly number[],
): Confusion {
  const n = thresholds.length;
  const labels = p.shape[1];
  const truth = t.ne(0).astype(p.dtype);
  const positives = w ? truth.mul(w) : truth;
  const negatives = w ? truth.neg().add(1).mul(w) : truth.neg().add(1);
  const outer = thresholds[0] < 0 || thresholds[n - 1] > 1;
  // Above threshold i, up to and with i + 1, is bucket i; what equals the lowest is in none, -1,
  // unless that is below 0. NaN counts as 0 would with the lowest below it.
  const at = p
    .clip(0, 1)
    .mul(n - 1)
    .ceil()
    .sub(1);
  const bucket = where(p.eq(p), outer ? at.maximum(0) : at, 0).astype('int32');
  // Row 0 gathers what is in no bucket.
  const label = lax.iota(bucket.shape, 1, 'int32');
  const row = lax.add(bucket.add(1).mul(labels).value, label);
  const size = sizeOf(p.shape);
  const sides = [positives, negatives].map((x) => lax.reshape(x.value, [size, 1]));
  const sums = lax.scatter(
    lax.full([(n + 1) * labels, 2], 0, p.dtype),
    lax.reshape(row, [size, 1]),
    lax.concatenate(sides, 1),
    'add',
    { windowDims: [1], insertedDims: [0], indexMap: [0] },
  );
  const inside = lax.slice(lax.reshape(sums, [n + 1, labels, 2]), [1, 0, 0], [n + 1, labels, 2]);
  const above = Tensor.of(lax.cumulative(inside, 0, 'add', true), t, p, w);
  const truePositives = above.slice(':', ':', 0);
  const falsePositives = above.slice(':', ':', 1);
  return {
    truePositives,
    falsePositives,
    trueNegatives: negatives.sum(0).sub(falsePositives),
    falseNegatives: positives.sum(0).sub(truePositives),
  };
}

function byComparing(
  t: Tensor,
  p: Tensor,
  w: Tensor | null,
  thresholds: readonly number[],
): Confusion {
  const limits = tensor(thresholds, { dtype: p.dtype }).reshape([-1, 1, 1]);
  const positive = p.expandDims(0).gt(limits);
  const truth = t.ne(0).expandDims(0);
  const weight = w ? w.expandDims(0) : 1;
  const count = (hit: Tensor): Tensor => where(hit, weight, 0).astype(p.dtype).sum(1);
  return {
    truePositives: count(truth.logicalAnd(positive)),
    falsePositives: count(truth.logicalNot().logicalAnd(positive)),
    trueNegatives: count(truth.logicalOr(positive).logicalNot()),
    falseNegatives: count(truth.logicalAnd(positive.logicalNot())),
  };
}

/** The k largest along the last axis as they are, of equals the first; the others never positive. */
function onlyLargest(what: string, p: Tensor, k: number): Tensor {
  const classes = lastOf(what, p);
  if (k > classes)
    throw new GradloomError(
      'range',
      `${what}: topK is ${k}, but there are ${classes} predictions a sample.`,
      { topK: k, classes },
    );
  const axis = p.ndim - 1;
  const position = lax.iota(p.shape, axis, 'int32');
  const [, order] = lax.sort([p.value, position], axis, true);
  // Sorting the order gives the rank of each.
  const [, rank] = lax.sort([order, position], axis);
  return where(Tensor.of(rank, p).lt(k), p, never);
}

function oneClass(what: string, x: Tensor, id: number): Tensor {
  if (x.ndim < 2)
    throw new GradloomError(
      'shape',
      `${what}: classId wants predictions of shape (samples, classes); received ${showShape(x.shape)}.`,
      { received: [...x.shape] },
    );
  const classes = lastOf(what, x);
  if (id < classes) return x.slice('...', [id, id + 1]);
  throw new GradloomError(
    'range',
    `${what}: classId ${id} is none of the ${classes} classes, 0 to ${classes - 1}.`,
    { classId: id, classes },
  );
}

function labelWeightsOf(what: string, weights: readonly number[], p: Tensor): Tensor {
  const labels = lastOf(what, p);
  if (weights.length === labels) return tensor(weights, { dtype: p.dtype });
  throw new GradloomError(
    'shape',
    `${what}: labelWeights has ${weights.length} weights, but the predictions ${labels} labels.`,
    { labelWeights: weights.length, labels },
  );
}

function lastOf(what: string, x: Tensor): number {
  if (x.ndim > 0) return x.shape[x.ndim - 1];
  throw new GradloomError('shape', `${what}: predictions must have a batch dimension.`);
}
