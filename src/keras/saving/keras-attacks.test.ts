/** `.keras` files from strangers: the known attacks, and good files changed at random. */

import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { GradloomError } from '../../errors.ts';
import { cases, changedJson, damaged, ends } from '../../formats/fuzzing.ts';
import { readHdf5, writeHdf5 } from '../../formats/hdf5/index.ts';
import { unzip, zip } from '../../formats/zip.ts';
import * as keras from '../index.ts';
import { readGoldens } from '../testing.ts';
import { decodeShards } from './sharded-weights.ts';

const { models } = readGoldens<{ models: { name: string; file: string }[] }>('keras_files');
const { refused } = readGoldens<{ refused: Record<string, string> }>('hdf5');
const { models: legacyModels } = readGoldens<{ models: { name: string; file: string }[] }>(
  'legacy_h5',
);
const bytesOf = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, 'base64'));
const files = models
  .map((m) => bytesOf(m.file))
  .sort((a, b) => a.length - b.length)
  .slice(0, 4);
const text = new TextEncoder();

interface Node {
  [key: string]: unknown;
  config: Record<string, unknown>;
}
const dense = (config: object): Node => ({
  module: 'keras.layers',
  class_name: 'Dense',
  config: { name: 'd', units: 2, ...config },
  registered_name: null,
});
const sequential = (...layers: unknown[]): Node => ({
  module: 'keras',
  class_name: 'Sequential',
  config: { name: 's', layers },
  registered_name: null,
  build_config: { input_shape: [null, 3] },
});

/** A good file with members replaced. */
async function crafted(
  members: Record<string, string | Uint8Array>,
  store = true,
): Promise<Uint8Array> {
  const all = await unzip(files[0]);
  for (const [k, v] of Object.entries(members))
    all.set(k, typeof v === 'string' ? text.encode(v) : v);
  return zip(all, { store });
}
const withModel = (model: unknown): Promise<Uint8Array> =>
  crafted({ 'config.json': JSON.stringify(model) });
async function refusal(bytes: Uint8Array, o: { maxBytes?: number } = {}): Promise<GradloomError> {
  try {
    await keras.saving.loadModel(bytes, o as never);
  } catch (e) {
    expect(e).toBeInstanceOf(GradloomError);
    return e as GradloomError;
  }
  throw new Error('The file was loaded.');
}

beforeAll(() => {
  setBackend('wasm', { threads: 1 });
});

describe('attacks', () => {
  it.each([
    ['os', 'system'],
    ['builtins', 'eval'],
    ['keras.utils', 'get_file'],
    ['keras.layers', 'constructor'],
    ['keras.layers', '__proto__'],
    ['keras.layers', 'NoSuchLayer'],
  ])('class %s.%s is not looked up outside the tables', async (module, className) => {
    const e = await refusal(
      await withModel(sequential({ ...dense({}), module, class_name: className })),
    );
    expect(e.message).toContain(className);
  });
  it.each(['system', 'eval', 'constructor', 'toString'])('function %s is not found', async (f) => {
    const activation = { module: 'os', class_name: 'function', config: f, registered_name: f };
    expect((await refusal(await withModel(sequential(dense({ activation }))))).message).toContain(
      f,
    );
  });
  it('code in Lambda layers is not run', async () => {
    const code = { class_name: '__lambda__', config: { code: '4wEAAAA=', defaults: null } };
    for (const f of [code, ['4wEAAAA=', null, null]]) {
      const layer = { ...dense({}), class_name: 'Lambda', config: { name: 'l', function: f } };
      expect((await refusal(await withModel(sequential(layer)))).message).toMatch(
        /Lambda.*not run/,
      );
    }
    await refusal(await withModel(sequential(dense({ activation: code }))));
  });
  it('vocabularies are not read from paths', async () => {
    const config = { name: 'v', vocabulary: '/etc/passwd' };
    await refusal(
      await withModel(sequential({ ...dense({}), class_name: 'StringLookup', config })),
    );
  });
  it.each(Object.entries(refused))('weights with HDF5 %s', async (_, h5) => {
    await refusal(await crafted({ 'model.weights.h5': bytesOf(h5) }), { maxBytes: 2 ** 22 });
  });
  it('archives that grow', async () => {
    const e = await refusal(await crafted({ 'assets/zeros': new Uint8Array(2 ** 22) }, false), {
      maxBytes: 2 ** 20,
    });
    expect(e.code).toBe('zip-too-large');
  });
  it('layers that are larger than the file', async () => {
    await refusal(await withModel(sequential(dense({ units: 2 ** 40 }))));
  });
  it('files that are none', async () => {
    for (const s of ['', 'null', '[]', '"x"', '{', '{"class_name":1,"config":{}}'])
      await refusal(await crafted({ 'config.json': s }));
    await refusal(await crafted({ 'config.json': '['.repeat(5000) + ']'.repeat(5000) }));
  });
});

describe('what the file cannot know', () => {
  it('a version that is newer says so, where something is unknown', async () => {
    const model = JSON.stringify(sequential({ ...dense({}), class_name: 'Fancy' }));
    const metadata = JSON.stringify({ keras_version: '9.1.0' });
    const e = await refusal(await crafted({ 'config.json': model, 'metadata.json': metadata }));
    expect(e.message).toMatch(/Fancy.*customObjects.*written by Keras 9\.1\.0, newer than/s);
    const old = await refusal(await crafted({ 'config.json': model }));
    expect(old.message).toMatch(/Fancy.*customObjects/s);
    expect(old.message).not.toMatch(/newer/);
  });
});

describe('attacks beside the weights', () => {
  it('members that lead out of the archive, or are there twice', async () => {
    const good = await crafted({});
    const renamed = (from: string, to: string): Uint8Array => {
      const bytes = good.slice();
      const [old, name] = [text.encode(from), text.encode(to)];
      for (let i = 0; i + old.length <= bytes.length; i++)
        if (old.every((b, k) => bytes[i + k] === b)) bytes.set(name, i);
      return bytes;
    };
    for (const to of ['../../ta.json!', '/etc/passwd-1', 'C:\\windows.ini', 'a/../../x.json'])
      expect((await refusal(renamed('metadata.json', to.slice(0, 13)))).message).toMatch(
        /leads out of it/,
      );
  });
  it.each(['StringLookup', 'IntegerLookup', 'TextVectorization'])(
    'vocabularies of %s are not read from paths',
    async (className) => {
      for (const vocabulary of [
        '/etc/passwd',
        'file:///etc/passwd',
        'http://localhost/x',
        '../x.txt',
      ]) {
        const config = { name: 'v', vocabulary };
        const e = await refusal(
          await withModel(sequential({ ...dense({}), class_name: className, config })),
        );
        expect(e.message).not.toMatch(/root:/);
      }
    },
  );
  it('functions in every option of a layer', async () => {
    const fn = (config: unknown) => ({
      module: 'builtins',
      class_name: 'function',
      config,
      registered_name: config,
    });
    for (const option of [
      'activation',
      'kernel_initializer',
      'kernel_regularizer',
      'kernel_constraint',
    ])
      for (const name of ['eval', 'constructor', '__proto__', 'exec'])
        expect(
          (await refusal(await withModel(sequential(dense({ [option]: fn(name) }))))).message,
          `${option} ${name}`,
        ).toBeTruthy();
  });
  it('classes in compile_config that are none', async () => {
    const part = (class_name: string) => ({
      module: 'os',
      class_name,
      config: {},
      registered_name: null,
    });
    for (const compile_config of [
      { optimizer: part('system'), loss: 'mse' },
      { optimizer: 'adam', loss: part('constructor') },
      { optimizer: 'adam', loss: 'mse', metrics: [part('__proto__')] },
      { optimizer: 'adam', loss: 'eval' },
    ])
      await refusal(await withModel({ ...sequential(dense({})), compile_config }));
  });
  it('arrays of Python objects in weights of NumPy', async () => {
    const header = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".padEnd(117);
    const npy = Uint8Array.from([
      ...[0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0],
      ...text.encode(`${header}\n`),
      ...text.encode("cos\nsystem\n(S'true'\ntR."),
    ]);
    const npz = await zip([['layers/dense/vars/0.npy', npy]], { store: true });
    const all = await unzip(files[0]);
    all.delete('model.weights.h5');
    all.set('model.weights.npz', npz);
    expect((await refusal(await zip(all, { store: true }))).message).toMatch(/object|pickle/i);
  });
  it('a size in the archive that is not the size of what is in it', async () => {
    const packed = await crafted({ 'assets/zeros': new Uint8Array(2 ** 22) }, false);
    const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
    for (let i = 0; i + 4 < packed.length; i++) {
      if (view.getUint32(i, true) === 0x02014b50) view.setUint32(i + 24, 64, true);
      if (view.getUint32(i, true) === 0x04034b50) view.setUint32(i + 22, 64, true);
    }
    await refusal(packed, { maxBytes: 2 ** 20 });
  });
});

describe('changed files', () => {
  const open = async (bytes: Uint8Array): Promise<void> => {
    await ends(() => keras.saving.loadModel(bytes, { maxBytes: 2 ** 24 }));
  };
  const legacy = legacyModels
    .filter((m) => /^(mlp|functional|bilstm|arithmetic) of/.test(m.name))
    .map((m) => new Uint8Array(gunzipSync(Buffer.from(m.file, 'base64'))));
  beforeAll(() => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    return () => vi.restoreAllMocks();
  });
  it('end in a model or a GradloomError, whatever bytes are changed', async () => {
    await fc.assert(fc.asyncProperty(damaged(files), open), { numRuns: cases(150) });
  });
  it('of Keras 2 end so, whatever bytes are changed', async () => {
    await fc.assert(fc.asyncProperty(damaged(legacy), open), { numRuns: cases(150) });
  });
  it('end so whatever values stand in their configs', async () => {
    const configs: unknown[] = [];
    for (const f of files)
      configs.push(JSON.parse(new TextDecoder().decode((await unzip(f)).get('config.json')!)));
    await fc.assert(
      fc.asyncProperty(changedJson(configs), async (config) => {
        await open(await crafted({ 'config.json': JSON.stringify(config) ?? 'null' }));
      }),
      { numRuns: cases(200) },
    );
  });
  it('of Keras 2 end so whatever values stand in their configs', async () => {
    const texts = legacy.map((b) => {
      const { attributes } = readHdf5(b);
      return ['model_config', 'training_config'].map((k) =>
        JSON.parse(String(attributes.get(k) ?? 'null')),
      );
    });
    await fc.assert(
      fc.asyncProperty(changedJson(texts), async (x) => {
        const [model, training] = Array.isArray(x) ? x : [x, null];
        const attributes = {
          keras_version: '2.4.0',
          model_config: JSON.stringify(model) ?? 'null',
          training_config: JSON.stringify(training) ?? 'null',
        };
        const weights = { attributes: { layer_names: [] as string[] } };
        await open(writeHdf5({ attributes, groups: new Map([['model_weights', weights]]) }));
      }),
      { numRuns: cases(300) },
    );
  });
  it('lists of shards end so, whatever values stand in them', async () => {
    const { files: parts } = readGoldens<{ files: { name: string; file: string }[] }>(
      'sharded_weights',
    );
    const contents = new Map(
      parts.map((p) => [p.name, new Uint8Array(gunzipSync(Buffer.from(p.file, 'base64')))]),
    );
    const map = JSON.parse(new TextDecoder().decode(contents.get('keras.weights.json')));
    const beside = async (name: string): Promise<Uint8Array> => {
      const found = contents.get(name);
      if (found && /^[\w.]+$/.test(name)) return found;
      // Only names of this folder come this far.
      expect(name).not.toMatch(/[/\\]/);
      throw new GradloomError('file-not-found', name);
    };
    await fc.assert(
      fc.asyncProperty(changedJson([map]), async (json) => {
        const bytes = text.encode(JSON.stringify(json) ?? '');
        await ends(() => decodeShards(bytes, beside, { name: 'm', maxBytes: 2 ** 20 }));
      }),
      { numRuns: cases(500) },
    );
  });
});
