/** Joining arrays and cutting them apart. */
import { promoteTypes } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { lax } from '../graph/index.ts';
import { normalizeAxis, sameShape, showShape } from '../shape.ts';
import { asTensor, type Tensor, type TensorLike } from '../tensor/index.ts';
import { type AxisArg, axisOf, make } from './support.ts';

function several(name: string, xs: readonly TensorLike[]): Tensor[] {
  if (xs.length === 0)
    throw new GradloomError('argument', `${name} needs at least one array; received none.`);
  const ts = xs.map((x) => asTensor(x));
  const dtype = ts.map((t) => t.dtype).reduce(promoteTypes);
  return ts.map((t) => t.astype(dtype));
}

/** The arrays one after another along `axis` (default 0; null: flattened). Throws `shape`. */
export function concatenate(xs: readonly TensorLike[], axis?: AxisArg): Tensor {
  let ts = several('concatenate', xs);
  const given = axisOf(axis, 0);
  if (given === null) ts = ts.map((t) => t.ravel());
  if (ts.some((t) => t.ndim === 0))
    throw new GradloomError('shape', 'concatenate does not take 0-d arrays. Use stack.');
  const a = normalizeAxis(given ?? 0, ts[0].ndim);
  for (const t of ts) {
    const fits = t.ndim === ts[0].ndim && t.shape.every((n, d) => d === a || n === ts[0].shape[d]);
    if (!fits) {
      throw new GradloomError(
        'shape',
        `concatenate: shapes ${ts.map((u) => showShape(u.shape)).join(', ')} must agree in everything but axis ${a}.`,
        { shapes: ts.map((u) => [...u.shape]), axis: a },
      );
    }
  }
  return make(
    lax.concatenate(
      ts.map((t) => t.value),
      a,
    ),
    ...ts,
  );
}

/** The arrays, all of one shape, along a new axis (default 0). Throws `shape`. */
export function stack(xs: readonly TensorLike[], axis?: AxisArg): Tensor {
  const ts = several('stack', xs);
  if (ts.some((t) => !sameShape(t.shape, ts[0].shape))) {
    throw new GradloomError(
      'shape',
      `stack: all arrays must have one shape; received ${ts.map((t) => showShape(t.shape)).join(', ')}.`,
      { shapes: ts.map((t) => [...t.shape]) },
    );
  }
  const a = normalizeAxis(axisOf(axis, 0) ?? 0, ts[0].ndim + 1);
  return concatenate(
    ts.map((t) => t.expandDims(a)),
    a,
  );
}

export function atleast1d(x: TensorLike): Tensor {
  const t = asTensor(x);
  return t.ndim === 0 ? t.reshape([1]) : t;
}
export function atleast2d(x: TensorLike): Tensor {
  const t = asTensor(x);
  return t.ndim >= 2 ? t : t.reshape([1, t.size]);
}
export function atleast3d(x: TensorLike): Tensor {
  const t = asTensor(x);
  if (t.ndim >= 3) return t;
  return t.ndim === 2 ? t.expandDims(2) : t.reshape([1, t.size, 1]);
}

/** Rows under rows. */
export function vstack(xs: readonly TensorLike[]): Tensor {
  return concatenate(xs.map(atleast2d), 0);
}
/** Side by side: along axis 1, or along axis 0 for vectors. */
export function hstack(xs: readonly TensorLike[]): Tensor {
  const ts = xs.map(atleast1d);
  return concatenate(ts, ts[0]?.ndim === 1 ? 0 : 1);
}
/** Along the third axis. */
export function dstack(xs: readonly TensorLike[]): Tensor {
  return concatenate(xs.map(atleast3d), 2);
}
/** Vectors as the columns of a matrix. */
export function columnStack(xs: readonly TensorLike[]): Tensor {
  return concatenate(
    xs.map((x) => {
      const t = asTensor(x);
      return t.ndim < 2 ? t.reshape([t.size, 1]) : t;
    }),
    1,
  );
}
/** The elements of `values` behind those of `x`; both flattened unless an axis is given. */
export function append(x: TensorLike, values: TensorLike, axis?: AxisArg): Tensor {
  return concatenate([x, values], axisOf(axis, null));
}

function cut(t: Tensor, ends: readonly number[], axis: number): Tensor[] {
  return ends.slice(0, -1).map((start, i) => {
    const range = [start, Math.max(start, ends[i + 1])] as const;
    return t.slice(...t.shape.slice(0, axis).map(() => ':' as const), range);
  });
}

/**
 * Into `sections` parts of near equal length, or at the given positions, along `axis` (default 0).
 */
export function arraySplit(
  x: TensorLike,
  sections: number | readonly number[],
  axis?: AxisArg,
): Tensor[] {
  const t = asTensor(x);
  const a = normalizeAxis(axisOf(axis, 0) ?? 0, t.ndim);
  const n = t.shape[a];
  if (typeof sections !== 'number') {
    const at = sections.map((p) => Math.min(n, Math.max(0, p < 0 ? p + n : p)));
    return cut(t, [0, ...at, n], a);
  }
  if (!Number.isInteger(sections) || sections < 1) {
    throw new GradloomError(
      'argument',
      `The number of sections must be a whole number of 1 or more; received ${sections}.`,
      { sections },
    );
  }
  const [each, extra] = [Math.floor(n / sections), n % sections];
  const ends = [0];
  for (let i = 0; i < sections; i++) ends.push(ends[i] + each + (i < extra ? 1 : 0));
  return cut(t, ends, a);
}

/** As `arraySplit`, but the parts must be equal. Throws `shape`. */
export function split(
  x: TensorLike,
  sections: number | readonly number[],
  axis?: AxisArg,
): Tensor[] {
  const t = asTensor(x);
  const a = normalizeAxis(axisOf(axis, 0) ?? 0, t.ndim);
  if (typeof sections === 'number' && sections > 0 && t.shape[a] % sections !== 0) {
    throw new GradloomError(
      'shape',
      `split: ${t.shape[a]} elements along axis ${a} do not divide into ${sections} equal parts. Use arraySplit.`,
      { shape: [...t.shape], axis: a, sections },
    );
  }
  return arraySplit(t, sections, a);
}
export function vsplit(x: TensorLike, sections: number | readonly number[]): Tensor[] {
  return split(x, sections, 0);
}
export function hsplit(x: TensorLike, sections: number | readonly number[]): Tensor[] {
  const t = asTensor(x);
  return split(t, sections, t.ndim === 1 ? 0 : 1);
}
