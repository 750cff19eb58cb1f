/** keras.ops: making, cutting and writing into tensors. */
import type { DType } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { lax, type Value } from '../../graph/index.ts';
import { normalizeAxis, showShape } from '../../shape.ts';
import {
  asTensor,
  type IndexLike,
  stopGradient as stop,
  Tensor,
  type TensorLike,
  tensor,
} from '../../tensor/index.ts';

/** A tensor of numbers, nested arrays, typed arrays or a variable; of `dtype` if it is given. */
export function convertToTensor(
  x: TensorLike,
  o?: DType | { readonly dtype?: DType } | null,
): Tensor {
  return tensor(x, typeof o === 'string' ? { dtype: o } : (o ?? {}));
}

/** The numbers, read back: see `Tensor.data` for backends that answer later. */
export function convertToNumpy(x: TensorLike): Tensor {
  return asTensor(x).realize();
}

export function cast(x: TensorLike, dtype: DType | (string & {})): Tensor {
  return asTensor(x).astype(dtype as DType);
}

/** `cast`, with numbers outside the range of the dtype taken to its ends first. */
export function saturateCast(x: TensorLike, dtype: DType): Tensor {
  const t = asTensor(x);
  const ends = rangeOf(dtype);
  return (ends ? t.astype('float64').clip(ends[0], ends[1]) : t).astype(dtype);
}

function rangeOf(dtype: DType): [number, number] | undefined {
  if (dtype === 'uint8') return [0, 255];
  if (dtype === 'int32') return [-(2 ** 31), 2 ** 31 - 1];
  return dtype === 'uint32' ? [0, 2 ** 32 - 1] : undefined;
}

/** Elements by index, as `x.slice(...)` takes them: `getItem(x, ':', 0)`. */
export function getItem(x: TensorLike, ...index: readonly (IndexLike | string)[]): Tensor {
  return asTensor(x).slice(...index);
}

export function isTensor(x: unknown): x is Tensor {
  return x instanceof Tensor;
}

export function shape(x: TensorLike): readonly number[] {
  return asTensor(x).shape;
}

export function dtype(x: TensorLike): DType {
  return asTensor(x).dtype;
}

/** x, through which no gradient flows back. */
export function stopGradient(x: TensorLike): Tensor {
  return stop(asTensor(x));
}

/** Whole-number starts as scalars of the graph. */
function startsOf(start: TensorLike, rank: number, op: string): Value[] {
  const t = asTensor(start).astype('int32');
  if (t.size !== rank)
    throw new GradloomError(
      'shape',
      `${op}: there must be a start for each of ${rank} dimensions; received ${t.size}.`,
      { rank, starts: t.size },
    );
  const flat = t.reshape([rank]);
  return Array.from({ length: rank }, (_, d) => flat.slice(d).value);
}

/** The piece of the given shape that begins at `start` (numbers or a tensor). */
export function slice(x: TensorLike, start: TensorLike, sizes: readonly number[]): Tensor {
  const t = asTensor(x);
  return Tensor.of(lax.dynamicSlice(t.value, startsOf(start, t.ndim, 'slice'), sizes), t);
}

/** x with a piece at `start` replaced. */
export function sliceUpdate(x: TensorLike, start: TensorLike, updates: TensorLike): Tensor {
  const t = asTensor(x);
  const u = asTensor(updates).astype(t.dtype);
  return Tensor.of(
    lax.dynamicUpdateSlice(t.value, u.value, startsOf(start, t.ndim, 'sliceUpdate')),
    t,
    u,
  );
}

/** indices (n…, k) address the first k dimensions of `shape`; `values` (n…, rest…) go there. */
function scattered(
  op: string,
  into: Tensor,
  indices: TensorLike,
  values: TensorLike,
  how: 'set' | 'add' | 'min' | 'max' | 'mul',
): Tensor {
  const at = asTensor(indices).astype('int32');
  const u = asTensor(values).astype(into.dtype);
  const k = at.ndim === 0 ? 0 : at.shape[at.ndim - 1];
  const n = at.shape.slice(0, -1);
  const rest = into.shape.slice(k);
  const expected = [...n, ...rest];
  if (k < 1 || k > into.ndim || showShape(u.shape) !== showShape(expected))
    throw new GradloomError(
      'shape',
      `${op}: indices of shape ${showShape(at.shape)} into ${showShape(into.shape)} want values of shape ${showShape(expected)}; received ${showShape(u.shape)}.`,
      { indices: [...at.shape], values: [...u.shape] },
    );
  const dims = Array.from({ length: k }, (_, d) => d);
  const result = lax.scatter(into.value, at.value, u.value, how, {
    windowDims: rest.map((_, d) => n.length + d),
    insertedDims: dims,
    indexMap: dims,
  });
  return Tensor.of(result, into, u);
}

/** Zeros of `shape` with values added at the indices (…, k). */
export function scatter(indices: TensorLike, values: TensorLike, shape: readonly number[]): Tensor {
  const v = asTensor(values);
  const into = Tensor.of(lax.full(shape, 0, v.dtype));
  return scattered('scatter', into, indices, v, 'add');
}

/** x with the values at the indices (…, k) replaced, or combined with what is there. */
export function scatterUpdate(
  x: TensorLike,
  indices: TensorLike,
  updates: TensorLike,
  o: { readonly reduction?: 'add' | 'max' | 'min' | 'mul' | null } = {},
): Tensor {
  return scattered('scatterUpdate', asTensor(x), indices, updates, o.reduction ?? 'set');
}

/** The slices along `axis`, without that dimension; `num` is how many there must be. */
export function unstack(
  x: TensorLike,
  o: { readonly num?: number | null; readonly axis?: number } = {},
): Tensor[] {
  const t = asTensor(x);
  const axis = normalizeAxis(o.axis ?? 0, t.ndim);
  if (o.num != null && o.num !== t.shape[axis])
    throw new GradloomError(
      'shape',
      `unstack: there are ${t.shape[axis]} slices along axis ${axis} of ${showShape(t.shape)}; received num ${o.num}.`,
      { num: o.num, shape: [...t.shape] },
    );
  const rest = t.shape.filter((_, d) => d !== axis);
  return Array.from({ length: t.shape[axis] }, (_, i) => {
    const start = t.shape.map((_, d) => (d === axis ? i : 0));
    const limit = t.shape.map((n, d) => (d === axis ? i + 1 : n));
    return Tensor.of(lax.reshape(lax.slice(t.value, start, limit), rest), t);
  });
}
