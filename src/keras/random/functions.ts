/**
 * The functions of keras.random, their options in Keras's places or by name. Each draws on the host when it is called (but for `categorical`,
 * whose logits may be traced), so that a seed gives the numbers of Keras on JAX: uniform kinds and
 * integers bit for bit, normal kinds within 3 units in the last place. Inside a traced function (a
 * training step) uniform, normal, categorical and dropout draw anew at every run.
 */
import { type DType, isFloat } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { lax } from '../../graph/index.ts';
import { given } from '../../numpy/support.ts';
import { checkShape, normalizeAxis, showShape, sizeOf } from '../../shape.ts';
import { asTensor, fromData, Tensor, type TensorLike } from '../../tensor/index.ts';
import { keyTensorOf, normalFromKey, uniformFromKey, uniformValue } from './dropout.ts';
import * as host from './host.ts';
import { type Key, keyOf, refuseTraced, type Seed, tracedKey } from './seeds.ts';

export interface RandomOptions {
  /** A number always gives the same; a SeedGenerator goes on; none draws from the global stream. */
  readonly seed?: Seed;
  /** 'float32' or 'float64'; numbers have the precision of float32 either way. */
  readonly dtype?: DType | null;
}

export interface UniformOptions extends RandomOptions {
  readonly minval?: number;
  readonly maxval?: number;
}
export interface NormalOptions extends RandomOptions {
  readonly mean?: number;
  readonly stddev?: number;
}
/** Of whole numbers. */
export interface WholeOptions {
  readonly dtype?: 'int32' | 'uint8' | null;
  readonly seed?: Seed;
}
interface ShuffleOptions {
  readonly axis?: number;
  readonly seed?: Seed;
}

const common = ['dtype', 'seed'] as const;

function floats(
  what: string,
  shape: readonly number[],
  o: RandomOptions,
  draw: (key: Key, n: number) => Float32Array,
  traced?: (key: Tensor) => Tensor,
): Tensor {
  checkShape(shape);
  if (o.dtype != null && !isFloat(o.dtype))
    throw new GradloomError(
      'dtype',
      `${what} gives float32 or float64; received dtype "${o.dtype}". For whole numbers use randint.`,
      { dtype: o.dtype },
    );
  if (!traced) refuseTraced(what, o.seed);
  const key = traced && tracedKey(o.seed);
  const t = key ? traced(key) : fromData(draw(keyOf(o.seed), sizeOf(shape)), shape, 'float32');
  return o.dtype && o.dtype !== 'float32' ? t.astype(o.dtype) : t;
}

/** Numbers in [minval, maxval), by default [0, 1). */
export function uniform(
  shape: readonly number[],
  first?: number | UniformOptions,
  ...more: readonly unknown[]
): Tensor {
  const o = given<UniformOptions>('uniform', ['minval', 'maxval', ...common], [first, ...more]);
  const { minval = 0, maxval = 1 } = o;
  return floats(
    'uniform',
    shape,
    o,
    (key, n) => host.uniform(key, n, minval, maxval),
    (key) => uniformFromKey(key, shape, minval, maxval),
  );
}

/** The normal distribution of `mean` (0) and `stddev` (1). */
export function normal(
  shape: readonly number[],
  first?: number | NormalOptions,
  ...more: readonly unknown[]
): Tensor {
  const o = given<NormalOptions>('normal', ['mean', 'stddev', ...common], [first, ...more]);
  const { mean = 0, stddev = 1 } = o;
  return floats(
    'normal',
    shape,
    o,
    (key, n) => host.scale(host.normal(key, n), mean, stddev),
    (key) => normalFromKey(key, shape).mul(stddev).add(mean),
  );
}

/** The normal distribution cut off at two standard deviations on either side of its mean. */
export function truncatedNormal(
  shape: readonly number[],
  first?: number | NormalOptions,
  ...more: readonly unknown[]
): Tensor {
  const names = ['mean', 'stddev', ...common] as const;
  const o = given<NormalOptions>('truncatedNormal', names, [first, ...more]);
  return floats('truncatedNormal', shape, o, (key, n) =>
    host.scale(host.truncatedNormal(key, n), o.mean ?? 0, o.stddev ?? 1),
  );
}

/**
 * Whole numbers in [minval, maxval): int32. Throws `range` unless minval < maxval are whole numbers
 * within int32.
 */
export function randint(
  shape: readonly number[],
  minval: number,
  maxval: number,
  first?: 'int32' | 'uint8' | WholeOptions | null,
  seed?: Seed,
): Tensor {
  const o = given<WholeOptions>('randint', common, [first, seed]);
  checkShape(shape);
  const fits = (v: number): boolean => Number.isInteger(v) && v >= -(2 ** 31) && v < 2 ** 31;
  if (!fits(minval) || !fits(maxval) || !(maxval > minval))
    throw new GradloomError(
      'range',
      `randint needs whole numbers minval < maxval within int32; received ${minval} and ${maxval}.`,
      { minval, maxval },
    );
  refuseTraced('randint', o.seed);
  const t = fromData(host.randint(keyOf(o.seed), sizeOf(shape), minval, maxval), shape, 'int32');
  return t.astype(o.dtype ?? 'int32');
}

/**
 * `numSamples` classes for each row of `logits`, (batch, classes) log-probabilities that need not be
 * normalised: int32 (batch, numSamples). By the Gumbel trick, as JAX: the class whose logit plus
 * -log(-log(u)) is largest.
 */
export function categorical(
  logits: TensorLike,
  numSamples: number,
  first?: 'int32' | 'uint8' | WholeOptions | null,
  seed?: Seed,
): Tensor {
  const o = given<WholeOptions>('categorical', common, [first, seed]);
  const t = asTensor(logits);
  if (t.ndim !== 2 || t.shape[1] === 0)
    throw new GradloomError(
      'shape',
      `categorical takes logits of shape (batch, classes); received ${showShape(t.shape)}.`,
      { shape: [...t.shape] },
    );
  if (!Number.isInteger(numSamples) || numSamples < 0)
    throw new GradloomError(
      'range',
      `categorical: numSamples must be a whole number of 0 or more; received ${numSamples}.`,
      { numSamples },
    );
  const shape = [t.shape[0], t.shape[1], numSamples];
  const key = keyTensorOf(o.seed);
  // uniform(minval=tiny): adding tiny changes a zero and nothing else.
  const u = lax.max(
    uniformValue(key.value, shape),
    lax.full(shape, 1.1754943508222875e-38, 'float32'),
  );
  const gumbel = lax.neg(lax.log(lax.neg(lax.log(u))));
  const scores = lax.add(
    gumbel,
    lax.broadcastInDim(lax.convert(t.value, 'float32'), shape, [0, 1]),
  );
  return Tensor.of(lax.argmax(scores, 1), t, key).astype(o.dtype ?? 'int32');
}

/**
 * x shuffled along `axis` (0): every column by itself, as Keras does. The order is drawn on the
 * host; x may be traced.
 */
export function shuffle(x: TensorLike, first?: number | ShuffleOptions, seed?: Seed): Tensor {
  const o = given<ShuffleOptions>('shuffle', ['axis', 'seed'], [first, seed]);
  const t = asTensor(x);
  const axis = normalizeAxis(o.axis ?? 0, t.ndim);
  refuseTraced('shuffle', o.seed);
  const positions = host.shuffledPositions(keyOf(o.seed), t.shape, axis);
  const from = fromData(positions, t.shape, 'int32');
  return Tensor.of(lax.takeAlongAxis(t.value, from.value, axis), t, from);
}
