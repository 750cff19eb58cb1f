/** Shapes: row-major (C order) dimensions, with NumPy's broadcasting. */
import { GradloomError } from './errors.ts';

export type Shape = readonly number[];

export function sizeOf(shape: Shape): number {
  let n = 1;
  for (const d of shape) n *= d;
  return n;
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let s = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = s;
    s *= shape[i];
  }
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i]);
}

/** NumPy's look: `()`, `(3,)`, `(2, 3)`; unknown dimensions as `None`. */
export function showShape(shape: readonly (number | null | undefined)[]): string {
  const parts = shape.map((d) => (d == null ? 'None' : String(d)));
  return parts.length === 1 ? `(${parts[0]},)` : `(${parts.join(', ')})`;
}

/** The shape that `a` and `b` broadcast to. Throws `shape` when a dimension differs and is not 1. */
export function broadcastShapes(a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let i = 0; i < rank; i++) {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new GradloomError(
        'shape',
        `Shapes ${showShape(a)} and ${showShape(b)} cannot be broadcast together.`,
        { a: [...a], b: [...b] },
      );
    }
    out[i] = x === 1 ? y : x;
  }
  return out;
}

/** `axis` in 0..rank-1, negative counted from the end. Throws `axis` when it is outside. */
export function normalizeAxis(axis: number, rank: number, what = 'axis'): number {
  const a = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || a < 0 || a >= rank) {
    throw new GradloomError(
      'axis',
      `${what} ${axis} is out of bounds for an array of ${rank} dimension${rank === 1 ? '' : 's'}.`,
      { axis, rank },
    );
  }
  return a;
}

/** Sorted, distinct axes; undefined or null means all. */
export function normalizeAxes(
  axis: number | readonly number[] | null | undefined,
  rank: number,
): number[] {
  if (axis == null) return Array.from({ length: rank }, (_, i) => i);
  const axes = (typeof axis === 'number' ? [axis] : axis).map((a) => normalizeAxis(a, rank));
  const sorted = [...new Set(axes)].sort((a, b) => a - b);
  if (sorted.length !== axes.length) {
    throw new GradloomError('axis', `Axes ${JSON.stringify(axis)} name a dimension twice.`, {
      axis,
    });
  }
  return sorted;
}

export function checkShape(shape: Shape, what = 'shape'): void {
  for (const d of shape) {
    if (!Number.isInteger(d) || d < 0) {
      throw new GradloomError(
        'shape',
        `${what} ${showShape(shape)} must hold whole numbers >= 0.`,
        {
          shape: [...shape],
        },
      );
    }
  }
}
