import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import * as keras from '../index.ts';

const { callbacks, layers } = keras;
beforeAll(() => {
  setBackend('reference');
});
afterEach(() => {
  vi.restoreAllMocks();
});

const x = [[1], [2], [3], [4]];
const y = [[2], [4], [6], [8]];
function model(): keras.Sequential {
  const m = keras.sequential([layers.dense(1, { inputShape: [1] })]);
  m.compile({ optimizer: 'sgd', loss: 'mse', metrics: ['mae'] });
  return m;
}

describe('callbacks in fit', () => {
  it('are waited for, and see the figures so far and the model', async () => {
    const seen: Record<string, number>[] = [];
    class Slow extends callbacks.Callback {
      override async onTrainBatchEnd(_batch: number, logs: keras.callbacks.Logs): Promise<void> {
        await new Promise((done) => setTimeout(done, 1));
        expect(this.model).toBe(m);
        expect(this.params).toEqual({ epochs: 1, steps: 2, verbose: 0 });
        seen.push({ ...logs });
      }
    }
    const m = model();
    const h = await m.fit(x, y, { batchSize: 2, verbose: 0, callbacks: [new Slow()] });
    expect(seen.length).toBe(2);
    expect(Object.keys(seen[0])).toEqual(['loss', 'mae']);
    expect(seen[1].loss).toBe(h.history.loss[0]);
  });
  it('History lists epochs and figures by either name', async () => {
    const m = model();
    const h = await m.fit(x, y, {
      epochs: 3,
      validationFreq: 2,
      verbose: 0,
      validationData: [x, y],
    });
    expect(h).toBe(m.history);
    expect(h.epoch).toEqual([0, 1, 2]);
    expect(Object.keys(h.history)).toEqual(['loss', 'mae', 'valLoss', 'valMae']);
    expect(h.history.loss.length).toBe(3);
    expect(h.history.val_loss).toBe(h.history.valLoss);
    expect(h.history.valLoss.length).toBe(1);
    expect(JSON.parse(JSON.stringify(h.history))).toEqual({ ...h.history });
  });
  it('LambdaCallback refuses what is no hook', () => {
    expect(() => callbacks.lambdaCallback({ onEpochEnds: () => {} } as object)).toThrow(
      /onEpochEnds".*mean "onEpochEnd"/,
    );
    expect(() => callbacks.lambdaCallback({ onEpochEnd: 3 as never })).toThrow(
      /must be a function/,
    );
  });
});
