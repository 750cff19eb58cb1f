/** Random numbers: reproducible, in range, and distributed as they should be. */
import { beforeAll, describe, expect, it } from 'vitest';
import { availableBackends, setBackend } from '../backends/registry.ts';
import type { GradloomError } from '../errors.ts';
import * as np from './index.ts';

beforeAll(() => {
  setBackend('reference');
});

const mean = (v: ArrayLike<number>): number => Array.from(v).reduce((a, b) => a + b, 0) / v.length;
const sorted = (v: Iterable<number>): number[] => [...v].sort((a, b) => a - b);
const codeOf = (f: () => unknown): string => {
  try {
    f();
  } catch (e) {
    return (e as GradloomError).code;
  }
  return 'nothing thrown';
};

describe('a seed', () => {
  const draw = (seed: number): unknown[] => {
    const g = np.random.defaultRng(seed);
    return [
      g.random([3]),
      g.uniform(-1, 1, [2, 2]),
      g.normal(1, 2, 4),
      g.integers(0, 100, 5),
      g.permutation(6),
      g.choice(10, 4),
    ].map((t) => t.arraySync());
  };
  it('decides everything that is drawn, whatever is read in between', () => {
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    const g = np.random.defaultRng(7);
    const [a, b] = [g.random(3), g.random(3)];
    b.realize();
    expect(a.arraySync()).toEqual(draw(7)[0]);
    expect(b.arraySync()).not.toEqual(a.arraySync());
  });
  it('gives the same whole numbers and uniform ones on every backend', () => {
    const exact = (): unknown[] => {
      const g = np.random.defaultRng(3);
      return [g.random(5), g.integers(-50, 50, 7), g.permutation(9)].map((t) => t.arraySync());
    };
    const want = exact();
    for (const name of availableBackends()) {
      setBackend(name);
      expect(exact()).toEqual(want);
    }
    setBackend('reference');
  });
  it('of the module: seed', () => {
    const all = (): unknown[] =>
      [
        np.random.rand(2, 2),
        np.random.randn(3),
        np.random.randint(0, 9, [4]),
        np.random.uniform(0, 1, 2),
        np.random.normal(0, 1, 2),
        np.random.permutation(5),
        np.random.shuffle([1, 2, 3]),
        np.random.choice([5, 6, 7], 2),
      ].map((t) => t.arraySync());
    np.random.seed(1);
    const first = all();
    np.random.seed(1);
    expect(all()).toEqual(first);
    expect(all()).not.toEqual(first);
  });
  it('missing: two generators differ', () => {
    const [a, b] = [np.random.defaultRng(), np.random.defaultRng()];
    expect(a.random(4).arraySync()).not.toEqual(b.random(4).arraySync());
  });
  it('must be a whole number of 0 or more', () => {
    expect(codeOf(() => np.random.defaultRng(-1))).toBe('argument');
    expect(codeOf(() => np.random.seed(0.5))).toBe('argument');
    expect(
      np.random
        .defaultRng(2 ** 40)
        .random(2)
        .arraySync(),
    ).not.toEqual(np.random.defaultRng(0).random(2).arraySync());
  });
});

describe('distributions', () => {
  const n = 20_000;
  const g = np.random.defaultRng(5);
  it('uniform', () => {
    const u = g.uniform(-2, 3, [n]).dataSync();
    expect(Math.min(...u)).toBeGreaterThanOrEqual(-2);
    expect(Math.max(...u)).toBeLessThan(3.0001);
    expect(mean(u)).toBeCloseTo(0.5, 1);
    expect(mean(u.map((v) => (v - 0.5) ** 2))).toBeCloseTo(25 / 12, 1);
  });
  it('normal', () => {
    const z = g.normal(3, 2, [n]).dataSync();
    expect(z.every(Number.isFinite)).toBe(true);
    expect(mean(z)).toBeCloseTo(3, 1);
    expect(Math.sqrt(mean(z.map((v) => (v - 3) ** 2)))).toBeCloseTo(2, 1);
    expect(mean(z.map((v) => ((v - 3) / 2) ** 4))).toBeGreaterThan(2.7);
  });
  it('integers', () => {
    const k = g.integers(-3, 4, [n]);
    expect(k.dtype).toBe('int32');
    const counts = np.bincount(k.add(3)).dataSync();
    expect(counts.length).toBe(7);
    for (const c of counts) expect(c / n).toBeCloseTo(1 / 7, 1);
    expect(np.max(g.integers(5, null, 100)).item()).toBe(4);
    expect(np.max(g.integers(0, 1, 100, { endpoint: true })).item()).toBe(1);
    expect(g.integers(-(2 ** 31), 2 ** 31, 3).shape).toEqual([3]);
  });
  it('exponential', () => {
    expect(mean(g.exponential(2, [n]).dataSync())).toBeCloseTo(2, 0);
  });
  it('choice with and without repetition, and with weights', () => {
    expect(new Set(g.choice(10, { size: 10, replace: false }).dataSync()).size).toBe(10);
    const weighted = g.choice([1, 2, 3], { size: n, p: [0.5, 0, 0.5] } as never).dataSync();
    expect([...new Set(weighted)].sort()).toEqual([1, 3]);
    expect(mean(weighted)).toBeCloseTo(2, 1);
    expect(np.random.choice(5).shape).toEqual([]);
  });
});

describe('orders', () => {
  const g = np.random.defaultRng(11);
  it('permutation and shuffle keep every element, and rows together', () => {
    expect(sorted(g.permutation(50).dataSync())).toEqual([...Array(50).keys()]);
    const rows = np.arange(20).reshape([10, 2]);
    const shuffled = g.shuffle(rows).arraySync() as number[][];
    expect(sorted(shuffled.map((r) => r[0]))).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
    expect(shuffled.every(([a, b]) => b === a + 1)).toBe(true);
    expect(g.permutation(0).shape).toEqual([0]);
  });
});

describe('shapes and dtypes', () => {
  it('a number, a list, nothing', () => {
    const g = np.random.defaultRng(0);
    expect(
      [g.random(), g.random(3), g.random([2, 0]), np.random.rand()].map((t) => t.shape),
    ).toEqual([[], [3], [2, 0], []]);
    expect(g.random(2, { dtype: 'float64' }).dtype).toBe('float64');
  });
  it.each<[string, () => unknown, string]>([
    ['low >= high', () => np.random.randint(5, 5, 1), 'range'],
    ['fractions', () => np.random.randint(0, 1.5, 1), 'range'],
    ['a negative deviation', () => np.random.normal(0, -1, 1), 'argument'],
    ['a negative size', () => np.random.rand(-1), 'shape'],
    ['an integer dtype for floats', () => np.random.random(1, { dtype: 'int32' }), 'dtype'],
    [
      'too many without repetition',
      () => np.random.choice(3, { size: 4, replace: false }),
      'argument',
    ],
    ['shares that do not add up', () => np.random.choice(2, { p: [0.5, 0.4] }), 'argument'],
    ['negative shares', () => np.random.choice(2, { p: [1.5, -0.5] }), 'argument'],
    ['too few shares', () => np.random.choice(3, { p: [0.5, 0.5] }), 'shape'],
    ['nothing to choose from', () => np.random.choice([], 1), 'empty'],
  ])('refuses %s', (_, f, code) => {
    expect(codeOf(f)).toBe(code);
  });
});
