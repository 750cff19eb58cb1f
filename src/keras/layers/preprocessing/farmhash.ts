/**
 * FarmHash's Fingerprint64 (Google's farmhashna, 2014): the hash behind tf.strings.to_hash_bucket_fast,
 * so that buckets are those of Keras.
 */
const k0 = 0xc3a5c85c97cb3127n;
const k1 = 0xb492b66fbe98f273n;
const k2 = 0x9ae16a3b2f90404fn;
const mask = 0xffffffffffffffffn;

const u64 = (x: bigint): bigint => x & mask;
const rotate = (x: bigint, n: number): bigint =>
  n === 0 ? x : u64((x >> BigInt(n)) | (x << BigInt(64 - n)));
const mix = (x: bigint): bigint => x ^ (x >> 47n);

/** Two 64-bit numbers into one. */
function pair(u: bigint, v: bigint, factor: bigint): bigint {
  const a = mix(u64((u ^ v) * factor));
  return u64(mix(u64((v ^ a) * factor)) * factor);
}

class Words {
  readonly #view: DataView;
  readonly length: number;
  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.length = bytes.byteLength;
  }
  u8(i: number): number {
    return this.#view.getUint8(i);
  }
  u32(i: number): bigint {
    return BigInt(this.#view.getUint32(i, true));
  }
  u64(i: number): bigint {
    return this.#view.getBigUint64(i, true);
  }
}

function upTo16(s: Words): bigint {
  const n = s.length;
  if (n >= 8) {
    const factor = k2 + BigInt(n) * 2n;
    const a = u64(s.u64(0) + k2);
    const b = s.u64(n - 8);
    const c = u64(rotate(b, 37) * factor + a);
    const d = u64((rotate(a, 25) + b) * factor);
    return pair(c, d, u64(factor));
  }
  if (n >= 4) {
    const factor = u64(k2 + BigInt(n) * 2n);
    return pair(u64(BigInt(n) + (s.u32(0) << 3n)), s.u32(n - 4), factor);
  }
  if (n > 0) {
    const y = BigInt(s.u8(0) + s.u8(n >> 1) * 256);
    const z = BigInt(n + s.u8(n - 1) * 4);
    return u64(mix(u64(u64(y * k2) ^ u64(z * k0))) * k2);
  }
  return k2;
}

function upTo32(s: Words): bigint {
  const n = s.length;
  const factor = u64(k2 + BigInt(n) * 2n);
  const a = u64(s.u64(0) * k1);
  const b = s.u64(8);
  const c = u64(s.u64(n - 8) * factor);
  const d = u64(s.u64(n - 16) * k2);
  return pair(
    u64(rotate(u64(a + b), 43) + rotate(c, 30) + d),
    u64(a + rotate(u64(b + k2), 18) + c),
    factor,
  );
}

function upTo64(s: Words): bigint {
  const n = s.length;
  const factor = u64(k2 + BigInt(n) * 2n);
  const a = u64(s.u64(0) * k2);
  const b = s.u64(8);
  const c = u64(s.u64(n - 8) * factor);
  const d = u64(s.u64(n - 16) * k2);
  const y = u64(rotate(u64(a + b), 43) + rotate(c, 30) + d);
  const z = pair(y, u64(a + rotate(u64(b + k2), 18) + c), factor);
  const e = u64(s.u64(16) * factor);
  const f = s.u64(24);
  const g = u64((y + s.u64(n - 32)) * factor);
  const h = u64((z + s.u64(n - 24)) * factor);
  return pair(
    u64(rotate(u64(e + f), 43) + rotate(g, 30) + h),
    u64(e + rotate(u64(f + a), 18) + g),
    factor,
  );
}

type Two = readonly [bigint, bigint];

/** 32 bytes at `i` and two seeds into two numbers; weak, for the loop over long strings. */
function weak32(s: Words, i: number, a: bigint, b: bigint): Two {
  const [w, x, y, z] = [s.u64(i), s.u64(i + 8), s.u64(i + 16), s.u64(i + 24)];
  const first = u64(a + w);
  const second = rotate(u64(b + first + z), 21);
  const sum = u64(first + x + y);
  return [u64(sum + z), u64(second + rotate(sum, 44) + first)];
}

function long(s: Words): bigint {
  const n = s.length;
  const seed = 81n;
  let x = seed;
  let y = u64(seed * k1 + 113n);
  let z = u64(mix(u64(y * k2 + 113n)) * k2);
  let v: Two = [0n, 0n];
  let w: Two = [0n, 0n];
  x = u64(x * k2 + s.u64(0));
  const end = Math.floor((n - 1) / 64) * 64;
  for (let i = 0; i < end; i += 64) {
    x = u64(rotate(u64(x + y + v[0] + s.u64(i + 8)), 37) * k1);
    y = u64(rotate(u64(y + v[1] + s.u64(i + 48)), 42) * k1);
    x ^= w[1];
    y = u64(y + v[0] + s.u64(i + 40));
    z = u64(rotate(u64(z + w[0]), 33) * k1);
    v = weak32(s, i, u64(v[1] * k1), u64(x + w[0]));
    w = weak32(s, i + 32, u64(z + w[1]), u64(y + s.u64(i + 16)));
    [z, x] = [x, z];
  }
  const factor = u64(k1 + ((z & 0xffn) << 1n));
  const last = n - 64;
  w = [u64(w[0] + BigInt((n - 1) & 63)), w[1]];
  v = [u64(v[0] + w[0]), v[1]];
  w = [u64(w[0] + v[0]), w[1]];
  x = u64(rotate(u64(x + y + v[0] + s.u64(last + 8)), 37) * factor);
  y = u64(rotate(u64(y + v[1] + s.u64(last + 48)), 42) * factor);
  x ^= u64(w[1] * 9n);
  y = u64(y + v[0] * 9n + s.u64(last + 40));
  z = u64(rotate(u64(z + w[0]), 33) * factor);
  v = weak32(s, last, u64(v[1] * factor), u64(x + w[0]));
  w = weak32(s, last + 32, u64(z + w[1]), u64(y + s.u64(last + 16)));
  [z, x] = [x, z];
  return pair(
    u64(pair(v[0], w[0], factor) + u64(mix(y) * k0) + z),
    u64(pair(v[1], w[1], factor) + x),
    factor,
  );
}

/** 64 bits of the bytes. */
export function fingerprint64(bytes: Uint8Array): bigint {
  const s = new Words(bytes);
  if (s.length <= 16) return upTo16(s);
  if (s.length <= 32) return upTo32(s);
  return s.length <= 64 ? upTo64(s) : long(s);
}
