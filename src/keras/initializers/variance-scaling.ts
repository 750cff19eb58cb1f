/** Initializers whose spread follows from the number of inputs and outputs of the weight. */
import type { DType } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { sizeOf } from '../../shape.ts';
import type { Tensor } from '../../tensor/index.ts';
import { checkOptions, lookup } from '../identifiers.ts';
import type { Seed } from '../random/seeds.ts';
import { ofFloats, RandomInitializer } from './initializer.ts';

/**
 * Inputs and outputs of a weight: (in, out) for a matrix; for the kernel of a convolution,
 * (…, in, out), both times its receptive field.
 */
export function fans(shape: readonly number[]): [number, number] {
  if (shape.length === 0) return [1, 1];
  if (shape.length === 1) return [shape[0], shape[0]];
  const field = sizeOf(shape.slice(0, -2));
  return [shape[shape.length - 2] * field, shape[shape.length - 1] * field];
}

/** Which axes of a weight count its inputs and its outputs, where these are not the last two. */
export interface AxesOptions {
  readonly inputAxes?: readonly number[] | null;
  readonly outputAxes?: readonly number[] | null;
}

const axesOptions = ['inputAxes', 'outputAxes'];

export type Mode = 'fanIn' | 'fanOut' | 'fanAvg';
export type Distribution = 'truncatedNormal' | 'untruncatedNormal' | 'uniform';

const modes: Record<string, Mode> = { fanIn: 'fanIn', fanOut: 'fanOut', fanAvg: 'fanAvg' };
const distributions: Record<string, Distribution> = {
  truncatedNormal: 'truncatedNormal',
  untruncatedNormal: 'untruncatedNormal',
  uniform: 'uniform',
};

export interface VarianceScalingOptions extends AxesOptions {
  /** Above 0; 1. */
  readonly scale?: number;
  /** fanIn */
  readonly mode?: Mode | (string & {});
  /** truncatedNormal; `normal` means the same. */
  readonly distribution?: Distribution | 'normal' | (string & {});
  readonly seed?: Seed;
}

/** The standard deviation of a standard normal distribution cut off at -2 and 2. */
const truncated = 0.87962566103423978;

/**
 * Values of variance scale / fan (Glorot & Bengio 2010, He et al. 2015): uniform within
 * ±sqrt(3 scale / fan), or normal.
 */
export class VarianceScaling extends RandomInitializer {
  readonly scale: number;
  readonly mode: Mode;
  readonly distribution: Distribution;
  /** Both, or undefined. */
  readonly #axes: { inputAxes: readonly number[]; outputAxes: readonly number[] } | undefined;

  constructor(o: VarianceScalingOptions = {}) {
    checkOptions('VarianceScaling', o, ['scale', 'mode', 'distribution', 'seed', ...axesOptions]);
    const { scale = 1 } = o;
    if (!(scale > 0 && Number.isFinite(scale)))
      throw new GradloomError(
        'initializer',
        `VarianceScaling: scale must be positive; received ${scale}.`,
        { scale },
      );
    const mode = lookup('mode', o.mode ?? 'fanIn', modes);
    const distribution = lookup(
      'distribution',
      o.distribution ?? 'truncatedNormal',
      distributions,
      { normal: 'truncatedNormal' },
    );
    // After the checks: what is refused must not use up a seed.
    super(o.seed);
    this.scale = scale;
    this.mode = mode;
    this.distribution = distribution;
    const { inputAxes, outputAxes } = o;
    this.#axes = inputAxes && outputAxes ? { inputAxes, outputAxes } : undefined;
  }

  /** The same, drawing from the same seed, for a weight of which these axes are inputs and outputs. */
  withAxes(inputAxes: readonly number[], outputAxes: readonly number[]): VarianceScaling {
    if (this.#axes) return this;
    const { scale, mode, distribution, seed } = this;
    return new VarianceScaling({ scale, mode, distribution, seed, inputAxes, outputAxes });
  }

  #fans(shape: readonly number[]): [number, number] {
    if (!this.#axes) return fans(shape);
    const size = (axes: readonly number[]): number => sizeOf(axes.map((a) => shape.at(a) ?? 1));
    return [size(this.#axes.inputAxes), size(this.#axes.outputAxes)];
  }

  init(shape: readonly number[], dtype: DType = 'float32'): Tensor {
    const [fanIn, fanOut] = this.#fans(shape);
    const fan = { fanIn, fanOut, fanAvg: (fanIn + fanOut) / 2 }[this.mode];
    const variance = this.scale / Math.max(1, fan);
    if (this.distribution === 'uniform') {
      const limit = Math.sqrt(3 * variance);
      return this.uniform(shape, -limit, limit, dtype);
    }
    const n = sizeOf(shape);
    const values =
      this.distribution === 'untruncatedNormal'
        ? this.normal(n, Math.sqrt(variance))
        : this.truncatedNormal(n, Math.sqrt(variance) / truncated);
    return ofFloats(values, shape, dtype);
  }

  override getConfig(): Record<string, unknown> {
    const { scale, mode, distribution } = this;
    return { scale, mode, distribution, ...super.getConfig(), ...this.#axes };
  }
}

export interface SeedOption extends AxesOptions {
  readonly seed?: Seed;
}

/** A variance scaling that goes by a name: only the seed is free. */
abstract class Named extends VarianceScaling {
  constructor(what: string, o: SeedOption, scale: number, mode: Mode, distribution: Distribution) {
    checkOptions(what, o, ['seed', ...axesOptions]);
    super({ ...o, scale, mode, distribution });
  }
  override getConfig(): Record<string, unknown> {
    const { scale: _, mode: __, distribution: ___, ...rest } = super.getConfig();
    return rest;
  }
}

/** Uniform within ±sqrt(6 / (fanIn + fanOut)): the default of Dense. */
export class GlorotUniform extends Named {
  constructor(o: SeedOption = {}) {
    super('GlorotUniform', o, 1, 'fanAvg', 'uniform');
  }
}
/** Truncated normal of variance 2 / (fanIn + fanOut). */
export class GlorotNormal extends Named {
  constructor(o: SeedOption = {}) {
    super('GlorotNormal', o, 1, 'fanAvg', 'truncatedNormal');
  }
}
/** Uniform within ±sqrt(6 / fanIn). */
export class HeUniform extends Named {
  constructor(o: SeedOption = {}) {
    super('HeUniform', o, 2, 'fanIn', 'uniform');
  }
}
/** Truncated normal of variance 2 / fanIn. */
export class HeNormal extends Named {
  constructor(o: SeedOption = {}) {
    super('HeNormal', o, 2, 'fanIn', 'truncatedNormal');
  }
}
/** Uniform within ±sqrt(3 / fanIn). */
export class LecunUniform extends Named {
  constructor(o: SeedOption = {}) {
    super('LecunUniform', o, 1, 'fanIn', 'uniform');
  }
}
/** Truncated normal of variance 1 / fanIn. */
export class LecunNormal extends Named {
  constructor(o: SeedOption = {}) {
    super('LecunNormal', o, 1, 'fanIn', 'truncatedNormal');
  }
}
