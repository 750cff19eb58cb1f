import { beforeAll, describe, expect, it, vi } from 'vitest';
import { setBackend } from '../../../backends/registry.ts';
import { type Tensor, tensor } from '../../../tensor/index.ts';
import * as keras from '../../index.ts';
import { getMask, setMask } from '../mask.ts';

const { layers } = keras;
beforeAll(() => {
  setBackend('wasm', { threads: 1 });
});
const ones = (...shape: number[]): Tensor =>
  tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1), { shape });

describe('first weights are those of Keras', () => {
  const first = (
    make: () => keras.layers.Layer,
    apply: (l: keras.layers.Layer) => unknown,
  ): number[] => {
    keras.utils.setRandomSeed(7);
    const l = make();
    apply(l);
    return l.weights.filter((w) => w.name !== 'bias').map((w) => w.tensor.dataSync()[0] as number);
  };
  const x = ones(1, 2, 4);
  it('MultiHeadAttention', () => {
    const make = (): keras.layers.Layer =>
      layers.multiHeadAttention(2, 3, { dropout: 0.1, useGate: true });
    expect(first(make, (l) => l.apply(x, { value: x }))).toEqual([
      0.1256229430437088, -0.6729344725608826, -0.2919774055480957, -0.12165531516075134,
      0.2947387099266052,
    ]);
  });
  it('GroupQueryAttention', () => {
    const make = (): keras.layers.Layer => layers.groupQueryAttention(3, 2, 1);
    expect(first(make, (l) => l.apply(x, { value: x }))).toEqual([
      0.1256229430437088, -0.8043105006217957, -0.34897974133491516, -0.12165531516075134,
    ]);
  });
  it('AdditiveAttention', () => {
    const make = (): keras.layers.Layer => layers.additiveAttention();
    expect(first(make, (l) => l.apply([x, x]))).toEqual([0.8200312852859497]);
  });
});

describe('MultiHeadAttention', () => {
  const mha = (o: keras.layers.MultiHeadAttentionOptions = {}): keras.layers.MultiHeadAttention =>
    layers.multiHeadAttention({ name: 'mha', numHeads: 2, keyDim: 3, ...o });
  it('names its layers and weights as Keras does', () => {
    const m = mha();
    m.apply(ones(1, 2, 4), { value: ones(1, 3, 4) });
    expect(m.weights.map((w) => w.path)).toEqual(
      ['query', 'key', 'value', 'attention_output'].flatMap((n) => [
        `mha/${n}/kernel`,
        `mha/${n}/bias`,
      ]),
    );
    expect(m.countParams()).toBe(3 * (4 * 6 + 6) + 6 * 4 + 4);
  });
  it('lets no query see later keys, nor masked ones', () => {
    const m = mha();
    const x = keras.random.normal([1, 4, 5], { seed: 1 });
    const value = keras.random.normal([1, 4, 5], { seed: 2 });
    setMask(value, tensor([[true, true, false, true]]));
    const [y, scores] = m.apply<Tensor[]>(x, {
      value,
      useCausalMask: true,
      returnAttentionScores: true,
    });
    expect(y.shape).toEqual([1, 4, 5]);
    expect(scores.shape).toEqual([1, 2, 4, 4]);
    const zero = scores.eq(0).arraySync() as boolean[][][][];
    expect(zero[0][1]).toEqual([
      [false, true, true, true],
      [false, false, true, true],
      [false, false, true, true],
      [false, false, true, false],
    ]);
    expect(scores.sum(-1).sub(1).abs().max().item()).toBeLessThan(1e-6);
  });
  it('passes the mask of the query on', () => {
    const x = ones(1, 2, 4);
    const mask = tensor([[true, false]]);
    setMask(x, mask);
    expect(getMask(mha().apply(x, { value: x }))).toBe(mask);
  });
  it('takes values of another size where Keras on JAX does not', () => {
    const y = mha({ valueDim: 5 }).apply(ones(1, 2, 4), { value: ones(1, 3, 4) });
    expect(y.shape).toEqual([1, 2, 4]);
  });
  it('drops weights in training only', () => {
    const m = mha({ dropout: 0.5, seed: 1 });
    const [x, value] = [1, 2].map((seed) => keras.random.normal([1, 4, 5], { seed }));
    const still = m.apply(x, { value });
    expect(m.apply(x, { value }).sub(still).abs().max().item()).toBe(0);
    const a = m.apply(x, { value, training: true });
    const b = m.apply(x, { value, training: true });
    expect(a.sub(b).abs().max().item()).toBeGreaterThan(0.01);
  });
  it('says what it cannot take', () => {
    const x = ones(1, 2, 4);
    expect(() => mha().apply(x)).toThrow('needs a value: apply(query, { value, key })');
    expect(() => mha().apply(ones(1, 4), { value: ones(1, 4) })).toThrow(
      'expects queries of 3 dimensions or more',
    );
    expect(() => mha().apply(x, { value: x, key: ones(1, 3, 4) })).toThrow(
      'equal but in the last dimension; received value (None, 2, 4) and key (None, 3, 4)',
    );
    expect(() => mha().apply(x, { value: x, attentionMask: ones(1, 2, 3) })).toThrow(
      'attentionMask must be of shape (batch, 2, 2), for 2 queries and 2 keys; received (1, 2, 3)',
    );
    expect(() => mha({ attentionAxes: 2 }).apply(x, { value: x })).toThrow('attention axes 2');
    expect(() => mha({ numHeads: 0 })).toThrow('numHeads must be a whole number of 1 or more');
    expect(() => mha({ dropout: 1 })).toThrow('below 1; received 1');
    expect(() => mha({ slidingWindow: 1.5 })).toThrow('slidingWindow must be a whole number');
    expect(() => mha({ flashAttention: true })).toThrow('flashAttention is not supported');
    expect(() => mha({ heads: 2 } as never)).toThrow('has no option "heads"');
  });
});

describe('in functional models', () => {
  it('gives its scores too, and says nothing of masks that it has heeded', async () => {
    const warn = vi.spyOn(console, 'warn');
    const ids = keras.input({ shape: [4], dtype: 'int32' });
    const x = layers.embedding(10, 6, { maskZero: true }).apply<keras.KerasTensor>(ids);
    const mha = layers.multiHeadAttention(2, 3);
    const [y, scores] = mha.apply<keras.KerasTensor[]>(x, {
      value: x,
      returnAttentionScores: true,
    });
    expect([y.shape, scores.shape]).toEqual([
      [null, 4, 6],
      [null, 2, 4, 4],
    ]);
    const sum: keras.KerasTensor = layers.add([x, y]);
    const normal = layers.layerNormalization().apply<keras.KerasTensor>(sum);
    const model = keras.model({ inputs: ids, outputs: [normal, scores] });
    const [out, weights] = (await model.predict([
      [1, 2, 0, 0],
      [3, 4, 5, 6],
    ])) as unknown as Tensor[];
    expect(out.shape).toEqual([2, 4, 6]);
    expect((weights.arraySync() as number[][][][])[0][0][0].slice(2)).toEqual([0, 0]);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });
});

describe('the others', () => {
  it('GroupQueryAttention shares heads evenly', () => {
    expect(() => layers.groupQueryAttention(3, 4, 3)).toThrow(
      'numKeyValueHeads must divide numQueryHeads; received 3 and 4',
    );
    const g = layers.groupQueryAttention(3, 4, 2);
    expect(() => g.apply(ones(1, 2, 4), { value: ones(1, 2, 5) })).toThrow('of the same features');
    expect(() => g.apply(ones(1, 2, 4))).toThrow('needs a value');
  });
  it('Attention takes two or three inputs that fit', () => {
    const [q, v] = [ones(1, 2, 4), ones(1, 3, 4)];
    expect(layers.attention().apply([q, v]).shape).toEqual([1, 2, 4]);
    expect(() => layers.attention().apply(q)).toThrow('takes a list of 2 inputs or more');
    expect(() => layers.attention().apply([q, ones(1, 3, 5)])).toThrow('keys with the features');
    expect(() => layers.attention({ scoreMode: 'sum' as never })).toThrow('"dot" or "concat"');
    expect(() => layers.additiveAttention({ scoreMode: 'dot' } as never)).toThrow('no option');
  });
});
