/** Arithmetic, comparisons, activations. */
import type { DType } from '../../dtype.ts';
import { lax, type Value } from '../../graph/index.ts';
import { elementType } from '../element-types.ts';
import type { Call, Op, Ops } from './call.ts';
import {
  type Binary,
  below,
  binary,
  cast,
  common,
  elu,
  floorMod,
  isNaN,
  leakyRelu,
  plus,
  relu,
  softplus,
  times,
  type Unary,
  unary,
} from './common.ts';
import { dtypeOfElement } from './tensors.ts';
import { asFloat, broadcast, like } from './values.ts';

/** An activation with numbers of its own. */
const activation =
  (f: (x: Value, c: Call) => Value): Op =>
  (c) =>
    f(c.get(0), c);
const variadic =
  (f: Binary): Op =>
  (c) =>
    broadcast(c, c.all).reduce(f);

const { add, sub, mul, div, log, select, gt, max, min, sqrt } = lax;
const erfGelu: Unary = (x) => mul(times(x, 0.5), plus(lax.erf(times(x, Math.SQRT1_2)), 1));
const tanhGelu: Unary = (x) => {
  const inner = times(add(x, times(mul(x, mul(x, x)), 0.044715)), Math.sqrt(2 / Math.PI));
  return mul(times(x, 0.5), plus(lax.tanh(inner), 1));
};
const hardSigmoid = (x: Value, alpha: number, beta: number): Value =>
  max(min(plus(times(x, alpha), beta), like(x, 1)), like(x, 0));
const clip: Op = (c) => {
  let x = c.get(0);
  const bound = (i: number, name: 'min' | 'max'): Value | undefined => {
    if (c.opset < 11) return c.given(name) ? like(x, c.float(name, 0)) : undefined;
    const b = c.inputs[i];
    return b && lax.broadcastTo(lax.reshape(b, []), x.shape);
  };
  const [lo, hi] = [bound(1, 'min'), bound(2, 'max')];
  if (lo) x = max(x, lo);
  return hi ? min(x, hi) : x;
};

/** Remainder: of the dividend's sign with fmod, else of the divisor's. */
const mod: Op = (c) => {
  const [a, b] = broadcast(c, [c.get(0), c.get(1)]);
  const truncated = c.flag('fmod', false) || a.dtype === 'uint8' || a.dtype === 'uint32';
  return truncated ? lax.rem(a, b) : floorMod(a, b);
};

const pow: Op = (c) => {
  const [x, y] = broadcast(c, [c.get(0), c.get(1)]);
  const float: DType = x.dtype === 'float64' ? 'float64' : 'float32';
  return lax.convert(lax.pow(lax.convert(x, float), lax.convert(y, float)), x.dtype);
};

const castTo: Op = (c) => {
  const to = dtypeOfElement(c.int('to', 0));
  if (!to)
    throw c.fail(`casts to element type ${c.int('to', 0)}, which there is not here`, 'onnx-dtype');
  return cast(c.get(0), to);
};

const isInf: Op = (c) => {
  const x = c.get(0);
  const is = (n: number): Value => lax.eq(x, like(x, n));
  const none = lax.full(x.shape, 0, 'bool');
  return lax.or(
    c.flag('detect_negative', true) ? is(Number.NEGATIVE_INFINITY) : none,
    c.flag('detect_positive', true) ? is(Number.POSITIVE_INFINITY) : none,
  );
};

const prelu: Op = (c) => {
  const x = c.get(0);
  const slope = lax.broadcastTo(c.get(1), x.shape);
  return select(below(x, 0), mul(slope, x), x);
};

const bitShift: Op = (c) => {
  const [a, b] = broadcast(c, [c.get(0), c.get(1)]);
  if (c.string('direction', '') === 'LEFT') return lax.shiftLeft(a, b);
  // Signed ones keep their sign.
  return a.dtype === 'int32' ? lax.shiftRightArithmetic(a, b) : lax.shiftRightLogical(a, b);
};

/** The same 32 bits under another type. */
const bitCast: Op = (c) => {
  const to = dtypeOfElement(c.int('to', 0));
  const wide = [elementType.float, elementType.int32, elementType.uint32] as readonly number[];
  if (!to || !wide.includes(c.int('to', 0)))
    throw c.fail('takes bits as another type than float, int32 or uint32', 'onnx-op');
  return lax.bitcastConvert(c.get(0), to);
};

const meanOf: Op = (c) => {
  const sum = broadcast(c, c.all).reduce(add);
  return div(sum, like(sum, c.inputs.length));
};

const shrink: Op = (c) => {
  const [lambd, bias] = [c.float('lambd', 0.5), c.float('bias', 0)];
  return asFloat(c.get(0), (x) => {
    const low = select(below(x, -lambd), plus(x, bias), like(x, 0));
    return select(gt(x, like(x, lambd)), plus(x, -bias), low);
  });
};

export const elementwise: Ops = {
  ...common,
  Asinh: unary((x) => {
    const a = lax.abs(x);
    // log(a + sqrt(a^2 + 1)), without cancellation near 0.
    const root = plus(sqrt(plus(mul(a, a), 1)), 1);
    return mul(lax.sign(x), lax.log1p(add(a, div(mul(a, a), root))));
  }),
  Acosh: unary((x) => log(add(x, sqrt(mul(plus(x, -1), plus(x, 1)))))),
  Atanh: unary((x) => times(sub(lax.log1p(x), lax.log1p(lax.neg(x))), 0.5)),
  Not: unary(lax.not),
  BitwiseNot: unary(lax.not),
  IsNaN: unary(isNaN),
  IsInf: isInf,
  LeakyRelu: activation((x, c) => leakyRelu(x, c.float('alpha', 0.01))),
  ThresholdedRelu: activation((x, c) => select(gt(x, like(x, c.float('alpha', 1))), x, like(x, 0))),
  PRelu: prelu,
  Elu: activation((x, c) => elu(x, c.float('alpha', 1))),
  Selu: activation((x, c) =>
    times(elu(x, c.float('alpha', 1.6732631921768188)), c.float('gamma', 1.0507010221481323)),
  ),
  Celu: activation((x, c) => {
    const alpha = c.float('alpha', 1);
    const low = times(lax.expm1(times(min(x, like(x, 0)), 1 / alpha)), alpha);
    return add(relu(x), low);
  }),
  HardSigmoid: activation((x, c) => hardSigmoid(x, c.float('alpha', 0.2), c.float('beta', 0.5))),
  HardSwish: unary((x) => mul(x, hardSigmoid(x, 1 / 6, 0.5))),
  Mish: unary((x) => mul(x, lax.tanh(softplus(x)))),
  Swish: activation((x, c) => mul(x, lax.logistic(times(x, c.float('alpha', 1))))),
  Gelu: activation((x, c) => (c.string('approximate', 'none') === 'tanh' ? tanhGelu : erfGelu)(x)),
  Shrink: shrink,
  Clip: clip,
  Cast: castTo,
  CastLike: (c) => cast(c.get(0), c.get(1).dtype),
  Mod: mod,
  Pow: pow,
  And: binary(lax.and),
  Or: binary(lax.or),
  Xor: binary(lax.xor),
  BitwiseAnd: binary(lax.and),
  BitwiseOr: binary(lax.or),
  BitwiseXor: binary(lax.xor),
  BitShift: bitShift,
  BitCast: bitCast,
  LessOrEqual: binary(lax.le),
  GreaterOrEqual: binary(lax.ge),
  Max: variadic(max),
  Min: variadic(min),
  Sum: variadic(add),
  Mean: meanOf,
  Where: (c) => {
    const [which, a, b] = broadcast(c, [c.get(0), c.get(1), c.get(2)]);
    return select(which, a, b);
  },
};
