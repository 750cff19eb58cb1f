/** Scalar instructions: the operation of one expression whose operands are on the stack. */
import type { DType } from '../../dtype.ts';
import type { BinaryOp, Expr, ExprOp, Scalar } from '../../expr/expr.ts';
import type { Code, ValueType } from './assembler.ts';
import type { OpName } from './opcodes.ts';

const machine: Record<Scalar, ValueType> = {
  float32: 'f32',
  float64: 'f64',
  int32: 'i32',
  uint32: 'i32',
  bool: 'i32',
};

export function machineType(t: Scalar): ValueType {
  return machine[t];
}

export const isFloat = (t: Scalar): boolean => t === 'float32' || t === 'float64';

export function emitConst(code: Code, t: Scalar, value: number): void {
  if (t === 'float32') code.f32(value);
  else if (t === 'float64') code.f64(value);
  else code.i32(value);
}

/** Loads and stores of one element, and the logarithm of its size. */
export const scalarMemory: Record<DType, { load: OpName; store: OpName; align: number }> = {
  float32: { load: 'f32.load', store: 'f32.store', align: 2 },
  float64: { load: 'f64.load', store: 'f64.store', align: 3 },
  int32: { load: 'i32.load', store: 'i32.store', align: 2 },
  uint32: { load: 'i32.load', store: 'i32.store', align: 2 },
  uint8: { load: 'i32.load8_u', store: 'i32.store8', align: 0 },
  bool: { load: 'i32.load8_u', store: 'i32.store8', align: 0 },
};

const compares: Partial<Record<ExprOp, [signed: string, unsigned: string, float: string]>> = {
  eq: ['eq', 'eq', 'eq'],
  ne: ['ne', 'ne', 'ne'],
  lt: ['lt_s', 'lt_u', 'lt'],
  le: ['le_s', 'le_u', 'le'],
  gt: ['gt_s', 'gt_u', 'gt'],
  ge: ['ge_s', 'ge_u', 'ge'],
};

/** Needs of an operation beyond its own instructions. */
export interface Helpers {
  local(type: ValueType): number;
  /** Index of the function that is C's fmod on f64. */
  fmod(): number;
}

/** Any operation but const, var, load, select and guard. */
export function emitScalarOp(code: Code, e: Expr, h: Helpers): void {
  const t = e.dtype;
  const from = e.args[0].dtype;
  const m = machine[t];
  switch (e.op) {
    case 'neg':
      if (isFloat(t)) code.op(`${m as 'f32'}.neg`);
      else {
        const x = h.local('i32');
        code.set(x);
        code.i32(0);
        code.get(x);
        code.op('i32.sub');
      }
      return;
    case 'abs':
      if (isFloat(t)) code.op(`${m as 'f32'}.abs`);
      else if (t === 'int32') {
        // (x ^ s) - s with s = x >> 31
        const x = h.local('i32');
        const s = h.local('i32');
        code.tee(x);
        code.i32(31);
        code.op('i32.shr_s');
        code.tee(s);
        code.get(x);
        code.op('i32.xor');
        code.get(s);
        code.op('i32.sub');
      }
      return;
    case 'sqrt':
    case 'floor':
    case 'ceil':
    case 'trunc':
    case 'nearest':
      if (isFloat(t)) code.op(`${m as 'f32'}.${e.op}`);
      return;
    case 'not':
      if (t === 'bool') code.op('i32.eqz');
      else {
        code.i32(-1);
        code.op('i32.xor');
      }
      return;
    case 'eq':
    case 'ne':
    case 'lt':
    case 'le':
    case 'gt':
    case 'ge': {
      const [s, u, f] = compares[e.op]!;
      const suffix = isFloat(from) ? f : from === 'int32' ? s : u;
      code.op(`${machine[from]}.${suffix}` as OpName);
      return;
    }
    case 'convert':
      emitConvert(code, from, t);
      return;
    case 'toInt':
      code.op(from === 'float32' ? 'i32.trunc_sat_f32_s' : 'i32.trunc_sat_f64_s');
      return;
    case 'bitcast':
      if (t === 'float32') code.op('f32.reinterpret_i32');
      else if (from === 'float32') code.op('i32.reinterpret_f32');
      return;
    case 'div':
    case 'rem':
      if (isFloat(t)) break;
      // Index arithmetic is never negative, and the unsigned forms are cheaper. Both sides count: a byte
      // is never negative either, but what it is divided by may be.
      code.op(`i32.${e.op}_${t === 'int32' && e.args.some((a) => a.lo < 0) ? 's' : 'u'}`);
      return;
  }
  emitCombine(code, e.op as BinaryOp, t, h);
}

/** `a op b` for operands on the stack. */
export function emitCombine(code: Code, op: BinaryOp, t: Scalar, h: Helpers): void {
  const m = machine[t];
  if (isFloat(t)) {
    if (op !== 'rem') code.op(`${m as 'f32'}.${op as 'add'}`);
    else if (t === 'float64') code.call(h.fmod());
    else {
      // The remainder of two floats is a float, so the detour through double is exact.
      const y = h.local('f32');
      code.set(y);
      code.op('f64.promote_f32');
      code.get(y);
      code.op('f64.promote_f32');
      code.call(h.fmod());
      code.op('f32.demote_f64');
    }
    return;
  }
  switch (op) {
    case 'min':
    case 'max': {
      const x = h.local('i32');
      const y = h.local('i32');
      code.set(y);
      code.tee(x);
      code.get(y);
      code.get(x);
      code.get(y);
      code.op(`i32.${op === 'min' ? 'lt' : 'gt'}_${t === 'int32' ? 's' : 'u'}`);
      code.op('select');
      return;
    }
    case 'shr':
      code.op(t === 'int32' ? 'i32.shr_s' : 'i32.shr_u');
      return;
    case 'div':
    case 'rem':
      code.op(`i32.${op}_${t === 'int32' ? 's' : 'u'}`);
      return;
    default:
      code.op(`i32.${op}`);
  }
}

function emitConvert(code: Code, from: Scalar, to: Scalar): void {
  if (to === 'bool') {
    emitConst(code, from, 0);
    code.op(`${machine[from] as 'i32'}.ne`);
    return;
  }
  if (to === 'float32') {
    if (from === 'float64') code.op('f32.demote_f64');
    else code.op(from === 'int32' ? 'f32.convert_i32_s' : 'f32.convert_i32_u');
    return;
  }
  if (to === 'float64') {
    if (from === 'float32') code.op('f64.promote_f32');
    else code.op(from === 'int32' ? 'f64.convert_i32_s' : 'f64.convert_i32_u');
    return;
  }
  if (isFloat(from))
    code.op(`i32.trunc_sat_${machine[from] as 'f32'}_${to === 'int32' ? 's' : 'u'}`);
}
