/**
 * JAX's random functions on the host, bit for bit where arithmetic allows: initial weights come from
 * here, so that a seed gives the weights that Keras on JAX would draw.
 */
const f = Math.fround;

/** threefry2x32 with 20 rounds of the counters (0, i) under `key`; element i is x0 ^ x1. */
export function randomBits(key: readonly [number, number], n: number): Uint32Array {
  const out = new Uint32Array(n);
  const k0 = key[0] | 0;
  const k1 = key[1] | 0;
  const ks = [k0, k1, k0 ^ k1 ^ 0x1bd11bda];
  const rotations = [
    [13, 15, 26, 6],
    [17, 29, 16, 24],
  ];
  for (let i = 0; i < n; i++) {
    let x0 = k0;
    let x1 = (i + k1) | 0;
    for (let block = 0; block < 5; block++) {
      const r = rotations[block & 1];
      for (let j = 0; j < 4; j++) {
        x0 = (x0 + x1) | 0;
        x1 = ((x1 << r[j]) | (x1 >>> (32 - r[j]))) ^ x0;
      }
      x0 = (x0 + ks[(block + 1) % 3]) | 0;
      x1 = (x1 + ks[(block + 2) % 3] + block + 1) | 0;
    }
    out[i] = x0 ^ x1;
  }
  return out;
}

const floatBits = new Float32Array(1);
const intBits = new Uint32Array(floatBits.buffer);

function unit(bits: number): number {
  intBits[0] = (bits >>> 9) | 0x3f800000;
  return floatBits[0] - 1;
}

/** jax.random.uniform: the scaling is one fused multiply-add. */
export function uniform(
  key: readonly [number, number],
  n: number,
  minval = 0,
  maxval = 1,
): Float32Array {
  const lo = f(minval);
  const range = f(f(maxval) - lo);
  const bits = randomBits(key, n);
  const out = new Float32Array(n);
  // The product of two float32 is exact in double, so this rounds once, like the FMA.
  for (let i = 0; i < n; i++) out[i] = Math.max(lo, f(unit(bits[i]) * range + lo));
  return out;
}

const near = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503,
  -0.00417768164, 0.246640727, 1.50140941,
].map(f);
const far = [
  -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613,
  0.00943887047, 1.00167406, 2.83297682,
].map(f);

/** XLA's float32 erf_inv (M. Giles, "Approximating the erfinv function"). */
export function erfInv(x: number): number {
  if (Math.abs(x) === 1) return x * Number.POSITIVE_INFINITY;
  let w = f(-f(Math.log1p(-f(x * x))));
  const c = w < 5 ? near : far;
  w = w < 5 ? f(w - 2.5) : f(f(Math.sqrt(w)) - 3);
  let p = c[0];
  for (let i = 1; i < 9; i++) p = f(c[i] + p * w);
  return f(p * x);
}

const SQRT2 = f(Math.SQRT2);

/** jax.random.normal. */
export function normal(key: readonly [number, number], n: number): Float32Array {
  const lo = -0.9999999403953552; // the float32 after -1
  const u = uniform(key, n, lo, 1);
  return u.map((v) => f(SQRT2 * erfInv(v)));
}

/** jax.random.truncated_normal between -2 and 2. */
export function truncatedNormal(key: readonly [number, number], n: number): Float32Array {
  const b = 0.9544997215270996; // erf(sqrt 2) in float32
  const u = uniform(key, n, -b, b);
  const edge = 1.9999998807907104; // the float32 before 2
  return u.map((v) => Math.min(edge, Math.max(-edge, f(SQRT2 * erfInv(v)))));
}
