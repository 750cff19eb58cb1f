/**
 * Elementwise primitives: operands of one shape, one dtype (select's condition is bool), read and
 * written at the same index. One row each: which dtypes, the scalar expression, the gradient.
 */
import { type DType, isFloat } from '../../dtype.ts';
import {
  binary,
  bitcast,
  compare,
  constant,
  convert,
  type Expr,
  int,
  type Scalar,
  select,
  unary,
} from '../../expr/expr.ts';
import * as math from '../../expr/math.ts';
import { sameShape, showShape } from '../../shape.ts';
import type { Aval, Node, Value } from '../graph.ts';
import * as lax from '../lax.ts';
import { type Attrs, definePrimitive, operandError, type Primitive } from '../primitive.ts';

type None = Record<string, never>;
type Vjp = (g: Value, inputs: readonly Value[], out: Value) => (Value | undefined)[];

const floats: readonly DType[] = ['float32', 'float64'];
const integers: readonly DType[] = ['int32', 'uint32', 'uint8'];
const numbers: readonly DType[] = [...integers, ...floats];
const bits: readonly DType[] = ['bool', ...integers];
const all: readonly DType[] = ['bool', ...numbers];

function checkOperands(
  op: string,
  inputs: readonly Aval[],
  arity: number,
  allowed: readonly DType[],
): void {
  if (inputs.length !== arity)
    throw operandError(op, `takes ${arity} operands, received ${inputs.length}.`, inputs);
  for (const v of inputs) {
    if (!sameShape(v.shape, inputs[0].shape)) {
      throw operandError(
        op,
        `operands must have one shape, received ${inputs.map((i) => showShape(i.shape)).join(' and ')}.`,
        inputs,
      );
    }
    if (v.dtype !== inputs[0].dtype) {
      throw operandError(
        op,
        `operands must have one dtype, received ${inputs.map((i) => i.dtype).join(' and ')}.`,
        inputs,
      );
    }
    if (!allowed.includes(v.dtype)) {
      throw operandError(op, `takes ${allowed.join(', ')}; received ${v.dtype}.`, inputs);
    }
  }
}

interface Row {
  dtypes: readonly DType[];
  result?: DType;
  cost?: number;
  scalar(...args: Expr[]): Expr;
  vjp?: Vjp;
}

function elementwise(name: string, arity: number, row: Row): Primitive<None> {
  const { vjp } = row;
  return definePrimitive<None>({
    name,
    infer(inputs) {
      checkOperands(name, inputs, arity, row.dtypes);
      return [{ shape: inputs[0].shape, dtype: row.result ?? inputs[0].dtype }];
    },
    ...(vjp && {
      vjp(node: Node, [g]: readonly (Value | undefined)[]) {
        if (!g || !isFloat(node.inputs[0].dtype)) return [];
        return vjp(g, node.inputs, node.outputs[0]);
      },
    }),
    lowering: {
      kind: 'pointwise',
      elementwise: true,
      cost: row.cost ?? 1,
      at(node, index, read) {
        const args = Array.from({ length: arity }, (_, k) => read(k, index));
        const e = row.scalar(...args);
        // uint8 is computed as int32 and wraps at 256.
        return node.outputs[0].dtype === 'uint8' ? wrap8(e) : e;
      },
    },
  });
}

function wrap8(e: Expr): Expr {
  return e.lo >= 0 && e.hi <= 255 ? e : binary('and', e, int(255));
}

const like = (e: Expr, v: number): Expr => constant(e.dtype, v);
const isFloatExpr = (e: Expr): boolean => e.dtype === 'float32' || e.dtype === 'float64';
const c = (like_: Value, v: number): Value => lax.full(like_.shape, v, like_.dtype);

// ---- one operand

export const neg: Primitive<None> = elementwise('neg', 1, {
  dtypes: numbers,
  scalar: (x) => unary('neg', x),
  vjp: (g) => [lax.neg(g)],
});
export const exp: Primitive<None> = elementwise('exp', 1, {
  dtypes: floats,
  cost: 12,
  scalar: math.exp,
  vjp: (g, _, y) => [lax.mul(g, y)],
});
export const log: Primitive<None> = elementwise('log', 1, {
  dtypes: floats,
  cost: 16,
  scalar: math.log,
  vjp: (g, [x]) => [lax.div(g, x)],
});
export const expm1: Primitive<None> = elementwise('expm1', 1, {
  dtypes: floats,
  cost: 16,
  scalar: math.expm1,
  vjp: (g, _, y) => [lax.mul(g, lax.add(y, c(y, 1)))],
});
export const log1p: Primitive<None> = elementwise('log1p', 1, {
  dtypes: floats,
  cost: 18,
  scalar: math.log1p,
  vjp: (g, [x]) => [lax.div(g, lax.add(x, c(x, 1)))],
});
export const sqrt: Primitive<None> = elementwise('sqrt', 1, {
  dtypes: floats,
  cost: 4,
  scalar: (x) => unary('sqrt', x),
  vjp: (g, _, y) => [lax.div(g, lax.mul(y, c(y, 2)))],
});
export const rsqrt: Primitive<None> = elementwise('rsqrt', 1, {
  dtypes: floats,
  cost: 8,
  scalar: math.rsqrt,
  vjp: (g, [x], y) => [lax.mul(g, lax.mul(c(y, -0.5), lax.div(y, x)))],
});
export const sin: Primitive<None> = elementwise('sin', 1, {
  dtypes: floats,
  cost: 20,
  scalar: math.sin,
  vjp: (g, [x]) => [lax.mul(g, lax.cos(x))],
});
export const cos: Primitive<None> = elementwise('cos', 1, {
  dtypes: floats,
  cost: 20,
  scalar: math.cos,
  vjp: (g, [x]) => [lax.neg(lax.mul(g, lax.sin(x)))],
});
export const tan: Primitive<None> = elementwise('tan', 1, {
  dtypes: floats,
  cost: 30,
  scalar: math.tan,
  vjp: (g, _, y) => [lax.mul(g, lax.add(c(y, 1), lax.mul(y, y)))],
});
export const asin: Primitive<None> = elementwise('asin', 1, {
  dtypes: floats,
  cost: 20,
  scalar: math.asin,
  vjp: (g, [x]) => [lax.div(g, lax.sqrt(lax.sub(c(x, 1), lax.mul(x, x))))],
});
export const acos: Primitive<None> = elementwise('acos', 1, {
  dtypes: floats,
  cost: 20,
  scalar: math.acos,
  vjp: (g, [x]) => [lax.neg(lax.div(g, lax.sqrt(lax.sub(c(x, 1), lax.mul(x, x)))))],
});
export const atan: Primitive<None> = elementwise('atan', 1, {
  dtypes: floats,
  cost: 20,
  scalar: math.atan,
  vjp: (g, [x]) => [lax.div(g, lax.add(c(x, 1), lax.mul(x, x)))],
});
export const sinh: Primitive<None> = elementwise('sinh', 1, {
  dtypes: floats,
  cost: 30,
  scalar: math.sinh,
  vjp: (g, [x]) => [lax.mul(g, lax.cosh(x))],
});
export const cosh: Primitive<None> = elementwise('cosh', 1, {
  dtypes: floats,
  cost: 30,
  scalar: math.cosh,
  vjp: (g, [x]) => [lax.mul(g, lax.sinh(x))],
});
export const tanh: Primitive<None> = elementwise('tanh', 1, {
  dtypes: floats,
  cost: 16,
  scalar: math.tanh,
  vjp: (g, _, y) => [lax.mul(g, lax.sub(c(y, 1), lax.mul(y, y)))],
});
export const logistic: Primitive<None> = elementwise('logistic', 1, {
  dtypes: floats,
  cost: 16,
  scalar: math.logistic,
  vjp: (g, _, y) => [lax.mul(g, lax.mul(y, lax.sub(c(y, 1), y)))],
});
export const erf: Primitive<None> = elementwise('erf', 1, {
  dtypes: floats,
  cost: 24,
  scalar: math.erf,
  vjp: (g, [x]) => [
    lax.mul(g, lax.mul(c(x, 2 / Math.sqrt(Math.PI)), lax.exp(lax.neg(lax.mul(x, x))))),
  ],
});
export const erfInv: Primitive<None> = elementwise('erf_inv', 1, {
  dtypes: floats,
  cost: 40,
  scalar: math.erfInv,
  vjp: (g, _, y) => [lax.mul(g, lax.mul(c(y, Math.sqrt(Math.PI) / 2), lax.exp(lax.mul(y, y))))],
});
export const abs: Primitive<None> = elementwise('abs', 1, {
  dtypes: numbers,
  scalar: (x) => unary('abs', x),
  vjp: (g, [x]) => [lax.mul(g, lax.sign(x))],
});
export const sign: Primitive<None> = elementwise('sign', 1, {
  dtypes: numbers,
  cost: 3,
  // NaN stays NaN and -0 stays -0, as in NumPy: the last arm gives x itself.
  scalar: (x) =>
    select(
      compare('gt', x, like(x, 0)),
      like(x, 1),
      x.dtype === 'uint32' ? like(x, 0) : select(compare('lt', x, like(x, 0)), like(x, -1), x),
    ),
  vjp: () => [undefined],
});
export const floor: Primitive<None> = elementwise('floor', 1, {
  dtypes: floats,
  scalar: (x) => unary('floor', x),
  vjp: () => [undefined],
});
export const ceil: Primitive<None> = elementwise('ceil', 1, {
  dtypes: floats,
  scalar: (x) => unary('ceil', x),
  vjp: () => [undefined],
});
export const roundNearestEven: Primitive<None> = elementwise('round_nearest_even', 1, {
  dtypes: floats,
  scalar: (x) => unary('nearest', x),
  vjp: () => [undefined],
});
export const isFinite: Primitive<None> = elementwise('is_finite', 1, {
  dtypes: floats,
  result: 'bool',
  cost: 2,
  scalar: (x) => compare('lt', unary('abs', x), like(x, Number.POSITIVE_INFINITY)),
});
export const not: Primitive<None> = elementwise('not', 1, {
  dtypes: bits,
  scalar: (x) => unary('not', x),
});
export const stopGradient: Primitive<None> = elementwise('stop_gradient', 1, {
  dtypes: all,
  cost: 0,
  scalar: (x) => x,
  vjp: () => [undefined],
});

// ---- two operands

export const add: Primitive<None> = elementwise('add', 2, {
  dtypes: numbers,
  scalar: (a, b) => binary('add', a, b),
  vjp: (g) => [g, g],
});
export const sub: Primitive<None> = elementwise('sub', 2, {
  dtypes: numbers,
  scalar: (a, b) => binary('sub', a, b),
  vjp: (g) => [g, lax.neg(g)],
});
export const mul: Primitive<None> = elementwise('mul', 2, {
  dtypes: numbers,
  scalar: (a, b) => binary('mul', a, b),
  vjp: (g, [a, b]) => [lax.mul(g, b), lax.mul(g, a)],
});

/** Integer division as XLA defines it: x/0 is -1 (all bits), INT_MIN/-1 wraps; no trap on any target. */
function safeDivide(op: 'div' | 'rem', a: Expr, b: Expr): Expr {
  if (isFloatExpr(a)) return binary(op, a, b);
  const zero = compare('eq', b, like(b, 0));
  let divisor = select(zero, like(b, 1), b);
  if (a.dtype === 'int32') {
    const minusOne = compare('eq', b, like(b, -1));
    divisor = select(minusOne, like(b, 1), divisor);
    const q = binary(op, a, divisor);
    const negated = op === 'div' ? unary('neg', a) : like(a, 0);
    return select(zero, op === 'div' ? like(a, -1) : a, select(minusOne, negated, q));
  }
  return select(zero, op === 'div' ? like(a, 0xffffffff) : a, binary(op, a, divisor));
}

export const div: Primitive<None> = elementwise('div', 2, {
  dtypes: numbers,
  cost: 4,
  scalar: (a, b) => safeDivide('div', a, b),
  vjp: (g, [, b], y) => {
    const ga = lax.div(g, b);
    return [ga, lax.neg(lax.mul(ga, y))];
  },
});
/** Remainder with the sign of the dividend (C's fmod and %). */
export const rem: Primitive<None> = elementwise('rem', 2, {
  dtypes: numbers,
  cost: 8,
  scalar: (a, b) => safeDivide('rem', a, b),
  vjp: (g, [a, b]) => {
    const q = lax.div(a, b);
    const whole = lax.mul(lax.sign(q), lax.floor(lax.abs(q)));
    return [g, lax.neg(lax.mul(g, whole))];
  },
});
export const pow: Primitive<None> = elementwise('pow', 2, {
  dtypes: floats,
  cost: 40,
  scalar: math.pow,
  vjp: (g, [a, b], y) => {
    const zero = c(a, 0);
    // d/da = b * a^(b-1), 0 where b is 0; d/db = log(a) * a^b, 0 where a is 0 (as in JAX).
    const ga = lax.select(lax.eq(b, zero), zero, lax.mul(b, lax.pow(a, lax.sub(b, c(b, 1)))));
    const gb = lax.mul(
      lax.select(lax.eq(a, zero), zero, lax.log(lax.select(lax.eq(a, zero), c(a, 1), a))),
      y,
    );
    return [lax.mul(g, ga), lax.mul(g, gb)];
  },
});
export const atan2: Primitive<None> = elementwise('atan2', 2, {
  dtypes: floats,
  cost: 30,
  scalar: math.atan2,
  vjp: (g, [y, x]) => {
    const d = lax.div(g, lax.add(lax.mul(x, x), lax.mul(y, y)));
    return [lax.mul(d, x), lax.neg(lax.mul(d, y))];
  },
});

/** Where both sides are equal each gets half of the cotangent, as in JAX. */
function extremumVjp(g: Value, a: Value, b: Value, out: Value): Value[] {
  const share = (x: Value, y: Value): Value => {
    const half = lax.select(lax.eq(y, out), c(g, 0.5), c(g, 1));
    return lax.mul(g, lax.select(lax.eq(x, out), half, c(g, 0)));
  };
  return [share(a, b), share(b, a)];
}

export const max: Primitive<None> = elementwise('max', 2, {
  dtypes: all,
  scalar: (a, b) => (a.dtype === 'bool' ? binary('or', a, b) : binary('max', a, b)),
  vjp: (g, [a, b], out) => extremumVjp(g, a, b, out),
});
export const min: Primitive<None> = elementwise('min', 2, {
  dtypes: all,
  scalar: (a, b) => (a.dtype === 'bool' ? binary('and', a, b) : binary('min', a, b)),
  vjp: (g, [a, b], out) => extremumVjp(g, a, b, out),
});

export const and: Primitive<None> = elementwise('and', 2, {
  dtypes: bits,
  scalar: (a, b) => binary('and', a, b),
});
export const or: Primitive<None> = elementwise('or', 2, {
  dtypes: bits,
  scalar: (a, b) => binary('or', a, b),
});
export const xor: Primitive<None> = elementwise('xor', 2, {
  dtypes: bits,
  scalar: (a, b) => binary('xor', a, b),
});

/** Shifts by 32 or more (8 for uint8) give 0, or the sign; the machine's own shift would wrap. */
function shift(a: Expr, n: Expr, op: 'shl' | 'shr', logical: boolean): Expr {
  const t: Scalar = logical && a.dtype === 'int32' ? 'uint32' : a.dtype;
  const x = bitcast(t, a);
  const count = binary('and', bitcast('int32', n), int(31));
  const over = compare('gt', bitcast('uint32', n), constant('uint32', 31));
  const shifted = binary(op, x, convert(t, count));
  const beyond = op === 'shr' && t === 'int32' ? binary('shr', x, int(31)) : constant(t, 0);
  return bitcast(a.dtype, select(over, beyond, shifted));
}

export const shiftLeft: Primitive<None> = elementwise('shift_left', 2, {
  dtypes: integers,
  cost: 3,
  scalar: (a, n) => shift(a, n, 'shl', false),
});
export const shiftRightLogical: Primitive<None> = elementwise('shift_right_logical', 2, {
  dtypes: integers,
  cost: 3,
  scalar: (a, n) => shift(a, n, 'shr', true),
});
export const shiftRightArithmetic: Primitive<None> = elementwise('shift_right_arithmetic', 2, {
  dtypes: integers,
  cost: 3,
  scalar: (a, n) =>
    a.dtype === 'uint32'
      ? bitcast('uint32', shift(bitcast('int32', a), bitcast('int32', n), 'shr', false))
      : shift(a, n, 'shr', false),
});

function comparison(name: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge'): Primitive<None> {
  return elementwise(name, 2, {
    dtypes: all,
    result: 'bool',
    scalar: (a, b) =>
      a.dtype === 'bool'
        ? compare(name, convert('int32', a), convert('int32', b))
        : compare(name, a, b),
  });
}
export const eq: Primitive<None> = comparison('eq');
export const ne: Primitive<None> = comparison('ne');
export const lt: Primitive<None> = comparison('lt');
export const le: Primitive<None> = comparison('le');
export const gt: Primitive<None> = comparison('gt');
export const ge: Primitive<None> = comparison('ge');

// ---- mixed dtypes

/** select(which: bool, onTrue, onFalse); which may be a scalar. */
export const selectN: Primitive<None> = definePrimitive<None>({
  name: 'select',
  infer(inputs) {
    const [w, a, b] = inputs;
    if (inputs.length !== 3 || w.dtype !== 'bool')
      throw operandError('select', 'takes a bool condition and two values.', inputs);
    if (a.dtype !== b.dtype || !sameShape(a.shape, b.shape) || !sameShape(w.shape, a.shape)) {
      throw operandError(
        'select',
        `condition and values must have one shape, and the values one dtype; received ${inputs.map((v) => `${v.dtype}${showShape(v.shape)}`).join(', ')}.`,
        inputs,
      );
    }
    return [{ shape: a.shape, dtype: a.dtype }];
  },
  vjp(node, [g]) {
    if (!g || !isFloat(g.dtype)) return [];
    const zero = c(g, 0);
    return [undefined, lax.select(node.inputs[0], g, zero), lax.select(node.inputs[0], zero, g)];
  },
  lowering: {
    kind: 'pointwise',
    elementwise: true,
    cost: 1,
    at: (_, index, read) => {
      const a = read(1, index);
      const b = read(2, index);
      const which = read(0, index);
      if (a.dtype !== 'bool') return select(which, a, b);
      return binary('or', binary('and', which, a), binary('and', unary('not', which), b));
    },
  },
});

/** Number to number: floats truncate toward zero into integers, saturating; NaN becomes 0. */
export const convertElement: Primitive<{ dtype: DType } & Attrs> = definePrimitive<
  { dtype: DType } & Attrs
>({
  name: 'convert',
  infer: (inputs, { dtype }) => [{ shape: inputs[0].shape, dtype }],
  vjp(node, [g]) {
    const from = node.inputs[0].dtype;
    return [g && isFloat(from) && isFloat(g.dtype) ? lax.convert(g, from) : undefined];
  },
  lowering: {
    kind: 'pointwise',
    elementwise: true,
    cost: 1,
    at(node, index, read) {
      const x = read(0, index);
      const from = node.inputs[0].dtype;
      const to = node.attrs.dtype;
      if (from === to) return x;
      if (to === 'uint8') {
        if (isFloatExpr(x)) {
          const i = convert('int32', x);
          return binary('min', binary('max', i, int(0)), int(255));
        }
        return wrap8(x.dtype === 'uint32' ? bitcast('int32', x) : convert('int32', x));
      }
      if (x.dtype === 'int32' && to === 'uint32') return bitcast('uint32', x);
      if (x.dtype === 'uint32' && to === 'int32') return bitcast('int32', x);
      return convert(to, x);
    },
  },
});

/** The same 32 bits under another dtype (float32, int32, uint32). */
export const bitcastConvert: Primitive<{ dtype: DType } & Attrs> = definePrimitive<
  { dtype: DType } & Attrs
>({
  name: 'bitcast_convert',
  infer(inputs, { dtype }) {
    const ok: DType[] = ['float32', 'int32', 'uint32'];
    if (!ok.includes(inputs[0].dtype) || !ok.includes(dtype)) {
      throw operandError(
        'bitcast_convert',
        `takes float32, int32 or uint32; received ${inputs[0].dtype} to ${dtype}.`,
        inputs,
      );
    }
    return [{ shape: inputs[0].shape, dtype }];
  },
  lowering: {
    kind: 'pointwise',
    elementwise: true,
    cost: 0,
    at: (node, index, read) => bitcast(node.attrs.dtype as Scalar, read(0, index)),
  },
});
