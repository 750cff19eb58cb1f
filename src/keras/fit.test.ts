/** Callbacks as Keras calls them; ways to the same numbers agree. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { availableBackends, setBackend } from '../backends/registry.ts';
import { type Tensor, tensor } from '../tensor/index.ts';
import type { Logs } from './callbacks/index.ts';
import { camelCase, snakeCase } from './identifiers.ts';
import * as keras from './index.ts';

interface Stop {
  options: Record<string, number | string | boolean>;
  values: (number | string)[];
  epochs: number;
  stopped: number;
  restored: number;
}
const goldens = (
  JSON.parse(readFileSync(new URL('../../test/goldens/keras.json', import.meta.url), 'utf8')) as {
    callbacks: { calls: (string | number | string[])[][]; stops: Stop[] };
  }
).callbacks;

const { layers, callbacks } = keras;

/** Samples in a fixed disorder: the same on every machine. */
function samples(n: number, width: number): Tensor {
  let s = 1;
  const next = (): number => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 31 - 1;
  };
  return tensor(Float32Array.from({ length: n * width }, next), { shape: [n, width] });
}
function labels(n: number): Tensor {
  return tensor(
    Int32Array.from({ length: n }, (_, i) => (i * 7) % 5),
    { shape: [n] },
  );
}

function classifier(seed = 3): keras.Sequential {
  keras.utils.setRandomSeed(seed);
  const m = keras.sequential([
    layers.dense(8, { activation: 'relu', inputShape: [4] }),
    layers.dense(5, { activation: 'softmax' }),
  ]);
  m.compile({
    optimizer: 'adam',
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  });
  return m;
}

const same = (a: readonly Tensor[], b: readonly Tensor[]): void => {
  expect(a.map((t) => [...t.dataSync()])).toEqual(b.map((t) => [...t.dataSync()]));
};

beforeEach(() => {
  setBackend('reference');
});
afterEach(() => {
  vi.restoreAllMocks();
  setBackend('reference');
});

describe('callbacks', () => {
  it('are called in the order of Keras with the figures of Keras', async () => {
    const calls: unknown[][] = [];
    const hooks = [...new Set(goldens.calls.map((c) => camelCase(`on_${c[0]}`)))];
    const recorder = callbacks.lambdaCallback(
      Object.fromEntries(
        hooks.map((name) => [
          name,
          (...args: unknown[]) => {
            const numbers = args.filter((a) => typeof a === 'number');
            const logs = args.find((a) => typeof a === 'object') as Logs | undefined;
            const names = Object.keys(logs ?? {}).map(snakeCase);
            calls.push([snakeCase(name).replace('on_', ''), ...numbers, names.sort()]);
          },
        ]),
      ),
    );
    const m = classifier();
    const [x, y] = [samples(20, 4), labels(20)];
    const [xv, yv] = [samples(10, 4), labels(10)];
    await m.fit(x, y, {
      batchSize: 8,
      epochs: 2,
      verbose: 0,
      validationData: [xv, yv],
      validationFreq: 2,
      validationBatchSize: 5,
      callbacks: [recorder],
    });
    await m.evaluate(xv, yv, { batchSize: 8, verbose: 0, callbacks: [recorder] });
    await m.predict(xv, { batchSize: 8, verbose: 0, callbacks: [recorder] });
    expect(calls).toEqual(goldens.calls);
  });

  it('of one hook go in the order of the list', async () => {
    const seen: string[] = [];
    const say = (name: string): keras.callbacks.Callback =>
      callbacks.lambdaCallback({
        async onEpochEnd(epoch) {
          await Promise.resolve();
          seen.push(`${name}${epoch}`);
        },
      });
    await classifier().fit(samples(8, 4), labels(8), {
      epochs: 2,
      verbose: 0,
      callbacks: [say('a'), say('b')],
    });
    expect(seen).toEqual(['a0', 'b0', 'a1', 'b1']);
  });

  it('made of nothing known are refused', () => {
    expect(() => callbacks.lambdaCallback({ onEpochend() {} } as object)).toThrow(
      /Did you mean "onEpochEnd"/,
    );
    expect(() => callbacks.lambdaCallback({ onEpochEnd: 3 } as never)).toThrow(
      /must be a function/,
    );
    expect(() => callbacks.earlyStopping({ patence: 3 } as object)).toThrow(/mean "patience"/);
    expect(() => callbacks.earlyStopping({ mode: 'least' as never })).toThrow(/Unknown mode/);
  });
});

describe('History', () => {
  it('has every figure by both names', async () => {
    const h = await classifier().fit(samples(20, 4), labels(20), {
      epochs: 3,
      verbose: 0,
      validationSplit: 0.2,
    });
    expect(h.epoch).toEqual([0, 1, 2]);
    expect(Object.keys(h.history)).toEqual(['accuracy', 'loss', 'valAccuracy', 'valLoss']);
    expect(h.history.val_accuracy).toBe(h.history.valAccuracy);
    for (const v of Object.values(h.history)) expect(v.length).toBe(3);
    expect(JSON.parse(JSON.stringify(h.history)).valLoss).toEqual(h.history.val_loss);
  });
});

describe('EarlyStopping', () => {
  /** Runs the callback alone, on figures of our own. */
  function alone(s: Stop): { epochs: number; stopped: number; restored: number } {
    let epoch = -1;
    let restored = -1;
    const model = {
      stopTraining: false,
      metrics: [],
      metricsNames: [],
      getWeights: () => [epoch],
      setWeights: ([w]: number[]) => {
        restored = w;
      },
    };
    const c = callbacks.earlyStopping(
      Object.fromEntries(Object.entries(s.options).map(([k, v]) => [camelCase(k), v])),
    );
    c.model = model as never;
    c.onTrainBegin();
    for (const v of s.values) {
      epoch++;
      c.onEpochEnd(epoch, { valLoss: Number(v) });
      if (model.stopTraining) break;
    }
    c.onTrainEnd();
    return { epochs: epoch + 1, stopped: c.stoppedEpoch, restored };
  }
  for (const s of goldens.stops) {
    it(`stops where Keras does: ${JSON.stringify(s.options)} on ${s.values.join(' ')}`, () => {
      const { epochs, stopped, restored } = s;
      expect(alone(s)).toEqual({ epochs, stopped, restored });
    });
  }

  it('restores the best weights of a real run', async () => {
    const m = classifier();
    const best: { loss: number; weights: Tensor[] } = {
      loss: Number.POSITIVE_INFINITY,
      weights: [],
    };
    const note = callbacks.lambdaCallback({
      onEpochEnd(epoch, logs) {
        // From the third epoch on the weights are spoilt, so that the loss goes up.
        if (epoch === 2) m.setWeights(m.getWeights().map((w) => w.mul(-3)));
        if (logs!.loss < best.loss && epoch < 2)
          Object.assign(best, { loss: logs!.loss, weights: m.getWeights() });
      },
    });
    const stop = callbacks.earlyStopping({
      monitor: 'loss',
      patience: 2,
      restoreBestWeights: true,
    });
    const unspoilt = callbacks.lambdaCallback({
      onEpochBegin(epoch) {
        if (epoch === 1) m.optimizer.learningRate = 0;
      },
    });
    const h = await m.fit(samples(20, 4), labels(20), {
      epochs: 20,
      verbose: 0,
      shuffle: false,
      callbacks: [unspoilt, stop, note],
    });
    expect(h.epoch.length).toBeLessThan(20);
    same(m.getWeights(), best.weights);
  });

  it('warns once about a figure that is not there', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    await classifier().fit(samples(8, 4), labels(8), {
      epochs: 3,
      verbose: 0,
      callbacks: [callbacks.earlyStopping({ monitor: 'valLoss' })],
    });
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0][0]).toMatch(/`valLoss` which is not available.* accuracy,loss/);
  });
});

describe('the same numbers by other ways', () => {
  it('evaluate, testOnBatch and trainOnBatch agree on a batch', async () => {
    const m = classifier();
    const [x, y] = [samples(30, 4), labels(30)];
    const whole = (await m.evaluate(x, y, { batchSize: 30, verbose: 0 })) as number[];
    expect(await m.testOnBatch(x, y)).toEqual(whole);
    const parts = (await m.evaluate(x, y, { batchSize: 7, verbose: 0 })) as number[];
    parts.forEach((v, i) => {
      expect(v).toBeCloseTo(whole[i], 5);
    });
    const p = (await m.predict(x)).dataSync();
    const wanted = labels(30).dataSync();
    let loss = 0;
    wanted.forEach((k, i) => {
      loss -= Math.log(p[5 * i + k]) / 30;
    });
    expect(whole[0]).toBeCloseTo(loss, 5);
    const trained = (await m.trainOnBatch(x, y)) as number[];
    trained.forEach((v, i) => {
      expect(v).toBeCloseTo(whole[i], 6);
    });
    expect((await m.testOnBatch(x, y)) as number[]).not.toEqual(whole);
  });

  it('trainOnBatch over the batches is fit', async () => {
    const [a, b] = [classifier(), classifier()];
    const [x, y] = [samples(20, 4), labels(20)];
    await a.fit(x, y, { batchSize: 8, shuffle: false, verbose: 0 });
    for (const [from, to] of [
      [0, 8],
      [8, 16],
      [16, 20],
    ])
      await b.trainOnBatch(x.slice([from, to]), y.slice([from, to]));
    same(a.getWeights(), b.getWeights());
  });

  it('predict in parts is predict as a whole', async () => {
    const m = classifier();
    const x = samples(2500, 4);
    const parts = await m.predict(x);
    expect(parts.shape).toEqual([2500, 5]);
    for (const batchSize of [1000, 2500, 4000]) {
      same([await m.predict(x, { batchSize })], [parts]);
    }
    same([await m.predictOnBatch(x)], [parts]);
  });

  it('weights go out and in without a change', async () => {
    const [a, b] = [classifier(1), classifier(2)];
    const [x, y] = [samples(20, 4), labels(20)];
    await a.fit(x, y, { verbose: 0 });
    b.setWeights(a.getWeights());
    same(a.getWeights(), b.getWeights());
    same([await a.predict(x)], [await b.predict(x)]);
    const before = a.getWeights().map((w) => tensor(w.arraySync() as never));
    const taken = a.getWeights();
    await a.fit(x, y, { verbose: 0 });
    same(taken, before);
  });

  for (const backend of (['native', 'wasm'] as const).filter((b) =>
    availableBackends().includes(b),
  ))
    it(`training on ${backend} gives the same bits on one thread and on two`, async () => {
      const run = async (threads: number): Promise<keras.Sequential> => {
        setBackend(backend, { threads });
        keras.utils.setRandomSeed(5);
        const m = keras.sequential([
          layers.dense(64, { activation: 'relu', inputShape: [100] }),
          layers.dropout(0.2),
          layers.dense(5, { activation: 'softmax' }),
        ]);
        m.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' });
        await m.fit(samples(500, 100), labels(500), { epochs: 3, batchSize: 64, verbose: 0 });
        return m;
      };
      const weights: Tensor[][] = [];
      for (const threads of [1, 2])
        weights.push((await run(threads)).getWeights().map((w) => w.realize()));
      same(weights[0], weights[1]);
    });
});
