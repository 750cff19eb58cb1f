import { beforeAll, describe, expect, it, vi } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { compile, type Tensor, tensor } from '../../tensor/index.ts';
import { setMask } from '../layers/mask.ts';
import { camelOptions, expectClose, type GoldenArray, readGoldens, toTensor } from '../testing.ts';
import * as metrics from './index.ts';

interface Case {
  name: string;
  metric: string;
  config: Record<string, unknown>;
  empty: GoldenArray | null;
  updates: {
    values?: GoldenArray;
    yTrue?: GoldenArray;
    yPred?: GoldenArray;
    sampleWeight: GoldenArray | null;
    result: GoldenArray;
  }[];
  variables: GoldenArray[];
}
interface Masked {
  name: string;
  metric: string;
  config: Record<string, unknown>;
  yTrue: GoldenArray;
  yPred: GoldenArray;
  mask: GoldenArray;
  sampleWeight: GoldenArray | null;
  results: GoldenArray[];
}
const { cases, masked } = readGoldens<{ cases: Case[]; masked: Masked[] }>('metrics');
const classes = metrics as unknown as Record<string, new (o: object) => metrics.Metric>;
const { getMetric } = metrics;

beforeAll(() => {
  setBackend('reference');
  // IoU says that it cuts weights to whole numbers.
  vi.spyOn(console, 'warn').mockReturnValue();
});

describe('results and states are those of Keras', () => {
  for (const c of cases) {
    it(c.name, () => {
      const metric = new classes[c.metric](camelOptions(c.config));
      for (let round = 0; round < 2; round++) {
        if (c.empty !== null && round === 0) expectClose(metric.result(), c.empty, 0, 0);
        for (const u of c.updates) {
          const w = u.sampleWeight === null ? null : toTensor(u.sampleWeight);
          if (u.values !== undefined) (metric as metrics.Mean).updateState(toTensor(u.values), w);
          else metric.updateState(toTensor(u.yTrue!), toTensor(u.yPred!), w);
          expectClose(metric.result(), u.result);
        }
        metric.state.forEach((s, i) => {
          // Keras on float32 has 1e-6 left where sums cancel.
          expectClose(s, c.variables[i], 1e-5, 5e-6);
        });
        metric.resetState();
      }
    });
  }
});

describe('masked predictions: results are those of Keras', () => {
  for (const c of masked) {
    it(c.name, () => {
      const metric = new classes[c.metric](camelOptions(c.config));
      for (const r of c.results) {
        const p = toTensor(c.yPred);
        setMask(p, toTensor(c.mask));
        const w = c.sampleWeight === null ? null : toTensor(c.sampleWeight);
        expectClose(metric.apply(toTensor(c.yTrue), p, w), r);
      }
    });
  }
});

it('a metric is a pure function of its state, which compiles', () => {
  const m = new metrics.RootMeanSquaredError();
  const step = compile((total: Tensor, count: Tensor, t: Tensor, p: Tensor) => {
    const state = m.update([total, count], t, p);
    return [...state, m.result(state)];
  });
  const out = step(tensor(2), tensor(2), tensor([1, 2]), tensor([2, 4])) as Tensor[];
  expect(out.map((t) => t.item())).toEqual([7, 4, Math.fround(Math.sqrt(7 / 4))]);
});

describe('getMetric', () => {
  const shapes = (outputShape: (number | null)[], targetShape: (number | null)[]) => ({
    outputShape,
    targetShape,
  });
  const one = shapes([null, 1], [null]);
  const labels = shapes([null, 3], [null]);
  const column = shapes([null, 3], [null, 1]);
  const oneHot = shapes([null, 3], [null, 3]);
  it('resolves accuracy and crossentropy by the shapes, and keeps their name', () => {
    for (const id of ['accuracy', 'acc']) {
      expect(getMetric(id, one)).toBeInstanceOf(metrics.BinaryAccuracy);
      expect(getMetric(id, labels)).toBeInstanceOf(metrics.SparseCategoricalAccuracy);
      expect(getMetric(id, column)).toBeInstanceOf(metrics.SparseCategoricalAccuracy);
      expect(getMetric(id, oneHot)).toBeInstanceOf(metrics.CategoricalAccuracy);
      expect(getMetric(id, oneHot).name).toBe(id);
    }
    for (const id of ['crossentropy', 'ce']) {
      expect(getMetric(id, one)).toBeInstanceOf(metrics.BinaryCrossentropy);
      expect(getMetric(id, labels)).toBeInstanceOf(metrics.SparseCategoricalCrossentropy);
      expect(getMetric(id, oneHot)).toBeInstanceOf(metrics.CategoricalCrossentropy);
      expect(getMetric(id, one).name).toBe(id);
    }
  });
  it('knows every spelling, alias, instance and function', () => {
    for (const id of ['meanSquaredError', 'mean_squared_error', 'MeanSquaredError'])
      expect(getMetric(id, one).name).toBe('mean_squared_error');
    expect(getMetric('mse', one)).toBeInstanceOf(metrics.MeanSquaredError);
    expect(getMetric('mse', one).name).toBe('mse');
    const own = new metrics.BinaryAccuracy({ name: 'right', threshold: 0 });
    expect(getMetric(own, one)).toBe(own);
    expect(own.getConfig()).toEqual({ name: 'right', threshold: 0 });
    const fn = getMetric(function largestError(t, p) {
      return t.sub(p).abs().max(-1);
    }, one);
    fn.updateState([[1, 5]], [[2, 2]]);
    expect([fn.name, fn.result().item()]).toEqual(['largest_error', 3]);
  });
});

describe('bad input', () => {
  const context = { outputShape: [null, 3], targetShape: [null] };
  it('ids and options', () => {
    expect(() => getMetric('acuracy', context)).toThrow('Did you mean "accuracy"?');
    expect(() => getMetric(1 as never, context)).toThrow('A metric is an id');
    expect(() => new metrics.BinaryAccuracy({ treshold: 1 } as never)).toThrow('"threshold"');
    expect(() => new metrics.BinaryAccuracy({ threshold: Number.NaN })).toThrow('received NaN');
    expect(() => new metrics.Mean({ nam: 'x' } as never)).toThrow('Did you mean "name"?');
  });
  it('shapes', () => {
    const p = tensor(new Float32Array(6), { shape: [2, 3] });
    expect(() => metrics.sparseCategoricalAccuracy(tensor([1, 2, 3]), p)).toThrow(
      'targets of shape (2,) were expected for predictions (2, 3); received (3,)',
    );
    expect(() => metrics.categoricalAccuracy(tensor([1, 2]), p)).toThrow(
      'targets have shape (2,) but predictions (2, 3)',
    );
    expect(() => new metrics.MeanSquaredError().updateState(p, p, [1, 2, 3])).toThrow(
      'sampleWeight has shape (3,)',
    );
  });
});
