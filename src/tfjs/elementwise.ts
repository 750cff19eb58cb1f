/** Arithmetic, comparisons, activations. */
import { isFloat } from '../dtype.ts';
import { lax, type Value } from '../graph/index.ts';
import {
  below,
  binary,
  cast,
  common,
  elu,
  floorMod,
  isNaN,
  leakyRelu,
  reciprocal,
  relu,
  rounding,
  times,
  type Unary,
  unary,
} from '../onnx/read/common.ts';
import { like } from '../onnx/read/values.ts';
import type { Call, Op, Ops } from './call.ts';

const { add, sub, mul, div, max, min, select, lt, eq, ne } = lax;
const relu6: Unary = (x) => min(relu(x), like(x, 6));

/** What fused operations end with, by name. */
export function activation(c: Call, name: string, x: Value, rest: readonly Value[]): Value {
  switch (name) {
    case 'Relu':
      return relu(x);
    case 'Relu6':
      return relu6(x);
    case 'Elu':
      return elu(x, 1);
    case 'Sigmoid':
      return lax.logistic(x);
    case 'Tanh':
      return lax.tanh(x);
    case 'LeakyRelu':
      return leakyRelu(x, c.float('leakyrelu_alpha', 0.2));
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

function pow(a: Value, b: Value): Value {
  if (isFloat(a.dtype)) return lax.pow(a, b);
  return lax.convert(lax.pow(lax.convert(a, 'float32'), lax.convert(b, 'float32')), a.dtype);
}

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

const same = unary((x) => x);

export const elementwise: Ops = {
  ...common,
  StopGradient: same,
  PreventGradient: same,
  Snapshot: same,
  CheckNumerics: same,
  Expm1: unary(lax.expm1),
  Log1p: unary(lax.log1p),
  Rsqrt: unary(lax.rsqrt),
  Square: unary((x) => mul(x, x)),
  Inv: unary(reciprocal),
  Rint: rounding(lax.roundNearestEven),
  Erfc: unary((x) => sub(like(x, 1), lax.erf(x))),
  Relu6: unary(relu6),
  Elu: unary((x) => elu(x, 1)),
  Selu: unary((x) => times(elu(x, 1.6732631921768188), 1.0507010221481323)),
  LeakyRelu: (c) => leakyRelu(c.get(0), c.float('alpha', 0.2)),
  Prelu: (c) => activation(c, 'Prelu', c.get(0), [c.get(1)]),
  LogicalNot: unary(lax.not),
  IsNan: unary(isNaN),
  IsFinite: unary(lax.isFinite),
  IsInf: unary((x) => eq(lax.abs(x), like(x, Number.POSITIVE_INFINITY))),
  Cast: (c) => cast(c.get(0), c.dtype('DstT')),
  ClipByValue: clip,
  AddV2: binary(add),
  RealDiv: binary(div),
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
  NotEqual: binary(ne),
  LessEqual: binary(lax.le),
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
