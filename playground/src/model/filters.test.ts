import { expect, it } from 'vitest';
import { filtersOf } from './filters.ts';
import { linearNetwork, plainNetwork } from './spec.ts';

it('takes a column of a dense kernel as an image', () => {
  const data = Float32Array.from({ length: 784 * 3 }, (_, i) => i);
  const f = filtersOf({ spec: plainNetwork, arrays: [{ data, shape: [784, 3] }] });
  expect(f.side).toBe(28);
  expect(f.images).toHaveLength(3);
  expect(Array.from(f.images[1].slice(0, 3))).toEqual([1, 4, 7]);
  expect(f.answers).toBe(false);
});

it('takes each kernel of a convolution', () => {
  const data = Float32Array.from({ length: 9 * 2 }, (_, i) => i);
  const f = filtersOf({ spec: linearNetwork, arrays: [{ data, shape: [3, 3, 1, 2] }] });
  expect(f.side).toBe(3);
  expect(Array.from(f.images[1])).toEqual([1, 3, 5, 7, 9, 11, 13, 15, 17]);
  expect(f.answers).toBe(true);
});
