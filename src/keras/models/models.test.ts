import { readFileSync } from 'node:fs';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { type Tensor, tensor } from '../../tensor/index.ts';
import * as keras from '../index.ts';

const { layers } = keras;
// Real Keras: see scripts/goldens/keras_engine.py.
const { summaries } = JSON.parse(
  readFileSync(new URL('../../../test/goldens/console.json', import.meta.url), 'utf8'),
) as { summaries: { name: string; text: string }[] };
const golden = (name: string): string => summaries.find((s) => s.name === name)!.text.trimEnd();

beforeAll(() => {
  setBackend('reference');
});
beforeEach(() => {
  keras.utils.clearSession();
});

const article = (input = true): keras.Sequential =>
  keras.sequential([
    ...(input ? [layers.input({ shape: [784] })] : []),
    layers.dense(128, { activation: 'relu' }),
    layers.dropout(0.5),
    layers.dense(10, { activation: 'softmax' }),
  ]);
const small = (): keras.Sequential =>
  keras.sequential([layers.dense(2, { inputShape: [3] }), layers.dense(1)]);

describe('summary prints what Keras prints', () => {
  it('built, unbuilt, narrow', () => {
    // 80 columns, whatever the terminal that runs the tests.
    const o = { lineLength: 76 };
    expect(article().summaryText(o)).toBe(golden('article'));
    keras.utils.clearSession();
    expect(article(false).summaryText(o)).toBe(golden('unbuilt'));
    keras.utils.clearSession();
    expect(article().summaryText({ lineLength: 60 })).toBe(golden('line of 60'));
  });
  it('with a frozen layer', () => {
    const m = article();
    m.layers[0].trainable = false;
    expect(m.summaryText({ lineLength: 76 })).toBe(golden('article, frozen first layer'));
    expect(m.summaryText({ lineLength: 76, showTrainable: true })).toBe(golden('trainable shown'));
  });
  it('with names that do not fit', () => {
    const m = keras.sequential([
      layers.input({ shape: [28, 28] }),
      layers.flatten({ name: 'a_layer_with_a_rather_long_name_that_does_not_fit' }),
      layers.reshape([28, 28]),
      layers.dense(3),
    ]);
    expect(m.summaryText({ lineLength: 76 })).toBe(golden('long names'));
  });
  it('with an optimizer once it has state', async () => {
    const m = article();
    m.compile({ optimizer: 'adam', loss: 'mse' });
    await m.trainOnBatch(tensor(new Float32Array(784), { shape: [1, 784] }), [Array(10).fill(0)]);
    expect(m.summaryText({ lineLength: 76 })).toBe(golden('article, trained'));
  });
  it('to a function, with models inside models', () => {
    const m = keras.sequential([small(), layers.dense(2)]);
    m.build([null, 3]);
    let text = '';
    m.summary({
      expandNested: true,
      printFn: (t) => {
        text = t;
      },
    });
    expect(text).toMatch(/│ sequential \(Sequential\).* 11 │/);
    expect(text).toMatch(/│ {4}└ dense \(Dense\).* 8 │/);
    expect(() => m.summary({ lineLength: 12 })).toThrow(/too short/);
    expect(() => m.summary({ lineLenght: 12 } as object)).toThrow(/mean "lineLength"/);
  });
});

describe('a sequential model', () => {
  it('names layers as Keras does', () => {
    const m = article();
    expect(m.name).toBe('sequential');
    expect(m.layers.map((l) => l.name)).toEqual(['dense', 'dropout', 'dense_1']);
    expect(m.weights.map((w) => w.path)).toEqual([
      'dense/kernel',
      'dense/bias',
      'dense_1/kernel',
      'dense_1/bias',
    ]);
    expect(m.getLayer('dropout')).toBe(m.layers[1]);
    expect(m.getLayer(0).name).toBe('dense');
    expect(() => m.getLayer('dens')).toThrow(
      /no layer "dens". Did you mean "dense"\? It has dense, dropout, dense_1/,
    );
  });
  it('is built at once when it knows its input, else at the first data', async () => {
    expect(article().built).toBe(true);
    const m = article(false);
    expect(m.built).toBe(false);
    expect(m.weights).toEqual([]);
    const y = await m.predict(tensor(new Float32Array(2 * 784), { shape: [2, 784] }));
    expect(y.shape).toEqual([2, 10]);
    expect(m.countParams()).toBe(101770);
    expect(m.outputShape).toEqual([null, 10]);
    const n = article(false);
    n.build([null, 20]);
    expect(n.layers[0].weights[0].shape).toEqual([20, 128]);
  });
  it('grows and shrinks, and forgets what it had compiled', async () => {
    const m = keras.sequential([layers.dense(2, { inputShape: [3] })]);
    const x = tensor([[1, 2, 3]]);
    expect((await m.predict(x)).shape).toEqual([1, 2]);
    m.add(layers.dense(5));
    expect((await m.predict(x)).shape).toEqual([1, 5]);
    expect(m.pop().name).toBe('dense_1');
    expect((await m.predict(x)).shape).toEqual([1, 2]);
    m.pop();
    expect(() => m.pop()).toThrow(/no layers/);
  });
  it('refuses what is no layer, and names that are taken', () => {
    const m = small();
    expect(() => m.add(layers.flatten as never)).toThrow(/call the factory/);
    expect(() => m.add(layers.dense(1, { name: 'dense' }))).toThrow(/"dense" is there twice/);
    expect(() => m.add(layers.input({ shape: [1] }))).toThrow(/an Input comes first/);
    expect(() => keras.sequential([]).build([null, 1])).toThrow(/has no layers/);
  });
  it('finds wrong shapes when it is built', () => {
    expect(() =>
      keras.sequential([layers.input({ shape: [4, 4] }), layers.reshape([3, 5])]),
    ).toThrow(/Layer "reshape" \(Reshape\) expects samples .* received shape \(None, 4, 4\)/);
    expect(() => keras.sequential([layers.dense(2, { inputShape: [] })])).toThrow(
      /Layer "dense" \(Dense\) expects inputs of two dimensions .* received shape \(None,\)/,
    );
    expect(() => keras.sequential([layers.dense(2, { inputShape: [null] })])).toThrow(
      /a known last dimension; received shape \(None, None\)/,
    );
  });
  it('gives copies of its weights and takes new ones, all or nothing', () => {
    const m = small();
    const [kernel, ...rest] = m.getWeights();
    expect(kernel.shape).toEqual([3, 2]);
    m.setWeights([
      tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
      [0.5, -0.5],
      [[1], [2]],
      [7],
    ]);
    expect(m.layers[0].getWeights()[0].arraySync()).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(m.weights[3].tensor.arraySync()).toEqual([7]);
    expect(kernel.arraySync()).not.toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(() => m.setWeights([kernel, ...rest.slice(1)])).toThrow(/4 arrays expected, 3 received/);
    expect(() => m.setWeights([[1, 2], [3], [[1], [2]], [9]])).toThrow(
      /dense\/kernel: expected \(3, 2\), received \(2,\); dense\/bias: expected \(2,\), received \(1,\)\./,
    );
    expect(() => m.setWeights(3 as never)).toThrow(/takes a list of arrays; received number/);
    expect(m.weights[3].tensor.arraySync()).toEqual([7]);
    expect(() => m.layers[0].setWeights([])).toThrow(/setWeights on "dense": 2 arrays expected/);
  });
  it('may hold another model', async () => {
    const inner = small();
    const m = keras.sequential([inner, layers.dense(2)]);
    m.compile({ optimizer: 'sgd', loss: 'mse' });
    await m.fit([[1, 2, 3]], [[1, 2]], { verbose: 0 });
    expect(m.weights.length).toBe(6);
    expect(m.countParams()).toBe(15);
  });
});

describe('predict', () => {
  const x = tensor(
    Float32Array.from({ length: 300 }, (_, i) => Math.sin(i)),
    { shape: [100, 3] },
  );
  it('gives the same whatever the batch', async () => {
    const m = small();
    const want = (await m.predict(x)).dataSync();
    expect((await m.predict(x, { batchSize: 7 })).dataSync()).toEqual(want);
    expect((await m.predictOnBatch(x)).dataSync()).toEqual(want);
    expect((await m.predict(x.slice([90, 100]))).dataSync()).toEqual(want.slice(90));
    expect((await m.predict(x.arraySync() as number[][])).dataSync()).toEqual(want);
  });
  it('follows the weights', async () => {
    const m = small();
    const one = x.slice([0, 1]);
    const before = (await m.predict(one)).item();
    m.setWeights(m.getWeights().map((w) => w.mul(2)));
    expect((await m.predict(one)).item()).toBeCloseTo(4 * before, 5);
    m.layers[1].weights[1].assign(tensor([100]));
    expect((await m.predict(one)).item()).toBeCloseTo(4 * before + 100, 4);
  });
  it('converts integers and float64 to the float type of the layers', async () => {
    const m = small();
    const y = await m.predict(tensor([[1, 2, 3]], { dtype: 'uint8' }));
    expect(y.dtype).toBe('float32');
    expect((await m.predict(tensor([[1, 2, 3]], { dtype: 'float64' }))).dtype).toBe('float32');
    expect((await m.predict([[1, 2, 3]])).item()).toBe(y.item());
  });
  it('calls back for every batch', async () => {
    const seen: string[] = [];
    const note = keras.callbacks.lambdaCallback({
      onPredictBegin: () => void seen.push('begin'),
      onPredictBatchEnd: (b) => void seen.push(`batch ${b}`),
      onPredictEnd: () => void seen.push('end'),
    });
    await small().predict(x, { batchSize: 40, callbacks: [note] });
    expect(seen).toEqual(['begin', 'batch 0', 'batch 1', 'batch 2', 'end']);
  });
  it('refuses what does not fit', async () => {
    const m = small();
    await expect(m.predict([[1, 2]])).rejects.toThrow(
      /predict: model "sequential" expects inputs of shape \(None, 3\); received \(None, 2\)/,
    );
    await expect(m.predict(new Float32Array(6))).rejects.toThrow(/tensor\(data, \{ shape/);
    await expect(m.predict(tensor(new Float32Array(0), { shape: [0, 3] }))).rejects.toThrow(
      /no samples/,
    );
    await expect(m.predict(x, { batchSize: 0 })).rejects.toThrow(/batchSize .* received 0/);
    await expect(m.predict(x, { batchsize: 3 } as object)).rejects.toThrow(/mean "batchSize"/);
  });
});

describe('settings', () => {
  it('floatx sets what new layers compute in', async () => {
    keras.config.setFloatx('float64');
    try {
      const m = small();
      expect(m.weights.map((w) => w.dtype)).toEqual(['float64', 'float64', 'float64', 'float64']);
      m.compile({ optimizer: 'adam', loss: 'mse' });
      await m.fit([[1, 2, 3]], [[1]], { verbose: 0 });
      const y: Tensor = await m.predict([[1, 2, 3]]);
      expect(y.dtype).toBe('float64');
    } finally {
      keras.config.setFloatx('float32');
    }
    expect(() => keras.config.setFloatx('int32')).toThrow(/"float32" or "float64"/);
    expect(() => keras.config.setEpsilon(0)).toThrow(/epsilon/);
  });
  it('a layer may have a dtype of its own', () => {
    const m = keras.sequential([layers.dense(2, { inputShape: [3], dtype: 'float64' })]);
    expect(m.weights[0].dtype).toBe('float64');
    expect(() => keras.sequential([layers.dense(2, { inputShape: [3], dtype: 'int32' })])).toThrow(
      /Layer "dense_1" \(Dense\) computes in float32 or float64; received dtype "int32"/,
    );
  });
});
