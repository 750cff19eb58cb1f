/** How training runs: order, pace, figures, interruption. Its numbers are in goldens.test.ts. */
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { getBackend, setBackend } from '../../backends/registry.ts';
import { WasmExecutable } from '../../backends/wasm/executable.ts';
import { fromData, type Tensor, tensor } from '../../tensor/index.ts';
import * as keras from '../index.ts';

const { layers, callbacks } = keras;

beforeAll(() => {
  setBackend('wasm', { threads: 1 });
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** y = sum of x, learnt by one weight matrix. */
const n = 37;
const x = fromData(
  Float32Array.from({ length: 3 * n }, (_, i) => Math.sin(3 * i)),
  [n, 3],
);
const y = x.sum(1, { keepdims: true });
function linear(o: Partial<keras.CompileOptions> = {}): keras.Sequential {
  const m = keras.sequential([layers.dense(1, { inputShape: [3] })]);
  m.compile({ optimizer: keras.optimizers.sgd({ learningRate: 0.05 }), loss: 'mse', ...o });
  return m;
}
const bytes = (m: keras.Model): number[] => m.getWeights().flatMap((w) => [...w.dataSync()]);

describe('fit', () => {
  it('learns, and a model from the same seed learns the same', async () => {
    const run = async (): Promise<[number[], number[]]> => {
      keras.utils.setRandomSeed(3);
      const m = keras.sequential([
        layers.dense(8, { activation: 'relu', inputShape: [3] }),
        layers.dropout(0.2),
        layers.dense(1),
      ]);
      m.compile({ optimizer: 'adam', loss: 'mse' });
      const h = await m.fit(x, y, { epochs: 5, batchSize: 8, verbose: 0 });
      return [h.history.loss, bytes(m)];
    };
    const [loss, weights] = await run();
    expect(loss[4]).toBeLessThan(loss[0]);
    expect(await run()).toEqual([loss, weights]);
  });

  it('runs steps together where nobody looks at each, to the same bits', async () => {
    const run = async (
      seen: boolean,
    ): Promise<{ loss: number[]; weights: number[]; at: number[] }> => {
      keras.utils.setRandomSeed(3);
      const m = keras.sequential([
        layers.dense(8, { activation: 'relu', inputShape: [3] }),
        layers.dropout(0.2),
        layers.dense(1),
      ]);
      m.compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae'] });
      const looks = { onTrainBatchEnd: () => {}, onTestBatchEnd: () => {} };
      const at: number[] = [];
      const whole = WasmExecutable.prototype.run;
      // Steps that take no time at all: as many at once as there may be.
      vi.spyOn(performance, 'now').mockReturnValue(0);
      vi.spyOn(WasmExecutable.prototype, 'run').mockImplementation(function (
        this: WasmExecutable,
        inputs,
        times = 1,
      ) {
        at.push(times);
        return whole.call(this, inputs, times);
      });
      const h = await m.fit(x, y, {
        ...{ epochs: 3, batchSize: 2, verbose: 0, validationData: [x, y], validationBatchSize: 5 },
        callbacks: seen ? [callbacks.lambdaCallback(looks)] : [],
      });
      vi.restoreAllMocks();
      return { loss: [...h.history.loss, ...h.history.valLoss], weights: bytes(m), at };
    };
    const [seen, unseen] = [await run(true), await run(false)];
    expect(unseen.loss).toEqual(seen.loss);
    expect(unseen.weights).toEqual(seen.weights);
    expect(Math.max(...seen.at)).toBe(1);
    // 18 whole batches of an epoch, then the one that is left over, which is another step.
    expect(unseen.at.join(' ')).toContain('1 2 4 8 3 1');
  });

  it('takes data that are given twice once, with the same results', async () => {
    const run = async (again: (t: Tensor) => Tensor): Promise<[number[], number[]]> => {
      keras.utils.setRandomSeed(3);
      const m = keras.sequential([layers.dense(3, { inputShape: [3] })]);
      m.compile({ optimizer: 'adam', loss: 'mse' });
      const h = await m.fit(x, again(x), {
        ...{ epochs: 3, batchSize: 8, validationSplit: 0.2, verbose: 0 },
      });
      return [[...h.history.loss, ...h.history.valLoss], bytes(m)];
    };
    const inputs = vi.spyOn(WasmExecutable.prototype, 'run');
    const most = (): number => Math.max(...inputs.mock.calls.map(([given]) => given.length));
    const twice = await run((t) => fromData(t.dataSync(), t.shape));
    const apart = most();
    inputs.mockClear();
    expect(await run((t) => t)).toEqual(twice);
    expect(most()).toBe(apart - 1);
  });

  it('takes tensors, typed arrays with a shape and nested arrays alike', async () => {
    const start = linear().getWeights();
    const results: number[][] = [];
    for (const [a, b] of [
      [x, y],
      [x.arraySync(), y.arraySync()],
      [x.astype('float64'), y.reshape([n])],
    ] as [Tensor, Tensor][]) {
      const m = linear();
      m.setWeights(start);
      await m.fit(a, b, { epochs: 2, batchSize: 8, shuffle: false, verbose: 0 });
      results.push(bytes(m));
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  it('takes bytes as they are, and casts them where a layer computes', async () => {
    const pixels = tensor(
      Uint8Array.from({ length: 20 * 4 }, (_, i) => (7 * i) % 256),
      {
        shape: [20, 2, 2],
      },
    );
    const labels = Uint8Array.from({ length: 20 }, (_, i) => i % 3);
    const m = keras.sequential([
      layers.flatten({ inputShape: [2, 2] }),
      layers.dense(3, { activation: 'softmax' }),
    ]);
    m.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
    const h = await m.fit(pixels, labels, { verbose: 0, validationSplit: 0.3 });
    expect(Object.keys(h.history)).toEqual(['accuracy', 'loss', 'valAccuracy', 'valLoss']);
    expect(h.history.val_loss).toBe(h.history.valLoss);
  });

  it('keeps the data on the device: no buffer comes from step to step', async () => {
    const m = linear();
    const held: number[] = [];
    await m.fit(x, y, {
      epochs: 1,
      batchSize: 4,
      verbose: 0,
      callbacks: [
        callbacks.lambdaCallback({
          onTrainBatchEnd: () => void held.push(getBackend().memory().buffers),
        }),
      ],
    });
    expect(held.length).toBe(10);
    // Buffers of earlier tests may be freed meanwhile: none may come.
    expect(Math.max(...held.slice(0, 9))).toBe(held[0]);
  });

  it('follows a learning rate that changes on the way', async () => {
    const m = linear();
    await m.fit(x, y, {
      epochs: 3,
      verbose: 0,
      callbacks: [
        callbacks.lambdaCallback({
          onEpochEnd: () => {
            m.optimizer.learningRate = 0;
          },
        }),
      ],
    });
    const frozen = bytes(m);
    await m.fit(x, y, { epochs: 1, verbose: 0 });
    expect(bytes(m)).toEqual(frozen);
  });

  it('leaves frozen layers alone', async () => {
    const m = keras.sequential([layers.dense(4, { inputShape: [3] }), layers.dense(1)]);
    m.layers[0].trainable = false;
    m.compile({ optimizer: 'adam', loss: 'mse' });
    const before = bytes(m);
    await m.fit(x, y, { verbose: 0 });
    expect(bytes(m).slice(0, 16)).toEqual(before.slice(0, 16));
    expect(bytes(m).slice(16)).not.toEqual(before.slice(16));
  });

  it('goes on where it stopped', async () => {
    const [a, b] = [linear({ optimizer: 'adam' }), linear({ optimizer: 'adam' })];
    b.setWeights(a.getWeights());
    await a.fit(x, y, { epochs: 4, shuffle: false, verbose: 0 });
    await b.fit(x, y, { epochs: 2, shuffle: false, verbose: 0 });
    const h = await b.fit(x, y, { epochs: 4, initialEpoch: 2, shuffle: false, verbose: 0 });
    expect(h.epoch).toEqual([2, 3]);
    expect(bytes(b)).toEqual(bytes(a));
  });

  it('validates after the epochs that are listed, on as many batches as were asked for', async () => {
    const tested: number[] = [];
    const h = await linear().fit(x, y, {
      epochs: 5,
      validationData: [x, y],
      validationFreq: [2, 5],
      validationSteps: 3,
      validationBatchSize: 4,
      verbose: 0,
      callbacks: [callbacks.lambdaCallback({ onTestBatchEnd: (b) => void tested.push(b) })],
    });
    expect(h.history.valLoss.length).toBe(2);
    expect(tested).toEqual([0, 1, 2, 0, 1, 2]);
    const first = await linear().evaluate(x, y, { steps: 2, batchSize: 4, verbose: 0 });
    expect(first).toBeGreaterThan(0);
    await expect(linear().fit(x, y, { validationFreq: [0] })).rejects.toThrow(/validationFreq/);
  });

  it('shuffles inside of batches where asked to', async () => {
    keras.utils.setRandomSeed(4);
    // The mean over a batch is the same whatever the order in it.
    const [a, b] = [linear(), linear()];
    b.setWeights(a.getWeights());
    await a.fit(x, y, { batchSize: 8, shuffle: 'batch', epochs: 2, verbose: 0 });
    await b.fit(x, y, { batchSize: 8, shuffle: false, epochs: 2, verbose: 0 });
    bytes(b).forEach((v, i) => {
      expect(v).toBeCloseTo(bytes(a)[i], 5);
    });
    await expect(a.fit(x, y, { shuffle: 'all' as never })).rejects.toThrow(
      /"batch"; received "all"/,
    );
  });

  it('counts steps an epoch, and stops where a callback says', async () => {
    const seen: number[] = [];
    const note = callbacks.lambdaCallback({ onTrainBatchEnd: (b) => void seen.push(b) });
    await linear().fit(x, y, {
      epochs: 2,
      batchSize: 8,
      stepsPerEpoch: 2,
      verbose: 0,
      callbacks: [note],
    });
    expect(seen).toEqual([0, 1, 0, 1]);
    const m = linear();
    const stop = callbacks.lambdaCallback({
      onTrainBatchBegin: (b) => {
        m.stopTraining = b === 1;
      },
    });
    seen.length = 0;
    const h = await m.fit(x, y, { epochs: 5, batchSize: 8, verbose: 0, callbacks: [stop, note] });
    expect(seen).toEqual([0, 1]);
    expect(h.epoch).toEqual([0]);
  });

  it('moves to another backend between two calls', async () => {
    const [a, b] = [linear({ optimizer: 'adam' }), linear({ optimizer: 'adam' })];
    b.setWeights(a.getWeights());
    await a.fit(x, y, { epochs: 2, shuffle: false, verbose: 0 });
    await b.fit(x, y, { epochs: 1, shuffle: false, verbose: 0 });
    const wasm = getBackend();
    setBackend('reference');
    try {
      await b.fit(x, y, { epochs: 1, shuffle: false, verbose: 0 });
      const [wa, wb] = [bytes(a), bytes(b)];
      wa.forEach((v, i) => {
        expect(wb[i]).toBeCloseTo(v, 5);
      });
    } finally {
      setBackend(wasm);
    }
  });
});

describe('while it runs, fit', () => {
  it('lets timers have their turn, though its epochs are short', async () => {
    let ticks = 0;
    const timer = setInterval(() => {
      ticks++;
    }, 1);
    const m = linear();
    // Until the timer has fired, however fast the machine.
    const h = await m.fit(x, y, {
      epochs: 1_000_000,
      verbose: 0,
      callbacks: [
        callbacks.lambdaCallback({
          onEpochEnd: () => {
            m.stopTraining = ticks > 2;
          },
        }),
      ],
    });
    clearInterval(timer);
    expect(h.epoch.length).toBeLessThan(1_000_000);
  });

  it('can be aborted: the weights keep their last whole step', async () => {
    const m = linear();
    const abort = new AbortController();
    let after: number[] = [];
    const training = m.fit(x, y, {
      epochs: 100,
      batchSize: 4,
      verbose: 0,
      signal: abort.signal,
      callbacks: [
        callbacks.lambdaCallback({
          onTrainBatchEnd: (b) => {
            if (b !== 5) return;
            after = bytes(m);
            abort.abort(new Error('enough'));
          },
        }),
      ],
    });
    await expect(training).rejects.toMatchObject({
      name: 'GradloomError',
      code: 'aborted',
      cause: new Error('enough'),
    });
    expect(bytes(m)).toEqual(after);
    // And it can be used again.
    await m.fit(x, y, { verbose: 0 });
    await expect(m.fit(x, y, { signal: AbortSignal.abort() })).rejects.toThrow(/fit was aborted/);
    await expect(m.evaluate(x, y, { signal: AbortSignal.abort() })).rejects.toThrow(
      /evaluate was aborted/,
    );
  });

  it('can be aborted by a timer', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 1);
    await expect(
      linear().fit(x, y, { epochs: 1_000_000_000, verbose: 0, signal: abort.signal }),
    ).rejects.toThrow(/aborted/);
  });

  it('lets callbacks predict, evaluate and read weights, and nobody train the same model', async () => {
    const m = linear({ metrics: ['mae'] });
    const plain = linear({ metrics: ['mae'] });
    plain.setWeights(m.getWeights());
    const seen: unknown[] = [];
    const nosy = callbacks.lambdaCallback({
      onTrainBatchEnd: async () => {
        seen.push((await m.predict(x.slice([0, 1]))).item());
        seen.push(await m.evaluate(x, y, { verbose: 0 }));
        await expect(m.fit(x, y)).rejects.toThrow(/"sequential.*" is still running fit/);
        await expect(m.trainOnBatch(x, y)).rejects.toMatchObject({ code: 'busy' });
      },
    });
    const o = { epochs: 2, batchSize: 16, shuffle: false, verbose: 0 } as const;
    const [h, want] = [await m.fit(x, y, { ...o, callbacks: [nosy] }), await plain.fit(x, y, o)];
    expect(seen.length).toBe(12);
    expect(h.history).toEqual(want.history);
    expect(bytes(m)).toEqual(bytes(plain));
  });

  it('lets an error in a callback through and stays usable', async () => {
    const m = linear();
    const bad = callbacks.lambdaCallback({
      onTrainBatchEnd: () => {
        throw new Error('from a callback');
      },
    });
    await expect(m.fit(x, y, { verbose: 0, callbacks: [bad] })).rejects.toThrow('from a callback');
    await m.fit(x, y, { verbose: 0 });
  });
});

describe('evaluate and the on-batch methods', () => {
  it('return a number, a list or figures by name', async () => {
    const m = linear();
    const loss = await m.evaluate(x, y, { verbose: 0 });
    expect(typeof loss).toBe('number');
    const k = linear({ metrics: ['mae', 'rootMeanSquaredError'] });
    k.setWeights(m.getWeights());
    const [l, mae, rmse] = (await k.evaluate(x, y, { verbose: 0, batchSize: 5 })) as number[];
    expect(l).toBeCloseTo(loss as number, 5);
    expect(rmse).toBeCloseTo(Math.sqrt(l), 5);
    const d = await k.evaluate(x, y, { verbose: 0, returnDict: true });
    expect(d.mae).toBeCloseTo(mae, 5);
    expect(d.root_mean_squared_error).toBe(d.rootMeanSquaredError);
    const b = await k.testOnBatch(x, y, { returnDict: true });
    expect(Object.keys(b)).toEqual(Object.keys(d));
    expect(b.loss).toBeCloseTo(l, 5);
  });
  it('trainOnBatch weighs classes as fit does', async () => {
    const make = (): keras.Sequential => {
      const m = keras.sequential([layers.dense(2, { activation: 'softmax', inputShape: [3] })]);
      m.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' });
      return m;
    };
    const labels = Int32Array.from({ length: n }, (_, i) => i % 2);
    const [a, b] = [make(), make()];
    b.setWeights(a.getWeights());
    const classWeight = { 1: 3 };
    await a.fit(x, labels, { batchSize: n, shuffle: false, classWeight, verbose: 0 });
    await b.trainOnBatch(x, labels, { classWeight });
    bytes(b).forEach((v, i) => {
      expect(v).toBeCloseTo(bytes(a)[i], 6);
    });
  });
});

describe('the progress bar', () => {
  async function printed(o: keras.FitOptions): Promise<string> {
    let text = '';
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((s) => {
      text += s;
      return true;
    });
    try {
      await linear({ metrics: ['mae'] }).fit(x, y, { batchSize: 8, ...o });
    } finally {
      write.mockRestore();
    }
    return stripVTControlCharacters(text);
  }
  it('shows epochs and figures as Keras names them', async () => {
    const text = await printed({ epochs: 2, validationData: [x, y] });
    expect(text).toMatch(
      /^Epoch 1\/2\n(?:.|\r)*5\/5 ━{20} \d+s \d+\w+\/step - loss: \d\.\d{4} - mae: [^\n]* - val_loss: [^\n]* - val_mae: [^\n]*\nEpoch 2\/2\n/,
    );
  });
  it('has no epoch line for a single epoch', async () => {
    expect(await printed({})).not.toContain('Epoch');
  });
  it('is a line an epoch at verbose 2 and silent at 0', async () => {
    expect(await printed({ verbose: 2 })).toMatch(
      /^5\/5 - \d+s - \d+\w+\/step - loss: \S+ - mae: \S+\n$/,
    );
    expect(await printed({ verbose: 0 })).toBe('');
  });
});
