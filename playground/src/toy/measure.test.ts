import { expect, it } from 'vitest';
import { measure } from './measure.ts';

it('is the cross entropy and the share of right answers', () => {
  const f = measure([9, 0.8, 0.4, 0.9], [1, 1, 0], 1);
  expect(f.loss).toBeCloseTo((-Math.log(0.8) - Math.log(0.4) - Math.log(0.1)) / 3, 6);
  expect(f.accuracy).toBeCloseTo(1 / 3);
});

it('stays finite for answers that are sure and wrong', () => {
  expect(measure([0], [1]).loss).toBeCloseTo(16.118, 2);
});
