/** Steps of one's own: trainStep, testStep, predictStep, computeLoss, metrics and losses of the model. */
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { availableBackends, type BackendName, setBackend } from '../../backends/registry.ts';
import { compile, fromData, type Tensor, tensor } from '../../tensor/index.ts';
import * as keras from '../index.ts';

const { layers } = keras;
afterEach(() => {
  vi.restoreAllMocks();
});

const n = 24;
const x = fromData(
  Float32Array.from({ length: 3 * n }, (_, i) => Math.sin(3 * i)),
  [n, 3],
);
const y = x.sum(1, { keepdims: true }).realize();
const quiet = { verbose: 0 } as const;
const weights = (m: keras.Model): number[] => m.getWeights().flatMap((w) => [...w.dataSync()]);

/** A plain network, for steps to be overridden. */
abstract class Net extends keras.Model {
  readonly hidden: keras.layers.Dense = layers.dense(4, { activation: 'tanh' });
  readonly out: keras.layers.Dense = layers.dense(1);
  override call(inputs: Tensor): Tensor {
    return this.out.apply(this.hidden.apply(inputs));
  }
}
class Plain extends Net {}
function same(a: keras.Model, b: keras.Model): void {
  for (const m of [a, b]) if (!m.built) m.apply(x);
  b.setWeights(a.getWeights());
}

describe.each(availableBackends())('on %s', (b) => {
  beforeAll(() => {
    setBackend(b as BackendName, b === 'wasm' ? { threads: 1 } : {});
  });

  it('the step of the documentation trains as the built-in one', async () => {
    class Own extends Net {
      override trainStep({ x, y }: keras.StepData): keras.StepLogs {
        const yPred = this.apply(x, { training: true });
        const loss = this.computeLoss({ x, y, yPred });
        this.optimizer.apply(this.gradient(loss), this.trainableWeights);
        this.lossTracker.updateState(loss, x.shape[0]);
        return this.computeMetrics({ x, y, yPred });
      }
    }
    const [own, plain] = [new Own({}), new Plain({})];
    same(own, plain);
    for (const m of [own, plain]) m.compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae'] });
    const o = {
      epochs: 2,
      batchSize: 10,
      shuffle: false,
      validationData: [x, y],
      ...quiet,
    } as const;
    const [h, want] = [await own.fit(x, y, o), await plain.fit(x, y, o)];
    expect(h.history).toEqual(want.history);
    expect(weights(own)).toEqual(weights(plain));
  });

  it('a loop of one’s own, compiled or by hand, trains as fit', async () => {
    const [compiled, byHand, fitted] = [new Plain({}), new Plain({}), new Plain({})];
    same(fitted, compiled);
    same(fitted, byHand);
    const step =
      (m: keras.Model, optimizer: keras.optimizers.Optimizer) => (x: Tensor, y: Tensor) => {
        const loss = m.apply(x, { training: true }).sub(y).square().mean();
        optimizer.apply(m.gradient(loss), m.trainableWeights);
        return loss;
      };
    const fast = compile(step(compiled, keras.optimizers.adam()));
    const slow = step(byHand, keras.optimizers.adam());
    fitted.compile({ optimizer: 'adam', loss: 'mse' });
    await fitted.fit(x, y, { batchSize: 8, epochs: 2, shuffle: false, ...quiet });
    for (const from of [0, 8, 16, 0, 8, 16]) {
      const rows = [from, from + 8] as [number, number];
      const [a, b] = [x.slice(rows), y.slice(rows)];
      expect(fast(a, b).item()).toBeCloseTo(slow(a, b).item(), 5);
    }
    for (const m of [compiled, byHand])
      weights(m).forEach((v, i) => {
        expect(v).toBeCloseTo(weights(fitted)[i], 5);
      });
  });

  it('two networks with an optimizer each, and noise: a GAN finds the mean of its data', async () => {
    keras.utils.setRandomSeed(1);
    class Gan extends keras.Model {
      readonly generator: keras.Sequential = keras.sequential([
        layers.dense(1, { inputShape: [1] }),
      ]);
      readonly discriminator: keras.Sequential = keras.sequential([
        layers.dense(8, { activation: 'relu', inputShape: [1] }),
        layers.dense(1),
      ]);
      readonly seeds: keras.random.SeedGenerator = new keras.random.SeedGenerator(7);
      readonly gOptimizer: keras.optimizers.Optimizer = keras.optimizers.adam({
        learningRate: 0.02,
      });
      readonly dOptimizer: keras.optimizers.Optimizer = keras.optimizers.adam({
        learningRate: 0.02,
      });
      readonly loss: keras.losses.Loss = new keras.losses.BinaryCrossentropy({ fromLogits: true });
      readonly dLoss: keras.metrics.Mean = new keras.metrics.Mean({ name: 'd_loss' });
      override get metrics(): readonly keras.metrics.Metric[] {
        return [this.dLoss];
      }
      override call(noise: Tensor): Tensor {
        return this.generator.apply(noise);
      }
      override trainStep({ x: real }: keras.StepData): keras.StepLogs {
        const size = real.shape[0];
        const noise = (): Tensor => keras.random.normal([size, 1], { seed: this.seeds });
        const ones = tensor(1).broadcastTo([size, 1]);
        const judge = (t: Tensor): Tensor => this.discriminator.apply(t, { training: true });

        const fake = this.generator.apply(noise(), { training: true });
        const dLoss = this.loss
          .apply(ones, judge(real))
          .add(this.loss.apply(ones.mul(0), judge(fake)));
        const d = this.discriminator.trainableWeights;
        this.dOptimizer.apply(this.gradient(dLoss, d), d);

        // Judged by the discriminator that has just been improved.
        const gLoss = this.loss.apply(
          ones,
          judge(this.generator.apply(noise(), { training: true })),
        );
        const g = this.generator.trainableWeights;
        this.gOptimizer.apply(this.gradient(gLoss, g), g);
        this.dLoss.updateState(dLoss, size);
        return { dLoss: this.dLoss.result(), gLoss };
      }
    }
    const gan = new Gan({});
    gan.compile();
    const real = keras.random.normal([64, 1], { seed: 3, mean: 4, stddev: 0.1 });
    const mean = async (): Promise<number> =>
      (await gan.predict(keras.random.normal([64, 1], { seed: 4 }))).mean().item();
    expect(await mean()).toBeLessThan(1);
    const h = await gan.fit(real, { epochs: 150, batchSize: 32, ...quiet });
    expect(Object.keys(h.history)).toEqual(['dLoss', 'gLoss']);
    expect(h.history.gLoss.every(Number.isFinite)).toBe(true);
    expect(Math.abs((await mean()) - 4)).toBeLessThan(1.5);
    // The noise was another at every step.
    expect(gan.seeds.state[1]).toBe(2 * 2 * 150);
    expect([gan.gOptimizer, gan.dOptimizer].map((o) => o.iterations.tensor.item())).toEqual([
      300, 300,
    ]);
  });
});

describe('the parts of a step', () => {
  beforeAll(() => {
    setBackend('reference');
  });

  it('computeLoss and computeMetrics may be overridden alone', async () => {
    class Own extends Net {
      readonly spread: keras.metrics.Mean = new keras.metrics.Mean({ name: 'spread' });
      override computeLoss(r: Parameters<keras.Model['computeLoss']>[0]): Tensor {
        const p = r.yPred as Tensor;
        return super.computeLoss(r).add(p.square().mean().mul(0.1));
      }
      override computeMetrics(r: Parameters<keras.Model['computeMetrics']>[0]): keras.StepLogs {
        const logs = super.computeMetrics(r);
        this.spread.updateState((r.yPred as Tensor).std());
        return { ...logs, spread: this.spread.result() };
      }
    }
    const [own, plain] = [new Own({}), new Plain({})];
    same(own, plain);
    for (const m of [own, plain]) m.compile({ optimizer: 'sgd', loss: 'mse' });
    const e = await own.evaluate(x, y, { ...quiet, returnDict: true });
    const p = await plain.predict(x);
    const loss = (await plain.evaluate(x, y, quiet)) as number;
    expect(e.loss).toBeCloseTo(loss + 0.1 * p.square().mean().item(), 5);
    expect(Object.keys(e)).toEqual(['loss', 'spread']);
    expect(e.spread).toBeCloseTo(p.std().item(), 5);
    const h = await own.fit(x, y, { epochs: 3, ...quiet });
    expect(Object.keys(h.history)).toEqual(['loss', 'spread']);
  });

  it('what a step reports is logged: counted where a metric counts it, else as it was last', async () => {
    class Own extends Net {
      override trainStep({ x, y }: keras.StepData): keras.StepLogs {
        const error = this.apply(x, { training: true }).sub(y);
        const loss = error.square().mean();
        const gs = this.gradient(loss);
        this.optimizer.apply(gs, this.trainableWeights);
        const norm = gs.map((g) => g.square().sum()).reduce((a, c) => a.add(c));
        return { loss, gradientNorm: norm.sqrt(), worst: error.abs().max(), constant: 3 };
      }
    }
    const m = new Own({});
    m.compile({ optimizer: 'sgd' });
    const seen: Record<string, number>[] = [];
    const note = keras.callbacks.lambdaCallback({
      onTrainBatchEnd: (_, logs) => void seen.push({ ...logs }),
    });
    const h = await m.fit(x, y, { batchSize: 8, epochs: 2, callbacks: [note], ...quiet });
    expect(Object.keys(h.history)).toEqual(['constant', 'gradientNorm', 'loss', 'worst']);
    expect(seen.length).toBe(6);
    expect(seen[2].loss).toBe(h.history.loss[0]);
    expect(seen[0].loss).not.toBe(seen[1].loss);
    expect(h.history.constant).toEqual([3, 3]);
    expect(seen[5].worst).toBe(h.history.worst[1]);
  });

  it('testStep and predictStep', async () => {
    class Own extends Net {
      override testStep({ x, y }: keras.StepData): keras.StepLogs {
        return { bias: this.apply(x).sub(y).mean() };
      }
      override predictStep({ x }: keras.StepData): Tensor {
        return this.apply(x).mul(10);
      }
    }
    const [own, plain] = [new Own({}), new Plain({})];
    same(own, plain);
    own.compile();
    const p = await plain.predict(x);
    expect((await own.predict(x)).sub(p.mul(10)).abs().max().item()).toBeLessThan(1e-5);
    expect(await own.evaluate(x, y, { batchSize: n, ...quiet })).toBeCloseTo(
      p.sub(y).mean().item(),
      5,
    );
  });

  it('metrics of a layer, losses of a layer, and their names', async () => {
    class Gauge extends layers.Layer {
      readonly size: keras.metrics.Mean = new keras.metrics.Mean({ name: 'size' });
      override call(t: Tensor): Tensor {
        this.size.updateState(t.abs());
        this.addLoss(t.square().mean().mul(0.01));
        return t;
      }
    }
    const m = keras.sequential([
      layers.dense(2, { inputShape: [3] }),
      new Gauge(),
      layers.dense(1),
    ]);
    m.compile({ optimizer: 'sgd', loss: 'mse', metrics: ['mae'] });
    expect(m.metricsNames).toEqual(['loss', 'size']);
    const h = await m.fit(x, y, { epochs: 2, validationData: [x, y], ...quiet });
    expect(m.metricsNames).toEqual(['loss', 'mae', 'size']);
    expect(Object.keys(h.history)).toEqual([
      ...['loss', 'mae', 'size', 'valLoss', 'valMae', 'valSize'],
    ]);
    expect(m.metrics.map((k) => k.name)).toEqual(['loss', 'mae', 'size']);
    // The metric's own result is that of the last epoch.
    expect(m.metrics[2].result().item()).toBeCloseTo(h.history.size[1], 6);
    m.resetMetrics();
    expect(m.metrics[2].result().item()).toBe(0);
  });

  it('a compiled model inside of a frozen one is trained by itself, and not by the other', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const judge = keras.sequential([layers.dense(1, { activation: 'sigmoid', inputShape: [2] })]);
    judge.compile({ optimizer: 'sgd', loss: 'bce', metrics: ['accuracy'] });
    judge.trainable = false;
    const both = keras.sequential([layers.dense(2, { inputShape: [3] }), judge]);
    both.compile({ optimizer: 'sgd', loss: 'bce' });
    const all = (): number[][] => [weights(judge), weights(both).slice(0, 8)];
    const [judged, made] = all();
    const h = await both.fit(x, y.gt(0), quiet);
    // The figures of the model inside are its own.
    expect(Object.keys(h.history)).toEqual(['loss']);
    expect(all()[0]).toEqual(judged);
    expect(all()[1]).not.toEqual(made);
    const after = all()[1];
    const [, accuracy] = (await judge.trainOnBatch(x.slice([0, n], [0, 2]), y.gt(0))) as number[];
    expect(accuracy).toBeGreaterThanOrEqual(0);
    expect(all()[0]).not.toEqual(judged);
    expect(all()[1]).toEqual(after);
  });

  it('layers frozen after compile: a warning, and training goes on as compiled', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const m = keras.sequential([layers.dense(2, { inputShape: [3] }), layers.dense(1)]);
    m.compile({ optimizer: 'adam', loss: 'mse' });
    await m.fit(x, y, quiet);
    const before = weights(m);
    m.layers[0].trainable = false;
    await m.fit(x, y, quiet);
    await m.fit(x, y, { batchSize: 7, ...quiet });
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0][0]).toMatch(/trainable has changed since compile for "dense.*"/);
    expect(weights(m)[0]).not.toBe(before[0]);
    m.compile({ optimizer: 'adam', loss: 'mse' });
    const frozen = weights(m);
    await m.fit(x, y, quiet);
    expect(weights(m).slice(0, 8)).toEqual(frozen.slice(0, 8));
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('run eagerly, steps can look at their values, and train as compiled ones', async () => {
    const seen: number[] = [];
    class Looking extends Net {
      override trainStep(data: keras.StepData): keras.StepLogs {
        const p = this.apply(data.x, { training: true });
        const loss = this.computeLoss({ y: data.y, yPred: p });
        seen.push(loss.item());
        this.optimizer.apply(this.gradient(loss), this.trainableWeights);
        this.lossTracker.updateState(loss, data.x.shape[0]);
        return this.computeMetrics({ y: data.y, yPred: p });
      }
    }
    const [own, plain, compiled] = [new Looking({}), new Plain({}), new Plain({})];
    same(compiled, own);
    same(compiled, plain);
    const o = { optimizer: 'adam', loss: 'mse', metrics: ['mae'] } as const;
    own.compile({ ...o, runEagerly: true });
    plain.compile({ ...o, runEagerly: true });
    compiled.compile(o);
    const fit = { batchSize: 10, epochs: 2, validationSplit: 0.25, ...quiet } as const;
    const histories: Record<string, number[]>[] = [];
    for (const m of [own, plain, compiled]) {
      keras.utils.setRandomSeed(2);
      histories.push((await m.fit(x, y, fit)).history);
      expect(weights(m).length).toBe(21);
    }
    expect(seen.length).toBe(4);
    for (const h of histories)
      for (const [k, v] of Object.entries(histories[2]))
        v.forEach((n, i) => {
          expect(h[k][i]).toBeCloseTo(n, 4);
        });
    weights(compiled).forEach((v, i) => {
      expect(weights(own)[i]).toBeCloseTo(v, 4);
      expect(weights(plain)[i]).toBeCloseTo(v, 4);
    });
    expect((await plain.trainOnBatch(x, y, { returnDict: true })).loss).toBeCloseTo(
      (await compiled.trainOnBatch(x, y, { returnDict: true })).loss,
      4,
    );
  });

  it('mistakes in steps', async () => {
    class Late extends Net {
      override trainStep({ x, y }: keras.StepData): keras.StepLogs {
        const loss = this.apply(x).sub(y).square().mean();
        this.optimizer.apply(this.gradient(loss), this.trainableWeights);
        // The weights are new ones now, which the loss was not made of.
        this.optimizer.apply(this.gradient(loss), this.trainableWeights);
        return { loss };
      }
    }
    class Async extends Net {
      override trainStep(): keras.StepLogs {
        return Promise.resolve({}) as never;
      }
    }
    class Reading extends Net {
      override trainStep({ x, y }: keras.StepData): keras.StepLogs {
        return { loss: this.apply(x).sub(y).mean().item() };
      }
    }
    for (const [Kind, message] of [
      [Late, /depends on none of the variables/],
      [Async, /cannot be async/],
      [Reading, /not known yet/],
    ] as [typeof Late, RegExp][]) {
      const m = new Kind({});
      m.apply(x);
      m.compile({ optimizer: 'sgd' });
      const before = weights(m);
      await expect(m.fit(x, y, quiet)).rejects.toThrow(message);
      expect(weights(m)).toEqual(before);
    }
  });
});
