/** What of a vector loop SIMD128 can do. */
import { bytesOf } from '../../dtype.ts';
import type { Expr } from '../../expr/expr.ts';
import type { Emitter } from './emitter.ts';
import type { LoopFacts } from './facts.ts';
import { fits, type Lanes } from './vector-ops.ts';

export interface VectorLoop {
  readonly lanes: Lanes;
  readonly loop: LoopFacts;
}

/** Guards on a condition that differs between lanes are nested so deep before lanes are taken singly. */
const deepestGuard = 2;

/** Whether SIMD can compute `x` itself; its operands may be put together from lanes. */
export function inVector(x: Expr, v: VectorLoop, e: Emitter): boolean {
  const { lanes, loop } = v;
  if (!fits(x.dtype, lanes)) return false;
  switch (x.op) {
    case 'const':
      return true;
    case 'var':
      return lanes === 4;
    case 'load':
      if (lanes === 2 && x.storage !== 'float64') return false;
      switch (strideAlong(x.args[0], loop, e)) {
        case 1:
          return true;
        case -1:
          return bytesOf(x.storage!) === 16 / lanes;
        default:
          return false;
      }
    case 'guard': {
      const [c, a, b] = x.args;
      if (!fits(c.dtype, lanes)) return false;
      return (
        e.facts.invariant(c, loop) ||
        (e.facts.speculable(a) && e.facts.speculable(b)) ||
        (inVector(a, v, e) &&
          inVector(b, v, e) &&
          inVector(c, v, e) &&
          guardDepth(x) <= deepestGuard)
      );
    }
    case 'rem':
      return false;
    case 'div':
      return x.dtype === 'float32' || x.dtype === 'float64';
    case 'shl':
    case 'shr':
      return e.facts.invariant(x.args[1], loop);
    case 'abs':
    case 'neg':
      return true;
    default:
      return x.args.every((a) => fits(a.dtype, lanes));
  }
}

const guardDepths = new WeakMap<Expr, number>();

function guardDepth(x: Expr): number {
  const known = guardDepths.get(x);
  if (known !== undefined) return known;
  let d = 0;
  for (const a of x.args) d = Math.max(d, guardDepth(a));
  if (x.op === 'guard') d++;
  guardDepths.set(x, d);
  return d;
}

/** Elements moved by one step of the loop; undefined when that is not constant. */
export function strideAlong(position: Expr, loop: LoopFacts, e: Emitter): number | undefined {
  let stride = 0;
  for (const { atom, coef } of e.terms(position).terms) {
    if (atom === loop.index) stride += coef;
    else if (!e.facts.invariant(atom, loop)) return undefined;
  }
  return stride;
}
