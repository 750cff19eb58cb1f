/** Indexing by computed positions: dynamic slices, gather, scatter (XLA's definitions). */
import { isInteger } from '../../dtype.ts';
import {
  binary,
  bitcast,
  compare,
  constant,
  convert,
  type Expr,
  guard,
  int,
  select,
} from '../../expr/expr.ts';
import { clampIndex, iadd, isub } from '../../expr/index-math.ts';
import { type Shape, sameShape, showShape, sizeOf } from '../../shape.ts';
import type { Aval, Value } from '../graph.ts';
import * as lax from '../lax.ts';
import {
  type Attrs,
  definePrimitive,
  operandError,
  type Primitive,
  type Reader,
} from '../primitive.ts';
import { scatterLoops } from './scatter-loops.ts';

function checkStarts(op: string, inputs: readonly Aval[], first: number): void {
  const x = inputs[0];
  const starts = inputs.slice(first);
  if (
    starts.length !== x.shape.length ||
    starts.some((s) => s.shape.length !== 0 || s.dtype !== 'int32')
  ) {
    throw operandError(
      op,
      `takes one int32 scalar start for each of the ${x.shape.length} dimensions.`,
      inputs,
    );
  }
}

/** The start of a window along one dimension, from scalar operand `k`, moved inside the array. */
function startOf(read: Reader, k: number, size: number, extent: number): Expr {
  return size === extent ? int(0) : clampIndex(read(k, []), extent - size);
}

/** dynamic_slice(x, start_0, …): a window of `sizes`, its start moved inside the array. */
export const dynamicSlice: Primitive<{ sizes: Shape } & Attrs> = definePrimitive<
  { sizes: Shape } & Attrs
>({
  name: 'dynamic_slice',
  infer(inputs, { sizes }) {
    checkStarts('dynamic_slice', inputs, 1);
    const [x] = inputs;
    if (sizes.length !== x.shape.length || sizes.some((s, d) => s > x.shape[d])) {
      throw operandError(
        'dynamic_slice',
        `sizes ${showShape(sizes)} do not fit in ${showShape(x.shape)}.`,
        inputs,
      );
    }
    return [{ shape: sizes, dtype: x.dtype }];
  },
  vjp(node, [g]) {
    if (!g) return [];
    const [x, ...starts] = node.inputs;
    return [lax.dynamicUpdateSlice(lax.full(x.shape, 0, x.dtype), g, starts)];
  },
  lowering: {
    kind: 'pointwise',
    elementwise: false,
    cost: 1,
    at(node, index, read) {
      const { shape } = node.inputs[0];
      return read(
        0,
        index.map((i, d) => iadd(i, startOf(read, d + 1, node.attrs.sizes[d], shape[d]))),
      );
    },
  },
});

/** dynamic_update_slice(x, update, start_0, …): x with a window replaced. */
export const dynamicUpdateSlice: Primitive<Attrs> = definePrimitive<Attrs>({
  name: 'dynamic_update_slice',
  infer(inputs) {
    checkStarts('dynamic_update_slice', [inputs[0], ...inputs.slice(2)], 1);
    const [x, u] = inputs;
    if (
      u.dtype !== x.dtype ||
      u.shape.length !== x.shape.length ||
      u.shape.some((s, d) => s > x.shape[d])
    ) {
      throw operandError(
        'dynamic_update_slice',
        `the update ${u.dtype}${showShape(u.shape)} does not fit in ${x.dtype}${showShape(x.shape)}.`,
        inputs,
      );
    }
    return [x];
  },
  vjp(node, [g]) {
    if (!g) return [];
    const [, u, ...starts] = node.inputs;
    return [
      lax.dynamicUpdateSlice(g, lax.full(u.shape, 0, u.dtype), starts),
      lax.dynamicSlice(g, starts, u.shape),
    ];
  },
  lowering: {
    kind: 'pointwise',
    elementwise: false,
    cost: 3,
    at(node, index, read) {
      const [x, u] = node.inputs;
      let inside: Expr | undefined;
      const at = index.map((i, d) => {
        const p = isub(i, startOf(read, d + 2, u.shape[d], x.shape[d]));
        const here = binary('and', compare('ge', p, int(0)), compare('lt', p, int(u.shape[d])));
        inside = inside ? binary('and', inside, here) : here;
        return p;
      });
      return inside ? guard(inside, read(1, at), read(0, index)) : read(1, at);
    },
  },
});

export type GatherAttrs = {
  /** Output dimensions that run over the window. */
  offsetDims: readonly number[];
  /** Operand dimensions of window size 1 that do not appear in the output. */
  collapsedDims: readonly number[];
  /** Component k of an index vector addresses operand dimension startIndexMap[k]. */
  startIndexMap: readonly number[];
  sliceSizes: readonly number[];
  /** What windows read that would leave the operand; without it they are moved inside ("clip"). */
  fill?: number;
} & Attrs;

/** Window dimensions of the operand that appear in the output. */
const windowDims = (rank: number, collapsed: readonly number[]): number[] =>
  Array.from({ length: rank }, (_, d) => d).filter((d) => !collapsed.includes(d));

/** Indices in a dtype that holds every bound: uint8 stops at 255. */
const widened = (indices: Value): Value =>
  indices.dtype === 'uint8' ? lax.convert(indices, 'int32') : indices;

/** For each component of the index vectors, the last start at which a window lies inside `x`. */
function lastStarts(x: Aval, indices: Value, map: readonly number[], sizes: Shape): Value {
  const last = map.map((d) =>
    lax.full(indices.shape.slice(0, -1).concat(1), x.shape[d] - sizes[d], indices.dtype),
  );
  return lax.concatenate(last, indices.shape.length - 1);
}

/** gather(x, indices: int32[..., k]): the window of x at each index vector. */
export const gather: Primitive<GatherAttrs> = definePrimitive<GatherAttrs>({
  name: 'gather',
  infer(inputs, a) {
    const [x, idx] = inputs;
    if (!isInteger(idx.dtype))
      throw operandError('gather', `indices must be integers, received ${idx.dtype}.`, inputs);
    if (idx.shape.length === 0 || idx.shape[idx.shape.length - 1] !== a.startIndexMap.length) {
      throw operandError(
        'gather',
        `the last dimension of the indices must be ${a.startIndexMap.length}.`,
        inputs,
      );
    }
    if (a.sliceSizes.some((s, d) => s > x.shape[d])) {
      throw operandError(
        'gather',
        `cannot take windows ${showShape(a.sliceSizes)} from ${showShape(x.shape)}.`,
        inputs,
      );
    }
    const batch = idx.shape.slice(0, -1);
    const window = windowDims(x.shape.length, a.collapsedDims).map((d) => a.sliceSizes[d]);
    const shape: number[] = [];
    let b = 0;
    let w = 0;
    for (let d = 0; d < batch.length + window.length; d++)
      shape.push(a.offsetDims.includes(d) ? window[w++] : batch[b++]);
    return [{ shape, dtype: x.dtype }];
  },
  vjp(node, [g]) {
    if (!g) return [];
    const [x, idx] = node.inputs;
    const a = node.attrs;
    // scatter skips the windows that gather has filled, but also those it has moved inside: move their indices.
    const wide = widened(idx);
    const zero = lax.full(idx.shape, 0, wide.dtype);
    const clipped = (): Value =>
      lax.min(lax.max(wide, zero), lastStarts(x, wide, a.startIndexMap, a.sliceSizes));
    const inside = a.fill === undefined ? clipped() : idx;
    return [
      lax.scatter(lax.full(x.shape, 0, x.dtype), inside, g, 'add', {
        windowDims: a.offsetDims,
        insertedDims: a.collapsedDims,
        indexMap: a.startIndexMap,
      }),
    ];
  },
  lowering: {
    kind: 'pointwise',
    elementwise: false,
    cost: 2,
    at(node, index, read) {
      const a = node.attrs;
      const { shape } = node.inputs[0];
      const batch = index.filter((_, d) => !a.offsetDims.includes(d));
      const at: Expr[] = shape.map(() => int(0));
      windowDims(shape.length, a.collapsedDims).forEach((d, i) => {
        at[d] = index[a.offsetDims[i]];
      });
      let inside: Expr | undefined;
      a.startIndexMap.forEach((d, k) => {
        const start = convert('int32', read(1, [...batch, int(k)]));
        const last = shape[d] - a.sliceSizes[d];
        at[d] = iadd(at[d], clampIndex(start, last));
        // Unsigned, negative starts are large.
        const here = compare('le', bitcast('uint32', start), constant('uint32', last));
        inside = inside ? binary('and', inside, here) : here;
      });
      const taken = read(0, at);
      return a.fill === undefined || !inside
        ? taken
        : select(inside, taken, constant(taken.dtype, a.fill));
    },
  },
});

export type ScatterAttrs = {
  op: 'set' | 'add' | 'mul' | 'min' | 'max';
  /** Dimensions of the updates that run over the window. */
  windowDims: readonly number[];
  /** Operand dimensions of window size 1 that do not appear in the updates. */
  insertedDims: readonly number[];
  indexMap: readonly number[];
} & Attrs;

/**
 * scatter(x, indices, updates): x with each update window combined in at its index, in the order of
 * the updates; windows that would leave the operand are skipped, as in XLA.
 */
export const scatter: Primitive<ScatterAttrs> = definePrimitive<ScatterAttrs>({
  name: 'scatter',
  infer(inputs, a) {
    const [x, idx, u] = inputs;
    if (!isInteger(idx.dtype))
      throw operandError('scatter', `indices must be integers, received ${idx.dtype}.`, inputs);
    if (x.dtype === 'bool' && a.op !== 'set')
      throw operandError('scatter', `"${a.op}" does not take bool.`, inputs);
    if (u.dtype !== x.dtype)
      throw operandError('scatter', `updates are ${u.dtype}, the operand ${x.dtype}.`, inputs);
    if (idx.shape.length === 0 || idx.shape[idx.shape.length - 1] !== a.indexMap.length) {
      throw operandError(
        'scatter',
        `the last dimension of the indices must be ${a.indexMap.length}.`,
        inputs,
      );
    }
    const batch = u.shape.filter((_, d) => !a.windowDims.includes(d));
    if (!sameShape(batch, idx.shape.slice(0, -1))) {
      throw operandError(
        'scatter',
        `updates ${showShape(u.shape)} do not match indices ${showShape(idx.shape)}.`,
        inputs,
      );
    }
    return [x];
  },
  vjp(node, [g]) {
    if (!g) return [];
    const [x, idx, u] = node.inputs;
    const a = node.attrs;
    const sizes = x.shape.map(() => 1);
    windowDims(x.shape.length, a.insertedDims).forEach((d, i) => {
      sizes[d] = u.shape[a.windowDims[i]];
    });
    const window = {
      offsetDims: a.windowDims,
      collapsedDims: a.insertedDims,
      startIndexMap: a.indexMap,
      sliceSizes: sizes,
    };
    // An update that was skipped has no effect.
    if (a.op === 'add') return [g, undefined, lax.gather(g, idx, { ...window, fill: 0 })];
    if (a.op === 'set') {
      // With repeated indices the last update wins; only that one gets the cotangent.
      const order = lax.reshape(lax.iota([sizeOf(u.shape)], 0, 'int32'), u.shape);
      const winner = lax.scatter(lax.full(x.shape, -1, 'int32'), idx, order, 'set', a);
      const kept = lax.eq(lax.gather(winner, idx, window), order);
      const gu = lax.gather(g, idx, window);
      const gx = lax.select(
        lax.lt(winner, lax.full(x.shape, 0, 'int32')),
        g,
        lax.full(x.shape, 0, g.dtype),
      );
      return [gx, undefined, lax.select(kept, gu, lax.full(gu.shape, 0, g.dtype))];
    }
    throw operandError(
      'scatter',
      `the gradient of scatter "${a.op}" is not defined; use "add" or "set".`,
      node.inputs,
    );
  },
  lowering: { kind: 'loops', build: scatterLoops },
});
