/**
 * One operation as WGSL text, given the texts of its arguments. The exact meaning of each operation
 * stands at the top of expr/expr.ts. Whatever is not a name or a call is in parentheses: WGSL refuses
 * many mixtures of operators without them.
 */
import type { Expr } from '../../expr/expr.ts';
import { literal, scalarType } from './prelude.ts';

const infix: Partial<Record<Expr['op'], string>> = {
  add: '+',
  sub: '-',
  mul: '*',
  div: '/',
  rem: '%',
  and: '&',
  or: '|',
  xor: '^',
  eq: '==',
  ne: '!=',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
};

/** What arithmetic on bools is: sums and maxima are `or`, products and minima are `and`. */
const boolOps: Partial<Record<Expr['op'], string>> = {
  add: '|',
  max: '|',
  or: '|',
  mul: '&',
  min: '&',
  and: '&',
  xor: '!=',
  sub: '!=',
};

type Need = (helper: string) => void;

/** op(a, b) for arguments of type `t`. */
export function combine(
  op: Expr['op'],
  t: Expr['dtype'],
  a: string,
  b: string,
  need: Need,
): string {
  if (t === 'bool') return `(${a} ${boolOps[op]} ${b})`;
  if (op === 'min' || op === 'max') {
    if (t !== 'float32') return `${op}(${a}, ${b})`;
    need(`${op}_f32`);
    return `${op}_f32(${a}, ${b})`;
  }
  if (op === 'rem' && t === 'float32') {
    need('fmod');
    return `fmod(${a}, ${b})`;
  }
  if (op === 'shl' || op === 'shr') {
    const count = t === 'uint32' ? b : `u32(${b})`;
    return `(${a} ${op === 'shl' ? '<<' : '>>'} ${count})`;
  }
  return `(${a} ${infix[op]} ${b})`;
}

/**
 * @param args texts of `e.args`
 * @param need called with the name of each helper function the text uses
 */
export function operation(e: Expr, args: readonly string[], need: Need): string {
  const t = e.dtype;
  const [a, b, c] = args;
  switch (e.op) {
    case 'const':
      return literal(t, e.value, need);
    case 'neg':
      return t === 'uint32' ? `(0u - ${a})` : `(-${a})`;
    case 'abs':
      return t === 'uint32' ? a : `abs(${a})`;
    case 'sqrt':
    case 'floor':
    case 'ceil':
    case 'trunc':
      return t === 'float32' ? `${e.op}(${a})` : a;
    case 'nearest':
      return t === 'float32' ? `round(${a})` : a;
    case 'not':
      return t === 'bool' ? `(!${a})` : `(~${a})`;
    case 'select':
      return `select(${c}, ${b}, ${a})`;
    case 'convert':
      return conversion(e, a, need);
    case 'toInt':
      return `i32(${a})`;
    case 'bitcast':
      return `bitcast<${scalarType(t)}>(${a})`;
    case 'eq':
    case 'ne':
    case 'lt':
    case 'le':
    case 'gt':
    case 'ge':
      return comparison(e, a, b, need);
    case 'div':
    case 'rem':
      // In loops that never run; WGSL refuses to see it written.
      if (t !== 'float32' && e.args[1].op === 'const' && e.args[1].value === 0) return a;
      return combine(e.op, t, a, b, need);
    default:
      return combine(e.op, t, a, b, need);
  }
}

function comparison(e: Expr, a: string, b: string, need: Need): string {
  const [x, y] = e.args;
  if (x.dtype === 'bool' && e.op !== 'eq' && e.op !== 'ne')
    return `(u32(${a}) ${infix[e.op]} u32(${b}))`;
  // Only NaN differs from itself, which a compiler that knows no NaN would not see.
  if (x === y && x.dtype === 'float32' && (e.op === 'eq' || e.op === 'ne')) {
    need('is_nan');
    return e.op === 'ne' ? `is_nan(${a})` : `(!is_nan(${a}))`;
  }
  // "Not equal" of floats is not everywhere true of NaN; the negation of "equal" is.
  if (e.op === 'ne' && x.dtype === 'float32') return `(!(${a} == ${b}))`;
  return `(${a} ${infix[e.op]} ${b})`;
}

function conversion(e: Expr, a: string, need: Need): string {
  const from = e.args[0].dtype;
  const to = e.dtype;
  if (to === 'bool') return `(!(${a} == ${literal(from, 0, need)}))`;
  if (from === 'float32' && (to === 'int32' || to === 'uint32')) {
    const helper = `${scalarType(to)}_of_f32`;
    need(helper);
    return `${helper}(${a})`;
  }
  return `${scalarType(to)}(${a})`;
}
