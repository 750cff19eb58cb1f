import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import type { DType } from '../../dtype.ts';
import { compile, fromData, type Tensor, tensor } from '../../tensor/index.ts';
import { camelCase } from '../identifiers.ts';
import { Variable } from '../variable.ts';
import {
  Adam,
  AdamW,
  adadelta,
  adafactor,
  adagrad,
  adam,
  adamax,
  adamW,
  deserialize,
  ftrl,
  getOptimizer,
  lion,
  lossScaleOptimizer,
  muon,
  nadam,
  Optimizer,
  type OptimizerOptions,
  RMSprop,
  SGD,
  schedules,
  serialize,
  sgd,
} from './index.ts';

const ids = [
  'sgd',
  'rmsprop',
  'adam',
  'adamW',
  'adagrad',
  'adadelta',
  'adamax',
  'nadam',
  'lion',
  'ftrl',
  'lamb',
  'adafactor',
  'muon',
  'scheduleFreeAdamW',
];

type Nested = number | Nested[];
interface Case {
  optimizer: string;
  config: Record<string, unknown>;
  after: Nested[][];
  finalized: Nested[];
  iterations: number;
  variables: [string, number[]][];
}
// Real Keras on JAX: see scripts/goldens/keras_engine.py.
const goldens = JSON.parse(
  readFileSync(new URL('../../../test/goldens/optimizers.json', import.meta.url), 'utf8'),
) as { start: Nested[]; gradients: Nested[][]; cases: Case[] };

/** Options as Keras spells them, in our case: beta_1 is beta1. */
function options(config: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).map(([k, v]) => [camelCase(k).replace(/_(\d)/, '$1'), v]),
  );
}

function make(c: Case): Optimizer {
  const o = options(c.config);
  if (c.optimizer === 'sgd') return new SGD(o);
  if (c.optimizer === 'rmsprop') return new RMSprop(o);
  return c.optimizer === 'adam' ? new Adam(o) : new AdamW(o);
}

/** The largest difference, in units of float32 rounding of the larger of the two and 1. */
function distance(t: Tensor, want: Nested): number {
  const a = t.dataSync();
  const b = [want].flat(9) as number[];
  expect(a.length).toBe(b.length);
  let most = 0;
  for (let i = 0; i < b.length; i++)
    most = Math.max(most, Math.abs(a[i] - b[i]) / Math.max(1, Math.abs(b[i])));
  return most;
}

const weights = (): Variable[] =>
  goldens.start.map((w, i) => new Variable(tensor(w as never), { name: `w${i}` }));

describe('the weights after each step are those of Keras', () => {
  beforeAll(() => {
    setBackend('reference');
  });
  for (const c of goldens.cases) {
    it(`${c.optimizer} ${JSON.stringify(c.config)}`, () => {
      const o = make(c);
      const vs = weights();
      o.build(vs);
      goldens.gradients.forEach((gs, k) => {
        o.applyGradients(
          gs.map((g) => tensor(g as never)),
          vs,
        );
        vs.forEach((v, i) => {
          expect(distance(v.tensor, c.after[k][i])).toBeLessThan(5e-7);
        });
      });
      o.finalizeVariableValues(vs);
      vs.forEach((v, i) => {
        expect(distance(v.tensor, c.finalized[i])).toBeLessThan(5e-7);
      });
      expect(o.iterations.tensor.item()).toBe(goldens.gradients.length);
      expect(o.variables.map((v) => [v.path.split('/').slice(1).join('/'), [...v.shape]])).toEqual(
        c.variables,
      );
    });
  }
});

describe('an optimizer', () => {
  beforeAll(() => {
    setBackend('reference');
  });
  it('has a learning rate that can be changed between steps', () => {
    const o = sgd({ learningRate: 0.5 });
    const w = new Variable(tensor([1, 2]));
    o.build([w]);
    o.applyGradients([tensor([1, 1])], [w]);
    o.learningRate = 0.25;
    o.applyGradients([tensor([1, 1])], [w]);
    expect(o.learningRate).toBe(0.25);
    expect(w.tensor.arraySync()).toEqual([0.25, 1.25]);
  });
  it('is found by its id in any case, with Keras’s defaults', () => {
    expect(getOptimizer('Adam').getConfig()).toMatchObject({
      name: 'adam',
      learningRate: Math.fround(0.001),
    });
    expect(getOptimizer('adamw').getConfig()).toMatchObject({ weightDecay: 0.004 });
    expect(getOptimizer('SGD').learningRate).toBe(Math.fround(0.01));
    expect(getOptimizer('RMSprop').learningRate).toBe(Math.fround(0.001));
    expect(() => getOptimizer('adan')).toThrow(/Unknown optimizer "adan".*Did you mean "adam"/);
  });
  it('refuses options it does not know or cannot use', () => {
    expect(() => adam({ learnngRate: 1 } as object)).toThrow(/learnngRate.*mean "learningRate"/);
    expect(() => adam({ learningRate: -1 })).toThrow(/learningRate must be .* received -1/);
    expect(() => adam({ beta1: 1 })).toThrow(/beta1/);
    expect(() => sgd({ momentum: 2 })).toThrow(/momentum/);
    expect(() => sgd({ clipnorm: 0 })).toThrow(/clipnorm must be positive/);
    expect(() => sgd({ clipnorm: 1, clipvalue: 1 })).toThrow(/only one of/);
    expect(() => sgd({ gradientAccumulationSteps: 1 })).toThrow(/2 or more; received 1/);
    expect(() => sgd({ emaOverwriteFrequency: 0.5 })).toThrow(/1 or more/);
  });
  it('keeps to the weights it was built for', () => {
    const o = sgd();
    o.build([new Variable(tensor([1]))]);
    expect(() => o.build([new Variable(tensor([1]))])).toThrow(/compile the model again/);
  });
  it('of one’s own needs an update and no more', () => {
    class SignDescent extends Optimizer {
      constructor(o: OptimizerOptions = {}) {
        super(o, [], { name: 'sign_descent', learningRate: 0.5 });
      }
      protected updateStep(g: Tensor, w: Variable, rate: Tensor): void {
        w.assign(w.tensor.sub(g.sign().mul(rate)));
      }
    }
    const o = new SignDescent({ weightDecay: 0.5 });
    const w = new Variable(tensor([1, -1]));
    o.apply([tensor([3, -4])], [w]);
    expect(w.tensor.arraySync()).toEqual([0.25, -0.25]);
    const again = deserialize(serialize(o), { SignDescent });
    expect(again).toBeInstanceOf(SignDescent);
    expect(again.getConfig()).toMatchObject({ weightDecay: 0.5, learningRate: 0.5 });
    expect(() => deserialize(serialize(o))).toThrow(/Unknown optimizer "SignDescent"/);
  });
  it('refuses what it cannot use, option by option', () => {
    expect(() => adagrad({ initialAccumulatorValue: -1 })).toThrow(/0 or more; received -1/);
    expect(() => adadelta({ rho: 1.5 })).toThrow(/rho must be between 0 and 1/);
    expect(() => adamax({ beta2: 1 })).toThrow(/beta2 must be in \[0, 1\)/);
    expect(() => nadam({ beta1: Number.NaN })).toThrow(/beta1/);
    expect(() => lion({ beta1: 0 })).toThrow(/beta1 must be above 0/);
    expect(() => lion({ epsilon: 1 } as object)).toThrow(/lion has no option "epsilon"/);
    expect(() => ftrl({ learningRatePower: 0.5 })).toThrow(/learningRatePower must be 0 or less/);
    expect(() => ftrl({ l1RegularizationStrength: -1 })).toThrow(/l1Reg.*0 or more; received -1/);
    expect(() => adafactor({ clipThreshold: 0 })).toThrow(/clipThreshold must be above 0/);
    expect(() => muon({ nsSteps: 2.5 })).toThrow(/nsSteps must be a whole number/);
    expect(() => muon({ excludeLayers: 'out' as never })).toThrow(/excludeLayers must be a list/);
    expect(() => adamW({ weightDecay: null })).toThrow(/weightDecay must be a number/);
    expect(() => sgd({ lossScaleFactor: 0 })).toThrow(/lossScaleFactor must be positive/);
  });
  it('takes gradients for some of its weights, and says which it cannot take', () => {
    const [a, b] = [new Variable(tensor([1])), new Variable(tensor([1]))];
    const o = sgd({ learningRate: 1, momentum: 0.5 });
    expect(() => o.apply([tensor([1])])).toThrow(/needs the weights too/);
    o.build([a, b]);
    o.apply([tensor([1])], [b]);
    expect([a.tensor.item(), b.tensor.item()]).toEqual([1, 0]);
    expect(() => o.apply([tensor([1])])).toThrow(/a gradient for each of 2 weights; received 1/);
    expect(() => o.apply([tensor([1])], [new Variable(tensor([1]))])).toThrow(
      /built for 2 weights/,
    );
    expect(() => o.excludeFromWeightDecay({ varNames: ['bias'] })).toThrow(/before .* is built/);
  });
  it('updates weights of both float types in their own', () => {
    const w = new Variable(tensor([1, 2], { dtype: 'float64' }));
    const o = adam({ learningRate: 0.1 });
    o.apply([tensor([0.1, -0.2])], [w]);
    expect(o.variables.slice(2).map((v) => v.dtype)).toEqual(['float64', 'float64']);
    const [rate, g] = [Math.fround(0.1), Math.fround(0.1)];
    const [x] = w.tensor.dataSync();
    expect(Math.abs(x - (1 - (rate * g) / (g + 1e-7 / Math.sqrt(0.001))))).toBeLessThan(1e-12);
    expect(x).not.toBe(Math.fround(x));
  });
  it('lets gradients that are not finite be seen', () => {
    const w = new Variable(tensor([1, 2]));
    const o = sgd({ globalClipnorm: 1 });
    o.apply([tensor([Number.POSITIVE_INFINITY, 0])], [w]);
    expect(w.tensor.arraySync()).toEqual([Number.NaN, Number.NaN]);
  });
});

describe('every optimizer', () => {
  const all = [...ids, 'lossScaleOptimizer'].map((id): [string, () => Optimizer] => [
    id,
    () => (id === 'lossScaleOptimizer' ? lossScaleOptimizer(sgd()) : getOptimizer(id)),
  ]);
  const shapes = [[3, 4], [4], [2, 3, 2]];
  const numbers = (shape: readonly number[], seed: number, dtype: DType): Tensor => {
    const n = shape.reduce((a, b) => a * b, 1);
    const data = Array.from({ length: n }, (_, i) => Math.sin(seed + 1.7 * i));
    return fromData(
      dtype === 'float64' ? Float64Array.from(data) : Float32Array.from(data),
      shape,
      dtype,
    );
  };
  /** The weights after three steps; compiled, if asked for. */
  const train = (o: Optimizer, dtype: DType, compiled: boolean): number[] => {
    const vs = shapes.map((s, i) => new Variable(numbers(s, i, dtype), { name: `w${i}` }));
    // Built while it is traced, where it is compiled.
    if (!compiled) o.build(vs);
    const step = (gs: Tensor[]): Tensor[] => {
      o.apply(gs, vs);
      return [];
    };
    const run = compiled ? compile(step) : step;
    for (let k = 0; k < 3; k++) run(shapes.map((s, i) => numbers(s, 10 * k + i, dtype)));
    const kept = dtype === 'float64' ? o.variables.filter((v) => v.size > 1) : [];
    expect(new Set(kept.map((v) => v.dtype)).size).toBeLessThanOrEqual(1);
    for (const v of kept) expect(v.dtype).toBe('float64');
    return vs.flatMap((v) => [...v.tensor.dataSync()]);
  };

  it.each(all)('%s: a compiled step does what the steps do one by one', (_, make) => {
    setBackend('reference');
    const want = train(make(), 'float32', false);
    const exact = train(make(), 'float64', false);
    setBackend('wasm');
    const got = train(make(), 'float32', true);
    got.forEach((x, i) => {
      expect(Math.abs(x - want[i])).toBeLessThan(2e-6);
      expect(Math.abs(x - exact[i])).toBeLessThan(5e-6);
    });
  });

  const awkward = {
    gradientAccumulationSteps: 2,
    useEma: true,
    emaMomentum: 0.5,
    weightDecay: 0.1,
    globalClipnorm: 1,
    learningRate: schedules.cosineDecay(0.1, 5),
  };
  it.each(ids)('%s: so too with averages, accumulation and scaled losses', (className) => {
    const make = (): Optimizer =>
      lossScaleOptimizer(deserialize({ className, config: awkward }), { dynamicGrowthSteps: 2 });
    setBackend('reference');
    const want = train(make(), 'float32', false);
    setBackend('wasm');
    const got = train(make(), 'float32', true);
    got.forEach((x, i) => {
      expect(Math.abs(x - want[i])).toBeLessThan(2e-6);
    });
  });
});
