/** Input that is wrong in ways beyond those of training/bad-input.test.ts. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { availableBackends, setBackend } from '../backends/registry.ts';
import { type Tensor, tensor } from '../tensor/index.ts';
import * as keras from './index.ts';

const { layers } = keras;
const x = tensor(
  Float32Array.from({ length: 40 }, (_, i) => Math.sin(i)),
  { shape: [10, 4] },
);
const y = [0, 1, 2, 0, 1, 2, 0, 1, 2, 0];
const quiet = { verbose: 0 } as const;

function classifier(optimizer: string | keras.optimizers.Optimizer = 'sgd'): keras.Sequential {
  const m = keras.sequential([
    layers.dense(6, { activation: 'tanh', inputShape: [4] }),
    layers.dense(3, { activation: 'softmax', name: 'out' }),
  ]);
  m.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  return m;
}
const values = (ws: readonly Tensor[]): number[][] => ws.map((w) => [...w.dataSync()]);

beforeEach(() => {
  setBackend('reference');
});
afterEach(() => {
  vi.restoreAllMocks();
  setBackend('reference');
});

describe('shapes', () => {
  it('at build: the layer, what it expects and what came', () => {
    const bad = (): keras.Sequential =>
      keras.sequential([
        layers.input({ shape: [6] }),
        layers.reshape([4, 2], { name: 'fold' }),
        layers.dense(2),
      ]);
    expect(bad).toThrow(/Layer "fold" \(Reshape\) expects .*\(4, 2\); received shape \(None, 6\)/);
    expect(() => keras.sequential([layers.dense(2, { inputShape: [null], name: 'd' })])).toThrow(
      /"d" \(Dense\) expects a known last dimension; received shape \(None, None\)/,
    );
  });
  it('at predict, evaluate and trainOnBatch: what the model expects and what came', async () => {
    const m = classifier();
    for (const call of [
      m.predict([[1, 2]]),
      m.predictOnBatch([[1, 2]]),
      m.evaluate([[1, 2]], [0], quiet),
      m.trainOnBatch([[1, 2]], [0]),
      m.testOnBatch([[1, 2]], [0]),
    ])
      await expect(call).rejects.toMatchObject({
        code: 'layer-shape',
        message: expect.stringMatching(/expects inputs of shape \(None, 4\); received \(None, 2\)/),
      });
  });
  it('of sample weights', async () => {
    const m = classifier();
    await expect(m.evaluate(x, y, { ...quiet, sampleWeight: [1, 2, 3] })).rejects.toThrow(
      /x has 10 samples but sampleWeight has 3/,
    );
    await expect(m.trainOnBatch(x, y, { sampleWeight: 1 })).rejects.toThrow(/scalar/);
    await expect(
      m.trainOnBatch(x, y, { sampleWeight: y, classWeight: { 0: 1 } }),
    ).rejects.toMatchObject({ code: 'data' });
    const before = values(m.getWeights());
    const wide = Array.from({ length: 10 }, () => [1, 2, 3]);
    await expect(m.fit(x, y, { ...quiet, sampleWeight: wide })).rejects.toThrow(
      /sampleWeight has shape \(10, 3\), but the loss has values of shape \(10,\)/,
    );
    expect(values(m.getWeights())).toEqual(before);
  });
  it('of rows that differ in length', async () => {
    await expect(classifier().fit([[1, 2, 3, 4], [1]], [0, 1], quiet)).rejects.toThrow();
  });
});

describe('labels', () => {
  it('fractions, NaN and negative ones, wherever targets are taken', async () => {
    for (const bad of [0.5, Number.NaN, -1, 3]) {
      const m = classifier();
      const spoilt = [...y.slice(0, 9), bad];
      for (const call of [
        () => m.fit(x, spoilt, quiet),
        () => m.evaluate(x, spoilt, quiet),
        () => m.trainOnBatch(x, spoilt),
        () => m.testOnBatch(x, spoilt),
      ])
        await expect(call()).rejects.toMatchObject({
          code: 'label',
          message: expect.stringMatching(
            /\(sample 9\) is not one of the model's 3 classes, 0 to 2/,
          ),
        });
    }
  });
});

describe('options', () => {
  it('of evaluate and predict', async () => {
    const m = classifier();
    await expect(m.evaluate(x, y, { ...quiet, batchSize: 0 })).rejects.toThrow(/received 0/);
    await expect(m.predict(x, { batchSize: 1.5 })).rejects.toThrow(/received 1.5/);
    await expect(m.predict(x, { batchsize: 2 } as object)).rejects.toThrow(/mean "batchSize"/);
    await expect(m.evaluate(x, y, { returnDct: true } as object)).rejects.toThrow(
      /mean "returnDict"/,
    );
    await expect(m.evaluate(x.slice([0, 0]), [], quiet)).rejects.toThrow(/no samples/);
    await expect(m.trainOnBatch(x.slice([0, 0]), [])).rejects.toThrow(/no samples/);
  });
  it('ids of initializers, regularizers, losses and backends', () => {
    expect(() => layers.dense(2, { kernelInitializer: 'glorot_unifrom' })).toThrow(
      /Unknown initializer .*Did you mean "glorotUniform"/,
    );
    expect(() => layers.dense(2, { kernelRegularizer: 'l3' })).toThrow(/Unknown regularizer "l3"/);
    expect(() => new keras.losses.MeanSquaredError({ reduction: 'summ' })).toThrow(/mean "sum"/);
    expect(() => setBackend('nativ' as never)).toThrow(/nativ/);
    expect(() => keras.utils.setRandomSeed(-1)).toThrow(/A seed must be/);
    expect(() => keras.utils.setRandomSeed(1.5)).toThrow(/received 1.5/);
  });
});

describe('setWeights', () => {
  it('lists every mismatch and changes nothing', () => {
    const m = classifier();
    const before = values(m.getWeights());
    const [k, b, k2] = m.getWeights();
    for (const wrong of [
      [],
      [k, b, k2],
      [k, b, k2, [1, 2]],
      [k.mul(0), b, [[1]], [1, 2]],
      3 as never,
      null as never,
    ]) {
      expect(() => m.setWeights(wrong)).toThrow(expect.objectContaining({ code: 'weights' }));
      expect(values(m.getWeights())).toEqual(before);
    }
    expect(() => m.setWeights([k, b, [[1]], [1, 2]])).toThrow(
      /out\/kernel: expected \(6, 3\), received \(1, 1\); out\/bias: expected \(3,\), received \(2,\)/,
    );
    expect(() => m.getLayer('out').setWeights([k2])).toThrow(/2 arrays expected, 1 received/);
  });
});

describe('numbers that are none', () => {
  it('in y and in sample weights do not go unsaid', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const m = keras.sequential([layers.dense(1, { inputShape: [4] })]);
    m.compile({ loss: 'mse' });
    await m.fit(
      x,
      [...y.slice(1), Number.NaN].map((v) => [v]),
      quiet,
    );
    expect(warn.mock.calls.map(([t]) => t).join('\n')).toMatch(/y holds 1 value that is NaN/);
  });
  it('in x give NaN predictions, not wrong ones', async () => {
    const p = await classifier().predict([
      [1, 2, 3, 4],
      [1, Number.NaN, 3, 4],
    ]);
    const rows = p.arraySync() as number[][];
    expect(rows[0].reduce((a, v) => a + v)).toBeCloseTo(1, 6);
    expect(rows[1]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });
});

for (const backend of (['reference', 'wasm', 'native'] as const).filter((b) =>
  availableBackends().includes(b),
))
  describe(`fit aborted on ${backend}`, () => {
    it('rejects with `aborted`; weights are those of whole steps; training goes on', async () => {
      setBackend(backend);
      const abort = new AbortController();
      const m = classifier('adam');
      const twin = classifier('adam');
      twin.setWeights(m.getWeights());
      const stopAt = keras.callbacks.lambdaCallback({
        onTrainBatchEnd(batch) {
          if (batch === 2) abort.abort(new Error('enough'));
        },
      });
      const o = { ...quiet, batchSize: 2, shuffle: false, epochs: 1 };
      await expect(
        m.fit(x, y, { ...o, epochs: 100, callbacks: [stopAt], signal: abort.signal }),
      ).rejects.toMatchObject({
        code: 'aborted',
        cause: expect.objectContaining({ message: 'enough' }),
      });
      // Batches 0, 1 and 2 were trained on, and no other.
      await twin.fit(x, y, { ...o, stepsPerEpoch: 3 });
      expect(values(m.getWeights())).toEqual(values(twin.getWeights()));
      await m.fit(x, y, o);
      await twin.fit(x, y, o);
      expect(values(m.getWeights())).toEqual(values(twin.getWeights()));
      expect(m.optimizer.iterations.tensor.item()).toBe(8);
    });
    it('by a timer, too', async () => {
      setBackend(backend);
      const m = classifier();
      const signal = AbortSignal.timeout(60);
      await expect(m.fit(x, y, { ...quiet, epochs: 1e9, signal })).rejects.toMatchObject({
        code: 'aborted',
      });
      for (const w of values(m.getWeights())) expect(w.every(Number.isFinite)).toBe(true);
      await m.fit(x, y, quiet);
    });
  });
