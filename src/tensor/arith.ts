/** Arithmetic on values with NumPy's conveniences: mixed dtypes, plain numbers, broadcasting. */
import { type DType, isFloat, promoteTypes } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import type { Value } from '../graph/index.ts';
import * as lax from '../graph/lax.ts';
import { broadcastShapes, sameShape, showShape } from '../shape.ts';
import { fits, stored } from './bounds.ts';

export type Operand = Value | number | boolean;

/** The float dtype in which a value of `dtype` is divided, rooted, exponentiated. */
export function floatOf(dtype: DType): DType {
  return isFloat(dtype) ? dtype : 'float32';
}

/**
 * The dtype in which operands meet. A plain number is weakly typed: it takes the other's dtype, but
 * a fraction makes integers float32, and a whole number makes bool int32.
 */
export function commonType(a: Operand, b: Operand): DType {
  if (typeof a === 'object' && typeof b === 'object') return promoteTypes(a.dtype, b.dtype);
  if (typeof a === 'object') return withNumber(a.dtype, b as number | boolean);
  if (typeof b === 'object') return withNumber(b.dtype, a);
  return typeof a === 'boolean' && typeof b === 'boolean' ? 'bool' : 'float32';
}

function withNumber(dtype: DType, n: number | boolean): DType {
  if (typeof n === 'boolean' || isFloat(dtype)) return dtype;
  if (!Number.isInteger(n)) return 'float32';
  return dtype === 'bool' ? 'int32' : dtype;
}

export function toValue(x: Operand, dtype: DType): Value {
  return typeof x === 'object'
    ? lax.convert(x, dtype)
    : lax.scalar(stored(Number(x), dtype), dtype);
}

/** Both operands in `dtype`, broadcast to one shape. */
export function meet(a: Operand, b: Operand, dtype: DType): [Value, Value] {
  const x = toValue(a, dtype);
  const y = toValue(b, dtype);
  if (sameShape(x.shape, y.shape)) return [x, y];
  const shape = broadcastShapes(x.shape, y.shape);
  return [lax.broadcastTo(x, shape), lax.broadcastTo(y, shape)];
}

type Binary = (a: Value, b: Value) => Value;

/** Arithmetic that keeps integers; bool counts as int32. */
export function arithmetic(op: Binary): (a: Operand, b: Operand) => Value {
  return (a, b) => {
    const t = commonType(a, b);
    return op(...meet(a, b, t === 'bool' ? 'int32' : t));
  };
}

/** Arithmetic on floats only: integers become float32. */
export function floating(op: Binary): (a: Operand, b: Operand) => Value {
  return (a, b) => op(...meet(a, b, floatOf(commonType(a, b))));
}

export function comparing(op: Binary): (a: Operand, b: Operand) => Value {
  return (a, b) => {
    const t = commonType(a, b);
    // A number that the dtype cannot hold can still be compared with.
    const outside = [a, b].some((x) => typeof x === 'number' && !fits(x, t));
    return op(...meet(a, b, outside ? 'float64' : t));
  };
}

/** What takes every dtype and gives the common one: max, min, choices. */
export function plain(op: Binary): (a: Operand, b: Operand) => Value {
  return (a, b) => op(...meet(a, b, commonType(a, b)));
}

export function logical(op: Binary): (a: Operand, b: Operand) => Value {
  return (a, b) => op(...meet(truth(a), truth(b), 'bool'));
}

export function bitwise(name: string, op: Binary): (a: Operand, b: Operand) => Value {
  return (a, b) => {
    const t = commonType(a, b);
    if (isFloat(t))
      throw new GradloomError('dtype', `${name} takes integers or bool; received ${t}.`, {
        dtype: t,
      });
    return op(...meet(a, b, t));
  };
}

export function truth(x: Operand): Operand {
  if (typeof x !== 'object') return Boolean(x);
  return lax.convert(x, 'bool');
}

/** NumPy's floor division: toward minus infinity; integers by zero give zero. */
export function floorDivide(a: Operand, b: Operand): Value {
  const t = commonType(a, b);
  const [x, y] = meet(a, b, t === 'bool' ? 'int32' : t);
  if (isFloat(t)) return floorDivideFloats(x, y);
  const q = lax.div(x, y);
  if (x.dtype !== 'int32') return unlessZero(y, q);
  return unlessZero(y, lax.select(crosses(x, y), lax.sub(q, lax.full(q.shape, 1, q.dtype)), q));
}

/** Integers divided by zero give zero in NumPy. */
function unlessZero(y: Value, r: Value): Value {
  const zero = lax.full(r.shape, 0, r.dtype);
  return lax.select(lax.eq(y, zero), zero, r);
}

/** From the exact remainder, as NumPy: 1 over 0.1 is 9, since 0.1 is a little more than a tenth. */
function floorDivideFloats(x: Value, y: Value): Value {
  const one = lax.full(x.shape, 1, x.dtype);
  const zero = lax.full(x.shape, 0, x.dtype);
  const q = lax.div(lax.sub(x, lax.rem(x, y)), y);
  const exact = lax.roundNearestEven(lax.select(crosses(x, y), lax.sub(q, one), q));
  return lax.select(lax.eq(y, zero), lax.div(x, y), exact);
}

/** NumPy's mod: the sign of the divisor. */
export function modulo(a: Operand, b: Operand): Value {
  const t = commonType(a, b);
  const [x, y] = meet(a, b, t === 'bool' ? 'int32' : t);
  const r = lax.rem(x, y);
  if (x.dtype === 'uint8' || x.dtype === 'uint32') return unlessZero(y, r);
  const signed = lax.select(crosses(x, y), lax.add(r, y), r);
  return isFloat(x.dtype) ? signed : unlessZero(y, signed);
}

/** C's fmod: the sign of the dividend. */
export function truncatedRemainder(a: Operand, b: Operand): Value {
  const t = commonType(a, b);
  const [x, y] = meet(a, b, t === 'bool' ? 'int32' : t);
  const r = lax.rem(x, y);
  return isFloat(t) ? r : unlessZero(y, r);
}

/** Where truncation and flooring differ: a remainder whose sign is not the divisor's. */
function crosses(x: Value, y: Value): Value {
  const r = lax.rem(x, y);
  const zero = lax.full(r.shape, 0, r.dtype);
  return lax.and(lax.ne(r, zero), lax.ne(lax.lt(r, zero), lax.lt(y, zero)));
}

/** Powers: whole numbers keep integers (by repeated squaring), everything else is float. */
export function power(a: Operand, b: Operand): Value {
  const t = commonType(a, b);
  if (typeof b === 'number' && typeof a === 'object' && Number.isInteger(b) && b >= 0 && b <= 32) {
    const x = lax.convert(a, t === 'bool' ? 'int32' : t);
    return wholePower(x, b);
  }
  const [x, y] = meet(a, b, floatOf(t));
  const r = lax.pow(x, y);
  return isFloat(t) ? r : lax.convert(lax.roundNearestEven(r), t === 'bool' ? 'int32' : t);
}

function wholePower(x: Value, n: number): Value {
  if (n === 0) return lax.full(x.shape, 1, x.dtype);
  let result: Value | undefined;
  let square = x;
  for (let k = n; k > 0; k >>= 1) {
    if (k & 1) result = result ? lax.mul(result, square) : square;
    if (k > 1) square = lax.mul(square, square);
  }
  return result!;
}

/** NumPy's matmul: vectors, matrices, and stacks of matrices that broadcast. */
export function matmul(a: Value, b: Value): Value {
  if (a.shape.length === 0 || b.shape.length === 0) {
    throw new GradloomError(
      'shape',
      `matmul does not take scalars; received ${showShape(a.shape)} and ${showShape(b.shape)}. Use mul.`,
    );
  }
  const t = promoteTypes(a.dtype, b.dtype);
  const dtype: DType = isFloat(t) ? t : 'int32';
  let x = lax.convert(a, dtype);
  let y = lax.convert(b, dtype);
  const [vx, vy] = [a.shape.length === 1, b.shape.length === 1];
  if (vx) x = lax.reshape(x, [1, x.shape[0]]);
  if (vy) y = lax.reshape(y, [y.shape[0], 1]);
  if (x.shape[x.shape.length - 1] !== y.shape[y.shape.length - 2]) {
    throw new GradloomError(
      'shape',
      `matmul: ${showShape(a.shape)} and ${showShape(b.shape)} do not fit: the last dimension of the first must equal the ${vy ? 'only' : 'second last'} one of the second.`,
      {
        a: [...a.shape],
        b: [...b.shape],
      },
    );
  }
  let r: Value;
  if (y.shape.length === 2) {
    r = lax.dotGeneral(x, y, {
      lhsContract: [x.shape.length - 1],
      rhsContract: [0],
      lhsBatch: [],
      rhsBatch: [],
    });
  } else {
    const batch = broadcastShapes(x.shape.slice(0, -2), y.shape.slice(0, -2));
    x = lax.broadcastTo(x, [...batch, ...x.shape.slice(-2)]);
    y = lax.broadcastTo(y, [...batch, ...y.shape.slice(-2)]);
    const dims = batch.map((_, d) => d);
    r = lax.dotGeneral(x, y, {
      lhsContract: [dims.length + 1],
      rhsContract: [dims.length],
      lhsBatch: dims,
      rhsBatch: dims,
    });
  }
  const shape = [...r.shape];
  if (vy) shape.pop();
  if (vx) shape.splice(vy ? shape.length - 1 : shape.length - 2, 1);
  return lax.reshape(r, shape);
}
