/**
 * Computes scalar expressions on the spot, with exactly the meaning expr.ts gives each operation:
 * the oracle for printers and passes, and what the tests of the transcendentals run on.
 */
import { GradloomError } from '../errors.ts';
import type { Expr, Scalar } from './expr.ts';

export interface EvaluateOptions {
  /**
   * Compute `a*b + c`, `a*b - c` and `c - a*b` with one rounding, as a backend with FMA may. For
   * float32 the product is exact and the sum rounds to double and then to single; for float64 the
   * error of the product is added to the sum.
   */
  readonly contract?: boolean;
  /** Reads element `index` of `buffer`; without it a load is an error. */
  readonly load?: (buffer: number, index: number) => number;
}

const bytes = new DataView(new ArrayBuffer(8));

/** What the generated code may call. */
const runtime = {
  fround: Math.fround,
  nearest(v: number): number {
    if (!(Math.abs(v) < 4503599627370496)) return v;
    // Adding 2^52 rounds to a whole number, half to even; the sign is put back for -0.
    const m = Math.abs(v) + 4503599627370496 - 4503599627370496;
    return v < 0 || Object.is(v, -0) ? -m : m;
  },
  toInt(v: number): number {
    return Number.isNaN(v) ? 0 : Math.min(2147483647, Math.max(-2147483648, Math.trunc(v)));
  },
  toUint(v: number): number {
    return Number.isNaN(v) ? 0 : Math.min(4294967295, Math.max(0, Math.trunc(v)));
  },
  floatOfBits(v: number): number {
    bytes.setInt32(0, v);
    return bytes.getFloat32(0);
  },
  bitsOfFloat(v: number): number {
    bytes.setFloat32(0, v);
    return bytes.getInt32(0);
  },
  quotient(a: number, b: number): number {
    if (b === 0) throw new GradloomError('expr', 'Integer division by zero in an expression.');
    return Math.trunc(a / b);
  },
  remainder(a: number, b: number): number {
    if (b === 0) throw new GradloomError('expr', 'Integer remainder by zero in an expression.');
    return a % b;
  },
  /** a*b + c with (nearly always) one rounding. */
  fma(a: number, b: number, c: number): number {
    const p = a * b;
    const s = p + c;
    // Splitting needs room at both ends of the exponent range.
    const size = Math.abs(p);
    if (!(size < 1e290 && size > 1e-250 && Math.abs(a) < 1e290 && Math.abs(b) < 1e290)) return s;
    const ah = high(a);
    const bh = high(b);
    const al = a - ah;
    const bl = b - bh;
    const low = al * bl - (p - ah * bh - al * bh - ah * bl);
    const t = s - p;
    return s + (p - (s - t) + (c - t) + low);
  },
};

function high(v: number): number {
  const t = 134217729 * v;
  return t - (t - v);
}

const isFloat = (t: Scalar): boolean => t === 'float32' || t === 'float64';

function wrap(t: Scalar, code: string): string {
  switch (t) {
    case 'float32':
      return `rt.fround(${code})`;
    case 'float64':
      return `(${code})`;
    case 'int32':
      return `((${code})|0)`;
    case 'uint32':
      return `((${code})>>>0)`;
    case 'bool':
      return `((${code})?1:0)`;
  }
}

function literal(v: number): string {
  if (Object.is(v, -0)) return '(-0)';
  return Number.isFinite(v) ? `(${v})` : v > 0 ? 'Infinity' : v < 0 ? '(-Infinity)' : 'NaN';
}

const symbols: Record<string, string> = {
  add: '+',
  sub: '-',
  mul: '*',
  div: '/',
  rem: '%',
  and: '&',
  or: '|',
  xor: '^',
  eq: '===',
  ne: '!==',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
};

/** JavaScript for one operation; `a` and `b` are names of its arguments. */
function operation(e: Expr, [a, b, c]: string[], options: EvaluateOptions): string {
  const t = e.dtype;
  const from = e.args[0]?.dtype;
  switch (e.op) {
    case 'neg':
      return wrap(t, `-${a}`);
    case 'abs':
    case 'sqrt':
    case 'floor':
    case 'ceil':
    case 'trunc':
      return wrap(t, `Math.${e.op}(${a})`);
    case 'nearest':
      return `rt.nearest(${a})`;
    case 'not':
      return t === 'bool' ? `(1-${a})` : wrap(t, `~${a}`);
    case 'add':
    case 'sub':
      return contracted(e, [a, b], options) ?? wrap(t, `${a}${symbols[e.op]} ${b}`);
    case 'mul':
      return wrap(t, isFloat(t) ? `${a}*${b}` : `Math.imul(${a},${b})`);
    case 'div':
      return wrap(t, isFloat(t) ? `${a}/${b}` : `rt.quotient(${a},${b})`);
    case 'rem':
      return wrap(t, isFloat(t) ? `${a}%${b}` : `rt.remainder(${a},${b})`);
    case 'min':
    case 'max':
      return `Math.${e.op}(${a},${b})`;
    case 'and':
    case 'or':
    case 'xor':
      return wrap(t, `${a}${symbols[e.op]}${b}`);
    case 'shl':
      return wrap(t, `${a}<<${b}`);
    case 'shr':
      return t === 'int32' ? `(${a}>>${b})` : `(${a}>>>${b})`;
    case 'eq':
    case 'ne':
    case 'lt':
    case 'le':
    case 'gt':
    case 'ge':
      return `(${a}${symbols[e.op]}${b}?1:0)`;
    case 'select':
    case 'guard':
      return `(${a}?${b}:${c})`;
    case 'convert':
      if (t === 'bool') return `(${a}!==0?1:0)`;
      if (isFloat(from) && t === 'int32') return `rt.toInt(${a})`;
      if (isFloat(from) && t === 'uint32') return `rt.toUint(${a})`;
      return wrap(t, a);
    case 'toInt':
      return `(${a}|0)`;
    case 'bitcast':
      if (t === 'float32') return `rt.floatOfBits(${a})`;
      return wrap(t, from === 'float32' ? `rt.bitsOfFloat(${a})` : a);
    default:
      throw new GradloomError('expr', `Cannot evaluate the operation "${e.op}".`);
  }
}

function contracted(e: Expr, names: string[], options: EvaluateOptions): string | undefined {
  if (!options.contract || !isFloat(e.dtype)) return undefined;
  const k = e.args.findIndex((x) => x.op === 'mul');
  if (k < 0) return undefined;
  const [x, y] = e.args[k].args.map(nameOf);
  const other = names[1 - k];
  const sign = e.op === 'sub' ? [k === 1 ? '-' : '', k === 0 ? '-' : ''] : ['', ''];
  if (e.dtype === 'float64') return `rt.fma(${sign[0]}${x},${y},${sign[1]}${other})`;
  return `rt.fround(${sign[0]}${x}*${y} + ${sign[1]}${other})`;
}

const nameOf = (e: Expr): string => (e.op === 'const' ? literal(e.value) : `v${e.id}`);

/** Statements that define `e` and what it needs and `done` has not; they are added to `done`. */
function statements(e: Expr, done: Set<Expr>, options: EvaluateOptions): string {
  if (e.op === 'const' || done.has(e)) return '';
  done.add(e);
  if (e.op === 'var') {
    throw new GradloomError('expr', `The variable ${e.name} was given no value.`, { name: e.name });
  }
  const name = nameOf(e);
  if (e.op === 'guard') {
    const [c, a, b] = e.args;
    const arm = (side: Expr): string =>
      `{${statements(side, new Set(done), options)}${name}=${nameOf(side)};}`;
    return `${statements(c, done, options)}let ${name};if(${nameOf(c)})${arm(a)}else${arm(b)}`;
  }
  const before = e.args.map((a) => statements(a, done, options)).join('');
  if (e.op === 'load') {
    if (!options.load) throw new GradloomError('expr', 'A load needs the `load` option.');
    return `${before}const ${name}=load(${e.buffer},${nameOf(e.args[0])});`;
  }
  return `${before}const ${name}=${operation(e, e.args.map(nameOf), options)};`;
}

/**
 * A function of the values of `inputs` (variables, or any other nodes to be given from outside)
 * that returns the value of `root`; bool is 0 or 1. `guard` evaluates only the side it takes.
 */
export function compileScalar(
  root: Expr,
  inputs: readonly Expr[],
  options: EvaluateOptions = {},
): (...args: number[]) => number {
  const code = statements(root, new Set(inputs), options);
  const params = inputs.map(nameOf).join(',');
  const make = new Function(
    'rt',
    'load',
    `'use strict';return (${params})=>{${code}return ${nameOf(root)};};`,
  ) as (rt: typeof runtime, load: EvaluateOptions['load']) => (...args: number[]) => number;
  return make(runtime, options.load);
}

/** The value of `e` where the nodes in `env` have the values given there. */
export function evaluate(
  e: Expr,
  env: ReadonlyMap<Expr, number> = new Map(),
  options: EvaluateOptions = {},
): number {
  return compileScalar(e, [...env.keys()], options)(...env.values());
}
