/**
 * Functions of elements that every format of graphs has. Where ONNX and TensorFlow give them one name, they
 * stand here as operations.
 */
import { type DType, isFloat } from '../../dtype.ts';
import { lax, type Value } from '../../graph/index.ts';
import type { Operation } from './building.ts';
import { broadcast, like } from './values.ts';

export type Unary = (x: Value) => Value;
export type Binary = (a: Value, b: Value) => Value;
/** What an operation of any format is given: enough for those that have no attributes. */
export type Operands = Pick<Operation, 'get' | 'fail' | 'sizes'>;
export type CommonOp = (c: Operands) => Value;

export const unary =
  (f: Unary): CommonOp =>
  (c) =>
    f(c.get(0));
export const binary =
  (f: Binary): CommonOp =>
  (c) => {
    const [a, b] = broadcast(c, [c.get(0), c.get(1)]);
    return f(a, b);
  };
/** Rounding, which leaves whole numbers as they are. */
export const rounding = (f: Unary): CommonOp => unary((x) => (isFloat(x.dtype) ? f(x) : x));

const { add, mul, div, max, min, select, lt } = lax;
export const below = (x: Value, n: number): Value => lt(x, like(x, n));
export const plus = (x: Value, n: number): Value => add(x, like(x, n));
export const times = (x: Value, n: number): Value => mul(x, like(x, n));

export const relu: Unary = (x) => max(x, like(x, 0));
export const softplus: Unary = (x) => add(relu(x), lax.log1p(lax.exp(lax.neg(lax.abs(x)))));
export const elu = (x: Value, alpha: number): Value =>
  select(below(x, 0), times(lax.expm1(min(x, like(x, 0))), alpha), x);
export const leakyRelu = (x: Value, alpha: number): Value =>
  select(below(x, 0), times(x, alpha), x);
export const reciprocal: Unary = (x) => div(like(x, 1), x);
export const isNaN: Unary = (x) => lax.ne(x, x);

/** The remainder that has the sign of the divisor. */
export const floorMod: Binary = (a, b) => {
  const r = lax.rem(a, b);
  const zero = like(r, 0);
  const off = lax.and(lax.ne(r, zero), lax.ne(lt(r, zero), lt(b, zero)));
  return select(off, add(r, b), r);
};

/** As bool, whether it is not zero. */
export const cast = (x: Value, to: DType): Value =>
  to === 'bool' && x.dtype !== 'bool' ? lax.ne(x, like(x, 0)) : lax.convert(x, to);

export const common: Readonly<Record<string, CommonOp>> = {
  Identity: unary((x) => x),
  Abs: unary(lax.abs),
  Neg: unary(lax.neg),
  Exp: unary(lax.exp),
  Log: unary(lax.log),
  Sqrt: unary(lax.sqrt),
  Reciprocal: unary(reciprocal),
  Sign: unary(lax.sign),
  Floor: rounding(lax.floor),
  Ceil: rounding(lax.ceil),
  Round: rounding(lax.roundNearestEven),
  Sin: unary(lax.sin),
  Cos: unary(lax.cos),
  Tan: unary(lax.tan),
  Asin: unary(lax.asin),
  Acos: unary(lax.acos),
  Atan: unary(lax.atan),
  Sinh: unary(lax.sinh),
  Cosh: unary(lax.cosh),
  Tanh: unary(lax.tanh),
  Erf: unary(lax.erf),
  Sigmoid: unary(lax.logistic),
  Relu: unary(relu),
  Softplus: unary(softplus),
  Softsign: unary((x) => div(x, plus(lax.abs(x), 1))),
  Add: binary(add),
  Sub: binary(lax.sub),
  Mul: binary(mul),
  Div: binary(div),
  Equal: binary(lax.eq),
  Less: binary(lt),
  Greater: binary(lax.gt),
};
