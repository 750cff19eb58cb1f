import { describe, expect, it } from 'vitest';
import { datasets, makeData } from './data.ts';

describe.each(datasets)('%s', (name) => {
  it('is the same for the same seed, and another for another', () => {
    const o = { name, noise: 0.1, count: 60, seed: 3 };
    expect(makeData(o)).toEqual(makeData(o));
    expect(makeData(o).train.places).not.toEqual(makeData({ ...o, seed: 4 }).train.places);
  });

  it('holds both classes alike, in the plane, and other points to test with', () => {
    const { train, test } = makeData({ name, noise: 0, count: 100, seed: 1 });
    expect(train.classes.reduce((a, b) => a + b)).toBe(50);
    expect(Math.max(...train.places.map(Math.abs))).toBeLessThanOrEqual(1);
    expect(test.classes).toHaveLength(200);
    expect(test.places.slice(0, 200)).not.toEqual(train.places);
  });

  it('keeps the classes apart without noise', () => {
    const { train, test } = makeData({ name, noise: 0, count: 400, seed: 2 });
    // The nearest training point says what a test point is.
    let right = 0;
    for (let i = 0; i < test.classes.length; i++) {
      let best = Number.POSITIVE_INFINITY;
      let said = -1;
      for (let j = 0; j < train.classes.length; j++) {
        const d = Math.hypot(
          test.places[2 * i] - train.places[2 * j],
          test.places[2 * i + 1] - train.places[2 * j + 1],
        );
        if (d < best) [best, said] = [d, train.classes[j]];
      }
      if (said === test.classes[i]) right++;
    }
    expect(right / test.classes.length).toBeGreaterThan(0.97);
  });
});

it('noise scatters the points', () => {
  const radius = (noise: number): number => {
    const { train } = makeData({ name: 'circles', noise, count: 200, seed: 1 });
    let off = 0;
    for (let i = 0; i < 200; i++) {
      const r = Math.hypot(train.places[2 * i], train.places[2 * i + 1]);
      off += Math.abs(r - (train.classes[i] === 0 ? 0.85 : 0.4)) / 200;
    }
    return off;
  };
  expect(radius(0)).toBeLessThan(1e-6);
  expect(radius(0.2)).toBeGreaterThan(0.1);
});
