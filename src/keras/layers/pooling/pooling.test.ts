import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../../backends/registry.ts';
import { type Tensor, tensor } from '../../../tensor/index.ts';
import * as keras from '../../index.ts';

const { layers } = keras;
beforeAll(() => {
  setBackend('wasm', { threads: 1 });
});

/** 1, 2, 3, … */
function count(...shape: number[]): Tensor {
  const n = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: n }, (_, i) => i + 1),
    { shape },
  );
}

describe('pooling', () => {
  it('takes the largest, or the mean, of each window', () => {
    const x = count(1, 3, 4, 1);
    expect(layers.maxPooling2D().apply(x).flatten().arraySync()).toEqual([6, 8]);
    expect(layers.averagePooling2D(2).apply(x).flatten().arraySync()).toEqual([3.5, 5.5]);
    const same = { padding: 'same' } as const;
    expect(layers.maxPooling2D(2, null, same).apply(x).flatten().arraySync()).toEqual([
      6, 8, 10, 12,
    ]);
    // What lies beyond the edge does not count.
    expect(layers.averagePooling2D([2, 4], 2, same).apply(x).flatten().arraySync()).toEqual([
      4, 5, 10, 11,
    ]);
    expect(
      layers
        .adaptiveMaxPooling1D(2)
        .apply(count(1, 5, 1))
        .flatten()
        .arraySync(),
    ).toEqual([3, 5]);
  });
  it('of everything', () => {
    const x = count(2, 3, 2);
    expect(layers.globalMaxPooling1D().apply(x).arraySync()).toEqual([
      [5, 6],
      [11, 12],
    ]);
    expect(layers.globalAveragePooling1D('channelsFirst').apply(x).arraySync()).toEqual([
      [1.5, 3.5, 5.5],
      [7.5, 9.5, 11.5],
    ]);
    expect(layers.globalMaxPooling1D({ keepdims: true }).apply(x).shape).toEqual([2, 1, 2]);
    expect(layers.globalAvgPool2D().computeOutputShape([null, null, null, 7])).toEqual([null, 7]);
  });
  it('takes integers', () => {
    const x = tensor([[[1], [5], [3], [2]]], { dtype: 'int32' });
    const y = layers.maxPooling1D().apply(x);
    expect([y.dtype, y.flatten().arraySync()]).toEqual(['int32', [5, 3]]);
    expect(layers.averagePooling1D(2).apply(x).flatten().arraySync()).toEqual([3, 2.5]);
  });
  it('goes by Keras’s other names too', () => {
    expect(layers.MaxPool2D).toBe(layers.MaxPooling2D);
    expect(layers.avgPool1D(2).name).toMatch(/^average_pooling1d/);
  });
  it('refuses what cannot be, by name', () => {
    expect(() => layers.maxPooling2D([3, 2], null, { name: 'p' }).apply(count(1, 2, 2, 1))).toThrow(
      /Layer "p" \(MaxPooling2D\) expects spatial sizes of 3 x 2 or more.*received shape \(None, 2, 2, 1\)/,
    );
    expect(() => layers.averagePooling2D({})).toThrow(
      /AveragePooling2D ".*": poolSize must be a whole number of 1 or more/,
    );
    expect(() => layers.maxPooling2D(2, 0)).toThrow(/strides must be a whole number of 1 or more/);
    expect(() => layers.maxPooling1D(2, 1, { padding: 'causal' })).toThrow(/Known: valid, same/);
    expect(() => layers.maxPooling1D({ size: 2 } as never)).toThrow(/no option "size"/);
    expect(() => layers.globalMaxPooling2D({ keepDims: true } as never)).toThrow(
      /Did you mean "keepdims"/,
    );
    expect(() => layers.globalMaxPooling2D().apply(count(2, 3, 4))).toThrow(/4 dimensions/);
    expect(() => layers.adaptiveMaxPooling2D([2])).toThrow(/outputSize must be/);
  });
});
