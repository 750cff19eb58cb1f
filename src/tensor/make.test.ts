import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../backends/registry.ts';
import type { GradloomError } from '../errors.ts';
import { asTensor, fromData, type NestedArray, tensor } from './index.ts';

beforeAll(() => {
  setBackend('wasm', { threads: 1 });
});

const codeOf = (f: () => unknown): string => {
  try {
    f();
  } catch (e) {
    return (e as GradloomError).code;
  }
  return 'nothing thrown';
};

describe('dtypes', () => {
  it.each([
    [[1, 2, 3], 'float32'],
    [[true, false], 'bool'],
    [[true, 2], 'float32'],
    [[], 'float32'],
    [5, 'float32'],
    [true, 'bool'],
    [new Float64Array(2), 'float64'],
    [new Int32Array(2), 'int32'],
    [new Uint32Array(2), 'uint32'],
    [new Uint8Array(2), 'uint8'],
    [new Uint8ClampedArray(2), 'uint8'],
    [new Int8Array(2), 'int32'],
    [new Int16Array(2), 'int32'],
    [new Uint16Array(2), 'int32'],
    [new BigInt64Array(2), 'int32'],
  ] as const)('%o is %s', (x, dtype) => {
    expect(tensor(x as NestedArray).dtype).toBe(dtype);
  });

  it('takes the one that is asked for', () => {
    expect(tensor([1.9, -1.9], { dtype: 'int32' }).arraySync()).toEqual([1, -1]);
    expect(tensor([0, 2, Number.NaN], { dtype: 'bool' }).arraySync()).toEqual([false, true, true]);
    expect(tensor(new Uint8Array([7]), { dtype: 'float64' }).dtype).toBe('float64');
  });

  it('keeps the values of small and large integers', () => {
    expect(tensor(new Int8Array([-128, 127])).arraySync()).toEqual([-128, 127]);
    expect(tensor(new BigInt64Array([-5n, 2147483647n])).arraySync()).toEqual([-5, 2147483647]);
  });
});

describe('shapes', () => {
  it('follows the nesting', () => {
    expect(tensor([[[1], [2]]]).shape).toEqual([1, 2, 1]);
    expect(tensor([[], []]).shape).toEqual([2, 0]);
    expect(tensor(3).shape).toEqual([]);
    expect(tensor([1, 2, 3, 4], { shape: [2, 2] }).arraySync()).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });
});

describe('bad input', () => {
  it.each([
    ['rows of different lengths', () => tensor([[1, 2], [3]]), 'ragged'],
    ['numbers beside arrays', () => tensor([1, [2]] as never), 'ragged'],
    ['arrays beside numbers', () => tensor([[1], 2] as never), 'ragged'],
    ['a string', () => tensor(['x'] as never), 'tensor'],
    ['null', () => tensor(null as never), 'tensor'],
    ['an object', () => tensor({} as never), 'tensor'],
    ['a tensor inside an array', () => tensor([asTensor(1)] as never), 'tensor'],
    ['a DataView', () => tensor(new DataView(new ArrayBuffer(4))), 'tensor'],
    ['an unknown dtype', () => tensor([1], { dtype: 'float16' }), 'dtype'],
    ['300 as uint8', () => tensor([300], { dtype: 'uint8' }), 'range'],
    ['-1 as uint8', () => tensor(-1, { dtype: 'uint8' }), 'range'],
    ['NaN as int32', () => tensor([Number.NaN], { dtype: 'int32' }), 'range'],
    ['a bigint beyond int32', () => tensor(new BigInt64Array([2n ** 31n])), 'range'],
    ['a shape that does not fit', () => fromData(new Float32Array(3), [2, 2]), 'shape'],
    ['a negative dimension', () => fromData(new Float32Array(0), [-1]), 'shape'],
  ])('refuses %s', (_, f, code) => {
    expect(codeOf(f)).toBe(code);
  });
});

describe('host data', () => {
  it('is held, not copied, and copied out', async () => {
    const own = new Float32Array([1, 2]);
    const t = tensor(own);
    own[0] = 9;
    expect(t.arraySync()).toEqual([9, 2]);
    const read = await t.data();
    read[1] = 7;
    t.dataSync()[1] = 7;
    expect(t.arraySync()).toEqual([9, 2]);
  });
  it('is let go once it is on the device', () => {
    const own = new Float32Array([1, 2]);
    const t = tensor(own);
    t.add(1).realize();
    own[0] = 9;
    expect(t.arraySync()).toEqual([1, 2]);
  });
});
