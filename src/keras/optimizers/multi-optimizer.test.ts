import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { tensor } from '../../tensor/index.ts';
import * as keras from '../index.ts';
import {
  adam,
  deserialize,
  lossScaleOptimizer,
  MultiOptimizer,
  multiOptimizer,
  OptimizerMap,
  rmsprop,
  serialize,
  sgd,
} from './index.ts';

const variable = (path: string): keras.Variable =>
  new keras.Variable(tensor([1, 1]), { name: path.split('/').pop(), path });

// Steps against Keras's are in rules.test.ts.
describe('MultiOptimizer', () => {
  beforeAll(() => {
    setBackend('wasm');
  });

  it('trains the parts of a model with optimizers of their own', async () => {
    keras.utils.setRandomSeed(1);
    const model = keras.sequential([
      keras.layers.dense(2, { name: 'lower', inputShape: [2] }),
      keras.layers.dense(1, { name: 'upper' }),
    ]);
    const [fixed, fast] = [sgd({ learningRate: 0 }), adam({ learningRate: 0.1 })];
    model.compile({
      optimizer: multiOptimizer(new OptimizerMap(fast, { 'lower/.*': fixed })),
      loss: 'mse',
    });
    const read = (): number[][] => model.weights.map((w) => [...w.tensor.dataSync()]);
    const before = read();
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    const h = await model.fit(x, tensor([[1], [2]]), { epochs: 20, verbose: 0 });
    const losses = h.history.loss as number[];
    expect(losses[19]).toBeLessThan(losses[0] / 2);
    const after = read();
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
    expect(after[2]).not.toEqual(before[2]);
    expect(fast.iterations.tensor.item()).toBe(20);
    expect(() => (model.optimizer.learningRate = 1)).toThrow(/has no learning rate/);
  });
  it('asks a map or a function', () => {
    const [a, b, c] = [adam(), sgd(), rmsprop()];
    const map = new OptimizerMap(c, { 'encoder/.*': b }).set('encoder/dense/kernel', a);
    expect(map.get('encoder/dense/kernel')).toBe(a);
    expect(map.get('encoder/dense/bias')).toBe(b);
    expect(map.get('my/encoder/dense')).toBe(c);
    expect(map.optimizers).toEqual([b, a, c]);
    map.set('.*/bias', a);
    expect(() => map.get('encoder/dense/bias')).toThrow(/several .* "encoder\/\.\*", "\.\*\/bias"/);
    const o = multiOptimizer((v) => (v.path.startsWith('encoder') ? a : b));
    o.build([variable('encoder/kernel'), variable('head/kernel')]);
    expect(o.optimizers).toEqual([a, b]);
  });
  it('is made anew from its config', () => {
    const map = new OptimizerMap(sgd({ momentum: 0.5 }), { 'a/.*': adam({ beta1: 0.7 }) });
    const o = multiOptimizer(map, { lossScaleFactor: 2, name: 'both' });
    const again = deserialize(JSON.parse(JSON.stringify(serialize(o))));
    expect(again).toBeInstanceOf(MultiOptimizer);
    expect(again.getConfig()).toEqual(o.getConfig());
    const chosen = multiOptimizer(function pick() {
      return sgd();
    });
    const revived = deserialize(serialize(chosen), { pick: () => adam() });
    expect(revived).toBeInstanceOf(MultiOptimizer);
    expect(() => deserialize(JSON.parse(JSON.stringify(serialize(chosen))))).toThrow(
      /optimizerMap must be an OptimizerMap/,
    );
  });
  it('refuses what cannot stand inside of it', () => {
    expect(() => new OptimizerMap('adam' as never)).toThrow(
      /takes Optimizers.*the default is adam/,
    );
    expect(() => new OptimizerMap(lossScaleOptimizer(sgd()))).toThrow(/is a LossScaleOptimizer/);
    const map = new OptimizerMap(sgd());
    expect(() => map.set('a', multiOptimizer(map))).toThrow(/"a" is a MultiOptimizer/);
    expect(() => map.set('a', sgd()).set('a', sgd())).toThrow(/for "a" already/);
    expect(() => map.set('(', sgd())).toThrow(/no regular expression/);
    expect(() => multiOptimizer(sgd() as never)).toThrow(/optimizerMap must be/);
    const none = multiOptimizer((() => undefined) as never);
    expect(() => none.build([variable('a/kernel')])).toThrow(/that for a\/kernel is undefined/);
  });
});
