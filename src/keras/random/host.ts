/**
 * JAX's random functions on the host, bit for bit where arithmetic allows: initial weights come from
 * here, so that a seed gives the weights that Keras on JAX would draw.
 */
import { sizeOf } from '../../shape.ts';
import { erfInv } from './erf-inv.ts';
import type { Key } from './seeds.ts';

const f = Math.fround;
/**
 * threefry2x32 with 20 rounds (Salmon et al. 2011) of the counters (0, i) under `key`, for i below the
 * length of `x0`: the two halves in `x0` and `x1`, or without `x1` their exclusive or in `x0`. Rounds
 * are written out: a model of millions of weights waits for this.
 */
function threefry(key: Key, x0: Uint32Array, x1?: Uint32Array): void {
  const k0 = key[0] | 0;
  const k1 = key[1] | 0;
  const k2 = k0 ^ k1 ^ 0x1bd11bda;
  for (let i = 0; i < x0.length; i++) {
    let a = k0;
    let b = (i + k1) | 0;
    a = (a + b) | 0;
    b = ((b << 13) | (b >>> 19)) ^ a;
    a = (a + b) | 0;
    b = ((b << 15) | (b >>> 17)) ^ a;
    a = (a + b) | 0;
    b = ((b << 26) | (b >>> 6)) ^ a;
    a = (a + b) | 0;
    b = ((b << 6) | (b >>> 26)) ^ a;
    a = (a + k1) | 0;
    b = (b + k2 + 1) | 0;
    a = (a + b) | 0;
    b = ((b << 17) | (b >>> 15)) ^ a;
    a = (a + b) | 0;
    b = ((b << 29) | (b >>> 3)) ^ a;
    a = (a + b) | 0;
    b = ((b << 16) | (b >>> 16)) ^ a;
    a = (a + b) | 0;
    b = ((b << 24) | (b >>> 8)) ^ a;
    a = (a + k2) | 0;
    b = (b + k0 + 2) | 0;
    a = (a + b) | 0;
    b = ((b << 13) | (b >>> 19)) ^ a;
    a = (a + b) | 0;
    b = ((b << 15) | (b >>> 17)) ^ a;
    a = (a + b) | 0;
    b = ((b << 26) | (b >>> 6)) ^ a;
    a = (a + b) | 0;
    b = ((b << 6) | (b >>> 26)) ^ a;
    a = (a + k0) | 0;
    b = (b + k1 + 3) | 0;
    a = (a + b) | 0;
    b = ((b << 17) | (b >>> 15)) ^ a;
    a = (a + b) | 0;
    b = ((b << 29) | (b >>> 3)) ^ a;
    a = (a + b) | 0;
    b = ((b << 16) | (b >>> 16)) ^ a;
    a = (a + b) | 0;
    b = ((b << 24) | (b >>> 8)) ^ a;
    a = (a + k1) | 0;
    b = (b + k2 + 4) | 0;
    a = (a + b) | 0;
    b = ((b << 13) | (b >>> 19)) ^ a;
    a = (a + b) | 0;
    b = ((b << 15) | (b >>> 17)) ^ a;
    a = (a + b) | 0;
    b = ((b << 26) | (b >>> 6)) ^ a;
    a = (a + b) | 0;
    b = ((b << 6) | (b >>> 26)) ^ a;
    a = (a + k2) | 0;
    b = (b + k0 + 5) | 0;
    if (x1) {
      x0[i] = a;
      x1[i] = b;
    } else x0[i] = a ^ b;
  }
}

/** jax.random.bits: element i is x0 ^ x1 of counter i ("partitionable"). */
export function randomBits(key: Key, n: number): Uint32Array {
  const bits = new Uint32Array(n);
  threefry(key, bits);
  return bits;
}

/** jax.random.split: two new keys. */
export function split(key: Key): [Key, Key] {
  const x0 = new Uint32Array(2);
  const x1 = new Uint32Array(2);
  threefry(key, x0, x1);
  return [
    [x0[0], x1[0]],
    [x0[1], x1[1]],
  ];
}

/** jax.random.uniform: the scaling is one fused multiply-add. */
export function uniform(key: Key, n: number, minval = 0, maxval = 1): Float32Array {
  const lo = f(minval);
  const range = f(f(maxval) - lo);
  const bits = randomBits(key, n);
  // In the place of the bits, which are read first.
  const out = new Float32Array(bits.buffer);
  // JAX takes 23 bits as a mantissa: [0, 1). The product of two float32 is exact in double, so this
  // rounds once, like the FMA.
  const step = range * 2 ** -23;
  for (let i = 0; i < n; i++) {
    const v = f((bits[i] >>> 9) * step + lo);
    out[i] = Math.max(lo, v);
  }
  return out;
}

const SQRT2 = f(Math.SQRT2);

/** jax.random.normal. */
export function normal(key: Key, n: number): Float32Array {
  const lo = -0.9999999403953552; // the float32 after -1
  const u = uniform(key, n, lo, 1);
  return u.map((v) => f(SQRT2 * erfInv(v)));
}

/** jax.random.truncated_normal between -2 and 2. */
export function truncatedNormal(key: Key, n: number): Float32Array {
  const b = 0.9544997215270996; // erf(sqrt 2) in float32
  const u = uniform(key, n, -b, b);
  const edge = 1.9999998807907104; // the float32 before 2
  return u.map((v) => Math.min(edge, Math.max(-edge, f(SQRT2 * erfInv(v)))));
}

/** x * stddev + mean in float32, each step rounded. */
export function scale(x: Float32Array, mean: number, stddev: number): Float32Array {
  return x.map((v) => f(f(v * f(stddev)) + f(mean)));
}

/** jax.random.randint for int32: whole numbers in [minval, maxval) out of 64 random bits each. */
export function randint(key: Key, n: number, minval: number, maxval: number): Int32Array {
  const [k1, k2] = split(key);
  const high = randomBits(k1, n);
  const low = randomBits(k2, n);
  const span = maxval - minval;
  const out = new Int32Array(n);
  // 2^32 mod span, by which the high bits count, as JAX finds it: in uint32.
  const half = 65536 % span;
  const multiplier = (Math.imul(half, half) >>> 0) % span;
  for (let i = 0; i < n; i++) {
    const offset = (Math.imul(high[i] % span, multiplier) + (low[i] % span)) >>> 0;
    out[i] = minval + (offset % span);
  }
  return out;
}

/**
 * jax.random.permutation with independent lanes: an array of `shape` whose elements say from which
 * position along `axis` the shuffled array takes them.
 */
export function shuffledPositions(key: Key, shape: readonly number[], axis: number): Int32Array {
  const size = sizeOf(shape);
  const length = shape[axis];
  const stride = sizeOf(shape.slice(axis + 1));
  const from = new Int32Array(size);
  for (let k = 0; k < size; k++) from[k] = Math.floor(k / stride) % length;
  // Equal sort keys keep their order, which is not random; JAX sorts until that cannot matter.
  const rounds = Math.ceil((3 * Math.log(Math.max(1, size))) / Math.log(2 ** 32 - 1));
  let rest = key;
  for (let round = 0; round < rounds; round++) {
    const [next, sub] = split(rest);
    rest = next;
    const sortKeys = randomBits(sub, size);
    for (let k = 0; k < size; k++) {
      if (Math.floor(k / stride) % length !== 0) continue;
      // k is the first element of a lane.
      const lane = Array.from({ length }, (_, i) => k + i * stride);
      const sorted = [...lane].sort((a, b) => sortKeys[a] - sortKeys[b] || a - b);
      const before = sorted.map((at) => from[at]);
      for (let i = 0; i < length; i++) from[lane[i]] = before[i];
    }
  }
  return from;
}
