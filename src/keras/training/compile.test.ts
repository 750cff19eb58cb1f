/** What compile and fit refuse of losses, metrics, targets and weights for several outputs. */
import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { type Tensor, tensor } from '../../tensor/index.ts';
import * as keras from '../index.ts';

const { layers } = keras;
beforeAll(() => {
  setBackend('reference');
});

const n = 6;
const x = Array.from({ length: n }, (_, i) => [Math.sin(i), Math.cos(i)]);
const a = tensor(x.map((r) => [r[0]]));
const b = tensor(x.map((r) => [r[1], 0, 1]));
const quiet = { verbose: 0 } as const;
function two(o: keras.CompileOptions): keras.Model {
  const input = keras.input({ shape: [2], name: 'in' });
  const head = (units: number, name: string): keras.KerasTensor =>
    layers.dense(units, { name }).apply(input);
  const m = keras.model({ inputs: input, outputs: [head(1, 'a'), head(3, 'b')] });
  m.compile({ optimizer: 'sgd', ...o });
  return m;
}
const fails = (o: keras.CompileOptions, message: RegExp): Promise<void> =>
  expect(two(o).fit(x, [a, b], quiet)).rejects.toMatchObject({
    code: 'compile',
    message: expect.stringMatching(message),
  });

describe('compile for several outputs refuses', () => {
  it('losses that do not fit the outputs', async () => {
    await fails({ loss: { a: 'mse' } }, /a key for each output: a, b; received a\./);
    await fails({ loss: { a: 'mse', c: 'mse' } }, /a key for each output: a, b; received a, c/);
    await fails({ loss: ['mse'] }, /loss lists 1 losses, but the model has 2 outputs/);
    await fails({ loss: ['mse', 'mae', 'mse'] }, /loss lists 3 losses/);
    await fails({ loss: [null, null] }, /no output has a loss/);
    expect(() => two({ loss: ['mse', 'mean_squred_error'] })).toThrow(/mean "meanSquaredError"/);
  });
  it('weights that do not fit the losses', async () => {
    await fails({ loss: 'mse', lossWeights: [1] }, /there are 2 losses and 1 weights/);
    await fails({ loss: 'mse', lossWeights: [1, 2, 3] }, /2 losses and 3 weights/);
    expect(() => two({ loss: 'mse', lossWeights: Number.NaN })).toThrow(/must be a number/);
    const m = two({ loss: 'mse', lossWeights: [0, 1] });
    const [, before] = [await m.fit(x, [a, b], quiet), m.getWeights()[0].dataSync()];
    // A weight of 0 trains nothing.
    await m.fit(x, [a, b], quiet);
    expect(m.getWeights()[0].dataSync()).toEqual(before);
  });
  it('metrics that do not fit the outputs', async () => {
    await fails(
      { loss: 'mse', metrics: ['mae'] },
      /metrics must be a list with an entry for each output, or an object by output name \(a, b\); .* a list of 1/,
    );
    await fails({ loss: 'mse', metrics: { c: 'mae' } }, /received the keys c/);
    await fails({ loss: 'mse', weightedMetrics: { c: 'mae' } }, /weightedMetrics must/);
    expect(() => two({ loss: 'mse', metrics: { a: ['mea'] } })).toThrow(/Did you mean/);
    expect(() => two({ loss: 'mse', metrics: 'mae' as never })).toThrow(/must be a list/);
  });
  it('other options', () => {
    expect(() => two({ loss: 'mse', stepsPerExecution: 0 })).toThrow(/stepsPerExecution must be/);
    expect(() => two({ loss: 'mse', lossWeight: 1 } as object)).toThrow(/mean "lossWeights"/);
    two({ loss: 'mse', jitCompile: 'auto', runEagerly: false, autoScaleLoss: true });
  });
});

describe('fit for several outputs refuses', () => {
  const m = (): keras.Model => two({ loss: 'mse', metrics: { b: 'mae' } });
  it('targets of another structure', async () => {
    await expect(m().fit(x, [a, b, b], quiet)).rejects.toThrow(
      /y has the structure \[\*,\*,\*\], but the model's outputs \[\*,\*\] \(a, b\)/,
    );
    await expect(m().fit(x, { a, c: b }, quiet)).rejects.toThrow(
      /y has the structure \{a:\*,c:\*\}/,
    );
    await expect(m().fit(x, { a }, quiet)).rejects.toThrow(/y is missing for output "b"/);
    await expect(m().fit(x, a, quiet)).rejects.toThrow(/structure \*/);
    await expect(m().fit(x, [a, b.slice([1, n])], quiet)).rejects.toThrow(
      /x has 6 samples but y\[1\] has 5/,
    );
  });
  it('weights of another structure, or of elements where samples are meant', async () => {
    const w = tensor(new Float32Array(n).fill(1));
    const fit = (sampleWeight: never): Promise<unknown> =>
      m().fit(x, [a, b], { sampleWeight, ...quiet });
    await expect(fit([w, w, w] as never)).rejects.toThrow(/sampleWeight has the structure/);
    await expect(fit({ c: w } as never)).rejects.toThrow(/sampleWeight has the structure \{c:\*\}/);
    await expect(fit(b as never)).rejects.toThrow(/must hold a number for each sample/);
    await fit({ a: w } as never);
    await fit([w, null] as never);
    await fit(w as never);
    await expect(m().fit(x, [a, b], { classWeight: { 0: 1 }, ...quiet })).rejects.toThrow(
      /classWeight is for models of one output/,
    );
  });
  it('validationSplit cuts every input, target and weight', async () => {
    const make = (): keras.Model => two({ loss: 'mse', weightedMetrics: [['mae'], ['mae']] });
    const [whole, cut] = [make(), make()];
    cut.setWeights(whole.getWeights());
    const w = tensor([1, 2, 3, 4, 5, 6]);
    const o = { batchSize: 2, shuffle: false, ...quiet } as const;
    const h = await whole.fit(
      { in: tensor(x) },
      { b, a },
      {
        ...o,
        sampleWeight: { b: w, a: w.mul(2) },
        validationSplit: 0.4,
      },
    );
    const rows = (t: Tensor, from: number, to: number): Tensor => t.slice([from, to]);
    const part = (from: number, to: number): Tensor[][] => [
      [rows(a, from, to), rows(b, from, to)],
      [rows(w.mul(2), from, to), rows(w, from, to)],
    ];
    const [[y, sampleWeight], [yv, wv]] = [part(0, 3), part(3, 6)];
    const want = await cut.fit(x.slice(0, 3), y, {
      ...o,
      sampleWeight,
      validationData: [x.slice(3), yv, wv],
    });
    expect(h.history).toEqual(want.history);
  });
  it('nested numbers are told apart by the number of outputs', async () => {
    const plain = two({ loss: 'mse' });
    const same = two({ loss: 'mse' });
    same.setWeights(plain.getWeights());
    const o = { shuffle: false, ...quiet } as const;
    const h = await plain.fit(x, [a.arraySync() as number[][], b.arraySync() as number[][]], o);
    expect(h.history).toEqual((await same.fit(x, [a, b], o)).history);
  });
});

describe('the dtype policy', () => {
  it('is that of floats; half precision is refused for what it is', () => {
    expect(keras.config.dtypePolicy()).toBe('float32');
    for (const p of ['mixed_float16', 'mixedBfloat16', 'float16'])
      expect(() => keras.config.setDtypePolicy(p)).toThrow(/needs a backend with half precision/);
    expect(() => keras.config.setDtypePolicy('flaot32')).toThrow(/mean "float32"/);
    keras.config.setDtypePolicy('float64');
    expect(layers.dense(1).dtype).toBe('float64');
    keras.config.setDtypePolicy('float32');
    expect(layers.dense(1).dtype).toBe('float32');
  });
  it('of one layer too', () => {
    const dense = (dtype: string): unknown => layers.dense(1, { dtype: dtype as 'float32' });
    expect(() => dense('mixed_bfloat16')).toThrow(/"mixed_bfloat16" needs a backend with half/);
    expect(() => dense('mixedFloat16')).toThrow(/"mixed_float16" needs a backend with half/);
    expect(() => dense('flaot32')).toThrow(/Unknown dtype "flaot32"/);
    expect(() => keras.mixedPrecision.setGlobalPolicy('mixed_float16')).toThrow(/half precision/);
    expect(keras.mixedPrecision.globalPolicy()).toBe('float32');
    expect(keras.mixedPrecision.LossScaleOptimizer).toBe(keras.optimizers.LossScaleOptimizer);
  });
});
