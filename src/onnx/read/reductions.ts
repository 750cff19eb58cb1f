/** Reductions, and what normalizes by them. */
import { isFloat } from '../../dtype.ts';
import { lax, type Value } from '../../graph/index.ts';
import type { Call, Op, Ops } from './call.ts';
import { kept, like, mean, spread } from './values.ts';

type Reduce = (x: Value, axes: readonly number[]) => Value;

/** `axesIn`: the version since which axes are an operand. */
function reduction(f: Reduce, axesIn = 18): Op {
  return (c) => {
    const x = c.get(0);
    const given = c.opset < axesIn ? c.ints('axes') : c.has(1) ? c.host(1) : undefined;
    const all = !given || given.length === 0;
    if (all && c.flag('noop_with_empty_axes', false)) return f(x, []);
    const axes = all ? x.shape.map((_, d) => d) : c.axes(given, x.shape.length);
    const out = f(x, axes);
    return c.flag('keepdims', true) ? kept(out, x.shape, axes) : out;
  };
}

const sum: Reduce = lax.reduceSum;
const square = (x: Value): Value => lax.mul(x, x);
const logSumExp: Reduce = (x, axes) => {
  const top = lax.reduceMax(x, axes);
  const finite = lax.select(lax.isFinite(top), top, like(top, 0));
  const shifted = lax.exp(lax.sub(x, axes.length === 0 ? finite : spread(finite, x.shape, axes)));
  return lax.add(lax.log(sum(shifted, axes)), finite);
};
/** Of bools the greatest is whether any holds, the least whether all do. */
const extreme =
  (f: Reduce, ofBools: Reduce): Reduce =>
  (x, axes) =>
    x.dtype === 'bool' ? ofBools(x, axes) : f(x, axes);

function argReduction(f: (x: Value, axis: number) => Value): Op {
  return (c) => {
    const x = c.get(0);
    const axis = c.axis(c.int('axis', 0), x.shape.length);
    const last = c.flag('select_last_index', false);
    let at = f(last ? lax.reverse(x, [axis]) : x, axis);
    if (last) at = lax.sub(like(at, x.shape[axis] - 1), at);
    return c.flag('keepdims', true) ? kept(at, x.shape, [axis]) : at;
  };
}

/** The axes over which a softmax goes: one; before version 13 all from there on. */
function softmaxAxes(c: Call, x: Value): number[] {
  const old = c.opset < 13;
  const axis = c.axis(c.int('axis', old ? 1 : -1), x.shape.length);
  return old ? x.shape.map((_, d) => d).filter((d) => d >= axis) : [axis];
}
const softmax: Op = (c) => {
  const x = c.get(0);
  const axes = softmaxAxes(c, x);
  const e = lax.exp(lax.sub(x, spread(lax.reduceMax(x, axes), x.shape, axes)));
  return lax.div(e, spread(sum(e, axes), x.shape, axes));
};
const logSoftmax: Op = (c) => {
  const x = c.get(0);
  const axes = softmaxAxes(c, x);
  const shifted = lax.sub(x, spread(lax.reduceMax(x, axes), x.shape, axes));
  return lax.sub(shifted, spread(lax.log(sum(lax.exp(shifted), axes)), x.shape, axes));
};
const hardmax: Op = (c) => {
  const x = c.get(0);
  const axes = softmaxAxes(c, x);
  const shape = axes.length === 1 ? x.shape : [...x.shape.slice(0, axes[0]), -1];
  const flat = axes.length === 1 ? x : lax.reshape(x, merged(x.shape, axes[0]));
  const axis = axes[0];
  const top = spread(lax.argmax(flat, axis), flat.shape, [axis]);
  const hit = lax.convert(lax.eq(lax.iota(flat.shape, axis, 'int32'), top), x.dtype);
  return shape === x.shape ? hit : lax.reshape(hit, x.shape);
};
const merged = (shape: readonly number[], axis: number): number[] => [
  ...shape.slice(0, axis),
  shape.slice(axis).reduce((a, b) => a * b, 1),
];

/** Running sums and products; the exclusive ones are moved by one place. */
function running(op: 'add' | 'mul'): Op {
  return (c) => {
    const x = c.get(0);
    const axis = c.axis(c.host(1)[0], x.shape.length);
    const reverse = c.flag('reverse', false);
    const total = lax.cumulative(x, axis, op, reverse);
    if (!c.flag('exclusive', false)) return total;
    const by = x.shape.map((_, d) => (d === axis ? 1 : 0));
    const back = by.map((n) => -n || 0);
    const none = op === 'add' ? 0 : 1;
    return reverse ? lax.pad(total, none, back, by) : lax.pad(total, none, by, back);
  };
}

const topK: Op = (c) => {
  const x = c.get(0);
  const axis = c.axis(c.int('axis', -1), x.shape.length);
  const k = c.opset < 10 ? c.int('k', 1) : c.host(1)[0];
  if (!(k >= 0 && k <= x.shape[axis])) throw c.fail(`takes ${k} of ${x.shape[axis]}`);
  const order = lax.iota(x.shape, axis, 'int32');
  return lax.sort([x, order], axis, c.flag('largest', true)).map((v) =>
    lax.slice(
      v,
      v.shape.map(() => 0),
      v.shape.map((n, d) => (d === axis ? k : n)),
    ),
  );
};

export const reductions: Ops = {
  ReduceSum: reduction(sum, 13),
  ReduceMean: reduction((x, axes) =>
    isFloat(x.dtype) ? mean(x, axes) : lax.convert(mean(lax.convert(x, 'float32'), axes), x.dtype),
  ),
  ReduceMax: reduction(extreme(lax.reduceMax, lax.reduceOr)),
  ReduceMin: reduction(extreme(lax.reduceMin, lax.reduceAnd)),
  ReduceProd: reduction(lax.reduceProd),
  ReduceL1: reduction((x, axes) => sum(lax.abs(x), axes)),
  ReduceL2: reduction((x, axes) => lax.sqrt(sum(square(x), axes))),
  ReduceSumSquare: reduction((x, axes) => sum(square(x), axes)),
  ReduceLogSum: reduction((x, axes) => lax.log(sum(x, axes))),
  ReduceLogSumExp: reduction(logSumExp),
  ArgMax: argReduction(lax.argmax),
  ArgMin: argReduction(lax.argmin),
  Softmax: softmax,
  LogSoftmax: logSoftmax,
  Hardmax: hardmax,
  CumSum: running('add'),
  CumProd: running('mul'),
  TopK: topK,
};
