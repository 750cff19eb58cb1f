import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { fromData, type Tensor } from '../../tensor/index.ts';
import { camelCase } from '../identifiers.ts';
import { Variable } from '../variable.ts';
import * as optimizers from './index.ts';

interface Numbers {
  shape: number[];
  data: number[];
}
interface Case {
  name: string;
  optimizer: string;
  config: Record<string, unknown>;
  exclude?: { varNames?: string[]; varList?: number[] };
  after: Numbers[][];
  variables: { path: string; shape: number[] }[];
  slots: Numbers;
  finalized?: Numbers[];
  fullConfig?: Record<string, unknown>;
}
interface LossScaleCase {
  name: string;
  inner: string;
  config: Record<string, unknown>;
  initialScale: number;
  dynamicGrowthSteps: number;
  bad: Record<string, string>;
  variables: string[];
  steps: { scale: number; counter: number; iterations: number }[];
  after: Numbers[];
}
// Real Keras on JAX: see scripts/goldens/make_optimizer_rules.py.
const goldens = JSON.parse(
  readFileSync(new URL('../../../test/goldens/optimizer_rules.json', import.meta.url), 'utf8'),
) as {
  paths: string[];
  shown: number[];
  start: Numbers[];
  gradients: Numbers[][];
  cases: Case[];
  lossScale: LossScaleCase[];
  several: { variables: string[]; after: Numbers[]; finalized: Numbers[]; iterations: number };
};

/** As Keras spells it, in our case: beta_1 is beta1. */
const ours = (key: string): string => camelCase(key).replace(/_(\d)/, '$1');
const camel = (config: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(config).map(([k, v]) => [ours(k), v]));

const tensor = ({ shape, data }: Numbers): Tensor => fromData(Float32Array.from(data), shape);

const weights = (): Variable[] =>
  goldens.start.map((w, i) => {
    const path = goldens.paths[i];
    return new Variable(tensor(w), { name: path.split('/')[1], path });
  });

/** The largest difference, relative to the larger of the wanted number and 1. */
function distance(got: ArrayLike<number>, want: ArrayLike<number>): number {
  expect(got.length).toBe(want.length);
  let most = 0;
  for (let i = 0; i < want.length; i++) {
    const d = Math.abs(got[i] - want[i]) / Math.max(1, Math.abs(want[i]));
    if (!(d <= most)) most = d;
  }
  return most;
}

const classes = optimizers as unknown as Record<string, optimizers.OptimizerClass>;

beforeAll(() => {
  setBackend('reference');
});

describe('weights and slots are those of Keras', () => {
  for (const c of goldens.cases) {
    it(c.name, () => {
      const o = classes[c.optimizer].fromConfig(camel(c.config));
      const vs = weights();
      if (c.exclude) {
        const { varNames, varList } = c.exclude;
        o.excludeFromWeightDecay({ varNames, varList: varList?.map((i) => vs[i]) });
      }
      o.build(vs);
      goldens.gradients.forEach((gs, k) => {
        o.applyGradients(gs.map(tensor), vs);
        const shown = goldens.shown.indexOf(k + 1);
        if (shown < 0) return;
        vs.forEach((v, i) => {
          expect(distance(v.tensor.dataSync(), c.after[shown][i].data)).toBeLessThan(1e-6);
        });
      });
      expect(
        o.variables.map((v) => ({ path: v.path.split('/').slice(1).join('/'), shape: v.shape })),
      ).toEqual(c.variables.map((v) => ({ ...v, path: unnumbered[v.path] ?? v.path })));
      const slots = o.variables.slice(2).flatMap((v) => Array.from(v.tensor.dataSync()));
      // Ftrl's are differences that have been divided by the rate.
      expect(distance(slots, c.slots.data)).toBeLessThan(c.optimizer === 'Ftrl' ? 1e-5 : 1e-6);
      o.finalizeVariableValues(vs);
      (c.finalized ?? c.after[c.after.length - 1]).forEach((w, i) => {
        expect(distance(vs[i].tensor.dataSync(), w.data)).toBeLessThan(1e-6);
      });
      if (c.fullConfig) expect(o.getConfig()).toEqual(camel(c.fullConfig));
      expect(optimizers.deserialize(optimizers.serialize(o)).getConfig()).toEqual(o.getConfig());
    });
  }
});

describe('a dynamic scale of the loss is that of Keras', () => {
  for (const c of goldens.lossScale) {
    it(c.name, () => {
      const { initialScale, dynamicGrowthSteps } = c;
      const inner = classes[c.inner].fromConfig(camel(c.config));
      const o = optimizers.lossScaleOptimizer(inner, { initialScale, dynamicGrowthSteps });
      const vs = weights();
      o.build(vs);
      const names = o.variables.map((v) => v.path.split('/').slice(1).join('/'));
      expect(names).toEqual(c.variables);
      goldens.gradients.forEach((gs, k) => {
        const scaled = gs.map((g) => o.scaleLoss(tensor(g)));
        if (c.bad[k]) scaled[1] = scaled[1].add(numbers[c.bad[k]]);
        o.applyGradients(scaled, vs);
        expect({
          scale: o.dynamicScale,
          counter: o.variables[names.indexOf('step_counter')].tensor.item(),
          iterations: o.iterations.tensor.item(),
        }).toEqual(c.steps[k]);
      });
      vs.forEach((v, i) => {
        expect(distance(v.tensor.dataSync(), c.after[i].data)).toBeLessThan(1e-6);
      });
    });
  }
});

describe('several optimizers for one model', () => {
  it('do what those of Keras do', () => {
    const want = goldens.several;
    const o = optimizers.multiOptimizer(
      new optimizers.OptimizerMap(optimizers.rmsprop({ learningRate: 0.01 }), {
        'dense/.*': optimizers.adam({
          learningRate: 0.05,
          gradientAccumulationSteps: 2,
          useEma: true,
          emaMomentum: 0.5,
        }),
        'conv/kernel': optimizers.sgd({
          learningRate: 0.1,
          momentum: 0.9,
          weightDecay: 0.1,
          lossScaleFactor: 2,
        }),
      }),
      { lossScaleFactor: 4 },
    );
    const vs = weights();
    o.build(vs);
    for (const gs of goldens.gradients) o.apply(gs.map(tensor), vs);
    const names = o.variables.map((v) => v.path.split('/').slice(1).join('/'));
    expect(names).toEqual(want.variables);
    expect(o.iterations.tensor.item()).toBe(want.iterations);
    const compare = (all: Numbers[]): void =>
      all.forEach((w, i) => {
        expect(distance(vs[i].tensor.dataSync(), w.data)).toBeLessThan(1e-6);
      });
    compare(want.after);
    o.finalizeVariableValues(vs);
    compare(want.finalized);
    expect(o.scaleLoss(tensor({ shape: [], data: [1] })).item()).toBe(4);
  });
});

const numbers: Readonly<Record<string, number>> = {
  inf: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  nan: Number.NaN,
};

/** What Keras leaves to be numbered has a name here. */
const unnumbered: Readonly<Record<string, string>> = { variable: 'u_product' };
