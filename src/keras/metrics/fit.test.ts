/** Metrics and losses inside of training programs, on every backend. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { availableBackends, getBackend, setBackend } from '../../backends/registry.ts';
import { type Tensor, tensor } from '../../tensor/index.ts';
import * as keras from '../index.ts';
import type { Variable } from '../variable.ts';

const before = getBackend();
beforeAll(() => {
  vi.spyOn(console, 'warn').mockReturnValue();
});
afterAll(() => {
  setBackend(before);
});

/** Numbers between 0 and 1 that repeat from run to run. */
function numbers(n: number, seed: number): Float32Array {
  return Float32Array.from({ length: n }, (_, i) => {
    const s = Math.sin((i + 1) * 12.9898 + seed * 78.233) * 43758.5453;
    return s - Math.floor(s);
  });
}

const samples = 10;
const x = tensor(numbers(samples * 4, 1), { shape: [samples, 4] });
const weights = tensor(numbers(samples, 2));
const labels = [0, 2, 1, 1, 0, 2, 2, 0, 1, 0];
const oneHot = keras.utils.toCategorical(labels, 3);

function network(activation: string): keras.Sequential {
  const m = keras.sequential([
    keras.layers.input({ shape: [4] }),
    keras.layers.dense(3, { activation }),
  ]);
  m.setWeights([
    tensor(
      numbers(12, 3).map((v) => v - 0.5),
      { shape: [4, 3] },
    ),
    [0.1, -0.1, 0],
  ]);
  return m;
}

const m = keras.metrics;
/** Metrics of one-hot targets. */
const metrics: Record<string, () => keras.metrics.Metric> = {
  accuracy: () => new m.CategoricalAccuracy(),
  auc: () => new m.AUC({ numThresholds: 30 }),
  'auc of precision': () => new m.AUC({ curve: 'PR', thresholds: [0.2, 0.35, 0.4] }),
  'auc by label': () => new m.AUC({ multiLabel: true, labelWeights: [1, 2, 3] }),
  precision: () => new m.Precision({ thresholds: [0.2, 0.3, 0.4] }),
  'precision of the largest': () => new m.Precision({ topK: 2, classId: 1 }),
  recall: () => new m.Recall({ thresholds: 0.35 }),
  'true positives': () => new m.TruePositives({ thresholds: [0, 0.5, 1] }),
  'recall at precision': () => new m.RecallAtPrecision({ precision: 0.4 }),
  'top 2': () => new m.TopKCategoricalAccuracy({ k: 2 }),
  f1: () => new m.F1Score({ average: 'weighted' }),
  'f1 of each': () => new m.F1Score(),
  iou: () => new m.OneHotMeanIoU({ numClasses: 3 }),
  'iou in float32': () =>
    new m.OneHotIoU({ numClasses: 3, targetClassIds: [0, 2], dtype: 'float32' }),
  r2: () => new m.R2Score({ numRegressors: 1 }),
  cosine: () => new m.CosineSimilarity(),
  hinge: () => new m.CategoricalHinge(),
  pearson: () => new m.PearsonCorrelation(),
  'in float64': () => new m.MeanSquaredError({ dtype: 'float64' }),
  rmse: () => new m.RootMeanSquaredError(),
  own: () => new Own(),
};

/** A metric in Keras's manner: it keeps its variables, and other metrics, itself. */
class Own extends m.Metric {
  readonly total: Variable = this.addVariable({ name: 'total' });
  readonly each: Variable = this.addVariable({ name: 'each', shape: [3] });
  readonly inner: keras.metrics.Mean = new m.Mean();
  override updateState(t: Tensor, p: Tensor, w?: Tensor | null): void {
    const off = t.sub(p).abs();
    this.total.assign(this.total.tensor.add(off.sum()));
    this.each.assign(this.each.tensor.add(off.sum(0)));
    this.inner.updateState(off, w);
  }
  result(): Tensor {
    return this.each.tensor.max().add(this.total.tensor).add(this.inner.result());
  }
}

const mean = (t: Tensor): number => {
  const v = [...t.dataSync()];
  return v.reduce((a, b) => a + b, 0) / v.length;
};

describe.each(availableBackends())('on %s', (name) => {
  beforeAll(() => {
    setBackend(name);
  });

  it('metrics in evaluate are those of a batch after another by hand', async () => {
    const net = network('softmax');
    const names = Object.keys(metrics);
    const named = names.map((id) =>
      Object.assign(metrics[id](), { name: id.replaceAll(' ', '_') }),
    );
    const weighted = names.map((id) =>
      Object.assign(metrics[id](), { name: `w_${id.replaceAll(' ', '_')}` }),
    );
    net.compile({ loss: 'categoricalCrossentropy', metrics: named, weightedMetrics: weighted });
    // Twice: the second time starts from nothing again.
    for (let round = 0; round < 2; round++) {
      const logs = (await net.evaluate(x, oneHot, {
        batchSize: 4,
        verbose: 0,
        sampleWeight: weights,
        returnDict: true,
      })) as Record<string, number>;
      const p = net.call(x, { training: false }) as Tensor;
      for (const id of names)
        for (const weigh of [false, true]) {
          const hand = metrics[id]();
          for (let i = 0; i < samples; i += 4) {
            const rows = (t: Tensor): Tensor => t.slice([i, Math.min(i + 4, samples)]);
            hand.updateState(rows(oneHot), rows(p), weigh ? rows(weights) : null);
          }
          const key = `${weigh ? 'w_' : ''}${id.replaceAll(' ', '_')}`;
          expect(logs[key], key).toBeCloseTo(mean(hand.result()), 5);
        }
    }
  });
});
