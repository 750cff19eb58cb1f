/** What fit and its kin refuse, and what they say. */
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { tensor } from '../../tensor/index.ts';
import * as keras from '../index.ts';

const { layers } = keras;
beforeAll(() => {
  setBackend('reference');
});
afterEach(() => {
  vi.restoreAllMocks();
});

const x = Array.from({ length: 10 }, (_, i) => [i, i % 3, -i].map((v) => v / 10));
const y = Array.from({ length: 10 }, (_, i) => i % 4);
const oneHot = y.map((c) => [0, 1, 2, 3].map((k) => Number(k === c)));
function classifier(
  loss: keras.CompileOptions['loss'] = 'sparseCategoricalCrossentropy',
): keras.Sequential {
  const m = keras.sequential([layers.dense(4, { activation: 'softmax', inputShape: [3] })]);
  m.compile({ optimizer: 'sgd', loss, metrics: ['accuracy'] });
  return m;
}
const quiet = { verbose: 0 } as const;

describe('data that does not fit the model or itself', () => {
  it('wrong number of features', async () => {
    await expect(classifier().fit([[1, 2]], [0], quiet)).rejects.toMatchObject({
      code: 'layer-shape',
      message: expect.stringMatching(
        /fit: model "sequential.*" expects inputs of shape \(None, 3\); received \(None, 2\)/,
      ),
    });
    await expect(
      classifier().fit(x, y, { ...quiet, validationData: [[[1]], [0]] }),
    ).rejects.toThrow(
      /fit \(validationData\): model .* expects .* \(None, 3\); received \(None, 1\)/,
    );
  });
  it('flat typed arrays', async () => {
    await expect(classifier().fit(new Float32Array(30), y, quiet)).rejects.toThrow(
      /tensor\(data, \{ shape: \[samples, …\] \}\)/,
    );
  });
  it('lengths that differ', async () => {
    await expect(classifier().fit(x, y.slice(1), quiet)).rejects.toThrow(
      /x has 10 samples but y has 9/,
    );
    await expect(classifier().fit(x, y, { ...quiet, sampleWeight: [1, 2] })).rejects.toThrow(
      /x has 10 samples but sampleWeight has 2/,
    );
    await expect(
      classifier().fit(x, y, { ...quiet, validationData: [x, y.slice(1)] }),
    ).rejects.toThrow(/fit \(validationData\): x has 10 samples but y has 9/);
  });
  it('targets of another shape than the predictions', async () => {
    const m = keras.sequential([layers.dense(2, { inputShape: [3] })]);
    m.compile({ optimizer: 'sgd', loss: 'mse' });
    await expect(m.fit(x, oneHot, quiet)).rejects.toThrow(
      /targets have shape \(10, 4\) but predictions \(10, 2\)/,
    );
    // The failed call has left the model as it was.
    await m.fit(
      x,
      x.map((r) => r.slice(1)),
      quiet,
    );
  });
  it('validation targets of another shape', async () => {
    await expect(classifier().fit(x, y, { ...quiet, validationData: [x, oneHot] })).rejects.toThrow(
      /targets have shape \(None, 4\), but those trained on \(None,\)/,
    );
  });
  it('no samples, no batch dimension', async () => {
    const none = tensor(new Float32Array(0), { shape: [0, 3] });
    await expect(classifier().fit(none, [], quiet)).rejects.toThrow(/x holds no samples/);
    await expect(classifier().fit(3, [1], quiet)).rejects.toThrow(/received a scalar/);
    await expect(classifier().evaluate(none, [])).rejects.toThrow(/evaluate: x holds no samples/);
  });
  it('missing targets', async () => {
    await expect(classifier().fit(x, undefined as never, quiet)).rejects.toThrow(/y is missing/);
  });
});

describe('labels', () => {
  it('outside the classes', async () => {
    for (const [bad, shown] of [
      [4, '4'],
      [-1, '-1'],
      [0.5, '0.5'],
      [Number.NaN, 'NaN'],
    ] as const) {
      const labels = [...y];
      labels[6] = bad;
      await expect(classifier().fit(x, labels, quiet)).rejects.toMatchObject({
        code: 'label',
        message: `fit: label ${shown} (sample 6) is not one of the model's 4 classes, 0 to 3.`,
      });
      await expect(classifier().evaluate(x, labels, quiet)).rejects.toThrow(/evaluate: label/);
      await expect(classifier().trainOnBatch(x, labels)).rejects.toThrow(/trainOnBatch: label/);
      await expect(
        classifier().fit(x, y, { ...quiet, validationData: [x, labels] }),
      ).rejects.toThrow(/fit \(validationData\): label/);
    }
  });
  it.each<[string, keras.losses.LossLike]>([
    ['an alias', 'ce'],
    ['the function itself', keras.losses.sparseCategoricalCrossentropy],
  ])('whatever the loss is called by: %s', async (_, loss) => {
    await expect(classifier(loss).fit(x, [...y.slice(0, -1), 7], quiet)).rejects.toThrow(
      /fit: label 7 .* is not one of the model's 4 classes/,
    );
  });
  it('that are ignored may be anything', async () => {
    const loss = new keras.losses.SparseCategoricalCrossentropy({ ignoreClass: -1 });
    await classifier(loss).fit(x, [-1, ...y.slice(1)], quiet);
  });
  it('one-hot where numbers are wanted, and the other way about', async () => {
    await expect(classifier().fit(x, oneHot, quiet)).rejects.toThrow(
      /One-hot targets want "categoricalCrossentropy"/,
    );
    await expect(classifier('categoricalCrossentropy').fit(x, y, quiet)).rejects.toThrow(
      /Integer labels want "sparseCategoricalCrossentropy"/,
    );
  });
});

describe('numbers that are none', () => {
  it('in the data: a warning that says how many', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const spoilt = x.map((r, i) => (i < 2 ? [Number.NaN, r[1], Number.POSITIVE_INFINITY] : r));
    await classifier().fit(spoilt, y, quiet);
    expect(warn).toHaveBeenCalledWith(
      'fit: x holds 4 values that are NaN or infinite; training on them spoils the weights.',
    );
  });
  it('in the loss: a warning, once', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const m = keras.sequential([layers.dense(1, { inputShape: [3] })]);
    m.compile({ optimizer: keras.optimizers.sgd({ learningRate: 1e30 }), loss: 'mse' });
    await m.fit(x, y, { ...quiet, epochs: 6 });
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0][0]).toMatch(
      /fit: the loss has become (NaN|Infinity).*terminateOnNaN/,
    );
  });
  it('TerminateOnNaN stops at the batch', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const m = keras.sequential([layers.dense(1, { inputShape: [3] })]);
    m.compile({ optimizer: keras.optimizers.sgd({ learningRate: 1e30 }), loss: 'mse' });
    const h = await m.fit(x, y, {
      ...quiet,
      epochs: 50,
      batchSize: 2,
      callbacks: [keras.callbacks.terminateOnNaN()],
    });
    expect(h.epoch.length).toBeLessThan(50);
    expect(warn.mock.calls.some(([t]) => /Batch \d+: Invalid loss, terminating/.test(t))).toBe(
      true,
    );
  });
});

describe('options', () => {
  it.each([
    [{ batchSize: 0 }, /batchSize must be a whole number of 1 or more; received 0/],
    [{ batchSize: 2.5 }, /batchSize .* received 2.5/],
    [{ epochs: 0 }, /epochs .* received 0/],
    [{ initialEpoch: -1 }, /initialEpoch .* 0 or more; received -1/],
    [{ stepsPerEpoch: 0 }, /stepsPerEpoch .* received 0/],
    [{ validationBatchSize: 0 }, /validationBatchSize .* received 0/],
    [{ validationFreq: 0 }, /validationFreq .* received 0/],
    [{ validationSplit: 1 }, /validationSplit must lie in \[0, 1\); received 1/],
    [{ validationSplit: 1e-20 }, /of 10 samples leaves nothing to validate on/],
    [{ validationSplit: 0.95 }, /validationSplit 0.95 of 10 samples leaves nothing to train on/],
    [{ verbose: 3 }, /verbose must be "auto", 0, 1 or 2; received 3/],
    [{ classWeight: { 0: 1 }, sampleWeight: y }, /cannot be given together/],
    [{ classWeight: { a: 1 } }, /classWeight maps whole-number classes .* received a: 1/],
    [{ callbacks: [{ onEpochEnd() {} }] }, /callbacks holds objects made of keras.callbacks/],
    [{ batchsize: 3 }, /fit has no option "batchsize". Did you mean "batchSize"/],
    [{ batch_size: 3 }, /Did you mean "batchSize"/],
  ])('%j', async (o, message) => {
    await expect(classifier().fit(x, y, { ...quiet, ...(o as object) })).rejects.toThrow(message);
  });

  it('compile has not been called', async () => {
    const m = keras.sequential([layers.dense(1, { inputShape: [3] })]);
    for (const call of [m.fit(x, y), m.evaluate(x, y), m.trainOnBatch(x, y)])
      await expect(call).rejects.toThrow(/has not been compiled. Call model.compile\(\{ optimizer/);
  });
  it('compile without a loss, where the model has none of its own', async () => {
    const m = keras.sequential([layers.dense(1, { inputShape: [3] })]);
    m.compile({});
    await expect(m.fit(x, y)).rejects.toThrow(/needs a loss/);
  });
  it('compile with unknown ids and options', () => {
    const m = keras.sequential([layers.dense(1, { inputShape: [3] })]);
    expect(() => m.compile({ loss: 'sparse_categorial_crossentropy' })).toThrow(
      /Unknown loss .* Did you mean "sparseCategoricalCrossentropy"/,
    );
    expect(() => m.compile({ loss: 'mse', optimizer: 'adm' })).toThrow(/Did you mean "adam"/);
    expect(() => m.compile({ loss: 'mse', metrics: ['acuracy'] })).toThrow(
      /Did you mean "accuracy"/,
    );
    expect(() => m.compile({ loss: 'mse', metric: ['acc'] } as object)).toThrow(/mean "metrics"/);
    expect(() => m.compile({ loss: 'mse', metrics: 'accuracy' as never })).toThrow(
      /must be a list/,
    );
    expect(() => layers.dense(3, { activation: 'rellu' })).toThrow(/Did you mean "relu"/);
    expect(() => layers.dense(3, { activaton: 'relu' } as object)).toThrow(/mean "activation"/);
    expect(() => layers.dense(0)).toThrow(/units must be a whole number of 1 or more; received 0/);
    expect(() => layers.dropout(1.5)).toThrow(/rate lies between 0 and 1; received 1.5/);
  });
});
