import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { fromOnnx } from '../../onnx/index.ts';
import { fromData } from '../../tensor/index.ts';
import * as keras from '../index.ts';

let folder = '';
beforeAll(async () => {
  setBackend('wasm');
  folder = await mkdtemp(join(tmpdir(), 'gradloom-export-'));
});
afterAll(() => rm(folder, { recursive: true }));

const model = (): keras.Model =>
  keras.sequential([keras.input({ shape: [3] }), keras.layers.dense(2, { activation: 'tanh' })]);

describe('model.export', () => {
  it('writes an ONNX file with the same predictions', async () => {
    const m = model();
    const path = join(folder, 'inner', 'model.onnx');
    await m.export(path, { format: 'onnx' });
    const read = fromOnnx(await readFile(path));
    expect(read.producer).toBe('gradloom');
    const x = fromData(Float32Array.of(1, -2, 0.5, 3, 0, 1), [2, 3]);
    const [a, b] = [await read.predict(x), await m.predict(x)];
    expect(a.shape).toEqual([2, 2]);
    b.dataSync().forEach((v, i) => {
      expect(a.dataSync()[i]).toBeCloseTo(v, 6);
    });
  });

  it('refuses formats and options that there are not', async () => {
    const path = join(folder, 'other');
    await expect(model().export(path, { format: 'tf_saved_model' })).rejects.toMatchObject({
      code: 'export-format',
    });
    await expect(model().export(path, { formt: 'onnx' } as never)).rejects.toThrow(/format/);
  });
});
