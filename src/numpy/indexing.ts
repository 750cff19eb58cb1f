/** Elements by position. */
import { GradloomError } from '../errors.ts';
import { lax } from '../graph/index.ts';
import { broadcastShapes, normalizeAxis, showShape, sizeOf } from '../shape.ts';
import { asTensor, fromData, type Tensor, type TensorLike } from '../tensor/index.ts';
import { positionsOf } from '../tensor/indexing.ts';
import { type AxisArg, along, axisOf, hostData, make } from './support.ts';

function integers(name: string, x: TensorLike): Tensor {
  const t = asTensor(x, 'int32');
  if (t.dtype === 'float32' || t.dtype === 'float64')
    throw new GradloomError('dtype', `${name}: indices must be integers; received ${t.dtype}.`, {
      dtype: t.dtype,
    });
  return t.astype('int32');
}

/**
 * Elements at `indices` (integers of any shape, negative from the end) along `axis`, or of the
 * flattened array. Throws `index` for a position outside, where the indices are known; inside a
 * traced function such positions are clipped.
 */
export function take(x: TensorLike, indices: TensorLike, axis?: AxisArg): Tensor {
  const { t, axis: a } = along(x, axis, null);
  const i = integers('take', indices);
  return t.slice(...t.shape.slice(0, a).map(() => ':' as const), i);
}

/** For each line along `axis`, the elements at that line's indices. */
export function takeAlongAxis(x: TensorLike, indices: TensorLike, axis?: AxisArg): Tensor {
  const { t, axis: a } = along(x, axis, null);
  let i = integers('takeAlongAxis', indices);
  if (axisOf(axis, null) === null) i = i.ravel();
  if (i.ndim !== t.ndim) {
    throw new GradloomError(
      'shape',
      `takeAlongAxis: indices ${showShape(i.shape)} and array ${showShape(t.shape)} must have as many dimensions.`,
      { indices: [...i.shape], shape: [...t.shape] },
    );
  }
  const shared = (s: readonly number[]): number[] => s.map((n, d) => (d === a ? 1 : n));
  const outer = broadcastShapes(shared(i.shape), shared(t.shape));
  const spread = (u: Tensor): Tensor =>
    u.broadcastTo(outer.map((n, d) => (d === a ? u.shape[d] : n)));
  const [values, at] = [spread(t), spread(i)];
  const wrapped = at.add(at.lt(0).astype('int32').mul(t.shape[a]));
  return make(lax.takeAlongAxis(values.value, wrapped.value, a), values, wrapped);
}

/** For each axis the positions of elements that are not zero: int32 vectors. Reads x at once. */
export function nonzero(x: TensorLike): Tensor[] {
  const t = asTensor(x);
  return positionsOf(hostData(t), t.shape).map((p) => fromData(p, [p.length], 'int32'));
}
/** Positions of nonzero elements in the flattened array. */
export function flatnonzero(x: TensorLike): Tensor {
  return nonzero(asTensor(x).ravel())[0];
}
/** Positions of nonzero elements, one a row: int32 [n, rank]. */
export function argwhere(x: TensorLike): Tensor {
  const t = asTensor(x);
  const columns = positionsOf(hostData(t), t.shape);
  const n = columns[0]?.length ?? 0;
  const data = new Int32Array(n * t.ndim);
  columns.forEach((c, d) => {
    for (let i = 0; i < n; i++) data[i * t.ndim + d] = c[i];
  });
  return fromData(data, [n, t.ndim], 'int32');
}
/** The elements of `x` where `mask` holds, as a vector (along `axis` when given). */
export function compress(mask: TensorLike, x: TensorLike, axis?: AxisArg): Tensor {
  const { t, axis: a } = along(x, axis, null);
  return t.slice(...t.shape.slice(0, a).map(() => ':' as const), flatnonzero(mask));
}
export function extract(mask: TensorLike, x: TensorLike): Tensor {
  return compress(asTensor(mask).ravel(), x);
}

/** x without the elements at the given positions along `axis` (flattened when none is given). */
export function remove(
  x: TensorLike,
  positions: number | readonly number[],
  axis?: AxisArg,
): Tensor {
  const { t, axis: a } = along(x, axis, null);
  const n = t.shape[a];
  const gone = new Set(
    (typeof positions === 'number' ? [positions] : positions).map((p) =>
      normalizeAxis(p, n, 'Position'),
    ),
  );
  const kept = Int32Array.from(Array.from({ length: n }, (_, i) => i).filter((i) => !gone.has(i)));
  return make(lax.take(t.value, fromData(kept, [kept.length], 'int32').value, a), t);
}
/** x with `values` put in before position `at` along `axis` (flattened when none is given). */
export function insert(x: TensorLike, at: number, values: TensorLike, axis?: AxisArg): Tensor {
  const { t, axis: a } = along(x, axis, null);
  const n = t.shape[a];
  const p = at < 0 ? at + n : at;
  if (!Number.isInteger(p) || p < 0 || p > n)
    throw new GradloomError('index', `insert: position ${at} is out of bounds for ${n} elements.`, {
      position: at,
      size: n,
    });
  let v = asTensor(values).astype(t.dtype);
  if (v.ndim < t.ndim) {
    if (v.ndim === t.ndim - 1 && t.ndim > 1) v = v.expandDims(a);
    v = v.broadcastTo(t.shape.map((m, d) => (d === a ? (t.ndim === 1 ? v.size : 1) : m)));
  }
  const lead = t.shape.slice(0, a).map(() => ':' as const);
  const parts = [t.slice(...lead, [0, p]), v, t.slice(...lead, [p, null])];
  return make(
    lax.concatenate(
      parts.map((u) => u.value),
      a,
    ),
    ...parts,
  );
}

/** Flat positions as one index array an axis. */
export function unravelIndex(positions: TensorLike, shape: readonly number[]): Tensor[] {
  let rest = integers('unravelIndex', positions);
  const out: Tensor[] = [];
  for (let d = shape.length - 1; d >= 0; d--) {
    out.unshift(rest.mod(shape[d]));
    rest = rest.floorDiv(shape[d]);
  }
  return out;
}
/** Index arrays, one an axis, as flat positions. */
export function ravelMultiIndex(index: readonly TensorLike[], shape: readonly number[]): Tensor {
  return index
    .map((i, d) => integers('ravelMultiIndex', i).mul(sizeOf(shape.slice(d + 1))))
    .reduce((a, b) => a.add(b));
}
