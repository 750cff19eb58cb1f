/** Functional models against Keras: tables, orders, configs, training. See scripts/goldens/make_functional.py. */
import { readFileSync } from 'node:fs';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { fromData, type Tensor } from '../../tensor/index.ts';
import { camelCase } from '../identifiers.ts';
import * as keras from '../index.ts';
import * as L from '../layers/index.ts';
import { flatten, pack } from '../tree.ts';

interface Array32 {
  readonly shape: number[];
  readonly data: number[];
}
interface Goldens {
  readonly summaries: { model: string; options: Record<string, unknown>; text: string }[];
  readonly graphs: {
    model: string;
    layers: unknown[];
    inputLayers: unknown;
    outputLayers: unknown;
    order: string[];
    weights: string[];
    trainable: string[];
  }[];
  readonly training: { model: string; before: Array32[]; loss: number; weights: Array32[] }[];
}
const goldens = JSON.parse(
  readFileSync(new URL('../../../test/goldens/functional.json', import.meta.url), 'utf8'),
) as Goldens;

const input = (name: string, n: number): keras.KerasTensor => keras.input({ shape: [n], name });

class Own extends keras.Model {
  first: L.Dense = L.dense(3, { name: 'first' });
  rest: L.Layer[] = [L.dense(2, { name: 'second' }), L.dropout(0.5, { name: 'drop' })];
  override call(x: Tensor): Tensor {
    return this.rest.reduce<Tensor>((t, l) => l.apply(t), this.first.apply(x));
  }
}

class Loss extends L.Layer {
  call(x: Tensor): Tensor {
    this.addLoss(x.sum().mul(0.3));
    return x;
  }
}

function nested(): keras.Model {
  const i = input('inner', 4);
  const inside = L.dense(4, { activation: 'tanh', name: 'inside' }).apply(i);
  const block = keras.model({ inputs: i, outputs: inside, name: 'block' });
  const stack = keras.sequential(
    [input('begin', 4), L.dense(3, { name: 'one' }), L.dense(2, { name: 'two' })],
    { name: 'stack' },
  );
  const x = input('x', 4);
  return keras.model({
    inputs: x,
    outputs: stack.apply(block.apply(block.apply(x))),
    name: 'nested',
  });
}

const models: Record<string, () => keras.Model> = {
  diamond() {
    const [a, b] = [input('a', 3), input('b', 4)];
    const h = L.dense(5, { name: 'left' }).apply(a);
    const g = L.dense(5, { name: 'right' }).apply(b);
    const s = h.add(g);
    const y = L.dense(2, { name: 'head' }).apply(s);
    return keras.model({ inputs: { a, b }, outputs: { y, z: s.mul(h) }, name: 'diamond' });
  },
  shared() {
    const [a, b] = [input('a', 3), input('b', 3)];
    const d = L.dense(4, { activation: 'tanh', name: 'shared' });
    const out = L.dense(1, { name: 'out' });
    const first = out.apply(d.apply(a).sub(d.apply(b)));
    return keras.model({
      inputs: [a, b],
      outputs: [first, out.apply(d.apply(b))],
      name: 'shared_twice',
    });
  },
  linear() {
    const x = input('x', 6);
    const h = L.dense(4, { activation: 'relu', name: 'hidden' }).apply(x);
    const d = L.dropout(0.5, { name: 'drop' }).apply(h);
    return keras.model({
      inputs: x,
      outputs: L.dense(2, { name: 'out' }).apply(d),
      name: 'linear',
    });
  },
  nested,
  branches() {
    const [x, late] = [input('x', 4), input('late', 2)];
    const dense = (n: number, name: string, t: keras.KerasTensor): keras.KerasTensor =>
      L.dense(n, { name }).apply(t);
    const long = dense(4, 'long3', dense(4, 'long2', dense(4, 'long1', x)));
    const short = dense(4, 'short', x);
    const both = short.add(long);
    const side = dense(2, 'side', late);
    return keras.model({
      inputs: [late, x],
      outputs: [dense(2, 'end', both), side, dense(1, 'early', short)],
      name: 'branches',
    });
  },
  frozen() {
    const m = nested();
    m.getLayer('block').trainable = false;
    return m;
  },
  masked() {
    const i = keras.input({ shape: [6, 4], name: 'inner' });
    const h = L.dense(3, { activation: 'tanh', name: 'inside' }).apply(i);
    const block = keras.model({ inputs: i, outputs: h, name: 'block' });
    const ids = keras.input({ shape: [6], dtype: 'int32', name: 'ids' });
    const table = L.embedding(6, 4, { maskZero: true, name: 'table' });
    const x = L.dropout(0, { name: 'drop' }).apply(block.apply(table.apply(ids)));
    const mean = L.globalAveragePooling1D({ name: 'mean' }).apply(x);
    const steps = L.dense(2, { name: 'steps' }).apply(x);
    return keras.model({ inputs: ids, outputs: [mean, steps], name: 'masked' });
  },
  penalized() {
    const x = input('x', 3);
    const { l1, l2 } = keras.regularizers;
    const twice = L.dense(3, {
      activation: 'tanh',
      kernelRegularizer: l1({ l1: 0.05 }),
      name: 'twice',
    });
    const once = L.dense(3, { activityRegularizer: l2({ l2: 0.1 }), name: 'once' });
    const strong = l2({ l2: 0.5 });
    const fixed = L.dense(3, {
      kernelRegularizer: strong,
      biasRegularizer: strong,
      trainable: false,
      name: 'fixed',
    });
    const last = fixed.apply(once.apply(twice.apply(twice.apply(x))));
    const h = new Loss({ name: 'loss' }).apply(last);
    return keras.model({
      inputs: x,
      outputs: L.dense(1, { name: 'out' }).apply(h),
      name: 'penalized',
    });
  },
  own: () => new Own({ name: 'own' }),
};

beforeAll(() => {
  setBackend('reference');
});
beforeEach(() => {
  keras.utils.clearSession();
});

describe('summary', () => {
  it.each(goldens.summaries)('$model, $options', ({ model, options, text }) => {
    const o = Object.fromEntries(Object.entries(options).map(([k, v]) => [camelCase(k), v]));
    expect(
      models[model]()
        .summaryText({ lineLength: 76, ...o })
        .trim(),
    ).toBe(text.trim());
  });
});

/** The parts of a config that say how layers are connected, as the goldens have them. */
function graphOf(m: keras.Model): unknown {
  const node = (x: unknown): unknown => {
    const t = x as { className?: string; config: { kerasHistory: unknown } } | null;
    if (t?.className === '__keras_tensor__') return t.config.kerasHistory;
    if (Array.isArray(x)) return x.map(node);
    if (typeof x !== 'object' || x === null) return x;
    return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, node(v)]));
  };
  const { layers, inputLayers, outputLayers } = m.getConfig() as {
    layers: { name: string; className: string; inboundNodes: unknown }[];
    inputLayers: unknown;
    outputLayers: unknown;
  };
  return {
    layers: layers.map(({ name, className, inboundNodes }) => ({
      name,
      className,
      inboundNodes: node(inboundNodes),
    })),
    inputLayers,
    outputLayers,
  };
}

describe('the order of layers and weights, and the graph in the config', () => {
  it.each(goldens.graphs)('$model', ({ model, order, weights, trainable, ...graph }) => {
    const m = models[model]();
    expect(m.layers.map((l) => l.name)).toEqual(order);
    const names = (ws: readonly keras.Variable[]): string[] =>
      ws.map((w) => w.path.split('/').slice(-2).join('/'));
    expect(names(m.weights)).toEqual(weights);
    expect(names(m.trainableWeights)).toEqual(trainable);
    const { model: _, ...wanted } = { model, ...graph };
    expect(graphOf(m)).toEqual(wanted);
  });
});

function numbers(shape: readonly number[], seed: number): Tensor {
  const n = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length: n }, (_, i) => Math.sin(i * 1.7 + seed) * 0.5);
  return fromData(data, shape);
}
function close(t: Tensor, want: Array32): void {
  expect(t.shape).toEqual(want.shape);
  const got = t.dataSync();
  want.data.forEach((v, i) => {
    expect(Math.abs(got[i] - v)).toBeLessThan(1e-5 * Math.abs(v) + 1e-6);
  });
}

describe('training', () => {
  it.each(goldens.training)('$model', async ({ model, before, loss, weights }) => {
    const m = models[model]();
    m.setWeights(m.weights.map((w, k) => numbers(w.shape, k)));
    const data = (ts: readonly keras.KerasTensor[], seed: number): Tensor[] =>
      ts.map((t, k) => {
        const values = numbers([12, ...(t.shape.slice(1) as number[])], seed + k);
        return t.dtype === 'int32' ? values.abs().mul(12).floor().astype('int32') : values;
      });
    const x = pack<Tensor>(m.input, data(m.inputs, 50)) as Tensor;
    const y = pack<Tensor>(m.output, data(m.outputs, 90)) as Tensor;
    flatten<Tensor>(await m.predict(x)).forEach((t, i) => {
      close(t, before[i]);
    });
    m.compile({ optimizer: keras.optimizers.sgd({ learningRate: 0.1 }), loss: 'mse' });
    const h = await m.fit(x, y, { batchSize: 4, shuffle: false, verbose: 0 });
    expect(Math.abs(h.history.loss[0] - loss)).toBeLessThan(1e-5 * Math.abs(loss) + 1e-6);
    m.getWeights().forEach((w, i) => {
      close(w, weights[i]);
    });
  });
});
