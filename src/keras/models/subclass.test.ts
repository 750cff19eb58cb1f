/** Models of a class of one's own. */
import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { type Tensor, tensor } from '../../tensor/index.ts';
import * as keras from '../index.ts';
import * as layers from '../layers/index.ts';

beforeAll(() => {
  setBackend('reference');
});

type Options = layers.CallOptions;

class Encoder extends layers.Layer {
  hidden: layers.Dense;
  code: layers.Dense;
  constructor(o: layers.LayerOptions & { units: number }) {
    super({ name: o.name });
    this.hidden = layers.dense(8, { activation: 'tanh', name: 'hidden' });
    this.code = layers.dense(o.units, { name: 'code' });
  }
  call(x: Tensor): Tensor {
    return this.code.apply(this.hidden.apply(x));
  }
}

class Net extends keras.Model {
  encoder: Encoder = new Encoder({ units: 3, name: 'encoder' });
  drop: layers.Dropout = layers.dropout(0.5, { name: 'drop' });
  head: layers.Dense = layers.dense(1, { name: 'head' });
  seen: boolean[] = [];
  override call(x: Tensor, { training }: Options): Tensor {
    this.seen.push(training);
    return this.head.apply(this.drop.apply(this.encoder.apply(x)));
  }
}

const n = 32;
const x = tensor(
  Float32Array.from({ length: n * 4 }, (_, i) => Math.sin(i)),
  { shape: [n, 4] },
);
const y = x.sum(-1, { keepdims: true });

describe('a model of one’s own class', () => {
  it('is built when it first sees data, by fit, predict or a call', async () => {
    const a = new Net();
    expect(a.built).toBe(false);
    expect(a.weights).toEqual([]);
    expect((await a.predict(x)).shape).toEqual([n, 1]);
    expect(a.built).toBe(true);
    expect(a.weights.map((w) => w.path)).toEqual(
      ['hidden', 'code']
        .flatMap((l) => ['kernel', 'bias'].map((w) => `${a.name}/encoder/${l}/${w}`))
        .concat([`${a.name}/head/kernel`, `${a.name}/head/bias`]),
    );
    const b = new Net();
    b.compile({ optimizer: 'sgd', loss: 'mse' });
    await b.fit(x, y, { verbose: 0 });
    expect(b.trainableWeights.length).toBe(6);
    const c = new Net();
    expect(c.apply(x).shape).toEqual([n, 1]);
    expect(c.seen.at(-1)).toBe(false);
    c.apply(x, { training: true });
    expect(c.seen.at(-1)).toBe(true);
  });

  it('learns', async () => {
    keras.utils.setRandomSeed(1);
    const m = new Net();
    m.drop = layers.dropout(0.05, { name: 'less' });
    m.compile({ optimizer: keras.optimizers.adam({ learningRate: 0.03 }), loss: 'mse' });
    const h = await m.fit(x, y, { epochs: 40, batchSize: 16, verbose: 0 });
    expect(h.history.loss[39]).toBeLessThan(h.history.loss[0] / 5);
    expect(m.seen).toContain(true);
    const loss = (await m.evaluate(x, y, { verbose: 0 })) as number;
    expect(loss).toBeLessThan(h.history.loss[0] / 5);
  });

  it('lists the layers that it holds', () => {
    const m = new Net({ name: 'net' });
    expect(m.layers.map((l) => l.name)).toEqual(['encoder', 'drop', 'head']);
    expect(m.summaryText({ lineLength: 60 })).toContain('encoder (Encoder)');
    expect(m.summaryText()).toMatch(/encoder \(Encoder\) +│ \? +│ +0 \(unbuilt\)/);
    m.apply(x);
    expect(m.summaryText()).toMatch(/encoder \(Encoder\) +│ \(None, 3\) +│ +67 /);
    expect(m.summaryText()).toMatch(/Total params: 71 /);
    expect(m.className).toBe('Net');
  });

  it('takes and gives objects and lists', async () => {
    class Two extends keras.Model {
      left: layers.Dense = layers.dense(2);
      right: layers.Dense = layers.dense(2);
      override call({ a, b }: { a: Tensor; b: Tensor }): { sum: Tensor; parts: Tensor[] } {
        const [l, r] = [this.left.apply(a), this.right.apply(b)];
        return { sum: l.add(r), parts: [l, r] };
      }
    }
    const m = new Two();
    const data = { a: x, b: x.mul(2) };
    const out = await m.predict<{ sum: Tensor; parts: Tensor[] }>(data);
    expect(out.sum.shape).toEqual([n, 2]);
    expect(out.parts.map((t) => t.shape)).toEqual([
      [n, 2],
      [n, 2],
    ]);
    expect(m.weights.length).toBe(4);
    expect(m.outputShape).toEqual({
      sum: [null, 2],
      parts: [
        [null, 2],
        [null, 2],
      ],
    });
  });

  it('keeps whole numbers whole while it is built', async () => {
    class Ids extends keras.Model {
      table: layers.Dense = layers.dense(2);
      override call(ids: Tensor): Tensor {
        expect(ids.dtype).toBe('int32');
        return this.table.apply(keras.ops.oneHot(ids, 5));
      }
    }
    const ids = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { dtype: 'int32' },
    );
    expect((await new Ids().predict(ids)).shape).toEqual([2, 2, 2]);
  });

  it('may be a part of a functional model, and be frozen as one', () => {
    const net = new Net({ name: 'net' });
    const i = keras.input({ shape: [4] });
    const m = keras.model({ inputs: i, outputs: layers.dense(2).apply(net.apply(i)) });
    expect(m.outputShape).toEqual([null, 2]);
    expect(m.weights.length).toBe(8);
    net.trainable = false;
    expect(m.trainableWeights.length).toBe(2);
    expect(net.encoder.hidden.trainable).toBe(false);
  });

  it('may extend a functional model', async () => {
    class Custom extends keras.Model {
      scale: layers.Rescaling = layers.rescaling(2, { name: 'kept' });
      override computeLoss(r: Parameters<keras.Model['computeLoss']>[0]): Tensor {
        return super.computeLoss(r).mul(10);
      }
    }
    const i = keras.input({ shape: [4], name: 'x' });
    const outputs = layers.dense(1, { kernelInitializer: 'ones' }).apply(i);
    const m = new Custom({ inputs: i, outputs });
    expect(m.name).toMatch(/^custom/);
    expect(m.className).toBe('Custom');
    expect(m.layers.map((l) => l.name)).toContain('kept');
    m.compile({ optimizer: 'sgd', loss: 'mse' });
    const plain = keras.model({ inputs: i, outputs });
    plain.compile({ optimizer: 'sgd', loss: 'mse' });
    const [a, b] = [
      await m.evaluate(x, y.add(1), { verbose: 0 }),
      await plain.evaluate(x, y.add(1), { verbose: 0 }),
    ];
    expect(a).toBeCloseTo((b as number) * 10, 4);
    expect(keras.cloneModel(m)).toBeInstanceOf(Custom);
  });

  it('says what is missing', async () => {
    class Empty extends keras.Model {}
    await expect(new Empty().predict(x)).rejects.toThrow(/does not say what it computes/);
    expect(() => new Net({ nam: 'x' } as object)).toThrow(/no option "nam"/);
  });

  it('adds losses of its own, and figures', async () => {
    class Penalized extends keras.Model {
      d: layers.Dense = layers.dense(1, { kernelInitializer: 'zeros' });
      override call(t: Tensor): Tensor {
        const h = this.d.apply(t);
        this.addLoss(h.square().mean().add(3));
        this.addMetric(h.mean(), { name: 'level' });
        return h;
      }
    }
    const m = new Penalized();
    m.compile({ optimizer: 'sgd', loss: 'mse' });
    const got = await m.evaluate(x, x.sum(-1, { keepdims: true }).mul(0), {
      verbose: 0,
      returnDict: true,
    });
    expect(got.loss).toBeCloseTo(3, 5);
    const h = await m.fit(x, y, { verbose: 0 });
    expect(Object.keys(h.history)).toContain('level');
  });

  it('is made anew from a config of its own', () => {
    class Sized extends keras.Model {
      units: number;
      d: layers.Dense;
      constructor(o: { units: number; name?: string }) {
        super({ name: o.name });
        this.units = o.units;
        this.d = layers.dense(o.units);
      }
      override call(t: Tensor): Tensor {
        return this.d.apply(t);
      }
      override getConfig(): Record<string, unknown> {
        return { name: this.name, units: this.units };
      }
    }
    const m = new Sized({ units: 3 });
    const again = layers.deserialize(layers.serialize(m), { Sized }) as Sized;
    expect(again).toBeInstanceOf(Sized);
    expect(again.apply(x).shape).toEqual([n, 3]);
    expect(keras.cloneModel(m).units).toBe(3);
  });
});
