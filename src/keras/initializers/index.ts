/**
 * Initial weights, drawn on the host. A seed gives the same numbers as Keras on JAX: uniform kinds
 * bit for bit, normal kinds within 3 units in the last place.
 */
import { type DType, makeArray } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { showShape, sizeOf } from '../../shape.ts';
import { fromData, type Tensor } from '../../tensor/index.ts';
import { lookup } from '../identifiers.ts';
import * as host from '../random/host.ts';
import { drawSeed, keyOf, type Seed, type SeedGenerator } from '../random/index.ts';
import { orthonormal } from './orthonormal.ts';

export abstract class Initializer {
  /** Values of `shape`; float kinds are computed in float32 and converted. */
  abstract init(shape: readonly number[], dtype?: DType): Tensor;
  abstract getConfig(): Record<string, unknown>;
}

function toTensor(data: Float32Array, shape: readonly number[], dtype: DType): Tensor {
  const t = fromData(data, shape, 'float32');
  return dtype === 'float32' ? t : t.astype(dtype);
}

function filled(shape: readonly number[], value: number, dtype: DType): Tensor {
  return fromData(makeArray(dtype, sizeOf(shape)).fill(value), shape, dtype);
}

export class Constant extends Initializer {
  readonly value: number;
  constructor(o: { value?: number } | number = {}) {
    super();
    this.value = typeof o === 'number' ? o : (o.value ?? 0);
  }
  init(shape: readonly number[], dtype: DType = 'float32'): Tensor {
    return filled(shape, this.value, dtype);
  }
  getConfig(): Record<string, unknown> {
    return { value: this.value };
  }
}
export class Zeros extends Constant {
  constructor() {
    super(0);
  }
  override getConfig(): Record<string, unknown> {
    return {};
  }
}
export class Ones extends Constant {
  constructor() {
    super(1);
  }
  override getConfig(): Record<string, unknown> {
    return {};
  }
}

/** gain on the diagonal of a matrix, 0 elsewhere. */
export class Identity extends Initializer {
  readonly gain: number;
  constructor(o: { gain?: number } = {}) {
    super();
    this.gain = o.gain ?? 1;
  }
  init(shape: readonly number[], dtype: DType = 'float32'): Tensor {
    if (shape.length !== 2)
      throw new GradloomError(
        'initializer',
        `Identity makes matrices only; received shape ${showShape(shape)}.`,
        { shape: [...shape] },
      );
    const data = makeArray(dtype, sizeOf(shape));
    for (let i = 0; i < Math.min(shape[0], shape[1]); i++) data[i * shape[1] + i] = this.gain;
    return fromData(data, shape, dtype);
  }
  getConfig(): Record<string, unknown> {
    return { gain: this.gain };
  }
}

abstract class RandomInitializer extends Initializer {
  readonly seed: number | SeedGenerator;
  /** What the user gave: null stands for a seed drawn at construction. */
  readonly #given: number | null;
  constructor(seed: Seed) {
    super();
    this.#given = typeof seed === 'number' ? seed : null;
    this.seed = seed ?? drawSeed();
  }
  protected key(): [number, number] {
    return keyOf(this.seed);
  }
  protected scaledNormal(
    draw: (key: [number, number], n: number) => Float32Array,
    shape: readonly number[],
    mean: number,
    stddev: number,
    dtype: DType,
  ): Tensor {
    const f = Math.fround;
    const data = draw(this.key(), sizeOf(shape)).map((v) => f(f(v * f(stddev)) + f(mean)));
    return toTensor(data, shape, dtype);
  }
  getConfig(): Record<string, unknown> {
    return { seed: this.#given };
  }
}

export class RandomNormal extends RandomInitializer {
  readonly mean: number;
  readonly stddev: number;
  constructor(o: { mean?: number; stddev?: number; seed?: Seed } = {}) {
    super(o.seed);
    this.mean = o.mean ?? 0;
    this.stddev = o.stddev ?? 0.05;
  }
  init(shape: readonly number[], dtype: DType = 'float32'): Tensor {
    return this.scaledNormal(host.normal, shape, this.mean, this.stddev, dtype);
  }
  override getConfig(): Record<string, unknown> {
    return { mean: this.mean, stddev: this.stddev, ...super.getConfig() };
  }
}

export class TruncatedNormal extends RandomNormal {
  override init(shape: readonly number[], dtype: DType = 'float32'): Tensor {
    return this.scaledNormal(host.truncatedNormal, shape, this.mean, this.stddev, dtype);
  }
}

export class RandomUniform extends RandomInitializer {
  readonly minval: number;
  readonly maxval: number;
  constructor(o: { minval?: number; maxval?: number; seed?: Seed } = {}) {
    super(o.seed);
    this.minval = o.minval ?? -0.05;
    this.maxval = o.maxval ?? 0.05;
  }
  init(shape: readonly number[], dtype: DType = 'float32'): Tensor {
    return toTensor(
      host.uniform(this.key(), sizeOf(shape), this.minval, this.maxval),
      shape,
      dtype,
    );
  }
  override getConfig(): Record<string, unknown> {
    return { minval: this.minval, maxval: this.maxval, ...super.getConfig() };
  }
}

/** Inputs and outputs of a weight: (in, out) for matrices, times the receptive field for kernels. */
export function fans(shape: readonly number[]): [number, number] {
  if (shape.length < 1) return [1, 1];
  if (shape.length === 1) return [shape[0], shape[0]];
  const field = sizeOf(shape.slice(0, -2));
  return [shape[shape.length - 2] * field, shape[shape.length - 1] * field];
}

const modes = ['fanIn', 'fanOut', 'fanAvg'] as const;
const distributions = ['truncatedNormal', 'untruncatedNormal', 'uniform'] as const;

export interface VarianceScalingOptions {
  readonly scale?: number;
  readonly mode?: (typeof modes)[number] | (string & {});
  readonly distribution?: (typeof distributions)[number] | 'normal' | (string & {});
  readonly seed?: Seed;
}

/** Glorot & Bengio 2010, He et al. 2015: the spread is sqrt(scale / fan). */
export class VarianceScaling extends RandomInitializer {
  readonly scale: number;
  readonly mode: string;
  readonly distribution: string;
  constructor(o: VarianceScalingOptions = {}) {
    super(o.seed);
    this.scale = o.scale ?? 1;
    if (!(this.scale > 0))
      throw new GradloomError(
        'initializer',
        `VarianceScaling: scale must be positive; received ${o.scale}.`,
        { scale: o.scale },
      );
    this.mode = lookup('mode', o.mode ?? 'fanIn', Object.fromEntries(modes.map((m) => [m, m])));
    this.distribution = lookup(
      'distribution',
      o.distribution ?? 'truncatedNormal',
      Object.fromEntries(distributions.map((d) => [d, d])),
      { normal: 'truncatedNormal' },
    );
  }
  init(shape: readonly number[], dtype: DType = 'float32'): Tensor {
    const [fanIn, fanOut] = fans(shape);
    const fan =
      this.mode === 'fanIn' ? fanIn : this.mode === 'fanOut' ? fanOut : (fanIn + fanOut) / 2;
    const scale = this.scale / Math.max(1, fan);
    if (this.distribution === 'uniform') {
      const limit = Math.sqrt(3 * scale);
      return toTensor(host.uniform(this.key(), sizeOf(shape), -limit, limit), shape, dtype);
    }
    if (this.distribution === 'untruncatedNormal')
      return this.scaledNormal(host.normal, shape, 0, Math.sqrt(scale), dtype);
    // The spread of a normal cut off at two standard deviations.
    return this.scaledNormal(
      host.truncatedNormal,
      shape,
      0,
      Math.sqrt(scale) / 0.87962566103423978,
      dtype,
    );
  }
  override getConfig(): Record<string, unknown> {
    return {
      scale: this.scale,
      mode: this.mode,
      distribution: this.distribution,
      ...super.getConfig(),
    };
  }
}

type Seeded = { readonly seed?: Seed };
const named = (scale: number, mode: string, distribution: string) =>
  class extends VarianceScaling {
    constructor(o: Seeded = {}) {
      super({ scale, mode, distribution, seed: o.seed });
    }
    override getConfig(): Record<string, unknown> {
      return { seed: super.getConfig().seed };
    }
  };
type Named = new (o?: Seeded) => VarianceScaling;
export const GlorotUniform: Named = named(1, 'fanAvg', 'uniform');
export const GlorotNormal: Named = named(1, 'fanAvg', 'truncatedNormal');
export const HeUniform: Named = named(2, 'fanIn', 'uniform');
export const HeNormal: Named = named(2, 'fanIn', 'truncatedNormal');
export const LecunUniform: Named = named(1, 'fanIn', 'uniform');
export const LecunNormal: Named = named(1, 'fanIn', 'truncatedNormal');

/** A matrix with orthonormal rows or columns (Saxe et al. 2014): QR of a normal matrix. */
export class Orthogonal extends RandomInitializer {
  readonly gain: number;
  constructor(o: { gain?: number; seed?: Seed } = {}) {
    super(o.seed);
    this.gain = o.gain ?? 1;
  }
  init(shape: readonly number[], dtype: DType = 'float32'): Tensor {
    if (shape.length < 2)
      throw new GradloomError(
        'initializer',
        `Orthogonal needs two dimensions or more; received shape ${showShape(shape)}.`,
        { shape: [...shape] },
      );
    const rows = sizeOf(shape.slice(0, -1));
    const cols = shape[shape.length - 1];
    const [tall, wide] = [Math.max(rows, cols), Math.min(rows, cols)];
    const q = orthonormal(host.normal(this.key(), tall * wide), tall, wide);
    const data = new Float32Array(rows * cols);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < cols; j++)
        data[i * cols + j] = this.gain * (rows < cols ? q[j * wide + i] : q[i * wide + j]);
    }
    return toTensor(data, shape, dtype);
  }
  override getConfig(): Record<string, unknown> {
    return { gain: this.gain, ...super.getConfig() };
  }
}

const factory =
  <O>(C: new (o?: O) => Initializer): ((o?: O) => Initializer) =>
  (o) =>
    new C(o);
export const zeros: () => Initializer = () => new Zeros();
export const ones: () => Initializer = () => new Ones();
export const constant: (o?: { value?: number } | number) => Initializer = factory(Constant);
export const identity: (o?: { gain?: number }) => Initializer = factory(Identity);
export const randomNormal: (o?: { mean?: number; stddev?: number; seed?: Seed }) => Initializer =
  factory(RandomNormal);
export const randomUniform: (o?: { minval?: number; maxval?: number; seed?: Seed }) => Initializer =
  factory(RandomUniform);
export const truncatedNormal: (o?: { mean?: number; stddev?: number; seed?: Seed }) => Initializer =
  factory(TruncatedNormal);
export const varianceScaling: (o?: VarianceScalingOptions) => Initializer =
  factory(VarianceScaling);
export const glorotUniform: (o?: Seeded) => Initializer = factory(GlorotUniform);
export const glorotNormal: (o?: Seeded) => Initializer = factory(GlorotNormal);
export const heUniform: (o?: Seeded) => Initializer = factory(HeUniform);
export const heNormal: (o?: Seeded) => Initializer = factory(HeNormal);
export const lecunUniform: (o?: Seeded) => Initializer = factory(LecunUniform);
export const lecunNormal: (o?: Seeded) => Initializer = factory(LecunNormal);
export const orthogonal: (o?: { gain?: number; seed?: Seed }) => Initializer = factory(Orthogonal);

const table: Record<string, () => Initializer> = {
  zeros,
  ones,
  constant,
  identity,
  randomNormal,
  randomUniform,
  truncatedNormal,
  varianceScaling,
  glorotUniform,
  glorotNormal,
  heUniform,
  heNormal,
  lecunUniform,
  lecunNormal,
  orthogonal,
};

export type InitializerLike = string | Initializer | null | undefined;

/** The initializer that an id means; a random one draws its seed now. Throws `unknown-id`. */
export function getInitializer(id: InitializerLike, fallback = 'glorotUniform'): Initializer {
  if (id instanceof Initializer) return id;
  if (id != null && typeof id !== 'string')
    throw new GradloomError('initializer', 'An initializer is an id or an Initializer.', {
      received: id,
    });
  return lookup('initializer', id ?? fallback, table, {
    normal: 'randomNormal',
    uniform: 'randomUniform',
    zero: 'zeros',
    one: 'ones',
    orthogonalInitializer: 'orthogonal',
  })();
}
