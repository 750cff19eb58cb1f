import { beforeAll, describe, expect, it, vi } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { compile, type Tensor, tensor } from '../../tensor/index.ts';
import { clearSession } from '../config.ts';
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
      for (let round = 0; round < (c.name.endsWith(', weighted') ? 1 : 2); round++) {
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

describe('metrics of your own', () => {
  it('in the manner of Keras: variables of their own, and other metrics', () => {
    class Both extends metrics.Metric {
      readonly total = this.addVariable({ name: 'total' });
      readonly mean = new metrics.Mean();
      override updateState(t: Tensor, p: Tensor): void {
        this.total.assign(this.total.tensor.add(t.sub(p).abs().sum()));
        this.mean.updateState(p);
      }
      result(): Tensor {
        return this.total.tensor.add(this.mean.result());
      }
    }
    const m = new Both();
    expect([m.name, m.stateVariables.map((v) => v.path)]).toEqual(['both', ['both/total']]);
    expect(m.apply(tensor([1, 2]), tensor([3, 5])).item()).toBe(5 + 4);
    expect(m.apply(tensor([1]), tensor([1])).item()).toBe(5 + 3);
    m.resetState();
    expect(m.result().item()).toBe(0);
  });
  it('that do nothing say so', () => {
    class Idle extends metrics.Metric {
      result(): Tensor {
        return tensor(0);
      }
    }
    expect(() => new Idle().updateState(1, 1)).toThrow('Idle defines neither update nor');
  });
});

describe('names and configs', () => {
  it('are numbered by class where Keras numbers them', () => {
    clearSession();
    const names = [new metrics.Precision(), new metrics.Precision(), new metrics.AUC()].map(
      (m) => m.name,
    );
    expect(names).toEqual(['precision', 'precision_1', 'auc']);
    expect(new metrics.MeanIoU({ numClasses: 2 }).name).toBe('mean_io_u');
    expect([new metrics.F1Score().name, new metrics.F1Score().name]).toEqual([
      'f1_score',
      'f1_score',
    ]);
    expect(new metrics.LogCoshError().name).toBe('logcosh');
  });
  it('make the same metric again', () => {
    const options: Record<string, object> = {
      IoU: { numClasses: 4, targetClassIds: [1, 2], ignoreClass: 3 },
      OneHotIoU: { numClasses: 4, targetClassIds: [1, 2] },
      MeanIoU: { numClasses: 4 },
      OneHotMeanIoU: { numClasses: 4, dtype: 'float32' },
      SensitivityAtSpecificity: { specificity: 0.3 },
      SpecificityAtSensitivity: { sensitivity: 0.3 },
      PrecisionAtRecall: { recall: 0.3, classId: 2 },
      RecallAtPrecision: { precision: 0.3, numThresholds: 7 },
      AUC: { thresholds: [0.2, 0.5], curve: 'pr', multiLabel: true, numLabels: 3 },
      Precision: { topK: 3 },
      FBetaScore: { beta: 2, average: 'macro' },
    };
    const names = Object.keys(metrics).filter(
      (k) => /^[A-Z]/.test(k) && !['Metric', 'MeanMetricWrapper'].includes(k),
    );
    expect(names.length).toBeGreaterThanOrEqual(44);
    for (const name of names) {
      const m = new classes[name]({ ...options[name], name: 'own' });
      const again = metrics.deserialize(JSON.parse(JSON.stringify(metrics.serialize(m))));
      expect(again).toBeInstanceOf(classes[name]);
      expect(again.getConfig()).toEqual(m.getConfig());
      expect(again.getConfig()).toMatchObject(
        name === 'AUC' ? { curve: 'PR' } : (options[name] ?? {}),
      );
    }
    expect(metrics.get({ className: 'Recall', config: { topK: 2 } })).toBeInstanceOf(
      metrics.Recall,
    );
    expect(metrics.get('accuracy')).toBeInstanceOf(metrics.Accuracy);
    expect(metrics.get('f1_score').name).toBe('f1_score');
    expect(
      metrics
        .get('huber')
        .apply([[0]], [[2]])
        .item(),
    ).toBe(1.5);
    expect(metrics.MeanIoU.fromConfig({ numClasses: 3 }).numClasses).toBe(3);
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
  it('ranges', () => {
    const fails = (f: () => unknown, message: string) => expect(f).toThrow(message);
    fails(() => new metrics.Precision({ thresholds: [0.2, 1.2] }), 'between 0 and 1; received 1.2');
    fails(() => new metrics.Recall({ thresholds: [] }), 'thresholds is an empty list');
    fails(() => new metrics.Precision({ topK: 0 }), 'topK must be a whole number of 1 or more');
    fails(() => new metrics.AUC({ numThresholds: 1 }), 'numThresholds must be a whole number of 2');
    fails(() => new metrics.AUC({ curve: 'ROK' }), 'Did you mean "ROC"?');
    fails(() => new metrics.AUC({ summationMethod: 'majorring' }), 'Did you mean "majoring"?');
    fails(() => new metrics.AUC({ numLabels: 3 }), 'numLabels goes with multiLabel');
    fails(() => new metrics.RecallAtPrecision({ precision: 2 }), 'between 0 and 1; received 2');
    fails(() => new metrics.PrecisionAtRecall({} as never), 'recall must be a number');
    fails(() => new metrics.MeanIoU({} as never), 'numClasses must be a whole number');
    fails(() => new (metrics.IoU as never as new () => unknown)(), 'numClasses must be');
    fails(() => new metrics.IoU({ numClasses: 2, targetClassIds: [2] }), 'classes from 0 to 1');
    fails(() => new metrics.F1Score({ average: 'mirco' }), 'Did you mean "micro"?');
    fails(() => new metrics.FBetaScore({ beta: 0 }), 'beta must be a number above 0');
    fails(() => new metrics.F1Score({ threshold: 0 }), 'above 0 and at most 1');
    fails(() => new metrics.F1Score({ beta: 1 } as never), 'F1Score has no option "beta"');
    fails(() => new metrics.R2Score({ numRegressors: -1 }), 'numRegressors must be');
    fails(() => new metrics.TopKCategoricalAccuracy({ k: 0 }), 'k must be a whole number');
    fails(() => new metrics.Mean({ dtype: 'int32' }), 'must be a float type');
    fails(() => getMetric('mean_io_u', context), 'numClasses must be');
    fails(() => new metrics.F1Score().result(), 'has seen no batch yet');
  });
  it('class counts', () => {
    const fails = (f: () => unknown, message: string) => expect(f).toThrow(message);
    const p = tensor(new Float32Array(6), { shape: [2, 3] });
    fails(() => new metrics.Precision({ classId: 3 }).updateState(p, p), 'none of the 3 classes');
    fails(() => new metrics.Precision({ classId: 0 }).updateState([1], [1]), '(samples, classes)');
    fails(() => new metrics.Recall({ topK: 4 }).updateState(p, p), 'there are 3 predictions');
    fails(() => new metrics.AUC({ labelWeights: [1] }).updateState(p, p), 'has 1 weights');
    fails(
      () => new metrics.AUC({ multiLabel: true, numLabels: 2 }).updateState(p, p),
      '(batch, 2)',
    );
    fails(() => new metrics.AUC({ multiLabel: true }).updateState([1], [1]), '(batch, labels)');
    fails(
      () => new metrics.AUC({ multiLabel: true, labelWeights: [1] }).updateState(p, p),
      'has 1 weights, but the predictions 3 labels',
    );
    fails(() => new metrics.F1Score().updateState([1], [1]), '(batch, classes)');
    const f1 = new metrics.F1Score();
    f1.updateState(p, p);
    const q = tensor([[1, 0]]);
    fails(() => f1.updateState(q, q), 'predictions of 3 classes were expected');
    fails(() => new metrics.R2Score().updateState([1], [1]), '(batch, outputs)');
    const one = { numClasses: 2, sparseYPred: false };
    fails(() => new metrics.MeanIoU(one).updateState([0, 1], p), '3 classes along axis -1; 2 were');
    fails(
      () => new metrics.MeanIoU({ numClasses: 2 }).updateState([0], [0, 1]),
      'labels of shape (1,)',
    );
    fails(() => new metrics.TruePositives().updateState([1, 0, 1], p), 'targets have shape (3,)');
    fails(
      () => new metrics.TopKCategoricalAccuracy().updateState([1], p),
      'targets have shape (1,)',
    );
  });
  it('IoU says once that it cuts weights', () => {
    const warn = vi.mocked(console.warn);
    warn.mockClear();
    const iou = new metrics.MeanIoU({ numClasses: 2 });
    for (let i = 0; i < 2; i++) iou.updateState([0, 1], [0, 1], [0.5, 2]);
    expect(warn.mock.calls.map(([m]) => m)).toEqual([expect.stringContaining('cut: 0.5 weighs')]);
    expect(iou.state[0].arraySync()).toEqual([
      [0, 0],
      [0, 4],
    ]);
    warn.mockClear();
    new metrics.MeanIoU({ numClasses: 2, dtype: 'float32' }).updateState([0], [0], [0.5]);
    expect(warn).not.toHaveBeenCalled();
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
