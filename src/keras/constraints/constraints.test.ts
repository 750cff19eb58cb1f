import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { type Tensor, tensor } from '../../tensor/index.ts';
import * as keras from '../index.ts';
import { serialize } from '../serialization.ts';
import { camelOptions, expectClose, type GoldenArray, readGoldens, toTensor } from '../testing.ts';

const { constraints } = keras;
beforeAll(() => {
  setBackend('wasm', { threads: 1 });
});

interface Golden {
  readonly name: string;
  readonly constraint: string;
  readonly config: Record<string, unknown>;
  readonly weight: GoldenArray;
  readonly output: GoldenArray;
}

describe('constraints', () => {
  it.each(readGoldens<{ cases: Golden[] }>('constraints').cases)('$name, as Keras', (golden) => {
    const config = camelOptions(golden.config);
    const made = constraints.getConstraint({ className: golden.constraint, config })!;
    expectClose(made.call(toTensor(golden.weight)), golden.output);
    const again = constraints.getConstraint(serialize(made))!;
    expect(again.getConfig()).toEqual(made.getConfig());
  });

  it('hold after every step of training', async () => {
    const m = keras.sequential([
      keras.layers.dense(2, {
        inputShape: [3],
        kernelConstraint: constraints.unitNorm(),
        biasConstraint: (w: Tensor) => w.clip(-0.01, 0.01),
      }),
    ]);
    m.compile({ optimizer: keras.optimizers.sgd({ learningRate: 0.5 }), loss: 'mse' });
    const x = tensor([
      [1, 2, 3],
      [3, 2, 1],
    ]);
    const y = tensor([
      [1, 2],
      [3, 4],
    ]);
    await m.fit(x, y, { epochs: 3, batchSize: 1, verbose: 0 });
    const [kernel, bias] = m.layers[0].getWeights();
    for (const n of kernel.square().sum(0).arraySync() as number[]) expect(n).toBeCloseTo(1, 5);
    expect(bias.abs().max().item()).toBeCloseTo(0.01, 7);
  });

  it('go by id, in any spelling', () => {
    expect(constraints.getConstraint('non_neg')).toBeInstanceOf(constraints.NonNeg);
    expect(constraints.getConstraint('MaxNorm')?.getConfig()).toEqual({ maxValue: 2, axis: 0 });
    expect(constraints.maxNorm(3).maxValue).toBe(3);
    expect(constraints.getConstraint(null)).toBeUndefined();
  });

  it('refuse what cannot be, by name', () => {
    expect(() => constraints.getConstraint('maxnrm')).toThrow(/Did you mean "maxNorm"/);
    expect(() => constraints.getConstraint(3 as never)).toThrow(/A constraint is an id/);
    expect(() => constraints.maxNorm(-1)).toThrow(/maxValue must be a number of 0 or more/);
    expect(() => constraints.maxNorm({ max: 1 } as never)).toThrow(/no option "max"/);
    expect(() => constraints.unitNorm({ axis: 0.5 })).toThrow(/axis must be a whole number/);
    expect(() => constraints.minMaxNorm({ minValue: 2 })).toThrow(/must not be above maxValue/);
    expect(() => keras.layers.dense(1, { kernelConstraint: 'unit' })).toThrow(/Unknown constraint/);
  });
});
