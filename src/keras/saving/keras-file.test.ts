/** `.keras` files of real Keras: what they predict, how training goes on, and the way there and back. */
import { beforeAll, describe, expect, it } from 'vitest';
import { distances, fileOf, over, type TrainingCase } from '../../../test/live/training-cases.ts';
import { setBackend } from '../../backends/registry.ts';
import * as keras from '../index.ts';
import { readGoldens } from '../testing.ts';

const { models } = readGoldens<{ models: TrainingCase[] }>('keras_files');
const { loadModel, encodeModel } = keras.saving;

beforeAll(() => {
  setBackend('wasm', { threads: 1 });
});

describe('a model that Keras saved', () => {
  it('is of each family', () => {
    expect(models.map((m) => m.name)).toEqual([
      ...['mlp', 'cnn', 'depthwise', 'rnn', 'gru', 'bilstm', 'timedistributed'],
      ...['functional', 'transformer'],
    ]);
  });

  it.each(models)('$name predicts the same, and trains on as in Keras', async (c) => {
    const model = await loadModel(fileOf(c));
    const bytes = await encodeModel(model);
    expect(over(await distances(model, c))).toEqual([]);
    // There and back: the same again.
    expect(over(await distances(await loadModel(bytes), c))).toEqual([]);
  });

  it.each(models.slice(0, 1))('$name trains on otherwise without its optimizer', async (c) => {
    const model = await loadModel(fileOf(c), { compile: false });
    model.compile({ optimizer: 'adam', loss: new keras.losses.Huber() });
    const found = await distances(model, c);
    expect(found.predictions).toBeLessThan(1e-5);
    expect(found.weights).toBeGreaterThan(1e-4);
  });
});
