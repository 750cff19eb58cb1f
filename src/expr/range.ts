/**
 * Bounds of values, from those of what they are computed from: of an integer, inclusive; a float is
 * between them or NaN. They decide comparisons when a kernel is made, and tell the printers which
 * index arithmetic cannot overflow.
 */
import type { Expr, ExprOp, Scalar } from './expr.ts';

type Range = readonly [lo: number, hi: number];

/** The range of a type. */
export const typeRange: Record<Scalar, Range> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  bool: [0, 1],
  float32: [-Infinity, Infinity],
  float64: [-Infinity, Infinity],
};

/** Extremes of a function that grows or falls in each argument. NaN (inf - inf) says nothing. */
function corners(f: (x: number, y: number) => number, a: Expr, b: Expr): Range {
  const all = [f(a.lo, b.lo), f(a.lo, b.hi), f(a.hi, b.lo), f(a.hi, b.hi)];
  return [Math.min(...all), Math.max(...all)];
}

function mathematical(op: ExprOp, args: readonly Expr[]): Range | undefined {
  const [a, b, c] = args;
  switch (op) {
    case 'neg':
      return [-a.hi, -a.lo];
    case 'add':
      return [a.lo + b.lo, a.hi + b.hi];
    case 'sub':
      return [a.lo - b.hi, a.hi - b.lo];
    case 'mul':
      // Nothing asks for those of floats.
      return a.dtype === 'int32' ? corners((x, y) => x * y, a, b) : undefined;
    case 'min':
    case 'max':
      return corners(Math[op], a, b);
    case 'div':
    case 'rem':
      if (a.dtype !== 'int32' || b.lo !== b.hi || b.lo <= 0 || (op === 'rem' && a.lo < 0))
        return undefined;
      return op === 'rem' ? [0, b.lo - 1] : [Math.trunc(a.lo / b.lo), Math.trunc(a.hi / b.lo)];
    case 'and':
      return a.dtype === 'int32' && b.lo >= 0 ? [0, b.hi] : undefined;
    case 'select':
    case 'guard':
      return [Math.min(b.lo, c.lo), Math.max(b.hi, c.hi)];
    default:
      return undefined;
  }
}

/**
 * What follows for the result of an operation; undefined if nothing does, or the result may wrap.
 * Rounding keeps order, so the ends of a float's range are rounded as the value is.
 */
export function rangeOf(op: ExprOp, dtype: Scalar, args: readonly Expr[]): Range | undefined {
  const range = mathematical(op, args);
  if (!range) return undefined;
  const [min, max] = typeRange[dtype];
  // What lies below the normal numbers may count as zero where the program runs.
  const ends = range.map((v) =>
    dtype === 'float32' ? (Math.abs(v) < 2 ** -126 ? 0 : Math.fround(v)) : v,
  );
  return ends[0] >= min && ends[1] <= max ? [ends[0], ends[1]] : undefined;
}
