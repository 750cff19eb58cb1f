/** A few arrays as NumPy 2.4 prints them; the tables of src/numpy hold many more. */
import { describe, expect, it } from 'vitest';
import type { DType } from '../dtype.ts';
import { formatArray } from './print.ts';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const f = Math.fround;

describe('str', () => {
  it.each<[number[], DType, string]>([
    [[f(0.1), f(0.36132812)], 'float32', '[0.1        0.36132812]'],
    [[0.001953125], 'float64', '[0.00195312]'],
    [[1e6, 1], 'float32', '[1.e+06 1.e+00]'],
    [[1e6, 1e5], 'float64', '[1000000.  100000.]'],
    [[f(2.11783877e11), f(-1.747721e10)], 'float32', '[ 2.1178388e+11 -1.7477210e+10]'],
    [[nan, -inf, 1.5], 'float32', '[ nan -inf  1.5]'],
    [[nan, inf], 'float32', '[nan inf]'],
    [[0, -0], 'float64', '[ 0. -0.]'],
    [[1, 1], 'bool', '[ True  True]'],
    [[-5, 100], 'int32', '[ -5 100]'],
    [[], 'float32', '[]'],
  ])('%o %s', (data, dtype, want) => {
    expect(formatArray(data, [data.length], dtype)).toBe(want);
  });
  it.each<[number, DType, string]>([
    [f(0.1), 'float32', '0.1'],
    [f(1234567), 'float32', '1.234567e+06'],
    [1e16, 'float64', '1e+16'],
    [123456789, 'float64', '123456789.0'],
    [-0, 'float64', '-0.0'],
    [1, 'bool', 'True'],
    [7, 'uint8', '7'],
  ])('of the number %s as %s', (v, dtype, want) => {
    expect(formatArray([v], [], dtype)).toBe(want);
  });
  it('breaks lines and leaves out the middle', () => {
    const long = Array.from({ length: 2000 }, (_, i) => i);
    expect(formatArray(long, [2000], 'int32')).toBe('[   0    1    2 ... 1997 1998 1999]');
    expect(formatArray(long, [2, 1000], 'int32')).toBe(
      '[[   0    1    2 ...  997  998  999]\n [1000 1001 1002 ... 1997 1998 1999]]',
    );
    expect(formatArray(long.slice(0, 30), [30], 'int32')).toBe(
      '[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23\n 24 25 26 27 28 29]',
    );
    expect(formatArray([1, 2, 3, 4], [2, 1, 2], 'int32')).toBe('[[[1 2]]\n\n [[3 4]]]');
  });
});

describe('repr', () => {
  it.each<[number[], number[], DType, string]>([
    [[1, 2], [2], 'float32', 'array([1., 2.], dtype=float32)'],
    [[1, 2], [2], 'float64', 'array([1., 2.])'],
    [[1], [], 'float32', 'array(1., dtype=float32)'],
    [[], [0, 3], 'float32', 'array([], shape=(0, 3), dtype=float32)'],
    [[1, 0], [2, 1], 'bool', 'array([[ True],\n       [False]])'],
  ])('%o %o %s', (data, shape, dtype, want) => {
    expect(formatArray(data, shape, dtype, 'repr')).toBe(want);
  });
});
