/** Vector instructions: 32-bit lanes (`x4`) and 64-bit lanes (`x2`); bool is a mask of a lane's width. */
import type { BinaryOp, Expr, ExprOp, Scalar } from '../../expr/expr.ts';
import type { Code } from './assembler.ts';
import type { OpName } from './opcodes.ts';

export type Lanes = 2 | 4;

/** Whether values of a type can be held in vectors of so many lanes. */
export function fits(t: Scalar, lanes: Lanes): boolean {
  return t === 'bool' || (lanes === 2) === (t === 'float64');
}

const shape = (t: Scalar): string =>
  t === 'float32' ? 'f32x4' : t === 'float64' ? 'f64x2' : 'i32x4';

export function splatOp(t: Scalar, lanes: Lanes): OpName {
  return (t === 'bool' && lanes === 2 ? 'i64x2.splat' : `${shape(t)}.splat`) as OpName;
}

export function replaceOp(t: Scalar, lanes: Lanes): OpName {
  return (
    t === 'bool' && lanes === 2 ? 'i64x2.replace_lane' : `${shape(t)}.replace_lane`
  ) as OpName;
}

const bytes = new Uint8Array(16);
const view = new DataView(bytes.buffer);

/** The 16 bytes of a value in every lane (plus `step` for each lane, for integers). */
export function constBytes(t: Scalar, value: number, lanes: Lanes, step = 0): Uint8Array {
  for (let l = 0; l < lanes; l++) {
    const v = value + l * step;
    if (t === 'float64') view.setFloat64(8 * l, v, true);
    else if (t === 'float32') view.setFloat32(4 * l, v, true);
    else if (t === 'bool') {
      for (let i = 0; i < 16 / lanes; i++) bytes[(16 / lanes) * l + i] = v ? 255 : 0;
    } else view.setInt32(4 * l, v | 0, true);
  }
  return bytes.slice();
}

/** From a scalar on the stack to a lane's value: bool becomes 0 or -1. */
export function emitToLane(code: Code, t: Scalar, lanes: Lanes): void {
  if (t !== 'bool') return;
  code.i32(-1);
  code.op('i32.mul');
  if (lanes === 2) code.op('i64.extend_i32_s');
}

/** A lane of the vector on the stack as a scalar. */
export function emitExtract(code: Code, t: Scalar, lanes: Lanes, lane: number): void {
  if (t === 'bool') {
    code.lane('i32x4.extract_lane', lanes === 2 ? 2 * lane : lane);
    code.i32(1);
    code.op('i32.and');
  } else code.lane(`${shape(t)}.extract_lane` as OpName, lane);
}

const comparison: Partial<Record<ExprOp, string>> = {
  eq: 'eq',
  ne: 'ne',
  lt: 'lt',
  le: 'le',
  gt: 'gt',
  ge: 'ge',
};

/** Operands are on the stack; not for const, var, load, select, guard, shifts and division. */
export function emitVectorOp(code: Code, e: Expr, lanes: Lanes, relaxed: boolean): void {
  const t = e.dtype;
  const from = e.args[0].dtype;
  const s = shape(t);
  const float = t === 'float32' || t === 'float64';
  switch (e.op) {
    case 'neg':
      code.op(`${s}.neg` as OpName);
      return;
    case 'abs':
      if (t !== 'uint32') code.op(`${s}.abs` as OpName);
      return;
    case 'sqrt':
    case 'floor':
    case 'ceil':
    case 'trunc':
    case 'nearest':
      if (float) code.op(`${s}.${e.op}` as OpName);
      return;
    case 'not':
      code.op('v128.not');
      return;
    case 'bitcast':
      return;
    case 'toInt':
      code.op(relaxed ? 'i32x4.relaxed_trunc_f32x4_s' : 'i32x4.trunc_sat_f32x4_s');
      return;
    case 'convert':
      emitVectorConvert(code, from, t, lanes);
      return;
    case 'eq':
    case 'ne':
    case 'lt':
    case 'le':
    case 'gt':
    case 'ge': {
      // Masks compare as integers: equal halves of 64-bit lanes give equal halves.
      let name = `${shape(from)}.${comparison[e.op]}`;
      if (e.op !== 'eq' && e.op !== 'ne' && from !== 'float32' && from !== 'float64')
        name += from === 'int32' ? '_s' : '_u';
      code.op(name as OpName);
      return;
    }
    default:
      emitVectorCombine(code, e.op as BinaryOp, t);
  }
}

/** `a op b` for vectors on the stack; integer division and float remainder are not there. */
export function emitVectorCombine(code: Code, op: BinaryOp, t: Scalar): void {
  const s = shape(t);
  switch (op) {
    case 'and':
    case 'or':
    case 'xor':
      code.op(`v128.${op}`);
      return;
    case 'min':
    case 'max':
      if (t === 'float32' || t === 'float64') code.op(`${s}.${op}` as OpName);
      else code.op(`${s}.${op}_${t === 'int32' ? 's' : 'u'}` as OpName);
      return;
    default:
      code.op(`${s}.${op}` as OpName);
  }
}

function emitVectorConvert(code: Code, from: Scalar, to: Scalar, lanes: Lanes): void {
  const float = from === 'float32' || from === 'float64';
  if (to === 'bool') {
    code.v128(constBytes(from, 0, lanes));
    code.op(`${shape(from)}.ne` as OpName);
  } else if (from === 'bool') {
    code.v128(constBytes(to, 1, lanes));
    code.op('v128.and');
  } else if (to === 'float32')
    code.op(from === 'int32' ? 'f32x4.convert_i32x4_s' : 'f32x4.convert_i32x4_u');
  else if (float) code.op(to === 'int32' ? 'i32x4.trunc_sat_f32x4_s' : 'i32x4.trunc_sat_f32x4_u');
}

/** The value that leaves the other operand of a reduction as it is. */
export function identityOf(op: BinaryOp, t: Scalar): number {
  const float = t === 'float32' || t === 'float64';
  switch (op) {
    case 'mul':
      return 1;
    case 'min':
      return float ? Infinity : t === 'uint32' ? 2 ** 32 - 1 : t === 'bool' ? 1 : 2 ** 31 - 1;
    case 'max':
      return float ? -Infinity : t === 'int32' ? -(2 ** 31) : 0;
    case 'and':
      return t === 'bool' ? 1 : -1;
    case 'add':
      return float ? -0 : 0;
    default:
      return 0;
  }
}

/** All lanes of the vector in `local` brought together by `op`: a scalar on the stack. */
export function emitReduce(code: Code, op: BinaryOp, t: Scalar, lanes: Lanes, local: number): void {
  if (t === 'bool') {
    code.get(local);
    const any = op === 'or' || op === 'max' || op === 'add';
    code.op(any ? 'v128.any_true' : lanes === 2 ? 'i64x2.all_true' : 'i32x4.all_true');
    return;
  }
  for (let half = 8; half >= 16 / lanes; half /= 2) {
    code.get(local);
    code.get(local);
    code.get(local);
    code.shuffle(Array.from({ length: 16 }, (_, i) => (i + half) % 16));
    emitVectorCombine(code, op, t);
    code.set(local);
  }
  code.get(local);
  emitExtract(code, t, lanes, 0);
}
