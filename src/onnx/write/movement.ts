/** Leaves, and primitives that only move data. */
import { makeArray, type TypedArray } from '../../dtype.ts';
import type { Node, Value } from '../../graph/index.ts';
import { elementTypeOf } from '../element-types.ts';
import { type Dim, linear, sameDim, samples } from './dims.ts';
import { cast } from './elementwise.ts';
import type { Emitter, Operand, Rule, Rules } from './emitter.ts';

/** A number. Where it hangs on the number of samples (the count of a mean), it is computed. */
const constant: Rule = (e, node) => {
  const { dtype } = node.outputs[0];
  const a = node.attrs.value as number;
  const b = e.twins.node(node).attrs.value as number;
  if (Object.is(a, b)) return [{ name: e.scalar(a, dtype), dims: [] }];
  const to = elementTypeOf[dtype];
  const scalar = (d: Dim): string => cast(e, e.count(d), to);
  const times = (b - a) / (samples[1] - samples[0]);
  const plus = a - times * samples[0];
  if (Number.isInteger(times) && Number.isInteger(plus))
    return [{ name: scalar({ times, plus }), dims: [] }];
  const over = a * samples[0];
  if (Math.abs(over - b * samples[1]) > 1e-6 * Math.abs(over))
    throw e.refuse(node, 'is a number that hangs on that of samples');
  const n = scalar({ times: 1, plus: 0 });
  // 1/n as it was computed in both traces, but for rounding.
  const near = Math.abs(over - Math.round(over)) < 1e-6 ? Math.round(over) : over;
  return [{ name: e.node('Div', [e.scalar(near, dtype), n]), dims: [] }];
};

const literal: Rule = (e, node) => {
  const data = node.attrs.data as TypedArray;
  const twin = e.twins.node(node).attrs.data as TypedArray;
  if (data.length !== twin.length || data.some((v, i) => !Object.is(v, twin[i])))
    throw e.refuse(node, 'holds numbers that hang on that of samples');
  const { shape, dtype } = node.outputs[0];
  const name = e.initializer(e.name('literal'), data, shape, dtype);
  return [{ name, dims: [...shape] }];
};

const iota: Rule = (e, node) => {
  const [v] = node.outputs;
  const dimension = node.attrs.dimension as number;
  const n = e.dims(v)[dimension];
  const behind = v.shape.length - dimension - 1;
  const dims: Dim[] = [n, ...Array.from({ length: behind }, () => 1)];
  if (typeof n === 'number') {
    const data = makeArray(v.dtype, n);
    data.forEach((_, i) => {
      data[i] = v.dtype === 'bool' ? Number(i !== 0) : i;
    });
    return [{ name: e.initializer(e.name('iota'), data, dims as number[], v.dtype), dims }];
  }
  const limit = e.count(n);
  const range = e.node('Range', [e.int64([0], []), limit, e.int64([1], [])]);
  const shaped =
    behind === 0
      ? range
      : e.node('Reshape', [range, e.int64([-1, ...(dims.slice(1) as number[])])]);
  return [{ name: cast(e, shaped, elementTypeOf[v.dtype]), dims }];
};

/** The operand with as many dimensions as its value has. */
export function ranked(e: Emitter, v: Value): Operand {
  const o = e.operand(v);
  const lead = v.shape.length - o.dims.length;
  if (lead === 0) return o;
  const axes = Array.from({ length: lead }, (_, i) => i);
  const name = e.node('Unsqueeze', [o.name, e.int64(axes)]);
  return { name, dims: [...axes.map(() => 1), ...o.dims] };
}

const broadcastInDim: Rule = (e, node) => {
  const [x] = node.inputs;
  const o = e.operand(x);
  const rank = node.outputs[0].shape.length;
  const { dimensions } = node.attrs as unknown as { dimensions: readonly number[] };
  // Where the dimensions that are stored go.
  const kept = dimensions.slice(x.shape.length - o.dims.length);
  if (kept.length === 0) return [o];
  const [first] = kept;
  const dims: Dim[] = Array.from({ length: rank - first }, () => 1);
  kept.forEach((d, i) => {
    dims[d - first] = o.dims[i];
  });
  const axes = dims.map((_, d) => d).filter((d) => !kept.includes(d + first));
  return [
    { name: axes.length === 0 ? o.name : e.node('Unsqueeze', [o.name, e.int64(axes)]), dims },
  ];
};

/** A reshape to sizes of which some may hang on the number of samples. */
export function reshaped(
  e: Emitter,
  name: string,
  from: readonly Dim[],
  to: readonly Dim[],
): string {
  if (from.length === to.length && from.every((d, i) => sameDim(d, to[i]))) return name;
  const open = to.filter((d) => typeof d !== 'number');
  // -1 stands for the one size that is open, where no other is 0.
  const simple = open.length === 1 && !to.includes(0);
  const shape = simple ? to.map((d) => (typeof d === 'number' ? d : -1)) : to;
  return e.node('Reshape', [name, e.ints(shape)], to.includes(0) ? { allowzero: 1 } : {});
}

const reshape: Rule = (e, node) => {
  const [x] = node.inputs;
  const o = e.operand(x);
  const dims = e.dims(node.outputs[0]);
  if (o.dims.length === 0) return [o];
  // One element that stands for all.
  if (o.dims.every((d) => d === 1))
    return [{ name: e.node('Reshape', [o.name, e.int64([])]), dims: [] }];
  const added = onlyOnes(e.dims(x), dims);
  if (added && o.dims.length === x.shape.length && !wholeOperand(e, x))
    return [withOnes(e, o, dims.length, added)];
  return [{ name: reshaped(e, e.whole(x), e.dims(x), dims), dims }];
};

const wholeOperand = (e: Emitter, v: Value): boolean => {
  const o = e.operand(v);
  const dims = e.dims(v);
  return o.dims.length === dims.length && o.dims.every((d, i) => sameDim(d, dims[i]));
};

/** Where dimensions of 1 have been put between the dimensions of `from`, if that is all. */
function onlyOnes(from: readonly Dim[], to: readonly Dim[]): number[] | undefined {
  const added: number[] = [];
  let i = 0;
  to.forEach((d, k) => {
    if (i < from.length && sameDim(from[i], d)) i++;
    else if (d === 1) added.push(k);
    else i = from.length + 1;
  });
  return i === from.length ? added : undefined;
}

function withOnes(e: Emitter, o: Operand, rank: number, axes: readonly number[]): Operand {
  let i = 0;
  const dims = Array.from({ length: rank }, (_, d): Dim => (axes.includes(d) ? 1 : o.dims[i++]));
  return { name: e.node('Unsqueeze', [o.name, e.int64(axes)]), dims };
}

export function transposed(e: Emitter, name: string, perm: readonly number[]): string {
  return perm.every((p, i) => p === i) ? name : e.node('Transpose', [name], { perm });
}

const transpose: Rule = (e, node) => {
  const [x] = node.inputs;
  if (e.operand(x).dims.length === 0) return [e.operand(x)];
  const o = ranked(e, x);
  const perm = node.attrs.permutation as readonly number[];
  return [{ name: transposed(e, o.name, perm), dims: perm.map((p) => o.dims[p]) }];
};

const reverse: Rule = (e, node) => {
  const [x] = node.inputs;
  const axes = node.attrs.dimensions as readonly number[];
  return [e.made(flipped(e, e.whole(x), axes), x)];
};

/** The other way around along these dimensions. */
export function flipped(e: Emitter, name: string, axes: readonly number[]): string {
  if (axes.length === 0) return name;
  const all = (v: number): string => e.int64(axes.map(() => v));
  return e.node('Slice', [name, all(-1), all(-(2 ** 31)), e.int64(axes), all(-1)]);
}

type SliceAttrs = Record<'start' | 'limit' | 'strides', readonly number[]>;

const slice: Rule = (e, node) => {
  const [x] = node.inputs;
  const attrs = (n: Node): SliceAttrs => n.attrs as unknown as SliceAttrs;
  const start = e.numbers(node, (n) => attrs(n).start);
  const limit = e.numbers(node, (n) => attrs(n).limit);
  const { strides } = attrs(node);
  const dims = e.dims(x);
  const cut = dims
    .map((_, d) => d)
    .filter((d) => start[d] !== 0 || !sameDim(limit[d], dims[d]) || strides[d] !== 1);
  const name = e.node('Slice', [
    e.whole(x),
    e.ints(cut.map((d) => start[d])),
    e.ints(cut.map((d) => limit[d])),
    e.int64(cut),
    e.int64(cut.map((d) => strides[d])),
  ]);
  return [e.made(name, node.outputs[0])];
};

type PadAttrs = Record<'low' | 'high' | 'interior', readonly number[]>;

const pad: Rule = (e, node) => {
  const [x, value] = node.inputs;
  const attrs = (n: Node): PadAttrs => n.attrs as unknown as PadAttrs;
  const { interior } = attrs(node);
  const fill = e.whole(value);
  const spread = spreadOut(e, e.whole(x), e.dims(x), interior, fill);
  const low = e.numbers(node, (n) => attrs(n).low);
  const high = e.numbers(node, (n) => attrs(n).high);
  return [e.made(padded(e, spread, low, high, fill), node.outputs[0])];
};

/** Padding, negative to crop. */
export function padded(
  e: Emitter,
  name: string,
  low: readonly Dim[],
  high: readonly Dim[],
  fill: string,
): string {
  if ([...low, ...high].every((n) => n === 0)) return name;
  return e.node('Pad', [name, e.ints([...low, ...high]), fill], { mode: 'constant' });
}

/** `interior` fills between neighbours: each dimension is padded in one of its own, and joined again. */
export function spreadOut(
  e: Emitter,
  name: string,
  dims: readonly Dim[],
  interior: readonly number[],
  fill: string,
): string {
  let now = name;
  const sizes = [...dims];
  interior.forEach((n, d) => {
    if (n === 0) return;
    const apart = e.node('Unsqueeze', [now, e.int64([d + 1])]);
    const zeros = [...sizes.map(() => 0), 0];
    const high = zeros.map((_, i) => (i === d + 1 ? n : 0));
    const wide = padded(e, apart, zeros, high, fill);
    const grown = sizes.map((s, i) => (i === d ? linear(s, n + 1, 0) : s));
    const joined = reshaped(e, wide, [], grown);
    now = e.node('Slice', [joined, e.int64([0]), e.int64([-n]), e.int64([d])]);
    sizes[d] = linear(sizes[d], n + 1, -n);
  });
  return now;
}

const concatenate: Rule = (e, node) => {
  const parts = node.inputs.map((v) => e.whole(v));
  const axis = node.attrs.dimension as number;
  return [e.made(e.node('Concat', parts, { axis }), node.outputs[0])];
};

export const movement: Rules = {
  constant,
  literal,
  iota,
  broadcast_in_dim: broadcastInDim,
  reshape,
  transpose,
  reverse,
  slice,
  pad,
  concatenate,
};
