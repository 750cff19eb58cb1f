import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { grad, type Tensor, tensor } from '../../tensor/index.ts';
import { dense, input } from '../layers/index.ts';
import { setMask } from '../layers/mask.ts';
import { sequential } from '../models/sequential.ts';
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
interface Masked {
  name: string;
  loss: string;
  config: Record<string, unknown>;
  yTrue: GoldenArray;
  yPred: GoldenArray;
  mask: GoldenArray;
  sampleWeight: GoldenArray | null;
  results: { reduction: string; value: GoldenArray; gradient: GoldenArray }[];
}
const { cases, masked } = readGoldens<{ cases: Case[]; masked: Masked[] }>('losses');
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

describe('predictions with a mask: values and gradients are those of Keras', () => {
  for (const c of masked) {
    it(c.name, () => {
      const t = toTensor(c.yTrue);
      const w = c.sampleWeight === null ? null : toTensor(c.sampleWeight);
      const mask = toTensor(c.mask);
      for (const { reduction, value, gradient } of c.results) {
        const loss = new classes[c.loss](camelOptions({ ...c.config, reduction }));
        const apply = (x: Tensor): Tensor => {
          const p = x.mul(1);
          setMask(p, mask);
          return loss.apply(t, p, w);
        };
        expectClose(apply(toTensor(c.yPred)), value);
        expectClose(grad((x: Tensor) => apply(x).sum())(toTensor(c.yPred)) as Tensor, gradient);
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
  it('writes and reads losses and their options', () => {
    const names = Object.keys(losses).filter(
      (k) => /^[A-Z]/.test(k) && k !== 'Loss' && typeof classes[k] === 'function',
    );
    expect(names.length).toBeGreaterThan(20);
    for (const name of names) {
      const loss = new classes[name]({ name: 'own', reduction: 'sum' });
      const again = losses.deserialize(JSON.parse(JSON.stringify(losses.serialize(loss))));
      expect(again).toBeInstanceOf(classes[name]);
      expect(again.getConfig()).toEqual(loss.getConfig());
      expect(getLoss(name).name).not.toBe('own');
    }
    const huber = losses.Huber.fromConfig({ delta: 3, name: 'h' });
    expect(huber.getConfig()).toEqual({ name: 'h', reduction: 'sumOverBatchSize', delta: 3 });
    const circle = getLoss({ className: 'Circle', config: { gamma: 2 } });
    expect(circle.getConfig()).toMatchObject({ gamma: 2, margin: 0.4, removeDiagonal: true });
  });
  it('functions take arrays, and options by name', () => {
    expect(losses.huber([[0, 0]], [[1, 3]], { delta: 2 }).arraySync()).toEqual([2.25]);
    expect(losses.meanAbsolutePercentageError([[2]], [[3]]).arraySync()).toEqual([50]);
    expect(losses.get('mape')).toBeInstanceOf(losses.MeanAbsolutePercentageError);
    expect(losses.get('KLD')).toBeInstanceOf(losses.KLDivergence);
    const o = {
      refLabels: [0, 1],
      refEmbeddings: [
        [1, 0],
        [0, 1],
      ],
      gamma: 1,
    };
    const apart = losses.circle(
      tensor([0, 1], { dtype: 'int32' }),
      [
        [1, 0],
        [0, 1],
      ],
      o,
    );
    const wrong = losses.circle(
      tensor([1, 0], { dtype: 'int32' }),
      [
        [1, 0],
        [0, 1],
      ],
      o,
    );
    expect(apart.dataSync()[0]).toBeLessThan(wrong.dataSync()[0]);
  });
  it('takes targets of every dtype', () => {
    const p = tensor([
      [0.9, 0.2],
      [0.4, 0.6],
    ]);
    const t = tensor([
      [1, 0],
      [0, 1],
    ]);
    for (const id of ['bce', 'mse', 'hinge', 'dice', 'kld', 'categoricalFocalCrossentropy']) {
      const want = getLoss(id).apply(t, p).item();
      for (const dtype of ['bool', 'uint8', 'int32', 'uint32', 'float64'])
        expect(getLoss(id).apply(t.astype(dtype), p).item(), `${id} ${dtype}`).toBe(want);
    }
    for (const dtype of ['uint8', 'uint32', 'float64'])
      expect(
        getLoss('crossentropy')
          .apply(tensor([0, 1]).astype(dtype), p)
          .item(),
      ).toBe(getLoss('crossentropy').apply(t, p).item());
  });
  it('computes in the dtype asked for', () => {
    const loss = new losses.MeanSquaredError({ dtype: 'float64' });
    const value = loss.apply([[1 / 3]], tensor([[0]]));
    expect(value.dtype).toBe('float64');
    expect(loss.getConfig().dtype).toBe('float64');
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
  it('options', () => {
    const make = (f: () => unknown, message: string) => expect(f).toThrow(message);
    make(() => new losses.Huber({ delta: Number.NaN }), 'Huber: delta must be a number');
    make(() => new losses.Huber({ dleta: 1 } as never), 'Did you mean "delta"?');
    make(() => losses.huber([1], [1], { dleta: 1 } as never), 'huber has no option "dleta"');
    make(() => new losses.Tversky({ alpha: 'a' } as never), 'alpha must be a number');
    make(() => new losses.CategoricalGeneralizedCrossEntropy({ q: 1 }), 'q lies between 0 and 1');
    make(() => new losses.MeanSquaredError({ dtype: 'int32' }), 'dtype must be a float type');
    make(() => getLoss({ className: 'Hubber', config: {} }), 'Did you mean "huber"?');
  });
  it('labels on the host', async () => {
    const y = (...v: number[]) => tensor(v);
    const ce = getLoss('crossentropy');
    const sparse = new losses.SparseCategoricalCrossentropy({ ignoreClass: -1 });
    for (const loss of [ce, getLoss('categoricalGeneralizedCrossEntropy'), sparse]) {
      await expect(loss.checkTargets('fit', y(0, 3), [2, 3])).rejects.toThrow(
        "fit: label 3 (sample 1) is not one of the model's 3 classes, 0 to 2.",
      );
      await loss.checkTargets('fit', y(0, 2), [2, 3]);
    }
    await sparse.checkTargets('fit', y(-1, 2), [2, 3]);
    await expect(ce.checkTargets('fit', y(0.5), [1, 3])).rejects.toThrow('label 0.5');
    // One-hot targets, and those of one output, are no labels.
    expect(ce.checkTargets('fit', tensor([[0, 7, 0]]), [1, 3])).toBeUndefined();
    expect(ce.checkTargets('fit', tensor([[7]]), [1, 1])).toBeUndefined();
    for (const id of ['hinge', 'squaredHinge']) {
      const loss = getLoss(id);
      await loss.checkTargets('fit', y(0, 1, 1), [3, 1]);
      await loss.checkTargets('fit', y(-1, 1, -1), [3, 1]);
      await expect(loss.checkTargets('fit', y(1, 2), [2, 1])).rejects.toThrow(
        'label 2 (sample 1) is neither -1 nor 1',
      );
      await expect(loss.checkTargets('fit', y(1, 0, -1), [3, 1])).rejects.toThrow(
        'both 0 (sample 1) and -1 (sample 2)',
      );
    }
  });
  it('fit has losses look at labels first, and leaves the weights alone', async () => {
    const net = sequential([input({ shape: [2] }), dense(1)]);
    net.compile({ loss: losses.hinge, metrics: [losses.squaredHinge] });
    const x = tensor(new Float32Array(8), { shape: [4, 2] });
    const y = tensor([1, -1, 1, 2]);
    await net.fit(x, y, { verbose: 0 });
    net.compile({ loss: 'hinge', metrics: ['hinge'] });
    const before = net.getWeights().map((w) => w.arraySync());
    await expect(net.fit(x, y, { verbose: 0 })).rejects.toThrow('fit: label 2 (sample 3)');
    expect(net.getWeights().map((w) => w.arraySync())).toEqual(before);
  });
  it('classes, masks and weights that do not fit', () => {
    const p = tensor(new Float32Array(6), { shape: [2, 3] });
    const focal = new losses.CategoricalFocalCrossentropy({ alpha: [1, 2] });
    expect(() => focal.apply(p, p)).toThrow('alpha has 2 weights, but the predictions 3 classes');
    expect(() => getLoss('dice').apply([1, 2, 3], p)).toThrow('dice: targets have shape (3,)');
    expect(() => getLoss('circle').apply([1, 2, 3], p)).toThrow('labels of shape (2,)');
    expect(() => getLoss('circle').apply([1, 2], [1, 2])).toThrow('(batch, dimensions)');
    expect(() => getLoss('categoricalGeneralizedCrossEntropy').apply([1, 2, 3], p)).toThrow(
      'integer targets of shape (2,)',
    );
    const q = p.mul(1);
    setMask(q, tensor([true, false, true]));
    expect(() => getLoss('mse').apply(p, q)).toThrow('the mask has shape (3,)');
  });
  it('CTC: shapes, and labels that cannot be said in so few steps', async () => {
    const p = tensor(new Float32Array(12), { shape: [1, 3, 4] });
    const ctc = new losses.CTC();
    expect(() => ctc.apply([1, 2], p)).toThrow('ctc: labels of shape (batch, labels) and logits');
    expect(() => ctc.apply([[1]], [[1, 2]])).toThrow('received (1, 1) and (1, 2)');
    // Between two of the same there must be a blank.
    expect(ctc.apply([[1, 1, 2]], p).item()).toBeGreaterThan(9e4);
    expect(ctc.apply([[1, 2, 3]], p).item()).toBeLessThan(10);
    await expect(ctc.checkTargets('fit', tensor([[1, 4]]), [1, 3, 4])).rejects.toThrow('label 4');
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
