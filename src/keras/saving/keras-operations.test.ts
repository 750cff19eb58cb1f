/** Functional models of keras.ops: as Keras saves them (scripts/goldens/make_keras_operations.py), and as they are written here. */
import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { unzip, zip } from '../../formats/zip.ts';
import { type Tensor, tensor } from '../../tensor/index.ts';
import * as keras from '../index.ts';
import { expectClose, type GoldenArray, readGoldens, toTensor } from '../testing.ts';

interface Case {
  readonly name: string;
  readonly file: string;
  readonly x: GoldenArray;
  readonly predictions: readonly GoldenArray[];
}
const { models } = readGoldens<{ models: Case[] }>('keras_operations');
// A Buffer, as Node's programs have bytes.
const bytesOf = (c: Case): Uint8Array => Buffer.from(c.file, 'base64');

const { ops } = keras;
const textOf = async (bytes: Uint8Array, member: string): Promise<string> =>
  new TextDecoder().decode((await unzip(bytes, { name: 'm' })).get(member)!);

interface Entry {
  class_name: string;
  module: string;
  config: Record<string, unknown>;
  inbound_nodes: { args: unknown[]; kwargs: Record<string, unknown> }[];
}
const entriesOf = async (bytes: Uint8Array): Promise<Entry[]> =>
  JSON.parse(await textOf(bytes, 'config.json')).config.layers;

/** The file with its config changed. */
async function edited(bytes: Uint8Array, change: (layers: Entry[]) => void): Promise<Uint8Array> {
  const members = await unzip(bytes, { name: 'm' });
  const config = JSON.parse(new TextDecoder().decode(members.get('config.json')!));
  change(config.config.layers);
  members.set('config.json', new TextEncoder().encode(JSON.stringify(config)));
  return zip([...members], { store: true });
}

beforeAll(() => {
  setBackend('wasm', { threads: 1 });
});

describe('models of operations that Keras saved', () => {
  it.each(models)('$name predict the same, here and after the way back', async (c) => {
    const model = await keras.saving.loadModel(bytesOf(c));
    const again = await keras.saving.loadModel(await keras.saving.encodeModel(model));
    for (const m of [model, again]) {
      const ys = m.apply<Tensor[]>(toTensor(c.x), { training: false });
      expect(ys.length).toBe(c.predictions.length);
      ys.forEach((y, i) => {
        expectClose(y, c.predictions[i], 1e-5, 1e-5);
      });
    }
    expect(again.getConfig()).toEqual(model.getConfig());
  });

  it.each(models)('$name: the config is written as Keras wrote it', async (c) => {
    const bytes = bytesOf(c);
    const ours = await keras.saving.encodeModel(await keras.saving.loadModel(bytes));
    const theirs = await entriesOf(bytes);
    for (const mine of await entriesOf(ours)) {
      if (!mine.module.startsWith('keras.src.ops')) continue;
      const like = theirs.find((t) => t.config.name === mine.config.name)!;
      expect([mine.module, mine.class_name]).toEqual([like.module, like.class_name]);
      expect(like.config).toMatchObject(mine.config);
      expect(mine.inbound_nodes.length).toBe(like.inbound_nodes.length);
    }
  });
});

describe('models of operations made here', () => {
  const x = keras.input({ shape: [3, 4], name: 'x' });
  const make = (y: unknown): Promise<Uint8Array> =>
    keras.saving.encodeModel(keras.model({ inputs: x, outputs: y as keras.KerasTensor }));
  const entry = async (y: unknown): Promise<Entry> => (await entriesOf(await make(y))).at(-1)!;

  it('options of the class are in the config, inputs in the call', async () => {
    const mean = await entry(x.mean([1], { keepdims: true }));
    expect(mean.module).toBe('keras.src.ops.numpy');
    expect(mean.config).toMatchObject({ axis: [1], keepdims: true });
    expect(mean.inbound_nodes[0].args.length).toBe(1);
    expect((await entry(ops.oneHot(x.argmax(-1), 4, { axis: 1 }))).config).toMatchObject({
      num_classes: 4,
      axis: 1,
    });
    const padded = await entry(
      ops.pad(
        x,
        [
          [0, 0],
          [1, 1],
          [0, 0],
        ],
        { constantValues: 2 },
      ),
    );
    expect(padded.config).toMatchObject({
      pad_width: [
        [0, 0],
        [1, 1],
        [0, 0],
      ],
    });
    expect(padded.inbound_nodes[0].kwargs).toEqual({ constant_values: 2 });
    expect((await entry(ops.vander(x.slice(0, ':', 0), 3, true))).config).toMatchObject({
      N: 3,
      increasing: true,
    });
    expect(
      (await entry(ops.maxPool(x, 2, 1, { dataFormat: 'channelsLast' }))).config,
    ).toMatchObject({ pool_size: 2, strides: 1, data_format: 'channels_last' });
    expect((await entry(ops.psnr(x, x, 2))).class_name).toBe('PSNR');
    expect((await entry(ops.swish(x))).class_name).toBe('Silu');
  });

  it('what the call of the class has no default for is written, as null where it is not given', async () => {
    const calls = async (y: unknown): Promise<unknown> => (await entry(y)).inbound_nodes[0].kwargs;
    expect(await calls(ops.layerNormalization(x))).toEqual({ gamma: null, beta: null });
    expect(await calls(ops.rmsNormalization(x))).toEqual({ scale: null });
    expect(await calls(ops.mean(x))).toEqual({});
  });

  it('an index is written with Python slices', async () => {
    const { inbound_nodes: nodes } = await entry(x.slice(':', '1:', null, [null, null, 2]));
    const part = (start: number | null, step: number | null): object => ({
      class_name: '__slice__',
      config: { start, stop: null, step },
    });
    expect(nodes[0].args[1]).toEqual([part(null, null), part(1, null), null, part(null, 2)]);
  });

  it('what Keras has no form for comes back here', async () => {
    const m = keras.model({
      inputs: x,
      outputs: [
        x.slice(':', { take: [0, 2] }),
        ops.std(x, 1, { ddof: 1 }),
        ops.clip(x, -1, x.mean(1, { keepdims: true })),
      ],
    });
    const bytes = await keras.saving.encodeModel(m);
    expect((await entriesOf(bytes)).filter((e) => e.module === 'gradloom.ops').length).toBe(3);
    const again = await keras.saving.loadModel(bytes);
    const data = tensor(Array.from({ length: 12 }, (_, i) => Math.sin(i * 5))).reshape([1, 3, 4]);
    const values = (n: keras.Model): unknown => n.apply<Tensor[]>(data).map((t) => t.arraySync());
    expect(values(again)).toEqual(values(m));
  });

  it('configs in which all arguments stand in the call are read', async () => {
    const bytes = await edited(await make(x.mean(1, { keepdims: true })), (layers) => {
      const mean = layers.at(-1)!;
      mean.config = { name: 'mean' };
      mean.inbound_nodes[0].args.push(1, { keepdims: true });
    });
    expect((await keras.saving.loadModel(bytes)).outputShape).toEqual([null, 1, 4]);
  });

  it('keys of inputs and outputs stay what they are called', async () => {
    class Sum extends keras.layers.Layer {
      override call(t: unknown): Tensor {
        const { my_input: a, otherInput: b } = t as Record<string, Tensor>;
        return a.add(b);
      }
    }
    const [a, b] = ['a_b', 'cD'].map((name) => keras.input({ shape: [2], name }));
    const y = new Sum({}).apply({ my_input: a, otherInput: b } as never);
    const m = keras.model({
      inputs: { my_input: a, otherInput: b },
      outputs: { out_put: y } as never,
    });
    const bytes = await keras.saving.encodeModel(m);
    const layer = (await entriesOf(bytes)).find((e) => e.class_name === 'Sum')!;
    expect(Object.keys(layer.inbound_nodes[0].args[0] as object)).toEqual([
      'my_input',
      'otherInput',
    ]);
    const again = await keras.saving.loadModel(bytes, { customObjects: { Sum } });
    const out = again.apply<Record<string, Tensor>>({
      my_input: tensor([[1, 2]]),
      otherInput: tensor([[3, 4]]),
    } as never);
    expect(out.out_put.arraySync()).toEqual([[4, 6]]);
  });

  it.each<[string, (e: Entry) => void, string, RegExp]>([
    [
      'an operation that there is not',
      (e) => {
        e.class_name = 'Constructor';
      },
      'unknown-id',
      /"Constructor"/,
    ],
    [
      'a function that is none of tensors',
      (e) => {
        e.class_name = 'WhileLoop';
      },
      'unknown-id',
      /"WhileLoop"/,
    ],
    [
      'an unknown option',
      (e) => {
        e.config.wise = true;
      },
      'unknown-option',
      /Max has no option "wise" \(true\)/,
    ],
    [
      'an option that is not had',
      (e) => {
        e.class_name = 'OneHot';
        e.config = { name: e.config.name, num_classes: 3, sparse: true };
      },
      'layer-config',
      /OneHot is only read with sparse false; received true/,
    ],
    [
      'an unknown argument',
      (e) => {
        e.inbound_nodes[0].kwargs.out = 1;
      },
      'unknown-option',
      /no option "out"/,
    ],
    [
      'too many arguments',
      (e) => {
        e.inbound_nodes[0].args.push(1);
      },
      'unknown-option',
      /"argument 2"/,
    ],
  ])('%s is refused by name', async (_, change, code, message) => {
    const bytes = await edited(await make(x.max(1)), (layers) => change(layers.at(-1)!));
    const e = await keras.saving.loadModel(bytes).catch((error) => error);
    expect([e.code, e.message]).toEqual([code, expect.stringMatching(message)]);
  });
});

describe('loadWeights of a whole model', () => {
  const build = (units = 2): keras.Model => {
    const m = keras.sequential([keras.input({ shape: [3] }), keras.layers.dense(units)]);
    m.compile({ optimizer: 'adam', loss: 'mse' });
    return m;
  };

  it('takes its weights and nothing else', async () => {
    const m = build();
    await m.fit(tensor([[1, 2, 3]]), tensor([[1, 2]]), { verbose: 0 });
    const bytes = await keras.saving.encodeModel(m);
    const other = build();
    await other.loadWeights(bytes);
    expect(other.getWeights().map((w) => w.arraySync())).toEqual(
      m.getWeights().map((w) => w.arraySync()),
    );
    expect(other.optimizer.iterations.tensor.item()).toBe(0);
  });

  it('says what does not fit, and leaves the model as it was', async () => {
    const bytes = await keras.saving.encodeModel(build(5));
    const m = build();
    const before = m.getWeights().map((w) => w.arraySync());
    await expect(m.loadWeights(bytes)).rejects.toMatchObject({ code: 'weights' });
    await m.loadWeights(bytes, { skipMismatch: true });
    expect(m.getWeights().map((w) => w.arraySync())).toEqual(before);
    await expect(m.saveWeights('x.keras')).rejects.toThrow(
      /Whole models are written by model.save/,
    );
  });

  it('of an archive that is none', async () => {
    const bytes = await zip([['a.txt', new Uint8Array(3)]], { store: true });
    await expect(build().loadWeights(bytes)).rejects.toMatchObject({ code: 'saving' });
  });
});
