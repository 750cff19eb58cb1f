import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { getBackend, setBackend } from '../../../backends/registry.ts';
import { tensor as array, fromData, type Tensor } from '../../../tensor/index.ts';
import { camelCase } from '../../identifiers.ts';
import * as keras from '../../index.ts';
import { Variable } from '../../variable.ts';
import * as optimizers from '../index.ts';

const { schedules } = optimizers;
const { layers, sequential } = keras;

interface Numbers {
  shape: number[];
  data: number[];
}
interface Case {
  name: string;
  schedule: string;
  config: Record<string, unknown>;
  rates: Numbers;
  fullConfig: Record<string, unknown>;
}
interface Run {
  optimizer: string;
  config: Record<string, unknown>;
  schedule: number;
  after: Numbers[];
  learningRate: Numbers;
  variables: string[];
}
// Real Keras on JAX: see scripts/goldens/make_schedules.py.
const goldens = JSON.parse(
  readFileSync(new URL('../../../../test/goldens/schedules.json', import.meta.url), 'utf8'),
) as {
  steps: number[];
  cases: Case[];
  start: Numbers[];
  gradients: Numbers[][];
  runs: Run[];
};

const camel = (config: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(config).map(([k, v]) => [camelCase(k), v]));
const tensor = ({ shape, data }: Numbers): Tensor => fromData(Float32Array.from(data), shape);
const made = (c: Case): InstanceType<typeof schedules.LearningRateSchedule> =>
  schedules.deserialize({ className: c.schedule, config: camel(c.config) });

describe.each(['reference', 'wasm'])('the rates are those of Keras, on %s', (backend) => {
  beforeAll(() => {
    setBackend(backend);
  });
  for (const c of goldens.cases) {
    it(`${c.name} ${JSON.stringify(c.config)}`, () => {
      const s = made(c);
      goldens.steps.forEach((step, i) => {
        const want = c.rates.data[i];
        const got = s.apply(step).item();
        expect(Math.abs(got - want), `step ${step}: ${got}, Keras ${want}`).toBeLessThanOrEqual(
          1e-6 * Math.abs(want) + 1e-8,
        );
      });
      expect(s.getConfig()).toEqual(camel(c.fullConfig));
      const again = schedules.deserialize(schedules.serialize(s));
      expect(again).toBeInstanceOf(s.constructor);
      expect(again.getConfig()).toEqual(s.getConfig());
    });
  }
});

describe('weights trained under schedules are those of Keras', () => {
  for (const r of goldens.runs) {
    it(`${r.optimizer} ${JSON.stringify(r.config)}, ${goldens.cases[r.schedule].name}`, () => {
      const classes = optimizers as unknown as Record<string, optimizers.OptimizerClass>;
      const learningRate = made(goldens.cases[r.schedule]);
      const o = classes[r.optimizer].fromConfig({ ...camel(r.config), learningRate });
      const vs = goldens.start.map((w, i) => new Variable(tensor(w), { name: `w${i}` }));
      for (const gs of goldens.gradients) o.apply(gs.map(tensor), vs);
      vs.forEach((v, i) => {
        v.tensor.dataSync().forEach((x, k) => {
          const want = r.after[i].data[k];
          expect(Math.abs(x - want)).toBeLessThan(1e-6 * Math.max(1, Math.abs(want)));
        });
      });
      expect(Math.abs(o.learningRate - r.learningRate.data[0])).toBeLessThan(1e-7);
      const names = o.variables.map((v) => v.path.split('/').slice(1).join('/'));
      expect(names.slice(0, r.variables.length)).toEqual(r.variables);
    });
  }
});

describe('a learning rate that follows the step', () => {
  /** The last weight and the number of programs compiled, of a model that learns y = 0 for x = 1. */
  async function train(
    learningRate: optimizers.LearningRateLike,
    then?: optimizers.LearningRateLike,
  ): Promise<{ weight: number; compiled: number[]; rate: number }> {
    const model = sequential([
      layers.dense(1, { useBias: false, kernelInitializer: 'ones', inputShape: [1] }),
    ]);
    const optimizer = optimizers.sgd({ learningRate });
    model.compile({ optimizer, loss: 'mse' });
    const spy = vi.spyOn(getBackend(), 'compile');
    const fit = async (): Promise<number> => {
      const before = spy.mock.calls.length;
      const x = array([[1], [1], [1], [1]]);
      await model.fit(x, array([[0], [0], [0], [0]]), { batchSize: 1, verbose: 0, epochs: 1 });
      return spy.mock.calls.length - before;
    };
    const compiled = [await fit()];
    if (then !== undefined) optimizer.learningRate = then;
    compiled.push(await fit());
    spy.mockRestore();
    const [weight] = (model.getWeights() as Tensor[])[0].dataSync();
    return { weight, compiled, rate: optimizer.learningRate };
  }
  /** What gradient descent makes of 1 at these rates: each step takes away 2 * rate of it. */
  const descent = (rate: (step: number) => number): number => {
    let w = 1;
    for (let k = 0; k < 8; k++) w -= 2 * rate(k) * w;
    return w;
  };

  class Halving extends schedules.LearningRateSchedule {
    call(step: Tensor): Tensor {
      return step.astype('float32').add(2).pow(-1);
    }
  }

  it('is computed in the step, of which there is one for all', async () => {
    const fixed = await train(0.1);
    const s = new schedules.PiecewiseConstantDecay({ boundaries: [2, 5], values: [0.1, 0.2, 0.3] });
    const scheduled = await train(s);
    expect(scheduled.weight).toBeCloseTo(
      descent((k) => (k <= 2 ? 0.1 : k <= 5 ? 0.2 : 0.3)),
      5,
    );
    expect(scheduled.compiled[0]).toBeGreaterThan(0);
    expect(scheduled.compiled[1]).toBe(0);
    expect(scheduled.compiled[0]).toBeLessThanOrEqual(fixed.compiled[0]);
    expect(scheduled.rate).toBe(Math.fround(0.3));
  });
  it('may be a class or a function of one’s own', async () => {
    const want = descent((k) => 1 / (k + 2));
    expect((await train(new Halving())).weight).toBeCloseTo(want, 5);
    const f = await train((step: Tensor) => step.astype('float32').add(2).pow(-1));
    expect(f.weight).toBeCloseTo(want, 5);
    expect(f.rate).toBeCloseTo(0.1, 6);
  });
  it('can take the place of a number, in steps that are compiled anew', async () => {
    const got = await train(0.25, new Halving());
    expect(got.weight).toBeCloseTo(
      descent((k) => (k < 4 ? 0.25 : 1 / (k + 2))),
      5,
    );
    expect(got.compiled[1]).toBeGreaterThan(0);
    const again = await train(0.25, 0.125);
    expect(again.weight).toBeCloseTo(
      descent((k) => (k < 4 ? 0.25 : 0.125)),
      5,
    );
    expect(again.compiled[1]).toBe(0);
  });
  it('cannot be set to a number, for there is a schedule', () => {
    const o = optimizers.adam({ learningRate: schedules.cosineDecay(0.1, 10) });
    expect(() => {
      o.learningRate = 0.1;
    }).toThrow(/adam: its learning rate follows a schedule and cannot be set to 0.1/);
    o.learningRate = schedules.exponentialDecay(0.5, 10, 0.9);
    expect(o.learningRate).toBe(0.5);
  });
  it('is part of the optimizer’s config', () => {
    const o = optimizers.sgd({ learningRate: schedules.polynomialDecay(0.1, 10, { power: 2 }) });
    const config = JSON.parse(JSON.stringify(optimizers.serialize(o)));
    expect(config.config.learningRate).toMatchObject({
      className: 'PolynomialDecay',
      config: { power: 2, cycle: false },
    });
    const again = optimizers.deserialize(config);
    expect(again.getConfig()).toEqual(o.getConfig());
    expect(again.variables).toHaveLength(1);
    const own = optimizers.sgd({ learningRate: new Halving() });
    expect(() => own.getConfig()).toThrow(/Halving must override getConfig/);
    const fn = optimizers.sgd({
      learningRate: function halving() {
        return 0.5;
      },
    });
    expect(() => optimizers.deserialize(optimizers.serialize(fn))).toThrow(/function "halving"/);
  });
  it('of float64 is computed in float64', () => {
    keras.config.setFloatx('float64');
    try {
      const s = schedules.exponentialDecay(0.1, 3, 0.9);
      expect(Math.abs(s.apply(2).item() - 0.1 * 0.9 ** (2 / 3))).toBeLessThan(1e-15);
      expect(optimizers.sgd({ learningRate: 0.1 }).learningRate).toBe(0.1);
    } finally {
      keras.config.setFloatx('float32');
    }
  });
});

describe('a schedule refuses', () => {
  const { exponentialDecay, polynomialDecay, piecewiseConstantDecay } = schedules;
  const { cosineDecay, cosineDecayRestarts, inverseTimeDecay } = schedules;
  it('steps that are none', () => {
    expect(() => exponentialDecay(0.1, 0, 0.9)).toThrow(/decaySteps must be above 0; received 0/);
    expect(() => inverseTimeDecay(0.1, -1, 0.9)).toThrow(/InverseTimeDecay: decaySteps/);
    expect(() => polynomialDecay(0.1, Number.NaN)).toThrow(/decaySteps must be a number/);
    expect(() => cosineDecay(0.1, 0)).toThrow(/CosineDecay: decaySteps/);
    expect(() => cosineDecay(0.1, 5, { warmupSteps: -1 })).toThrow(/warmupSteps must be 0 or more/);
    expect(() => cosineDecayRestarts(0.1, 0)).toThrow(/firstDecaySteps must be above 0/);
    expect(() => cosineDecayRestarts(0.1, 5, { tMul: 0 })).toThrow(/tMul must be above 0/);
  });
  it('boundaries that do not fit the values, or do not rise', () => {
    expect(() => piecewiseConstantDecay([1, 2], [0.1, 0.2])).toThrow(
      /one fewer than values; received 2 boundaries \[1,2\] and 2 values \[0.1,0.2\]/,
    );
    expect(() => piecewiseConstantDecay([2, 2], [1, 2, 3])).toThrow(/strictly increasing/);
    expect(() => piecewiseConstantDecay(['a'] as never, [1, 2])).toThrow(/element of boundaries/);
    expect(() => piecewiseConstantDecay({ boundaries: 3, values: [1] } as never)).toThrow(
      /boundaries must be a list of numbers/,
    );
  });
  it('what it does not know', () => {
    expect(() => cosineDecay({ initialLearningRate: 1, decaySteps: 1, alfa: 2 } as never)).toThrow(
      /CosineDecay has no option "alfa".*mean "alpha"/,
    );
    expect(() => polynomialDecay('x' as never, 3)).toThrow(/initialLearningRate must be a number/);
    expect(() => schedules.deserialize({ className: 'CosinDecay', config: {} })).toThrow(
      /mean "CosineDecay"/,
    );
    expect(() => optimizers.sgd({ learningRate: 'cosine' as never })).toThrow(
      /learningRate must be a number of 0 or more, a LearningRateSchedule or a function/,
    );
    const vector = optimizers.sgd({ learningRate: () => array([1, 2]) });
    expect(() => vector.learningRate).toThrow(/a scalar tensor; received a tensor of shape \[2\]/);
  });
});
