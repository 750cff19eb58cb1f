/**
 * Primitives that only move data: each output element is one input element (or a fill value). They
 * cost nothing of their own: the index map is folded into whoever reads them.
 */
import { binary, compare, type Expr, guard, int } from '../../expr/expr.ts';
import {
  clampIndex,
  delinearize,
  iadd,
  idivc,
  imodc,
  imulc,
  isub,
  linearize,
} from '../../expr/index-math.ts';
import { where } from '../../expr/where.ts';
import { checkShape, type Shape, sameShape, showShape, sizeOf } from '../../shape.ts';
import type { Node, Value } from '../graph.ts';
import * as lax from '../lax.ts';
import { type Attrs, definePrimitive, operandError, type Primitive } from '../primitive.ts';

type BroadcastAttrs = { shape: Shape; dimensions: readonly number[] } & Attrs;

/** Operand dimension i becomes output dimension dimensions[i]; size 1 repeats. */
export const broadcastInDim: Primitive<BroadcastAttrs> = definePrimitive<BroadcastAttrs>({
  name: 'broadcast_in_dim',
  infer(inputs, { shape, dimensions }) {
    checkShape(shape);
    const x = inputs[0];
    const ok =
      dimensions.length === x.shape.length &&
      dimensions.every(
        (d, i) =>
          d >= 0 &&
          d < shape.length &&
          (i === 0 || d > dimensions[i - 1]) &&
          (x.shape[i] === 1 || x.shape[i] === shape[d]),
      );
    if (!ok)
      throw operandError(
        'broadcast_in_dim',
        `cannot broadcast ${showShape(x.shape)} to ${showShape(shape)} along [${dimensions}].`,
        inputs,
      );
    return [{ shape, dtype: x.dtype }];
  },
  vjp(node, [g]) {
    if (!g) return [];
    const x = node.inputs[0];
    const { dimensions, shape } = node.attrs;
    const summed = shape
      .map((_, d) => d)
      .filter(
        (d) => !dimensions.includes(d) || (x.shape[dimensions.indexOf(d)] === 1 && shape[d] !== 1),
      );
    return [lax.reshape(lax.reduceSum(g, summed), x.shape)];
  },
  lowering: {
    kind: 'pointwise',
    elementwise: false,
    cost: 0,
    at(node, index, read) {
      const x = node.inputs[0];
      return read(
        0,
        node.attrs.dimensions.map((d, i) => (x.shape[i] === 1 ? int(0) : index[d])),
      );
    },
  },
});

export const reshape: Primitive<{ shape: Shape } & Attrs> = definePrimitive<
  { shape: Shape } & Attrs
>({
  name: 'reshape',
  infer(inputs, { shape }) {
    checkShape(shape);
    const x = inputs[0];
    if (sizeOf(shape) !== sizeOf(x.shape)) {
      throw operandError(
        'reshape',
        `cannot reshape ${showShape(x.shape)} (${sizeOf(x.shape)} elements) to ${showShape(shape)} (${sizeOf(shape)}).`,
        inputs,
      );
    }
    return [{ shape, dtype: x.dtype }];
  },
  vjp: (node, [g]) => [g && lax.reshape(g, node.inputs[0].shape)],
  lowering: {
    kind: 'pointwise',
    elementwise: false,
    cost: 0,
    at: (node, index, read) =>
      read(0, delinearize(linearize(index, node.attrs.shape), node.inputs[0].shape)),
  },
});

export const transpose: Primitive<{ permutation: readonly number[] } & Attrs> = definePrimitive<
  { permutation: readonly number[] } & Attrs
>({
  name: 'transpose',
  infer(inputs, { permutation }) {
    const x = inputs[0];
    const sorted = [...permutation].sort((a, b) => a - b);
    if (permutation.length !== x.shape.length || sorted.some((p, i) => p !== i)) {
      throw operandError(
        'transpose',
        `[${permutation}] is not a permutation of the dimensions of ${showShape(x.shape)}.`,
        inputs,
      );
    }
    return [{ shape: permutation.map((p) => x.shape[p]), dtype: x.dtype }];
  },
  vjp(node, [g]) {
    const inverse = node.attrs.permutation.map((_, i) => node.attrs.permutation.indexOf(i));
    return [g && lax.transpose(g, inverse)];
  },
  lowering: {
    kind: 'pointwise',
    elementwise: false,
    cost: 0,
    at(node, index, read) {
      const from = new Array<Expr>(index.length);
      node.attrs.permutation.forEach((p, i) => {
        from[p] = index[i];
      });
      return read(0, from);
    },
  },
});

export const reverse: Primitive<{ dimensions: readonly number[] } & Attrs> = definePrimitive<
  { dimensions: readonly number[] } & Attrs
>({
  name: 'reverse',
  infer(inputs, { dimensions }) {
    const [x] = inputs;
    if (dimensions.some((d, i) => !(d in x.shape) || dimensions.indexOf(d) !== i)) {
      throw operandError(
        'reverse',
        `[${dimensions}] are not distinct dimensions of ${showShape(x.shape)}.`,
        inputs,
      );
    }
    return [x];
  },
  vjp: (node, [g]) => [g && lax.reverse(g, node.attrs.dimensions)],
  lowering: {
    kind: 'pointwise',
    elementwise: false,
    cost: 0,
    at: (node, index, read) =>
      read(
        0,
        index.map((i, d) =>
          node.attrs.dimensions.includes(d) ? isub(int(node.inputs[0].shape[d] - 1), i) : i,
        ),
      ),
  },
});

type SliceAttrs = {
  start: readonly number[];
  limit: readonly number[];
  strides: readonly number[];
} & Attrs;

export const slice: Primitive<SliceAttrs> = definePrimitive<SliceAttrs>({
  name: 'slice',
  infer(inputs, { start, limit, strides }) {
    const x = inputs[0];
    if ([start, limit, strides].some((a) => a.length !== x.shape.length)) {
      throw operandError(
        'slice',
        `takes a start, limit and stride for each dimension of ${showShape(x.shape)}.`,
        inputs,
      );
    }
    x.shape.forEach((n, d) => {
      if (!(start[d] >= 0 && start[d] <= limit[d] && limit[d] <= n && strides[d] >= 1)) {
        throw operandError(
          'slice',
          `[${start}]..[${limit}] step [${strides}] lies outside ${showShape(x.shape)}.`,
          inputs,
        );
      }
    });
    return [
      {
        shape: x.shape.map((_, d) => Math.ceil((limit[d] - start[d]) / strides[d])),
        dtype: x.dtype,
      },
    ];
  },
  vjp(node, [g]) {
    if (!g) return [];
    const { start, strides } = node.attrs;
    const x = node.inputs[0];
    const covered = g.shape.map((n, d) => (n === 0 ? 0 : (n - 1) * strides[d] + 1));
    return [
      lax.pad(
        g,
        0,
        start,
        x.shape.map((n, d) => n - start[d] - covered[d]),
        strides.map((s) => s - 1),
      ),
    ];
  },
  lowering: {
    kind: 'pointwise',
    elementwise: false,
    cost: 0,
    at: (node, index, read) =>
      read(
        0,
        index.map((i, d) => iadd(imulc(i, node.attrs.strides[d]), int(node.attrs.start[d]))),
      ),
  },
});

type PadAttrs = {
  low: readonly number[];
  high: readonly number[];
  interior: readonly number[];
} & Attrs;

/** pad(x, value: scalar). Negative low or high crops. */
export const pad: Primitive<PadAttrs> = definePrimitive<PadAttrs>({
  name: 'pad',
  infer(inputs, { low, high, interior }) {
    const [x, value] = inputs;
    if (value.shape.length !== 0 || value.dtype !== x.dtype)
      throw operandError('pad', 'takes a scalar fill value of the operand’s dtype.', inputs);
    if (
      [low, high, interior].some((a) => a.length !== x.shape.length) ||
      interior.some((i) => i < 0)
    ) {
      throw operandError(
        'pad',
        `takes low, high and interior (0 or more) for each dimension of ${showShape(x.shape)}.`,
        inputs,
      );
    }
    const shape = x.shape.map(
      (n, d) => low[d] + high[d] + (n > 0 ? (n - 1) * (interior[d] + 1) + 1 : 0),
    );
    if (shape.some((n) => n < 0))
      throw operandError(
        'pad',
        `low [${low}] and high [${high}] crop more than ${showShape(x.shape)} holds.`,
        inputs,
      );
    return [{ shape, dtype: x.dtype }];
  },
  vjp(node, [g]) {
    if (!g) return [];
    const { low, high, interior } = node.attrs;
    const x = node.inputs[0];
    const zeros = low.map(() => 0);
    const trimmed = lax.pad(
      g,
      0,
      low.map((l) => -l),
      high.map((h) => -h),
      zeros,
    );
    const gx = lax.slice(
      trimmed,
      zeros,
      trimmed.shape,
      interior.map((i) => i + 1),
    );
    const gv = lax.sub(lax.reduceSum(g), lax.reduceSum(gx));
    return [lax.reshape(gx, x.shape), gv];
  },
  lowering: {
    kind: 'pointwise',
    elementwise: false,
    cost: 2,
    at(node, index, read) {
      const { low, interior } = node.attrs;
      const x = node.inputs[0];
      let inside: Expr | undefined;
      const from = index.map((i, d) => {
        let p = isub(i, int(low[d]));
        const step = interior[d] + 1;
        const span = x.shape[d] > 0 ? (x.shape[d] - 1) * step : -1;
        inside = both(inside, compare('ge', p, int(0)));
        inside = both(inside, compare('le', p, int(span)));
        if (step > 1) {
          // Division is only defined here for p >= 0; the guard has already ruled out the rest.
          inside = both(inside, compare('eq', imodc(p, step), int(0)));
          p = idivc(p, step);
        }
        return p;
      });
      if (!inside) return read(0, from);
      const fill = read(1, []);
      const last = index.length - 1;
      const rows = interior.every((n) => n === 0) && low[last] === 0 && node.attrs.high[last] === 0;
      if (rows && fill.op === 'const' && sizeOf(x.shape) > 0) {
        // Whole rows are there or not: read one that is, and take it or leave it.
        const at = from.map((p, d) => clampIndex(p, x.shape[d] - 1));
        return where(inside, read(0, at), fill.value);
      }
      return guard(inside, read(0, from), fill);
    },
  },
});

function both(a: Expr | undefined, b: Expr): Expr {
  return a ? binary('and', a, b) : b;
}

export const concatenate: Primitive<{ dimension: number } & Attrs> = definePrimitive<
  { dimension: number } & Attrs
>({
  name: 'concatenate',
  infer(inputs, { dimension }) {
    if (inputs.length === 0)
      throw operandError('concatenate', 'needs at least one operand.', inputs);
    const [first] = inputs;
    if (!Number.isInteger(dimension) || dimension < 0 || dimension >= first.shape.length)
      throw operandError('concatenate', `has no dimension ${dimension}.`, inputs);
    let total = 0;
    for (const v of inputs) {
      const fits =
        v.dtype === first.dtype &&
        v.shape.length === first.shape.length &&
        v.shape.every((n, d) => d === dimension || n === first.shape[d]);
      if (!fits) {
        throw operandError(
          'concatenate',
          `operands must agree but along dimension ${dimension}; received ${inputs.map((i) => `${i.dtype}${showShape(i.shape)}`).join(', ')}.`,
          inputs,
        );
      }
      total += v.shape[dimension];
    }
    return [
      { shape: first.shape.map((n, d) => (d === dimension ? total : n)), dtype: first.dtype },
    ];
  },
  vjp(node, [g]) {
    if (!g) return [];
    let at = 0;
    return node.inputs.map((v) => {
      const start = g.shape.map((_, d) => (d === node.attrs.dimension ? at : 0));
      at += v.shape[node.attrs.dimension];
      const limit = g.shape.map((n, d) => (d === node.attrs.dimension ? at : n));
      return lax.slice(g, start, limit);
    });
  },
  lowering: {
    kind: 'pointwise',
    elementwise: false,
    cost: 2,
    at(node, index, read) {
      const { dimension } = node.attrs;
      const starts: number[] = [];
      let at = 0;
      for (const v of node.inputs) {
        starts.push(at);
        at += v.shape[dimension];
      }
      const piece = (k: number): Expr =>
        read(
          k,
          index.map((i, d) => (d === dimension ? isub(i, int(starts[k])) : i)),
        );
      let k = node.inputs.length - 1;
      let e = piece(k);
      while (--k >= 0) e = guard(compare('lt', index[dimension], int(starts[k + 1])), piece(k), e);
      return e;
    },
  },
});

/** The cotangent of a value that was broadcast against others: summed back to `shape`. */
export function sumTo(g: Value, shape: Shape): Value {
  if (sameShape(g.shape, shape)) return g;
  const lead = g.shape.length - shape.length;
  const axes = g.shape
    .map((_, d) => d)
    .filter((d) => d < lead || (shape[d - lead] === 1 && g.shape[d] !== 1));
  return lax.reshape(lax.reduceSum(g, axes), shape);
}

export type { Node };
