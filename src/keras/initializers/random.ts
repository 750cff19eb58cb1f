/** Initializers with a distribution that does not depend on the shape. */
import type { DType } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { sizeOf } from '../../shape.ts';
import type { Tensor } from '../../tensor/index.ts';
import { checkOptions } from '../identifiers.ts';
import type { Seed } from '../random/seeds.ts';
import { ofFloats, RandomInitializer } from './initializer.ts';

export interface NormalOptions {
  /** 0 */
  readonly mean?: number;
  /** 0.05 */
  readonly stddev?: number;
  readonly seed?: Seed;
}

abstract class Normal extends RandomInitializer {
  readonly mean: number;
  readonly stddev: number;
  constructor(what: string, o: NormalOptions) {
    checkOptions(what, o, ['mean', 'stddev', 'seed']);
    const { mean = 0, stddev = 0.05 } = o;
    if (!Number.isFinite(mean) || !(stddev >= 0 && Number.isFinite(stddev)))
      throw new GradloomError(
        'initializer',
        `${what} needs a finite mean and a stddev of 0 or more; received mean ${mean}, stddev ${stddev}.`,
        { mean, stddev },
      );
    super(o.seed);
    this.mean = mean;
    this.stddev = stddev;
  }
  override getConfig(): Record<string, unknown> {
    return { mean: this.mean, stddev: this.stddev, ...super.getConfig() };
  }
}

export class RandomNormal extends Normal {
  constructor(o: NormalOptions = {}) {
    super('RandomNormal', o);
  }
  init(shape: readonly number[], dtype: DType = 'float32'): Tensor {
    return ofFloats(this.normal(sizeOf(shape), this.stddev, this.mean), shape, dtype);
  }
}

/** Normal values cut off at two standard deviations from the mean. */
export class TruncatedNormal extends Normal {
  constructor(o: NormalOptions = {}) {
    super('TruncatedNormal', o);
  }
  init(shape: readonly number[], dtype: DType = 'float32'): Tensor {
    return ofFloats(this.truncatedNormal(sizeOf(shape), this.stddev, this.mean), shape, dtype);
  }
}

export interface UniformOptions {
  /** -0.05 */
  readonly minval?: number;
  /** 0.05, itself not drawn */
  readonly maxval?: number;
  readonly seed?: Seed;
}

export class RandomUniform extends RandomInitializer {
  readonly minval: number;
  readonly maxval: number;
  constructor(o: UniformOptions = {}) {
    checkOptions('RandomUniform', o, ['minval', 'maxval', 'seed']);
    const { minval = -0.05, maxval = 0.05 } = o;
    if (!(minval <= maxval && Number.isFinite(maxval - minval)))
      throw new GradloomError(
        'initializer',
        `RandomUniform needs finite minval <= maxval; received ${minval} and ${maxval}.`,
        { minval, maxval },
      );
    super(o.seed);
    this.minval = minval;
    this.maxval = maxval;
  }
  init(shape: readonly number[], dtype: DType = 'float32'): Tensor {
    return this.uniform(shape, this.minval, this.maxval, dtype);
  }
  override getConfig(): Record<string, unknown> {
    return { minval: this.minval, maxval: this.maxval, ...super.getConfig() };
  }
}
