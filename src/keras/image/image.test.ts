import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { fromData, grad, type Tensor, tensor } from '../../tensor/index.ts';
import { camelOptions, expectClose, type GoldenArray, readGoldens, toTensor } from '../testing.ts';
import { affineTransform, hsvToRgb, resize, rgbToGrayscale, rgbToHsv } from './index.ts';

interface Goldens {
  readonly resizes: {
    name: string;
    input: GoldenArray;
    size: number[];
    options: Record<string, unknown>;
    output: GoldenArray;
  }[];
  readonly affines: {
    name: string;
    input: GoldenArray;
    transform: GoldenArray;
    options: Record<string, unknown>;
    output: GoldenArray;
    gradients: [GoldenArray, GoldenArray];
  }[];
  readonly colors: {
    op: 'rgbToHsv' | 'hsvToRgb' | 'rgbToGrayscale';
    input: GoldenArray;
    data_format: string | null;
    output: GoldenArray & { dtype: string };
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

describe('affineTransform', () => {
  it.each(goldens.affines)('$name, as Keras', (golden) => {
    const [x, m] = [toTensor(golden.input), toTensor(golden.transform)];
    const f = (v: Tensor, t: Tensor): Tensor => affineTransform(v, t, camelOptions(golden.options));
    expectClose(f(x, m), golden.output);
    const y = toTensor(golden.output);
    const [gx, gm] = grad((v: Tensor, t: Tensor) => f(v, t).mul(y).sum(), [0, 1])(x, m) as Tensor[];
    expectClose(gx, golden.gradients[0], 1e-5, 1e-5);
    expectClose(gm, golden.gradients[1], 1e-4, 1e-4);
  });
  it('of no images is none', () => {
    const none = affineTransform(tensor(new Float32Array(0), { shape: [0, 2, 2, 1] }), [
      [1, 0, 1, 0, 1, 0, 0, 0],
    ]);
    expect(none.shape).toEqual([0, 2, 2, 1]);
  });
  it('takes one transform for all', () => {
    const x = tensor(
      Float32Array.from({ length: 12 }, (_, i) => i),
      { shape: [2, 2, 3, 1] },
    );
    const moved = affineTransform(x, [1, 0, 1, 0, 1, 0, 0, 0]);
    expect(moved.reshape([4, 3]).arraySync()).toEqual([
      [1, 2, 0],
      [4, 5, 0],
      [7, 8, 0],
      [10, 11, 0],
    ]);
  });
  it('refuses what it cannot do, by name', () => {
    const x = tensor(new Float32Array(12), { shape: [2, 2, 3, 1] });
    expect(() => affineTransform(x, [1, 0, 0, 0, 1, 0])).toThrow(
      /transform must have shape \(8,\) or \(2, 8\) for 2 images; received \(6,\)/,
    );
    expect(() => affineTransform(x.flatten(), new Float32Array(8))).toThrow(
      /received shape \(12,\)/,
    );
    expect(() => affineTransform(x, new Float32Array(8), { fillMode: 'reflct' })).toThrow(
      /Did you mean "reflect"/,
    );
    expect(() => affineTransform(x, new Float32Array(8), { interpolation: 'bicubic' })).toThrow(
      /Known: nearest, bilinear/,
    );
  });
});

describe('colours', () => {
  const functions = { hsvToRgb, rgbToGrayscale, rgbToHsv };
  it('are those of Keras', () => {
    for (const { op, input, data_format: format, output } of goldens.colors) {
      const y = functions[op](toTensor(input), format);
      expect(y.dtype).toBe(output.dtype);
      expectClose(y, output);
    }
  });
  it('need channels, and floats', () => {
    const two = tensor(new Float32Array(8), { shape: [2, 2, 2] });
    expect(() => rgbToGrayscale(two)).toThrow(/of 1 or 3 channels; received shape \(2, 2, 2\)/);
    const whole = tensor([[[1, 2, 3]]], { dtype: 'int32' });
    expect(() => rgbToHsv(whole)).toThrow(/takes floats; received int32/);
  });
});
