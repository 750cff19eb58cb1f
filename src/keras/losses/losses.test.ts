import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { grad, type Tensor, tensor } from '../../tensor/index.ts';
import { camelOptions, expectClose, type GoldenArray, readGoldens, toTensor } from '../testing.ts';
import * as losses from './index.ts';

interface Case {
  name: string;
  loss: string;
  config: Record<string, unknown>;
  yTrue: GoldenArray;
  yPred: GoldenArray;
  sampleWeights: Record<string, GoldenArray>;
  results: { reduction: string; weights: string; value: GoldenArray; gradient: GoldenArray }[];
}
const { cases } = readGoldens<{ cases: Case[] }>('losses');
const classes = losses as unknown as Record<string, new (o: object) => losses.Loss>;
const { getLoss } = losses;

beforeAll(() => {
  setBackend('reference');
});

describe('values and gradients are those of Keras', () => {
  for (const c of cases) {
    it(c.name, () => {
      const [t, p] = [toTensor(c.yTrue), toTensor(c.yPred)];
      for (const { reduction, weights, value, gradient } of c.results) {
        const loss = new classes[c.loss](camelOptions({ ...c.config, reduction }));
        const w = weights === 'none' ? null : toTensor(c.sampleWeights[weights]);
        expectClose(loss.apply(t, p, w), value);
        const g = grad((x: Tensor) => loss.apply(t, x, w).sum())(p) as Tensor;
        expectClose(g, gradient);
      }
    });
  }
});

describe('getLoss', () => {
  const p = tensor([
    [0.7, 0.2, 0.1],
    [0.1, 0.1, 0.8],
  ]);
  it('knows every spelling, alias, instance and function', () => {
    for (const id of ['meanSquaredError', 'mean_squared_error', 'MeanSquaredError', 'mse', 'MSE'])
      expect(getLoss(id)).toBeInstanceOf(losses.MeanSquaredError);
    const own = new losses.BinaryCrossentropy();
    expect(getLoss(own)).toBe(own);
    const fn = getLoss(function halfError(t, q) {
      return t.sub(q).abs().mean(-1).mul(0.5);
    });
    expect(fn.name).toBe('half_error');
    expect(fn.apply([[1, 2]], [[2, 4]]).item()).toBe(0.75);
  });
  it('"crossentropy" goes by the shapes', () => {
    const ce = getLoss('crossentropy');
    const labels = tensor([0, 2], { dtype: 'int32' });
    const sparse = getLoss('sparseCategoricalCrossentropy').apply(labels, p).item();
    expect(ce.apply(labels, p).item()).toBe(sparse);
    expect(ce.apply(labels.expandDims(-1), p).item()).toBe(sparse);
    const oneHot = [
      [1, 0, 0],
      [0, 0, 1],
    ];
    expect(ce.apply(oneHot, p).item()).toBeCloseTo(sparse, 6);
    expect(ce.apply([1, 0], [[0.9], [0.2]]).item()).toBeCloseTo(
      -(Math.log(0.9) + Math.log(0.8)) / 2,
      6,
    );
  });
  it('can be extended', () => {
    class Largest extends losses.Loss {
      call(t: Tensor, q: Tensor): Tensor {
        return t.sub(q).abs().max(-1);
      }
    }
    const loss = new Largest({ reduction: 'sum' });
    expect(loss.name).toBe('largest');
    expect(loss.apply([[1, 5]], [[2, 2]], [2]).item()).toBe(6);
    expect(loss.getConfig()).toEqual({ name: 'largest', reduction: 'sum' });
  });
});

describe('labels outside the classes', () => {
  it('give 0, as in Keras on JAX', () => {
    for (const fromLogits of [false, true]) {
      const loss = new losses.SparseCategoricalCrossentropy({ fromLogits, reduction: 'none' });
      const values = loss.apply(tensor([-1, 3, 0], { dtype: 'int32' }), [
        [0.5, 0.3, 0.2],
        [0.5, 0.3, 0.2],
        [0.5, 0.3, 0.2],
      ]);
      expect([...values.dataSync()].map((v) => v > 0)).toEqual([false, false, true]);
    }
  });
  it('nothing left of the ignored class is 0', () => {
    const loss = new losses.SparseCategoricalCrossentropy({ ignoreClass: 1 });
    expect(
      loss
        .apply(tensor([1, 1], { dtype: 'int32' }), [
          [0.5, 0.5],
          [0.1, 0.9],
        ])
        .item(),
    ).toBe(0);
  });
});

describe('bad input', () => {
  it('ids and options', () => {
    expect(() => getLoss('mean_sqared_error')).toThrow('Did you mean "meanSquaredError"?');
    expect(() => getLoss(null as never)).toThrow('A loss is an id');
    expect(() => new losses.MeanSquaredError({ reduction: 'avg' })).toThrow('Unknown reduction');
    expect(() => new losses.BinaryCrossentropy({ labelSmoothing: 2 })).toThrow('between 0 and 1');
    expect(() => new losses.CategoricalCrossentropy({ fromLogit: true } as never)).toThrow(
      'Did you mean "fromLogits"?',
    );
  });
  it('shapes', () => {
    const p = tensor(new Float32Array(6), { shape: [2, 3] });
    expect(() => getLoss('mse').apply([1, 2, 3], p)).toThrow(
      'targets have shape (3,) but predictions (2, 3)',
    );
    expect(() => getLoss('categoricalCrossentropy').apply([0, 1], p)).toThrow(
      'Integer labels want "sparseCategoricalCrossentropy"',
    );
    expect(() => getLoss('sparseCategoricalCrossentropy').apply(p, p)).toThrow(
      'One-hot targets want "categoricalCrossentropy"',
    );
    expect(() => getLoss('mse').apply(p, p, [1, 2, 3])).toThrow('sampleWeight has shape (3,)');
  });
});
