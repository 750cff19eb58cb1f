/** Lengths of vectors and of matrices. */
import { GradloomError } from '../errors.ts';
import { normalizeAxis } from '../shape.ts';
import type { Axis, Tensor, TensorLike } from '../tensor/index.ts';
import { asFloat, given } from './support.ts';

export interface NormOptions {
  /**
   * Of vectors: 2 (unless given), 1, Infinity, -Infinity, 0 or another number. Of matrices: 'fro' (unless
   * given), or 1, -1, Infinity or -Infinity, the greatest and least sums of a column or a row.
   */
  readonly ord?: number | 'fro' | 'nuc' | null;
  /** A number for vectors, two for matrices; without, the array is a vector or a matrix itself. */
  readonly axis?: Axis;
  readonly keepdims?: boolean;
}

/** The length of vectors or of matrices; of all elements when neither `ord` nor `axis` is given. */
export function norm(
  x: TensorLike,
  order?: number | 'fro' | 'nuc' | null | NormOptions,
  over?: Axis | NormOptions,
  keepdims?: boolean,
): Tensor {
  const names = ['ord', 'axis', 'keepdims'] as const;
  const o = given<NormOptions>('norm', names, [order, over, keepdims]);
  const t = asFloat(x);
  const keep = o.keepdims ?? false;
  if (o.axis == null && o.ord == null) return t.square().sum({ keepdims: keep }).sqrt();
  const meant = o.axis ?? t.shape.map((_, d) => d);
  const axes = (typeof meant === 'number' ? [meant] : meant).map((d) => normalizeAxis(d, t.ndim));
  if (axes.length === 1) return ofVectors(t, o.ord ?? 2, { axis: axes[0], keepdims: keep });
  if (axes.length === 2 && axes[0] !== axes[1]) return ofMatrices(t, o.ord ?? 'fro', axes, keep);
  throw new GradloomError(
    'axis',
    `norm is of vectors or of matrices, along one axis or two different ones; received ${JSON.stringify(meant)}.`,
    { axis: axes },
  );
}

interface Range {
  readonly axis: number;
  readonly keepdims: boolean;
}

function ofVectors(t: Tensor, ord: number | string, range: Range): Tensor {
  if (typeof ord !== 'number')
    throw new GradloomError('argument', `norm: order "${ord}" is of matrices; give two axes.`, {
      ord,
    });
  if (ord === 2) return t.square().sum(range).sqrt();
  if (ord === Number.POSITIVE_INFINITY) return t.abs().max(range);
  if (ord === Number.NEGATIVE_INFINITY) return t.abs().min(range);
  if (ord === 0) return t.ne(0).sum(range).astype(t.dtype);
  if (ord === 1) return t.abs().sum(range);
  return t
    .abs()
    .pow(ord)
    .sum(range)
    .pow(1 / ord);
}

function ofMatrices(
  t: Tensor,
  ord: number | string,
  axes: readonly number[],
  keepdims: boolean,
): Tensor {
  if (ord === 'fro') return t.square().sum({ axis: axes, keepdims }).sqrt();
  // Over one axis sums, over the other the greatest or the least of these.
  const [sums, of] = Math.abs(Number(ord)) === 1 ? axes : [axes[1], axes[0]];
  const lines = t.abs().sum({ axis: sums, keepdims: true });
  const back = (r: Tensor): Tensor =>
    keepdims ? r : r.reshape(t.shape.filter((_, d) => !axes.includes(d)));
  if (ord === 1 || ord === Number.POSITIVE_INFINITY)
    return back(lines.max({ axis: of, keepdims: true }));
  if (ord === -1 || ord === Number.NEGATIVE_INFINITY)
    return back(lines.min({ axis: of, keepdims: true }));
  throw new GradloomError(
    'argument',
    `norm: order ${ord} of a matrix is not provided. Use "fro", 1, -1, Infinity or -Infinity.`,
    { ord },
  );
}
