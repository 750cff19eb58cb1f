import { afterAll, beforeAll, expect, it } from 'vitest';
import { getBackend, setBackend } from '../../backends/registry.ts';
import * as keras from '../index.ts';

const first = getBackend().name;
beforeAll(() => setBackend('reference'));
afterAll(() => setBackend(first));

const x = Array.from({ length: 20 }, (_, i) => [Math.sin(i), Math.cos(i)]);
const y = Array.from({ length: 20 }, (_, i) => [Math.sin(2 * i)]);

function model(): keras.models.Sequential {
  keras.utils.setRandomSeed(3);
  const m = keras.sequential([
    keras.layers.dense(4, { activation: 'tanh', inputShape: [2] }),
    keras.layers.dropout(0.5),
    keras.layers.dense(1),
  ]);
  m.compile({ optimizer: 'adam', loss: 'mse' });
  return m;
}
const weights = (m: keras.models.Sequential): number[] =>
  m.getWeights().flatMap((w) => [...w.dataSync()]);

it.each(['epoch', 2] as const)(
  'goes on where training broke off, kept every %s',
  async (saveFreq) => {
    const whole = model();
    await whole.fit(x, y, { epochs: 4, batchSize: 5, verbose: 0 });
    const m = model();
    const kept = keras.callbacks.keepOnHost({ saveFreq });
    const breaks = keras.callbacks.lambdaCallback({
      onTrainBatchEnd: (batch) => {
        if (kept.place?.epoch === 2 && batch === 3) throw new Error('broken');
      },
    });
    const run = { epochs: 4, batchSize: 5, verbose: 0 } as const;
    await expect(m.fit(x, y, { ...run, callbacks: [kept, breaks] })).rejects.toThrow('broken');
    expect(kept.place).toEqual({ epoch: 2, batch: saveFreq === 'epoch' ? 0 : 2 });
    m.setWeights(m.getWeights().map((w) => w.mul(0)));
    await m.fit(x, y, { ...run, callbacks: [kept] });
    expect(weights(m)).toEqual(weights(whole));
    expect(kept.place).toBeUndefined();
  },
);

it('what is kept does not change with what goes on', async () => {
  const run = async (m: keras.Model, batches: readonly number[]): Promise<unknown> => {
    const kept = keras.callbacks.keepOnHost();
    for (const limit of [...batches, Number.POSITIVE_INFINITY]) {
      let seen = 0;
      const onTrainBatchEnd = (): void => {
        if (++seen > limit) throw new Error('broken');
      };
      const best = keras.callbacks.earlyStopping({
        monitor: 'loss',
        patience: 9,
        minDelta: 0.5,
        restoreBestWeights: true,
      });
      const callbacks = [kept, best, keras.callbacks.lambdaCallback({ onTrainBatchEnd })];
      try {
        const h = await m.fit(x, y, { epochs: 4, batchSize: 5, verbose: 0, callbacks });
        return [h.epoch, h.history, m.getWeights().map((w) => [...w.dataSync()])];
      } catch (e) {
        expect((e as Error).message).toBe('broken');
      }
    }
    return undefined;
  };
  // The second time it goes on from the same place as the first.
  expect(await run(model(), [9, 2, 3, 5])).toEqual(await run(model(), []));
});

it('takes only what it knows', () => {
  expect(() => keras.callbacks.keepOnHost({ saveFrequency: 2 } as object)).toThrow('saveFreq');
  expect(() => keras.callbacks.keepOnHost({ saveFreq: 0 })).toThrow('saveFreq');
});
