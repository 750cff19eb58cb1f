/** Reductions in vector loops: partial results in lanes, brought together after the loop. */
import type { Stmt } from '../../compiler/loopnest.ts';
import type { Emitter } from './emitter.ts';
import { emitConst, isFloat } from './scalar.ts';
import {
  constBytes,
  emitReduce,
  emitVectorCombine,
  fits,
  identityOf,
  type Lanes,
} from './vector-ops.ts';

export type Update = Extract<Stmt, { kind: 'update' }>;

/** The partial results of an `update`, one a lane. */
export interface VectorSum {
  readonly local: number;
  /**
   * For the smallest or largest of floats: lanes that have met a NaN. The instruction that passes NaN
   * on takes many of the processor's; noting it apart takes three. Which of -0 and 0 is the larger is
   * left open.
   */
  readonly nan: number | undefined;
}

function isExtreme(s: Update): boolean {
  return (s.op === 'min' || s.op === 'max') && isFloat(s.variable.dtype);
}

/** Whether an accumulator is kept in lanes during a vector loop. */
export function summed(s: Update, lanes: Lanes): boolean {
  return fits(s.variable.dtype, lanes);
}

export function startSum(e: Emitter, s: Update, lanes: Lanes): VectorSum {
  const type = s.variable.dtype;
  const sum = { local: e.local('v128'), nan: isExtreme(s) ? e.local('v128') : undefined };
  e.code.v128(constBytes(type, identityOf(s.op, type), lanes));
  e.code.set(sum.local);
  if (sum.nan !== undefined) {
    e.code.v128(new Uint8Array(16));
    e.code.set(sum.nan);
  }
  return sum;
}

/** One more value for each lane; `push` puts them on the stack. */
export function accumulate(
  e: Emitter,
  s: Update,
  { local, nan }: VectorSum,
  push: () => void,
): void {
  const type = s.variable.dtype;
  if (nan === undefined) {
    e.code.get(local);
    push();
    emitVectorCombine(e.code, s.op, type);
    e.code.set(local);
    return;
  }
  const value = e.local('v128');
  const shape = type === 'float32' ? 'f32x4' : 'f64x2';
  push();
  e.code.set(value);
  e.code.get(local);
  e.code.get(value);
  e.code.op(`${shape}.p${s.op as 'min' | 'max'}`);
  e.code.set(local);
  e.code.get(value);
  e.code.get(value);
  e.code.op(`${shape}.ne`);
  e.code.get(nan);
  e.code.op('v128.or');
  e.code.set(nan);
}

/** variable = op(variable, all lanes of all partial results). */
export function finishSum(e: Emitter, s: Update, lanes: Lanes, parts: readonly VectorSum[]): void {
  const type = s.variable.dtype;
  const [first, ...rest] = parts;
  for (const part of rest) {
    e.code.get(first.local);
    e.code.get(part.local);
    emitVectorCombine(e.code, s.op, type);
    e.code.set(first.local);
    if (part.nan === undefined) continue;
    e.code.get(first.nan!);
    e.code.get(part.nan);
    e.code.op('v128.or');
    e.code.set(first.nan!);
  }
  const { local } = e.binding(s.variable)!;
  e.code.get(local!);
  if (first.nan !== undefined) emitConst(e.code, type, Number.NaN);
  emitReduce(e.code, s.op, type, lanes, first.local);
  if (first.nan !== undefined) {
    e.code.get(first.nan);
    e.code.op('v128.any_true');
    e.code.op('select');
  }
  e.combine(s.op, type);
  e.code.set(local!);
  e.frame.forget(e.facts.bit(s.variable), e.facts);
}
