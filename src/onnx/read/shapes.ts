/** Operations that move data, and arithmetic of shapes. */
import { lax, type Value } from '../../graph/index.ts';
import type { Call, Op, Ops } from './call.ts';
import { commonShape, slice1 } from './values.ts';

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

const reshape: Op = (c) => {
  const x = c.get(0);
  const given = c.opset < 5 ? (c.ints('shape') ?? []) : c.host(1);
  const copies = !c.flag('allowzero', false);
  const shape = given.map((n, d) => (n === 0 && copies ? (x.shape[d] ?? 0) : n));
  const open = shape.indexOf(-1);
  if (open >= 0) shape[open] = size(x.shape) / Math.max(1, size(without(shape, open)));
  return lax.reshape(x, c.sizes(shape, x.dtype));
};
const without = (list: readonly number[], d: number): number[] => list.filter((_, i) => i !== d);

/** Axes given by attribute in old versions, by operand since `version`. */
function axesOf(c: Call, version: number, operand: number): number[] | undefined {
  if (c.opset < version) return c.ints('axes');
  return c.has(operand) ? c.host(operand) : undefined;
}

const squeeze: Op = (c) => {
  const x = c.get(0);
  const given = axesOf(c, 13, 1) ?? x.shape.flatMap((n, d) => (n === 1 ? [d] : []));
  const axes = c.axes(given, x.shape.length);
  return lax.reshape(
    x,
    x.shape.filter((_, d) => !axes.includes(d)),
  );
};

const unsqueeze: Op = (c) => {
  const x = c.get(0);
  const given = axesOf(c, 13, 1) ?? [];
  const rank = x.shape.length + given.length;
  const axes = c.axes(given, rank);
  let i = 0;
  return lax.reshape(
    x,
    c.sizes(Array.from({ length: rank }, (_, d) => (axes.includes(d) ? 1 : x.shape[i++]))),
  );
};

const flatten: Op = (c) => {
  const x = c.get(0);
  const given = c.int('axis', 1);
  const axis = given < 0 ? given + x.shape.length : given;
  return lax.reshape(x, [size(x.shape.slice(0, axis)), size(x.shape.slice(axis))]);
};

const transpose: Op = (c) => {
  const x = c.get(0);
  return lax.transpose(x, c.ints('perm') ?? x.shape.map((_, d) => d).reverse());
};

const concat: Op = (c) => {
  const xs = c.all;
  const axis = c.axis(c.int('axis', 1), xs[0].shape.length);
  const total = xs.reduce((n, x) => n + (x.shape[axis] ?? 0), 0);
  c.sizes(xs[0].shape.map((n, d) => (d === axis ? total : n)));
  return lax.concatenate(xs, axis);
};

const split: Op = (c) => {
  const x = c.get(0);
  const axis = c.axis(c.int('axis', 0), x.shape.length);
  const n = x.shape[axis];
  const count = c.opset >= 18 ? c.int('num_outputs', c.outputs) : c.outputs;
  const even = Math.ceil(n / count);
  const parts =
    (c.opset < 13 ? c.ints('split') : c.has(1) ? c.host(1) : undefined) ??
    Array.from({ length: count }, (_, i) => Math.max(0, Math.min(even, n - i * even)));
  if (parts.reduce((a, b) => a + b, 0) !== n || parts.some((p) => p < 0))
    throw c.fail(`cuts ${n} into ${parts.join(' + ')}`);
  let at = 0;
  return parts.map((p) => {
    at += p;
    return slice1(x, axis, at - p, at);
  });
};

/** Start, end and step along a dimension of `n`, as Python has them. */
function sliceAlong(x: Value, axis: number, start: number, end: number, step: number): Value {
  const n = x.shape[axis];
  const from = (p: number): number => (p < 0 ? p + n : p);
  const clamp = (p: number, lo: number, hi: number): number => Math.min(Math.max(p, lo), hi);
  if (step > 0) {
    const a = clamp(from(start), 0, n);
    const b = Math.max(a, clamp(from(end), 0, n));
    return lax.slice(
      x,
      x.shape.map((_, d) => (d === axis ? a : 0)),
      x.shape.map((m, d) => (d === axis ? b : m)),
      x.shape.map((_, d) => (d === axis ? step : 1)),
    );
  }
  // Backwards: the same places counted from the other side.
  const a = n - 1 - clamp(from(start), -1, n - 1);
  const b = n - 1 - clamp(end <= -(2 ** 31) ? -1 : from(end), -1, n - 1);
  const turned = lax.reverse(x, [axis]);
  return lax.slice(
    turned,
    x.shape.map((_, d) => (d === axis ? a : 0)),
    x.shape.map((m, d) => (d === axis ? Math.max(a, b) : m)),
    x.shape.map((_, d) => (d === axis ? -step : 1)),
  );
}

const slice: Op = (c) => {
  let x = c.get(0);
  const old = c.opset < 10;
  const starts = old ? (c.ints('starts') ?? []) : c.host(1);
  const ends = old ? (c.ints('ends') ?? []) : c.host(2);
  const axes = (old ? c.ints('axes') : c.has(3) ? c.host(3) : undefined) ?? starts.map((_, i) => i);
  const steps = old ? starts.map(() => 1) : c.hostOr(4, () => starts.map(() => 1));
  axes.forEach((a, i) => {
    const step = steps[i];
    if (step === undefined || step === 0 || ends[i] === undefined || starts[i] === undefined)
      throw c.fail('needs a start, an end and a step other than 0 for each axis');
    x = sliceAlong(x, c.axis(a, x.shape.length), starts[i], ends[i], step);
  });
  return x;
};

const expand: Op = (c) => {
  const x = c.get(0);
  return lax.broadcastTo(x, commonShape(c, [x.shape, c.sizes(c.host(1), x.dtype)]));
};

const tile: Op = (c) => {
  let x = c.get(0);
  const repeats = c.host(1);
  if (repeats.length !== x.shape.length)
    throw c.fail('needs a number of repeats for each dimension');
  c.sizes(x.shape.map((n, d) => n * repeats[d]));
  repeats.forEach((r, d) => {
    const apart = [...x.shape.slice(0, d), 1, ...x.shape.slice(d)];
    const wide = apart.map((n, i) => (i === d ? r : n));
    const shape = x.shape.map((n, i) => (i === d ? n * r : n));
    x = lax.reshape(lax.broadcastTo(lax.reshape(x, apart), wide), shape);
  });
  return x;
};

const pad: Op = (c) => {
  let x = c.get(0);
  const rank = x.shape.length;
  const old = c.opset < 11;
  const pads = old ? (c.ints('pads') ?? c.ints('paddings') ?? []) : c.host(1);
  const axes = c.has(3) ? c.host(3).map((a) => c.axis(a, rank)) : x.shape.map((_, d) => d);
  if (pads.length !== 2 * axes.length)
    throw c.fail(`has ${pads.length} pads for ${axes.length} axes`);
  const [low, high] = [x.shape.map(() => 0), x.shape.map(() => 0)];
  axes.forEach((a, i) => {
    low[a] = pads[i];
    high[a] = pads[i + axes.length];
  });
  c.sizes(
    x.shape.map((n, d) => n + low[d] + high[d]),
    x.dtype,
  );
  const mode = c.string('mode', 'constant');
  if (mode === 'constant') {
    const number = c.inputs[2];
    const fill = number
      ? lax.reshape(number, [])
      : lax.scalar(old ? c.float('value', 0) : 0, x.dtype);
    return lax.padWith(
      x,
      fill,
      low,
      high,
      low.map(() => 0),
    );
  }
  for (let d = 0; d < rank; d++) {
    const n = x.shape[d];
    if (low[d] === 0 && high[d] === 0) continue;
    if (n === 0) throw c.fail('pads an empty dimension');
    const places = Array.from({ length: n + low[d] + high[d] }, (_, i) =>
      mirrored(i - low[d], n, mode),
    );
    if (places.includes(undefined)) throw c.fail(`has an unknown mode "${mode}"`);
    x = lax.take(x, c.building.integers(places as number[]), d);
  }
  return x;
};

/** Where an element beyond the edge is taken from. */
function mirrored(i: number, n: number, mode: string): number | undefined {
  if (mode === 'edge') return Math.min(Math.max(i, 0), n - 1);
  if (mode === 'wrap') return ((i % n) + n) % n;
  if (mode !== 'reflect') return undefined;
  const period = Math.max(1, 2 * (n - 1));
  const p = ((i % period) + period) % period;
  return p < n ? p : period - p;
}

const depthToSpace: Op = (c) => {
  const x = c.get(0);
  const [n, ch, h, w] = x.shape;
  const b = c.int('blocksize', 1);
  const dcr = c.string('mode', 'DCR') === 'DCR';
  const cut = dcr ? [n, b, b, ch / (b * b), h, w] : [n, ch / (b * b), b, b, h, w];
  const perm = dcr ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3];
  return lax.reshape(lax.transpose(lax.reshape(x, c.sizes(cut)), perm), [
    n,
    ch / (b * b),
    h * b,
    w * b,
  ]);
};
const spaceToDepth: Op = (c) => {
  const x = c.get(0);
  const [n, ch, h, w] = x.shape;
  const b = c.int('blocksize', 1);
  const cut = lax.reshape(x, c.sizes([n, ch, h / b, b, w / b, b]));
  const perm = c.string('mode', 'DCR') === 'DCR' ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4];
  return lax.reshape(lax.transpose(cut, perm), [n, ch * b * b, h / b, w / b]);
};

/** In predictions nothing is dropped. */
const dropout: Op = (c) => {
  if (c.has(2) && c.host(2)[0] !== 0) throw c.fail('is in training mode, which is not read');
  const x = c.get(0);
  return [x, lax.full(x.shape, 1, 'bool')];
};

export const shapes: Ops = {
  Reshape: reshape,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Flatten: flatten,
  Transpose: transpose,
  Concat: concat,
  Split: split,
  Slice: slice,
  Expand: expand,
  Tile: tile,
  Pad: pad,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Dropout: dropout,
};
