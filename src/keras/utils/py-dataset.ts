/** Batches by number: the base class of data sets that are computed as they are needed. */
import { GradloomError } from '../../errors.ts';
import { checkOptions } from '../identifiers.ts';

export interface PyDatasetOptions {
  /** How many batches may be prepared at a time, where `getItem` is async. Default 1. */
  readonly workers?: number;
  /** Accepted as in Keras; there are no processes here to use. */
  readonly useMultiprocessing?: boolean;
  /** Batches prepared ahead at most. Default 10. */
  readonly maxQueueSize?: number;
}

/**
 * Extend it with `length`, the number of batches (or `numBatches`, null for no end), and `getItem`,
 * which gives batch `index` (or a promise of it): `[x, y]`, `[x, y, sampleWeight]`, or `[x]`.
 * `onEpochBegin` and `onEpochEnd` are called around every epoch.
 *
 *     class Squares extends keras.utils.PyDataset {
 *       get length() { return 100; }
 *       getItem(i) { const x = range(i); return [x, x.square()]; }
 *     }
 */
export abstract class PyDataset {
  readonly workers: number;
  readonly useMultiprocessing: boolean;
  readonly maxQueueSize: number;

  /** Throws `unknown-option`, `data` for counts that are none. */
  constructor(o: PyDatasetOptions = {}) {
    checkOptions('PyDataset', o, ['workers', 'useMultiprocessing', 'maxQueueSize']);
    this.workers = o.workers ?? 1;
    this.useMultiprocessing = o.useMultiprocessing ?? false;
    this.maxQueueSize = o.maxQueueSize ?? 10;
    for (const k of ['workers', 'maxQueueSize'] as const)
      if (!Number.isInteger(this[k]) || this[k] < (k === 'workers' ? 0 : 1))
        throw new GradloomError(
          'data',
          `PyDataset: ${k} must be a whole number; received ${this[k]}.`,
          { [k]: this[k] },
        );
  }

  abstract getItem(index: number): unknown;

  /** Override it: the number of batches. */
  get length(): number {
    throw new GradloomError(
      'data',
      `${this.constructor.name}: give the data set a length (get length() { … }), or numBatches.`,
    );
  }
  /** The number of batches, or null for no end. */
  get numBatches(): number | null {
    return this.length;
  }
  onEpochBegin(): void {}
  onEpochEnd(): void {}

  /** The batches in order. */
  async *[Symbol.asyncIterator](): AsyncGenerator<unknown> {
    const n = this.numBatches ?? Number.POSITIVE_INFINITY;
    for (let i = 0; i < n; i++) yield await this.getItem(i);
  }
}
