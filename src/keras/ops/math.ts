/** keras.ops: mathematics beyond NumPy. */
import { GradloomError } from '../../errors.ts';
import { lax } from '../../graph/index.ts';
import { showShape } from '../../shape.ts';
import { type Axis, asTensor, Tensor, type TensorLike } from '../../tensor/index.ts';
import { divideNoNan as safe } from '../where.ts';

const float = (x: TensorLike): Tensor => {
  const t = asTensor(x);
  return t.dtype === 'float32' || t.dtype === 'float64' ? t : t.astype('float32');
};

export function erf(x: TensorLike): Tensor {
  const t = float(x);
  return Tensor.of(lax.erf(t.value), t);
}

/** The inverse of erf; infinite at -1 and 1, NaN beyond. */
export function erfinv(x: TensorLike): Tensor {
  const t = float(x);
  return Tensor.of(lax.erfInv(t.value), t);
}

export function rsqrt(x: TensorLike): Tensor {
  const t = float(x);
  return Tensor.of(lax.rsqrt(t.value), t);
}

/** log(sum(exp(x))) along an axis or axes, without overflow. -Infinity where all is -Infinity. */
export function logsumexp(
  x: TensorLike,
  axis?: Axis | { readonly axis?: Axis; readonly keepdims?: boolean },
): Tensor {
  const t = float(x);
  const isAxis = typeof axis !== 'object' || axis === null || Array.isArray(axis);
  const o = (isAxis ? { axis } : axis) as { readonly axis?: Axis; readonly keepdims?: boolean };
  const top = t.max({ axis: o.axis, keepdims: true });
  const finite = Tensor.of(lax.isFinite(top.value), top);
  const shift = Tensor.of(
    lax.stopGradient(lax.select(finite.value, top.value, lax.full(top.shape, 0, top.dtype))),
    top,
  );
  const s = t.sub(shift).exp().sum({ axis: o.axis, keepdims: true }).log().add(shift);
  return o.keepdims ? s : s.reshape(t.max({ axis: o.axis }).shape);
}

/** [the k greatest of the last dimension in falling order, their positions (int32)] */
export function topK(
  x: TensorLike,
  k: number,
  o: { readonly sorted?: boolean } = {},
): [values: Tensor, indices: Tensor] {
  void o;
  const t = asTensor(x);
  const n = t.ndim === 0 ? 0 : t.shape[t.ndim - 1];
  if (!Number.isInteger(k) || k < 1 || k > n)
    throw new GradloomError(
      'shape',
      `topK: k must be a whole number from 1 to the last dimension of the input, ${n} (shape ${showShape(t.shape)}); received ${k}.`,
      { k, shape: [...t.shape] },
    );
  const [values, indices] = lax.topK(t.value, k);
  return [Tensor.of(values, t), Tensor.of(indices, t)];
}

/** Whether the prediction for each target (n,) is among the k greatest of its row (n, classes). Ties count. */
export function inTopK(targets: TensorLike, predictions: TensorLike, k: number): Tensor {
  const p = asTensor(predictions);
  const t = asTensor(targets).astype('int32');
  if (p.ndim !== 2 || t.ndim !== 1 || t.shape[0] !== p.shape[0])
    throw new GradloomError(
      'shape',
      `inTopK takes targets (n,) and predictions (n, classes); received ${showShape(t.shape)} and ${showShape(p.shape)}.`,
      { targets: [...t.shape], predictions: [...p.shape] },
    );
  const [values] = topK(p, Math.min(k, p.shape[1]));
  const least = values.slice([null, null], [-1, null]);
  const at = t.reshape([t.shape[0], 1]).clip(0, p.shape[1] - 1);
  const chosen = Tensor.of(lax.takeAlongAxis(p.value, at.value, 1), p, t);
  // A class that is none is among no greatest.
  const known = t.ge(0).logicalAnd(t.lt(p.shape[1]));
  return chosen.ge(least).reshape([t.shape[0]]).logicalAnd(known);
}

type SegmentOptions = { readonly numSegments?: number | null; readonly sorted?: boolean };

function segment(
  op: 'add' | 'max',
  name: string,
  data: TensorLike,
  ids: TensorLike,
  o: SegmentOptions,
): Tensor {
  const t = asTensor(data);
  const at = asTensor(ids).astype('int32');
  if (at.ndim !== 1 || t.ndim === 0 || at.shape[0] !== t.shape[0])
    throw new GradloomError(
      'shape',
      `${name} takes data (n, …) and segment numbers (n,); received ${showShape(t.shape)} and ${showShape(at.shape)}.`,
      { data: [...t.shape], ids: [...at.shape] },
    );
  const n = o.numSegments;
  if (n == null || !Number.isInteger(n) || n < 1)
    throw new GradloomError(
      'shape',
      `${name}: numSegments must be given (shapes are fixed before the numbers are known) as a whole number of 1 or more; received ${n}.`,
      { numSegments: n },
    );
  const least = t.dtype === 'int32' ? -(2 ** 31) : Number.NEGATIVE_INFINITY;
  const start = lax.full([n, ...t.shape.slice(1)], op === 'add' ? 0 : least, t.dtype);
  const r = lax.scatter(start, lax.reshape(at.value, [at.shape[0], 1]), t.value, op, {
    windowDims: t.shape.slice(1).map((_, d) => d + 1),
    insertedDims: [0],
    indexMap: [0],
  });
  return Tensor.of(r, t);
}

/** Sums of the rows with the same segment number: (numSegments, …). Numbers outside count nowhere. */
export function segmentSum(data: TensorLike, ids: TensorLike, o: SegmentOptions = {}): Tensor {
  return segment('add', 'segmentSum', data, ids, o);
}

/** As segmentSum, the greatest; -Infinity for a segment without rows. */
export function segmentMax(data: TensorLike, ids: TensorLike, o: SegmentOptions = {}): Tensor {
  return segment('max', 'segmentMax', data, ids, o);
}

/** Windows of `length` along the last dimension, a new one every `stride`. */
export function extractSequences(x: TensorLike, length: number, stride: number): Tensor {
  const t = asTensor(x);
  const n = t.shape[t.ndim - 1];
  if (
    !(
      Number.isInteger(length) &&
      length >= 1 &&
      length <= n &&
      Number.isInteger(stride) &&
      stride >= 1
    )
  )
    throw new GradloomError(
      'shape',
      `extractSequences: windows of ${length} every ${stride} do not fit a last dimension of ${n}.`,
      { length, stride, shape: [...t.shape] },
    );
  const windows = Math.floor((n - length) / stride) + 1;
  const at = Int32Array.from(
    { length: windows * length },
    (_, i) => Math.floor(i / length) * stride + (i % length),
  );
  const index = lax.literal(at, [windows, length], 'int32');
  return Tensor.of(lax.take(t.value, index, t.ndim - 1), t);
}

/** x1 / x2, and 0 where x2 is 0. */
export function divideNoNan(x1: TensorLike, x2: TensorLike): Tensor {
  return safe(asTensor(x1), asTensor(x2));
}
