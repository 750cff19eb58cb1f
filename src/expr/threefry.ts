/** Counter-based random bits. */
import { binary, bitcast, constant, type Expr } from './expr.ts';

const rotations: readonly (readonly number[])[] = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
];

function rotateLeft(x: Expr, n: number): Expr {
  return binary('or', binary('shl', x, count(x, n)), binary('shr', x, count(x, 32 - n)));
}

const count = (x: Expr, n: number): Expr => constant(x.dtype, n);
const word = (v: number): Expr => constant('uint32', v);

/**
 * Threefry-2x32 with 20 rounds of the counter (x0, x1) under the key (key0, key1), all uint32: the
 * function of Salmon, Moraes, Dror and Shaw's Random123 (2011), and JAX's default generator.
 */
export function threefry2x32(key0: Expr, key1: Expr, x0: Expr, x1: Expr): [Expr, Expr] {
  const keys = [key0, key1, binary('xor', binary('xor', key0, key1), word(0x1bd11bda))];
  let a = binary('add', x0, key0);
  let b = binary('add', x1, key1);
  for (let group = 1; group <= 5; group++) {
    for (const r of rotations[(group - 1) % 2]) {
      a = binary('add', a, b);
      b = binary('xor', rotateLeft(b, r), a);
    }
    a = binary('add', a, keys[group % 3]);
    b = binary('add', b, binary('add', keys[(group + 1) % 3], word(group)));
  }
  return [a, b];
}

/** uint32 bits to a float32 in [0, 1) with 23 random bits, as JAX does. */
export function bitsToUniform(bits: Expr): Expr {
  const mantissa = binary('or', binary('shr', bits, word(9)), word(0x3f800000));
  return binary('sub', bitcast('float32', mantissa), constant('float32', 1));
}
