/**
 * Order, sets and counts. Results whose length depends on the elements (unique, bincount, the set
 * functions) are computed at once from a read of their arguments.
 */
import { type DType, makeArray, type TypedArray } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { lax } from '../graph/index.ts';
import { checkOptions } from '../options.ts';
import { normalizeAxis, showShape } from '../shape.ts';
import { asTensor, fromData, isConcrete, type Tensor, type TensorLike } from '../tensor/index.ts';
import { moveaxis } from './manipulation.ts';
import { type AxisArg, along, hostData, make, wholeNumber } from './support.ts';

/** bool is sorted as uint8. */
function sortable(t: Tensor): Tensor {
  return t.dtype === 'bool' ? t.astype('uint8') : t;
}

/** Ascending along `axis` (default the last; null: flattened); stable; NaN last. */
export function sort(x: TensorLike, axis?: AxisArg): Tensor {
  const { t, axis: a } = along(x, axis, -1);
  const s = sortable(t);
  return make(lax.sort([s.value], a)[0], s).astype(t.dtype);
}
/** The positions that would sort along `axis`: int32. */
export function argsort(x: TensorLike, axis?: AxisArg): Tensor {
  const { t, axis: a } = along(x, axis, -1);
  const s = sortable(t);
  return make(lax.sort([s.value, lax.iota(s.shape, a, 'int32')], a)[1], s);
}
/** The positions that sort by the last key, ties by the one before it, and so on. */
export function lexsort(keys: readonly TensorLike[]): Tensor {
  let order: Tensor | undefined;
  for (const key of keys) {
    const k = asTensor(key);
    order = order ? order.slice(argsort(k.slice(order))) : argsort(k);
  }
  if (!order) throw new GradloomError('argument', 'lexsort needs at least one key.');
  return order;
}

/** Sorts numbers, NaN last; stable. */
const ascending = (a: number, b: number): number => {
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
};
export interface UniqueOptions {
  /** Also the position of the first occurrence of each. */
  readonly returnIndex?: boolean;
  /** Also, for each element of x, which of the unique ones it is (in the shape of x). */
  readonly returnInverse?: boolean;
  /** Also how often each occurs. */
  readonly returnCounts?: boolean;
  /** Distinct slices along this axis, not elements; their inverse is a vector. */
  readonly axis?: number | null;
  /** How many to give, whatever there are: the first ones, or `fillValue` behind the last. */
  readonly size?: number | null;
  /** The least of them unless given. */
  readonly fillValue?: number | null;
  /** They are always ascending. */
  readonly sorted?: boolean;
}

/** The distinct elements, ascending; with options an array: [values, index, inverse, counts]. */
export function unique(x: TensorLike): Tensor;
export function unique(x: TensorLike, options: UniqueOptions): Tensor | Tensor[];
export function unique(x: TensorLike, options: UniqueOptions = {}): Tensor | Tensor[] {
  checkOptions('unique', options, [
    'sorted',
    'returnIndex',
    'returnInverse',
    'returnCounts',
    'axis',
    'size',
    'fillValue',
  ]);
  const t = asTensor(x);
  const axis = options.axis == null ? null : normalizeAxis(options.axis, t.ndim);
  // Slices as rows.
  const rows = axis === null ? t.reshape([t.size, 1]) : moveaxis(t, axis, 0);
  const n = rows.shape[0];
  const width = n === 0 ? 0 : rows.size / n;
  const data = hostData(rows);
  const compare = (i: number, j: number): number => {
    for (let k = 0; k < width; k++) {
      const c = ascending(data[i * width + k], data[j * width + k]);
      if (c !== 0) return c;
    }
    return 0;
  };
  // Equal keys stay in order of position: the first of a run is the first occurrence.
  const order = Int32Array.from({ length: n }, (_, i) => i).sort((i, j) => compare(i, j) || i - j);
  const firsts: number[] = [];
  const counts: number[] = [];
  const inverse = new Int32Array(n);
  for (let k = 0; k < n; k++) {
    const i = order[k];
    if (k === 0 || compare(i, order[k - 1]) !== 0) {
      firsts.push(i);
      counts.push(0);
    }
    counts[counts.length - 1]++;
    inverse[i] = firsts.length - 1;
  }
  const distinct = firsts.length;
  if (options.size != null) {
    // What is missing counts nowhere, and stands where the first one does.
    const size = wholeNumber('unique: size', options.size, 0);
    while (firsts.length < size) {
      firsts.push(firsts[0] ?? 0);
      counts.push(0);
    }
    firsts.length = size;
    counts.length = size;
  }
  const values = makeArray(t.dtype, firsts.length * width);
  firsts.forEach((i, k) => {
    values.set(data.subarray(i * width, (i + 1) * width) as never, k * width);
    if (k >= distinct && options.fillValue != null)
      values.fill(options.fillValue, k * width, (k + 1) * width);
  });
  const ints = (v: ArrayLike<number>, shape: readonly number[] = [v.length]): Tensor =>
    fromData(Int32Array.from(v), shape, 'int32');
  const found = fromData(
    values,
    axis === null ? [firsts.length] : [firsts.length, ...rows.shape.slice(1)],
    t.dtype,
  );
  const u = axis === null ? found : moveaxis(found, 0, axis);
  const more: Tensor[] = [];
  if (options.returnIndex) more.push(ints(firsts));
  if (options.returnInverse) more.push(ints(inverse, axis === null ? t.shape : [n]));
  if (options.returnCounts) more.push(ints(counts));
  return more.length > 0 ? [u, ...more] : u;
}

/** For each element of x, whether it is among `values`. That all differ (`assumeUnique`) is not needed. */
export function isin(
  x: TensorLike,
  values: TensorLike,
  options: { readonly assumeUnique?: boolean; readonly invert?: boolean } = {},
): Tensor {
  checkOptions('isin', options, ['assumeUnique', 'invert']);
  const t = asTensor(x);
  const known = new Set<number>(hostData(asTensor(values)));
  const data = hostData(t);
  const out = Uint8Array.from(data, (v) =>
    Number((known.has(v) && !Number.isNaN(v)) !== (options.invert ?? false)),
  );
  return fromData(out, t.shape, 'bool');
}
/** The sorted distinct elements that are in both. */
export function intersect1d(a: TensorLike, b: TensorLike): Tensor {
  const u = unique(a);
  return u.slice(isin(u, b));
}
/** The sorted distinct elements of a that are not in b. */
export function setdiff1d(a: TensorLike, b: TensorLike): Tensor {
  const u = unique(a);
  return u.slice(isin(u, b, { invert: true }));
}
/** The sorted distinct elements of either. */
export function union1d(a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = [asTensor(a).ravel(), asTensor(b).ravel()];
  return unique(make(lax.concatenate(sameType(x, y), 0), x, y));
}
/** The sorted distinct elements that are in exactly one. */
export function setxor1d(a: TensorLike, b: TensorLike): Tensor {
  return union1d(setdiff1d(a, b), setdiff1d(b, a));
}
function sameType(x: Tensor, y: Tensor): [Tensor['value'], Tensor['value']] {
  const joint = x.slice([0, 0]).add(y.slice([0, 0])).dtype;
  return [x.astype(joint).value, y.astype(joint).value];
}

/**
 * Where `values` would go in the sorted vector `sorted`: before equal elements (side 'left') or
 * behind them ('right'). int32 in the shape of values.
 */
export function searchsorted(
  sorted: TensorLike,
  values: TensorLike,
  options: 'left' | 'right' | { readonly side?: 'left' | 'right' } = 'left',
): Tensor {
  const a = asTensor(sorted);
  const v = asTensor(values);
  const side: string = typeof options === 'string' ? options : (options.side ?? 'left');
  if (side !== 'left' && side !== 'right')
    throw new GradloomError(
      'argument',
      `searchsorted: unknown side "${side}". Use left or right.`,
      { side },
    );
  const right = side === 'right';
  if (a.ndim !== 1)
    throw new GradloomError(
      'shape',
      `searchsorted looks in a vector; received shape ${showShape(a.shape)}.`,
      { shape: [...a.shape] },
    );
  if (!isConcrete(a.value) || !isConcrete(v.value)) {
    // Counting what comes before is slower, but can be traced.
    const column = v.expandDims(-1);
    const before = right ? a.le(column) : a.lt(column);
    return before.sum(-1);
  }
  const [data, wanted] = [hostData(a), hostData(v)];
  const out = Int32Array.from(wanted, (w) => {
    let [lo, hi] = [0, data.length];
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      const c = ascending(data[mid], w);
      if (right ? c <= 0 : c < 0) lo = mid + 1;
      else hi = mid;
    }
    return lo;
  });
  return fromData(out, v.shape, 'int32');
}

/** Which of the intervals between `bins` each element falls into. */
export function digitize(x: TensorLike, bins: TensorLike, right = false): Tensor {
  const edges = hostData(asTensor(bins));
  const falling = edges.length > 1 && edges[0] > edges[edges.length - 1];
  if (!falling) return searchsorted(bins, x, right ? 'left' : 'right');
  const turned = fromData(edges.slice().reverse(), [edges.length]);
  return searchsorted(turned, x, right ? 'right' : 'left')
    .neg()
    .add(edges.length);
}

/** How often each of 0, 1, 2, … occurs in x (whole numbers >= 0), or the sum of the weights there. */
export function bincount(
  x: TensorLike,
  options: { readonly weights?: TensorLike; readonly minlength?: number } = {},
): Tensor {
  checkOptions('bincount', options, ['weights', 'minlength']);
  const t = asTensor(x);
  const data = hostData(t);
  let length = options.minlength ?? 0;
  for (let i = 0; i < data.length; i++) {
    if (!(Number.isInteger(data[i]) && data[i] >= 0))
      throw new GradloomError(
        'range',
        `bincount takes whole numbers of 0 or more; found ${data[i]} at position ${i}.`,
        { value: data[i], position: i },
      );
    if (data[i] >= length) length = data[i] + 1;
  }
  const w = options.weights === undefined ? undefined : asTensor(options.weights);
  if (w && w.size !== t.size)
    throw new GradloomError('shape', `bincount: ${w.size} weights for ${t.size} elements.`, {
      weights: w.size,
      size: t.size,
    });
  const weights = w && hostData(w);
  const out = new Float64Array(length);
  for (let i = 0; i < data.length; i++) out[data[i]] += weights ? weights[i] : 1;
  return weights
    ? fromData(Float32Array.from(out), [length], 'float32')
    : fromData(Int32Array.from(out), [length], 'int32');
}

export interface HistogramOptions {
  /** How many bins of equal width (default 10), or their edges, ascending. */
  readonly bins?: number | readonly number[] | Tensor;
  readonly range?: readonly [number, number];
  readonly weights?: TensorLike;
  /** Heights such that the area is 1. */
  readonly density?: boolean;
}

/** [counts, edges]: every bin holds its left edge, the last one both. */
export function histogram(
  x: TensorLike,
  bins: number | readonly number[] | Tensor | HistogramOptions = 10,
  options: HistogramOptions = {},
): [Tensor, Tensor] {
  const o: HistogramOptions =
    typeof bins === 'object' && !Array.isArray(bins) && !('value' in bins)
      ? (bins as HistogramOptions)
      : { ...options, bins: bins as number };
  checkOptions('histogram', o, ['bins', 'range', 'density', 'weights']);
  const t = asTensor(x);
  const data = hostData(t);
  const edges = edgesOf(o, data, t.dtype);
  const n = edges.length - 1;
  const weights = o.weights === undefined ? undefined : hostData(asTensor(o.weights));
  const counts = new Float64Array(n);
  for (let i = 0; i < data.length; i++) {
    const v = data[i];
    if (!(v >= edges[0] && v <= edges[n])) continue;
    let [lo, hi] = [0, n];
    while (hi - lo > 1) {
      const mid = (lo + hi) >> 1;
      if (v >= edges[mid]) lo = mid;
      else hi = mid;
    }
    counts[lo] += weights ? weights[i] : 1;
  }
  const places = fromData(Float32Array.from(edges), [n + 1], 'float32');
  if (o.density) {
    const total = counts.reduce((a, b) => a + b, 0);
    const heights = counts.map((c, i) => c / total / (edges[i + 1] - edges[i]));
    return [fromData(Float32Array.from(heights), [n], 'float32'), places];
  }
  return [
    weights
      ? fromData(Float32Array.from(counts), [n], 'float32')
      : fromData(Int32Array.from(counts), [n], 'int32'),
    places,
  ];
}

function edgesOf(o: HistogramOptions, data: TypedArray, dtype: DType): Float64Array {
  const bins = o.bins ?? 10;
  if (typeof bins !== 'number') {
    const edges = Float64Array.from(Array.isArray(bins) ? bins : hostData(bins as Tensor));
    if (edges.length < 2 || edges.some((v, i) => i > 0 && !(v >= edges[i - 1])))
      throw new GradloomError(
        'argument',
        'histogram: bin edges must be at least two numbers in ascending order.',
        { bins: [...edges] },
      );
    return edges;
  }
  if (!Number.isInteger(bins) || bins < 1)
    throw new GradloomError(
      'argument',
      `histogram: bins must be a whole number of 1 or more, or edges; received ${bins}.`,
      { bins },
    );
  let [low, high] = o.range ?? [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  if (!o.range) {
    for (const v of data) {
      if (!(v >= low)) low = v;
      if (!(v <= high)) high = v;
    }
    if (data.length === 0) [low, high] = [0, 1];
  }
  if (!(Number.isFinite(low) && Number.isFinite(high) && low <= high))
    throw new GradloomError(
      'range',
      `histogram: the range [${low}, ${high}] is not finite and ascending.`,
      { range: [low, high] },
    );
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const edges = Float64Array.from({ length: bins + 1 }, (_, i) => low + (i * (high - low)) / bins);
  edges[bins] = high;
  // Counted by the edges that are handed back: in the dtype of the data.
  return dtype === 'float32' ? edges.map(Math.fround) : edges;
}
