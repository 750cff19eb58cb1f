import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { type Tensor, tensor } from '../../tensor/index.ts';
import * as keras from '../index.ts';
import {
  adam,
  deserialize,
  getOptimizer,
  LossScaleOptimizer,
  lossScaleOptimizer,
  type Optimizer,
  schedules,
  serialize,
  sgd,
} from './index.ts';

// Steps against Keras's are in rules.test.ts.
describe('LossScaleOptimizer', () => {
  beforeAll(() => {
    setBackend('wasm');
  });

  /** The weights after training, and the loss of each epoch. */
  async function train(optimizer: Optimizer, epochs = 3): Promise<[number[], number[]]> {
    const model = keras.sequential([
      keras.layers.dense(2, { kernelInitializer: 'ones', inputShape: [3] }),
    ]);
    model.compile({ optimizer, loss: 'mse' });
    const x = tensor([
      [1, 2, 3],
      [0, 1, -1],
      [2, 0, 1],
      [1, 1, 1],
    ]);
    const y = tensor([
      [1, 0],
      [0, 1],
      [1, 1],
      [0, 0],
    ]);
    const h = await model.fit(x, y, { epochs, batchSize: 2, verbose: 0, shuffle: false });
    const weights = (model.getWeights() as Tensor[]).flatMap((w) => [...w.dataSync()]);
    return [weights, h.history.loss as number[]];
  }

  it('trains as the inner optimizer does, in a compiled step', async () => {
    const [plain, losses] = await train(adam({ learningRate: 0.1 }));
    const scaled = lossScaleOptimizer(adam({ learningRate: 0.1 }), { dynamicGrowthSteps: 4 });
    const [weights, scaledLosses] = await train(scaled);
    weights.forEach((w, i) => {
      expect(w).toBeCloseTo(plain[i], 5);
    });
    scaledLosses.forEach((l, i) => {
      expect(l).toBeCloseTo(losses[i], 4);
    });
    // Six steps: doubled once, after four.
    expect(scaled.dynamicScale).toBe(2 ** 16);
    expect(scaled.iterations.tensor.item()).toBe(6);
  });
  it('skips steps whose gradients overflow until the scale is small enough', async () => {
    const o = lossScaleOptimizer(sgd({ learningRate: 0.1 }), { initialScale: 2 ** 127 });
    const [weights] = await train(o, 1);
    // The first of two steps is skipped: the gradient is above 2, and 2^128 is infinite.
    expect(o.iterations.tensor.item()).toBe(1);
    expect(o.dynamicScale).toBe(2 ** 126);
    expect(weights.every(Number.isFinite)).toBe(true);
    expect(weights).not.toEqual([1, 1, 1, 1, 1, 1, 0, 0]);
  });
  it('keeps a fixed scale out of the gradients too', async () => {
    const [plain] = await train(sgd({ learningRate: 0.1 }));
    const [scaled] = await train(sgd({ learningRate: 0.1, lossScaleFactor: 1024 }));
    scaled.forEach((w, i) => {
      expect(w).toBeCloseTo(plain[i], 5);
    });
  });
  it('shows the inner optimizer’s learning rate and averages', () => {
    const o = lossScaleOptimizer(sgd({ learningRate: 0.5, useEma: true }));
    expect(o.learningRate).toBe(0.5);
    o.learningRate = 0.25;
    expect(o.innerOptimizer.learningRate).toBe(0.25);
    const w = new keras.Variable(tensor([1]), { name: 'w' });
    o.apply([o.scaleLoss(tensor([2]))], [w]);
    expect(w.tensor.item()).toBe(0.5);
    expect(o.averages).toHaveLength(1);
    o.learningRate = schedules.exponentialDecay(1, 1, 0.5);
    expect(o.revision).toBe(1);
    expect(o.learningRate).toBe(0.5);
  });
  it('is made anew from its config, whatever is inside', () => {
    class Half extends schedules.LearningRateSchedule {
      call(): number {
        return 0.5;
      }
      override getConfig(): Record<string, unknown> {
        return {};
      }
    }
    const o = new LossScaleOptimizer(adam({ learningRate: new Half(), beta1: 0.5 }), {
      initialScale: 4,
      name: 'scaled',
    });
    const config = JSON.parse(JSON.stringify(serialize(o)));
    expect(config.config.innerOptimizer.className).toBe('Adam');
    const again = deserialize(config, { Half });
    expect(again).toBeInstanceOf(LossScaleOptimizer);
    expect(again.getConfig()).toEqual(o.getConfig());
    expect(again.learningRate).toBe(0.5);
    expect(() => deserialize(config)).toThrow(/Unknown learning rate schedule "Half"/);
    // Older files list options that it does not have, with their defaults.
    const old = { ...config.config, weightDecay: null, useEma: false, clipnorm: null };
    expect(deserialize({ ...config, config: old }, { Half }).getConfig()).toEqual(o.getConfig());
  });
  it('refuses what belongs to the inner optimizer', () => {
    const make = (o: object): LossScaleOptimizer => lossScaleOptimizer(sgd(), o);
    expect(() => make({ clipnorm: 1 })).toThrow(/does not support clipnorm.*inner optimizer/);
    expect(() => make({ dynamic: false })).toThrow(/always dynamic.*lossScaleFactor/);
    expect(() => make({ learningRate: 1 })).toThrow(/does not support learningRate/);
    expect(() => make({ initialScal: 1 })).toThrow(/mean "initialScale"/);
    expect(() => make({ initialScale: 0 })).toThrow(/initialScale must be above 0/);
    expect(() => make({ initialScale: 1e39 })).toThrow(/finite in float32/);
    expect(() => make({ dynamicGrowthSteps: 0.5 })).toThrow(/dynamicGrowthSteps must be a whole/);
    expect(() => lossScaleOptimizer('adam' as never)).toThrow(
      /innerOptimizer must be an Optimizer/,
    );
    expect(() => getOptimizer('lossScaleOptimizer')).toThrow(/className, config/);
  });
});
