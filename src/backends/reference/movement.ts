/** Primitives that move elements: for each output index, where its element comes from. */
import type { Aval } from '../../graph/graph.ts';
import { sizeOf, stridesOf } from '../../shape.ts';
import { forEachIndex, type NDArray, offset, type Table } from './values.ts';

/** Fills the output by reading `x` at `from(index)`. */
function moved(
  x: NDArray,
  out: Aval,
  from: (index: readonly number[]) => number[],
): Float64Array[] {
  const data = new Float64Array(sizeOf(out.shape));
  const strides = stridesOf(x.shape);
  forEachIndex(out.shape, (index, p) => {
    data[p] = x.data[offset(from(index), strides)];
  });
  return [data];
}

type Ints = readonly number[];

export const movement: Table = {
  broadcast_in_dim([x], attrs, [out]) {
    const dimensions = attrs.dimensions as Ints;
    return moved(x, out, (index) => dimensions.map((d, i) => (x.shape[i] === 1 ? 0 : index[d])));
  },

  reshape: ([x]) => [x.data.slice()],

  transpose([x], attrs, [out]) {
    const permutation = attrs.permutation as Ints;
    return moved(x, out, (index) => {
      const from = new Array<number>(index.length);
      permutation.forEach((d, i) => {
        from[d] = index[i];
      });
      return from;
    });
  },

  reverse([x], attrs, [out]) {
    const dimensions = attrs.dimensions as Ints;
    return moved(x, out, (index) =>
      index.map((i, d) => (dimensions.includes(d) ? x.shape[d] - 1 - i : i)),
    );
  },

  slice([x], attrs, [out]) {
    const start = attrs.start as Ints;
    const strides = attrs.strides as Ints;
    return moved(x, out, (index) => index.map((i, d) => start[d] + i * strides[d]));
  },

  /** Each element of x goes to low + index * (interior + 1); what falls outside is cropped. */
  pad([x, value], attrs, [out]) {
    const low = attrs.low as Ints;
    const interior = attrs.interior as Ints;
    const data = new Float64Array(sizeOf(out.shape)).fill(value.data[0]);
    const strides = stridesOf(out.shape);
    forEachIndex(x.shape, (index, p) => {
      const to = index.map((i, d) => low[d] + i * (interior[d] + 1));
      if (to.every((i, d) => i >= 0 && i < out.shape[d])) data[offset(to, strides)] = x.data[p];
    });
    return [data];
  },

  concatenate(inputs, attrs, [out]) {
    const dimension = attrs.dimension as number;
    const data = new Float64Array(sizeOf(out.shape));
    const strides = stridesOf(out.shape);
    let start = 0;
    for (const x of inputs) {
      forEachIndex(x.shape, (index, p) => {
        data[offset(index, strides) + start * strides[dimension]] = x.data[p];
      });
      start += x.shape[dimension];
    }
    return [data];
  },
};
