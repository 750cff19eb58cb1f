/** Elementwise functions, with NumPy's broadcasting. */
import { isFloat } from '../dtype.ts';
import { lax, type Value } from '../graph/index.ts';
import { commonType, floatOf, meet } from '../tensor/arith.ts';
import { asTensor, Tensor, type TensorLike } from '../tensor/index.ts';

type Unary = (x: TensorLike) => Tensor;
type Binary = (x: TensorLike, y: TensorLike) => Tensor;
const unary =
  (f: (t: Tensor) => Tensor): Unary =>
  (x) =>
    f(asTensor(x));
/** The plain number on either side stays weakly typed. */
const binary =
  (
    f: (a: Tensor, b: TensorLike) => Tensor,
    swapped?: (a: TensorLike, b: Tensor) => Tensor,
  ): Binary =>
  (x, y) =>
    typeof x === 'number' && swapped && y instanceof Tensor ? swapped(x, y) : f(asTensor(x), y);
const float =
  (f: (v: Value, c: (n: number) => Value) => Value): Unary =>
  (x) => {
    const t = asTensor(x);
    const v = lax.convert(t.value, floatOf(t.dtype));
    return Tensor.of(
      f(v, (n) => lax.full(v.shape, n, v.dtype)),
      t,
    );
  };

export const add: Binary = binary(
  (a, b) => a.add(b),
  (a, b) => b.add(a),
);
export const subtract: Binary = binary(
  (a, b) => a.sub(b),
  (a, b) => b.neg().add(a),
);
export const multiply: Binary = binary(
  (a, b) => a.mul(b),
  (a, b) => b.mul(a),
);
/** True division: integers give float32. */
export const divide: Binary = binary(
  (a, b) => a.div(b),
  (a, b) => full(b, a as number).div(b),
);
export const trueDivide: Binary = divide;
/** Toward minus infinity. */
export const floorDivide: Binary = binary(
  (a, b) => a.floorDiv(b),
  (a, b) => full(b, a as number).floorDiv(b),
);
/** With the sign of the divisor. */
export const mod: Binary = binary(
  (a, b) => a.mod(b),
  (a, b) => full(b, a as number).mod(b),
);
export const remainder: Binary = mod;
export const power: Binary = binary(
  (a, b) => a.pow(b),
  (a, b) => full(b, a as number).pow(b),
);
export const maximum: Binary = binary(
  (a, b) => a.maximum(b),
  (a, b) => b.maximum(a),
);
export const minimum: Binary = binary(
  (a, b) => a.minimum(b),
  (a, b) => b.minimum(a),
);
export const equal: Binary = binary(
  (a, b) => a.eq(b),
  (a, b) => b.eq(a),
);
export const notEqual: Binary = binary(
  (a, b) => a.ne(b),
  (a, b) => b.ne(a),
);
export const less: Binary = binary(
  (a, b) => a.lt(b),
  (a, b) => b.gt(a),
);
export const lessEqual: Binary = binary(
  (a, b) => a.le(b),
  (a, b) => b.ge(a),
);
export const greater: Binary = binary(
  (a, b) => a.gt(b),
  (a, b) => b.lt(a),
);
export const greaterEqual: Binary = binary(
  (a, b) => a.ge(b),
  (a, b) => b.le(a),
);
export const logicalAnd: Binary = binary((a, b) => a.logicalAnd(b));
export const logicalOr: Binary = binary((a, b) => a.logicalOr(b));
export const logicalXor: Binary = binary((a, b) => a.logicalXor(b));
export const logicalNot: Unary = unary((a) => a.logicalNot());

function full(like: Tensor, n: number): Tensor {
  const dtype = isFloat(like.dtype) || Number.isInteger(n) ? like.dtype : 'float32';
  return new Tensor(lax.full([], n, dtype === 'bool' ? 'int32' : dtype));
}

export const negative: Unary = unary((a) => a.neg());
export const abs: Unary = unary((a) => a.abs());
export const absolute: Unary = abs;
export const sign: Unary = unary((a) => a.sign());
export const square: Unary = unary((a) => a.square());
export const sqrt: Unary = unary((a) => a.sqrt());
export const exp: Unary = unary((a) => a.exp());
export const expm1: Unary = unary((a) => a.expm1());
export const log: Unary = unary((a) => a.log());
export const log1p: Unary = unary((a) => a.log1p());
export const log2: Unary = float((v, c) => lax.div(lax.log(v), c(Math.LN2)));
export const log10: Unary = float((v, c) => lax.div(lax.log(v), c(Math.LN10)));
export const sin: Unary = unary((a) => a.sin());
export const cos: Unary = unary((a) => a.cos());
export const tan: Unary = unary((a) => a.tan());
export const arcsin: Unary = float(lax.asin);
export const arccos: Unary = float(lax.acos);
export const arctan: Unary = float(lax.atan);
export const sinh: Unary = float(lax.sinh);
export const cosh: Unary = float(lax.cosh);
export const tanh: Unary = unary((a) => a.tanh());
export const floor: Unary = unary((a) => a.floor());
export const ceil: Unary = unary((a) => a.ceil());
/** Toward zero. */
export const trunc: Unary = (x) => {
  const t = asTensor(x);
  return isFloat(t.dtype) ? where(t.lt(0), t.ceil(), t.floor()) : t;
};
export const reciprocal: Unary = float((v, c) => lax.div(c(1), v));
export const isnan: Unary = float((v) => lax.ne(v, v));
export const isinf: Unary = float((v, c) => lax.eq(lax.abs(v), c(Number.POSITIVE_INFINITY)));
export const isfinite: Unary = float(lax.isFinite);

export function arctan2(y: TensorLike, x: TensorLike): Tensor {
  const [a, b] = [asTensor(y), asTensor(x)];
  return Tensor.of(
    lax.atan2(...meet(a.value, b.value, floatOf(commonType(a.value, b.value)))),
    a,
    b,
  );
}
/** To `decimals` places, halves to even. */
export function round(x: TensorLike, decimals = 0): Tensor {
  const t = asTensor(x);
  return decimals === 0
    ? t.round()
    : t
        .mul(10 ** decimals)
        .round()
        .div(10 ** decimals);
}
/** Held between `min` and `max`; null leaves a side open. */
export function clip(x: TensorLike, min: TensorLike | null, max: TensorLike | null): Tensor {
  return asTensor(x).clip(min, max);
}
/** NaN as 0 (or `nan`), infinities as the largest finite numbers (or what is given). */
export function nanToNum(
  x: TensorLike,
  o: { nan?: number; posinf?: number; neginf?: number } = {},
): Tensor {
  const t = asTensor(x);
  if (!isFloat(t.dtype)) return t;
  const most = t.dtype === 'float64' ? Number.MAX_VALUE : 3.4028234663852886e38;
  const a = where(isnan(t), o.nan ?? 0, t);
  const b = where(a.eq(Number.POSITIVE_INFINITY), o.posinf ?? most, a);
  return where(b.eq(Number.NEGATIVE_INFINITY), o.neginf ?? -most, b);
}
/** condition ? x : y, elementwise and broadcast. */
export function where(condition: TensorLike, x: TensorLike, y: TensorLike): Tensor {
  const c = asTensor(condition);
  const [a, b] = [x, y].map((v) =>
    typeof v === 'number' || typeof v === 'boolean' ? v : asTensor(v).value,
  );
  const [va, vb] = meet(a, b, commonType(a, b));
  // The condition takes part in the broadcasting.
  const [wc, wa] = meet(lax.convert(c.value, 'bool'), lax.full(va.shape, 0, 'bool'), 'bool');
  const shape = wa.shape;
  return Tensor.of(
    lax.select(lax.broadcastTo(wc, shape), lax.broadcastTo(va, shape), lax.broadcastTo(vb, shape)),
    c,
    x,
    y,
  );
}
/** |a - b| <= atol + rtol*|b|, elementwise. NaN is close to NaN only with `equalNan`. */
export function isclose(
  a: TensorLike,
  b: TensorLike,
  o: { rtol?: number; atol?: number; equalNan?: boolean } = {},
): Tensor {
  const [x, y] = [asTensor(a), asTensor(b)];
  const near = x
    .sub(y)
    .abs()
    .le(
      y
        .abs()
        .mul(o.rtol ?? 1e-5)
        .add(o.atol ?? 1e-8),
    )
    .logicalAnd(isfinite(y))
    .logicalOr(x.eq(y));
  return o.equalNan ? near.logicalOr(isnan(x).logicalAnd(isnan(y))) : near;
}
/** Whether all elements are close; read at once. */
export function allclose(
  a: TensorLike,
  b: TensorLike,
  o: { rtol?: number; atol?: number; equalNan?: boolean } = {},
): boolean {
  return isclose(a, b, o).all().item() !== 0;
}
/** Whether shapes and elements are equal; read at once. */
export function arrayEqual(a: TensorLike, b: TensorLike): boolean {
  const [x, y] = [asTensor(a), asTensor(b)];
  return (
    x.ndim === y.ndim && x.shape.every((n, d) => n === y.shape[d]) && x.eq(y).all().item() !== 0
  );
}
