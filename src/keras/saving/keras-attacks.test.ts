/** `.keras` files from strangers: the known attacks, and good files changed at random. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { GradloomError } from '../../errors.ts';
import { unzip, zip } from '../../formats/zip.ts';
import * as keras from '../index.ts';
import { readGoldens } from '../testing.ts';

const { models } = readGoldens<{ models: { name: string; file: string }[] }>('keras_files');
const { refused } = readGoldens<{ refused: Record<string, string> }>('hdf5');
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

describe('changed files', () => {
  const ends = async (bytes: Uint8Array): Promise<void> => {
    try {
      await keras.saving.loadModel(bytes, { maxBytes: 2 ** 24 } as never);
    } catch (e) {
      if (!(e instanceof GradloomError)) throw e;
    }
  };
  it('end in a model or a GradloomError, whatever bytes are changed', async () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), edits, async (bytes, changes) => {
        const copy = Uint8Array.from(bytes);
        for (const [at, v] of changes) copy[at % copy.length] = v;
        await ends(copy);
      }),
      { numRuns: 150 },
    );
  });
  it('end so whatever values stand in their configs', async () => {
    const value = fc.oneof(
      fc.constantFrom(null, -1, 0, 0.5, 1e9, '', 'x', true, [], {}, [null], [[]], '__proto__'),
      fc.jsonValue({ maxDepth: 1 }),
    );
    const configs: unknown[] = [];
    for (const f of files)
      configs.push(JSON.parse(new TextDecoder().decode((await unzip(f)).get('config.json')!)));
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), value, async (which, at, v) => {
        const config = structuredClone(configs[which % configs.length]);
        const places: [Record<string, unknown>, string][] = [];
        const walk = (x: unknown): void => {
          if (typeof x !== 'object' || x === null) return;
          for (const k of Object.keys(x)) {
            places.push([x as Record<string, unknown>, k]);
            walk((x as Record<string, unknown>)[k]);
          }
        };
        walk(config);
        const [object, key] = places[at % places.length];
        object[key] = v;
        const all = await unzip(files[which % files.length]);
        all.set('config.json', text.encode(JSON.stringify(config)));
        await ends(await zip(all, { store: true }));
      }),
      { numRuns: 200 },
    );
  });
});
