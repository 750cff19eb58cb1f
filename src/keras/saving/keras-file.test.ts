/** `.keras` files of real Keras: what they predict, how training goes on, and the way there and back. */
import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import type { Tensor } from '../../tensor/index.ts';
import * as keras from '../index.ts';
import { expectClose, type GoldenArray, readGoldens, toTensor } from '../testing.ts';

type Arrays = GoldenArray | Record<string, GoldenArray>;
interface Case {
  readonly name: string;
  readonly file: string;
  readonly x: Arrays;
  readonly y: Arrays;
  readonly predictions: Arrays;
  readonly losses?: number[];
  readonly after?: Arrays;
}
const { models } = readGoldens<{ models: Case[] }>('keras_files');
const bytesOf = (c: Case): Uint8Array => Uint8Array.from(Buffer.from(c.file, 'base64'));
const isArray = (a: Arrays): a is GoldenArray => typeof a !== 'object' || 'shape' in a;
const tensors = (a: Arrays): Tensor | Record<string, Tensor> =>
  isArray(a)
    ? toTensor(a)
    : Object.fromEntries(Object.entries(a).map(([k, v]) => [k, toTensor(v)]));
function close(got: unknown, want: Arrays, rel: number, abs: number): void {
  if (isArray(want)) expectClose(got as Tensor, want, rel, abs);
  else
    for (const [k, v] of Object.entries(want))
      expectClose((got as Record<string, Tensor>)[k], v, rel, abs);
}

beforeAll(() => {
  setBackend('wasm', { threads: 1 });
});

describe('a model that Keras saved', () => {
  it.each(models)('$name predicts the same, and trains on', async (c) => {
    const model = await keras.saving.loadModel(bytesOf(c));
    const x = tensors(c.x) as never;
    close(await model.predict(x), c.predictions, 1e-5, 1e-6);
    // There and back: the same again.
    const again = await keras.saving.loadModel(await keras.saving.encodeModel(model));
    close(await again.predict(x), c.predictions, 1e-5, 1e-6);
    if (!c.losses) return;
    for (const m of [model, again]) {
      const history = await m.fit(x, tensors(c.y) as never, {
        epochs: 3,
        batchSize: 3,
        shuffle: false,
        verbose: 0,
      });
      const losses = history.history.loss as number[];
      losses.forEach((l, i) => {
        expect(Math.abs(l - c.losses![i])).toBeLessThan(1e-4 * (1 + Math.abs(c.losses![i])));
      });
      close(await m.predict(x), c.after!, 1e-3, 1e-4);
    }
  });
});
