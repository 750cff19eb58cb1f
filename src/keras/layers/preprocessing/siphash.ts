/**
 * SipHash-2-4 (Aumasson and Bernstein 2012) of bytes under a 128-bit key: the keyed hash behind
 * tf.strings.to_hash_bucket_strong.
 */
const mask = 0xffffffffffffffffn;
const add = (a: bigint, b: bigint): bigint => (a + b) & mask;
const rotate = (x: bigint, n: bigint): bigint => ((x << n) | (x >> (64n - n))) & mask;

export function siphash24(bytes: Uint8Array, key: readonly [bigint, bigint]): bigint {
  const [a, b] = [BigInt.asUintN(64, key[0]), BigInt.asUintN(64, key[1])];
  let v0 = a ^ 0x736f6d6570736575n;
  let v1 = b ^ 0x646f72616e646f6dn;
  let v2 = a ^ 0x6c7967656e657261n;
  let v3 = b ^ 0x7465646279746573n;
  const rounds = (n: number): void => {
    for (let i = 0; i < n; i++) {
      v0 = add(v0, v1);
      v1 = rotate(v1, 13n) ^ v0;
      v0 = rotate(v0, 32n);
      v2 = add(v2, v3);
      v3 = rotate(v3, 16n) ^ v2;
      v0 = add(v0, v3);
      v3 = rotate(v3, 21n) ^ v0;
      v2 = add(v2, v1);
      v1 = rotate(v1, 17n) ^ v2;
      v2 = rotate(v2, 32n);
    }
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.length & ~7;
  const take = (word: bigint): void => {
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  };
  for (let i = 0; i < whole; i += 8) take(view.getBigUint64(i, true));
  // What is left, with the length in the highest byte.
  let last = BigInt(bytes.length & 0xff) << 56n;
  for (let i = whole; i < bytes.length; i++) last |= BigInt(bytes[i]) << BigInt(8 * (i - whole));
  take(last);
  v2 ^= 0xffn;
  rounds(4);
  return v0 ^ v1 ^ v2 ^ v3;
}
