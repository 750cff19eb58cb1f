import { beforeAll, describe, expect, it, vi } from 'vitest';
import { getBackend, setBackend } from '../../backends/registry.ts';
import * as optimizers from '../optimizers/index.ts';
import { learningRateScheduler, reduceLROnPlateau, type Schedule } from './index.ts';
import { play, playedCases, series, tinyModel } from './testing.ts';

beforeAll(() => {
  setBackend('reference');
});

const schedules: Record<string, Schedule> = {
  'keeps, then falls': (epoch, rate) => (epoch < 3 ? rate : rate * 0.5),
  'by the epoch': (epoch) => 0.1 / (1 + epoch),
  large: (epoch) => 10 ** epoch,
  small: (epoch) => Number(`1e-${epoch}`),
};
const x = [[1], [2], [3], [4]];
const y = [[2], [4], [6], [8]];

describe('LearningRateScheduler', () => {
  it.each(playedCases('schedules'))('does what Keras does: $name', async (c) => {
    const cb = learningRateScheduler(schedules[c.name], 1);
    const got = await play(cb, series('loss', Array(c.epochs).fill(1)));
    expect(got.rates).toEqual(c.rates);
    expect(got.last).toBe(c.last);
    expect(got.printed).toBe(c.printed);
  });
  it('a schedule may take its time', async () => {
    const cb = learningRateScheduler(async (epoch) => 1 / 2 ** epoch);
    expect((await play(cb, series('loss', [1, 1]))).rates).toEqual([1, 0.5]);
  });
  it('refuses what is no schedule, or gives no learning rate', async () => {
    expect(() => learningRateScheduler(0.1 as never)).toThrow(/takes a function.*received number/);
    const run = (v: unknown) =>
      play(
        learningRateScheduler(() => v as number),
        series('loss', [1]),
      );
    await expect(run('0.1')).rejects.toThrow(/should be a number. Got: 0.1/);
    await expect(run(undefined)).rejects.toThrow(/should be a number. Got: undefined/);
    await expect(run(-1)).rejects.toThrow(/learningRate must be/);
    await expect(run(Number.NaN)).rejects.toThrow(/learningRate must be/);
  });
});

describe('the learning rate in fit', () => {
  it('is set, logged and shown, and nothing is compiled for it', async () => {
    const m = tinyModel();
    const compile = vi.spyOn(getBackend(), 'compile');
    const steps: number[] = [];
    const fit = async (epochs: number) => {
      const h = await m.fit(x, y, {
        epochs,
        batchSize: 4,
        verbose: 0,
        callbacks: [
          learningRateScheduler((epoch) => 0.05 / 2 ** epoch),
          reduceLROnPlateau({ monitor: 'loss', minDelta: 1e9, patience: 1 }),
        ],
      });
      steps.push(compile.mock.calls.length);
      return h.history;
    };
    await fit(1);
    const history = await fit(5);
    compile.mockRestore();
    expect(steps[1]).toBe(steps[0]);
    expect(history.learning_rate).toEqual([0, 1, 2, 3, 4].map((e) => Math.fround(0.05 / 2 ** e)));
    expect(history.learningRate).toBe(history.learning_rate);
    expect(Object.keys(history)).toEqual(['loss', 'learningRate']);
  });
  it('that follows a schedule of its own is logged, and cannot be set', async () => {
    const scheduled = (): ReturnType<typeof tinyModel> => {
      const m = tinyModel();
      const rate = new optimizers.schedules.ExponentialDecay({
        initialLearningRate: 0.5,
        decaySteps: 2,
        decayRate: 0.25,
      });
      m.compile({ optimizer: optimizers.sgd({ learningRate: rate }), loss: 'mse' });
      return m;
    };
    const o = { epochs: 3, batchSize: 4, verbose: 0 } as const;
    const watching = [reduceLROnPlateau({ monitor: 'loss', patience: 9 })];
    const { history } = await scheduled().fit(x, y, { ...o, callbacks: watching });
    expect(history.learningRate).toEqual([0.25, 0.125, 0.0625]);
    for (const setting of [
      learningRateScheduler(() => 0.1),
      reduceLROnPlateau({ monitor: 'loss', minDelta: 1e9, patience: 1 }),
    ])
      await expect(scheduled().fit(x, y, { ...o, callbacks: [setting] })).rejects.toThrow(
        /learning rate follows a schedule and cannot be set/,
      );
  });
  it('changes what the steps do', async () => {
    const moved = async (rate: number): Promise<number> => {
      const m = tinyModel();
      m.setWeights([[[0]], [0]]);
      await m.fit(x, y, {
        batchSize: 4,
        verbose: 0,
        callbacks: [learningRateScheduler(() => rate)],
      });
      return m.getWeights()[0].item();
    };
    expect(await moved(0)).toBe(0);
    expect(await moved(0.002)).toBeCloseTo(2 * (await moved(0.001)), 6);
  });
  it('stands in the progress line, after the figures', async () => {
    const out: string[] = [];
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      out.push(String(text));
      return true;
    });
    try {
      const callbacks = [learningRateScheduler(() => 0.5)];
      await tinyModel().fit(x, y, { verbose: 2, callbacks });
    } finally {
      write.mockRestore();
    }
    expect(out.join('')).toMatch(/1\/1 - .*step - loss: [\d.e+]+ - learning_rate: 0.5000\n/);
  });
});
