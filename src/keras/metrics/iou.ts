/** Intersection over union of predicted and true areas, class by class (Jaccard index). */
import { isFloat } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { lax } from '../../graph/index.ts';
import { normalizeAxis, showShape } from '../../shape.ts';
import { Tensor } from '../../tensor/index.ts';
import { epsilon } from '../config.ts';
import { checkOptions } from '../identifiers.ts';
import { checkNumber, checkWhole } from '../losses/options.ts';
import { alignWeight } from '../losses/shapes.ts';
import { where } from '../where.ts';
import {
  type Direction,
  Metric,
  type MetricOptions,
  type MetricVariable,
  metricOptions,
  numbered,
} from './metric.ts';

export interface MeanIoUOptions extends MetricOptions {
  readonly numClasses: number;
  /** Elements whose target is this count for nothing. */
  readonly ignoreClass?: number | null;
  /** Whether targets are labels, not one-hot: true. */
  readonly sparseYTrue?: boolean;
  /** Whether predictions are labels, not scores a class: true. */
  readonly sparseYPred?: boolean;
  /** The axis of the classes, where there is one: -1. */
  readonly axis?: number;
}
export interface IoUOptions extends MeanIoUOptions {
  /** The classes whose scores are averaged. */
  readonly targetClassIds: readonly number[];
}
export interface BinaryIoUOptions extends MetricOptions {
  /** 0, 1 or both: [0, 1]. */
  readonly targetClassIds?: readonly number[];
  /** From which a prediction is of class 1: 0.5. */
  readonly threshold?: number;
}
export interface OneHotMeanIoUOptions extends Omit<MeanIoUOptions, 'sparseYTrue'> {}
export interface OneHotIoUOptions extends Omit<IoUOptions, 'sparseYTrue'> {}

const meanNames = [
  ...metricOptions,
  'numClasses',
  'ignoreClass',
  'sparseYTrue',
  'sparseYPred',
  'axis',
];
const oneHotNames = meanNames.filter((n) => n !== 'sparseYTrue');
const warned = new WeakSet<Metric>();

/**
 * The mean over `targetClassIds` of intersection / union, of those that occur at all: 0 to 1. It is
 * kept in whole numbers, as in Keras, and weights are cut to them, unless `dtype` is a float.
 * Throws `range`.
 */
export class IoU extends Metric {
  readonly numClasses: number;
  readonly targetClassIds: readonly number[];
  readonly ignoreClass: number | null;
  readonly sparseYTrue: boolean;
  readonly sparseYPred: boolean;
  readonly axis: number;
  readonly #wholeByDefault: boolean;

  constructor(
    o: IoUOptions,
    what = 'IoU',
    names: readonly string[] = [...meanNames, 'targetClassIds'],
  ) {
    checkOptions(what, o ?? {}, names);
    const numClasses = checkWhole(what, 'numClasses', o?.numClasses, 1);
    super(numbered({ name: o.name, dtype: o.dtype ?? 'int32' }, what));
    this.#wholeByDefault = o.dtype == null;
    this.numClasses = numClasses;
    this.targetClassIds = checkClasses(what, o.targetClassIds, numClasses);
    this.ignoreClass = o.ignoreClass ?? null;
    this.sparseYTrue = o.sparseYTrue ?? true;
    this.sparseYPred = o.sparseYPred ?? true;
    this.axis = o.axis ?? -1;
  }
  override variables(): readonly MetricVariable[] {
    return [{ name: 'total_confusion_matrix', shape: [this.numClasses, this.numClasses] }];
  }

  override update(
    [matrix]: readonly Tensor[],
    yTrue: Tensor,
    yPred: Tensor,
    sampleWeight?: Tensor | null,
  ): Tensor[] {
    const { dtype } = matrix;
    const t = this.#labels('targets', yTrue, this.sparseYTrue);
    const p = this.#labels('predictions', yPred, this.sparseYPred);
    if (t.size !== p.size)
      throw new GradloomError(
        'shape',
        `${this.name}: there are labels of shape ${showShape(t.shape)} but predictions ${showShape(p.shape)}.`,
        { yTrue: [...yTrue.shape], yPred: [...yPred.shape] },
      );
    const [a, b] = [t.reshape([-1]), p.reshape([-1])];
    const known = (x: Tensor): Tensor => x.ge(0).logicalAnd(x.lt(this.numClasses));
    let counts = known(a).logicalAnd(known(b));
    if (this.ignoreClass !== null) counts = counts.logicalAnd(a.ne(this.ignoreClass));
    const w = this.#weight(sampleWeight, t);
    const updates = where(counts, w ?? 1, 0).astype(dtype);
    const cell = where(counts, a.mul(this.numClasses).add(b), 0).astype('int32');
    const flat = lax.scatter(
      lax.reshape(matrix.value, [this.numClasses ** 2]),
      lax.reshape(cell.value, [a.size, 1]),
      updates.value,
      'add',
      { windowDims: [], insertedDims: [0], indexMap: [0] },
    );
    return [Tensor.of(lax.reshape(flat, matrix.shape), matrix, updates, cell)];
  }

  /** Whole numbers: as they are, or where the largest score is. */
  #labels(what: string, x: Tensor, sparse: boolean): Tensor {
    if (sparse) return x.astype('int32');
    const axis = normalizeAxis(this.axis, x.ndim, `${this.name}: axis`);
    if (x.shape[axis] === this.numClasses) return x.argmax(axis);
    throw new GradloomError(
      'shape',
      `${this.name}: ${what} of shape ${showShape(x.shape)} have ${x.shape[axis]} classes along axis ${this.axis}; ${this.numClasses} were expected.`,
      { expected: this.numClasses, received: [...x.shape] },
    );
  }

  #weight(sampleWeight: Tensor | null | undefined, labels: Tensor): Tensor | null {
    if (!sampleWeight) return null;
    if (isFloat(sampleWeight.dtype) && this.#wholeByDefault && !warned.has(this)) {
      warned.add(this);
      console.warn(
        `${this.name} counts in whole numbers, to which sample weights are cut: 0.5 weighs nothing. Give the metric { dtype: 'float32' } to count parts.`,
      );
    }
    const w = alignWeight(sampleWeight, labels.shape).broadcastTo(labels.shape);
    return w.astype(this.dtype).reshape([-1]);
  }

  result([matrix]: readonly Tensor[] = this.state): Tensor {
    const n = this.numClasses;
    const ids = [...this.targetClassIds];
    const diagonal = matrix.reshape([n * n]).slice([0, null, n + 1]);
    const union = matrix.sum(0).add(matrix.sum(1)).sub(diagonal);
    const [hit, all] = [diagonal, union].map((x) => x.take(ids).astype('float32'));
    const present = all.gt(1e-9);
    const scores = where(present, hit.div(all.add(epsilon())), 0);
    return scores.sum().div(present.astype('float32').sum().add(epsilon()));
  }

  override getConfig(): Record<string, unknown> {
    const { numClasses, targetClassIds, ignoreClass, sparseYTrue, sparseYPred, axis } = this;
    const own = { numClasses, targetClassIds, ignoreClass, sparseYTrue, sparseYPred, axis };
    // Said always: unlike other metrics, these have int32 for their default.
    return { ...super.getConfig(), dtype: this.dtype, ...own };
  }
  override get direction(): Direction {
    return 'up';
  }
}

function checkClasses(what: string, ids: readonly number[], classes: number): readonly number[] {
  const good = Array.isArray(ids) && ids.every((i) => Number.isInteger(i) && i >= 0 && i < classes);
  if (good && ids.length > 0) return [...ids];
  throw new GradloomError(
    'range',
    `${what}: targetClassIds must list classes from 0 to ${classes - 1}; received ${JSON.stringify(ids)}.`,
    { targetClassIds: ids, numClasses: classes },
  );
}

/** The options but for those that a subclass knows itself. */
function without(config: Record<string, unknown>, ...names: string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).filter(([k]) => !names.includes(k)));
}

const all = (n: number): number[] => Array.from({ length: Math.max(n, 0) || 0 }, (_, i) => i);

/** IoU of two classes, of predictions that are class 1 from `threshold` on. */
export class BinaryIoU extends IoU {
  readonly threshold: number;
  constructor(o: BinaryIoUOptions = {}) {
    checkOptions('BinaryIoU', o, [...metricOptions, 'targetClassIds', 'threshold']);
    const { name, dtype, targetClassIds = [0, 1] } = o;
    super({ name, dtype, targetClassIds, numClasses: 2 }, 'BinaryIoU');
    this.threshold = checkNumber('BinaryIoU', 'threshold', o.threshold ?? 0.5);
  }
  override update(
    state: readonly Tensor[],
    yTrue: Tensor,
    yPred: Tensor,
    sampleWeight?: Tensor | null,
  ): Tensor[] {
    const p = yPred.astype('float32').ge(this.threshold).astype('int32');
    return super.update(state, yTrue, p, sampleWeight);
  }
  override getConfig(): Record<string, unknown> {
    const own = ['numClasses', 'ignoreClass', 'sparseYTrue', 'sparseYPred', 'axis'];
    return { ...without(super.getConfig(), ...own), threshold: this.threshold };
  }
}

/** IoU of all classes. */
export class MeanIoU extends IoU {
  constructor(o: MeanIoUOptions, what = 'MeanIoU', names: readonly string[] = meanNames) {
    checkOptions(what, o ?? {}, names);
    super({ ...o, targetClassIds: all(o?.numClasses) }, what, [
      ...names,
      'targetClassIds',
      'sparseYTrue',
    ]);
  }
  override getConfig(): Record<string, unknown> {
    return without(super.getConfig(), 'targetClassIds');
  }
}

/** IoU of one-hot targets, and as a rule of scores a class. */
export class OneHotIoU extends IoU {
  constructor(o: OneHotIoUOptions) {
    checkOptions('OneHotIoU', o ?? {}, [...oneHotNames, 'targetClassIds']);
    super({ ...o, sparseYTrue: false, sparseYPred: o?.sparseYPred ?? false }, 'OneHotIoU');
  }
  override getConfig(): Record<string, unknown> {
    return without(super.getConfig(), 'sparseYTrue');
  }
}

/** IoU of all classes, of one-hot targets, and as a rule of scores a class. */
export class OneHotMeanIoU extends MeanIoU {
  constructor(o: OneHotMeanIoUOptions) {
    checkOptions('OneHotMeanIoU', o ?? {}, oneHotNames);
    super({ ...o, sparseYTrue: false, sparseYPred: o?.sparseYPred ?? false }, 'OneHotMeanIoU');
  }
  override getConfig(): Record<string, unknown> {
    return without(super.getConfig(), 'sparseYTrue');
  }
}
