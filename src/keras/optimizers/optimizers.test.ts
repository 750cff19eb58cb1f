import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { type Tensor, tensor } from '../../tensor/index.ts';
import { camelCase } from '../identifiers.ts';
import { Variable } from '../variable.ts';
import { Adam, AdamW, adam, getOptimizer, type Optimizer, RMSprop, SGD, sgd } from './index.ts';

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
      o.finalize(vs);
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
});
