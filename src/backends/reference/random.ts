/** random_bits: threefry2x32 of the counter (0, i) under the key, both words xored. */
import { sizeOf } from '../../shape.ts';
import type { Table } from './values.ts';

const rotations = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
];

/** Threefry-2x32 with 20 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3"). */
export function threefry2x32(
  key: readonly [number, number],
  counter: readonly [number, number],
): [number, number] {
  const keys = [key[0], key[1], key[0] ^ key[1] ^ 0x1bd11bda];
  let x0 = (counter[0] + keys[0]) | 0;
  let x1 = (counter[1] + keys[1]) | 0;
  for (let group = 0; group < 5; group++) {
    for (const r of rotations[group % 2]) {
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << r) | (x1 >>> (32 - r))) ^ x0;
    }
    x0 = (x0 + keys[(group + 1) % 3]) | 0;
    x1 = (x1 + keys[(group + 2) % 3] + group + 1) | 0;
  }
  return [x0 >>> 0, x1 >>> 0];
}

export const random: Table = {
  random_bits([key], _, [out]) {
    const data = new Float64Array(sizeOf(out.shape));
    for (let i = 0; i < data.length; i++) {
      const [x0, x1] = threefry2x32([key.data[0], key.data[1]], [0, i]);
      data[i] = (x0 ^ x1) >>> 0;
    }
    return [data];
  },
};
