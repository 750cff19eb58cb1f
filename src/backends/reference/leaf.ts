/** Values that come from nowhere else. */
import type { TypedArray } from '../../dtype.ts';
import { sizeOf } from '../../shape.ts';
import { convertNumber } from './elementwise.ts';
import { forEachIndex, type Table, wrap } from './values.ts';

export const leaf: Table = {
  constant(_, attrs, [out]) {
    const value = attrs.value as number;
    // The constant is an element of its dtype: 0.1 as float32 is the float32 next to 0.1.
    const v = out.dtype === 'bool' ? Number(value !== 0) : wrap(out.dtype, value);
    return [Float64Array.of(out.dtype === 'float32' ? Math.fround(v) : v)];
  },
  literal: (_, attrs) => [Float64Array.from(attrs.data as TypedArray)],
  iota(_, attrs, [out]) {
    const data = new Float64Array(sizeOf(out.shape));
    const dimension = attrs.dimension as number;
    forEachIndex(out.shape, (index, p) => {
      data[p] = convertNumber(index[dimension], 'int32', out.dtype);
    });
    return [data];
  },
};
