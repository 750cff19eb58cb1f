import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { GradloomError } from '../../errors.ts';
import { cases } from '../../formats/fuzzing.ts';
import { decodeSafetensors, encodeSafetensors } from '../../formats/safetensors.ts';
import { fromData, type Tensor } from '../../tensor/index.ts';
import * as keras from '../index.ts';
import { weightPaths } from './weight-paths.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gradloom-weights-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const { layers } = keras;
const mlp = (hidden = 4): keras.Sequential =>
  keras.sequential([
    layers.dense(hidden, { inputShape: [3], activation: 'relu' }),
    layers.batchNormalization(),
    layers.dense(2),
  ]);
const values = (m: keras.Model): number[][] => m.getWeights().map((t) => [...t.dataSync()]);
const x = fromData(
  Float32Array.from({ length: 6 }, (_, i) => i - 2),
  [2, 3],
);

class Pair extends keras.Model {
  readonly headLayer = layers.dense(2);
  readonly parts = { a: layers.dense(2), b: [layers.dense(2), layers.lstm(3)] };
  override call(t: Tensor): Tensor {
    const [b, lstm] = this.parts.b;
    const h = b.apply(this.parts.a.apply(this.headLayer.apply(t)));
    return lstm.apply(h.reshape([-1, 1, 2]));
  }
}

describe('weightPaths', () => {
  it('names places, not layers', () => {
    const input = keras.input({ shape: [3] });
    const inner = mlp();
    const shared = layers.dense(3);
    const m = keras.model({
      inputs: input,
      outputs: inner.apply(shared.apply(shared.apply(input))),
    });
    const names = [...weightPaths(m).keys()];
    expect(names.slice(0, 4)).toEqual([
      'layers/dense/kernel',
      'layers/dense/bias',
      'layers/sequential/layers/dense/kernel',
      'layers/sequential/layers/dense/bias',
    ]);
    expect(names).toContain('layers/sequential/layers/batch_normalization/moving_variance');
    expect(names).toContain('layers/sequential/layers/dense_1/kernel');
    expect([...weightPaths(mlp()).keys()]).toEqual([...weightPaths(mlp()).keys()]);
  });

  it('finds every weight of a model of its own, once', () => {
    const m = new Pair();
    m.apply(x);
    const paths = weightPaths(m);
    expect([...paths.keys()].sort()).toEqual([
      'head_layer/bias',
      'head_layer/kernel',
      'parts/container/dense/bias',
      'parts/container/dense/kernel',
      'parts/container/lstm/cell/bias',
      'parts/container/lstm/cell/kernel',
      'parts/container/lstm/cell/recurrent_kernel',
      'parts/dense/bias',
      'parts/dense/kernel',
    ]);
    expect(new Set(paths.values())).toEqual(new Set(m.weights));
  });
});

describe('saveWeights and loadWeights', () => {
  it('another model of the same kind gets the same weights', async () => {
    const path = join(dir, 'new folder', 'a.safetensors');
    const [a, b] = [mlp(), mlp()];
    a.layers[1].setWeights([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [0, 1, 0, 1],
      [2, 2, 2, 2],
    ]);
    await a.saveWeights(path);
    expect(values(b)).not.toEqual(values(a));
    await b.loadWeights(path);
    expect(values(b)).toEqual(values(a));
    expect([...(await b.predict(x)).dataSync()]).toEqual([...(await a.predict(x)).dataSync()]);
    // Nothing is left beside the file.
    expect(await readdir(join(dir, 'new folder'))).toEqual(['a.safetensors']);
    // It is a plain safetensors file.
    const { tensors } = decodeSafetensors(await readFile(path));
    expect([...tensors.get('layers/dense/kernel')!.shape]).toEqual([3, 4]);
  });

  it('bytes do as well, and a model that has been trained', async () => {
    const [a, b] = [mlp(), mlp()];
    for (const m of [a, b]) m.compile({ optimizer: 'adam', loss: 'mse' });
    await a.fit(
      x,
      [
        [0, 1],
        [1, 0],
      ],
      { verbose: 0 },
    );
    await b.fit(
      x,
      [
        [1, 1],
        [1, 1],
      ],
      { verbose: 0 },
    );
    await b.loadWeights(await keras.saving.encodeWeights(a, '.safetensors'));
    expect(values(b)).toEqual(values(a));
    await b.fit(
      x,
      [
        [0, 1],
        [1, 0],
      ],
      { verbose: 0 },
    );
  });

  it('lists every difference, and changes nothing', async () => {
    const m = mlp(5);
    const before = values(m);
    const e = await m.loadWeights(await keras.saving.encodeWeights(mlp(), '.safetensors')).then(
      () => undefined,
      (e) => e,
    );
    expect(e.code).toBe('weights');
    expect(e.facts.mismatches).toHaveLength(7);
    expect(e.message).toContain('layers/dense/kernel: expected (3, 5), the file has (3, 4)');
    expect(e.message).toContain('layers/batch_normalization/gamma: expected (5,)');
    expect(values(m)).toEqual(before);
    // Another structure: what is missing on either side.
    const other = keras.sequential([layers.dense(4, { inputShape: [3] }), layers.embedding(2, 2)]);
    const f = await m.loadWeights(await keras.saving.encodeWeights(other, '.safetensors')).then(
      () => undefined,
      (e) => e,
    );
    expect(f.message).toContain('layers/dense_1/bias: not in the file (expected (2,))');
    expect(f.message).toContain('layers/embedding/embeddings: not in the model');
  });

  it('skipMismatch takes what fits and says what it left out', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const [a, b] = [mlp(4), mlp(5)];
    a.layers[2].setWeights([a.layers[2].getWeights()[0], [7, 8]]);
    await b.loadWeights(await keras.saving.encodeWeights(a, '.safetensors'), {
      skipMismatch: true,
    });
    const text = warn.mock.calls[0][0];
    warn.mockRestore();
    expect([...b.layers[2].getWeights()[1].dataSync()]).toEqual([7, 8]);
    expect(text).toMatch(
      /1 of 8 weights .* were loaded from .*; skipped:\n {2}layers\/dense\/kernel/,
    );
    expect(text).not.toContain('dense_1/bias');
  });

  it('byName finds layers by their names, wherever they are', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const a = keras.sequential([
      layers.dense(3, { inputShape: [3], name: 'features' }),
      layers.dense(2, { name: 'head' }),
    ]);
    const b = keras.sequential([
      layers.dense(3, { inputShape: [3], name: 'new' }),
      layers.dense(3, { name: 'features' }),
    ]);
    const untouched = [...b.layers[0].getWeights()[0].dataSync()];
    await b.loadWeights(await keras.saving.encodeWeights(a, '.safetensors'), { byName: true });
    expect([...b.layers[1].getWeights()[0].dataSync()]).toEqual([
      ...a.layers[0].getWeights()[0].dataSync(),
    ]);
    expect([...b.layers[0].getWeights()[0].dataSync()]).toEqual(untouched);
    expect(warn.mock.calls[0][0]).toMatch(
      /2 of 4 .*new\/kernel: not in the file.*head\/kernel: not in the model/s,
    );
    warn.mockRestore();
    const bare = encodeSafetensors([]);
    await expect(b.loadWeights(bare, { byName: true })).rejects.toThrow(/names of layers/);
  });

  it('numbers of another type are converted', async () => {
    const m = keras.sequential([layers.dense(1, { inputShape: [2], useBias: false })]);
    const data = Float64Array.of(0.1, 2);
    await m.loadWeights(
      encodeSafetensors([['layers/dense/kernel', { data, shape: [2, 1], dtype: 'float64' }]]),
    );
    expect(values(m)).toEqual([[Math.fround(0.1), 2]]);
  });

  it('a damaged file is told from a good one by its checksum', async () => {
    const path = join(dir, 'damaged.safetensors');
    const m = mlp();
    await m.saveWeights(path);
    const good = await readFile(path);
    const before = values(m);
    for (const at of [good.length - 1, good.length - 40, 300]) {
      const bytes = Uint8Array.from(good);
      bytes[at] ^= 1;
      await writeFile(path, bytes);
      await expect(m.loadWeights(path)).rejects.toMatchObject({ code: 'checksum' });
    }
    await writeFile(path, good.subarray(0, good.length - 4));
    await expect(m.loadWeights(path)).rejects.toMatchObject({ code: 'checksum' });
    await writeFile(path, '');
    await expect(m.loadWeights(path)).rejects.toThrow(/damaged\.safetensors is empty/);
    expect(values(m)).toEqual(before);
  });

  it('ends in weights or a GradloomError, whatever bytes are changed', async () => {
    const m = mlp();
    const sealed = await keras.saving.encodeWeights(m, '.safetensors');
    // The same without a checksum, so that changes get further.
    const plain = encodeSafetensors(decodeSafetensors(sealed).tensors);
    const change = fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const property = fc.asyncProperty(
      fc.boolean(),
      change,
      fc.nat(60),
      async (which, edits, cut) => {
        let bytes = (which ? sealed : plain).slice();
        for (const [at, v] of edits) bytes[at % bytes.length] = v;
        if (cut < 12) bytes = bytes.slice(0, Math.floor((bytes.length * cut) / 12));
        try {
          await m.loadWeights(bytes);
          return m.weights.every((w) => w.tensor.size === w.size);
        } catch (e) {
          return e instanceof GradloomError;
        }
      },
    );
    await fc.assert(property, { numRuns: cases(500) });
  });

  it('what cannot be done is said', async () => {
    const m = mlp();
    const path = join(dir, 'b.safetensors');
    await expect(m.saveWeights(join(dir, 'b.bin'))).rejects.toThrow(/end in \.safetensors/);
    await expect(m.loadWeights(path)).rejects.toMatchObject({ code: 'file-not-found' });
    await expect(m.loadWeights(Uint8Array.of(1, 2))).rejects.toMatchObject({ code: 'extension' });
    const unbuilt = keras.sequential([layers.dense(1)]);
    await expect(unbuilt.saveWeights(path)).rejects.toMatchObject({ code: 'not-built' });
    await m.saveWeights(path);
    await expect(m.saveWeights(path, { overwrite: false })).rejects.toMatchObject({
      code: 'file-exists',
    });
    await expect(m.saveWeights(path, { overwite: false } as never)).rejects.toThrow(/overwrite/);
    await expect(m.loadWeights(path, { maxBytes: 10 })).rejects.toThrow(/over the limit of 10/);
    await expect(
      m.saveWeights(dir.concat('/x.safetensors/y.safetensors')),
    ).resolves.toBeUndefined();
    await expect(m.saveWeights(join(dir, 'x.safetensors'))).rejects.toThrow(/It is a folder/);
  });
});
