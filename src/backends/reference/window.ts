/** Convolution and sliding windows, by their definitions. */
import type { ConvSpec } from '../../graph/primitives/conv.ts';
import type { WindowSpec } from '../../graph/primitives/window.ts';
import { sizeOf, stridesOf } from '../../shape.ts';
import { forEachIndex, type NDArray, offset, type Table, wrap } from './values.ts';

/** Where element `p` of an array laid out at distance `dilation` comes from; -1: between or outside. */
function source(p: number, n: number, dilation: number): number {
  return p >= 0 && p % dilation === 0 && p / dilation < n ? p / dilation : -1;
}

/** Visits the elements of window `o`: their position in x, and their row-major place in the window. */
function window(
  x: NDArray,
  a: WindowSpec,
  o: readonly number[],
  fn: (position: number, place: number) => void,
): void {
  const strides = stridesOf(x.shape);
  forEachIndex(a.window, (tap, place) => {
    const at = tap.map((t, d) =>
      source(
        o[d] * a.strides[d] + t * a.windowDilation[d] - a.padding[d][0],
        x.shape[d],
        a.baseDilation[d],
      ),
    );
    if (!at.includes(-1)) fn(offset(at, strides), place);
  });
}

const starts: Record<string, [float: number, int: number, uint: number]> = {
  max: [Number.NEGATIVE_INFINITY, -(2 ** 31), 0],
  min: [Number.POSITIVE_INFINITY, 2 ** 31 - 1, 2 ** 32 - 1],
  sum: [0, 0, 0],
};

export const windows: Table = {
  conv_general_dilated([x, w], attrs, [out]) {
    const a = attrs as unknown as ConvSpec;
    const data = new Float64Array(sizeOf(out.shape));
    const [sx, sw] = [stridesOf(x.shape), stridesOf(w.shape)];
    const taps = a.rhs.spatial.map((d) => w.shape[d]);
    const features = w.shape[a.rhs.feature];
    const batch = out.shape[a.out.batch];
    const perFeatureGroup = out.shape[a.out.feature] / a.featureGroupCount;
    const perBatchGroup = out.shape[a.out.feature] / a.batchGroupCount;
    forEachIndex(out.shape, (index, p) => {
      const o = index[a.out.feature];
      const n = index[a.out.batch] + Math.floor(o / perBatchGroup) * batch;
      const firstFeature = Math.floor(o / perFeatureGroup) * features;
      forEachIndex(taps, (tap) => {
        let px = n * sx[a.lhs.batch] + firstFeature * sx[a.lhs.feature];
        let pw = o * sw[a.rhs.batch];
        for (let i = 0; i < tap.length; i++) {
          const at = source(
            index[a.out.spatial[i]] * a.strides[i] + tap[i] * a.rhsDilation[i] - a.padding[i][0],
            x.shape[a.lhs.spatial[i]],
            a.lhsDilation[i],
          );
          if (at < 0) return;
          px += at * sx[a.lhs.spatial[i]];
          pw += tap[i] * sw[a.rhs.spatial[i]];
        }
        for (let f = 0; f < features; f++)
          data[p] += x.data[px + f * sx[a.lhs.feature]] * w.data[pw + f * sw[a.rhs.feature]];
      });
    });
    return [data];
  },

  reduce_window([x], attrs, [out]) {
    const a = attrs as unknown as WindowSpec & { op: 'max' | 'min' | 'sum' };
    const start = starts[a.op][x.dtype === 'int32' ? 1 : x.dtype === 'uint32' ? 2 : 0];
    const data = new Float64Array(sizeOf(out.shape)).fill(start);
    forEachIndex(out.shape, (o, p) => {
      window(x, a, o, (at) => {
        data[p] =
          a.op === 'sum' ? wrap(x.dtype, data[p] + x.data[at]) : Math[a.op](data[p], x.data[at]);
      });
    });
    return [data];
  },

  arg_window([x], attrs, [out]) {
    const a = attrs as unknown as WindowSpec & { op: 'max' | 'min' };
    const data = new Float64Array(sizeOf(out.shape)).fill(-1);
    forEachIndex(out.shape, (o, p) => {
      let best = 0;
      window(x, a, o, (at, place) => {
        const v = x.data[at];
        if (data[p] >= 0 && !(a.op === 'max' ? v > best : v < best)) return;
        best = v;
        data[p] = place;
      });
    });
    return [data];
  },

  window_scatter_add([from, places], attrs, [out]) {
    const a = attrs as unknown as WindowSpec;
    const data = new Float64Array(sizeOf(out.shape));
    forEachIndex(from.shape, (o, p) => {
      window({ ...out, data }, a, o, (at, place) => {
        if (place === places.data[p]) data[at] += from.data[p];
      });
    });
    return [data];
  },

  window_gather([x, places], attrs, [out]) {
    const a = attrs as unknown as WindowSpec;
    const data = new Float64Array(sizeOf(out.shape));
    forEachIndex(out.shape, (o, p) => {
      window(x, a, o, (at, place) => {
        if (place === places.data[p]) data[p] = x.data[at];
      });
    });
    return [data];
  },
};
