/** Shapes, parts, places: operations that move data, reductions and what comes from sizes alone. */
import { lax, type Value } from '../graph/index.ts';
import { kept, like, mean, positive, slice1, spread } from '../onnx/read/values.ts';
import type { Call, Op, Ops } from './call.ts';

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

const reshape: Op = (c) => {
  const x = c.get(0);
  const shape = c.host(1);
  const open = shape.indexOf(-1);
  const rest = size(shape.filter((_, d) => d !== open));
  return c.reshape(
    x,
    shape.map((n, d) => (d === open ? size(x.shape) / Math.max(1, rest) : n)),
  );
};

const squeeze: Op = (c) => {
  const x = c.get(0);
  const given = c.ints('squeeze_dims') ?? c.ints('axis') ?? [];
  const ones = x.shape.flatMap((n, d) => (n === 1 ? [d] : []));
  const axes = given.length > 0 ? c.axes(given, x.shape.length) : ones;
  return c.reshape(
    x,
    x.shape.filter((_, d) => !axes.includes(d)),
  );
};

const expandDims: Op = (c) => {
  const x = c.get(0);
  const axis = c.axis(c.host(1)[0], x.shape.length + 1);
  return c.reshape(x, [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)]);
};

function joined(c: Call, xs: readonly Value[], at: number): Value {
  if (xs.length === 0) throw c.fail('joins nothing');
  const axis = c.axis(at, xs[0].shape.length);
  c.sizes(
    xs[0].shape.map((n, d) => (d === axis ? xs.reduce((k, x) => k + (x.shape[d] ?? 0), 0) : n)),
  );
  return lax.concatenate(xs, axis);
}

const pack: Op = (c) => {
  const axis = c.axis(c.int('axis', 0), c.get(0).shape.length + 1);
  return joined(
    c,
    c.inputs.map((x) => c.reshape(x, [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)])),
    axis,
  );
};

const unpack: Op = (c) => {
  const x = c.get(0);
  const axis = c.axis(c.int('axis', 0), x.shape.length);
  return Array.from({ length: x.shape[axis] }, (_, i) =>
    c.reshape(
      slice1(x, axis, i, i + 1),
      x.shape.filter((_n, d) => d !== axis),
    ),
  );
};

function parts(c: Call, x: Value, at: number, sizes: readonly number[]): Value[] {
  const axis = c.axis(at, x.shape.length);
  const n = x.shape[axis];
  const known = sizes.reduce((a, b) => a + Math.max(0, b), 0);
  const all = sizes.map((k) => (k === -1 ? n - known : k));
  if (all.some((k) => k < 0) || all.reduce((a, b) => a + b, 0) !== n)
    throw c.fail(`cuts ${n} into ${sizes.slice(0, 16).join(' + ')}`);
  let from = 0;
  return all.map((k) => {
    from += k;
    return slice1(x, axis, from - k, from);
  });
}
const split: Op = (c) => {
  const count = c.int('num_split', 1);
  const x = c.get(1);
  const axis = c.axis(c.host(0)[0], x.shape.length);
  if (!(count >= 1 && count <= x.shape[axis])) throw c.fail(`cuts ${x.shape[axis]} into ${count}`);
  return parts(c, x, axis, new Array<number>(count).fill(x.shape[axis] / count));
};

const slice: Op = (c) => {
  const x = c.get(0);
  const [begin, sizes] = [c.host(1), c.host(2)];
  const end = x.shape.map((n, d) => (sizes[d] === -1 ? n : begin[d] + sizes[d]));
  if (end.some((e, d) => !(begin[d] >= 0 && e >= begin[d] && e <= x.shape[d])))
    throw c.fail(`takes [${begin}] to [${end}] of (${x.shape})`);
  return lax.slice(x, begin, end);
};

/** Python's x[a:b:c, ..., None, 3], its masks bit by bit. */
const stridedSlice: Op = (c) => {
  let x = c.get(0);
  const [begin, end, steps] = [c.host(1), c.host(2), c.host(3)];
  const bit = (name: string, i: number): boolean => ((c.int(name, 0) >> i) & 1) === 1;
  const real = begin.filter((_, i) => !bit('new_axis_mask', i) && !bit('ellipsis_mask', i)).length;
  const shape: number[] = [];
  let d = 0;
  begin.forEach((from, i) => {
    if (bit('ellipsis_mask', i)) {
      const skipped = x.shape.length - real;
      shape.push(...x.shape.slice(d, d + skipped));
      d += skipped;
      return;
    }
    if (bit('new_axis_mask', i)) {
      shape.push(1);
      return;
    }
    const n = x.shape[d];
    const step = steps[i];
    if (n === undefined || !step)
      throw c.fail(`takes parts of (${c.get(0).shape}) that there are not`);
    const at = (p: number): number => (p < 0 ? p + n : p);
    if (bit('shrink_axis_mask', i)) {
      const k = at(from);
      if (!(k >= 0 && k < n)) throw c.fail(`takes element ${from} of ${n}`);
      x = slice1(x, d, k, k + 1);
    } else {
      x = along(x, d, {
        from: bit('begin_mask', i) ? undefined : at(from),
        to: bit('end_mask', i) ? undefined : at(end[i]),
        step,
      });
      shape.push(x.shape[d]);
    }
    d++;
  });
  shape.push(...x.shape.slice(d));
  return c.reshape(x, shape);
};

function along(
  x: Value,
  axis: number,
  s: { from: number | undefined; to: number | undefined; step: number },
): Value {
  const n = x.shape[axis];
  const clamp = (p: number, lo: number, hi: number): number => Math.min(Math.max(p, lo), hi);
  const back = s.step < 0;
  // Backwards: the same places counted from the other side.
  const first = back ? n - 1 - clamp(s.from ?? n - 1, -1, n - 1) : clamp(s.from ?? 0, 0, n);
  const last = back ? n - 1 - clamp(s.to ?? -1, -1, n - 1) : clamp(s.to ?? n, 0, n);
  const y = back ? lax.reverse(x, [axis]) : x;
  const of = (value: number, otherwise: (n: number) => number): number[] =>
    x.shape.map((m, d) => (d === axis ? value : otherwise(m)));
  return lax.slice(
    y,
    of(first, () => 0),
    of(Math.max(first, last), (m) => m),
    of(Math.abs(s.step), () => 1),
  );
}

function padsOf(c: Call): { low: number[]; high: number[] } {
  const x = c.get(0);
  const pads = c.host(1);
  if (pads.length !== 2 * x.shape.length) throw c.fail(`has ${pads.length} pads for (${x.shape})`);
  const [low, high] = [0, 1].map((k) => x.shape.map((_, d) => pads[2 * d + k]));
  c.sizes(x.shape.map((n, d) => n + low[d] + high[d]));
  return { low, high };
}
const pad: Op = (c) => {
  const { low, high } = padsOf(c);
  const x = c.get(0);
  const fill = c.inputs[2] ? lax.reshape(c.inputs[2], []) : lax.scalar(0, x.dtype);
  return lax.padWith(
    x,
    fill,
    low,
    high,
    low.map(() => 0),
  );
};
const mirrorPad: Op = (c) => {
  const { low, high } = padsOf(c);
  const edge = c.string('mode') === 'SYMMETRIC' ? 1 : 0;
  return low.reduce((x, lo, d) => {
    const n = x.shape[d];
    if (lo === 0 && high[d] === 0) return x;
    if (Math.max(lo, high[d]) > n - 1 + edge)
      throw c.fail(`mirrors more than there is of (${x.shape})`);
    const places = Array.from({ length: n + lo + high[d] }, (_, i) => {
      const p = i - lo;
      if (p < 0) return -p - edge;
      return p < n ? p : 2 * n - 2 - p + edge;
    });
    return lax.take(x, c.building.integers(places), d);
  }, c.get(0));
};

const tile: Op = (c) => {
  const repeats = c.host(1);
  const whole = c.get(0);
  c.sizes(whole.shape.map((n, d) => n * repeats[d]));
  return repeats.reduce((x, r, d) => {
    const apart = c.reshape(x, [...x.shape.slice(0, d), 1, ...x.shape.slice(d)]);
    const wide = lax.broadcastTo(apart, c.sizes(apart.shape.map((n, i) => (i === d ? r : n))));
    return c.reshape(
      wide,
      x.shape.map((n, i) => (i === d ? n * r : n)),
    );
  }, whole);
};

const gather: Op = (c) => {
  const [x, indices] = [c.get(0), c.get(1)];
  if (c.int('batch_dims', 0) !== 0) throw c.fail('gathers by batch, which is not read', 'tfjs-op');
  const axis = c.axis(c.inputs[2] ? c.host(2)[0] : 0, x.shape.length);
  c.sizes([...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)]);
  return lax.take(x, positive(indices, x.shape[axis]), axis);
};

const oneHot: Op = (c) => {
  const indices = c.get(0);
  const [depth] = c.host(1);
  const rank = indices.shape.length + 1;
  const axis = c.axis(c.int('axis', -1), rank);
  const shape = c.sizes([...indices.shape.slice(0, axis), depth, ...indices.shape.slice(axis)]);
  const dims = indices.shape.map((_, d) => (d < axis ? d : d + 1));
  const hit = lax.eq(lax.broadcastInDim(indices, shape, dims), lax.iota(shape, axis, 'int32'));
  const [on, off] = [c.get(2), c.get(3)].map((v) => lax.broadcastTo(lax.reshape(v, []), shape));
  return lax.select(hit, on, off);
};

const range: Op = (c) => {
  const [[start], [limit], [step]] = [c.host(0), c.host(1), c.host(2)];
  if (!Number.isFinite(start + limit + step) || step === 0)
    throw c.fail(`cannot count from ${start} to ${limit} by ${step}`);
  const [n] = c.sizes([Math.max(0, Math.ceil((limit - start) / step))]);
  const steps = lax.iota([n], 0, c.get(0).dtype);
  return lax.add(lax.mul(steps, like(steps, step)), like(steps, start));
};

function reduction(f: (x: Value, axes: readonly number[]) => Value): Op {
  return (c) => {
    const x = c.get(0);
    const axes = c.axes(c.host(1), x.shape.length);
    const y = axes.length === 0 ? x : f(x, axes);
    return c.flag('keep_dims', c.flag('keepdims')) ? kept(y, x.shape, axes) : y;
  };
}
const place =
  (f: (x: Value, axis: number) => Value): Op =>
  (c) =>
    f(c.get(0), c.axis(c.inputs[1] ? c.host(1)[0] : 0, c.get(0).shape.length));

const softmax: Op = (c) => {
  const x = c.get(0);
  const axis = [x.shape.length - 1];
  const e = lax.exp(lax.sub(x, spread(lax.reduceMax(x, axis), x.shape, axis)));
  return lax.div(e, spread(lax.reduceSum(e, axis), x.shape, axis));
};
const logSoftmax: Op = (c) => {
  const x = c.get(0);
  const axis = [x.shape.length - 1];
  const shifted = lax.sub(x, spread(lax.reduceMax(x, axis), x.shape, axis));
  return lax.sub(shifted, spread(lax.log(lax.reduceSum(lax.exp(shifted), axis)), x.shape, axis));
};

const cumsum: Op = (c) => {
  const x = c.get(0);
  const axis = c.axis(c.host(1)[0], x.shape.length);
  if (c.flag('exclusive')) throw c.fail('leaves out its own element, which is not read', 'tfjs-op');
  return lax.cumulative(x, axis, 'add', c.flag('reverse'));
};

const topK: Op = (c) => {
  const x = c.get(0);
  const [k] = c.host(1);
  if (!(k >= 0 && k <= (x.shape.at(-1) ?? 0))) throw c.fail(`takes ${k} of (${x.shape})`);
  return lax.topK(x, k);
};

/** Rows and columns by place, or weighed between two. */
const resize =
  (linear: boolean): Op =>
  (c) => {
    const sizes = c.host(1);
    const corners = c.flag('align_corners');
    const half = c.flag('half_pixel_centers');
    const start = c.get(0);
    if (start.shape.length !== 4 || sizes.length !== 2) throw c.fail('resizes what are no images');
    c.sizes([start.shape[0], sizes[0], sizes[1], start.shape[3]]);
    return sizes.reduce(
      (x, to, i) => {
        const d = i + 1;
        const from = x.shape[d];
        const scale = corners && to > 1 ? (from - 1) / (to - 1) : from / to;
        const inside = (p: number): number => Math.min(Math.max(p, 0), from - 1);
        const places = Array.from({ length: to }, (_, k) =>
          half ? (k + 0.5) * scale - (linear ? 0.5 : 0) : k * scale,
        );
        const take = (at: (p: number) => number): Value =>
          lax.take(x, c.building.integers(places.map((p) => inside(at(p)))), d);
        if (!linear) return take((p) => (corners ? Math.floor(p + 0.5) : Math.floor(p)));
        const share = c.building.constant({
          data: Float32Array.from(places, (p) => p - Math.floor(p)),
          shape: [to],
          dtype: 'float32',
        });
        const [low, high] = [take(Math.floor), take((p) => Math.floor(p) + 1)];
        const t = lax.broadcastInDim(share, [...low.shape], [d]);
        return lax.add(low, lax.mul(t, lax.sub(high, low)));
      },
      lax.convert(start, linear ? 'float32' : start.dtype),
    );
  };

/** Blocks of space as batches, as dilated convolutions were once written, and back. */
const spaceToBatch: Op = (c) => {
  const [block, pads] = [c.host(1), c.host(2)];
  let x = c.get(0);
  const high = x.shape.map((_, d) => pads[2 * (d - 1) + 1] ?? 0);
  const low = x.shape.map((_, d) => (d === 0 ? 0 : (pads[2 * (d - 1)] ?? 0)));
  high[0] = 0;
  c.sizes(x.shape.map((n, d) => n + low[d] + high[d]));
  x = lax.pad(x, 0, low, high);
  const m = block.length;
  const cut = block.flatMap((b, i) => [x.shape[i + 1] / b, b]);
  const rest = x.shape.slice(m + 1);
  const apart = c.reshape(x, [x.shape[0], ...cut, ...rest]);
  const perm = [
    ...block.map((_, i) => 2 * i + 2),
    0,
    ...block.map((_, i) => 2 * i + 1),
    ...rest.map((_, i) => 2 * m + 1 + i),
  ];
  return c.reshape(lax.transpose(apart, perm), [
    x.shape[0] * size(block),
    ...block.map((b, i) => x.shape[i + 1] / b),
    ...rest,
  ]);
};
const batchToSpace: Op = (c) => {
  const [block, crops] = [c.host(1), c.host(2)];
  const x = c.get(0);
  const m = block.length;
  const n = x.shape[0] / size(block);
  const space = x.shape.slice(1, m + 1);
  const rest = x.shape.slice(m + 1);
  const apart = c.reshape(x, [...block, n, ...space, ...rest]);
  const perm = [
    m,
    ...block.flatMap((_, i) => [m + 1 + i, i]),
    ...rest.map((_, i) => 2 * m + 1 + i),
  ];
  const wide = c.reshape(lax.transpose(apart, perm), [
    n,
    ...space.map((s, i) => s * block[i]),
    ...rest,
  ]);
  return space.reduce<Value>(
    (y, _, i) => slice1(y, i + 1, crops[2 * i], y.shape[i + 1] - crops[2 * i + 1]),
    wide,
  );
};

export const shapes: Ops = {
  Shape: (c) => c.building.integers([...c.get(0).shape]),
  Size: (c) => c.building.integers([size(c.get(0).shape)], []),
  Rank: (c) => c.building.integers([c.get(0).shape.length], []),
  Reshape: reshape,
  Squeeze: squeeze,
  ExpandDims: expandDims,
  Transpose: (c) => lax.transpose(c.get(0), c.host(1)),
  Concat: (c) => joined(c, c.inputs.slice(1), c.host(0)[0]),
  ConcatV2: (c) => joined(c, c.inputs.slice(0, -1), c.host(c.inputs.length - 1)[0]),
  Pack: pack,
  Unpack: unpack,
  Split: split,
  SplitV: (c) => parts(c, c.get(0), c.host(2)[0], c.host(1)),
  Slice: slice,
  StridedSlice: stridedSlice,
  Pad: pad,
  PadV2: pad,
  MirrorPad: mirrorPad,
  Tile: tile,
  BroadcastTo: (c) => lax.broadcastTo(c.get(0), c.sizes(c.host(1))),
  Fill: (c) => lax.broadcastTo(c.get(1), c.sizes(c.host(0))),
  Range: range,
  Gather: gather,
  GatherV2: gather,
  OneHot: oneHot,
  ReverseV2: (c) => lax.reverse(c.get(0), c.axes(c.host(1), c.get(0).shape.length)),
  TopKV2: topK,
  Sum: reduction(lax.reduceSum),
  Mean: reduction(mean),
  Prod: reduction(lax.reduceProd),
  Max: reduction(lax.reduceMax),
  Min: reduction(lax.reduceMin),
  All: reduction(lax.reduceAnd),
  Any: reduction(lax.reduceOr),
  ArgMax: place(lax.argmax),
  ArgMin: place(lax.argmin),
  Softmax: softmax,
  LogSoftmax: logSoftmax,
  Cumsum: cumsum,
  ResizeBilinear: resize(true),
  ResizeNearestNeighbor: resize(false),
  SpaceToBatchND: spaceToBatch,
  BatchToSpaceND: batchToSpace,
};
