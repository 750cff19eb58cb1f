/** Arithmetic, comparisons, activations. */
import { isFloat } from '../dtype.ts';
import { lax, type Value } from '../graph/index.ts';
import { like } from '../onnx/read/values.ts';
import type { Call, Op, Ops } from './call.ts';

type Unary = (x: Value) => Value;
type Binary = (a: Value, b: Value) => Value;
const { add, sub, mul, div, max, min, select, lt, eq, ne } = lax;
const plus = (x: Value, n: number): Value => add(x, like(x, n));
const times = (x: Value, n: number): Value => mul(x, like(x, n));
const below = (x: Value, n: number): Value => lt(x, like(x, n));

const unary =
  (f: Unary): Op =>
  (c) =>
    f(c.get(0));
const binary =
  (f: Binary): Op =>
  (c) => {
    const [a, b] = c.broadcast(c.get(0), c.get(1));
    return f(a, b);
  };
const whole =
  (f: Unary): Op =>
  (c) =>
    isFloat(c.get(0).dtype) ? f(c.get(0)) : c.get(0);

const relu: Unary = (x) => max(x, like(x, 0));
const relu6: Unary = (x) => min(relu(x), like(x, 6));
const elu: Unary = (x) => select(below(x, 0), lax.expm1(min(x, like(x, 0))), x);
const softplus: Unary = (x) => add(relu(x), lax.log1p(lax.exp(lax.neg(lax.abs(x)))));
const leaky = (x: Value, alpha: number): Value => select(below(x, 0), times(x, alpha), x);

/** What fused operations end with, by name. */
export function activation(c: Call, name: string, x: Value, rest: readonly Value[]): Value {
  switch (name) {
    case 'Relu':
      return relu(x);
    case 'Relu6':
      return relu6(x);
    case 'Elu':
      return elu(x);
    case 'Sigmoid':
      return lax.logistic(x);
    case 'Tanh':
      return lax.tanh(x);
    case 'LeakyRelu':
      return leaky(x, c.float('leakyrelu_alpha', 0.2));
    case 'Prelu': {
      if (!rest[0]) throw c.fail('ends in Prelu without its slopes');
      return select(below(x, 0), mul(x, lax.broadcastTo(rest[0], x.shape)), x);
    }
  }
  throw c.fail(`ends in ${name}, which is not read`, 'tfjs-op');
}

/** Towards negative infinity, of whole numbers too. */
function floorDiv(a: Value, b: Value): Value {
  if (isFloat(a.dtype)) return lax.floor(div(a, b));
  const q = div(a, b);
  const zero = like(a, 0);
  const off = lax.and(ne(lax.rem(a, b), zero), ne(lt(a, zero), lt(b, zero)));
  return select(off, sub(q, like(q, 1)), q);
}
/** Of the sign of the divisor. */
function floorMod(a: Value, b: Value): Value {
  const r = lax.rem(a, b);
  const zero = like(r, 0);
  const off = lax.and(ne(r, zero), ne(lt(r, zero), lt(b, zero)));
  return select(off, add(r, b), r);
}
function pow(a: Value, b: Value): Value {
  if (isFloat(a.dtype)) return lax.pow(a, b);
  return lax.convert(lax.pow(lax.convert(a, 'float32'), lax.convert(b, 'float32')), a.dtype);
}

const cast: Op = (c) => {
  const x = c.get(0);
  const to = c.dtype('DstT');
  return to === 'bool' && x.dtype !== 'bool' ? ne(x, like(x, 0)) : lax.convert(x, to);
};

const clip: Op = (c) => {
  const [x, lo, hi] = c.broadcast(c.get(0), c.get(1), c.get(2));
  return min(max(x, lo), hi);
};

/** Before V2 a condition of fewer dimensions chooses rows. */
const choose =
  (rows: boolean): Op =>
  (c) => {
    let which = c.get(0);
    const { length } = which.shape;
    const rank = c.get(1).shape.length;
    if (rows && length === 1 && rank > 1)
      which = lax.reshape(which, [...which.shape, ...new Array<number>(rank - 1).fill(1)]);
    const [w, a, b] = c.broadcast(which, c.get(1), c.get(2));
    return select(w, a, b);
  };

/** Along the features: the last dimension, or the second. */
export function biased(c: Call, x: Value, b: Value): Value {
  const first = c.string('data_format', 'NHWC').startsWith('NC');
  return add(x, lax.broadcastInDim(b, [...x.shape], [first ? 1 : x.shape.length - 1]));
}

const divide = binary(div);
const same = unary((x) => x);

export const elementwise: Ops = {
  Identity: same,
  StopGradient: same,
  PreventGradient: same,
  Snapshot: same,
  CheckNumerics: same,
  Abs: unary(lax.abs),
  Neg: unary(lax.neg),
  Exp: unary(lax.exp),
  Expm1: unary(lax.expm1),
  Log: unary(lax.log),
  Log1p: unary(lax.log1p),
  Sqrt: unary(lax.sqrt),
  Rsqrt: unary(lax.rsqrt),
  Square: unary((x) => mul(x, x)),
  Reciprocal: unary((x) => div(like(x, 1), x)),
  Inv: unary((x) => div(like(x, 1), x)),
  Sign: unary(lax.sign),
  Floor: whole(lax.floor),
  Ceil: whole(lax.ceil),
  Round: whole(lax.roundNearestEven),
  Rint: whole(lax.roundNearestEven),
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
  Erfc: unary((x) => sub(like(x, 1), lax.erf(x))),
  Sigmoid: unary(lax.logistic),
  Softplus: unary(softplus),
  Softsign: unary((x) => div(x, plus(lax.abs(x), 1))),
  Relu: unary(relu),
  Relu6: unary(relu6),
  Elu: unary(elu),
  Selu: unary((x) =>
    times(
      select(below(x, 0), times(lax.expm1(min(x, like(x, 0))), 1.6732631921768188), x),
      1.0507010221481323,
    ),
  ),
  LeakyRelu: (c) => leaky(c.get(0), c.float('alpha', 0.2)),
  Prelu: (c) => activation(c, 'Prelu', c.get(0), [c.get(1)]),
  LogicalNot: unary(lax.not),
  IsNan: unary((x) => ne(x, x)),
  IsFinite: unary(lax.isFinite),
  IsInf: unary((x) => eq(lax.abs(x), like(x, Number.POSITIVE_INFINITY))),
  Cast: cast,
  ClipByValue: clip,
  Add: binary(add),
  AddV2: binary(add),
  Sub: binary(sub),
  Mul: binary(mul),
  Div: divide,
  RealDiv: divide,
  DivNoNan: binary((a, b) => select(eq(b, like(b, 0)), like(a, 0), div(a, b))),
  FloorDiv: binary(floorDiv),
  FloorMod: binary(floorMod),
  Mod: binary(floorMod),
  Pow: binary(pow),
  Maximum: binary(max),
  Minimum: binary(min),
  SquaredDifference: binary((a, b) => {
    const d = sub(a, b);
    return mul(d, d);
  }),
  Equal: binary(eq),
  NotEqual: binary(ne),
  Less: binary(lt),
  LessEqual: binary(lax.le),
  Greater: binary(lax.gt),
  GreaterEqual: binary(lax.ge),
  LogicalAnd: binary(lax.and),
  LogicalOr: binary(lax.or),
  LogicalXor: binary(lax.xor),
  AddN: (c) => c.broadcast(...c.inputs).reduce(add),
  BiasAdd: (c) => biased(c, c.get(0), c.get(1)),
  Select: choose(true),
  SelectV2: choose(false),
  ZerosLike: unary((x) => like(x, 0)),
  OnesLike: unary((x) => like(x, 1)),
};
