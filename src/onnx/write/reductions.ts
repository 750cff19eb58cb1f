/** Reductions, their running forms, and sorting. */
import type { DType } from '../../dtype.ts';
import type { Node, Value } from '../../graph/index.ts';
import { identity } from '../../graph/primitives/reduce.ts';
import { elementType, elementTypeOf } from '../element-types.ts';
import { cast } from './elementwise.ts';
import type { Emitter, Operand, Rule, Rules } from './emitter.ts';
import { valueInfo } from './protos.ts';

/**
 * The type in which runtimes reduce: what they do not know is widened. Extremes are taken of doubles, since
 * onnxruntime rounds those of int64.
 */
function reducible(dtype: DType, extreme: boolean): number | undefined {
  if (dtype === 'bool') return elementType.int32;
  if (dtype !== 'uint8' && dtype !== 'uint32') return undefined;
  return extreme ? elementType.double : elementType.int64;
}

/** `write` in a type that runtimes compute with, and back (modulo its range). */
function widened(
  e: Emitter,
  v: Value,
  name: string,
  extreme: boolean,
  write: (name: string) => string,
): string {
  const to = reducible(v.dtype, extreme);
  if (to === undefined) return write(name);
  const wide = write(cast(e, name, to));
  // Of no bools at all the greatest is below 0.
  if (v.dtype === 'bool') return e.node('Greater', [wide, e.scalar(0, 'int32')]);
  const most = v.dtype === 'uint8' ? 255 : 2 ** 32 - 1;
  if (extreme) {
    // Of nothing the extremes are infinite.
    const bounds = [e.scalar(0, 'float64'), e.scalar(most, 'float64')];
    const finite = v.shape.includes(0) ? e.node('Clip', [wide, ...bounds]) : wide;
    return cast(e, finite, elementTypeOf[v.dtype]);
  }
  const mask = e.int64([most], []);
  return cast(e, e.node('BitwiseAnd', [wide, mask]), elementTypeOf[v.dtype]);
}

function reduction(type: string): Rule {
  return (e, node) => {
    const [x] = node.inputs;
    const axes = e.int64(node.attrs.axes as number[]);
    const write = (name: string): string => e.node(type, [name, axes], { keepdims: 0 });
    return [e.made(widened(e, x, e.whole(x), /Max|Min/.test(type), write), node.outputs[0])];
  };
}

function argReduction(type: string): Rule {
  return (e, node) => {
    const [x] = node.inputs;
    const to = reducible(x.dtype, true);
    const name = to === undefined ? e.whole(x) : cast(e, e.whole(x), to);
    const at = e.node(type, [name], { axis: node.attrs.axis as number, keepdims: 0 });
    return [e.made(cast(e, at, elementType.int32), node.outputs[0])];
  };
}

type CumulativeAttrs = { axis: number; op: 'add' | 'mul' | 'min' | 'max'; reverse: boolean };

/** CumSum; for the others, which ONNX has not, a Scan along the axis. */
const cumulative: Rule = (e, node) => {
  const [x] = node.inputs;
  const { axis, op, reverse } = node.attrs as unknown as CumulativeAttrs;
  const [back, out] = [Number(reverse), node.outputs[0]];
  // Runtimes do not scan nothing.
  if (x.shape.includes(0)) return [e.operand(x)];
  if (op === 'add') {
    const at = e.int64([axis], []);
    const write = (name: string): string => e.node('CumSum', [name, at], { reverse: back });
    return [e.made(widened(e, x, e.whole(x), false, write), out)];
  }
  const type = { mul: 'Mul', min: 'Min', max: 'Max' }[op];
  const write = (name: string): string => runningOperation(e, x, name, type, node, back);
  return [e.made(widened(e, x, e.whole(x), op !== 'mul', write), out)];
};

function runningOperation(
  e: Emitter,
  x: Value,
  name: string,
  type: string,
  node: Node,
  back: number,
): string {
  const { axis, op } = node.attrs as unknown as CumulativeAttrs;
  const elem = reducible(x.dtype, op !== 'mul') ?? elementTypeOf[x.dtype];
  const line = e.dims(x).filter((_, d) => d !== axis);
  const none = e.scalar(identity(op, x.dtype), x.dtype);
  const start = elem === elementTypeOf[x.dtype] ? none : cast(e, none, elem);
  const init = line.length === 0 ? start : e.node('Expand', [start, e.ints(line)]);
  const [before, element, after, result] = ['before', 'element', 'after', 'result'].map((n) =>
    e.name(n),
  );
  const info = (n: string): ReturnType<typeof valueInfo> => valueInfo(n, elem, line);
  const body = e.subgraph('running', [info(before), info(element)], () => {
    const next = e.node(type, [before, element]);
    e.identity(next, after);
    e.identity(next, result);
    return [info(after), info(result)];
  });
  const attributes = {
    body: { graph: body },
    num_scan_inputs: 1,
    scan_input_axes: [axis],
    scan_output_axes: [axis],
    scan_input_directions: [back],
    scan_output_directions: [back],
  };
  return e.nodes('Scan', [init, name], attributes, 2)[1];
}

/** TopK of all elements, which is stable; what goes along is gathered in its order. */
const sort: Rule = (e, node) => {
  const { axis, descending } = node.attrs as unknown as { axis: number; descending: boolean };
  const [keys, ...companions] = node.inputs;
  const to = reducible(keys.dtype, true);
  const name = to === undefined ? e.whole(keys) : cast(e, e.whole(keys), to);
  const count = e.size(e.dims(keys)[axis]);
  const attributes = { axis, largest: Number(descending), sorted: 1 };
  const [values, order] = e.nodes('TopK', [name, count], attributes, 2);
  const sorted = to === undefined ? values : cast(e, values, elementTypeOf[keys.dtype]);
  return [
    e.made(sorted, keys),
    ...companions.map((v): Operand => {
      // The positions themselves, which is what most sorts are asked for.
      const { primitive, attrs } = v.node;
      if (primitive.name === 'iota' && attrs.dimension === axis)
        return e.made(cast(e, order, elementTypeOf[v.dtype]), v);
      return e.made(e.node('GatherElements', [e.whole(v), order], { axis }), v);
    }),
  ];
};

export const reductions: Rules = {
  reduce_sum: reduction('ReduceSum'),
  reduce_prod: reduction('ReduceProd'),
  reduce_max: reduction('ReduceMax'),
  reduce_min: reduction('ReduceMin'),
  reduce_and: reduction('ReduceMin'),
  reduce_or: reduction('ReduceMax'),
  argmax: argReduction('ArgMax'),
  argmin: argReduction('ArgMin'),
  cumulative,
  sort,
};
