/**
 * One operation as C text, given the texts of its arguments. The exact meaning of each operation
 * stands at the top of expr/expr.ts.
 */
import type { Expr } from '../../expr/expr.ts';
import { rangeOf } from '../../expr/range.ts';
import { literal, scalarType } from './prelude.ts';

/** C text with the precedence of its outermost operator; higher binds tighter. */
export interface Text {
  readonly text: string;
  readonly prec: number;
}

export const ATOM = 16;
const UNARY = 14;
const TERNARY = 3;

const binaryOps: Partial<Record<Expr['op'], [symbol: string, prec: number]>> = {
  mul: ['*', 13],
  div: ['/', 13],
  rem: ['%', 13],
  add: ['+', 12],
  sub: ['-', 12],
  shl: ['<<', 11],
  shr: ['>>', 11],
  lt: ['<', 10],
  le: ['<=', 10],
  gt: ['>', 10],
  ge: ['>=', 10],
  eq: ['==', 9],
  ne: ['!=', 9],
  and: ['&', 8],
  xor: ['^', 7],
  or: ['|', 6],
};

export function atom(text: string): Text {
  return { text, prec: ATOM };
}

/** `t` in parentheses unless it binds at least as tightly as `prec`. */
export function wrap(t: Text, prec: number): string {
  return t.prec >= prec ? t.text : `(${t.text})`;
}

function infix(symbol: string, prec: number, a: Text, b: Text): Text {
  // Operands of bit operations read better with parentheses.
  const clear = prec <= 8 || prec === 11 ? ATOM : prec;
  return { text: `${wrap(a, clear)} ${symbol} ${wrap(b, Math.max(clear, prec + 1))}`, prec };
}

export function cast(type: string, a: Text): Text {
  return { text: `(${type})${wrap(a, UNARY)}`, prec: UNARY };
}

function call(name: string, ...args: Text[]): Text {
  return atom(`${name}(${args.map((a) => a.text).join(', ')})`);
}

export function choose(c: Text, a: Text, b: Text): Text {
  const text = `${wrap(c, TERNARY + 1)} ? ${wrap(a, TERNARY + 1)} : ${wrap(b, TERNARY + 1)}`;
  return { text, prec: TERNARY };
}

/**
 * Whether the mathematical value of this int32 operation is known to fit: then it is index
 * arithmetic and prints with C's own operators, which lets the compiler follow addresses through
 * it. Otherwise it is data and must wrap.
 */
const fits = (e: Expr): boolean => rangeOf(e.op, e.dtype, e.args) !== undefined;

/**
 * @param args texts of `e.args`
 * @param need called with the name of each helper function the text uses
 */
export function operation(e: Expr, args: readonly Text[], need: (helper: string) => void): Text {
  const t = e.dtype;
  const type = scalarType(t);
  const [a, b] = args;
  const helper = (name: string, ...rest: Text[]): Text => {
    need(name);
    return call(name, ...rest);
  };
  const float = t === 'float32' || t === 'float64';
  const builtin = (name: string, ...rest: Text[]): Text =>
    call(`__builtin_${name}${t === 'float32' ? 'f' : ''}`, ...rest);

  switch (e.op) {
    case 'add':
    case 'sub':
    case 'mul':
      if (t === 'int32' && !fits(e)) return helper(`${e.op}_i32`, a, b);
      if (e.op === 'add' && /^-[0-9][0-9.]*f?$/.test(b.text))
        return infix('-', 12, a, atom(b.text.slice(1)));
      return infix(...binaryOps[e.op]!, a, b);
    case 'neg':
      if (t === 'int32' && !fits(e)) return helper('neg_i32', a);
      if (t === 'uint32') return infix('-', 12, atom('0u'), a);
      return { text: `-${wrap(a, ATOM)}`, prec: UNARY };
    case 'div':
    case 'rem':
      if (float && e.op === 'rem') return builtin('fmod', a, b);
      // Unsigned division by a constant is shorter; indices are never negative.
      if (t === 'int32' && e.args[1].op === 'const' && e.args[1].value > 0 && e.args[0].lo >= 0) {
        const divisor = atom(`${e.args[1].value}u`);
        return cast('i32', infix(...binaryOps[e.op]!, cast('u32', a), divisor));
      }
      return infix(...binaryOps[e.op]!, a, b);
    case 'min':
    case 'max':
      return minMax(e, a, b, helper);
    case 'and':
    case 'or':
    case 'xor':
    case 'eq':
    case 'ne':
    case 'lt':
    case 'le':
    case 'gt':
    case 'ge':
    case 'shr':
      return infix(...binaryOps[e.op]!, a, b);
    case 'shl':
      return t === 'int32'
        ? cast('i32', infix('<<', 11, cast('u32', a), b))
        : infix('<<', 11, a, b);
    case 'abs':
      if (float) return builtin('fabs', a);
      return t === 'int32' ? helper('abs_i32', a) : a;
    case 'sqrt':
    case 'floor':
    case 'ceil':
    case 'trunc':
      return float ? builtin(e.op, a) : a;
    case 'nearest':
      // The rounding mode is never changed, so rint rounds half to even.
      return float ? builtin('rint', a) : a;
    case 'not':
      return { text: `${t === 'bool' ? '!' : '~'}${wrap(a, ATOM)}`, prec: UNARY };
    case 'select':
      return choose(args[0], args[1], args[2]);
    case 'convert':
      return conversion(e, a, helper);
    case 'toInt':
      return cast('i32', a);
    case 'bitcast':
      if (e.args[0].dtype === 'float32') {
        const bits = helper('bits_of_f32', a);
        return t === 'uint32' ? bits : cast('i32', bits);
      }
      if (t !== 'float32') return cast(type, a);
      return helper('f32_of_bits', e.args[0].dtype === 'int32' ? cast('u32', a) : a);
    case 'const':
      return number(e);
    default:
      throw new Error(`C printer: ${e.op} is not an operation`);
  }
}

export function number(e: Expr): Text {
  const text = literal(e.dtype, e.value);
  return { text, prec: text.startsWith('-') ? UNARY : ATOM };
}

function minMax(e: Expr, a: Text, b: Text, helper: (name: string, ...a: Text[]) => Text): Text {
  const type = scalarType(e.dtype);
  if (e.dtype === 'bool') return infix(...binaryOps[e.op === 'min' ? 'and' : 'or']!, a, b);
  if (e.dtype === 'float32' || e.dtype === 'float64') {
    // Against a constant, "x unless the constant is strictly better" already keeps a NaN in x. The
    // tie of -0 with 0 is decided by the constant.
    const k = e.args.findIndex((x) => x.op === 'const' && !Number.isNaN(x.value));
    const x = 1 - k;
    if (k >= 0) {
      const v = e.args[k].value;
      const tie = e.op === 'max' ? Object.is(v, 0) : Object.is(v, -0);
      const symbol = (e.op === 'max' ? '<' : '>') + (tie ? '=' : '');
      const texts = [a, b];
      return choose(infix(symbol, 10, texts[x], texts[k]), texts[k], texts[x]);
    }
  }
  return helper(`${e.op}_${type}`, a, b);
}

function conversion(e: Expr, a: Text, helper: (name: string, ...a: Text[]) => Text): Text {
  const from = e.args[0].dtype;
  const to = e.dtype;
  if (to === 'bool') return infix('!=', 9, a, atom(literal(from, 0)));
  const fromFloat = from === 'float32' || from === 'float64';
  if (fromFloat && (to === 'int32' || to === 'uint32')) {
    return helper(`${scalarType(to)}_of_${scalarType(from)}`, a);
  }
  return cast(scalarType(to), a);
}
