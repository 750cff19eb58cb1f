/** Elementwise primitives: one ONNX operation each where there is one, else a few. */
import { type DType, isFloat } from '../../dtype.ts';
import { lax, type Node, type Value } from '../../graph/index.ts';
import { elementType, elementTypeOf } from '../element-types.ts';
import { type Dim, sameDim } from './dims.ts';
import type { Emitter, Operand, Rule, Rules } from './emitter.ts';

/** Sizes of what comes of operands that ONNX broadcasts. */
export function broadcastDims(operands: readonly Operand[]): Dim[] {
  const rank = Math.max(...operands.map((o) => o.dims.length));
  return Array.from({ length: rank }, (_, d) => {
    const sizes = operands.map((o) => o.dims[d - rank + o.dims.length] ?? 1);
    return sizes.find((n) => !sameDim(n, 1)) ?? 1;
  });
}

/** A rule from what to write for the operands' names. */
function rule(write: (e: Emitter, args: string[], node: Node) => string): Rule {
  return (e, node) => {
    const operands = node.inputs.map((v) => e.operand(v));
    const name = write(
      e,
      operands.map((o) => o.name),
      node,
    );
    return [{ name, dims: broadcastDims(operands) }];
  };
}

const op = (type: string): Rule => rule((e, args) => e.node(type, args));
const dtypeOf = (node: Node): DType => node.inputs[0].dtype;

export function cast(e: Emitter, name: string, to: number): string {
  return e.node('Cast', [name], { to });
}

/** Whether runtimes compute with this type in all operations. Others are widened to int64 and wrapped. */
const narrow = (d: DType): boolean => d === 'uint8' || d === 'uint32';

/** Integer arithmetic modulo the type's range; floats and int32 as they are. */
function arithmetic(type: string): Rule {
  return rule((e, args, node) => {
    const dtype = dtypeOf(node);
    if (!narrow(dtype)) return e.node(type, args);
    const wide = e.node(
      type,
      args.map((a) => cast(e, a, elementType.int64)),
    );
    const mask = e.int64([dtype === 'uint8' ? 255 : 2 ** 32 - 1], []);
    return cast(e, e.node('BitwiseAnd', [wide, mask]), elementTypeOf[dtype]);
  });
}

/** Comparisons, with what has no order of its own there widened. */
function comparison(type: string): Rule {
  return rule((e, args, node) => {
    const dtype = dtypeOf(node);
    if (dtype === 'bool' && type === 'Equal') return e.node(type, args);
    const to = dtype === 'bool' ? elementType.int32 : narrow(dtype) ? elementType.int64 : 0;
    return e.node(type, to === 0 ? args : args.map((a) => cast(e, a, to)));
  });
}

/** Of doubles where the type is not known: onnxruntime rounds the extremes of int64. */
function extremum(type: string, ofBools: string): Rule {
  return rule((e, args, node) => {
    const dtype = dtypeOf(node);
    if (dtype === 'bool') return e.node(ofBools, args);
    if (!narrow(dtype)) return e.node(type, args);
    const wide = args.map((a) => cast(e, a, elementType.double));
    return cast(e, e.node(type, wide), elementTypeOf[dtype]);
  });
}

const logical = (type: string): Rule =>
  rule((e, args, node) => e.node(dtypeOf(node) === 'bool' ? type : `Bitwise${type}`, args));

/** e^x - 1 as tanh(x / 2) (e^x + 1), which loses nothing near 0. */
const expm1 = rule((e, [x], node) => {
  const c = (v: number): string => e.scalar(v, dtypeOf(node));
  const half = e.node('Tanh', [e.node('Mul', [x, c(0.5)])]);
  return e.node('Mul', [half, e.node('Add', [e.node('Exp', [x]), c(1)])]);
});

/** log(u) x / (u - 1) with u = 1 + x, which takes back the rounding of u; x itself where u is 1. */
const log1p = rule((e, [x], node) => {
  const c = (v: number): string => e.scalar(v, dtypeOf(node));
  const u = e.node('Add', [x, c(1)]);
  const log = e.node('Log', [u]);
  const corrected = e.node('Mul', [log, e.node('Div', [x, e.node('Sub', [u, c(1)])])]);
  const plain = e.node('Or', [e.node('IsInf', [u]), e.node('Equal', [u, c(0)])]);
  const some = e.node('Where', [plain, log, corrected]);
  return e.node('Where', [e.node('Equal', [u, c(1)]), x, some]);
});

/** atan(y / x), in the right quadrant; 0 for two zeros. */
const atan2 = rule((e, [y, x], node) => {
  const c = (v: number): string => e.scalar(v, dtypeOf(node));
  const base = e.node('Atan', [e.node('Div', [y, x])]);
  const below = e.node('Less', [y, c(0)]);
  const turn = e.node('Where', [below, c(-Math.PI), c(Math.PI)]);
  const left = e.node('Where', [e.node('Less', [x, c(0)]), e.node('Add', [base, turn]), base]);
  const quarter = e.node('Mul', [e.node('Sign', [y]), c(Math.PI / 2)]);
  return e.node('Where', [e.node('Equal', [x, c(0)]), quarter, left]);
});

const sign = rule((e, [x], node) =>
  narrow(dtypeOf(node))
    ? cast(e, e.node('Sign', [cast(e, x, elementType.int64)]), elementTypeOf[dtypeOf(node)])
    : e.node('Sign', [x]),
);

const isFinite = rule((e, [x]) =>
  e.node('Not', [e.node('Or', [e.node('IsInf', [x]), e.node('IsNaN', [x])])]),
);

const div = rule((e, args, node) => {
  const dtype = dtypeOf(node);
  if (!narrow(dtype)) return e.node('Div', args);
  const wide = e.node(
    'Div',
    args.map((a) => cast(e, a, elementType.int64)),
  );
  return cast(e, wide, elementTypeOf[dtype]);
});

const rem = rule((e, args, node) => {
  const dtype = dtypeOf(node);
  if (isFloat(dtype)) return e.node('Mod', args, { fmod: 1 });
  const wide = args.map((a) => cast(e, a, elementType.int64));
  return cast(e, e.node('Mod', wide, { fmod: 1 }), elementTypeOf[dtype]);
});

/** Bits move by multiplication and division by powers of two, which all runtimes have for int64. */
function shift(kind: 'left' | 'logical' | 'arithmetic'): Rule {
  return rule((e, [x, n], node) => {
    const dtype = dtypeOf(node);
    if (kind === 'arithmetic' || (kind === 'logical' && dtype === 'int32'))
      throw e.refuse(node, 'has no counterpart in ONNX');
    const to = dtype === 'int32' ? elementType.uint32 : elementTypeOf[dtype];
    const direction = kind === 'left' ? 'LEFT' : 'RIGHT';
    const shifted = e.node('BitShift', [cast(e, x, to), cast(e, n, to)], { direction });
    const bits = e.scalar(
      dtype === 'uint8' ? 8 : 32,
      to === elementType.uint8 ? 'uint8' : 'uint32',
    );
    const over = e.node('GreaterOrEqual', [
      cast(e, cast(e, n, to), elementType.int64),
      cast(e, bits, elementType.int64),
    ]);
    const wide = cast(e, shifted, elementType.int64);
    const kept = e.node('Where', [over, e.int64([0], []), wide]);
    return cast(e, kept, elementTypeOf[dtype]);
  });
}

/** The operand, where a choice is written that keeps what is above 0: x <= 0 ? 0 : x. */
function rectified([which, a, b]: readonly Value[]): boolean {
  const { primitive, inputs } = which.node;
  const zero = (v: Value): boolean => lax.isConstant(v, 0);
  return ['le', 'lt'].includes(primitive.name) && inputs[0] === b && zero(inputs[1]) && zero(a);
}

const select = rule((e, [which, a, b], node) => {
  const dtype = node.inputs[1].dtype;
  if (isFloat(dtype) && rectified(node.inputs)) return e.node('Relu', [b]);
  if (dtype !== 'bool' && dtype !== 'uint32') return e.node('Where', [which, a, b]);
  const to = dtype === 'bool' ? elementType.uint8 : elementType.int64;
  const chosen = e.node('Where', [which, cast(e, a, to), cast(e, b, to)]);
  return cast(e, chosen, elementTypeOf[dtype]);
});

const convert = rule((e, [x], node) => cast(e, x, elementTypeOf[node.outputs[0].dtype]));

/** The same value under the name of the operand. */
const same: Rule = (e, node) => [e.operand(node.inputs[0] as Value)];

export const elementwise: Rules = {
  // ONNX has it for signed numbers only.
  neg: arithmetic('Neg'),
  exp: op('Exp'),
  log: op('Log'),
  expm1,
  log1p,
  sqrt: op('Sqrt'),
  rsqrt: rule((e, [x]) => e.node('Reciprocal', [e.node('Sqrt', [x])])),
  sin: op('Sin'),
  cos: op('Cos'),
  tan: op('Tan'),
  asin: op('Asin'),
  acos: op('Acos'),
  atan: op('Atan'),
  sinh: op('Sinh'),
  cosh: op('Cosh'),
  tanh: op('Tanh'),
  logistic: op('Sigmoid'),
  erf: op('Erf'),
  abs: op('Abs'),
  sign,
  floor: op('Floor'),
  ceil: op('Ceil'),
  round_nearest_even: op('Round'),
  is_finite: isFinite,
  not: rule((e, args, node) => e.node(dtypeOf(node) === 'bool' ? 'Not' : 'BitwiseNot', args)),
  stop_gradient: same,
  add: arithmetic('Add'),
  sub: arithmetic('Sub'),
  mul: arithmetic('Mul'),
  div,
  rem,
  pow: op('Pow'),
  atan2,
  max: extremum('Max', 'Or'),
  min: extremum('Min', 'And'),
  and: logical('And'),
  or: logical('Or'),
  xor: logical('Xor'),
  shift_left: shift('left'),
  shift_right_logical: shift('logical'),
  shift_right_arithmetic: shift('arithmetic'),
  eq: comparison('Equal'),
  ne: rule((e, args, node) => e.node('Not', [equal(e, args, dtypeOf(node))])),
  lt: comparison('Less'),
  le: comparison('LessOrEqual'),
  gt: comparison('Greater'),
  ge: comparison('GreaterOrEqual'),
  select,
  convert,
};

function equal(e: Emitter, args: string[], dtype: DType): string {
  return e.node('Equal', narrow(dtype) ? args.map((a) => cast(e, a, elementType.int64)) : args);
}
