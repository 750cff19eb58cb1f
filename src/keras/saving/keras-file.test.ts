/** `.keras` files of real Keras: what they predict, how training goes on, and the way there and back. */
import { beforeAll, describe, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import * as keras from '../index.ts';
import { readGoldens } from '../testing.ts';
import { expectAllClose, expectTrainsOn, type SavedModel, toTensors } from './testing.ts';

const { models } = readGoldens<{ models: SavedModel[] }>('keras_files');
const bytesOf = (c: SavedModel): Uint8Array => Uint8Array.from(Buffer.from(c.file, 'base64'));
beforeAll(() => {
  setBackend('wasm', { threads: 1 });
});

describe('a model that Keras saved', () => {
  it.each(models)('$name predicts the same, and trains on', async (c) => {
    const model = await keras.saving.loadModel(bytesOf(c));
    const x = toTensors(c.x) as never;
    expectAllClose(await model.predict(x), c.predictions, 1e-5, 1e-6);
    // There and back: the same again.
    const again = await keras.saving.loadModel(await keras.saving.encodeModel(model));
    expectAllClose(await again.predict(x), c.predictions, 1e-5, 1e-6);
    if (!c.losses) return;
    for (const m of [model, again]) await expectTrainsOn(m, c, x);
  });
});
