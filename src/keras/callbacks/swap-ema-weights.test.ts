import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import * as keras from '../index.ts';
import { camelOptions, readGoldens } from '../testing.ts';

const { swapEMAWeights, lambdaCallback } = keras.callbacks;
beforeAll(() => {
  setBackend('reference');
});

interface Case {
  readonly name: string;
  readonly options: Record<string, unknown>;
  readonly val_loss: number[];
  readonly seen: { where: string; weights: number[] }[];
}

const x = Array.from({ length: 8 }, (_, i) => [Math.fround(-1 + (2 * i) / 7)]);
const y = x.map(([v]) => [3 * v + 1]);
function model(o: object = { useEma: true, emaMomentum: 0.7 }): keras.Sequential {
  const m = keras.sequential([keras.layers.dense(1, { inputShape: [1] })]);
  m.setWeights([[[0.5]], [0]]);
  m.compile({ optimizer: keras.optimizers.sgd({ learningRate: 0.1, ...o }), loss: 'mse' });
  return m;
}
const weightsOf = (m: keras.Model): number[] => m.getWeights().map((w) => w.item());

describe('SwapEMAWeights', () => {
  const { swap } = readGoldens<{ swap: Case[] }>('callbacks');
  it.each(swap)('shows the weights that Keras shows: $name', async (c) => {
    const m = model();
    const seen: { where: string; weights: number[] }[] = [];
    const note = (where: string) => (): void => {
      seen.push({ where, weights: weightsOf(m) });
    };
    const look = lambdaCallback({
      onEpochBegin: note('epoch begin'),
      onTestBegin: note('test begin'),
      onTestEnd: note('test end'),
      onEpochEnd: note('epoch end'),
      onTrainEnd: note('train end'),
    });
    const h = await m.fit(x, y, {
      batchSize: 4,
      epochs: 3,
      shuffle: false,
      verbose: 0,
      validationData: [x, y],
      callbacks: [swapEMAWeights(camelOptions(c.options)), look],
    });
    expect(seen.map((s) => s.where)).toEqual(c.seen.map((s) => s.where));
    seen.forEach(({ weights }, i) => {
      weights.forEach((w, k) => {
        expect(w).toBeCloseTo(c.seen[i].weights[k], 5);
      });
    });
    c.val_loss.forEach((v, i) => {
      expect(h.history.valLoss[i]).toBeCloseTo(v, 4);
    });
  });
  it('evaluates and predicts with the averages, and puts the weights back', async () => {
    const m = model();
    await m.trainOnBatch(x, y);
    await m.trainOnBatch(x, y);
    const before = weightsOf(m);
    const callbacks = [swapEMAWeights()];
    const plain = await m.predict(x, { verbose: 0 });
    const averaged = await m.predict(x, { verbose: 0, callbacks });
    expect(averaged.arraySync()).not.toEqual(plain.arraySync());
    expect(weightsOf(m)).toEqual(before);
    const loss = (await m.evaluate(x, y, { verbose: 0, callbacks })) as number;
    expect(loss).toBeGreaterThan((await m.evaluate(x, y, { verbose: 0 })) as number);
    expect(weightsOf(m)).toEqual(before);
    await m.trainOnBatch(x, y);
    expect(weightsOf(m)).not.toEqual(before);
  });
  it('ends with the averages when training is stopped in the middle', async () => {
    const run = async (callbacks: keras.callbacks.Callback[], epochs: number) => {
      const m = model();
      await m.fit(x, y, { batchSize: 4, epochs, shuffle: false, verbose: 0, callbacks });
      return weightsOf(m);
    };
    class Stop extends keras.callbacks.Callback {
      override onEpochEnd(): void {
        this.model.stopTraining = true;
      }
    }
    const stopped = await run([new Stop(), swapEMAWeights({ swapOnEpoch: true })], 5);
    expect(stopped).toEqual(await run([], 1));
  });
  it('can be used with one model after another', async () => {
    const cb = swapEMAWeights({ swapOnEpoch: true });
    const run = async (callbacks: keras.callbacks.Callback[]) => {
      const m = model();
      await m.fit(x, y, { epochs: 2, shuffle: false, verbose: 0, callbacks });
      return weightsOf(m);
    };
    const want = await run([]);
    expect(await run([cb])).toEqual(want);
    expect(await run([cb])).toEqual(want);
  });
  it('needs an optimizer that keeps averages', async () => {
    const o = { verbose: 0 as const, callbacks: [swapEMAWeights()] };
    await expect(model({}).evaluate(x, y, o)).rejects.toThrow(
      /`useEma: true` is set on the optimizer. Received: useEma=false\./,
    );
    await expect(model().evaluate(x, y, o)).rejects.toThrow(/not been trained yet/);
    expect(() => swapEMAWeights({ swapOnEpochs: true } as object)).toThrow(/mean "swapOnEpoch"/);
  });
});
