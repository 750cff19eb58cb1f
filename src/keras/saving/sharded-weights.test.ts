/** Weights in several files: Keras's own, ours there and back, and files that are wrong. */
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { writeHdf5 } from '../../formats/hdf5/index.ts';
import type { Tensor } from '../../tensor/index.ts';
import * as keras from '../index.ts';
import { expectClose, type GoldenArray, readGoldens, toTensor } from '../testing.ts';
import { parseShardMap, shardBase } from './sharded-weights.ts';

const golden = readGoldens<{
  files: { name: string; file: string }[];
  x: GoldenArray;
  predictions: GoldenArray;
}>('sharded_weights');
const { layers } = keras;
/** As scripts/goldens/make_sharded_weights.py makes it. */
const model = (): keras.Sequential =>
  keras.sequential([
    layers.dense(6, { inputShape: [5], activation: 'relu' }),
    layers.batchNormalization(),
    layers.dense(4, { activation: 'tanh' }),
    layers.dense(2),
  ]);
const values = (m: keras.Model): number[][] => m.getWeights().map((t) => [...t.dataSync()]);
const shards = (folder: string): Promise<string[]> => readdir(folder).then((f) => f.sort());

let dir: string;
const at = (...parts: string[]): string => join(dir, ...parts);
beforeAll(async () => {
  setBackend('wasm', { threads: 1 });
  dir = await mkdtemp(join(tmpdir(), 'gradloom-shards-'));
  for (const { name, file } of golden.files)
    await writeFile(at(name), gunzipSync(Buffer.from(file, 'base64')));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe('weights in shards', () => {
  it('that Keras wrote are put together', async () => {
    expect(golden.files.length).toBeGreaterThan(3);
    const m = model();
    await m.loadWeights(at('keras.weights.json'));
    expectClose((await m.predict(toTensor(golden.x))) as Tensor, golden.predictions);
    const files = golden.files.map(
      ({ name, file }) => new File([gunzipSync(Buffer.from(file, 'base64'))], name),
    );
    const again = model();
    await again.loadWeights(files);
    expect(values(again)).toEqual(values(m));
  });

  it('come back as they were, however they are cut', async () => {
    const m = model();
    for (const bytes of [120, 130, 200, 1e9]) {
      const path = at(`cut${bytes}`, 'x.weights.json');
      await m.saveWeights(path, { maxShardSize: bytes / 2 ** 30 });
      const names = await shards(at(`cut${bytes}`));
      expect(names).toContain('x_00000.weights.h5');
      expect(names.length > 2).toBe(bytes < 1000);
      const map = JSON.parse(await readFile(path, 'utf8'));
      expect(map.metadata.total_size).toBe(4 * m.countParams());
      const listed = new Set(Object.values(map.weight_map).flat());
      expect([...listed].sort()).toEqual(names.filter((n) => n.endsWith('.h5')));
      const b = model();
      await b.loadWeights(path);
      expect(values(b)).toEqual(values(m));
    }
  });

  it('are cut as Keras cuts them', async () => {
    const map = JSON.parse(await readFile(at('keras.weights.json'), 'utf8'));
    const m = model();
    await m.saveWeights(at('ours', 'keras.weights.json'), { maxShardSize: 200 / 2 ** 30 });
    const ours = JSON.parse(await readFile(at('ours', 'keras.weights.json'), 'utf8'));
    // Keras keeps what the optimizer remembers beside the weights; it is read over here.
    const { '/optimizer/vars': _, ...weights } = map.weight_map;
    expect(ours.weight_map).toEqual(weights);
  });

  it('are refused when one shard is of another time, and nothing has changed', async () => {
    const m = model();
    const path = at('torn', 'x.weights.json');
    const o = { maxShardSize: 200 / 2 ** 30 };
    await m.saveWeights(path, o);
    await model().saveWeights(at('other', 'x.weights.json'), o);
    await copyFile(at('other', 'x_00001.weights.h5'), at('torn', 'x_00001.weights.h5'));
    const b = model();
    const kept = values(b);
    await expect(b.loadWeights(path)).rejects.toMatchObject({ code: 'checksum' });
    await rm(at('torn', 'x_00001.weights.h5'));
    await expect(b.loadWeights(path)).rejects.toThrow(/x_00001\.weights\.h5/);
    expect(values(b)).toEqual(kept);
  });

  it('say what cannot be done', async () => {
    const m = model();
    const path = at('y.weights.json');
    await expect(m.saveWeights(path, { maxShardSize: 100 / 2 ** 30 })).rejects.toThrow(
      /larger than maxShardSize.*:\n {2}layers\/dense\/vars\/0 \(.*\): 120 bytes/s,
    );
    for (const size of [0, -1, Number.NaN])
      await expect(m.saveWeights(path, { maxShardSize: size })).rejects.toThrow(/more than 0/);
    await expect(m.saveWeights(at('y.weights.h5'), { maxShardSize: 1 })).rejects.toThrow(
      /ends in \.weights\.json/,
    );
    await expect(keras.saving.encodeWeights(m, '.weights.json')).rejects.toThrow(/several files/);
    await expect(m.saveWeights(at('y.h5'))).rejects.toThrow(/Keras 2 are read, not written/);
    await expect(m.loadWeights(path)).rejects.toMatchObject({ code: 'file-not-found' });
    await m.saveWeights(path);
    await expect(m.saveWeights(path, { overwrite: false })).rejects.toMatchObject({
      code: 'file-exists',
    });
    const map = await readFile(path);
    await expect(m.loadWeights(new Uint8Array(map))).rejects.toThrow(/y_00000|asks for it/);
    await expect(m.loadWeights(path, { maxBytes: 100 })).rejects.toMatchObject({
      code: 'file-too-large',
    });
    const other = keras.sequential([layers.dense(3, { inputShape: [5] })]);
    await expect(other.loadWeights(path)).rejects.toThrow(
      /kernel|vars\/0: expected \(5, 3\), the file has \(5, 6\)/,
    );
  });

  it('name files in their own folder only', async () => {
    const map = (file: unknown): Uint8Array =>
      new TextEncoder().encode(JSON.stringify({ weight_map: { '/layers/dense/vars': file } }));
    for (const file of [
      '../x_00000.weights.h5',
      '/etc/x.weights.h5',
      'a/b.weights.h5',
      'C:\\x.weights.h5',
      '..\\x.weights.h5',
      'file:x.weights.h5',
      '/etc/passwd',
      ['x_00000.weights.h5', '../y.weights.h5'],
      7,
      null,
      {},
    ])
      expect(() => parseShardMap(map(file), 'm'), String(file)).toThrow(/same folder/);
    for (const text of ['', '{', '[]', '{}', '{"weight_map":[]}', 'null', '7'])
      expect(() => parseShardMap(new TextEncoder().encode(text), 'm')).toThrow(/^m /);
    const empty = writeHdf5({});
    await writeFile(at('e_00000.weights.h5'), empty);
    await writeFile(at('e.weights.json'), map('e_00000.weights.h5'));
    await expect(model().loadWeights(at('e.weights.json'))).rejects.toThrow(
      /e_00000.* has no layers\/dense\/vars/,
    );
  });

  it('are called after their map', () => {
    expect(shardBase('a/b.weights.json')).toBe('b');
    expect(shardBase('indexeddb://b.weights.json')).toBe('b');
  });
});
