/** Training runs from given weights, held against real Keras on JAX (scripts/goldens/keras_engine.py). */
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { type Tensor, tensor } from '../../tensor/index.ts';
import { camelCase } from '../identifiers.ts';
import * as keras from '../index.ts';

type Nested = number | Nested[];
type Dict = Record<string, number>;
interface Run {
  name: string;
  head: string;
  target: string;
  regularizers: boolean;
  compile: Record<string, unknown>;
  fit: Record<string, unknown>;
  val: string[] | null;
  history: Record<string, number[]>;
  epoch: number[];
  evaluateWeighted: boolean;
  evaluate: Dict;
  predict: Nested;
  weights: Nested[];
}
interface Goldens {
  data: Record<string, Nested>;
  weights: Nested[];
  heads: Record<string, Nested[]>;
  runs: Run[];
  seeded: { seed: number; initial: Nested[]; history: Record<string, number[]>; weights: Nested[] };
  onBatch: { train: number[][]; test: number[]; weights: Nested[] };
}
const goldens = JSON.parse(
  readFileSync(new URL('../../../test/goldens/training.json', import.meta.url), 'utf8'),
) as Goldens;

const data = (name: string): Tensor =>
  tensor(goldens.data[name] as never, name === 'y' || name === 'yv' ? { dtype: 'int32' } : {});
const heads: Record<string, [number, string | undefined]> = {
  softmax: [3, 'softmax'],
  logits: [3, undefined],
  sigmoid: [1, 'sigmoid'],
  linear: [2, undefined],
};

function net(head: string, regularizers = false): keras.Sequential {
  const [units, activation] = heads[head];
  const penalties = regularizers
    ? {
        kernelRegularizer: keras.regularizers.l2(0.01),
        biasRegularizer: keras.regularizers.l1(0.02),
      }
    : {};
  const m = keras.sequential([
    keras.layers.input({ shape: [6] }),
    keras.layers.dense(5, { activation: 'tanh', ...penalties }),
    keras.layers.dense(units, { activation }),
  ]);
  m.setWeights([...goldens.weights, ...goldens.heads[head]].map((w) => tensor(w as never)));
  return m;
}

function close(got: ArrayLike<number>, want: Nested | undefined, tolerance = 2e-5): void {
  const b = [want].flat(9) as number[];
  expect(got.length).toBe(b.length);
  for (let i = 0; i < b.length; i++)
    expect(Math.abs(got[i] - b[i])).toBeLessThan(tolerance * Math.max(1, Math.abs(b[i])));
}
function sameHistory(got: Record<string, number[]>, want: Record<string, number[]>): void {
  expect(Object.keys(got)).toEqual(Object.keys(want).map(camelCase));
  for (const [k, v] of Object.entries(want)) {
    close(got[k], v);
    expect(got[camelCase(k)]).toBe(got[k]);
  }
}

/** The keys of a Keras call in our case; a dict keyed by class stays as it is. */
function camel(o: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(o).map(([k, v]) => [camelCase(k), v]));
}

afterEach(() => {
  vi.restoreAllMocks();
});

for (const backend of ['reference', 'wasm'] as const) {
  describe(`on ${backend}, training gives the figures and weights of Keras`, () => {
    beforeAll(() => {
      setBackend(backend, backend === 'wasm' ? { threads: 1 } : {});
    });
    afterAll(() => {
      setBackend('reference');
    });
    for (const r of goldens.runs) {
      it(r.name, async () => {
        vi.spyOn(console, 'warn').mockImplementation(() => {});
        const m = net(r.head, r.regularizers);
        m.compile(camel(r.compile) as keras.CompileOptions);
        const { sampleWeight, ...fit } = camel(r.fit);
        const val = r.val?.map((k) => data(k));
        const h = await m.fit(data('x'), data(r.target), {
          ...fit,
          shuffle: false,
          verbose: 0,
          ...(sampleWeight ? { sampleWeight: data('w') } : {}),
          ...(val ? { validationData: val as [Tensor, Tensor] } : {}),
        });
        sameHistory(h.history, r.history);
        expect(h.epoch).toEqual(r.epoch);
        const e = await m.evaluate(data('x'), data(r.target), {
          batchSize: 16,
          verbose: 0,
          returnDict: true,
          ...(r.evaluateWeighted ? { sampleWeight: data('w') } : {}),
        });
        expect(Object.keys(e)).toEqual(Object.keys(r.evaluate).map(camelCase));
        for (const [k, v] of Object.entries(r.evaluate)) close([e[k]], v);
        close((await m.predict(data('xv'))).dataSync(), r.predict);
        m.getWeights().forEach((w, i) => {
          close(w.dataSync(), r.weights[i]);
        });
      });
    }

    it('from a seed: initial weights, dropout, shuffling', async () => {
      const { seed, initial, history, weights } = goldens.seeded;
      keras.utils.setRandomSeed(seed);
      const m = keras.sequential([
        keras.layers.input({ shape: [6] }),
        keras.layers.dense(8, { activation: 'relu' }),
        keras.layers.dropout(0.5),
        keras.layers.dense(3, { activation: 'softmax' }),
      ]);
      m.compile({
        optimizer: 'adam',
        loss: 'sparse_categorical_crossentropy',
        metrics: ['accuracy'],
      });
      m.getWeights().forEach((w, i) => {
        close(w.dataSync(), initial[i], 1e-9);
      });
      const h = await m.fit(data('x'), data('y'), {
        epochs: 3,
        batchSize: 16,
        verbose: 0,
        validationSplit: 0.2,
      });
      sameHistory(h.history, history);
      m.getWeights().forEach((w, i) => {
        close(w.dataSync(), weights[i]);
      });
    });

    it('batch by batch', async () => {
      const m = net('softmax');
      m.compile({
        optimizer: 'adam',
        loss: 'sparseCategoricalCrossentropy',
        metrics: ['accuracy'],
      });
      for (const [k, want] of goldens.onBatch.train.entries()) {
        const rows = (t: Tensor): Tensor => t.slice([10 * k, 10 * k + 10]);
        close((await m.trainOnBatch(rows(data('x')), rows(data('y')))) as number[], want);
      }
      close((await m.testOnBatch(data('xv'), data('yv'))) as number[], goldens.onBatch.test);
      m.getWeights().forEach((w, i) => {
        close(w.dataSync(), goldens.onBatch.weights[i]);
      });
    });
  });
}
