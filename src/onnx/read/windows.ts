/** Convolutions and pooling, over images [N, C, ...spatial]. */
import { lax, type Value } from '../../graph/index.ts';
import { dilated } from '../../graph/primitives/window.ts';
import type { Call, Op, Ops } from './call.ts';
import { along, like, mean } from './values.ts';

type Pads = [number, number][];

interface Geometry {
  readonly kernel: readonly number[];
  readonly strides: number[];
  readonly dilations: number[];
  readonly pads: Pads;
}

function list(c: Call, name: string, rank: number, otherwise: number): number[] {
  const given = c.ints(name) ?? Array.from({ length: rank }, () => otherwise);
  if (given.length !== rank || given.some((n) => !Number.isInteger(n) || n < otherwise))
    throw c.fail(`has ${name} [${given.slice(0, 8)}] for ${rank} spatial dimensions`);
  return given;
}

function geometry(c: Call, x: Value, kernel: readonly number[]): Geometry {
  const spatial = x.shape.slice(2);
  const rank = spatial.length;
  if (rank < 1 || kernel.length !== rank || kernel.some((n) => n < 1))
    throw c.fail(`has a window [${kernel}] over an image of shape (${x.shape})`);
  const strides = list(c, 'strides', rank, 1);
  const dilations = list(c, 'dilations', rank, 1);
  const auto = c.string('auto_pad', 'NOTSET');
  const given = list(c, 'pads', 2 * rank, 0);
  const pads = spatial.map((n, d): [number, number] => {
    if (auto === 'VALID') return [0, 0];
    if (auto === 'NOTSET') return [given[d], given[d + rank]];
    const out = Math.ceil(n / strides[d]);
    const all = Math.max(0, (out - 1) * strides[d] + dilated(kernel[d], dilations[d]) - n);
    const less = Math.floor(all / 2);
    return auto === 'SAME_LOWER' ? [all - less, less] : [less, all - less];
  });
  return { kernel, strides, dilations, pads };
}

/** Images [N, C, ...] and kernels [O, C / groups, ...]. */
function layouts(rank: number) {
  const spatial = Array.from({ length: rank }, (_, i) => i + 2);
  const layout = { batch: 0, feature: 1, spatial };
  return { lhs: layout, rhs: layout, out: layout };
}

function biased(c: Call, y: Value, b: Value | undefined): Value {
  if (b && b.shape.length !== 1) throw c.fail('has a bias that is no list');
  return b ? lax.add(y, along(b, y.shape, 1)) : y;
}

const conv: Op = (c) => {
  const [x, w] = [c.get(0), c.get(1)];
  const g = geometry(c, x, c.ints('kernel_shape') ?? w.shape.slice(2));
  const y = lax.convGeneralDilated(x, w, {
    strides: g.strides,
    padding: g.pads,
    rhsDilation: g.dilations,
    featureGroupCount: c.int('group', 1),
    layouts: layouts(g.kernel.length),
  });
  return biased(c, y, c.inputs[2]);
};

/** A convolution over the input spread out by the strides, with the kernel turned around. */
const convTranspose: Op = (c) => {
  const [x, w] = [c.get(0), c.get(1)];
  const rank = x.shape.length - 2;
  const groups = c.int('group', 1);
  const kernel = w.shape.slice(2);
  const strides = list(c, 'strides', rank, 1);
  const dilations = list(c, 'dilations', rank, 1);
  const extra = list(c, 'output_padding', rank, 0);
  const given = list(c, 'pads', 2 * rank, 0);
  const auto = c.string('auto_pad', 'NOTSET');
  const wanted = c.ints('output_shape')?.slice(-rank);
  const reach = kernel.map((k, d) => dilated(k, dilations[d]));
  const pads = kernel.map((_, d): [number, number] => {
    const full = strides[d] * (x.shape[d + 2] - 1) + extra[d] + reach[d];
    const target =
      wanted?.[d] ?? (auto.startsWith('SAME') ? x.shape[d + 2] * strides[d] : undefined);
    if (target === undefined) return auto === 'VALID' ? [0, 0] : [given[d], given[d + rank]];
    const all = full - target;
    const half = Math.floor(all / 2);
    return auto === 'SAME_UPPER' ? [half, all - half] : [all - half, half];
  });
  const [ci, co] = w.shape;
  const behind = kernel.map((_, i) => i + 2);
  // [groups * i, o, ...] to [groups * o, i, ...], turned around.
  const apart = lax.reshape(lax.reverse(w, behind), c.sizes([groups, ci / groups, co, ...kernel]));
  const swapped = lax.transpose(apart, [0, 2, 1, ...behind.map((d) => d + 1)]);
  const turned = lax.reshape(swapped, [groups * co, ci / groups, ...kernel]);
  const y = lax.convGeneralDilated(x, turned, {
    strides: strides.map(() => 1),
    padding: pads.map(([lo, hi], d): [number, number] => [
      reach[d] - 1 - lo,
      reach[d] - 1 - hi + extra[d],
    ]),
    lhsDilation: strides,
    rhsDilation: dilations,
    featureGroupCount: groups,
    layouts: layouts(rank),
  });
  return biased(c, y, c.inputs[2]);
};

/** With ceil_mode a last window may begin inside and end outside. */
function ceiled(c: Call, x: Value, g: Geometry): Pads {
  if (!c.flag('ceil_mode', false)) return g.pads;
  return g.pads.map(([lo, hi], d): [number, number] => {
    const n = x.shape[d + 2];
    const reach = dilated(g.kernel[d], g.dilations[d]);
    let count = Math.ceil((n + lo + hi - reach) / g.strides[d]) + 1;
    if ((count - 1) * g.strides[d] >= n + lo) count--;
    return [lo, Math.max(hi, (count - 1) * g.strides[d] + reach - n - lo)];
  });
}

function windowSum(x: Value, op: 'max' | 'sum', g: Geometry, pads: Pads): Value {
  return lax.reduceWindow(x, op, {
    window: [1, 1, ...g.kernel],
    strides: [1, 1, ...g.strides],
    padding: [[0, 0], [0, 0], ...pads],
    windowDilation: [1, 1, ...g.dilations],
  });
}

/** A window is an expression of its elements: enormous ones are refused. */
function poolGeometry(c: Call): Geometry {
  const kernel = c.ints('kernel_shape') ?? [];
  const g = geometry(c, c.get(0), kernel);
  const taps = kernel.reduce((a, b) => a * b, 1);
  const { shape } = c.get(0);
  const reach = shape.slice(2).map((n, d) => n + g.pads[d][0] + g.pads[d][1]);
  c.sizes([...shape.slice(0, 2), ...reach]);
  if (taps > 2 ** 16 || kernel.some((k, d) => k > reach[d] + g.strides[d]))
    throw c.fail(`has a window [${kernel}] too large for an image of shape (${shape})`);
  return g;
}

const maxPool: Op = (c) => {
  if (c.outputs > 1) throw c.fail('gives positions as well, which is not read', 'onnx-op');
  const x = c.get(0);
  const g = poolGeometry(c);
  const narrow = x.dtype === 'uint8' || x.dtype === 'bool';
  const y = windowSum(narrow ? lax.convert(x, 'int32') : x, 'max', g, ceiled(c, x, g));
  return lax.convert(y, x.dtype);
};

const averagePool: Op = (c) => {
  const x = c.get(0);
  const g = poolGeometry(c);
  const pads = ceiled(c, x, g);
  const sum = windowSum(x, 'sum', g, pads);
  // What ceil_mode adds beyond the padding never counts.
  let ones = lax.full(x.shape, 1, x.dtype);
  let rest = pads;
  if (c.flag('count_include_pad', false)) {
    const [low, high] = [g.pads.map(([lo]) => lo), g.pads.map(([, hi]) => hi)];
    ones = lax.pad(ones, 1, [0, 0, ...low], [0, 0, ...high]);
    rest = pads.map(([lo, hi], d): [number, number] => [lo - low[d], hi - high[d]]);
  }
  return lax.div(sum, windowSum(ones, 'sum', g, rest));
};

const lpPool: Op = (c) => {
  const x = c.get(0);
  const g = poolGeometry(c);
  const p = c.int('p', 2);
  const powered = lax.pow(lax.abs(x), like(x, p));
  const sum = windowSum(powered, 'sum', g, ceiled(c, x, g));
  return lax.pow(sum, like(sum, 1 / p));
};

function overSpace(c: Call, f: (x: Value, axes: number[]) => Value): Value {
  const x = c.get(0);
  const axes = x.shape.map((_, d) => d).slice(2);
  return lax.reshape(
    f(x, axes),
    x.shape.map((n, d) => (d < 2 ? n : 1)),
  );
}

/** Divided by a power of the mean square over neighbouring features. */
const lrn: Op = (c) => {
  const x = c.get(0);
  const size = c.int('size', 1);
  const rank = x.shape.length;
  const one = x.shape.map(() => 1);
  const lo = Math.floor((size - 1) / 2);
  if (size < 1 || size > 2 ** 12) throw c.fail(`has size ${size}`);
  const sum = lax.reduceWindow(lax.mul(x, x), 'sum', {
    window: one.map((_, d) => (d === 1 ? size : 1)),
    strides: one,
    padding: Array.from({ length: rank }, (_, d): [number, number] =>
      d === 1 ? [lo, size - 1 - lo] : [0, 0],
    ),
  });
  const scaled = lax.mul(sum, like(sum, c.float('alpha', 1e-4) / size));
  const base = lax.add(scaled, like(sum, c.float('bias', 1)));
  return lax.div(x, lax.pow(base, like(base, c.float('beta', 0.75))));
};

export const windows: Ops = {
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: maxPool,
  AveragePool: averagePool,
  LpPool: lpPool,
  GlobalAveragePool: (c) => overSpace(c, mean),
  GlobalMaxPool: (c) => overSpace(c, lax.reduceMax),
  LRN: lrn,
};
