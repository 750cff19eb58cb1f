/** Dropout as a function, and the uniform numbers of a graph that it is made from. */
import { getBackend } from '../../backends/registry.ts';
import { isFloat } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { lax, type Value } from '../../graph/index.ts';
import { given } from '../../numpy/support.ts';
import { broadcastShapes, sameShape, showShape } from '../../shape.ts';
import { asTensor, fromData, Tensor, type TensorLike } from '../../tensor/index.ts';
import { keyOf, type Seed, tracedKey } from './seeds.ts';

/**
 * jax.random.uniform inside a graph: float32 in [minval, maxval) of `shape`, from a key uint32[2] that
 * may be traced. The same key gives the same numbers on every backend.
 */
export function uniformFromKey(
  key: Tensor,
  shape: readonly number[],
  minval = 0,
  maxval = 1,
): Tensor {
  const unit = uniformValue(key.value, shape);
  if (minval === 0 && maxval === 1) return Tensor.of(unit, key);
  const lo = Math.fround(minval);
  const range = Math.fround(Math.fround(maxval) - lo);
  const low = lax.full(shape, lo, 'float32');
  if (getBackend().dtypes?.has('float64') === false) {
    // A GPU has no doubles: two roundings in place of one.
    const scaled = lax.add(lax.mul(unit, lax.full(shape, range, 'float32')), low);
    return Tensor.of(lax.max(scaled, low), key);
  }
  // In double, where the product is exact: one rounding, as XLA's fused multiply-add.
  const double = (v: number): Value => lax.full(shape, v, 'float64');
  const scaled = lax.add(lax.mul(lax.convert(unit, 'float64'), double(range)), double(lo));
  return Tensor.of(lax.max(lax.convert(scaled, 'float32'), low), key);
}

export function uniformValue(key: Value, shape: readonly number[]): Value {
  const bits = lax.randomBits(key, shape);
  const mantissa = lax.or(
    lax.shiftRightLogical(bits, lax.full(shape, 9, 'uint32')),
    lax.full(shape, 0x3f800000, 'uint32'),
  );
  return lax.sub(lax.bitcastConvert(mantissa, 'float32'), lax.full(shape, 1, 'float32'));
}

/** jax.random.normal inside a graph, from a key uint32[2] that may be traced: float32, mean 0, variance 1. */
export function normalFromKey(key: Tensor, shape: readonly number[]): Tensor {
  const at = (n: number): Value => lax.full(shape, n, 'float32');
  // Uniform from the float32 after -1, as JAX; the width rounds to 2.
  const lowest = at(-0.9999999403953552);
  const u = lax.add(lax.mul(uniformValue(key.value, shape), at(2)), lowest);
  return Tensor.of(lax.mul(at(Math.SQRT2), lax.erfInv(lax.max(lowest, u))), key);
}

export interface DropoutOptions {
  readonly seed?: Seed;
  /** The mask's shape: dimensions of size 1 share their fate, null takes x's. */
  readonly noiseShape?: readonly (number | null)[] | null;
}

/**
 * x with a share `rate` of its elements zeroed and the others multiplied by 1 / (1 - rate). Inside a
 * traced function every run draws another mask, unless the seed is a number.
 * Throws `range` for a rate outside 0..1, `shape` for a noiseShape that does not broadcast to x.
 */
export function dropout(
  x: TensorLike,
  rate: number,
  first?: DropoutOptions['noiseShape'] | DropoutOptions,
  seed?: Seed,
): Tensor {
  const o = given<DropoutOptions>('dropout', ['noiseShape', 'seed'], [first, seed]);
  if (!(rate >= 0 && rate <= 1))
    throw new GradloomError('range', `A dropout rate lies between 0 and 1; received ${rate}.`, {
      rate,
    });
  const t = asTensor(x);
  if (rate === 0) return t;
  const noise = o.noiseShape?.map((n, d) => n ?? t.shape[d]) ?? t.shape;
  if (noise.length > t.ndim || !sameShape(broadcastShapes(noise, t.shape), t.shape))
    throw new GradloomError(
      'shape',
      `dropout: noiseShape ${showShape(noise)} does not broadcast to x, of shape ${showShape(t.shape)}.`,
      { noiseShape: noise, shape: [...t.shape] },
    );
  // A rate of 1 needs no key, and Keras draws none.
  const key = rate === 1 ? t : keyTensorOf(o.seed);
  return dropoutWithKey(t, rate, key, noise);
}

/** The key for one call, as a tensor. Throws `seed`. */
export function keyTensorOf(seed: Seed): Tensor {
  return tracedKey(seed) ?? fromData(Uint32Array.from(keyOf(seed)), [2], 'uint32');
}

/** Dropout under a key uint32[2] that may be traced; `noiseShape` broadcasts to x. */
export function dropoutWithKey(
  x: Tensor,
  rate: number,
  key: Tensor,
  noiseShape: readonly number[],
): Tensor {
  const v = isFloat(x.dtype) ? x.value : lax.convert(x.value, 'float32');
  const zero = lax.full(v.shape, 0, v.dtype);
  if (rate === 1) return Tensor.of(zero);
  const keep = 1 - rate;
  const mask = lax.lt(uniformValue(key.value, noiseShape), lax.full(noiseShape, keep, 'float32'));
  // By the reciprocal, as XLA does.
  const factor = v.dtype === 'float64' ? 1 / keep : 1 / Math.fround(keep);
  const scaled = lax.mul(v, lax.full(v.shape, factor, v.dtype));
  return Tensor.of(lax.select(lax.broadcastTo(mask, v.shape), scaled, zero), x, key);
}
