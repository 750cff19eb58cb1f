/** Losses and their gradients as one program on every backend, held against the reference. */
import { afterAll, describe, expect, it } from 'vitest';
import {
  availableBackends,
  type BackendName,
  getBackend,
  setBackend,
} from '../../backends/registry.ts';
import { compile, type Tensor, tensor, valueAndGrad } from '../../tensor/index.ts';
import * as losses from './index.ts';

const before = getBackend();
afterAll(() => {
  setBackend(before);
});

const oneHot = [
  [1, 0, 0],
  [0, 0, 1],
  [0, 1, 0],
  [1, 0, 0],
];
const labels = tensor([0, 2, 1, 0], { dtype: 'int32' });
const predictions = tensor([
  [0.7, 0.2, 0.1],
  [0.3, 0.1, 0.6],
  [0.2, 0.5, 0.3],
  [0.1, 0.8, 0.1],
]);
const weights = [1, 0.5, 2, 0];

const ofLabels: losses.Loss[] = [
  new losses.SparseCategoricalCrossentropy({ ignoreClass: 1 }),
  new losses.CategoricalGeneralizedCrossEntropy(),
  new losses.Circle({ gamma: 4 }),
];
const ofNumbers: losses.Loss[] = [
  new losses.MeanSquaredError(),
  new losses.MeanAbsoluteError({ reduction: 'sum' }),
  new losses.MeanAbsolutePercentageError(),
  new losses.MeanSquaredLogarithmicError(),
  new losses.Huber({ delta: 0.25 }),
  new losses.LogCosh({ reduction: 'meanWithSampleWeight' }),
  new losses.CosineSimilarity(),
  new losses.Hinge(),
  new losses.SquaredHinge(),
  new losses.CategoricalHinge(),
  new losses.KLDivergence(),
  new losses.Poisson(),
  new losses.BinaryCrossentropy({ labelSmoothing: 0.1 }),
  new losses.BinaryFocalCrossentropy({ applyClassBalancing: true }),
  new losses.CategoricalCrossentropy({ fromLogits: true }),
  new losses.CategoricalFocalCrossentropy({ gamma: 1.5 }),
  new losses.Dice({ axis: 1 }),
  new losses.Tversky({ axis: [1], alpha: 0.3 }),
];

const ctc: losses.Loss = new losses.CTC();
const said = tensor([[1, 2]], { dtype: 'int32' });

/** [value, gradient] of every loss, computed by one program. */
function all(backend: BackendName): number[][] {
  setBackend(backend);
  const step = compile((p: Tensor) =>
    [
      ...ofNumbers.map((l) => [l, tensor(oneHot)] as const),
      ...ofLabels.map((l) => [l, labels] as const),
    ]
      .map(
        ([l, t]) =>
          (x: Tensor) =>
            l.apply(t, x, weights),
      )
      // Its four samples are the steps of one sequence.
      .concat((x: Tensor) => ctc.apply(said, x.expandDims(0)))
      .flatMap((f) => valueAndGrad(f)(p) as Tensor[]),
  );
  return (step(predictions) as Tensor[]).map((t) => [...t.dataSync()]);
}

describe.each(availableBackends().filter((b) => b !== 'reference'))('on %s', (name) => {
  it('they are those of the reference', () => {
    const [got, want] = [all(name), all('reference')];
    const names = [...ofNumbers, ...ofLabels, ctc].map((l) => l.name);
    expect(got.length).toBe(names.length * 2);
    want.forEach((numbers, i) => {
      numbers.forEach((v, k) => {
        const off = Math.abs(got[i][k] - v) / (1e-6 + 1e-5 * Math.abs(v));
        expect(
          off,
          `${names[i >> 1]} ${i % 2 ? 'gradient' : 'value'} ${k}: ${got[i][k]} for ${v}`,
        ).toBeLessThan(1);
      });
    });
    expect(want.flat().every(Number.isFinite)).toBe(true);
  });
});
