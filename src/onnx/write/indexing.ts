/**
 * Reading and writing at computed places. XLA's gather and scatter address windows; ONNX's GatherND and
 * ScatterND single elements and whole subarrays: so the places inside of a window become indices too.
 */
import type { Node, Value } from '../../graph/index.ts';
import type { GatherAttrs, ScatterAttrs } from '../../graph/primitives/indexing.ts';
import { elementType, elementTypeOf } from '../element-types.ts';
import { type Dim, linear, sameDim } from './dims.ts';
import { cast } from './elementwise.ts';
import type { Emitter, Rule, Rules } from './emitter.ts';
import { transposed } from './movement.ts';

/** One element of a list, or along the last dimension. */
function component(e: Emitter, indices: string, k: number, axis: number): string {
  return e.node('Gather', [indices, e.int64([k], [])], { axis });
}

interface Addressed {
  /** int64 [...batch, ...window, components]. */
  readonly indices: string;
  /** bool [...batch]: which windows lie inside. */
  readonly inside: string;
}

/**
 * Index vectors for the elements of windows that begin at `starts`. `dims` are the sizes that each
 * component addresses, `sizes` how long windows are along them, `along` those that have dimensions of
 * their own in the result.
 */
function address(
  e: Emitter,
  starts: Value,
  o: {
    readonly dims: readonly Dim[];
    readonly sizes: readonly number[];
    readonly along: readonly number[];
    /** What becomes of windows that leave the array: moved inside, or sent to the end of it. */
    readonly outside: 'clip' | 'end';
  },
): Addressed {
  const rank = starts.shape.length - 1;
  const wide = cast(e, e.whole(starts), elementType.int64);
  const zero = e.int64([0], []);
  let inside: string | undefined;
  const parts = o.dims.map((d, k) => {
    const last = e.count(linear(d, 1, -o.sizes[k]));
    const start = component(e, wide, k, rank);
    const here = e.node('And', [
      e.node('GreaterOrEqual', [start, zero]),
      e.node('LessOrEqual', [start, last]),
    ]);
    inside = inside === undefined ? here : e.node('And', [inside, here]);
    return e.node('Max', [e.node('Min', [start, last]), zero]);
  });
  // Each component gets dimensions for the windows, along its own of which it counts.
  const columns = parts.map((p, k) => {
    const axes = o.along.map((_, i) => rank + i);
    const open = axes.length === 0 ? p : e.node('Unsqueeze', [p, e.int64(axes)]);
    const at = o.along.indexOf(k);
    if (at < 0) return open;
    const shape = o.along.map((_, i) => (i === at ? o.sizes[k] : 1));
    const count = Array.from({ length: o.sizes[k] }, (_, i) => i);
    return e.node('Add', [open, e.int64(count, shape)]);
  });
  const moved = columns.map((c, k) => {
    if (o.outside === 'clip') return c;
    const axes = o.along.map((_, i) => rank + i);
    const mask = axes.length === 0 ? inside! : e.node('Unsqueeze', [inside!, e.int64(axes)]);
    return e.node('Where', [mask, c, e.count(o.dims[k])]);
  });
  const shape = e.ints([...e.dims(starts).slice(0, -1), ...o.along.map((k) => o.sizes[k])]);
  const scalar = rank + o.along.length === 0;
  const all = moved.map((c) => {
    const whole =
      scalar || (o.along.length === 0 && moved.length === 1) ? c : e.node('Expand', [c, shape]);
    return e.node('Unsqueeze', [whole, e.int64([-1])]);
  });
  const indices = all.length === 1 ? all[0] : e.node('Concat', all, { axis: -1 });
  return { indices, inside: inside! };
}

/** What of a window stands in which dimension, for gather and scatter alike. */
interface Layout {
  /** Dimensions of the operand that are addressed, in the order of the components. */
  readonly map: readonly number[];
  /** The other dimensions, in order. */
  readonly rest: readonly number[];
  readonly collapsed: readonly number[];
  readonly sizes: readonly number[];
}

/** Components whose windows are dimensions of the result, by the dimension that they address. */
function windowed(l: Layout): number[] {
  return l.map
    .map((_, k) => k)
    .filter((k) => !l.collapsed.includes(l.map[k]))
    .sort((p, q) => l.map[p] - l.map[q]);
}

/** From [...batch, ...windowed, ...rest] to where the window's dimensions stand: `offsets`. */
function order(l: Layout, batch: number, offsets: readonly number[]): number[] {
  const along = windowed(l);
  const source = (d: number): number => {
    const k = along.findIndex((c) => l.map[c] === d);
    return batch + (k >= 0 ? k : along.length + l.rest.indexOf(d));
  };
  const dims = [...along.map((k) => l.map[k]), ...l.rest].sort((p, q) => p - q);
  const perm: number[] = [];
  let b = 0;
  for (let d = 0; d < batch + offsets.length; d++) {
    const i = offsets.indexOf(d);
    perm.push(i >= 0 ? source(dims[i]) : b++);
  }
  return perm;
}

function layoutOf(
  rank: number,
  map: readonly number[],
  collapsed: readonly number[],
  sizes: readonly number[],
): Layout {
  const rest = Array.from({ length: rank }, (_, d) => d).filter((d) => !map.includes(d));
  return { map, rest, collapsed, sizes };
}

const gather: Rule = (e, node) => {
  const [x, starts] = node.inputs;
  const attrs = (n: Node): GatherAttrs => n.attrs as GatherAttrs;
  const given = attrs(node);
  const sizes = e.numbers(node, (n) => attrs(n).sliceSizes);
  const whole = e.dims(x);
  let source = e.whole(x);
  whole.forEach((n, d) => {
    if (!given.startIndexMap.includes(d) && !sameDim(sizes[d], n))
      source = e.node('Slice', [source, e.int64([0]), e.size(sizes[d]), e.int64([d])]);
  });
  // Dimensions that are neither addressed nor kept are cut to their first place, and left out.
  const gone = given.collapsedDims.filter((d) => !given.startIndexMap.includes(d));
  if (gone.length > 0) source = e.node('Squeeze', [source, e.int64(gone)]);
  const kept = <T>(list: readonly T[]): T[] => list.filter((_, d) => !gone.includes(d));
  const moved = (list: readonly number[]): number[] =>
    list.filter((d) => !gone.includes(d)).map((d) => d - gone.filter((g) => g < d).length);
  const dims = kept(whole);
  const a = {
    ...given,
    startIndexMap: moved(given.startIndexMap),
    collapsedDims: moved(given.collapsedDims),
    sliceSizes: kept(given.sliceSizes),
  };
  const l = layoutOf(dims.length, a.startIndexMap, a.collapsedDims, a.sliceSizes);
  const out = node.outputs[0];
  const [only] = l.map;
  const batch = starts.shape.length - 1;
  const simple = l.map.length === 1 && a.collapsedDims.length === 1 && a.collapsedDims[0] === only;
  const { indices, inside } = address(e, starts, {
    dims: l.map.map((d) => dims[d]),
    sizes: l.map.map((d) => a.sliceSizes[d]),
    along: windowed(l),
    outside: 'clip',
  });
  let taken: string;
  const offsets = a.offsetDims;
  const placed = offsets.every((d, i) => d === (i < only ? i : i + batch));
  if (simple && placed) {
    const flat = e.node('Squeeze', [indices, e.int64([-1])]);
    taken = e.node('Gather', [source, flat], { axis: only });
  } else {
    const front = transposed(e, source, [...l.map, ...l.rest]);
    taken = transposed(e, e.node('GatherND', [front, indices]), order(l, batch, offsets));
  }
  if (a.fill === undefined) return [e.made(taken, out)];
  const axes = [...offsets];
  const mask = axes.length === 0 ? inside : e.node('Unsqueeze', [inside, e.int64(axes)]);
  return [e.made(where(e, mask, taken, e.scalar(a.fill, x.dtype), x), out)];
};

/** Where for all types. */
function where(e: Emitter, mask: string, a: string, b: string, like: Value): string {
  if (like.dtype !== 'bool' && like.dtype !== 'uint32') return e.node('Where', [mask, a, b]);
  const to = like.dtype === 'bool' ? elementType.uint8 : elementType.int64;
  const chosen = e.node('Where', [mask, cast(e, a, to), cast(e, b, to)]);
  return cast(e, chosen, elementTypeOf[like.dtype]);
}

/**
 * ScatterND into an array with one more element along what is addressed: there go the windows that leave
 * the array, which XLA skips.
 */
const scatter: Rule = (e, node) => {
  const [x, starts, updates] = node.inputs;
  const a = node.attrs as ScatterAttrs;
  const dims = e.dims(x);
  const window = x.shape.map((_, d) => d).filter((d) => !a.insertedDims.includes(d));
  const lengths = e.dims(updates);
  const sizes = x.shape.map((_, d) => {
    const i = window.indexOf(d);
    return i < 0 ? 1 : lengths[a.windowDims[i]];
  });
  const l = layoutOf(x.shape.length, a.indexMap, a.insertedDims, []);
  const short = l.rest.some((d) => a.insertedDims.includes(d) || !sameDim(sizes[d], dims[d]));
  const open = l.map.some((d) => typeof sizes[d] !== 'number');
  if (short || open)
    throw e.refuse(node, 'has windows over a part of dimensions that no index addresses');
  const { indices } = address(e, starts, {
    dims: l.map.map((d) => dims[d]),
    sizes: l.map.map((d) => sizes[d] as number),
    along: windowed(l),
    outside: 'end',
  });
  const batch = starts.shape.length - 1;
  const front = [...l.map, ...l.rest];
  const zeros = front.map(() => 0);
  const one = front.map((_, i) => Number(i < l.map.length));
  const bigger = e.node('Pad', [transposed(e, e.whole(x), front), e.int64([...zeros, ...one])]);
  const perm = order(l, batch, a.windowDims);
  const inverse = perm.map((_, i) => perm.indexOf(i));
  const given = transposed(e, e.whole(updates), inverse);
  const reduction = { set: 'none', add: 'add', mul: 'mul', min: 'min', max: 'max' }[a.op];
  const done = e.node('ScatterND', [bigger, indices, given], { reduction });
  const cut = l.map.map((_, i) => i);
  const small = e.node('Slice', [
    done,
    e.int64(cut.map(() => 0)),
    e.int64(cut.map(() => -1)),
    e.int64(cut),
  ]);
  return [
    e.made(
      transposed(
        e,
        small,
        front.map((_, i) => front.indexOf(i)),
      ),
      node.outputs[0],
    ),
  ];
};

/** The first places of a window as int64 [rank], moved inside of the array. */
function startsOf(
  e: Emitter,
  starts: readonly Value[],
  dims: readonly Dim[],
  sizes: readonly Dim[],
): string {
  const parts = starts.map((s, d) => {
    const wide = e.node('Reshape', [cast(e, e.operand(s).name, elementType.int64), e.int64([1])]);
    const last = e.node('Sub', [e.size(dims[d]), e.size(sizes[d])]);
    return e.node('Max', [e.node('Min', [wide, last]), e.int64([0])]);
  });
  return parts.length === 1 ? parts[0] : e.node('Concat', parts, { axis: 0 });
}

const dynamicSlice: Rule = (e, node) => {
  const [x, ...starts] = node.inputs;
  const out = node.outputs[0];
  if (starts.length === 0) return [e.operand(x)];
  const sizes = e.dims(out);
  const first = startsOf(e, starts, e.dims(x), sizes);
  const end = e.node('Add', [first, e.ints(sizes)]);
  return [e.made(e.node('Slice', [e.whole(x), first, end]), out)];
};

/** The update padded to the size of the whole, and taken where it is. */
const dynamicUpdateSlice: Rule = (e, node) => {
  const [x, update, ...starts] = node.inputs;
  if (starts.length === 0) return [e.operand(update)];
  const [dims, sizes] = [e.dims(x), e.dims(update)];
  const low = startsOf(e, starts, dims, sizes);
  const high = e.node('Sub', [e.node('Sub', [e.ints(dims), e.ints(sizes)]), low]);
  const pads = e.node('Concat', [low, high], { axis: 0 });
  const wide = e.node('Pad', [e.whole(update), pads]);
  const ones = e.node('Expand', [e.scalar(1, 'int32'), e.ints(sizes)]);
  const here = cast(e, e.node('Pad', [ones, pads]), elementType.bool);
  return [e.made(where(e, here, wide, e.whole(x), x), node.outputs[0])];
};

export const indexing: Rules = {
  gather,
  scatter,
  dynamic_slice: dynamicSlice,
  dynamic_update_slice: dynamicUpdateSlice,
};
