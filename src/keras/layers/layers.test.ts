import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { type Tensor, tensor } from '../../tensor/index.ts';
import * as keras from '../index.ts';

const { layers } = keras;
beforeAll(() => {
  setBackend('wasm', { threads: 1 });
});

describe('Dense', () => {
  it('is activation(x · kernel + bias) over the last axis', () => {
    const d = layers.dense(2, { activation: 'relu' });
    const x = tensor([
      [1, 2, 3],
      [-1, -2, -3],
    ]);
    expect(d.apply(x).shape).toEqual([2, 2]);
    d.setWeights([
      [
        [1, 0],
        [0, 1],
        [1, -1],
      ],
      [0.5, -0.5],
    ]);
    expect(d.apply(x).arraySync()).toEqual([
      [4.5, 0],
      [0, 0.5],
    ]);
    expect(d.apply(tensor([[[1, 0, 0]], [[0, 0, 1]]])).arraySync()).toEqual([
      [[1.5, 0]],
      [[1.5, 0]],
    ]);
  });
  it('may have no bias, and initializers and regularizers of its own', () => {
    const d = layers.dense({
      units: 3,
      useBias: false,
      kernelInitializer: 'ones',
      kernelRegularizer: keras.regularizers.l2(0.5),
      inputShape: [2],
    });
    expect(d.apply([[1, 2]]).arraySync()).toEqual([[3, 3, 3]]);
    expect(d.weights.map((w) => w.path)).toEqual([`${d.name}/kernel`]);
    expect(d.losses.map((l) => l.item())).toEqual([3]);
    expect(d.countParams()).toBe(6);
  });
  it('keeps to the shape it was built for', () => {
    const d = layers.dense(2, { name: 'first' });
    d.apply([[1, 2, 3]]);
    expect(() => d.apply([[1, 2]])).toThrow(
      /Layer "first" \(Dense\) expects a last dimension of 3; received shape \(None, 2\)/,
    );
  });
});

describe('Dropout', () => {
  const ones = tensor(new Float32Array(10_000).fill(1), { shape: [100, 100] });
  it('does nothing but while training', () => {
    expect(layers.dropout(0.5).apply(ones)).toBe(ones);
    expect(layers.dropout(0).apply(ones, { training: true })).toBe(ones);
  });
  it('drops its share and scales the rest, differently every time', () => {
    const d = layers.dropout(0.25, { seed: 1 });
    const [a, b] = [d.apply(ones, { training: true }), d.apply(ones, { training: true })];
    const values = new Set([...a.dataSync()]);
    expect([...values].sort()).toEqual([0, Math.fround(1 / 0.75)]);
    expect(a.eq(0).mean().item()).toBeCloseTo(0.25, 1);
    expect(a.eq(b).all().item()).toBe(0);
    const again = layers.dropout(0.25, { seed: 1 }).apply(ones, { training: true });
    expect(again.eq(a).all().item()).toBe(1);
  });
  it('can let whole columns share their fate', () => {
    const d = layers.dropout(0.5, { noiseShape: [1, null], seed: 2 });
    const y = d.apply(ones, { training: true });
    expect(y.eq(y.slice(0)).all().item()).toBe(1);
    expect(new Set([...y.slice(0).dataSync()]).size).toBe(2);
  });
  it('has no weights, but a seed that moves', () => {
    const d = layers.dropout(0.5);
    expect(d.weights).toEqual([]);
    expect(d.states.map((s) => [s.dtype, [...s.shape]])).toEqual([['uint32', [2]]]);
  });
});

describe('layers that only move', () => {
  it('Flatten', () => {
    expect(
      layers.flatten().apply(tensor(new Float32Array(24), { shape: [2, 3, 4] })).shape,
    ).toEqual([2, 12]);
    expect(layers.flatten().apply([1, 2]).shape).toEqual([2, 1]);
    expect(layers.flatten().computeOutputShape([null, 3, null])).toEqual([null, null]);
    expect(layers.flatten().computeOutputShape([null, 3, 4])).toEqual([null, 12]);
  });
  it('Reshape, with one dimension left open', () => {
    const x = tensor(new Float32Array(24), { shape: [2, 12] });
    expect(layers.reshape([3, 4]).apply(x).shape).toEqual([2, 3, 4]);
    expect(layers.reshape({ targetShape: [-1, 2] }).apply(x).shape).toEqual([2, 6, 2]);
    expect(() => layers.reshape([5, -1]).apply(x)).toThrow(/size fits \(5, -1\).*\(None, 12\)/);
    expect(() => layers.reshape([-1, -1])).toThrow(/at most one of them -1; received \[-1,-1\]/);
    expect(() => layers.reshape([0])).toThrow(/positive whole numbers/);
  });
  it('Input declares a shape', () => {
    expect(layers.input({ shape: [3] }).shape).toEqual([null, 3]);
    expect(keras.Input({ shape: [3], batchSize: 2, dtype: 'int32' }).shape).toEqual([2, 3]);
    expect(layers.inputLayer({ batchShape: [null, 3] }).inputShape).toEqual([3]);
    expect(() => layers.input({ shape: [1.5] })).toThrow(/whole numbers, null .* received \[1.5\]/);
    expect(() => layers.input({} as never)).toThrow(/needs a shape/);
  });
  it('Activation takes an id or a function', () => {
    expect(
      layers
        .activation('relu')
        .apply([[-1, 2]])
        .arraySync(),
    ).toEqual([[0, 2]]);
    const double = (x: Tensor): Tensor => x.mul(2);
    expect(
      layers
        .activation(double)
        .apply([[-1, 2]])
        .arraySync(),
    ).toEqual([[-2, 4]]);
    expect(layers.activation({ activation: 'tanh', name: 't' }).getConfig()).toMatchObject({
      name: 't',
      activation: 'tanh',
    });
  });
});

describe('a layer of one’s own', () => {
  class Scale extends layers.Layer {
    factor!: keras.Variable;
    runs!: keras.Variable;
    override build(shape: keras.layers.BatchShape): void {
      this.factor = this.addWeight({ name: 'factor', shape: [shape.at(-1)!], initializer: 'ones' });
      this.runs = this.addWeight({
        name: 'runs',
        shape: [],
        initializer: 'zeros',
        trainable: false,
      });
    }
    call(x: Tensor, { training }: keras.layers.CallOptions): Tensor {
      if (training) this.runs.assign(this.runs.tensor.add(1));
      return x.mul(this.factor.tensor);
    }
  }
  it('trains like any other, and its state moves with the steps', async () => {
    const m = keras.sequential([new Scale({ inputShape: [2] }), layers.dense(1)]);
    expect(m.layers[0].name).toBe('scale');
    expect(m.weights.map((w) => w.path.replace(/_\d+/, ''))).toEqual([
      'scale/factor',
      'scale/runs',
      'dense/kernel',
      'dense/bias',
    ]);
    expect(m.trainableWeights.length).toBe(3);
    m.compile({ optimizer: 'sgd', loss: 'mse' });
    await m.fit(
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [[1], [2], [3]],
      { batchSize: 2, epochs: 3, verbose: 0 },
    );
    expect(m.layers[0].getWeights()[1].item()).toBe(6);
    expect(m.layers[0].getWeights()[0].arraySync()).not.toEqual([1, 1]);
    await m.evaluate([[1, 2]], [[1]], { verbose: 0 });
    expect(m.layers[0].getWeights()[1].item()).toBe(6);
  });
  it('is told when it reads a value while it is traced', () => {
    class Nosy extends layers.Layer {
      call(x: Tensor): Tensor {
        return x.sum().item() > 0 ? x : x.neg();
      }
    }
    expect(() => keras.sequential([new Nosy({ inputShape: [1] })])).toThrow(
      /"nosy" \(Nosy\): call reads values/,
    );
  });
});

describe('utils', () => {
  it('toCategorical', () => {
    const { toCategorical } = keras.utils;
    expect(toCategorical([0, 2, 1]).arraySync()).toEqual([
      [1, 0, 0],
      [0, 0, 1],
      [0, 1, 0],
    ]);
    expect(toCategorical(new Uint8Array([1]), 3).arraySync()).toEqual([[0, 1, 0]]);
    expect(toCategorical([[1], [0]]).shape).toEqual([2, 2]);
    expect(
      toCategorical([
        [1, 0],
        [0, 2],
      ]).shape,
    ).toEqual([2, 2, 3]);
    expect(() => toCategorical([0, 3], 3)).toThrow(/label 3 does not fit in 3 classes \(0 to 2\)/);
    expect(() => toCategorical([0, -1])).toThrow(/label -1 at position 1/);
    expect(() => toCategorical([0.5])).toThrow(/label 0.5 at position 0/);
  });
  it('setRandomSeed', () => {
    expect(() => keras.utils.setRandomSeed(-1)).toThrow(/0 to 4294967295; received -1/);
    const draw = (): unknown => {
      keras.utils.setRandomSeed(5);
      return layers
        .dense(2)
        .apply([[1, 2]])
        .arraySync();
    };
    expect(draw()).toEqual(draw());
  });
});
