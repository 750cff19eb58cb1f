import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { sizeOf } from '../../shape.ts';
import { fromData, type Tensor, tensor } from '../../tensor/index.ts';
import * as initializers from '../initializers/index.ts';
import * as layers from '../layers/index.ts';
import {
  camelOptions,
  difference,
  type GoldenArray,
  numbersOf,
  readGoldens,
  toTensor,
} from '../testing.ts';
import * as host from './host.ts';
import * as random from './index.ts';
import { drawShuffle, type Key, keyOf, randomState, setRandomState } from './seeds.ts';

interface Goldens {
  seedDraws: {
    name: string;
    seed: number;
    draws: number[];
    constructed?: { what: string; seed: number | null }[];
    permutations?: GoldenArray[];
    unseeded?: { uniform: GoldenArray }[];
  }[];
  jax: {
    name: string;
    function: string;
    key: [number, number];
    args: Record<string, number>;
    shape: number[];
    output?: GoldenArray;
    sha256?: string;
  }[];
  cases: {
    name: string;
    function: string;
    seed: number;
    args: Record<string, unknown>;
    input: GoldenArray | null;
    outputs: GoldenArray[];
    statesAfter: GoldenArray[];
  }[];
}
const goldens = readGoldens<Goldens>('random');

beforeAll(() => {
  setBackend('reference');
});

describe('setRandomSeed: seeds, orders and keys are those of Keras', () => {
  const construct: Record<string, () => unknown> = {
    'GlorotUniform()': () => new initializers.GlorotUniform().seed,
    'Zeros()': () => void new initializers.Zeros(),
    'SeedGenerator()': () => new random.SeedGenerator().state[0],
    'GlorotUniform(seed=5)': () => new initializers.GlorotUniform({ seed: 5 }).seed,
    'Orthogonal()': () => new initializers.Orthogonal().seed,
    // A layer shows its seed by what it draws next: nothing, or one seed.
    'Dense(3)': () => void layers.dense(3),
    'Dropout(0.5)': () => void layers.dropout(0.5),
    'Dropout(0)': () => void layers.dropout(0),
    'Dropout(0.5, seed=9)': () => void layers.dropout(0.5, { seed: 9 }),
    'Dense(3, he_normal)': () => void layers.dense(3, { kernelInitializer: 'he_normal' }),
  };
  for (const g of goldens.seedDraws.filter((d) => d.seed < 2 ** 32)) {
    it(g.name, () => {
      random.setRandomSeed(g.seed);
      expect(g.draws.map(() => random.drawSeed())).toEqual(g.draws);
      random.setRandomSeed(g.seed);
      for (const { what, seed } of g.constructed ?? [])
        expect(construct[what]() ?? seed, what).toBe(seed);
      random.setRandomSeed(g.seed);
      for (const p of g.permutations ?? [])
        expect([...random.drawPermutation(numbersOf(p).length)]).toEqual(numbersOf(p));
      random.setRandomSeed(g.seed);
      for (const { uniform } of g.unseeded ?? [])
        expect(difference(random.uniform([3]), uniform).differing).toBe(0);
    });
  }
});

describe("jax.random's functions, on the host and in the graph", () => {
  const drawn: Record<string, (k: Key, n: number, a: Record<string, number>) => Float32Array> = {
    uniform: (k, n, a) => host.uniform(k, n, a.minval, a.maxval),
    normal: host.normal,
    truncated_normal: host.truncatedNormal,
  };
  for (const c of goldens.jax) {
    const n = sizeOf(c.shape);
    if (c.function === 'split')
      it(c.name, () => {
        expect(host.split(c.key).flat()).toEqual(numbersOf(c.output!).slice(0, 4));
      });
    else if (c.function === 'bits')
      it(c.name, () => {
        const bits = host.randomBits(c.key, n);
        if (c.sha256) expect(sha(bits)).toBe(c.sha256);
        else expect([...bits]).toEqual(numbersOf(c.output!));
      });
    else if (c.function === 'bernoulli')
      it(c.name, () => {
        const key = fromData(Uint32Array.from(c.key), [2], 'uint32');
        const u = random.uniformFromKey(key, c.shape);
        expect([...u.lt(Math.fround(c.args.p)).dataSync()]).toEqual(numbersOf(c.output!));
      });
    else
      it(c.name, () => {
        const got = drawn[c.function](c.key, n, c.args);
        if (c.sha256) return expect(sha(got)).toBe(c.sha256);
        const { differing, ulps } = difference(fromData(got, c.shape), c.output!);
        if (c.function === 'uniform') return expect(differing).toBe(0);
        // Math.log1p and XLA's round differently now and then.
        expect(ulps).toBeLessThanOrEqual(3);
        return expect(differing).toBeLessThanOrEqual(2);
      });
  }
});

function sha(a: Uint32Array | Float32Array): string {
  return createHash('sha256').update(new Uint8Array(a.buffer)).digest('hex');
}

describe('keras.random', () => {
  type Options = Record<string, never> & { seed: random.SeedGenerator };
  const call = (name: string, input: Tensor, o: Options): Tensor => {
    const { shape, minval, maxval, rate, numSamples, ...rest } = o;
    if (name === 'randint') return random.randint(shape, minval, maxval, rest);
    if (name === 'dropout') return random.dropout(input, rate, rest);
    if (name === 'shuffle') return random.shuffle(input, rest);
    if (name === 'categorical') return random.categorical(input, numSamples, rest);
    if (name === 'uniform')
      return random.uniform(shape, {
        ...rest,
        ...(minval === undefined ? {} : { minval, maxval }),
      });
    return { normal: random.normal, truncated_normal: random.truncatedNormal }[name]!(shape, rest);
  };
  for (const c of goldens.cases) {
    it(c.name, () => {
      const seed = new random.SeedGenerator(c.seed);
      c.outputs.forEach((want, i) => {
        const o = { ...camelOptions(c.args), seed } as Options;
        const got = call(c.function, c.input === null ? tensor(0) : toTensor(c.input), o);
        const { differing, ulps } = difference(got, want);
        expect(ulps).toBeLessThanOrEqual(c.function.includes('normal') ? 4 : 0);
        expect(differing).toBeLessThanOrEqual(c.function.includes('normal') ? 1 : 0);
        expect(seed.state).toEqual(numbersOf(c.statesAfter[i]));
      });
    });
  }
  it('a number as seed repeats itself', () => {
    const [a, b] = [random.uniform([5], { seed: 3 }), random.uniform([5], { seed: 3 })];
    expect([...a.dataSync()]).toEqual([...b.dataSync()]);
    expect(keyOf(3)).toEqual([3, 0]);
  });
  it('gives the dtype asked for', () => {
    expect(random.normal([2], { dtype: 'float64' }).dtype).toBe('float64');
    expect(random.randint([2], 0, 5).dtype).toBe('int32');
  });
});

describe('the state of all random numbers', () => {
  const draws = (): unknown => [
    random.drawSeed(),
    random.drawPermutation(7).join(),
    drawShuffle(7).join(),
    [...random.uniform([3]).dataSync()],
  ];
  it('brings them back', () => {
    random.setRandomSeed(8);
    draws();
    const state = randomState();
    const want = [draws(), draws()];
    random.setRandomSeed(1);
    setRandomState(state);
    expect([draws(), draws()]).toEqual(want);
    // What was taken does not change with what is drawn.
    setRandomState(state);
    expect(draws()).toEqual(want[0]);
  });
  it('is no other thing', () => {
    const { seeds } = randomState();
    const wrong = [
      {},
      { seeds },
      { seeds, shuffles: seeds.slice(1) },
      { seeds, shuffles: seeds.map(() => 999) },
    ];
    for (const s of wrong) expect(() => setRandomState(s as never)).toThrow(/no state/);
  });
});

describe('bad input', () => {
  it('seeds', () => {
    for (const seed of [-1, 1.5, 2 ** 32, Number.NaN, '7' as never]) {
      expect(() => random.setRandomSeed(seed)).toThrow('whole number from 0 to 4294967295');
      expect(() => new random.SeedGenerator(seed)).toThrow(`received ${seed}`);
      expect(() => random.uniform([1], { seed })).toThrow(`received ${seed}`);
    }
  });
  it('shapes, ranges, rates, options', () => {
    expect(() => random.uniform([-1])).toThrow('must hold whole numbers >= 0');
    expect(() => random.normal([2], { dtype: 'int32' })).toThrow('use randint');
    expect(() => random.normal([2], { stdev: 1 } as never)).toThrow('Did you mean "stddev"?');
    expect(() => random.randint([2], 5, 5)).toThrow('minval < maxval');
    expect(() => random.randint([2], 0, 2 ** 31)).toThrow('within int32');
    expect(() => random.dropout([1, 2], -0.1)).toThrow('between 0 and 1; received -0.1');
    expect(() => random.dropout([1, 2], 0.5, { noiseShape: [3] })).toThrow('broadcast');
    expect(() => random.categorical([1, 2], 3)).toThrow('(batch, classes)');
    expect(() => random.shuffle([1, 2], { axis: 1 })).toThrow('out of bounds');
  });
});
