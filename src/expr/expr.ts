/**
 * Scalar expressions: what one element of a kernel computes.
 *
 * An `Expr` is one node of an immutable DAG. Equal expressions are the same object (hash-consing),
 * so a printer sees sharing by identity and names a shared value once. Values have one of five
 * scalar types: uint8 storage is computed as int32 (loads widen, stores keep the low byte) and bool
 * storage as `bool` (loads test for nonzero, stores write 0 or 1).
 *
 * Meaning of the operations, the same for every printer:
 * - `add sub mul neg abs` on integers wrap; `div rem` on integers truncate toward zero like C, and
 *   the divisor must not be 0 nor the pair INT_MIN/-1 (the lowering of lax.div guards that).
 * - float `min max` give NaN when either side is NaN; `rem` on floats is C's fmod.
 * - `nearest` rounds half to even. `shr` is arithmetic on int32 and logical on uint32; shift counts
 *   are 0..31.
 * - `convert` to an integer truncates, saturates and sends NaN to 0; `toInt` (float to int32) is
 *   the quick form whose argument is known to be in range. `convert` to bool tests for nonzero.
 * - `bitcast` keeps the 32 bits (float32, int32, uint32).
 * - `select(c, a, b)` may evaluate both sides; `guard(c, a, b)` evaluates only the side it takes,
 *   so `a` may hold a load that is out of bounds when `c` is false.
 */
import type { DType } from '../dtype.ts';
import { rangeOf, typeRange } from './range.ts';

export type Scalar = 'float32' | 'float64' | 'int32' | 'uint32' | 'bool';

export type UnaryOp = 'neg' | 'abs' | 'sqrt' | 'floor' | 'ceil' | 'trunc' | 'nearest' | 'not';
export type BinaryOp =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'rem'
  | 'min'
  | 'max'
  | 'and'
  | 'or'
  | 'xor'
  | 'shl'
  | 'shr';
export type CompareOp = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';
export type ExprOp =
  | 'const'
  | 'var'
  | 'load'
  | UnaryOp
  | BinaryOp
  | CompareOp
  | 'select'
  | 'guard'
  | 'convert'
  | 'toInt'
  | 'bitcast';

export interface Expr {
  readonly id: number;
  readonly op: ExprOp;
  readonly dtype: Scalar;
  readonly args: readonly Expr[];
  /** `const`: the value (bool as 0 or 1; float32 already rounded; NaN and infinities allowed). */
  readonly value: number;
  /** `var`: a name unique in its kernel. */
  readonly name: string;
  /** `load`: which buffer (see `BufferRef` in compiler/loopnest.ts). */
  readonly buffer: number;
  /** `load`: the storage type of that buffer. */
  readonly storage: DType | undefined;
  /** Inclusive bounds known for the value; of a float that is not NaN. */
  readonly lo: number;
  readonly hi: number;
}

const interned = new Map<string, Expr>();
let nextId = 0;
let depth = 0;

/** Runs `fn` and then forgets the expressions it made, so that the intern table stays small. */
export function withExprs<T>(fn: () => T): T {
  depth++;
  try {
    return fn();
  } finally {
    if (--depth === 0) interned.clear();
  }
}

interface Extra {
  value?: number;
  name?: string;
  buffer?: number;
  storage?: DType;
  lo?: number;
  hi?: number;
}

function intern(op: ExprOp, dtype: Scalar, args: readonly Expr[], extra: Extra = {}): Expr {
  let key = `${op}|${dtype}`;
  for (const a of args) key += `|${a.id}`;
  if (extra.value !== undefined) key += Object.is(extra.value, -0) ? '|=-0' : `|=${extra.value}`;
  if (extra.name !== undefined) key += `|${extra.name}`;
  if (extra.buffer !== undefined) key += `|@${extra.buffer}`;
  const known = interned.get(key);
  if (known) return known;
  const [lo, hi] = rangeOf(op, dtype, args) ?? typeRange[dtype];
  const e: Expr = {
    id: nextId++,
    op,
    dtype,
    args,
    value: extra.value ?? 0,
    name: extra.name ?? '',
    buffer: extra.buffer ?? -1,
    storage: extra.storage,
    lo: Math.max(extra.lo ?? lo, lo),
    hi: Math.min(extra.hi ?? hi, hi),
  };
  interned.set(key, e);
  return e;
}

export function roundTo(dtype: Scalar, v: number): number {
  switch (dtype) {
    case 'float32':
      return Math.fround(v);
    case 'float64':
      return v;
    case 'int32':
      return v | 0;
    case 'uint32':
      return v >>> 0;
    case 'bool':
      return v ? 1 : 0;
  }
}

export function constant(dtype: Scalar, value: number): Expr {
  const v = roundTo(dtype, value);
  const bounds = Number.isNaN(v) ? {} : { lo: v, hi: v };
  return intern('const', dtype, [], { value: v, ...bounds });
}

export const int = (value: number): Expr => constant('int32', value);
export const bool = (value: boolean): Expr => constant('bool', value ? 1 : 0);

let nextVar = 0;

/** A loop index or a named local. `hi` is the largest value an index takes. */
export function variable(prefix: string, dtype: Scalar = 'int32', lo?: number, hi?: number): Expr {
  return intern('var', dtype, [], { name: `${prefix}${nextVar++}`, lo, hi });
}

/** The scalar type that elements of `storage` have once loaded. */
export function scalarOf(storage: DType): Scalar {
  return storage === 'uint8' ? 'int32' : storage;
}

export function load(buffer: number, storage: DType, index: Expr): Expr {
  const bounds = storage === 'uint8' ? { lo: 0, hi: 255 } : {};
  return intern('load', scalarOf(storage), [index], { buffer, storage, ...bounds });
}

const isConst = (e: Expr, v?: number): boolean =>
  e.op === 'const' && (v === undefined || Object.is(e.value, v));

/** What can be folded whatever the type; rounded by `constant`. */
const folded: Partial<Record<UnaryOp, (v: number) => number>> = {
  neg: (v) => -v,
  abs: Math.abs,
  sqrt: Math.sqrt,
  floor: Math.floor,
  ceil: Math.ceil,
  trunc: Math.trunc,
};

export function unary(op: UnaryOp, a: Expr): Expr {
  if (a.op === 'const') {
    const f = op === 'not' ? (v: number) => (a.dtype === 'bool' ? 1 - v : ~v) : folded[op];
    if (f) return constant(a.dtype, f(a.value));
  }
  if ((op === 'neg' || op === 'not') && a.op === op) return a.args[0];
  return intern(op, a.dtype, [a]);
}

export function binary(op: BinaryOp, a: Expr, b: Expr): Expr {
  if (a.dtype !== b.dtype) throw new Error(`expr ${op}: ${a.dtype} with ${b.dtype}`);
  const t = a.dtype;
  if (a.op === 'const' && b.op === 'const') {
    const folded = fold(op, t, a.value, b.value);
    if (folded !== undefined) return constant(t, folded);
  }
  // Only identities that hold for every float (NaN, -0 and infinities included) are taken.
  const whole = t === 'int32' || t === 'uint32';
  switch (op) {
    case 'add':
      if (whole && isConst(a, 0)) return b;
      if (isConst(b, whole ? 0 : -0)) return a;
      break;
    case 'sub':
      if (isConst(b, 0)) return a;
      break;
    case 'mul':
      if (isConst(a, 1)) return b;
      if (isConst(b, 1)) return a;
      if (whole && (isConst(a, 0) || isConst(b, 0))) return constant(t, 0);
      break;
    case 'div':
      if (isConst(b, 1)) return a;
      break;
    case 'and':
      if (t === 'bool') {
        if (isConst(a, 1) || isConst(b, 0)) return b;
        if (isConst(b, 1) || isConst(a, 0)) return a;
      }
      if (a === b) return a;
      break;
    case 'or':
      if (t === 'bool') {
        if (isConst(a, 0) || isConst(b, 1)) return b;
        if (isConst(b, 0) || isConst(a, 1)) return a;
      }
      if (a === b) return a;
      break;
    case 'xor':
    case 'shl':
    case 'shr':
      if (whole && isConst(b, 0)) return a;
      break;
    case 'min':
    case 'max':
      if (a === b) return a;
      break;
  }
  return intern(op, t, [a, b]);
}

function fold(op: BinaryOp, t: Scalar, x: number, y: number): number | undefined {
  const float = t === 'float32' || t === 'float64';
  switch (op) {
    case 'add':
      return x + y;
    case 'sub':
      return x - y;
    case 'mul':
      return float ? x * y : Math.imul(x, y);
    case 'div':
      if (float) return x / y;
      return y === 0 ? undefined : Math.trunc(x / y);
    case 'rem':
      return y === 0 && !float ? undefined : x % y;
    case 'min':
      return Math.min(x, y);
    case 'max':
      return Math.max(x, y);
    case 'and':
      return x & y;
    case 'or':
      return x | y;
    case 'xor':
      return x ^ y;
    case 'shl':
      return x << y;
    case 'shr':
      return t === 'int32' ? x >> y : x >>> y;
  }
}

const comparisons: Record<CompareOp, (x: number, y: number) => boolean> = {
  eq: (x, y) => x === y,
  ne: (x, y) => x !== y,
  lt: (x, y) => x < y,
  le: (x, y) => x <= y,
  gt: (x, y) => x > y,
  ge: (x, y) => x >= y,
};

export function compare(op: CompareOp, a: Expr, b: Expr): Expr {
  if (a.dtype !== b.dtype) throw new Error(`expr ${op}: ${a.dtype} with ${b.dtype}`);
  if (a.op === 'const' && b.op === 'const') return bool(comparisons[op](a.value, b.value));
  // Bounds of loop indices decide many guards at compile time. NaN compares as false.
  const certain = a.dtype === 'int32' || a.dtype === 'uint32';
  const apart = a.hi < b.lo || a.lo > b.hi;
  if (apart && (op === 'eq' || op === 'ne')) return bool(op === 'ne');
  const [x, y] = op === 'lt' || op === 'le' ? [a, b] : [b, a];
  if (op === 'lt' || op === 'gt') {
    if (x.lo >= y.hi) return bool(false);
    if (certain && x.hi < y.lo) return bool(true);
  } else if (op === 'le' || op === 'ge') {
    if (x.lo > y.hi) return bool(false);
    if (certain && x.hi <= y.lo) return bool(true);
  }
  return intern(op, 'bool', [a, b]);
}

export function select(c: Expr, a: Expr, b: Expr): Expr {
  if (c.op === 'const') return c.value ? a : b;
  if (a === b) return a;
  return intern('select', a.dtype, [c, a, b]);
}

export function guard(c: Expr, a: Expr, b: Expr): Expr {
  if (c.op === 'const') return c.value ? a : b;
  return intern('guard', a.dtype, [c, a, b]);
}

export function convert(dtype: Scalar, a: Expr): Expr {
  if (a.dtype === dtype) return a;
  if (a.op === 'const') {
    let v = a.value;
    if (dtype === 'int32' || dtype === 'uint32') {
      const [lo, hi] = dtype === 'int32' ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
      if (a.dtype === 'float32' || a.dtype === 'float64') {
        v = Number.isNaN(v) ? 0 : Math.min(hi, Math.max(lo, Math.trunc(v)));
      }
    }
    if (dtype === 'bool') v = v !== 0 || Number.isNaN(v) ? 1 : 0;
    return constant(dtype, v);
  }
  const bounds = a.dtype === 'bool' && dtype === 'int32' ? { lo: 0, hi: 1 } : {};
  return intern('convert', dtype, [a], bounds);
}

/** float to int32 where the value is known to lie in range. */
export function toInt(a: Expr): Expr {
  if (a.op === 'const') return int(Math.trunc(a.value));
  return intern('toInt', 'int32', [a]);
}

const scratch = new DataView(new ArrayBuffer(4));

export function bitcast(dtype: Scalar, a: Expr): Expr {
  if (a.dtype === dtype) return a;
  if (a.op === 'const' && !(a.dtype === 'float32' && Number.isNaN(a.value))) {
    if (a.dtype === 'float32') scratch.setFloat32(0, a.value);
    else scratch.setUint32(0, a.value >>> 0);
    if (dtype === 'float32') {
      const v = scratch.getFloat32(0);
      if (!Number.isNaN(v)) return constant(dtype, v);
    } else {
      return constant(dtype, dtype === 'int32' ? scratch.getInt32(0) : scratch.getUint32(0));
    }
  }
  return intern('bitcast', dtype, [a]);
}

/** The same operation over other arguments; used by rewrites. */
export function rebuild(e: Expr, args: readonly Expr[]): Expr {
  if (args.every((a, i) => a === e.args[i])) return e;
  const [a, b, c] = args;
  switch (e.op) {
    case 'load':
      return load(e.buffer, e.storage!, a);
    case 'select':
      return select(a, b, c);
    case 'guard':
      return guard(a, b, c);
    case 'convert':
      return convert(e.dtype, a);
    case 'toInt':
      return toInt(a);
    case 'bitcast':
      return bitcast(e.dtype, a);
  }
  if (args.length === 1) return unary(e.op as UnaryOp, a);
  if (e.op in comparisons) return compare(e.op as CompareOp, a, b);
  return binary(e.op as BinaryOp, a, b);
}

/** int32 arithmetic as it is written: nothing is folded. */
export function asWritten(op: 'add' | 'mul', a: Expr, b: Expr): Expr {
  return intern(op, 'int32', [a, b]);
}

/** Every distinct node below `roots`, arguments before users. */
export function exprOrder(roots: readonly Expr[]): Expr[] {
  const seen = new Set<Expr>();
  const order: Expr[] = [];
  const visit = (e: Expr): void => {
    if (seen.has(e)) return;
    seen.add(e);
    for (const a of e.args) visit(a);
    order.push(e);
  };
  for (const r of roots) visit(r);
  return order;
}

/** `e` with every node for which `map` gives a replacement replaced. */
export function substitute(
  e: Expr,
  map: (e: Expr) => Expr | undefined,
  memo: Map<Expr, Expr> = new Map(),
): Expr {
  const known = memo.get(e);
  if (known) return known;
  const r =
    map(e) ??
    rebuild(
      e,
      e.args.map((a) => substitute(a, map, memo)),
    );
  memo.set(e, r);
  return r;
}
