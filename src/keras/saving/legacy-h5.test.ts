/** Legacy HDF5 files of real Keras 2 and 3: what they predict, how training goes on, weights alone. */
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { type H5Tree, type H5Value, writeHdf5 } from '../../formats/hdf5/index.ts';
import { Tensor } from '../../tensor/index.ts';
import * as keras from '../index.ts';
import { type GoldenArray, readGoldens, toTensor } from '../testing.ts';
import {
  type Arrays,
  expectAllClose,
  expectTrainsOn,
  type SavedModel,
  toTensors,
} from './testing.ts';

const { models, old, weights } = readGoldens<{
  models: SavedModel[];
  old: SavedModel[];
  weights: [SavedModel & { values: GoldenArray[]; layers: string[] }];
}>('legacy_h5');
const bytesOf = (c: SavedModel): Uint8Array =>
  new Uint8Array(gunzipSync(Buffer.from(c.file, 'base64')));
/** Models of several inputs take a list. */
const inputs = (a: Arrays): Tensor | Tensor[] => {
  const t = toTensors(a);
  return t instanceof Tensor ? t : Object.values(t);
};

beforeAll(() => {
  setBackend('wasm', { threads: 1 });
});

describe('a model in a legacy file', () => {
  it.each(models)('$name predicts the same, and trains on', async (c) => {
    const model = await keras.saving.loadModel(bytesOf(c));
    const x = inputs(c.x) as never;
    expectAllClose(await model.predict(x), c.predictions, 1e-5, 2e-6);
    const again = await keras.saving.loadModel(await keras.saving.encodeModel(model));
    expectAllClose(await again.predict(x), c.predictions, 1e-5, 2e-6);
    if (!c.losses) return;
    await expectTrainsOn(model, c, x);
  });
  it.each(old)('$name: as earlier versions wrote it', async (c) => {
    const model = await keras.saving.loadModel(bytesOf(c));
    expectAllClose(await model.predict(inputs(c.x) as never), c.predictions, 1e-5, 2e-6);
  });
});

describe('weights alone, of Keras 2', () => {
  const [file] = weights;
  const { layers } = keras;
  const mlp = (names: readonly (string | undefined)[] = [], units = 4): keras.Sequential =>
    keras.sequential([
      layers.dense(units, { inputShape: [5], activation: 'relu', name: names[0] }),
      layers.batchNormalization({ name: names[1] }),
      layers.leakyReLU(),
      layers.dense(2, { activation: 'softmax', name: names[2] }),
    ]);
  const named = file.layers.filter((n) => !/re_lu|dropout/.test(n));
  const values = (m: keras.Model): number[][] => m.getWeights().map((t) => [...t.dataSync()]);
  const refused = async (f: Promise<unknown>) =>
    f.then(
      () => expect.fail('It was loaded.'),
      (e) => e,
    );

  it('find their layers by the order of these', async () => {
    const m = mlp();
    await m.loadWeights(bytesOf(file));
    expectAllClose(await m.predict(toTensor(file.x as GoldenArray)), file.predictions, 1e-5, 2e-6);
  });
  it('come out of the file of a whole model, too', async () => {
    const whole = models.find((c) => c.name === 'mlp of Keras 2')!;
    const m = mlp();
    await m.loadWeights(bytesOf(whole));
    expectAllClose(
      await m.predict(toTensor(whole.x as GoldenArray)),
      whole.predictions,
      1e-5,
      2e-6,
    );
  });
  it('find their layers by name, and what has no partner is said', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const m = keras.sequential([
      layers.dense(4, { inputShape: [5], name: named[0] }),
      layers.dense(3, { name: 'new' }),
      layers.dense(2, { name: named[2] }),
    ]);
    const before = values(m);
    await m.loadWeights(bytesOf(file), { byName: true });
    const [text] = warn.mock.calls[0];
    warn.mockRestore();
    expect(values(m)[0]).toEqual((file.values[0] as { data: number[] }).data.map(Math.fround));
    expect(values(m).slice(2, 5)).toEqual(before.slice(2, 5));
    expect(text).toMatch(/3 of 6 weights/);
    expect(text).toContain('new/kernel: not in the file (expected (4, 3))');
    expect(text).toMatch(
      new RegExp(`${named[2]}/kernel: expected \\(3, 2\\), the file has \\(4, 2\\)`),
    );
    expect(text).toMatch(new RegExp(`${named[1]}/gamma:0: not in the model`));
  });
  it('that do not fit are all said, and nothing has changed', async () => {
    const m = mlp([], 3);
    const before = values(m);
    const e = await refused(m.loadWeights(bytesOf(file)));
    expect(e.code).toBe('weights');
    expect(e.facts.mismatches).toHaveLength(7);
    expect(e.message).toMatch(/kernel: expected \(5, 3\), the file has \(5, 4\)/);
    expect(values(m)).toEqual(before);
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    await m.loadWeights(bytesOf(file), { skipMismatch: true });
    expect(warn.mock.calls[0][0]).toMatch(/1 of 8 weights .* skipped/);
    warn.mockRestore();
  });
  it('of other layers are told apart by how many there are', async () => {
    const m = keras.sequential([layers.dense(4, { inputShape: [5] }), layers.dense(2)]);
    const e = await refused(m.loadWeights(bytesOf(file), { skipMismatch: true }));
    expect(e.message).toMatch(/has 3 layers with weights \(.*\), model .* has 2 .*byName: true/);
    const bare = keras.sequential([
      layers.dense(4, { inputShape: [5], useBias: false }),
      layers.batchNormalization({ center: false }),
      layers.dense(2),
    ]);
    const counts = await refused(bare.loadWeights(bytesOf(file)));
    expect(counts.facts.mismatches).toHaveLength(2);
    expect(counts.message).toMatch(/expected 1 weights .*kernel.* the file has 2 .*bias:0/);
  });
});

describe('a legacy file that is wrong', () => {
  const h5 = (attributes: Record<string, H5Value>, groups: [string, H5Tree][] = []) =>
    writeHdf5({ attributes, groups: new Map(groups) });
  const dense = (config: object): object => ({
    class_name: 'Sequential',
    config: {
      name: 's',
      layers: [
        {
          class_name: 'Dense',
          config: { name: 'd', units: 2, batch_input_shape: [null, 3], ...config },
        },
      ],
    },
  });
  const model = (config: object, keras_version = '2.4.0', more: [string, H5Tree][] = []) =>
    h5({ model_config: JSON.stringify(config), keras_version }, more);
  const message = async (bytes: Uint8Array): Promise<string> => {
    try {
      await keras.saving.loadModel(bytes);
    } catch (e) {
      expect(e).toMatchObject({ name: 'GradloomError' });
      return (e as Error).message;
    }
    return 'It was loaded.';
  };
  it('says what is wrong', async () => {
    const whole = bytesOf(models[0]);
    for (const [bytes, why] of [
      [bytesOf(weights[0]), /holds weights and no model .*loadWeights/],
      [h5({ name: 'x' }), /no model of Keras/],
      [model(dense({}), '1.2.2'), /written by Keras 1\.2\.2/],
      [h5({ model_config: '{' }), /written by Keras 1/],
      [h5({ model_config: '{', keras_version: '2.0' }), /model_config is no JSON/],
      [model([]), /describes no model/],
      [model(dense({}), '2.4.0', [['model_weights', {}]]), /no weights|kernel: not in the file/],
      [
        model({ class_name: 'Fancy', config: {} }, '4.0.0'),
        /Fancy.*written by Keras 4\.0\.0, newer/,
      ],
      [model(dense({ units: 2 ** 40 })), /over the limit/],
      [whole.subarray(0, 3000), /cut off or damaged/],
      [new Uint8Array(0), /is empty/],
    ] as const)
      expect(await message(bytes)).toMatch(why);
  });
  it('runs no code, and reads no other file', async () => {
    const lambda = (f: unknown): object => ({
      class_name: 'Sequential',
      config: {
        layers: [{ class_name: 'Lambda', config: { function: f, batch_input_shape: [null, 3] } }],
      },
    });
    expect(await message(model(lambda(['4wEAAAA=', null, null])))).toMatch(/Lambda.*not run/);
    expect(await message(model(lambda({ class_name: '__lambda__', config: {} })))).toMatch(
      /not run/,
    );
    const ops = (fn: string): object => ({
      class_name: 'Model',
      config: {
        name: 'm',
        layers: [
          {
            class_name: 'InputLayer',
            name: 'i',
            config: { name: 'i', batch_input_shape: [null, 3] },
            inbound_nodes: [],
          },
          {
            class_name: 'TFOpLambda',
            name: 't',
            config: { name: 't', function: fn },
            inbound_nodes: [['i', 0, 0, { name: null }]],
          },
        ],
        input_layers: [['i', 0, 0]],
        output_layers: [['t', 0, 0]],
      },
    });
    for (const fn of ['io.read_file', 'py_function', 'constructor', '__proto__'])
      expect(await message(model(ops(fn)))).toContain(`tf.${fn} of TensorFlow, which is not read`);
    for (const className of ['constructor', '__proto__', 'eval', 'Custom>eval'])
      expect(
        await message(
          model({ class_name: 'Sequential', config: [{ class_name: className, config: {} }] }),
        ),
      ).toMatch(/Unknown layer class/);
  });
  it('names weights that are not there', async () => {
    const layer = { attributes: { weight_names: ['d/kernel:0'] } };
    const root = (names: string[], groups: [string, H5Tree][]): Uint8Array =>
      model(dense({}), '2.4.0', [
        ['model_weights', { attributes: { layer_names: names }, groups: new Map(groups) }],
      ]);
    expect(await message(root(['e'], []))).toMatch(/a layer "e", which is not there/);
    expect(await message(root(['d'], [['d', layer]]))).toMatch(
      /"d\/kernel:0", which are not there/,
    );
    expect(
      await message(root(['d'], [['d', { attributes: { weight_names: ['../../x'] } }]])),
    ).toMatch(/not there/);
  });
});
