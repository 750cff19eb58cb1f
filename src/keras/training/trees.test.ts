/** Models of several inputs and outputs, held against real Keras on JAX (scripts/goldens/make_training_trees.py). */
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { availableBackends, type BackendName, setBackend } from '../../backends/registry.ts';
import type { Tensor } from '../../tensor/index.ts';
import { camelCase } from '../identifiers.ts';
import * as keras from '../index.ts';
import { expectClose, type GoldenArray, readGoldens, toTensor } from '../testing.ts';
import { type DataTree, flatten, structure, type TreeOf } from './tree.ts';

type Names = TreeOf<string | null>;
type History = Record<string, number[]>;
interface Run {
  name: string;
  model: string;
  compile: Record<string, unknown>;
  x: Names;
  y: Names;
  fit: Record<string, number | object>;
  val: Names[] | null;
  weight: Names | null;
  evaluateWeight: Names | null;
  history: History;
  evaluate: number[];
  evaluateDict: Record<string, number>;
  predict: TreeOf<GoldenArray>;
  weights: GoldenArray[];
}
type Call = [string, number, number?];
interface Loop {
  name: string;
  fit: Record<string, number | boolean>;
  stepsPerExecution: number;
  forever: boolean;
  val: boolean;
  asked: number[];
  calls: Call[];
  history: History;
  ranOut: boolean;
  weights: GoldenArray[];
}
interface Goldens {
  data: Record<string, GoldenArray>;
  initial: Record<string, GoldenArray[]>;
  trees: Run[];
  arrays: Loop[];
  generators: Loop[];
  datasets: Loop[];
}
const goldens = readGoldens<Goldens>('training_trees');
const data = (name: string): Tensor => toTensor(goldens.data[name]);
const pick = (tree: Names): DataTree =>
  typeof tree === 'string'
    ? data(tree)
    : Array.isArray(tree)
      ? tree.map((t) => pick(t))
      : tree === null
        ? null
        : Object.fromEntries(Object.entries(tree).map(([k, t]) => [k, pick(t as Names)]));

const { layers } = keras;

/** Inputs a and b; outputs `first` and `second`, as a list or by key. */
function two(kind: string): keras.Model {
  const a = keras.input({ shape: [4], name: 'a' });
  const b = keras.input({ shape: [3], name: 'b' });
  const kernelRegularizer = kind === 'regularized' ? keras.regularizers.l2(0.02) : undefined;
  const h = layers
    .dense(5, { activation: 'tanh', kernelRegularizer })
    .apply<keras.KerasTensor>(layers.concatenate([a, b]));
  const head = (units: number, name: string, activation?: string): keras.KerasTensor =>
    layers.dense(units, { name, activation }).apply(h);
  const left = kind === 'regressors' ? head(2, 'first') : head(3, 'first', 'softmax');
  const right = head(2, 'second');
  return kind === 'dict'
    ? keras.model({ inputs: { a, b }, outputs: { left, right } })
    : keras.model({ inputs: [a, b], outputs: [left, right] });
}

function one(): keras.Model {
  const x = keras.input({ shape: [4], name: 'a' });
  const out = layers.dense(3, { activation: 'softmax', name: 'out' }).apply<keras.KerasTensor>(x);
  return keras.model({ inputs: x, outputs: out });
}

/** Steps that are all 0 are masked. */
function sequences(activation?: string): keras.Model {
  const x = keras.input({ shape: [5, 3], name: 'seq' });
  const steps = layers.masking().apply<keras.KerasTensor>(x);
  const out = layers.dense(2, { activation, name: 'out' }).apply<keras.KerasTensor>(steps);
  return keras.model({ inputs: x, outputs: out });
}

function model(kind: string): keras.Model {
  const make: Record<string, () => keras.Model> = {
    one,
    seq: () => sequences(),
    seqSoftmax: () => sequences('softmax'),
  };
  const m = make[kind]?.() ?? two(kind);
  const weights = { list: 'two', dict: 'two', regularized: 'two', seqSoftmax: 'seq' }[kind] ?? kind;
  m.setWeights(goldens.initial[weights].map(toTensor));
  return m;
}
const sgd = (): keras.optimizers.Optimizer => keras.optimizers.sgd({ learningRate: 0.1 });

/** The keys of a Keras call in our case; what they hold stays as it is. */
const camel = (o: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(o).map(([k, v]) => [camelCase(k), v]));

function close(got: ArrayLike<number>, want: ArrayLike<number>, tolerance = 2e-5): void {
  expect(got.length).toBe(want.length);
  for (let i = 0; i < want.length; i++)
    expect(Math.abs(got[i] - want[i])).toBeLessThan(tolerance * Math.max(1, Math.abs(want[i])));
}
function sameHistory(got: History, want: History): void {
  expect(Object.keys(got).sort()).toEqual(Object.keys(want).map(camelCase).sort());
  for (const [k, v] of Object.entries(want)) close(got[k], v);
}
function sameWeights(m: keras.Model, want: readonly GoldenArray[]): void {
  m.getWeights().forEach((w, i) => {
    expectClose(w, want[i], 1e-4, 1e-5);
  });
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(availableBackends())(
  'on %s, training gives the figures and weights of Keras:',
  (b) => {
    beforeAll(() => {
      setBackend(b as BackendName, b === 'wasm' ? { threads: 1 } : {});
    });

    // Each takes seconds of the C compiler: one of a kind will do.
    const few = /^(by output name|outputs by key|weights for each output|masked and)/;
    const runs = goldens.trees.filter((r) => b !== 'native' || few.test(r.name));
    it.each(runs.map((r) => [r.name, r] as const))('%s', async (_, r) => {
      const m = model(r.model);
      m.compile({ optimizer: sgd(), ...camel(r.compile) });
      const [x, y] = [pick(r.x), pick(r.y)];
      const h = await m.fit(x, y, {
        ...camel(r.fit),
        sampleWeight: r.weight === null ? undefined : pick(r.weight),
        validationData: r.val && (r.val.map(pick) as [DataTree, DataTree]),
        shuffle: false,
        verbose: 0,
      });
      sameHistory(h.history, r.history);
      const o = {
        batchSize: 8,
        verbose: 0,
        sampleWeight: r.evaluateWeight === null ? undefined : pick(r.evaluateWeight),
      } as const;
      const dict = await m.evaluate(x, y, { ...o, returnDict: true });
      expect(Object.keys(dict).sort()).toEqual(Object.keys(r.evaluateDict).map(camelCase).sort());
      for (const [k, v] of Object.entries(r.evaluateDict)) close([dict[k]], [v]);
      const list = [await m.evaluate(x, y, o)].flat();
      // Keras lists a metric twice when two have its name; we do not.
      if (r.evaluate.length === Object.keys(r.evaluateDict).length) close(list, r.evaluate);
      else expect(list.length).toBe(Object.keys(r.evaluateDict).length);
      sameWeights(m, r.weights);
      const predicted = await m.predict<TreeOf<Tensor>>(x);
      const isArray = (t: unknown): boolean => typeof t === 'object' && t !== null && 'data' in t;
      const want = flatten<GoldenArray>(r.predict, isArray);
      expect(structure(predicted)).toBe(
        Array.isArray(r.predict) ? '[*,*]' : isArray(r.predict) ? '*' : '{left:*,right:*}',
      );
      flatten(predicted).forEach((t, i) => {
        expectClose(t, want[i], 1e-4, 1e-5);
      });
    });
  },
);

describe('epochs and their steps, as in Keras:', () => {
  beforeAll(() => {
    setBackend('reference');
  });
  const [a, cls] = [data('a'), data('cls')];

  async function follow(
    loop: Loop,
    run: (m: keras.Model, o: keras.FitOptions) => Promise<unknown>,
    compile: keras.CompileOptions = {},
  ): Promise<void> {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const calls: Call[] = [];
    const m = model('one');
    m.compile({ optimizer: sgd(), loss: 'sparseCategoricalCrossentropy', ...compile });
    const note = keras.callbacks.lambdaCallback({
      onEpochBegin: (e) => void calls.push(['epoch', e]),
      onTrainBatchBegin: (i) => void calls.push(['begin', i]),
      onTrainBatchEnd: (i, logs) => void calls.push(['end', i, logs!.loss]),
      onTestBatchEnd: (i) => void calls.push(['test', i]),
    });
    await run(m, { ...camel(loop.fit), verbose: 0, callbacks: [note] });
    // Keras begins a batch before it knows that there is none.
    const want = loop.calls.filter(
      ([what], i) => what !== 'begin' || loop.calls[i + 1]?.[0] === 'end',
    );
    expect(calls.map((c) => c.slice(0, 2))).toEqual(want.map((c) => c.slice(0, 2)));
    const losses = (cs: readonly Call[]): number[] => cs.flatMap((c) => c[2] ?? []);
    close(losses(calls), losses(want));
    expect(warn.mock.calls.some(([t]) => /ran out of data/.test(t))).toBe(loop.ranOut);
    const epochs = loop.calls.filter(([what]) => what === 'epoch').length;
    expect(m.history!.epoch.length).toBeLessThanOrEqual(epochs);
    sameWeights(m, loop.weights);
  }

  it.each(goldens.arrays.map((l) => [l.name, l] as const))('arrays, %s', async (_, loop) => {
    const o = { stepsPerExecution: loop.stepsPerExecution };
    await follow(loop, (m, fit) => m.fit(a, cls, { ...fit, shuffle: false }), o);
  });

  function* batches(forever: boolean): Generator<[Tensor, Tensor]> {
    do {
      for (let i = 0; i < 20; i += 6) {
        const rows = [i, Math.min(20, i + 6)] as [number, number];
        yield [a.slice(rows), cls.slice(rows)];
      }
    } while (forever);
  }
  async function* later(source: Iterable<[Tensor, Tensor]>): AsyncGenerator<[Tensor, Tensor]> {
    for (const b of source) {
      await new Promise((done) => setTimeout(done));
      yield b;
    }
  }
  it.each(
    goldens.generators.flatMap((l) => [
      [`a generator, ${l.name}`, l, (s: Generator<[Tensor, Tensor]>) => s] as const,
      [`an async generator, ${l.name}`, l, later] as const,
    ]),
  )('%s', async (_, loop, wrap) => {
    await follow(loop, (m, fit) =>
      m.fit(wrap(batches(loop.forever)), {
        ...fit,
        ...(loop.val ? { validationData: wrap(batches(true)) } : {}),
      }),
    );
  });

  it.each(goldens.datasets.map((l) => [l.name, l] as const))('a PyDataset, %s', async (_, loop) => {
    const asked: number[] = [];
    class Rows extends keras.utils.PyDataset {
      override get length(): number {
        return 4;
      }
      getItem(i: number): Tensor[] {
        asked.push(i);
        const rows = [5 * i, 5 * i + 5] as [number, number];
        return [a.slice(rows), cls.slice(rows)];
      }
    }
    await follow(loop, (m, fit) => {
      keras.utils.setRandomSeed(5);
      return m.fit(new Rows(), fit);
    });
    // Keras looks at a batch before it begins, to learn the shapes.
    expect(asked).toEqual(loop.asked.slice(1));
  });
});
