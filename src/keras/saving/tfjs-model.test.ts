/** Layers models of TensorFlow.js: they predict what they predict there. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import type { Tensor } from '../../tensor/index.ts';
import * as keras from '../index.ts';
import { expectClose, type GoldenArray, readGoldens, toTensor } from '../testing.ts';

interface Case {
  readonly name: string;
  readonly json: Record<string, unknown>;
  readonly shards: Record<string, string>;
  readonly x: GoldenArray[];
  readonly predictions: GoldenArray[];
}
const { models } = readGoldens<{ models: Case[] }>('tfjs_models');
const named = (name: string): Case => models.find((m) => m.name === name)!;

let dir: string;
beforeAll(() => {
  setBackend('wasm', { threads: 1 });
  dir = mkdtempSync(join(tmpdir(), 'gradloom-tfjs-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let count = 0;
/** The path of a model.json with its shards beside it. */
function written(c: Case, change: (json: never) => void = () => {}): string {
  const folder = join(dir, `${c.name}-${count++}`);
  mkdirSync(folder);
  const json = structuredClone(c.json);
  change(json as never);
  writeFileSync(join(folder, 'model.json'), JSON.stringify(json));
  for (const [path, base64] of Object.entries(c.shards))
    writeFileSync(join(folder, path), Buffer.from(base64, 'base64'));
  return join(folder, 'model.json');
}

async function predictions(model: keras.Model, c: Case): Promise<Tensor[]> {
  const x = c.x.map(toTensor);
  return [await model.predict((x.length === 1 ? x[0] : x) as never)].flat() as Tensor[];
}
async function same(model: keras.Model, c: Case): Promise<void> {
  const got = await predictions(model, c);
  expect(got.length).toBe(c.predictions.length);
  c.predictions.forEach((want, i) => {
    expectClose(got[i], want, 1e-5, 1e-5);
  });
}

describe('a layers model of TensorFlow.js', () => {
  it.each(models)('$name predicts the same, and as a .keras file', async (c) => {
    const model = await keras.saving.loadModel(written(c));
    await same(model, c);
    await same(await keras.saving.loadModel(await keras.saving.encodeModel(model)), c);
  });
});

const codeOf = async (path: string): Promise<[string, string]> => {
  const e = await keras.saving.loadModel(path).catch((x: unknown) => x);
  return [(e as { code: string }).code, (e as Error).message];
};

describe('loadModel of a model.json', () => {
  it('is compiled as it was, and trains on', async () => {
    const c = named('mlp');
    const model = await keras.saving.loadModel(written(c));
    expect(model.optimizer.constructor.name).toBe('Adam');
    expect(model.optimizer.learningRate).toBeCloseTo(0.02, 6);
    const y = keras.ops.oneHot([0, 1, 2], 3);
    const x = toTensor(c.x[0]);
    const loss = async (): Promise<number> =>
      ((await model.evaluate(x, y as never, { verbose: 0 })) as number[])[0];
    const before = await loss();
    await model.fit(x, y as never, { epochs: 30, verbose: 0 });
    expect(await loss()).toBeLessThan(before * 0.8);
    expect((await keras.saving.loadModel(written(c), { compile: false })).compiled).toBe(false);
  });

  it('takes the files that a user chose', async () => {
    const c = named('cnn');
    const files = [
      ...Object.entries(c.shards).map(([n, b]) => new File([Buffer.from(b, 'base64')], n)),
      new File([JSON.stringify(c.json)], 'model.json'),
    ];
    await same(await keras.saving.loadModel(files), c);
    await expect(keras.saving.loadModel(files.slice(1))).rejects.toMatchObject({
      code: 'file-not-found',
      message: expect.stringContaining('group1-shard1of3.bin'),
    });
    await expect(keras.saving.loadModel(files[3])).rejects.toMatchObject({
      message: expect.stringContaining('all files in a list'),
    });
  });

  type At = readonly (string | number)[];
  const weights: At = ['weightsManifest', 0, 'weights'];
  const first: At = ['modelTopology', 'config', 'layers', 0, 'config'];
  it.each<[string, At, unknown, string, RegExp]>([
    ['a missing shard', ['weightsManifest', 0, 'paths'], ['gone'], 'file-not-found', /gone/],
    ['other shapes', [...weights, 0, 'shape'], [7, 5], 'weights', /expected \(5, 7\).*\(7, 5\)/],
    [
      'weights of no layer',
      [...weights, 0, 'name'],
      'other/kernel',
      'weights',
      /expected 2 weights, the file has 1[\s\S]*other\/kernel: not in the model/,
    ],
    ['weights that are left', [...weights, 0, 'group'], 'optimizer', 'weights', /expected 2/],
    ['a graph', ['format'], 'graph-model', 'tfjs', /loadGraphModel/],
    ['no topology', ['modelTopology'], null, 'tfjs', /only weights/],
    ['no manifest', ['weightsManifest'], null, 'tfjs', /weightsManifest/],
    ['a layer that asks for too much', [...first, 'units'], 2 ** 28, 'too-large', /limit/],
    ['no input shape', [...first, 'batch_input_shape'], null, 'not-built', /input/],
  ])('refuses %s', async (_, at, value, code, message) => {
    const path = written(named('mlp'), (json) => {
      let here = json as never as Record<string | number, never>;
      for (const key of at.slice(0, -1)) here = here[key];
      here[at[at.length - 1]] = value as never;
    });
    const [got, text] = await codeOf(path);
    expect([got, text]).toEqual([code, expect.stringMatching(message)]);
  });
});
