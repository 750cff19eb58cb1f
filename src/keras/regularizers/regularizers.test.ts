import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { grad, type Tensor, tensor } from '../../tensor/index.ts';
import { getRegularizer, L1, L1L2, L2, l1, l1L2, l2, type Regularizer } from './index.ts';

beforeAll(() => {
  setBackend('reference');
});

const w = tensor([
  [0.5, -1.5, 0],
  [2, -0.25, 0.001],
]);

describe('penalties and gradients are those of Keras', () => {
  // keras.regularizers on JAX, for w above.
  const cases: [string, Regularizer, number, number[]][] = [
    ['L1()', new L1(), 0.04251, [0.01, -0.01, 0.01, 0.01, -0.01, 0.01]],
    ['L2()', new L2(), 0.065625004, [0.01, -0.03, 0, 0.04, -0.005, 2e-5]],
    ['L1(0.3)', new L1(0.3), 1.2753, [0.3, -0.3, 0.3, 0.3, -0.3, 0.3]],
    ['L2(0.3)', new L2({ l2: 0.3 }), 1.9687504, [0.3, -0.9, 0, 1.2, -0.15, 0.0006]],
    [
      'L1L2(0.1, 0.2)',
      new L1L2({ l1: 0.1, l2: 0.2 }),
      1.7376002,
      [0.3, -0.7, 0.1, 0.9, -0.2, 0.1004],
    ],
    ['L1L2()', new L1L2(), 0, [0, 0, 0, 0, 0, 0]],
  ];
  for (const [name, r, value, gradient] of cases) {
    it(name, () => {
      expect(r.call(w).item()).toBeCloseTo(value, 6);
      const g = (grad((x: Tensor) => r.call(x))(w) as Tensor).dataSync();
      gradient.forEach((v, i) => {
        expect(g[i]).toBeCloseTo(v, 6);
      });
    });
  }
});

describe('getRegularizer', () => {
  it('knows every spelling, instance and function', () => {
    expect(getRegularizer('L2')?.getConfig()).toEqual({ l2: 0.01 });
    expect(getRegularizer('l1_l2')?.getConfig()).toEqual({ l1: 0.01, l2: 0.01 });
    expect(getRegularizer(null)).toBe(undefined);
    const own = l1L2({ l1: 0.5 });
    expect(getRegularizer(own)).toBe(own);
    expect(
      getRegularizer((x) => x.max())
        ?.call(w)
        .item(),
    ).toBe(2);
  });
  it('refuses the rest', () => {
    expect(() => getRegularizer('l3')).toThrow('Unknown regularizer "l3". Did you mean');
    expect(() => getRegularizer(0.01 as never)).toThrow('such as l2(0.01)');
    expect(() => l2(-0.1)).toThrow('l2 must be a number of 0 or more; received -0.1');
    expect(() => l1({ l1: Number.NaN })).toThrow('received NaN');
    expect(() => l2('0.1' as never)).toThrow('received 0.1');
    expect(() => l1({ l2: 1 } as never)).toThrow('L1 has no option "l2"');
  });
});
