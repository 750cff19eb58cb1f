/** Functional models: graphs of layers with several inputs and outputs, shared and nested. */
import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { type Tensor, tensor } from '../../tensor/index.ts';
import { ofMethods } from '../functional/testing.ts';
import * as keras from '../index.ts';
import * as layers from '../layers/index.ts';

beforeAll(() => {
  setBackend('reference');
});

const ones = { kernelInitializer: 'ones' } as const;
const input = (name: string, n = 3): keras.KerasTensor => keras.input({ shape: [n], name });

describe('graphs', () => {
  it('one input, one output', () => {
    const x = input('x');
    const m = keras.model({ inputs: x, outputs: layers.dense(2, ones).apply(x), name: 'm' });
    expect(m).toBeInstanceOf(keras.Model);
    expect(m.className).toBe('Functional');
    expect(m.apply(tensor([[1, 2, 3]])).arraySync()).toEqual([[6, 6]]);
    expect(m.outputShape).toEqual([null, 2]);
    expect(m.batchInputShape).toEqual([null, 3]);
    expect(m.layers.map((l) => l.className)).toEqual(['InputLayer', 'Dense']);
  });

  it('several of both, in lists', () => {
    const [a, b] = [input('a'), input('b', 2)];
    const h = layers.dense(2, ones).apply(a);
    const m = new keras.Model({ inputs: [a, b], outputs: [h.add(b), h, b.mul(2)] });
    const out = m.apply<Tensor[]>([tensor([[1, 2, 3]]), tensor([[10, 20]])]);
    expect(out.map((t) => t.arraySync())).toEqual([[[16, 26]], [[6, 6]], [[20, 40]]]);
    expect(m.inputNames).toEqual(['a', 'b']);
    const byName = m.apply<Tensor[]>({ b: tensor([[0, 0]]), a: tensor([[1, 1, 1]]) });
    expect(byName[0].arraySync()).toEqual([[3, 3]]);
  });

  it('in objects, nested ones too', async () => {
    const [a, b] = [input('a'), input('b')];
    const m = keras.model({
      inputs: { first: a, rest: [b] },
      outputs: { sum: a.add(b), parts: { a: a.sub(b) } },
    });
    const x = { first: tensor([[1, 2, 3]]), rest: [tensor([[1, 1, 1]])] };
    const out = m.apply<{ sum: Tensor; parts: { a: Tensor } }>(x);
    expect(out.sum.arraySync()).toEqual([[2, 3, 4]]);
    expect(out.parts.a.arraySync()).toEqual([[0, 1, 2]]);
    const predicted = await m.predict<typeof out>(x);
    expect(predicted.parts.a.arraySync()).toEqual([[0, 1, 2]]);
  });

  it('a layer used twice has one set of weights', () => {
    const [a, b] = [input('a'), input('b')];
    const shared = layers.dense(4);
    const m = keras.model({
      inputs: [a, b],
      outputs: shared.apply(a).sub(shared.apply(b)).square().sum(-1),
    });
    expect(m.weights.length).toBe(2);
    expect(shared.inboundNodes.length).toBe(2);
    const x = tensor([[1, 2, 3]]);
    expect(m.apply([x, x]).arraySync()).toEqual([0]);
    expect(m.outputShape).toEqual([null]);
  });

  it('models as layers, shared too', () => {
    const inner = input('inner');
    const block = keras.model({ inputs: inner, outputs: layers.dense(3).apply(inner) });
    const stack = keras.sequential([layers.dense(3), layers.dense(3)]);
    const x = input('x');
    const y = stack.apply(block.apply(block.apply(x)));
    const m = keras.model({ inputs: x, outputs: y });
    expect(m.weights.length).toBe(6);
    expect(m.layers.map((l) => l.name)).toEqual(['x', block.name, stack.name]);
    const v = tensor([[1, -1, 0.5]]);
    const byHand = stack.apply(block.apply(block.apply(v)));
    expect(m.apply(v).arraySync()).toEqual(byHand.arraySync());
  });

  it('parts of a model: by the output of a layer, from the middle on', () => {
    const x = input('x');
    const h = layers.dense(4, { name: 'features', activation: 'tanh' }).apply(x);
    const y = layers.dense(1, { name: 'head' }).apply(h);
    const m = keras.model({ inputs: x, outputs: y });
    const front = keras.model({ inputs: m.input, outputs: m.getLayer('features').output });
    const back = keras.model({ inputs: h, outputs: m.output });
    const v = tensor([[1, 2, 3]]);
    expect(front.apply(v).shape).toEqual([1, 4]);
    expect(back.apply(front.apply(v)).arraySync()).toEqual(m.apply(v).arraySync());
    expect(back.layers.map((l) => l.className)).toEqual(['InputLayer', 'Dense']);
    expect(back.weights).toEqual(m.weights.slice(2));
  });

  it('parts of a Sequential', () => {
    const s = keras.sequential([
      keras.input({ shape: [3] }),
      layers.dense(4, { name: 'inside' }),
      layers.dense(1),
    ]);
    const front = keras.model({ inputs: s.input, outputs: s.getLayer('inside').output });
    expect(front.apply([[1, 2, 3]]).shape).toEqual([1, 4]);
    expect(front.weights).toEqual(s.weights.slice(0, 2));
  });

  it('sizes that vary', () => {
    const x = keras.input({ shape: [null, 2] });
    const y = layers.dense(3).apply(x).max(1);
    const m = keras.model({ inputs: x, outputs: y });
    expect(y.shape).toEqual([null, 3]);
    for (const steps of [1, 5])
      expect(m.apply(tensor(new Float32Array(4 * steps), { shape: [2, steps, 2] })).shape).toEqual([
        2, 3,
      ]);
  });

  it('data of another dtype, or without the last 1, are made to fit', () => {
    const x = input('x', 1);
    const m = keras.model({ inputs: x, outputs: x.mul(0.5) });
    expect(m.apply(tensor([1, 2], { dtype: 'int32' })).arraySync()).toEqual([[0.5], [1]]);
    expect(m.apply([[[3]]]).arraySync()).toEqual([[1.5]]);
  });

  it('arithmetic and functions become operations; other tensors are constants', () => {
    const x = input('x');
    const y = x
      .add(tensor([1, 2, 3]))
      .mul(x)
      .slice(null, '...')
      .squeeze(0);
    const m = keras.model({ inputs: x, outputs: y.reshape([-1, 3, 1]) });
    expect(m.apply([[1, 2, 3]]).shape).toEqual([1, 3, 1]);
    expect(m.apply([[1, 2, 3]]).dataSync()).toEqual(Float32Array.of(2, 8, 18));
    expect(m.layers.length).toBe(1);
    expect(m.operations.map((o) => o.className)).toEqual([
      'InputLayer',
      'Add',
      'Multiply',
      'GetItem',
      'Squeeze',
      'Reshape',
    ]);
  });

  it('training as a layer was recorded with counts only where nobody says', () => {
    const x = input('x', 64);
    const y = layers.dropout(0.5, { seed: 1 }).apply(x, { training: true });
    const m = keras.model({ inputs: x, outputs: y });
    const v = tensor(new Float32Array(64).fill(1), { shape: [1, 64] });
    const kept = (t: Tensor): number => t.eq(1).sum().item();
    expect(kept(m.apply(v))).toBe(0);
    expect(kept(m.apply(v, { training: false }))).toBe(64);
  });
});

describe('what is refused', () => {
  const [a, b] = [input('a'), input('b')];
  const y = layers.dense(2).apply(a);
  it.each([
    [{ inputs: b, outputs: y }, /depend on the input "a", which is not among .* \("b"\)/],
    [{ inputs: a, outputs: input('c') }, /depend on the input "c"/],
    [{ inputs: y, outputs: a }, /depend on the input "a"|not connected/],
    [{ inputs: [], outputs: y }, /A model needs inputs; received none/],
    [{ inputs: a, outputs: {} }, /A model needs outputs; received none/],
    [{ inputs: a }, /inputs but no outputs/],
    [{ outputs: y }, /outputs but no inputs/],
    [{ inputs: a, outputs: 3 }, /outputs of a model are KerasTensors.*received 3/],
    [
      { inputs: a, outputs: layers.dense(2, { name: 'd' }) },
      /received the layer "d": give layer.output/,
    ],
    [{ inputs: tensor([1]), outputs: y }, /inputs of a model are KerasTensors.*received Tensor/],
    [{ inputs: a, outputs: y, nam: 'x' }, /no option "nam". Did you mean "name"/],
  ])('%#', (o, message) => {
    expect(() => keras.model(o as never)).toThrow(message);
  });
  it('two layers of one name', () => {
    const one = layers.dense(2, { name: 'same' }).apply(a);
    const two = layers.activation('relu', { name: 'same' }).apply(one);
    expect(() => keras.model({ inputs: a, outputs: two })).toThrow(
      /"same" is the name of two: Dense and Activation/,
    );
  });
  it('data that do not fit', async () => {
    const m = keras.model({ inputs: [a, b], outputs: a.add(b), name: 'adder' });
    const v = tensor([[1, 2, 3]]);
    expect(() => m.apply(v)).toThrow(
      /Model "adder" takes \["a" \(None, 3\), "b" \(None, 3\)\]; received a tensor of shape \(1, 3\)/,
    );
    expect(() => m.apply([v, tensor([[1, 2]])])).toThrow(
      /expects inputs of shape \(None, 3\) for "b"; received \(None, 2\)/,
    );
    expect(() => m.apply({ a: v, c: v })).toThrow(/received \{ a: a tensor.*, c: /);
    m.compile({ loss: 'mse' });
    await expect(m.fit([v, tensor([[1, 2]])], v, { verbose: 0 })).rejects.toThrow(
      /fit: model "adder" expects inputs of shape \(None, 3\) for "b"; received \(None, 2\)/,
    );
  });
  it('layers with no place in a graph have no input', () => {
    expect(() => layers.dense(2, { name: 'alone' }).output).toThrow(/"alone" has not been applied/);
    expect(() => keras.sequential([layers.dense(2)]).input).toThrow(/does not know the shape/);
  });
  it('a shape that a layer cannot take is refused where it is applied', () => {
    expect(() => layers.reshape([2, 2]).apply(a)).toThrow(/Reshape.*\(2, 2\).*\(None, 3\)/);
    expect(() => layers.dense(2).apply(keras.input({ shape: [null] }))).toThrow(/known last dim/);
  });
});

describe('configs and copies', () => {
  function build(): keras.Model {
    const [a, b] = [input('a'), input('b')];
    const inner = input('inner');
    const block = keras.model({
      inputs: inner,
      outputs: layers.dense(3, { activation: 'tanh' }).apply(inner),
      name: 'block',
    });
    const shared = layers.dense(3, { name: 'shared' });
    const h = shared
      .apply(shared.apply(a))
      .add(block.apply(b))
      .mul(tensor([1, 2, 3]));
    return keras.model({
      inputs: { a, b },
      outputs: { y: block.apply(h), z: [h.slice(':, 0:2').reshape([-1, 1, 2])] },
      name: 'whole',
    });
  }
  const x = { a: tensor([[1, 2, 3]]), b: tensor([[0.5, -1, 2]]) };
  const values = (m: keras.Model): unknown[] => {
    const out = m.apply<{ y: Tensor; z: Tensor[] }>(x);
    return [out.y, ...out.z].map((t) => t.arraySync());
  };

  it('a model is made anew from plain data', () => {
    const m = build();
    const config = JSON.parse(JSON.stringify(m.getConfig()));
    expect(config.inputLayers).toEqual({ a: ['a', 0, 0], b: ['b', 0, 0] });
    expect(config.outputLayers.y).toEqual(['block', 2, 0]);
    const again = keras.Model.fromConfig(config) as keras.Model;
    expect(again.getConfig()).toEqual(m.getConfig());
    again.setWeights(m.getWeights());
    expect(values(again)).toEqual(values(m));
    const byName = keras.layers.deserialize(keras.layers.serialize(m)) as keras.Model;
    expect(byName.layers.map((l) => l.name)).toEqual(m.layers.map((l) => l.name));
  });

  it('arithmetic and keras.ops are found again by name', () => {
    const x = keras.input({ shape: [2, 3], name: 'x' });
    const { ops } = keras;
    const outputs = [
      ...ofMethods(x, 6),
      x.slice(':, 1, ::-1'),
      ...[x.matmul(x.transpose([0, 2, 1])), ops.subtract(1, x), ops.relu(x), ops.logsumexp(x, -1)],
      ...[
        ops.concatenate([x, x.mul(2)], -1),
        ops.sum(x, 1),
        ops.topK<keras.KerasTensor[]>(x, 2)[0],
      ],
    ];
    const m = keras.model({ inputs: x, outputs });
    const json = JSON.parse(JSON.stringify(m.getConfig()));
    const again = keras.Model.fromConfig(json) as keras.Model;
    const data = tensor([
      [
        [1, -2, 3],
        [0.5, 0, -0.25],
      ],
    ]);
    const values = (made: keras.Model): unknown[] =>
      made.apply<Tensor[]>(data).map((t) => [t.dtype, t.arraySync()]);
    expect(values(again)).toEqual(values(m));
    const eager = (data.sub(data) as Tensor).arraySync();
    expect(values(m)[1]).toEqual(['float32', eager]);
  });

  it('a copy has weights of its own', () => {
    const m = build();
    const c = keras.cloneModel(m);
    expect(c.getConfig()).toEqual(m.getConfig());
    expect(c.weights.length).toBe(m.weights.length);
    expect(c.weights.some((w) => m.weights.includes(w))).toBe(false);
    expect(c.getLayer('block')).not.toBe(m.getLayer('block'));
    c.setWeights(m.getWeights());
    expect(values(c)).toEqual(values(m));
  });

  it('copies of layers as one likes', () => {
    const s = keras.sequential([keras.input({ shape: [3] }), layers.dense(2), layers.dropout(0.5)]);
    const c = keras.cloneModel(s, {
      cloneFunction: (l) => (l instanceof layers.Dropout ? layers.dropout(0.1) : l),
    });
    expect(c.layers[0]).toBe(s.layers[0]);
    expect((c.layers[1] as layers.Dropout).rate).toBe(0.1);
    expect(keras.cloneModel(s).getConfig()).toEqual(s.getConfig());
  });

  it('a Sequential is made anew, built or not', () => {
    const s = keras.sequential([layers.dense(2), layers.dense(1)], { name: 's' });
    const again = keras.Sequential.fromConfig(s.getConfig());
    expect(again.built).toBe(false);
    s.build([null, 4]);
    const built = keras.Sequential.fromConfig(JSON.parse(JSON.stringify(s.getConfig())));
    expect(built.weights.map((w) => w.shape)).toEqual(s.weights.map((w) => w.shape));
  });

  it('configs that make no sense', () => {
    const c = JSON.parse(JSON.stringify(build().getConfig()));
    c.layers = c.layers.filter((l: { name: string }) => l.name !== 'b');
    expect(() => keras.Model.fromConfig(c)).toThrow(/speaks of a layer "b"/);
  });
});

describe('training', () => {
  it('a model of two inputs and two outputs learns', async () => {
    keras.utils.setRandomSeed(3);
    const [a, b] = [input('a'), input('b')];
    const h = layers.dense(8, { activation: 'tanh' }).apply(a.sub(b));
    const m = keras.model({
      inputs: { a, b },
      outputs: {
        sum: layers.dense(1, { name: 's' }).apply(h),
        sign: layers.dense(1, { activation: 'sigmoid', name: 'c' }).apply(h),
      },
    });
    const n = 64;
    const va = tensor(
      Float32Array.from({ length: n * 3 }, (_, i) => Math.sin(i)),
      { shape: [n, 3] },
    );
    const vb = tensor(
      Float32Array.from({ length: n * 3 }, (_, i) => Math.cos(3 * i)),
      { shape: [n, 3] },
    );
    const sum = va.sub(vb).sum(-1, { keepdims: true });
    m.compile({
      optimizer: keras.optimizers.adam({ learningRate: 0.02 }),
      loss: { sum: 'mse', sign: 'binaryCrossentropy' },
    });
    const data = { a: va, b: vb };
    const y = { sum, sign: sum.gt(0).astype('float32') };
    const h1 = await m.fit(data, y, { epochs: 20, verbose: 0 });
    const { loss } = h1.history;
    expect(loss[19]).toBeLessThan(loss[0] / 4);
  });

  it('frozen layers keep their weights', async () => {
    const x = input('x');
    const base = layers.dense(4, { name: 'base' });
    const m = keras.model({ inputs: x, outputs: layers.dense(1).apply(base.apply(x)) });
    base.trainable = false;
    m.compile({ optimizer: 'sgd', loss: 'mse' });
    const before = m.getWeights().map((w) => w.arraySync());
    await m.fit([[1, 2, 3]], [[1]], { verbose: 0 });
    const after = m.getWeights().map((w) => w.arraySync());
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
    expect(after[2]).not.toEqual(before[2]);
  });
});
