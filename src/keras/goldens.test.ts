/** Everything that has a value, held against real Keras on JAX (scripts/goldens/keras_goldens.py). */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { availableBackends, setBackend } from '../backends/registry.ts';
import { grad, type Tensor, tensor } from '../tensor/index.ts';
import { camelCase } from './identifiers.ts';
import * as keras from './index.ts';
import { drawPermutation, drawSeed } from './random/index.ts';

type Nested = number | 'NaN' | 'Infinity' | '-Infinity' | Nested[];
type Options = Record<string, unknown>;
interface Goldens {
  activations: {
    x: Nested;
    c: Nested;
    special: Nested;
    cases: { name: string; y: Nested; gradient: Nested; special: Nested | null }[];
  };
  arrays: Record<string, Nested>;
  losses: {
    loss: string;
    options: Options;
    yTrue: string;
    yPred: string;
    weight: string | null;
    value: Nested;
    gradient: Nested;
  }[];
  metrics: {
    metric: string;
    options: Options;
    pairs: [string, string | null][];
    weighted: boolean;
    after: number[];
    empty: number;
  }[];
  initializers: {
    kind: string;
    options: Options;
    small: Nested;
    first?: number[];
    last?: number[];
    sum?: number;
  }[];
  seeds: {
    seed: number;
    drawn: number[];
    orders: number[][];
    unseeded: number[][];
    generator: number[];
  }[];
  masks: { rate: number; calls: Nested[] }[];
  training: {
    data: Record<string, Nested>;
    start: Record<string, Nested[]>;
    runs: Run[];
    l1: { kernel: Nested; history: Record<string, number[]>; weights: Nested[] };
    seeded: { initial: Nested[]; history: Record<string, number[]>; weights: Nested[] };
  };
}
interface Run {
  name: string;
  optimizer: string;
  options: Options;
  loss: string;
  y: string;
  head: string;
  n: number;
  l2: number;
  metrics: string[];
  val: boolean;
  fit: Options;
  history: Record<string, number[]>;
  weights: Nested[];
}
const goldens = JSON.parse(
  readFileSync(new URL('../../test/goldens/keras.json', import.meta.url), 'utf8'),
) as Goldens;

const flat = (x: Nested): number[] => ([x].flat(9) as (number | string)[]).map(Number);
const unword = (x: Nested): unknown => (Array.isArray(x) ? x.map(unword) : Number(x));
const asTensorOf = (x: Nested, labels = false): Tensor =>
  tensor(unword(x) as never, { dtype: labels ? 'int32' : 'float32' });
const camel = (o: Options): Options =>
  Object.fromEntries(
    Object.entries(o).map(([k, v]) => [
      camelCase(k),
      k === 'reduction' && typeof v === 'string' ? camelCase(v) : v,
    ]),
  );

function close(got: ArrayLike<number>, want: Nested, rel: number, abs: number): void {
  const b = flat(want);
  expect(got.length).toBe(b.length);
  b.forEach((v, i) => {
    const bad = Number.isFinite(v)
      ? !(Math.abs(got[i] - v) <= abs + rel * Math.abs(v))
      : !Object.is(got[i], v);
    if (bad) expect.fail(`element ${i}: ${got[i]} instead of ${v}`);
  });
}

const bits = new Int32Array(1);
const float = new Float32Array(bits.buffer);
/** Steps of float32 from 0. */
function place(v: number): number {
  float[0] = v;
  return bits[0] < 0 ? -(bits[0] & 0x7fffffff) : bits[0];
}
function within(got: ArrayLike<number>, want: Nested, ulps: number): void {
  const b = flat(want);
  expect(got.length).toBe(b.length);
  b.forEach((v, i) => {
    const off = Math.abs(place(got[i]) - place(v));
    if (off > ulps) expect.fail(`element ${i}: ${got[i]} is ${off} ulps from ${v}`);
  });
}

beforeAll(() => {
  setBackend('reference');
});

describe('activations and their gradients are those of Keras', () => {
  const { x, c, special, cases } = goldens.activations;
  for (const a of cases) {
    it(a.name, () => {
      const f = keras.activations.getActivation(a.name);
      close(f(asTensorOf(x)).dataSync(), a.y, 1e-5, 1e-6);
      const g = grad((t: Tensor) => f(t).mul(asTensorOf(c)).sum())(asTensorOf(x));
      close((g as Tensor).dataSync(), a.gradient, 1e-4, 1e-6);
      if (a.special) close(f(asTensorOf(special)).dataSync(), a.special, 1e-5, 1e-6);
    });
  }
});

const array = (name: string): Tensor => asTensorOf(goldens.arrays[name], name === 'labels');

describe('losses and their gradients are those of Keras', () => {
  const table = keras.losses as unknown as Record<string, new (o: object) => keras.losses.Loss>;
  for (const l of goldens.losses) {
    it(`${l.loss} ${JSON.stringify(l.options)} ${l.yPred}${l.weight ? ', weighted' : ''}`, () => {
      const loss = new table[l.loss](camel(l.options));
      const f = (p: Tensor): Tensor =>
        loss.apply(array(l.yTrue), p, l.weight ? array(l.weight) : null);
      close(f(array(l.yPred)).dataSync(), l.value, 1e-5, 1e-6);
      const g = grad((p: Tensor) => f(p).sum())(array(l.yPred)) as Tensor;
      close(g.dataSync(), l.gradient, 1e-4, 1e-6);
    });
  }
});

describe('metrics are those of Keras, batch after batch', () => {
  const table = keras.metrics as unknown as Record<string, new (o: object) => keras.metrics.Metric>;
  for (const m of goldens.metrics) {
    it(`${m.metric} ${JSON.stringify(m.options)}${m.weighted ? ', weighted' : ''}`, () => {
      const metric = new table[m.metric](camel(m.options));
      const w = m.weighted ? array('weights') : null;
      m.pairs.forEach(([t, p], i) => {
        if (p) metric.updateState(array(t), array(p), w);
        else (metric as keras.metrics.Mean).updateState(array(t), w);
        close([metric.result().item()], m.after[i], 1e-5, 1e-6);
      });
      metric.resetState();
      close([metric.result().item()], m.empty, 0, 0);
    });
  }
});

describe('initial weights from a seed are those of Keras', () => {
  type Init = new (o: object) => keras.initializers.Initializer;
  const table = keras.initializers as unknown as Record<string, Init>;
  for (const c of goldens.initializers) {
    it(`${c.kind} ${JSON.stringify(c.options)}`, () => {
      const make = (shape: number[]): ArrayLike<number> =>
        new table[c.kind](camel(c.options)).init(shape).dataSync();
      const normal = /normal/i.test(c.kind) || /normal/.test(String(c.options.distribution));
      if (c.kind === 'Orthogonal') {
        close(make([7, 5]), c.small, 1e-4, 1e-6);
        return;
      }
      const ulps = normal ? 3 : 0;
      within(make([7, 5]), c.small, ulps);
      const big = Float64Array.from(make([784, 128]));
      within(big.slice(0, 16), c.first!, ulps);
      within(big.slice(-16), c.last!, ulps);
      const sum = big.reduce((a, v) => a + v, 0);
      const scale = big.reduce((a, v) => a + Math.abs(v), 0);
      expect(Math.abs(sum - c.sum!)).toBeLessThanOrEqual(scale * (normal ? 3e-8 : 1e-14));
    });
  }
});

describe('what is drawn after setRandomSeed is what Keras draws', () => {
  for (const s of goldens.seeds) {
    it(`seed ${s.seed}`, () => {
      keras.utils.setRandomSeed(s.seed);
      expect(s.drawn.map(() => drawSeed())).toEqual(s.drawn);
      expect(s.orders.map((o) => [...drawPermutation(o.length)])).toEqual(s.orders);
      keras.utils.setRandomSeed(s.seed);
      for (const u of s.unseeded) within(keras.random.uniform([4]).dataSync(), u, 0);
      expect(new keras.random.SeedGenerator().state).toEqual(s.generator);
    });
  }
  for (const m of goldens.masks) {
    it(`dropout masks at rate ${m.rate}`, () => {
      const layer = keras.layers.dropout(m.rate, { seed: 77 });
      for (const want of m.calls) {
        const got = layer.apply(tensor(new Float32Array(35).fill(1), { shape: [5, 7] }), {
          training: true,
        });
        within(got.dataSync(), want, 1);
        expect([...got.dataSync()].map(Boolean)).toEqual(flat(want).map(Boolean));
      }
    });
  }
});

const { data, start, runs, seeded, l1 } = goldens.training;
const rows = (name: string, n?: number): Tensor =>
  asTensorOf((data[name] as Nested[]).slice(0, n), name.startsWith('labels'));

function optimizer({ optimizer: name, options }: Run): keras.optimizers.Optimizer {
  const makers = keras.optimizers as unknown as Record<
    string,
    (o: object) => keras.optimizers.Optimizer
  >;
  return makers[name === 'adamw' ? 'adamW' : name](camel(options));
}

function network(r: Run): keras.Sequential {
  const l2 = (): object => (r.l2 ? { kernelRegularizer: keras.regularizers.l2(r.l2) } : {});
  const { input, dense } = keras.layers;
  const m = keras.sequential([
    input({ shape: [20] }),
    dense(16, { activation: 'relu', ...l2() }),
    dense(12, { activation: 'tanh', ...l2() }),
    dense(r.head === 'sigmoid' ? 1 : 5, { activation: r.head }),
  ]);
  m.setWeights([...start.body, ...start[r.head]].map((w) => asTensorOf(w)));
  return m;
}

function sameHistory(got: Record<string, number[]>, want: Record<string, number[]>): void {
  expect(Object.keys(got).sort()).toEqual(Object.keys(want).map(camelCase).sort());
  for (const [k, v] of Object.entries(want)) close(got[camelCase(k)], v, 2e-4, 1e-5);
}

const backends = (['reference', 'wasm', 'native'] as const).filter((b) =>
  availableBackends().includes(b),
);
for (const backend of backends) {
  describe(`on ${backend}, training goes as in Keras`, () => {
    beforeAll(() => {
      setBackend(backend, backend === 'reference' ? {} : { threads: 1 });
    });
    afterAll(() => {
      setBackend('reference');
    });
    for (const r of runs) {
      it(r.name, async () => {
        const m = network(r);
        m.compile({ optimizer: optimizer(r), loss: r.loss, metrics: r.metrics });
        const { sampleWeight, ...fit } = camel(r.fit);
        const h = await m.fit(rows('x', r.n), rows(r.y, r.n), {
          ...fit,
          ...(sampleWeight ? { sampleWeight: rows('w', r.n) } : {}),
          ...(r.val ? { validationData: [rows('xv'), rows('labelsv')] } : {}),
          batchSize: 32,
          epochs: 3,
          shuffle: false,
          verbose: 0,
        });
        sameHistory(h.history, r.history);
        m.getWeights().forEach((w, i) => {
          close(w.dataSync(), r.weights[i], 2e-4, 1e-5);
        });
      });
    }
    it('L1 moves biases that start at 0', async () => {
      const m = keras.sequential([
        keras.layers.input({ shape: [20] }),
        keras.layers.dense(1, {
          biasRegularizer: keras.regularizers.l1(0.1),
          kernelRegularizer: keras.regularizers.l1L2({ l1: 0.01, l2: 0.02 }),
        }),
      ]);
      m.setWeights([asTensorOf(l1.kernel), [0]]);
      m.compile({ optimizer: keras.optimizers.sgd({ learningRate: 0.1 }), loss: 'mae' });
      const o = { epochs: 3, shuffle: false, verbose: 0 } as const;
      const h = await m.fit(rows('x', 32), rows('bit', 32), o);
      sameHistory(h.history, l1.history);
      m.getWeights().forEach((w, i) => {
        close(w.dataSync(), l1.weights[i], 2e-4, 1e-5);
      });
    });
    it('from a seed, with dropout, shuffled, a partial last batch', async () => {
      keras.utils.setRandomSeed(1234);
      const m = keras.sequential([
        keras.layers.input({ shape: [20] }),
        keras.layers.dense(16, { activation: 'relu' }),
        keras.layers.dropout(0.3),
        keras.layers.dense(5, { activation: 'softmax' }),
      ]);
      m.getWeights().forEach((w, i) => {
        within(w.dataSync(), seeded.initial[i], 0);
      });
      m.compile({
        optimizer: 'adam',
        loss: 'sparseCategoricalCrossentropy',
        metrics: ['accuracy'],
      });
      const h = await m.fit(rows('x', 100), rows('labels', 100), { epochs: 4, verbose: 0 });
      sameHistory(h.history, seeded.history);
      m.getWeights().forEach((w, i) => {
        close(w.dataSync(), seeded.weights[i], 2e-4, 1e-5);
      });
    });
  });
}
