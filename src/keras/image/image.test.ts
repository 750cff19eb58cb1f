import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { fromData, grad, tensor } from '../../tensor/index.ts';
import { camelOptions, expectClose, type GoldenArray, readGoldens, toTensor } from '../testing.ts';
import { resize } from './index.ts';

interface Goldens {
  readonly resizes: {
    name: string;
    input: GoldenArray;
    size: number[];
    options: Record<string, unknown>;
    output: GoldenArray;
  }[];
  readonly nearest: { from: number; to: number; checksum: number }[];
}
const goldens = readGoldens<Goldens>('images');
beforeAll(() => {
  setBackend('wasm', { threads: 1 });
});

describe('resize', () => {
  it.each(goldens.resizes)('$name, as Keras', ({ input, size, options, output }) => {
    expectClose(resize(toTensor(input), size, camelOptions(options)), output);
  });
  it('copies the pixel that JAX copies', () => {
    for (const { from, to, checksum } of goldens.nearest) {
      const x = fromData(
        Int32Array.from({ length: from }, (_, i) => i),
        [from, 1, 1],
        'int32',
      );
      const y = resize(x, [to, 1], { interpolation: 'nearest' });
      expect(y.dtype).toBe('int32');
      const sum = [...y.dataSync()].reduce((s, v, o) => s + v * ((o % 97) + 1), 0);
      expect([from, to, sum]).toEqual([from, to, checksum]);
    }
  });
  it('has the gradient of a linear map: ones give the weights back', () => {
    const x = tensor([[[1], [2], [4]]], { dtype: 'float32' });
    const g = grad((v: typeof x) => resize(v, [1, 6], { interpolation: 'bilinear' }).sum())(x);
    expect(g.shape).toEqual([1, 3, 1]);
    expect(g.sum().item()).toBeCloseTo(6, 5);
  });
  it('refuses what it cannot do, by name', () => {
    const x = tensor(new Float32Array(12), { shape: [2, 2, 3] });
    expect(() => resize(x, [2])).toThrow(/size must be \[height, width\].*received \[2\]/);
    expect(() => resize(x, [0, 2])).toThrow(/1 or more; received \[0,2\]/);
    expect(() => resize(x.flatten(), [2, 2])).toThrow(/received shape \(12,\)/);
    expect(() => resize(x, [2, 2], { interpolation: 'bilinaer' })).toThrow(
      /Did you mean "bilinear"/,
    );
    expect(() => resize(x, [2, 2], { fillMode: 'reflect' })).toThrow(/Known: constant/);
    expect(() => resize(x, [2, 2], { cropToAspectRatio: true, padToAspectRatio: true })).toThrow(
      /only one of/,
    );
    expect(() => resize(x, [2, 2], { antialiased: true } as never)).toThrow(
      /no option "antialiased". Did you mean "antialias"/,
    );
  });
});
