/**
 * Prints the largest error of every float32 transcendental over bit patterns spread evenly over all
 * floats: `npx tsx scripts/ulp.ts [samples per function, default 2^22] [name …]`.
 */
import { bounds32, type Unary, worst32 } from '../src/expr/test-ulp.ts';

const samples = Number(process.argv[2] ?? 2 ** 22);
const names = process.argv.slice(3);
// An odd step visits every low bit pattern.
const step = Math.floor(2 ** 32 / samples) | 1;

console.log('function   plain  contracted  at');
for (const name of Object.keys(bounds32) as Unary[]) {
  if (names.length && !names.includes(name)) continue;
  const plain = worst32(name, false, step);
  const fused = worst32(name, true, step, step >> 1);
  const at = plain.ulp >= fused.ulp ? plain : fused;
  const cells = [
    name.padEnd(9),
    plain.ulp.toFixed(2).padStart(6),
    fused.ulp.toFixed(2).padStart(11),
  ];
  console.log(`${cells.join(' ')}  ${at.x} gives ${at.got} for ${at.want}`);
}
