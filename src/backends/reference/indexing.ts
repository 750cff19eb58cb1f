/** Indexing by computed positions, as XLA defines it. */
import { isFloat } from '../../dtype.ts';
import { sizeOf, stridesOf } from '../../shape.ts';
import { clamp, forEachIndex, type NDArray, offset, type Table, wrap } from './values.ts';

type Ints = readonly number[];

/** The start of a window in each dimension, moved so that the window lies inside `shape`. */
function starts(scalars: readonly NDArray[], sizes: Ints, shape: Ints): number[] {
  return shape.map((n, d) => clamp(scalars[d].data[0], 0, n - sizes[d]));
}

const without = (rank: number, dims: Ints): number[] =>
  Array.from({ length: rank }, (_, d) => d).filter((d) => !dims.includes(d));

/** The index vector of `indices` at a batch position: its last dimension. */
function indexVector(indices: NDArray, batch: Ints): number[] {
  const n = indices.shape[indices.shape.length - 1];
  const base = offset([...batch, 0], stridesOf(indices.shape));
  return Array.from(indices.data.subarray(base, base + n));
}

const combine: Record<string, (old: number, update: number) => number> = {
  set: (_, u) => u,
  add: (x, u) => x + u,
  mul: (x, u) => x * u,
  min: Math.min,
  max: Math.max,
};

export const indexing: Table = {
  dynamic_slice([x, ...scalars], attrs, [out]) {
    const at = starts(scalars, attrs.sizes as Ints, x.shape);
    const strides = stridesOf(x.shape);
    const data = new Float64Array(sizeOf(out.shape));
    forEachIndex(out.shape, (index, p) => {
      data[p] = x.data[offset(index, strides) + offset(at, strides)];
    });
    return [data];
  },

  dynamic_update_slice([x, update, ...scalars]) {
    const at = starts(scalars, update.shape, x.shape);
    const strides = stridesOf(x.shape);
    const data = x.data.slice();
    forEachIndex(update.shape, (index, p) => {
      data[offset(index, strides) + offset(at, strides)] = update.data[p];
    });
    return [data];
  },

  gather([x, indices], attrs, [out]) {
    const { offsetDims, collapsedDims, startIndexMap, sliceSizes } = attrs as Record<string, Ints>;
    const batchDims = without(out.shape.length, offsetDims);
    const windowDims = without(x.shape.length, collapsedDims);
    const strides = stridesOf(x.shape);
    const data = new Float64Array(sizeOf(out.shape));
    forEachIndex(out.shape, (index, p) => {
      const at = x.shape.map(() => 0);
      windowDims.forEach((d, i) => {
        at[d] = index[offsetDims[i]];
      });
      const vector = indexVector(
        indices,
        batchDims.map((d) => index[d]),
      );
      const last = startIndexMap.map((d) => x.shape[d] - sliceSizes[d]);
      startIndexMap.forEach((d, k) => {
        at[d] += clamp(vector[k], 0, last[k]);
      });
      const leaves = vector.some((i, k) => i < 0 || i > last[k]);
      data[p] =
        attrs.fill !== undefined && leaves ? (attrs.fill as number) : x.data[offset(at, strides)];
    });
    return [data];
  },

  scatter([x, indices, updates], attrs) {
    const { windowDims, insertedDims, indexMap } = attrs as Record<string, Ints>;
    const op = attrs.op as string;
    const batchDims = without(updates.shape.length, windowDims);
    const operandDims = without(x.shape.length, insertedDims);
    const sizes = x.shape.map(() => 1);
    operandDims.forEach((d, i) => {
      sizes[d] = updates.shape[windowDims[i]];
    });
    const strides = stridesOf(x.shape);
    const data = x.data.slice();
    forEachIndex(updates.shape, (index, p) => {
      const start = x.shape.map(() => 0);
      const vector = indexVector(
        indices,
        batchDims.map((d) => index[d]),
      );
      indexMap.forEach((d, k) => {
        start[d] = vector[k];
      });
      // A window that would leave the operand is skipped whole.
      if (start.some((s, d) => s < 0 || s + sizes[d] > x.shape[d])) return;
      operandDims.forEach((d, i) => {
        start[d] += index[windowDims[i]];
      });
      const at = offset(start, strides);
      const v =
        op === 'mul' && !isFloat(x.dtype)
          ? Math.imul(data[at], updates.data[p])
          : combine[op](data[at], updates.data[p]);
      data[at] = wrap(x.dtype, v);
    });
    return [data];
  },
};
