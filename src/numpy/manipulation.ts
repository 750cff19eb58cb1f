/** Joining, splitting, reordering, repeating. */
import { promoteTypes } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { lax } from '../graph/index.ts';
import { normalizeAxes, normalizeAxis, type Shape, showShape } from '../shape.ts';
import { type Axis, asTensor, fromData, Tensor, type TensorLike } from '../tensor/index.ts';

interface AxisOption {
  readonly axis?: number;
}

/** Arrays end to end along an existing axis (default 0). Throws `operand` when the others differ. */
export function concatenate(
  xs: readonly TensorLike[],
  o: { readonly axis?: number | null } | number = {},
): Tensor {
  if (xs.length === 0) throw new GradloomError('shape', 'concatenate needs at least one array.');
  const given = typeof o === 'number' ? o : o.axis === undefined ? 0 : o.axis;
  const ts = xs.map((x) => (given === null ? asTensor(x).flatten() : asTensor(x)));
  const dtype = ts.map((t) => t.dtype).reduce(promoteTypes);
  const axis = normalizeAxis(given ?? 0, ts[0].ndim);
  return Tensor.of(
    lax.concatenate(
      ts.map((t) => lax.convert(t.value, dtype)),
      axis,
    ),
    ...ts,
  );
}
/** Arrays of one shape along a new axis. */
export function stack(xs: readonly TensorLike[], o: AxisOption | number = {}): Tensor {
  const axis = typeof o === 'number' ? o : (o.axis ?? 0);
  const ts = xs.map((x) => asTensor(x));
  const a = normalizeAxis(axis, (ts[0]?.ndim ?? 0) + 1);
  for (const t of ts) {
    if (t.shape.join() !== ts[0].shape.join())
      throw new GradloomError(
        'shape',
        `stack takes arrays of one shape; received ${ts.map((s) => showShape(s.shape)).join(', ')}.`,
      );
  }
  return concatenate(
    ts.map((t) => t.expandDims(a)),
    { axis: a },
  );
}
export const vstack = (xs: readonly TensorLike[]): Tensor =>
  concatenate(xs.map(atleast2d), { axis: 0 });
export const hstack = (xs: readonly TensorLike[]): Tensor => {
  const ts = xs.map(atleast1d);
  return concatenate(ts, { axis: ts[0].ndim === 1 ? 0 : 1 });
};
export const dstack = (xs: readonly TensorLike[]): Tensor =>
  concatenate(
    xs.map((x) => {
      const t = atleast2d(x);
      return t.ndim === 2 ? t.expandDims(2) : t;
    }),
    { axis: 2 },
  );
export const columnStack = (xs: readonly TensorLike[]): Tensor =>
  concatenate(
    xs.map((x) => {
      const t = asTensor(x);
      return t.ndim < 2 ? t.reshape([t.size, 1]) : t;
    }),
    { axis: 1 },
  );
export function atleast1d(x: TensorLike): Tensor {
  const t = asTensor(x);
  return t.ndim === 0 ? t.reshape([1]) : t;
}
export function atleast2d(x: TensorLike): Tensor {
  const t = asTensor(x);
  return t.ndim >= 2 ? t : t.reshape([1, t.size]);
}

function cut(t: Tensor, axis: number, points: readonly number[]): Tensor[] {
  const ends = [
    0,
    ...points.map((p) => Math.min(p < 0 ? p + t.shape[axis] : p, t.shape[axis])),
    t.shape[axis],
  ];
  return ends
    .slice(1)
    .map((end, i) =>
      t.slice(
        ...t.shape.map((_, d): [number, number] | ':' =>
          d === axis ? [ends[i], Math.max(ends[i], end)] : ':',
        ),
      ),
    );
}
/** Equal parts, or parts that end at the given positions. Throws `shape` when parts would differ. */
export function split(
  x: TensorLike,
  parts: number | readonly number[],
  o: AxisOption | number = {},
): Tensor[] {
  const t = asTensor(x);
  const axis = normalizeAxis(typeof o === 'number' ? o : (o.axis ?? 0), t.ndim);
  if (typeof parts === 'number' && t.shape[axis] % parts !== 0) {
    throw new GradloomError(
      'shape',
      `split: ${t.shape[axis]} does not divide into ${parts} equal parts. Use arraySplit.`,
      { size: t.shape[axis], parts },
    );
  }
  return arraySplit(t, parts, o);
}
/** Parts as equal as can be, the longer ones first. */
export function arraySplit(
  x: TensorLike,
  parts: number | readonly number[],
  o: AxisOption | number = {},
): Tensor[] {
  const t = asTensor(x);
  const axis = normalizeAxis(typeof o === 'number' ? o : (o.axis ?? 0), t.ndim);
  if (typeof parts !== 'number') return cut(t, axis, parts);
  const n = t.shape[axis];
  const points = Array.from(
    { length: parts - 1 },
    (_, i) => Math.floor(n / parts) * (i + 1) + Math.min(i + 1, n % parts),
  );
  return cut(t, axis, points);
}

export const reshape = (x: TensorLike, shape: number | readonly number[]): Tensor =>
  asTensor(x).reshape(shape);
export const ravel = (x: TensorLike): Tensor => asTensor(x).flatten();
export const transpose = (x: TensorLike, axes?: readonly number[]): Tensor =>
  asTensor(x).transpose(axes);
export const squeeze = (x: TensorLike, axis?: number | readonly number[]): Tensor =>
  asTensor(x).squeeze(axis);
export const expandDims = (x: TensorLike, axis: number): Tensor => asTensor(x).expandDims(axis);
export const broadcastTo = (x: TensorLike, shape: Shape): Tensor => asTensor(x).broadcastTo(shape);
export function swapaxes(x: TensorLike, a: number, b: number): Tensor {
  const t = asTensor(x);
  const order = t.shape.map((_, d) => d);
  const [p, q] = [normalizeAxis(a, t.ndim), normalizeAxis(b, t.ndim)];
  [order[p], order[q]] = [q, p];
  return t.transpose(order);
}
export function moveaxis(
  x: TensorLike,
  source: number | readonly number[],
  destination: number | readonly number[],
): Tensor {
  const t = asTensor(x);
  const list = (a: number | readonly number[]): number[] =>
    (typeof a === 'number' ? [a] : [...a]).map((v) => normalizeAxis(v, t.ndim));
  const [from, to] = [list(source), list(destination)];
  if (from.length !== to.length)
    throw new GradloomError('axis', 'moveaxis: source and destination must name as many axes.');
  const order = t.shape.map((_, d) => d).filter((d) => !from.includes(d));
  for (const [d, s] of to.map((d, i): [number, number] => [d, from[i]]).sort((a, b) => a[0] - b[0]))
    order.splice(d, 0, s);
  return t.transpose(order);
}

/** The array `reps` times over along each axis. */
export function tile(x: TensorLike, reps: number | readonly number[]): Tensor {
  let t = asTensor(x);
  const r = typeof reps === 'number' ? [reps] : [...reps];
  while (r.length < t.ndim) r.unshift(1);
  t = t.reshape([...Array.from({ length: r.length - t.ndim }, () => 1), ...t.shape]);
  const shape = t.shape.flatMap((n, d) => [r[d], n]);
  const spread = lax.broadcastInDim(
    t.value,
    shape,
    t.shape.map((_, d) => 2 * d + 1),
  );
  return Tensor.of(
    lax.reshape(
      spread,
      t.shape.map((n, d) => n * r[d]),
    ),
    t,
  );
}
/** Each element `times` times in a row; without an axis, of the flattened array. */
export function repeat(x: TensorLike, times: number, axis?: number | null): Tensor {
  const t = axis == null ? asTensor(x).flatten() : asTensor(x);
  const a = normalizeAxis(axis ?? 0, t.ndim);
  const shape = [...t.shape.slice(0, a + 1), times, ...t.shape.slice(a + 1)];
  const spread = lax.broadcastInDim(
    t.value,
    shape,
    t.shape.map((_, d) => (d <= a ? d : d + 1)),
  );
  return Tensor.of(
    lax.reshape(
      spread,
      t.shape.map((n, d) => (d === a ? n * times : n)),
    ),
    t,
  );
}
export function flip(x: TensorLike, axis?: Axis): Tensor {
  const t = asTensor(x);
  return Tensor.of(lax.reverse(t.value, normalizeAxes(axis ?? null, t.ndim)), t);
}
export const fliplr = (x: TensorLike): Tensor => flip(x, 1);
export const flipud = (x: TensorLike): Tensor => flip(x, 0);
/** Elements moved along, those that fall off coming back at the other end. */
export function roll(x: TensorLike, shift: number, axis?: number | null): Tensor {
  const whole = asTensor(x);
  const t = axis == null ? whole.flatten() : whole;
  const a = normalizeAxis(axis ?? 0, t.ndim);
  const n = t.shape[a];
  const k = n === 0 ? 0 : ((shift % n) + n) % n;
  if (k === 0) return whole;
  const [head, tail] = cut(t, a, [n - k]);
  return concatenate([tail, head], { axis: a }).reshape(whole.shape);
}
/** Quarter turns from the first of `axes` toward the second. */
export function rot90(x: TensorLike, k = 1, axes: readonly [number, number] = [0, 1]): Tensor {
  const turns = ((k % 4) + 4) % 4;
  let t = asTensor(x);
  for (let i = 0; i < turns; i++) t = flip(swapaxes(t, axes[0], axes[1]), axes[0]);
  return t;
}
/** Wider at the edges: [before, after] for every axis, one pair for all, or one number. */
export function pad(
  x: TensorLike,
  width: number | readonly [number, number] | readonly (readonly [number, number])[],
  o: { mode?: 'constant' | 'edge' | 'reflect'; constantValues?: number } = {},
): Tensor {
  const t = asTensor(x);
  const pairs = t.shape.map((_, d): readonly [number, number] =>
    typeof width === 'number'
      ? [width, width]
      : typeof width[0] === 'number'
        ? (width as readonly [number, number])
        : (width as readonly (readonly [number, number])[])[d],
  );
  const mode = o.mode ?? 'constant';
  if (mode === 'constant') {
    return Tensor.of(
      lax.pad(
        t.value,
        o.constantValues ?? 0,
        pairs.map((p) => p[0]),
        pairs.map((p) => p[1]),
      ),
      t,
    );
  }
  if (mode !== 'edge' && mode !== 'reflect')
    throw new GradloomError(
      'unknown-id',
      `pad: unknown mode "${String(mode)}". Known: constant, edge, reflect.`,
    );
  return pairs.reduce((r, [lo, hi], d) => {
    const n = r.shape[d];
    const at = (i: number): number => {
      if (mode === 'edge' || n === 1) return Math.min(n - 1, Math.max(0, i));
      const period = 2 * (n - 1);
      const m = ((i % period) + period) % period;
      return m < n ? m : period - m;
    };
    const indices = Int32Array.from({ length: lo + n + hi }, (_, i) => at(i - lo));
    return lo + hi === 0 ? r : r.take(fromData(indices, [indices.length], 'int32'), d);
  }, t);
}
/** Elements at `indices` along `axis` (flattened without one). Negative from the end; throws `index`. */
export function take(x: TensorLike, indices: TensorLike, axis?: number | null): Tensor {
  const t = axis == null ? asTensor(x).flatten() : asTensor(x);
  const a = normalizeAxis(axis ?? 0, t.ndim);
  const i = asTensor(indices, 'int32').astype('int32');
  return t.slice(...t.shape.map((_, d): ':' | Tensor => (d === a ? i : ':')));
}
export function takeAlongAxis(x: TensorLike, indices: TensorLike, axis: number): Tensor {
  const t = asTensor(x);
  const i = asTensor(indices, 'int32').astype('int32');
  return Tensor.of(lax.takeAlongAxis(t.value, i.value, normalizeAxis(axis, t.ndim)), t, i);
}
