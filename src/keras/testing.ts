/** For tests: golden files from real Keras (scripts/goldens/make.py), and how close is close. */
import { expect } from 'vitest';
import type { Tensor } from '../tensor/index.ts';
import { type GoldenArray, numbersOf, shapeOf } from './golden-arrays.ts';
import { camelCase } from './identifiers.ts';

export { type GoldenArray, numbersOf, readGoldens, shapeOf, toTensor } from './golden-arrays.ts';

/** Options as Keras spells them, in our case; named choices such as reductions too. */
export function camelOptions(config: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).map(([k, v]) => [
      camelCase(k),
      typeof v === 'string' ? camelCase(v) : v,
    ]),
  );
}

/** The same shape, and elements within abs + rel * |want|; NaN and infinities alike. */
export function expectClose(got: Tensor, want: GoldenArray, rel = 1e-5, abs = 1e-6): void {
  expect(got.shape).toEqual(shapeOf(want));
  const data = got.dataSync();
  numbersOf(want).forEach((v, i) => {
    const good = Number.isFinite(v)
      ? Math.abs(data[i] - v) <= abs + rel * Math.abs(v)
      : Object.is(data[i], v);
    if (!good) expect.fail(`element ${i}: ${data[i]} instead of ${v}`);
  });
}

const bits = new Int32Array(1);
const float = new Float32Array(bits.buffer);
function place(v: number): number {
  float[0] = v;
  return bits[0] < 0 ? -(bits[0] & 0x7fffffff) : bits[0];
}

/** How many elements differ from the golden float32 values at all, and by how many steps at most. */
export function difference(got: Tensor, want: GoldenArray): { differing: number; ulps: number } {
  expect(got.shape).toEqual(shapeOf(want));
  const data = got.dataSync();
  let differing = 0;
  let ulps = 0;
  numbersOf(want).forEach((v, i) => {
    const d = Math.abs(place(data[i]) - place(v));
    if (d > 0) differing++;
    ulps = Math.max(ulps, d);
  });
  return { differing, ulps };
}
