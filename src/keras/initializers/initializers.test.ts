import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { sizeOf } from '../../shape.ts';
import { tensor } from '../../tensor/index.ts';
import { uniform as hostUniform } from '../random/host.ts';
import { SeedGenerator } from '../random/index.ts';
import {
  camelOptions,
  difference,
  expectClose,
  type GoldenArray,
  readGoldens,
} from '../testing.ts';
import * as initializers from './index.ts';

interface Case {
  name: string;
  initializer: string;
  config: Record<string, unknown>;
  exact: boolean;
  shape: number[];
  value?: GoldenArray;
  first?: GoldenArray;
  last?: GoldenArray;
  sha256?: string;
}
const { cases, repeated } = readGoldens<{
  cases: Case[];
  repeated: { integerSeed: GoldenArray[]; seedGenerator: GoldenArray[] };
}>('initializers');
const classes = initializers as unknown as Record<
  string,
  new (
    o?: object,
  ) => initializers.Initializer
>;
const { getInitializer } = initializers;

beforeAll(() => {
  setBackend('reference');
});

describe('a seed gives the weights that Keras draws', () => {
  for (const c of cases) {
    it(c.name, () => {
      const t = new classes[c.initializer](camelOptions(c.config)).init(c.shape);
      if (c.exact && c.sha256) {
        const bytes = new Uint8Array((t.dataSync() as Float32Array).buffer);
        return expect(createHash('sha256').update(bytes).digest('hex')).toBe(c.sha256);
      }
      const flat = t.reshape([-1]);
      const parts = c.value
        ? [[t, c.value] as const]
        : [[flat.slice([0, 64]), c.first!] as const, [flat.slice([-64, null]), c.last!] as const];
      for (const [got, want] of parts) {
        if (c.initializer === 'Orthogonal') {
          expectClose(got, want, 0, 2e-6);
          continue;
        }
        const { differing, ulps } = difference(got, want);
        expect(ulps).toBeLessThanOrEqual(c.exact ? 0 : 3);
        // 98.8% of normal values are exact.
        expect(differing).toBeLessThanOrEqual(c.exact ? 0 : 2 + 0.012 * sizeOf(got.shape));
      }
      return undefined;
    });
  }
  it('a number repeats itself, a generator goes on', () => {
    const a = new initializers.GlorotUniform({ seed: 3 });
    for (const want of repeated.integerSeed)
      expect(difference(a.init([2, 2]), want).differing).toBe(0);
    const b = new initializers.GlorotUniform({ seed: new SeedGenerator(3) });
    for (const want of repeated.seedGenerator)
      expect(difference(b.init([2, 2]), want).differing).toBe(0);
  });
});

it('orthogonal columns are orthonormal', () => {
  const q = new initializers.Orthogonal({ seed: 1 }).init([20, 7]);
  expectClose(q.T.matmul(q), {
    shape: [7, 7],
    dtype: 'float32',
    data: Array.from({ length: 49 }, (_, i) => Number(i % 8 === 0)),
  });
});

describe('getInitializer', () => {
  it('knows every spelling, alias, instance and function', () => {
    for (const id of ['glorotUniform', 'glorot_uniform', 'GlorotUniform'])
      expect(getInitializer(id)).toBeInstanceOf(initializers.GlorotUniform);
    expect(getInitializer('normal')).toBeInstanceOf(initializers.RandomNormal);
    expect(getInitializer('zero')).toBeInstanceOf(initializers.Zeros);
    expect(getInitializer(undefined)).toBeInstanceOf(initializers.GlorotUniform);
    expect(getInitializer(null, 'zeros')).toBeInstanceOf(initializers.Zeros);
    const own = new initializers.HeNormal({ seed: 2 });
    expect(getInitializer(own)).toBe(own);
    const fn = getInitializer((shape, dtype) => tensor([7, 8], { shape, dtype }));
    expect([...fn.init([2]).dataSync()]).toEqual([7, 8]);
  });
  it('makes every dtype', () => {
    expect(initializers.ones().init([2], 'int32').dtype).toBe('int32');
    const [a, b] = (['float32', 'float64'] as const).map((dtype) =>
      initializers.heNormal({ seed: 5 }).init([3], dtype),
    );
    expect(b.dtype).toBe('float64');
    expect([...b.dataSync()]).toEqual([...a.dataSync()]);
  });
  it('counts inputs and outputs along the axes it is told', () => {
    const axes = { inputAxes: [0], outputAxes: [1, 2] };
    const flat = initializers.glorotUniform({ seed: 3 }).init([4, 6]);
    const deep = initializers.glorotUniform({ seed: 3, ...axes }).init([4, 2, 3]);
    expect([...deep.dataSync()]).toEqual([...flat.dataSync()]);
    const later = initializers.glorotUniform({ seed: 3 }).withAxes([0], [1, 2]).init([4, 2, 3]);
    expect([...later.dataSync()]).toEqual([...flat.dataSync()]);
  });
  it('remembers its options', () => {
    expect(initializers.varianceScaling({ mode: 'fan_out', seed: 1 }).getConfig()).toEqual({
      scale: 1,
      mode: 'fanOut',
      distribution: 'truncatedNormal',
      seed: 1,
    });
    expect(initializers.glorotNormal().getConfig()).toEqual({ seed: null });
    const axes = { inputAxes: [0], outputAxes: [1, 2] };
    expect(initializers.glorotNormal({ seed: 3, ...axes }).getConfig()).toEqual({
      seed: 3,
      ...axes,
    });
  });
});

describe('bad input', () => {
  it('ids and options', () => {
    expect(() => getInitializer('glorot_unifrom')).toThrow('Did you mean "glorotUniform"?');
    expect(() => getInitializer(3 as never)).toThrow('An initializer is an id');
    expect(() => initializers.heNormal({ sed: 1 } as never)).toThrow('Did you mean "seed"?');
    expect(() => initializers.varianceScaling({ mode: 'fan' })).toThrow('Unknown mode "fan"');
  });
  it('numbers', () => {
    expect(() => initializers.varianceScaling({ scale: 0 })).toThrow('must be positive');
    expect(() => initializers.randomNormal({ stddev: -1 })).toThrow('stddev -1');
    expect(() => initializers.randomUniform({ minval: 1 })).toThrow('minval <= maxval');
    expect(() => initializers.constant({ value: 'a' } as never)).toThrow('takes a number');
    expect(() => initializers.heUniform({ seed: -3 })).toThrow('received -3');
  });
  it('shapes', () => {
    expect(() => initializers.identity().init([2])).toThrow('received shape (2,)');
    expect(() => initializers.orthogonal().init([2])).toThrow('two dimensions or more');
    const wrong = getInitializer(() => tensor([1]));
    expect(() => wrong.init([2, 2])).toThrow('must return a tensor of shape (2, 2)');
  });
});

describe('many numbers', () => {
  it.each(['wasm', 'native'] as const)('drawn by %s are those drawn on the host', (name) => {
    const backend = setBackend(name);
    if (backend.name !== name) return;
    const shape = [1024, 600];
    const drawn = initializers.randomUniform({ minval: -0.3, maxval: 0.7, seed: 5 }).init(shape);
    const want = hostUniform([5, 0], 1024 * 600, -0.3, 0.7);
    const got = drawn.dataSync();
    expect(want.findIndex((v, i) => !Object.is(v, got[i]))).toBe(-1);
  });
});
