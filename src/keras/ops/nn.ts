/** keras.ops: pieces of networks. */
import type { DType } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { lax } from '../../graph/index.ts';
import { norm } from '../../numpy/norms.ts';
import { normalizeAxes, normalizeAxis, showShape } from '../../shape.ts';
import { type Axis, asTensor, Tensor, type TensorLike } from '../../tensor/index.ts';
import * as act from '../activations/index.ts';
import * as loss from '../losses/index.ts';

type Unary = (x: TensorLike) => Tensor;
const of =
  (f: (x: Tensor) => Tensor): Unary =>
  (x) =>
    f(asTensor(x));

export const relu: Unary = of((x) => act.relu(x));
export const relu6: Unary = of(act.relu6);
export const sigmoid: Unary = of(act.sigmoid);
export const silu: Unary = of(act.silu);
export const swish: Unary = silu;
export const softplus: Unary = of(act.softplus);
export const softsign: Unary = of(act.softsign);
export const selu: Unary = of(act.selu);
export const hardSigmoid: Unary = of(act.hardSigmoid);
export const hardSilu: Unary = of(act.hardSilu);
export const hardSwish: Unary = hardSilu;
export const hardTanh: Unary = of(act.hardTanh);
export const logSigmoid: Unary = of(act.logSigmoid);
export const tanhShrink: Unary = of(act.tanhShrink);
export const sparsePlus: Unary = of(act.sparsePlus);
export const sparseSigmoid: Unary = of(act.sparseSigmoid);

export function squareplus(x: TensorLike, b = 4): Tensor {
  return act.squareplus(asTensor(x), b);
}
export function sparsemax(x: TensorLike, axis = -1): Tensor {
  return act.sparsemax(asTensor(x), axis);
}
export function elu(x: TensorLike, alpha = 1): Tensor {
  return act.elu(asTensor(x), alpha);
}
export function celu(x: TensorLike, alpha = 1): Tensor {
  return act.celu(asTensor(x), alpha);
}
export function leakyRelu(x: TensorLike, negativeSlope = 0.2): Tensor {
  return act.leakyRelu(asTensor(x), negativeSlope);
}
/** Exact unless `approximate`; keras.ops.gelu is approximate by default, keras.activations.gelu is not. */
export function gelu(x: TensorLike, approximate = true): Tensor {
  return act.gelu(asTensor(x), approximate);
}
export function hardShrink(x: TensorLike, threshold = 0.5): Tensor {
  return act.hardShrink(asTensor(x), threshold);
}
export function softShrink(x: TensorLike, threshold = 0.5): Tensor {
  return act.softShrink(asTensor(x), threshold);
}
export function threshold(x: TensorLike, limit: number, value: number): Tensor {
  return act.threshold(asTensor(x), limit, value);
}
export function glu(x: TensorLike, axis = -1): Tensor {
  return act.glu(asTensor(x), axis);
}
/** Along an axis, or over several together. */
export function softmax(x: TensorLike, axis: number | readonly number[] = -1): Tensor {
  return overAxes(act.softmax, asTensor(x), axis);
}
export function logSoftmax(x: TensorLike, axis: number | readonly number[] = -1): Tensor {
  return overAxes(act.logSoftmax, asTensor(x), axis);
}

/** A function along one axis, of several as if they were one. */
function overAxes(
  f: (x: Tensor, axis: number) => Tensor,
  x: Tensor,
  axis: number | readonly number[],
): Tensor {
  if (typeof axis === 'number') return f(x, axis);
  const axes = normalizeAxes(axis, x.ndim);
  const order = [...x.shape.map((_, d) => d).filter((d) => !axes.includes(d)), ...axes];
  const moved = x.transpose(order);
  const flat = moved.reshape([...moved.shape.slice(0, x.ndim - axes.length), -1]);
  return f(flat, -1)
    .reshape(moved.shape)
    .transpose(order.map((_, d) => order.indexOf(d)));
}

/** Whole numbers to rows with a 1 at their place: a dimension of `numClasses` more, at `axis`. */
export function oneHot(
  x: TensorLike,
  numClasses: number,
  o: { readonly axis?: number; readonly dtype?: DType } = {},
): Tensor {
  const t = asTensor(x).astype('int32');
  const axis = normalizeAxis(o.axis ?? -1, t.ndim + 1);
  const wide = [...t.shape.slice(0, axis), 1, ...t.shape.slice(axis)];
  const places = wide.map((_, d) => (d === axis ? numClasses : 1));
  return t
    .reshape(wide)
    .eq(Tensor.of(lax.iota(places, axis, 'int32')))
    .astype(o.dtype ?? 'float32');
}

/** oneHot of each, gathered over dimension 1 (0 of a vector): which numbers occur in a row. */
export function multiHot(
  x: TensorLike,
  numClasses: number,
  o: { readonly axis?: number; readonly dtype?: DType } = {},
): Tensor {
  const t = asTensor(x);
  return oneHot(t, numClasses, o).max(t.ndim > 1 ? 1 : 0);
}

type CrossentropyOptions = { readonly fromLogits?: boolean; readonly axis?: number };

/** For each prediction; from probabilities, or from logits. */
export function binaryCrossentropy(
  target: TensorLike,
  output: TensorLike,
  o: { readonly fromLogits?: boolean } = {},
): Tensor {
  const [y, p] = [asTensor(target), asTensor(output)];
  if (showShape(y.shape) !== showShape(p.shape)) throw mismatch('binaryCrossentropy', y, p);
  const t = y.astype(p.dtype);
  if (o.fromLogits) {
    const yes = act.logSigmoid(p);
    const no = act.logSigmoid(p.neg());
    return t.mul(yes).add(t.neg().add(1).mul(no)).neg();
  }
  const q = p.clip(1e-7, 1 - 1e-7);
  const one = Tensor.of(lax.full(q.shape, 1, q.dtype));
  return t
    .mul(q.log())
    .add(one.sub(t).mul(one.sub(q).log()))
    .neg();
}

export function categoricalCrossentropy(
  target: TensorLike,
  output: TensorLike,
  o: CrossentropyOptions = {},
): Tensor {
  return loss.categoricalCrossentropy(asTensor(target), asTensor(output), o);
}

export function sparseCategoricalCrossentropy(
  target: TensorLike,
  output: TensorLike,
  o: CrossentropyOptions = {},
): Tensor {
  return loss.sparseCategoricalCrossentropy(asTensor(target), asTensor(output), o);
}

function mismatch(op: string, a: Tensor, b: Tensor): GradloomError {
  return new GradloomError(
    'shape',
    `${op}: target and output must have one shape; received ${showShape(a.shape)} and ${showShape(b.shape)}.`,
    { target: [...a.shape], output: [...b.shape] },
  );
}

/** [mean, variance] along axes. */
export function moments(
  x: TensorLike,
  axes: Axis,
  o: { readonly keepdims?: boolean } = {},
): [mean: Tensor, variance: Tensor] {
  const t = asTensor(x);
  const mean = t.mean({ axis: axes, keepdims: true });
  const variance = t.sub(mean).square().mean({ axis: axes, keepdims: o.keepdims });
  return [o.keepdims ? mean : t.mean({ axis: axes }), variance];
}

/** (x - mean) / sqrt(variance + epsilon) * scale + offset, statistics along `axis`. */
export function batchNormalization(
  x: TensorLike,
  mean: TensorLike,
  variance: TensorLike,
  axis: number,
  o: {
    readonly offset?: TensorLike | null;
    readonly scale?: TensorLike | null;
    readonly epsilon?: number;
  } = {},
): Tensor {
  const t = asTensor(x);
  const d = normalizeAxis(axis, t.ndim);
  const spread = (v: TensorLike): Tensor =>
    asTensor(v).reshape(t.shape.map((n, i) => (i === d ? n : 1)));
  const deviation = spread(variance).add(o.epsilon ?? 1e-3);
  let factor = Tensor.of(lax.rsqrt(deviation.value), deviation);
  if (o.scale != null) factor = factor.mul(spread(o.scale));
  let shift = spread(mean).neg().mul(factor);
  if (o.offset != null) shift = shift.add(spread(o.offset));
  return t.mul(factor).add(shift);
}

/** x / max(norm(x), epsilon) along `axis`. */
export function normalize(
  x: TensorLike,
  o: { readonly axis?: number; readonly order?: number; readonly epsilon?: number } = {},
): Tensor {
  const t = asTensor(x);
  const length = norm(t, { ord: o.order ?? 2, axis: o.axis ?? -1, keepdims: true });
  return t.div(length.maximum(o.epsilon ?? 1e-12));
}

/** Peak signal-to-noise ratio in decibels. */
export function psnr(a: TensorLike, b: TensorLike, maxValue: number): Tensor {
  const [x, y] = [asTensor(a), asTensor(b)];
  if (showShape(x.shape) !== showShape(y.shape)) throw mismatch('psnr', x, y);
  const error = x.sub(y).square().mean();
  return error
    .log()
    .mul(-10 / Math.LN10)
    .add(20 * Math.log10(maxValue));
}

/**
 * softmax(q kᵀ scale + bias) v for query (batch, t, heads, d), key and value (batch, s, heads or fewer,
 * d); `mask` (bool, true: seen) and `bias` broadcast to (batch, heads, t, s).
 */
export function dotProductAttention(
  query: TensorLike,
  key: TensorLike,
  value: TensorLike,
  o: {
    readonly bias?: TensorLike | null;
    readonly mask?: TensorLike | null;
    readonly scale?: number | null;
    readonly isCausal?: boolean;
  } = {},
): Tensor {
  const [q, k0, v0] = [asTensor(query), asTensor(key), asTensor(value)];
  for (const [name, t] of [
    ['query', q],
    ['key', k0],
    ['value', v0],
  ] as const)
    if (t.ndim !== 4)
      throw new GradloomError(
        'shape',
        `dotProductAttention takes ${name} (batch, length, heads, depth); received ${showShape(t.shape)}.`,
        { [name]: [...t.shape] },
      );
  const [batch, t, heads, depth] = q.shape;
  const groups = k0.shape[2];
  if (heads % groups !== 0 || k0.shape[3] !== depth || v0.shape[1] !== k0.shape[1])
    throw new GradloomError(
      'shape',
      `dotProductAttention: query ${showShape(q.shape)}, key ${showShape(k0.shape)} and value ${showShape(v0.shape)} do not fit.`,
      { query: [...q.shape], key: [...k0.shape], value: [...v0.shape] },
    );
  const s = k0.shape[1];
  // Fewer key heads than query heads: each serves several.
  const share = (x: Tensor): Tensor =>
    groups === heads
      ? x
      : Tensor.of(
          lax.broadcastInDim(x.value, [batch, s, groups, heads / groups, x.shape[3]], [0, 1, 2, 4]),
          x,
        ).reshape([batch, s, heads, x.shape[3]]);
  const [k, v] = [share(k0), share(v0)];
  let logits = q
    .transpose([0, 2, 1, 3])
    .matmul(k.transpose([0, 2, 3, 1]))
    .mul(o.scale ?? 1 / Math.sqrt(depth));
  if (o.bias != null) logits = logits.add(asTensor(o.bias));
  const least = Tensor.of(lax.full(logits.shape, -0.7 * 3.4028234663852886e38, logits.dtype));
  const keep = (m: Tensor): void => {
    const seen = Tensor.of(lax.broadcastTo(m.astype('bool').value, logits.shape), m);
    logits = Tensor.of(lax.select(seen.value, logits.value, least.value), logits, seen);
  };
  if (o.mask != null) keep(asTensor(o.mask));
  if (o.isCausal)
    keep(Tensor.of(lax.iota([t, s], 0, 'int32')).ge(Tensor.of(lax.iota([t, s], 1, 'int32'))));
  return act
    .softmax(logits)
    .matmul(v.transpose([0, 2, 1, 3]))
    .transpose([0, 2, 1, 3]);
}
