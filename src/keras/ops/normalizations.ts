/** keras.ops: normalizations over axes of each sample. */
import { isFloat } from '../../dtype.ts';
import { given } from '../../numpy/support.ts';
import { normalizeAxes } from '../../shape.ts';
import { type Axis, asTensor, type Tensor, type TensorLike } from '../../tensor/index.ts';
import { epsilon as smallest } from '../config.ts';

export interface LayerNormalizationArgs {
  /** What the result is multiplied by, and what is added then: of the shape of the axes. */
  readonly gamma?: TensorLike | null;
  readonly beta?: TensorLike | null;
  /** The last one unless given. */
  readonly axis?: number | readonly number[];
  /** `keras.config.epsilon()` unless given. */
  readonly epsilon?: number | null;
}

/** x less its mean over `axis`, divided by its deviation there (Ba et al. 2016). */
export function layerNormalization(
  x: TensorLike,
  first?: TensorLike | LayerNormalizationArgs | null,
  second?: TensorLike | LayerNormalizationArgs | null,
  rest?: LayerNormalizationArgs,
): Tensor {
  const names = ['gamma', 'beta', 'axis', 'epsilon'] as const;
  const o = given<LayerNormalizationArgs>('layerNormalization', names, [first, second, rest]);
  const t = asTensor(x);
  const axes = normalizeAxes((o.axis ?? -1) as Axis, t.ndim).sort((a, b) => a - b);
  const keep = { axis: axes, keepdims: true };
  const centred = floatOf(t).sub(floatOf(t).mean(keep));
  const spread = centred
    .square()
    .mean(keep)
    .add(o.epsilon ?? smallest());
  const wide = (p: TensorLike): Tensor =>
    asTensor(p).reshape(t.shape.map((n, d) => (axes.includes(d) ? n : 1)));
  let y = centred.mul(spread.rsqrt());
  if (o.gamma != null) y = y.mul(wide(o.gamma));
  if (o.beta != null) y = y.add(wide(o.beta));
  return y.astype(t.dtype);
}

export interface RmsNormalizationArgs {
  /** What the result is multiplied by. */
  readonly scale?: TensorLike | null;
  /** The last one unless given. */
  readonly axis?: number | readonly number[];
  /** `keras.config.epsilon()` unless given. */
  readonly epsilon?: number | null;
}

/** x divided by the root of the mean of its squares over `axis` (Zhang & Sennrich 2019). */
export function rmsNormalization(
  x: TensorLike,
  first?: TensorLike | RmsNormalizationArgs | null,
  rest?: RmsNormalizationArgs,
): Tensor {
  const names = ['scale', 'axis', 'epsilon'] as const;
  const o = given<RmsNormalizationArgs>('rmsNormalization', names, [first, rest]);
  const t = asTensor(x);
  const f = floatOf(t.ndim === 0 ? t.reshape([1]) : t);
  const mean = f.square().mean({ axis: (o.axis ?? -1) as Axis, keepdims: true });
  const y = f.mul(mean.add(o.epsilon ?? smallest()).rsqrt());
  return (o.scale == null ? y : y.mul(asTensor(o.scale))).astype(t.dtype);
}

const floatOf = (t: Tensor): Tensor => (isFloat(t.dtype) ? t : t.astype('float32'));
