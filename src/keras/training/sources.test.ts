/** Sources of batches: what fit, evaluate and predict take, how they fail, what they leave behind. */
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { getBackend, setBackend } from '../../backends/registry.ts';
import * as data from '../../data/index.ts';
import { fromData, Tensor } from '../../tensor/index.ts';
import * as keras from '../index.ts';

const { layers } = keras;
beforeAll(() => {
  setBackend('reference');
});
afterEach(() => {
  vi.restoreAllMocks();
});

const n = 20;
const x = fromData(
  Float32Array.from({ length: 3 * n }, (_, i) => Math.sin(3 * i)),
  [n, 3],
);
const y = x.sum(1, { keepdims: true }).realize();
const quiet = { verbose: 0 } as const;
type Pair = [Tensor, Tensor];
const rows = (from: number, to: number): Pair => [x.slice([from, to]), y.slice([from, to])];
/** Batches of 6, 6, 6 and 2. */
function list(): Pair[] {
  return [rows(0, 6), rows(6, 12), rows(12, 18), rows(18, 20)];
}
const start = layers.dense(1, { inputShape: [3] });
start.ensureBuilt([null, 3]);
function linear(o: Partial<keras.CompileOptions> = {}): keras.Sequential {
  const m = keras.sequential([layers.dense(1, { inputShape: [3] })]);
  m.setWeights(start.getWeights());
  m.compile({ optimizer: 'sgd', loss: 'mse', metrics: ['mae'], ...o });
  return m;
}
const weights = (m: keras.Model): number[] => m.getWeights().flatMap((w) => [...w.dataSync()]);

describe('every kind of source trains like the arrays it cuts', () => {
  const sources: [string, () => keras.BatchSource][] = [
    ['a list of batches', list],
    ['an iterable', () => new Set(list())],
    ['a generator function', () => () => list()[Symbol.iterator]()],
    [
      'an async generator function',
      () =>
        async function* () {
          for (const b of list()) yield b;
        },
    ],
    ['plain numbers', () => new Set(list().map((b) => b.map((t) => t.arraySync())))],
    ['a Dataset', () => data.Dataset.fromTensorSlices([x, y]).batch(6)],
  ];
  it.each(sources)('%s', async (_, make) => {
    const [a, b] = [linear(), linear()];
    const want = await a.fit(x, y, { epochs: 2, batchSize: 6, shuffle: false, ...quiet });
    const got = await b.fit(make(), {
      epochs: 2,
      // In validationData a list is [x, y].
      validationData: new Set(list()),
      ...quiet,
    });
    expect(got.history.loss).toEqual(want.history.loss);
    expect(got.history.mae).toEqual(want.history.mae);
    expect(weights(b)).toEqual(weights(a));
    const [l, mae] = (await b.evaluate(make(), quiet)) as number[];
    expect([l, mae]).toEqual(await a.evaluate(x, y, { batchSize: 6, ...quiet }));
    expect([got.history.valLoss[1], got.history.valMae[1]]).toEqual([l, mae]);
    const p = await b.predict(make());
    expect(p.shape).toEqual([n, 1]);
    expect(p.dataSync()).toEqual((await b.predict(x, { batchSize: 6 })).dataSync());
  });

  it('with weights of samples, or of classes', async () => {
    const w = fromData(
      Float32Array.from({ length: n }, (_, i) => 1 + (i % 3)),
      [n],
    );
    const weighted = list().map(([a, b], i) => [a, b, w.slice([6 * i, Math.min(n, 6 * i + 6)])]);
    const [a, b] = [linear(), linear()];
    await a.fit(x, y, { sampleWeight: w, batchSize: 6, shuffle: false, ...quiet });
    await b.fit(new Set(weighted), quiet);
    expect(weights(b)).toEqual(weights(a));

    const labels = fromData(
      Int32Array.from({ length: n }, (_, i) => i % 2),
      [n],
    );
    const classifier = (): keras.Sequential => {
      const m = keras.sequential([layers.dense(2, { activation: 'softmax', inputShape: [3] })]);
      m.compile({ optimizer: 'sgd', loss: 'crossentropy' });
      return m;
    };
    const [c, d] = [classifier(), classifier()];
    d.setWeights(c.getWeights());
    const classWeight = { 1: 3 };
    await c.fit(x, labels, { classWeight, batchSize: 10, shuffle: false, ...quiet });
    const halves = [0, 10].map((i) => [x.slice([i, i + 10]), labels.slice([i, i + 10])]);
    await d.fit(new Set(halves), { classWeight, ...quiet });
    expect(weights(d)).toEqual(weights(c));
    await expect(d.fit(new Set([[x, labels, w]]), { classWeight, ...quiet })).rejects.toThrow(
      /cannot be given together/,
    );
    // Labels are looked at here, too, whatever word the loss goes by.
    await expect(d.fit(new Set([[x, labels.add(1)]]), quiet)).rejects.toMatchObject({
      code: 'label',
    });
    await expect(d.fit(x, labels.add(1), quiet)).rejects.toMatchObject({ code: 'label' });
  });

  it('the optimizer is ready before the first batch has come', async () => {
    const m = linear({ optimizer: 'adam' });
    const seen: boolean[] = [];
    await m.fit(new Set(list()), {
      ...quiet,
      callbacks: [
        keras.callbacks.lambdaCallback({ onTrainBegin: () => void seen.push(m.optimizer.built) }),
      ],
    });
    expect(seen).toEqual([true]);
  });

  it('of batches that differ in shape', async () => {
    class Average extends layers.Layer {
      override call(t: Tensor): Tensor {
        return t.mean(1);
      }
    }
    const m = keras.sequential([
      layers.input({ shape: [null, 3] }),
      new Average(),
      layers.dense(1),
    ]);
    m.compile({ optimizer: 'sgd', loss: 'mse' });
    const batch = (t: number): unknown => [
      fromData(new Float32Array(2 * t * 3).fill(t), [2, t, 3]),
      [[1], [2]],
    ];
    const h = await m.fit(new Set([batch(4), batch(7), batch(4)]), { epochs: 3, ...quiet });
    expect(h.history.loss[2]).toBeLessThan(h.history.loss[0]);
  });
});

it('many shapes of batches are worth a warning', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  await linear().fit(() => Array.from({ length: 40 }, (_, i) => rows(0, 1 + (i % 20))), quiet);
  expect(warn).not.toHaveBeenCalled();
  const long = fromData(new Float32Array(3 * 64), [64, 3]);
  const targets = fromData(new Float32Array(64), [64, 1]);
  const every = Array.from({ length: 40 }, (_, i) => [
    long.slice([0, i + 1]),
    targets.slice([0, i + 1]),
  ]);
  await linear().fit(new Set(every), quiet);
  expect(warn.mock.calls.map(([t]) => t)).toEqual([
    expect.stringMatching(/has compiled 32 steps for batches of different shapes/),
  ]);
});

describe('a source that', () => {
  it('throws: the error has its cause, the weights their last whole step', async () => {
    for (const make of [
      function* () {
        yield rows(0, 6);
        yield rows(6, 12);
        throw new Error('disk full');
      },
      async function* () {
        yield rows(0, 6);
        yield rows(6, 12);
        await Promise.resolve();
        throw new Error('disk full');
      },
    ]) {
      const [m, two] = [linear(), linear()];
      await expect(m.fit(make, quiet)).rejects.toMatchObject({
        code: 'source',
        message: expect.stringMatching(/fit: the data source failed at batch 2: disk full/),
        cause: new Error('disk full'),
      });
      await two.fit(x.slice([0, 12]), y.slice([0, 12]), { batchSize: 6, shuffle: false, ...quiet });
      expect(weights(m)).toEqual(weights(two));
      // And goes on.
      await m.fit(x, y, quiet);
      await expect(m.evaluate(make, quiet)).rejects.toThrow(/evaluate: the data source failed/);
      await expect(m.predict(make)).rejects.toThrow(/predict: the data source failed/);
    }
  });

  it('is abandoned is closed, unless it was handed over half used', async () => {
    let closed = 0;
    function* forever(): Generator<Pair> {
      try {
        for (;;) yield rows(0, 6);
      } finally {
        closed++;
      }
    }
    await linear().fit(forever, { stepsPerEpoch: 2, epochs: 2, ...quiet });
    expect(closed).toBe(1);
    const mine = forever();
    await linear().fit(mine, { stepsPerEpoch: 3, ...quiet });
    expect(closed).toBe(1);
    expect(mine.next().done).toBe(false);
    mine.return(undefined as never);
  });

  it('never gives its next batch can be left by aborting', async () => {
    async function* stuck(): AsyncGenerator<Pair> {
      yield rows(0, 6);
      await new Promise(() => {});
    }
    const [m, one] = [linear(), linear()];
    for (const run of [
      (signal: AbortSignal) => m.fit(stuck, { signal, ...quiet }),
      (signal: AbortSignal) => m.evaluate(stuck, { signal, ...quiet }),
      (signal: AbortSignal) => m.predict(stuck, { signal }),
    ]) {
      const abort = new AbortController();
      setTimeout(() => abort.abort(), 5);
      await expect(run(abort.signal)).rejects.toMatchObject({ code: 'aborted' });
    }
    await one.fit(...rows(0, 6), { shuffle: false, ...quiet });
    expect(weights(m)).toEqual(weights(one));
  });

  it('makes its batches of plain arrays leaves no buffers behind', async () => {
    const m = linear();
    const plain = list().map((b) => b.map((t) => t.arraySync()));
    const held: number[] = [];
    const count = keras.callbacks.lambdaCallback({
      onTrainBatchEnd: () => void held.push(getBackend().memory().buffers),
    });
    await m.fit(new Set(plain), { epochs: 3, callbacks: [count], ...quiet });
    expect(held.length).toBe(12);
    // Others' buffers may go meanwhile; ours must not come.
    expect(Math.max(...held.slice(4))).toBe(held[4]);
  });

  it('is asked for a batch while the step before runs, and for none too many', async () => {
    const log: string[] = [];
    let i = 0;
    const source: AsyncIterable<Pair> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          log.push(`ask ${i++}`);
          return { done: false, value: rows(0, 6) };
        },
      }),
    };
    const note = keras.callbacks.lambdaCallback({
      onTrainBatchBegin: (b) => void log.push(`begin ${b}`),
    });
    await linear().fit(source, { stepsPerEpoch: 2, epochs: 2, callbacks: [note], ...quiet });
    expect(log).toEqual([
      ...['ask 0', 'ask 1', 'begin 0', 'ask 2', 'begin 1'],
      ...['ask 3', 'begin 0', 'begin 1'],
    ]);
  });

  it('is empty, endless or no source', async () => {
    const m = linear();
    await expect(m.fit(new Set(), quiet)).rejects.toThrow(/gave no batches/);
    await expect(m.evaluate(new Set(), quiet)).rejects.toThrow(/gave no batches/);
    await expect(m.predict(new Set())).rejects.toThrow(/gave no batches/);
    const endless = data.Dataset.fromTensorSlices([x, y]).batch(6).repeat();
    await expect(m.fit(endless, quiet)).rejects.toThrow(/no end; .* stepsPerEpoch/);
    await expect(m.evaluate(endless, quiet)).rejects.toThrow(/no end; .* steps/);
    await expect(m.predict(endless)).rejects.toThrow(/no end; .* steps/);
    expect((await m.predict(endless, { steps: 5 })).shape).toEqual([26, 1]);
    await expect(m.fit(() => 3 as never, quiet)).rejects.toThrow(/must return an iterable/);
    await expect(m.fit(new Set([[x, y, y, y]]), quiet)).rejects.toThrow(/received a list of 4/);
    await expect(m.fit(new Set([[x, y.slice([1, n])]]), quiet)).rejects.toThrow(
      /x has 20 samples but y has 19/,
    );
    await expect(m.fit(new Set([[x]]), quiet)).rejects.toThrow(/y is missing/);
    await expect(m.fit(new Set(list()) as never, y, quiet)).rejects.toThrow(/leave it out/);
    await expect(m.fit(new Set(list()), { batchSize: 3, ...quiet })).rejects.toThrow(/own size/);
    await expect(m.fit(new Set(list()), { validationSplit: 0.5, ...quiet })).rejects.toThrow(
      /validationSplit is for arrays/,
    );
  });

  it('ends early: a warning, and training with what there was', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const h = await linear().fit(new Set(list()), { stepsPerEpoch: 9, epochs: 3, ...quiet });
    expect(h.epoch).toEqual([0, 1, 2]);
    expect(warn).toHaveBeenCalledTimes(1);
    // A generator that is used up gives no further epochs.
    const once = await linear().fit(list()[Symbol.iterator](), { epochs: 3, ...quiet });
    expect(once.epoch).toEqual([0]);
    expect(warn).toHaveBeenCalledTimes(2);
  });
});

describe('a PyDataset', () => {
  class Parts extends keras.utils.PyDataset {
    readonly seen: string[] = [];
    override get length(): number {
      return 4;
    }
    async getItem(i: number): Promise<Pair> {
      this.seen.push(`get ${i}`);
      return list()[i];
    }
    override onEpochBegin(): void {
      this.seen.push('begin');
    }
    override onEpochEnd(): void {
      this.seen.push('end');
    }
  }
  it('is told of epochs, and may prepare several batches at a time', async () => {
    const d = new Parts({ workers: 3 });
    const [a, b] = [linear(), linear()];
    await a.fit(d, { epochs: 2, shuffle: false, ...quiet });
    const gets = [0, 1, 2, 3].map((i) => `get ${i}`);
    expect(d.seen).toEqual(['begin', ...gets, 'end', 'begin', ...gets, 'end']);
    await b.fit(x, y, { epochs: 2, batchSize: 6, shuffle: false, ...quiet });
    expect(weights(a)).toEqual(weights(b));
  });
  it('fails like any source, and needs a length', async () => {
    class Bad extends Parts {
      override async getItem(i: number): Promise<Pair> {
        if (i === 2) throw new Error('no such file');
        return list()[i];
      }
    }
    await expect(
      linear().fit(new Bad({ workers: 4 }), { shuffle: false, ...quiet }),
    ).rejects.toThrow(/failed at batch 2: no such file/);
    class Unknown extends keras.utils.PyDataset {
      getItem(): Pair {
        return rows(0, 6);
      }
    }
    await expect(linear().fit(new Unknown(), quiet)).rejects.toThrow(/Unknown: give .* a length/);
    class Endless extends Unknown {
      override get numBatches(): null {
        return null;
      }
    }
    await expect(linear().fit(new Endless(), quiet)).rejects.toThrow(/stepsPerEpoch/);
    const h = await linear().fit(new Endless(), { stepsPerEpoch: 3, epochs: 2, ...quiet });
    expect(h.epoch.length).toBe(2);
    expect(() => new Unknown({ worker: 1 } as object)).toThrow(/mean "workers"/);
    expect(() => new Unknown({ workers: -1 })).toThrow(/workers must be/);
  });
});

describe('options in the place of y', () => {
  it('are told apart from targets by name', async () => {
    const m = linear();
    const h = await m.fit(list(), { epochs: 2, verbose: 0 });
    expect(h.epoch.length).toBe(2);
    await expect(m.fit(x, { verbose: 0 })).rejects.toThrow(/y is missing/);
    await expect(m.fit(x, { epochs: 1, output: y } as never, quiet)).rejects.toThrow(
      /y\["epochs"\]|structure/,
    );
  });
  it('inputs without targets, for a model that has losses of its own', async () => {
    class Shrink extends layers.Layer {
      override call(t: Tensor): Tensor {
        this.addLoss(t.square().mean());
        return t;
      }
    }
    keras.utils.setRandomSeed(1);
    const m = keras.sequential([layers.dense(2, { inputShape: [3] }), new Shrink()]);
    m.compile({ optimizer: keras.optimizers.sgd({ learningRate: 0.5 }) });
    const h = await m.fit(x, { epochs: 20, ...quiet });
    expect(h.history.loss[19]).toBeLessThan(0.5 * h.history.loss[0]);
    expect(await m.evaluate(x, quiet)).toBeCloseTo((await m.predict(x)).square().mean().item(), 5);
    expect(x).toBeInstanceOf(Tensor);
  });
});
