/**
 * Builders of graph values, under the names of jax.lax: what gradients, the tensor library and
 * Keras are written with. Binary operations want equal shapes and dtypes; broadcasting is explicit
 * here and implicit one layer up.
 */
import type { DType, TypedArray } from '../dtype.ts';
import { type Shape, sameShape, sizeOf } from '../shape.ts';
import { apply, applyAll, type Value } from './graph.ts';
import type { Primitive } from './primitive.ts';
import * as p from './primitives/index.ts';

type None = Record<string, never>;
const none: None = {};
const unary =
  (prim: () => Primitive<None>) =>
  (x: Value): Value =>
    apply(prim(), [x], none);
const binary =
  (prim: () => Primitive<None>) =>
  (a: Value, b: Value): Value =>
    apply(prim(), [a, b], none);

// Thunks, because this module and the table of primitives import each other.
type Unary = (x: Value) => Value;
type Binary = (a: Value, b: Value) => Value;
export const neg: Unary = unary(() => p.neg);
export const exp: Unary = unary(() => p.exp);
export const log: Unary = unary(() => p.log);
export const expm1: Unary = unary(() => p.expm1);
export const log1p: Unary = unary(() => p.log1p);
export const sqrt: Unary = unary(() => p.sqrt);
export const rsqrt: Unary = unary(() => p.rsqrt);
export const sin: Unary = unary(() => p.sin);
export const cos: Unary = unary(() => p.cos);
export const tan: Unary = unary(() => p.tan);
export const asin: Unary = unary(() => p.asin);
export const acos: Unary = unary(() => p.acos);
export const atan: Unary = unary(() => p.atan);
export const sinh: Unary = unary(() => p.sinh);
export const cosh: Unary = unary(() => p.cosh);
export const tanh: Unary = unary(() => p.tanh);
export const logistic: Unary = unary(() => p.logistic);
export const erf: Unary = unary(() => p.erf);
export const erfInv: Unary = unary(() => p.erfInv);
export const abs: Unary = unary(() => p.abs);
export const sign: Unary = unary(() => p.sign);
export const floor: Unary = unary(() => p.floor);
export const ceil: Unary = unary(() => p.ceil);
export const roundNearestEven: Unary = unary(() => p.roundNearestEven);
export const isFinite: Unary = unary(() => p.isFinite);
export const not: Unary = unary(() => p.not);
export const stopGradient: Unary = unary(() => p.stopGradient);
export const add: Binary = binary(() => p.add);
export const sub: Binary = binary(() => p.sub);
export const mul: Binary = binary(() => p.mul);
export const div: Binary = binary(() => p.div);
export const rem: Binary = binary(() => p.rem);
export const pow: Binary = binary(() => p.pow);
export const atan2: Binary = binary(() => p.atan2);
export const max: Binary = binary(() => p.max);
export const min: Binary = binary(() => p.min);
export const and: Binary = binary(() => p.and);
export const or: Binary = binary(() => p.or);
export const xor: Binary = binary(() => p.xor);
export const shiftLeft: Binary = binary(() => p.shiftLeft);
export const shiftRightLogical: Binary = binary(() => p.shiftRightLogical);
export const shiftRightArithmetic: Binary = binary(() => p.shiftRightArithmetic);
export const eq: Binary = binary(() => p.eq);
export const ne: Binary = binary(() => p.ne);
export const lt: Binary = binary(() => p.lt);
export const le: Binary = binary(() => p.le);
export const gt: Binary = binary(() => p.gt);
export const ge: Binary = binary(() => p.ge);

/** which ? a : b, elementwise; `which` is bool and has their shape. */
export function select(which: Value, a: Value, b: Value): Value {
  return apply(p.selectN, [which, a, b], none);
}

export function convert(x: Value, dtype: DType): Value {
  return x.dtype === dtype ? x : apply(p.convertElement, [x], { dtype });
}

export function bitcastConvert(x: Value, dtype: DType): Value {
  return x.dtype === dtype ? x : apply(p.bitcastConvert, [x], { dtype });
}

/** A new input for a graph. */
export function parameter(shape: Shape, dtype: DType, label?: string): Value {
  const v = apply(p.parameter, [], { shape: [...shape], dtype });
  v.node.label = label;
  return v;
}

export function scalar(value: number, dtype: DType): Value {
  return apply(p.constant, [], { dtype, value });
}

/** An array of `shape` filled with one number. */
export function full(shape: Shape, value: number, dtype: DType): Value {
  return broadcastInDim(scalar(value, dtype), shape, []);
}

export function literal(data: TypedArray, shape: Shape, dtype: DType): Value {
  return apply(p.literal, [], { data, shape: [...shape], dtype });
}

export function iota(shape: Shape, dimension: number, dtype: DType): Value {
  return apply(p.iota, [], { shape: [...shape], dtype, dimension });
}

export function broadcastInDim(x: Value, shape: Shape, dimensions: readonly number[]): Value {
  if (sameShape(x.shape, shape) && dimensions.length === shape.length) return x;
  return apply(p.broadcastInDim, [x], { shape: [...shape], dimensions: [...dimensions] });
}

/** NumPy's broadcasting of `x` to `shape` (dimensions are matched from the right). */
export function broadcastTo(x: Value, shape: Shape): Value {
  const lead = shape.length - x.shape.length;
  return broadcastInDim(
    x,
    shape,
    x.shape.map((_, i) => lead + i),
  );
}

export function reshape(x: Value, shape: Shape): Value {
  return sameShape(x.shape, shape) ? x : apply(p.reshape, [x], { shape: [...shape] });
}

export function transpose(x: Value, permutation: readonly number[]): Value {
  return permutation.length === x.shape.length && permutation.every((d, i) => d === i)
    ? x
    : apply(p.transpose, [x], { permutation: [...permutation] });
}

export function reverse(x: Value, dimensions: readonly number[]): Value {
  return dimensions.length === 0 ? x : apply(p.reverse, [x], { dimensions: [...dimensions] });
}

export function slice(
  x: Value,
  start: readonly number[],
  limit: readonly number[],
  strides: readonly number[] = start.map(() => 1),
): Value {
  const whole = start.every((s, d) => s === 0 && limit[d] === x.shape[d] && strides[d] === 1);
  return whole
    ? x
    : apply(p.slice, [x], { start: [...start], limit: [...limit], strides: [...strides] });
}

/** pad with a fixed number. */
export function pad(
  x: Value,
  value: number,
  low: readonly number[],
  high: readonly number[],
  interior: readonly number[] = low.map(() => 0),
): Value {
  return padWith(x, scalar(value, x.dtype), low, high, interior);
}

/** pad with a scalar of the graph. */
export function padWith(
  x: Value,
  value: Value,
  low: readonly number[],
  high: readonly number[],
  interior: readonly number[],
): Value {
  if ([...low, ...high, ...interior].every((n) => n === 0)) return x;
  return apply(p.pad, [x, value], { low: [...low], high: [...high], interior: [...interior] });
}

export function concatenate(xs: readonly Value[], dimension: number): Value {
  return xs.length === 1 ? xs[0] : apply(p.concatenate, xs, { dimension });
}

function reduce(
  prim: Primitive<{ axes: readonly number[] }>,
  x: Value,
  axes?: readonly number[],
): Value {
  const all = axes ?? x.shape.map((_, d) => d);
  return all.length === 0 ? x : apply(prim, [x], { axes: [...all].sort((a, b) => a - b) });
}
export const reduceSum = (x: Value, axes?: readonly number[]): Value =>
  reduce(p.reduceSum, x, axes);
export const reduceProd = (x: Value, axes?: readonly number[]): Value =>
  reduce(p.reduceProd, x, axes);
export const reduceMax = (x: Value, axes?: readonly number[]): Value =>
  reduce(p.reduceMax, x, axes);
export const reduceMin = (x: Value, axes?: readonly number[]): Value =>
  reduce(p.reduceMin, x, axes);
export const reduceAnd = (x: Value, axes?: readonly number[]): Value =>
  reduce(p.reduceAnd, x, axes);
export const reduceOr = (x: Value, axes?: readonly number[]): Value => reduce(p.reduceOr, x, axes);

/** Position of the first maximum along `axis`: int32. */
export const argmax = (x: Value, axis: number): Value => apply(p.argmax, [x], { axis });
export const argmin = (x: Value, axis: number): Value => apply(p.argmin, [x], { axis });

export function cumulative(
  x: Value,
  axis: number,
  op: 'add' | 'mul' | 'min' | 'max',
  reverse = false,
): Value {
  return apply(p.cumulative, [x], { axis, op, reverse });
}

export function dotGeneral(x: Value, y: Value, dims: p.DotSpec): Value {
  const { lhsContract, rhsContract, lhsBatch, rhsBatch } = dims;
  return apply(p.dotGeneral, [x, y], {
    lhsContract: [...lhsContract],
    rhsContract: [...rhsContract],
    lhsBatch: [...lhsBatch],
    rhsBatch: [...rhsBatch],
  });
}

/** The product of two matrices. */
export function dot(x: Value, y: Value): Value {
  return dotGeneral(x, y, { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] });
}

/** Padding before and after each dimension. */
export type Padding = readonly (readonly [number, number])[];

export interface ConvOptions {
  /** One number a spatial dimension. */
  readonly strides: readonly number[];
  readonly padding: Padding;
  readonly lhsDilation?: readonly number[];
  readonly rhsDilation?: readonly number[];
  readonly featureGroupCount?: number;
  readonly batchGroupCount?: number;
  /** Default: channels last, kernels as [...spatial, input features, output features]. */
  readonly layouts?: {
    readonly lhs: p.ConvLayout;
    readonly rhs: p.ConvLayout;
    readonly out: p.ConvLayout;
  };
}

/**
 * Convolution: x [N, ...spatial, C], w [...spatial, C / groups, O], result [N, ...spatial, O].
 * `lhsDilation` makes it the transposed convolution.
 */
export function convGeneralDilated(x: Value, w: Value, o: ConvOptions): Value {
  const rank = Math.max(0, x.shape.length - 2);
  const spatial = Array.from({ length: rank }, (_, i) => i + 1);
  const image: p.ConvLayout = { batch: 0, feature: rank + 1, spatial };
  const kernel: p.ConvLayout = {
    batch: rank + 1,
    feature: rank,
    spatial: spatial.map((d) => d - 1),
  };
  const ones = spatial.map(() => 1);
  const { lhs, rhs, out } = o.layouts ?? { lhs: image, rhs: kernel, out: image };
  return apply(p.convGeneralDilated, [x, w], {
    strides: [...o.strides],
    padding: o.padding.map(([lo, hi]): [number, number] => [lo, hi]),
    lhsDilation: [...(o.lhsDilation ?? ones)],
    rhsDilation: [...(o.rhsDilation ?? ones)],
    featureGroupCount: o.featureGroupCount ?? 1,
    batchGroupCount: o.batchGroupCount ?? 1,
    lhs,
    rhs,
    out,
  });
}

/** A window over every dimension of an array. */
export interface WindowOptions {
  readonly window: readonly number[];
  readonly strides: readonly number[];
  readonly padding: Padding;
  readonly baseDilation?: readonly number[];
  readonly windowDilation?: readonly number[];
}

function windowSpec(o: WindowOptions): p.WindowSpec {
  const ones = o.window.map(() => 1);
  return {
    window: [...o.window],
    strides: [...o.strides],
    padding: o.padding.map(([lo, hi]): [number, number] => [lo, hi]),
    baseDilation: [...(o.baseDilation ?? ones)],
    windowDilation: [...(o.windowDilation ?? ones)],
  };
}

/** The maximum, minimum or sum of each window; what lies outside x is the operator's identity. */
export function reduceWindow(x: Value, op: 'max' | 'min' | 'sum', o: WindowOptions): Value {
  return apply(p.reduceWindow, [x], { ...windowSpec(o), op });
}

/** int32: where in each window (row-major) its first maximum or minimum stands; -1 in empty ones. */
export function argWindow(x: Value, op: 'max' | 'min', o: WindowOptions): Value {
  return apply(p.argWindow, [x], { ...windowSpec(o), op });
}

/** For each window its `source` element added where `places` says; an array of `shape`. */
export function windowScatterAdd(
  source: Value,
  places: Value,
  shape: Shape,
  o: WindowOptions,
): Value {
  return apply(p.windowScatterAdd, [source, places], { ...windowSpec(o), shape: [...shape] });
}

/** Of each window the element that stands where `places` says. */
export function windowGather(x: Value, places: Value, o: WindowOptions): Value {
  return apply(p.windowGather, [x, places], { ...windowSpec(o) });
}

/**
 * XLA's select_and_scatter with addition: each element of `source` goes to the first extreme of its
 * window of `operand`. Linear in the source; the operand has no cotangent.
 */
export function selectAndScatterAdd(
  operand: Value,
  source: Value,
  op: 'max' | 'min',
  o: WindowOptions,
): Value {
  return windowScatterAdd(source, argWindow(operand, op, o), operand.shape, o);
}

export function dynamicSlice(x: Value, starts: readonly Value[], sizes: Shape): Value {
  return apply(p.dynamicSlice, [x, ...starts], { sizes: [...sizes] });
}

export function dynamicUpdateSlice(x: Value, update: Value, starts: readonly Value[]): Value {
  return apply(p.dynamicUpdateSlice, [x, update, ...starts], {});
}

export function gather(
  x: Value,
  indices: Value,
  dims: Pick<
    p.GatherAttrs,
    'offsetDims' | 'collapsedDims' | 'startIndexMap' | 'sliceSizes' | 'fill'
  >,
): Value {
  const { offsetDims, collapsedDims, startIndexMap, sliceSizes, fill } = dims;
  return apply(p.gather, [x, indices], {
    ...{ offsetDims, collapsedDims, startIndexMap, sliceSizes },
    ...(fill !== undefined && { fill }),
  });
}

export function scatter(
  x: Value,
  indices: Value,
  updates: Value,
  op: p.ScatterAttrs['op'],
  dims: Pick<p.ScatterAttrs, 'windowDims' | 'insertedDims' | 'indexMap'>,
): Value {
  const { windowDims, insertedDims, indexMap } = dims;
  return apply(p.scatter, [x, indices, updates], { op, windowDims, insertedDims, indexMap });
}

/**
 * x[indices] along `axis` (NumPy's take): indices of any shape; those out of range give `fill`, or
 * are clipped without it.
 */
export function take(x: Value, indices: Value, axis: number, fill?: number): Value {
  const rank = indices.shape.length;
  const window = x.shape.map((_, d) => d).filter((d) => d !== axis);
  return gather(x, reshape(indices, [...indices.shape, 1]), {
    offsetDims: window.map((d) => (d < axis ? d : d - 1 + rank)),
    collapsedDims: [axis],
    startIndexMap: [axis],
    sliceSizes: x.shape.map((n, d) => (d === axis ? 1 : n)),
    fill,
  });
}

/** Index vectors that address `shape` everywhere but along `axis`, where `indices` decides. */
function alongAxisIndices(indices: Value, axis: number): Value {
  const columns = indices.shape.map((_, d) =>
    reshape(d === axis ? convert(indices, 'int32') : iota(indices.shape, d, 'int32'), [
      ...indices.shape,
      1,
    ]),
  );
  return concatenate(columns, indices.shape.length);
}

/** NumPy's take_along_axis: indices have x's shape but along `axis`. */
export function takeAlongAxis(x: Value, indices: Value, axis: number): Value {
  const dims = x.shape.map((_, d) => d);
  return gather(x, alongAxisIndices(indices, axis), {
    offsetDims: [],
    collapsedDims: dims,
    startIndexMap: dims,
    sliceSizes: dims.map(() => 1),
  });
}

/** The transpose of takeAlongAxis: `g` added up at the positions it was taken from. */
export function takeAlongAxisVjp(g: Value, indices: Value, axis: number, x: Value): Value {
  const dims = x.shape.map((_, d) => d);
  return scatter(full(x.shape, 0, g.dtype), alongAxisIndices(indices, axis), g, 'add', {
    windowDims: [],
    insertedDims: dims,
    indexMap: dims,
  });
}

/** Sorts `operands[0]` along `axis`, carrying the others along. Stable; NaN last. */
export function sort(
  operands: readonly Value[],
  axis: number,
  descending = false,
): readonly Value[] {
  return applyAll(p.sort, operands, { axis, descending });
}

/** [the k greatest along the last dimension in falling order, their positions]; of equals the first. */
export function topK(x: Value, k: number): [Value, Value] {
  const axis = x.shape.length - 1;
  const [values, order] = sort([x, iota(x.shape, axis, 'int32')], axis, true);
  const first = (v: Value): Value =>
    slice(
      v,
      v.shape.map(() => 0),
      v.shape.map((n, d) => (d === axis ? k : n)),
    );
  return [first(values), first(order)];
}

export function randomBits(key: Value, shape: Shape): Value {
  return apply(p.randomBits, [key], { shape: [...shape] });
}

/** Whether `x` is a scalar constant, or a broadcast of one, with this value. */
export function isConstant(x: Value, value?: number): boolean {
  let v = x;
  while (v.storage === undefined && ['broadcast_in_dim', 'reshape'].includes(v.node.primitive.name))
    v = v.node.inputs[0];
  return (
    v.node.primitive.name === 'constant' &&
    (value === undefined || Object.is(v.node.attrs.value, value))
  );
}

export { cond, type ScanOptions, type ScanResult, scan, whileLoop } from './control.ts';
export { sizeOf };
