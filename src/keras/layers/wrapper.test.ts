import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { type Tensor, tensor } from '../../tensor/index.ts';
import * as keras from '../index.ts';
import * as layers from './index.ts';

beforeAll(() => {
  setBackend('reference');
});

describe('Wrapper', () => {
  it('builds and applies the layer in it, and has its weights', () => {
    const w = layers.wrapper(layers.dense(2, { kernelInitializer: 'ones' }));
    expect(w.apply(tensor([[1, 2]])).arraySync()).toEqual([[3, 3]]);
    expect(w.weights.map((v) => v.name)).toEqual(['kernel', 'bias']);
    const again = layers.deserialize(JSON.parse(JSON.stringify(layers.serialize(w))));
    expect(again.getConfig()).toEqual(w.getConfig());
    expect((again as layers.Wrapper).layer).toBeInstanceOf(layers.Dense);
    expect(layers.Wrapper.fromConfig(w.getConfig()).getConfig()).toEqual(w.getConfig());
  });
  it('refuses what is no layer', () => {
    expect(() => layers.wrapper(layers.dense as never)).toThrow(
      /needs a layer to wrap.*call the factory/,
    );
    expect(() => new layers.Wrapper({})).toThrow(/needs a layer to wrap; received undefined/);
  });
});

describe('Lambda', () => {
  it('applies a function, in models too', () => {
    const l = layers.lambda((x: Tensor) => x.square().sum(-1, { keepdims: true }));
    expect(l.apply([[1, 2]]).arraySync()).toEqual([[5]]);
    const m = keras.sequential([keras.input({ shape: [3] }), l, layers.dense(2)]);
    expect(m.outputShape).toEqual([null, 2]);
  });
  it('is told of training and gets its arguments', () => {
    const l = layers.lambda({
      function: (x: Tensor, o) => x.mul(o.training ? (o.factor as number) : 0),
      arguments: { factor: 3 },
    });
    expect(l.apply([[1, 2]]).arraySync()).toEqual([[0, 0]]);
    expect(l.apply([[1, 2]], { training: true }).arraySync()).toEqual([[3, 6]]);
  });
  it('takes the shape that is said', () => {
    const f = (x: Tensor): Tensor => x.mul(2);
    expect(layers.lambda(f, { outputShape: [7] }).computeOutputShape([null, 3])).toEqual([null, 7]);
    const wide = layers.lambda(f, { outputShape: (s) => [...(s as number[]), 1] });
    expect(wide.computeOutputShape([null, 3])).toEqual([null, 3, 1]);
  });
  it('lets masks end, or gives others', () => {
    const x = tensor([[1, 0]]);
    layers.setMask(x, x.ne(0));
    const f = (t: Tensor): Tensor => t.mul(2);
    expect(layers.getMask(layers.lambda(f).apply(x))).toBeUndefined();
    const passing = layers.lambda(f, { mask: (_, mask) => mask });
    expect(layers.getMask(passing.apply(x))?.arraySync()).toEqual([[true, false]]);
  });
  it('is copied with its function, and found by name in a config', () => {
    function twice(x: Tensor): Tensor {
      return x.mul(2);
    }
    const m = keras.sequential([keras.input({ shape: [1] }), layers.lambda(twice)]);
    expect(
      keras
        .cloneModel(m)
        .apply([[4]])
        .arraySync(),
    ).toEqual([[8]]);
    const json = JSON.parse(JSON.stringify(layers.serialize(m.layers[0])));
    expect(() => layers.deserialize(json)).toThrow(/function "twice", which is not known here/);
    expect(
      layers
        .deserialize(json, { twice })
        .apply([[4]])
        .arraySync(),
    ).toEqual([[8]]);
    layers.registerFunction(twice);
    expect(layers.deserialize(json).getConfig()).toEqual(m.layers[0].getConfig());
    expect(() => layers.lambda(3 as never)).toThrow(/Lambda/);
  });
});
