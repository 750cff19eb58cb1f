import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { tensor } from '../../tensor/index.ts';
import * as keras from '../index.ts';
import { hooks } from './callback.ts';

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

/** Plays epochs with these values of `loss` to a callback; the epochs that were run. */
function play(
  cb: keras.callbacks.Callback,
  values: readonly number[],
  name = 'valLoss',
): { epochs: number; restored: number | undefined } {
  let weights = -1;
  let restored: number | undefined;
  const stub = {
    stopTraining: false,
    getWeights: () => [tensor([weights])],
    setWeights: ([w]: keras.callbacks.Callback[]) => {
      restored = (w as never as { item(): number }).item();
    },
  };
  cb.model = stub as never;
  cb.params = { epochs: values.length, steps: 1, verbose: 0 };
  cb.onTrainBegin();
  let epochs = 0;
  for (const [i, v] of values.entries()) {
    weights = i;
    cb.onEpochEnd(i, callbacks.makeLogs([[name, v]]));
    epochs++;
    if (stub.stopTraining) break;
  }
  cb.onTrainEnd();
  return { epochs, restored };
}

describe('EarlyStopping', () => {
  const { earlyStopping } = callbacks;
  it('waits as long as it was told', () => {
    expect(play(earlyStopping(), [3, 2, 2.5, 1]).epochs).toBe(3);
    expect(play(earlyStopping({ patience: 2 }), [3, 2, 2.5, 2.4, 1]).epochs).toBe(4);
    expect(play(earlyStopping({ patience: 2 }), [3, 2, 2.5, 1, 2, 2]).epochs).toBe(6);
  });
  it('never stops after the first epoch', () => {
    expect(play(earlyStopping({ baseline: 1 }), [3, 2]).epochs).toBe(2);
  });
  it('knows which way is better, or is told', () => {
    expect(play(earlyStopping({ monitor: 'accuracy' }), [0.1, 0.2, 0.3], 'accuracy').epochs).toBe(
      3,
    );
    expect(
      play(earlyStopping({ monitor: 'val_accuracy' }), [0.3, 0.2, 0.3], 'valAccuracy').epochs,
    ).toBe(2);
    expect(play(earlyStopping({ monitor: 'score', mode: 'max' }), [1, 2, 3], 'score').epochs).toBe(
      3,
    );
    expect(play(earlyStopping({ monitor: 'score', mode: 'min' }), [1, 2, 3], 'score').epochs).toBe(
      2,
    );
  });
  it('counts only changes larger than minDelta', () => {
    expect(play(earlyStopping({ minDelta: 0.5 }), [3, 2.8, 1]).epochs).toBe(2);
    expect(play(earlyStopping({ minDelta: -0.5 }), [3, 2.4, 2.2, 1]).epochs).toBe(3);
  });
  it('starts late', () => {
    expect(play(earlyStopping({ startFromEpoch: 2 }), [1, 2, 3, 4, 5]).epochs).toBe(4);
  });
  it('a baseline only gates the counting', () => {
    expect(play(earlyStopping({ baseline: 2, patience: 2 }), [5, 4, 4, 4]).epochs).toBe(3);
    expect(play(earlyStopping({ baseline: 4.5, patience: 2 }), [5, 4, 4, 4]).epochs).toBe(4);
  });
  it('puts the best weights back, even when it did not stop', () => {
    const o = { restoreBestWeights: true, patience: 3 };
    expect(play(earlyStopping(o), [3, 1, 2])).toEqual({ epochs: 3, restored: 1 });
    expect(play(earlyStopping(o), [3, 1, 2, 2, 2, 2])).toEqual({ epochs: 5, restored: 1 });
    expect(play(earlyStopping(), [3, 1, 2]).restored).toBeUndefined();
  });
  it('warns once when there is nothing to watch', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    expect(play(earlyStopping({ monitor: 'valLoss' }), [1, 2, 3], 'loss').epochs).toBe(3);
    expect(warn.mock.calls).toEqual([
      ['EarlyStopping: there is no "valLoss" to watch; there are loss.'],
    ]);
  });
  it('says what it does when asked', () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    play(earlyStopping({ verbose: 1, restoreBestWeights: true }), [1, 2]);
    expect(log.mock.calls.flat()).toEqual([
      'Epoch 2: early stopping',
      'Restoring model weights from the end of the best epoch: 1.',
    ]);
  });
  it('refuses options it does not know', () => {
    expect(() => earlyStopping({ patiense: 1 } as object)).toThrow(/mean "patience"/);
    expect(() => earlyStopping({ mode: 'mx' as 'max' })).toThrow(/Unknown mode "mx"/);
  });
  it('stops a training', async () => {
    const m = model();
    const h = await m.fit(x, y, {
      epochs: 100,
      verbose: 0,
      callbacks: [earlyStopping({ monitor: 'loss', minDelta: 1e9 })],
    });
    expect(h.epoch).toEqual([0, 1]);
  });
});

describe('callbacks in fit', () => {
  it('are called in Keras’s order', async () => {
    const seen: string[] = [];
    const all = Object.fromEntries(
      hooks.map((h) => [
        h,
        (...a: unknown[]) => {
          seen.push(typeof a[0] === 'number' ? `${h} ${a[0]}` : h);
        },
      ]),
    );
    await model().fit(x, y, {
      batchSize: 2,
      verbose: 0,
      validationData: [x.slice(0, 2), y.slice(0, 2)],
      callbacks: [callbacks.lambdaCallback(all)],
    });
    expect(seen).toEqual([
      'onTrainBegin',
      'onEpochBegin 0',
      'onTrainBatchBegin 0',
      'onTrainBatchEnd 0',
      'onTrainBatchBegin 1',
      'onTrainBatchEnd 1',
      'onTestBegin',
      'onTestBatchBegin 0',
      'onTestBatchEnd 0',
      'onTestEnd',
      'onEpochEnd 0',
      'onTrainEnd',
    ]);
  });
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
