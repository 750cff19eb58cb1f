/** Seeds and random numbers: `keras.random` and the global state behind `setRandomSeed`. */
import type { DType } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { lax, type Value } from '../../graph/index.ts';
import { sizeOf } from '../../shape.ts';
import { fromData, Tensor } from '../../tensor/index.ts';
import * as host from './host.ts';
import { MT19937 } from './mt19937.ts';

interface Globals {
  seeds: MT19937;
  shuffles: MT19937;
}

let globals: Globals | undefined;

function entropy(): number {
  return Math.floor(Math.random() * 2 ** 32);
}

function state(): Globals {
  globals ??= { seeds: MT19937.python(entropy()), shuffles: MT19937.numpy(entropy()) };
  return globals;
}

/**
 * Makes everything random from here on repeatable: initial weights, dropout, shuffling. A seed gives
 * the same initial weights and dropout masks as `keras.utils.set_random_seed` with Keras on JAX.
 * @param seed a whole number from 0 to 2^32 - 1
 */
export function setRandomSeed(seed: number): void {
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    throw new GradloomError(
      'seed',
      `A seed must be a whole number from 0 to 4294967295; received ${seed}.`,
      { seed },
    );
  }
  globals = { seeds: MT19937.python(seed), shuffles: MT19937.numpy(seed) };
  unnamed = undefined;
}

/** The seed of the next unseeded initializer or generator: 1 to 10^9. */
export function drawSeed(): number {
  return state().seeds.randint(1, 1_000_000_000);
}

/** The order of the next shuffled epoch. */
export function drawPermutation(n: number): Int32Array {
  return state().shuffles.permutation(n);
}

/** A stream of keys: [seed, 0], [seed, 1], … */
export class SeedGenerator {
  readonly seed: number;
  counter = 0;

  constructor(seed?: number | null) {
    this.seed = seed ?? drawSeed();
    if (!Number.isInteger(this.seed))
      throw new GradloomError('seed', `A seed must be a whole number; received ${seed}.`, { seed });
  }

  get state(): [number, number] {
    return [this.seed >>> 0, this.counter];
  }

  next(): [number, number] {
    return [this.seed >>> 0, this.counter++];
  }
}

/** The next key of calls without a seed. Keras scrambles it instead of counting. */
let unnamed: [number, number] | undefined;

function nextUnnamed(): [number, number] {
  const key = unnamed ?? [drawSeed(), 0];
  unnamed = [scramble(key[0]), scramble(key[1])];
  return key;
}

function scramble(half: number): number {
  return (Math.imul(half + 1, 5387) >>> 0) % 933199;
}

export type Seed = number | SeedGenerator | null | undefined;

export function keyOf(seed: Seed): [number, number] {
  if (seed instanceof SeedGenerator) return seed.next();
  if (typeof seed === 'number') return [seed >>> 0, 0];
  return nextUnnamed();
}

/** Uniform float32 in [0, 1) from a key uint32[2] that may be traced. */
export function uniformFromKey(key: Tensor, shape: readonly number[]): Tensor {
  return Tensor.of(uniformValue(key.value, shape), key);
}

function uniformValue(key: Value, shape: readonly number[]): Value {
  const bits = lax.randomBits(key, shape);
  const mantissa = lax.or(
    lax.shiftRightLogical(bits, lax.full(shape, 9, 'uint32')),
    lax.full(shape, 0x3f800000, 'uint32'),
  );
  return lax.sub(lax.bitcastConvert(mantissa, 'float32'), lax.full(shape, 1, 'float32'));
}

export interface RandomOptions {
  readonly seed?: Seed;
  readonly dtype?: DType;
}

const finish = (data: Float32Array, shape: readonly number[], o: RandomOptions): Tensor => {
  const t = fromData(data, shape, 'float32');
  return o.dtype && o.dtype !== 'float32' ? t.astype(o.dtype) : t;
};

export function uniform(
  shape: readonly number[],
  o: RandomOptions & { minval?: number; maxval?: number } = {},
): Tensor {
  return finish(host.uniform(keyOf(o.seed), sizeOf(shape), o.minval ?? 0, o.maxval ?? 1), shape, o);
}

function scaled(x: Float32Array, mean: number, stddev: number): Float32Array {
  const f = Math.fround;
  return x.map((v) => f(f(v * f(stddev)) + f(mean)));
}

export function normal(
  shape: readonly number[],
  o: RandomOptions & { mean?: number; stddev?: number } = {},
): Tensor {
  return finish(
    scaled(host.normal(keyOf(o.seed), sizeOf(shape)), o.mean ?? 0, o.stddev ?? 1),
    shape,
    o,
  );
}

/** Normal values beyond two standard deviations are drawn again (in effect). */
export function truncatedNormal(
  shape: readonly number[],
  o: RandomOptions & { mean?: number; stddev?: number } = {},
): Tensor {
  return finish(
    scaled(host.truncatedNormal(keyOf(o.seed), sizeOf(shape)), o.mean ?? 0, o.stddev ?? 1),
    shape,
    o,
  );
}

/** Whole numbers in [minval, maxval): int32. */
export function randint(
  shape: readonly number[],
  minval: number,
  maxval: number,
  o: { seed?: Seed } = {},
): Tensor {
  if (!(maxval > minval))
    throw new GradloomError(
      'range',
      `randint needs maxval > minval; received ${minval} and ${maxval}.`,
      { minval, maxval },
    );
  const [a, b] = keyOf(o.seed);
  const high = host.randomBits([a, b], sizeOf(shape));
  const low = host.randomBits([a, (b ^ 0x80000000) >>> 0], sizeOf(shape));
  const span = BigInt(maxval - minval);
  const data = Int32Array.from(
    high,
    (h, i) => minval + Number(((BigInt(h) << 32n) | BigInt(low[i])) % span),
  );
  return fromData(data, shape, 'int32');
}

/** x with a share `rate` of its elements zeroed and the others scaled by 1 / (1 - rate). */
export function dropout(x: Tensor, rate: number, o: { seed?: Seed } = {}): Tensor {
  if (!(rate >= 0 && rate <= 1))
    throw new GradloomError('range', `A dropout rate lies between 0 and 1; received ${rate}.`, {
      rate,
    });
  if (rate === 0) return x;
  const key = fromData(Uint32Array.from(keyOf(o.seed)), [2], 'uint32');
  return dropoutWithKey(x, rate, key, x.shape);
}

/** Dropout under a key that may be traced; `noiseShape` broadcasts to x. */
export function dropoutWithKey(
  x: Tensor,
  rate: number,
  key: Tensor,
  noiseShape: readonly number[],
): Tensor {
  if (rate === 1) return x.mul(0);
  const keep = 1 - rate;
  const mask = lax.lt(uniformValue(key.value, noiseShape), lax.full(noiseShape, keep, 'float32'));
  const scaled = lax.div(x.value, lax.full(x.shape, keep, x.dtype));
  return Tensor.of(
    lax.select(lax.broadcastTo(mask, x.shape), scaled, lax.full(x.shape, 0, x.dtype)),
    x,
    key,
  );
}

/** The rows of `x` (along `axis`) in random order. */
export function shuffle(x: Tensor, o: { seed?: Seed; axis?: number } = {}): Tensor {
  const axis = o.axis ?? 0;
  const n = x.shape[axis];
  const bits = host.randomBits(keyOf(o.seed), n);
  const order = Int32Array.from({ length: n }, (_, i) => i).sort(
    (i, j) => bits[i] - bits[j] || i - j,
  );
  return x.take(fromData(order, [n], 'int32'), axis);
}
