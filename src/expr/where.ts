/** Choosing between a value and a fixed number. */
import { binary, bitcast, constant, type Expr, int, select } from './expr.ts';

/**
 * `x` where `valid`, else the number `none`. Floats are chosen by their bits: one mask for a whole
 * row of features then does for every lane, where compilers make a choice in each.
 */
export function where(valid: Expr, x: Expr, none: number): Expr {
  if (x.dtype !== 'float32' || valid.op === 'const')
    return select(valid, x, constant(x.dtype, none));
  const mask = select(valid, int(-1), int(0));
  const kept = binary('and', bitcast('int32', x), mask);
  if (Object.is(none, 0)) return bitcast('float32', kept);
  const other = select(valid, int(0), bitcast('int32', constant('float32', none)));
  return bitcast('float32', binary('or', kept, other));
}
