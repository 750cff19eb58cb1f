/**
 * Loops cut where conditions on their index change: a concatenation along the innermost dimension
 * becomes a loop for each piece, none of which asks where it is or computes what belongs to another.
 */
import { type Expr, exprOrder, int } from '../expr/expr.ts';
import { iadd, linear } from '../expr/index-math.ts';
import { type Loop, loopOver, replacer } from './loops.ts';

export interface Segment {
  readonly loop: Loop;
  /** What an expression in the index of the whole loop is in this segment. */
  readonly apply: (e: Expr) => Expr;
}

/** Segments shorter than this are better computed with a condition. */
const shortest = 16;
const most = 8;

/** The segments of `loop` in which every comparison of its index in `exprs` is decided, if that pays. */
export function segmentsOf(loop: Loop, exprs: readonly Expr[]): Segment[] | undefined {
  if (loop.index.op === 'const') return undefined;
  const cuts = new Set<number>();
  for (const e of exprOrder(exprs)) {
    const at = cutOf(e, loop.index);
    if (at !== undefined && at > 0 && at < loop.extent) cuts.add(at);
  }
  if (cuts.size === 0 || cuts.size >= most) return undefined;
  const starts = [0, ...[...cuts].sort((a, b) => a - b)];
  const extents = starts.map((s, i) => (starts[i + 1] ?? loop.extent) - s);
  if (extents.some((n) => n < shortest)) return undefined;
  return starts.map((start, i) => {
    const piece = loopOver('i', extents[i]);
    return {
      loop: piece,
      apply: replacer(new Map([[loop.index, iadd(int(start), piece.index)]])),
    };
  });
}

/** Where the comparison `e` of the index with a number changes its answer. */
function cutOf(e: Expr, index: Expr): number | undefined {
  if (e.op !== 'lt' && e.op !== 'le' && e.op !== 'gt' && e.op !== 'ge') return undefined;
  const [a, b] = e.args;
  if (a.dtype !== 'int32' || b.op !== 'const') return undefined;
  const { constant, terms } = linear(a);
  if (terms.length !== 1 || terms[0].atom !== index || terms[0].coef !== 1) return undefined;
  const at = b.value - constant;
  return e.op === 'lt' || e.op === 'ge' ? at : at + 1;
}
