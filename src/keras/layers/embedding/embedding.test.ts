import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../../backends/registry.ts';
import { compile, grad, type Tensor, tensor } from '../../../tensor/index.ts';
import * as keras from '../../index.ts';
import { getMask } from '../mask.ts';

const { layers } = keras;
beforeAll(() => {
  setBackend('wasm', { threads: 1 });
});

describe('Embedding', () => {
  it('takes its first values, and starts uniform in ±0.05 without', () => {
    const rows = tensor([
      [1, 2],
      [3, 4],
    ]);
    for (const weights of [rows, [rows]])
      expect(layers.embedding(2, 2, { weights }).apply([1, 0]).arraySync()).toEqual([
        [3, 4],
        [1, 2],
      ]);
    const e = layers.embedding(1000, 4);
    e.apply([0]);
    expect(Number(e.embeddings.tensor.abs().max().item())).toBeGreaterThan(0.045);
    expect(Number(e.embeddings.tensor.abs().max().item())).toBeLessThanOrEqual(0.05);
  });
  it('refuses numbers outside that it can see, and gives NaN for others', () => {
    const e = layers.embedding(3, 2, {
      name: 'words',
      weights: [new Float32Array([1, 2, 3, 4, 5, 6])].map((w) => tensor(w, { shape: [3, 2] })),
    });
    expect(() =>
      e.apply([
        [0, 1],
        [2, 3],
      ]),
    ).toThrow(
      'Embedding "words" has vectors for 0 to 2; received 3 at position 3. Is inputDim the largest number plus 1?',
    );
    expect(() => e.apply([Number.NaN])).toThrow('received NaN');
    const traced = compile((x: Tensor) => e.apply(x));
    expect(traced(tensor([-1, 3, -4, 0])).arraySync()).toEqual([
      [5, 6],
      [Number.NaN, Number.NaN],
      [Number.NaN, Number.NaN],
      [1, 2],
    ]);
  });
  it('nothing flows back from what lies outside', () => {
    const e = layers.embedding(3, 1);
    e.apply([0]);
    const f = compile((w: Tensor, x: Tensor) =>
      grad((v: Tensor) => {
        e.embeddings.assign(v);
        return e.apply(x).sum();
      })(w),
    );
    const w = tensor([[1], [2], [3]]);
    expect((f(w, tensor([0, 5, -1, -1, 2])) as Tensor).arraySync()).toEqual([[1], [0], [3]]);
  });
  it('masks zeros if told to', () => {
    const e = layers.embedding(3, 2, { maskZero: true });
    expect(getMask(e.apply([[1, 0]]))?.arraySync()).toEqual([[true, false]]);
    expect(getMask(layers.embedding(3, 2).apply([[1, 0]]))).toBe(undefined);
  });
  it('says what it needs', () => {
    expect(() => layers.embedding({ outputDim: 2 })).toThrow('inputDim must be a whole number');
    expect(() => layers.embedding(2, 1.5)).toThrow(
      'outputDim must be a whole number of 1 or more; received 1.5',
    );
    expect(() => layers.embedding(2, 2, { weights: [[1, 2]] })).toThrow('expected (2, 2)');
    expect(layers.embedding(2, 2, { inputLength: 5 }).getConfig()).not.toHaveProperty(
      'inputLength',
    );
  });
});

describe('Masking', () => {
  it('marks steps and empties them', () => {
    const y = layers.masking(9).apply([
      [
        [9, 9],
        [9, 1],
      ],
    ]);
    expect(y.arraySync()).toEqual([
      [
        [0, 0],
        [9, 1],
      ],
    ]);
    expect(getMask(y)?.arraySync()).toEqual([[false, true]]);
  });
  it('refuses what it cannot compare', () => {
    expect(() => layers.masking('x' as never)).toThrow('maskValue must be a number; received "x"');
  });
});
