/** What every initializer is. */
import { getBackend } from '../../backends/registry.ts';
import { type DType, isFloat } from '../../dtype.ts';
import { sizeOf } from '../../shape.ts';
import { fromData, type Tensor } from '../../tensor/index.ts';
import { uniformFromKey } from '../random/dropout.ts';
import * as host from '../random/host.ts';
import {
  asSeed,
  drawSeed,
  type Key,
  keyOf,
  type Seed,
  type SeedGenerator,
} from '../random/seeds.ts';

/** So many numbers take JavaScript ten milliseconds. */
const many = 2 ** 19;

export abstract class Initializer {
  /** The first values of a weight of `shape`. */
  abstract init(shape: readonly number[], dtype?: DType): Tensor;
  /** The options that make an equal one. */
  abstract getConfig(): Record<string, unknown>;
}

/**
 * Draws on the host in float32, whatever the dtype asked for. A numeric seed gives the same values
 * at every call, as in Keras; without one a seed is drawn at construction.
 */
export abstract class RandomInitializer extends Initializer {
  readonly seed: number | SeedGenerator;
  /** What the user gave: null stands for a drawn seed. */
  readonly #given: number | null;

  /** Throws `seed` for what is neither a whole number from 0 to 2^32 - 1 nor a SeedGenerator. */
  constructor(seed: Seed) {
    super();
    const s = asSeed(seed);
    this.#given = typeof s === 'number' ? s : null;
    this.seed = s ?? drawSeed();
  }

  protected key(): Key {
    return keyOf(this.seed);
  }

  protected normal(n: number, stddev: number, mean = 0): Float32Array {
    return host.scale(host.normal(this.key(), n), mean, stddev);
  }

  protected truncatedNormal(n: number, stddev: number, mean = 0): Float32Array {
    return host.scale(host.truncatedNormal(this.key(), n), mean, stddev);
  }

  /** In [minval, maxval). Many numbers are drawn where they will be used: the same, but faster. */
  protected uniform(
    shape: readonly number[],
    minval: number,
    maxval: number,
    dtype: DType,
  ): Tensor {
    const n = sizeOf(shape);
    const backend = getBackend();
    if (n < many || !backend.sync || backend.name === 'reference')
      return ofFloats(host.uniform(this.key(), n, minval, maxval), shape, dtype);
    const key = fromData(Uint32Array.from(this.key()), [2], 'uint32');
    const t = uniformFromKey(key, shape, minval, maxval);
    return (dtype === 'float32' ? t : t.astype(dtype)).realize();
  }

  getConfig(): Record<string, unknown> {
    return { seed: this.#given };
  }
}

export function ofFloats(data: Float32Array, shape: readonly number[], dtype: DType): Tensor {
  if (dtype === 'float64') return fromData(Float64Array.from(data), shape, dtype);
  const t = fromData(data, shape, 'float32');
  return isFloat(dtype) ? t : t.astype(dtype);
}
