/** Reductions, arg-reductions and running (cumulative) forms. */

import type { Stmt } from '../../compiler/loopnest.ts';
import { type DType, isFloat } from '../../dtype.ts';
import {
  binary,
  compare,
  constant,
  type Expr,
  int,
  type Scalar,
  scalarOf,
  select,
  variable,
} from '../../expr/expr.ts';
import { iadd, idivc, imodc, imulc, isub, remaining } from '../../expr/index-math.ts';
import { showShape, sizeOf } from '../../shape.ts';
import type { Value } from '../graph.ts';
import * as lax from '../lax.ts';
import {
  type Attrs,
  definePrimitive,
  type FoldState,
  type LoopIO,
  type LoopKernel,
  operandError,
  type Primitive,
} from '../primitive.ts';

type Axes = { axes: readonly number[] } & Attrs;
type Op = NonNullable<FoldState['op']>;

function extreme(dtype: DType, sign: 1 | -1): number {
  switch (dtype) {
    case 'float32':
    case 'float64':
      return sign * Number.POSITIVE_INFINITY;
    case 'int32':
      return sign > 0 ? 2 ** 31 - 1 : -(2 ** 31);
    case 'uint32':
      return sign > 0 ? 2 ** 32 - 1 : 0;
    case 'uint8':
      return sign > 0 ? 255 : 0;
    case 'bool':
      return sign > 0 ? 1 : 0;
  }
}

/** What an accumulation starts from. */
export function identity(op: Op, dtype: DType): number {
  if (op === 'add' || op === 'or') return 0;
  if (op === 'mul' || op === 'and') return 1;
  return extreme(dtype, op === 'min' ? 1 : -1);
}

function checkAxes(
  op: string,
  inputs: readonly { shape: readonly number[]; dtype: DType }[],
  axes: readonly number[],
): void {
  axes.forEach((a, i) => {
    if (a < 0 || a >= inputs[0].shape.length || (i > 0 && a <= axes[i - 1])) {
      throw operandError(
        op,
        `axes [${axes}] must be distinct, ascending dimensions of ${showShape(inputs[0].shape)}.`,
        inputs,
      );
    }
  });
}

const without = (shape: readonly number[], axes: readonly number[]): number[] =>
  shape.filter((_, d) => !axes.includes(d));

/** `g`, which lacks `axes`, repeated along them to `shape`. */
export function broadcastBack(g: Value, shape: readonly number[], axes: readonly number[]): Value {
  return lax.broadcastInDim(
    g,
    shape,
    shape.map((_, d) => d).filter((d) => !axes.includes(d)),
  );
}

function reduction(
  name: string,
  op: Op,
  allowed: (d: DType) => boolean,
  vjp?: (g: Value, x: Value, axes: readonly number[], out: Value) => Value,
): Primitive<Axes> {
  // A uint8 sum is accumulated as int32; whoever reads it before it is stored must see it wrapped.
  const wraps = (dtype: DType): boolean => dtype === 'uint8' && (op === 'add' || op === 'mul');
  return definePrimitive<Axes>({
    name,
    infer(inputs, { axes }) {
      checkAxes(name, inputs, axes);
      if (!allowed(inputs[0].dtype))
        throw operandError(name, `does not take ${inputs[0].dtype}.`, inputs);
      return [{ shape: without(inputs[0].shape, axes), dtype: inputs[0].dtype }];
    },
    ...(vjp && {
      vjp: (
        node: { inputs: readonly Value[]; attrs: Axes; outputs: readonly Value[] },
        [g]: readonly (Value | undefined)[],
      ) => [
        g && isFloat(g.dtype)
          ? vjp(g, node.inputs[0], node.attrs.axes, node.outputs[0])
          : undefined,
      ],
    }),
    lowering: {
      kind: 'fold',
      axes: (a) => a.axes,
      accumulators: (node) => {
        const { dtype } = node.inputs[0];
        const state = { scalar: scalarOf(dtype), init: identity(op, dtype) };
        return [wraps(dtype) ? state : { ...state, op }];
      },
      step: (node, [x], _, [acc]) =>
        wraps(node.inputs[0].dtype) ? [binary('and', binary(op, acc, x), int(255))] : [x],
      result: 0,
    },
  });
}

const numeric = (d: DType): boolean => d !== 'bool';

export const reduceSum: Primitive<Axes> = reduction('reduce_sum', 'add', numeric, (g, x, axes) =>
  broadcastBack(g, x.shape, axes),
);

/** Equal extremes share the cotangent equally, as in JAX. */
function extremumVjp(g: Value, x: Value, axes: readonly number[], out: Value): Value {
  const hit = lax.convert(lax.eq(x, broadcastBack(out, x.shape, axes)), g.dtype);
  const share = lax.div(g, lax.reduceSum(hit, axes));
  return lax.mul(hit, broadcastBack(share, x.shape, axes));
}
export const reduceMax: Primitive<Axes> = reduction('reduce_max', 'max', numeric, extremumVjp);
export const reduceMin: Primitive<Axes> = reduction('reduce_min', 'min', numeric, extremumVjp);

export const reduceProd: Primitive<Axes> = reduction(
  'reduce_prod',
  'mul',
  numeric,
  (g, x, axes) => {
    // The product of the others, without dividing (a zero factor is ordinary): products of all
    // before times products of all after, along the folded axes laid out as one.
    const kept = x.shape.map((_, d) => d).filter((d) => !axes.includes(d));
    const order = [...kept, ...axes];
    const n = sizeOf(axes.map((a) => x.shape[a]));
    const flat = lax.reshape(lax.transpose(x, order), [...kept.map((d) => x.shape[d]), n]);
    const last = kept.length;
    const others = lax.mul(exclusive(flat, last, false), exclusive(flat, last, true));
    const back = lax.transpose(
      lax.reshape(
        others,
        order.map((d) => x.shape[d]),
      ),
      order.map((_, d) => order.indexOf(d)),
    );
    return lax.mul(back, broadcastBack(g, x.shape, axes));
  },
);

/** Running product of the elements before each one (after it, when reversed). */
function exclusive(x: Value, axis: number, reverse: boolean): Value {
  return lax.cumulative(shifted(x, axis, reverse ? 1 : -1, 1), axis, 'mul', reverse);
}

export const reduceAnd: Primitive<Axes> = reduction('reduce_and', 'and', (d) => d === 'bool');
export const reduceOr: Primitive<Axes> = reduction('reduce_or', 'or', (d) => d === 'bool');

function argReduction(name: string, better: 'gt' | 'lt'): Primitive<{ axis: number } & Attrs> {
  return definePrimitive<{ axis: number } & Attrs>({
    name,
    infer(inputs, { axis }) {
      checkAxes(name, inputs, [axis]);
      if (inputs[0].dtype === 'bool')
        throw operandError(name, 'does not take bool; convert first.', inputs);
      if (inputs[0].shape[axis] === 0)
        throw operandError(name, `attempt to get ${name} of an empty sequence.`, inputs);
      return [{ shape: without(inputs[0].shape, [axis]), dtype: 'int32' }];
    },
    lowering: {
      kind: 'fold',
      axes: (a) => [a.axis],
      accumulators: (node) => {
        const { dtype } = node.inputs[0];
        return [
          { scalar: scalarOf(dtype), init: extreme(dtype, better === 'gt' ? -1 : 1) },
          { scalar: 'int32', init: 0 },
        ];
      },
      // The first extreme wins; the first NaN beats everything, as in NumPy.
      step(_, [x], position, [best, at]) {
        let wins = compare(better, x, best);
        if (x.dtype === 'float32' || x.dtype === 'float64') {
          const fresh = binary('and', compare('ne', x, x), compare('eq', best, best));
          wins = binary('or', wins, fresh);
        }
        return [select(wins, x, best), select(wins, position, at)];
      },
      result: 1,
    },
  });
}

export const argmax: Primitive<{ axis: number } & Attrs> = argReduction('argmax', 'gt');
export const argmin: Primitive<{ axis: number } & Attrs> = argReduction('argmin', 'lt');

type CumulativeAttrs = {
  axis: number;
  op: 'add' | 'mul' | 'min' | 'max';
  reverse: boolean;
} & Attrs;

/** Element i + by of each line along `axis` at place i; `fill` past the end. `by` may be negative. */
function shifted(x: Value, axis: number, by: number, fill: number): Value {
  const low = x.shape.map((_, d) => (d === axis ? -by : 0));
  return lax.pad(
    x,
    fill,
    low,
    low.map((l) => -l),
  );
}

/**
 * Element i gets (product before i) * s_i, where s_i = g_i + x_(i+1) s_(i+1). Nothing is divided by
 * x, in which zeros are ordinary. The recurrence is solved by doubling: after a round, s_i holds
 * twice as many terms and `factor` the product of as many x.
 */
function cumulativeProductVjp(g: Value, x: Value, axis: number, reverse: boolean): Value {
  const sense = reverse ? -1 : 1;
  let s = g;
  let factor = shifted(x, axis, sense, 0);
  for (let width = 1; width < x.shape[axis]; width *= 2) {
    s = lax.add(s, lax.mul(factor, shifted(s, axis, sense * width, 0)));
    factor = lax.mul(factor, shifted(factor, axis, sense * width, 0));
  }
  return lax.mul(exclusive(x, axis, reverse), s);
}

/** Inclusive running sum, product, minimum or maximum along an axis. */
export const cumulative: Primitive<CumulativeAttrs> = definePrimitive<CumulativeAttrs>({
  name: 'cumulative',
  infer(inputs, { axis }) {
    checkAxes('cumulative', inputs, [axis]);
    if (inputs[0].dtype === 'bool')
      throw operandError('cumulative', 'does not take bool; convert first.', inputs);
    return [inputs[0]];
  },
  vjp(node, [g]) {
    if (!g || !isFloat(g.dtype)) return [];
    const { axis, op, reverse } = node.attrs;
    const [x] = node.inputs;
    if (op === 'add') return [lax.cumulative(g, axis, 'add', !reverse)];
    const [y] = node.outputs;
    if (op === 'mul') return [cumulativeProductVjp(g, x, axis, reverse)];
    // Each element collects the cotangents of the run over which it is the extreme; of equal ones,
    // the one reached last.
    const hit = lax.eq(x, y);
    const position = lax.iota(x.shape, axis, 'int32');
    const holder = lax.cumulative(
      lax.select(hit, position, lax.full(x.shape, reverse ? 2 ** 31 - 1 : -1, 'int32')),
      axis,
      reverse ? 'min' : 'max',
      reverse,
    );
    return [lax.takeAlongAxisVjp(g, holder, axis, x)];
  },
  lowering: {
    kind: 'loops',
    build(node, io) {
      const { axis, op, reverse } = node.attrs;
      const { shape, dtype } = node.inputs[0];
      const n = shape[axis];
      const inner = sizeOf(shape.slice(axis + 1));
      const outer = sizeOf(shape) / Math.max(1, n * inner);
      const wrap = (e: Expr): Expr => (dtype === 'uint8' ? binary('and', e, int(255)) : e);
      if (inner >= 8 && !io.fine) return alongRows(io, { op, reverse, n, inner, outer, wrap });
      const lane = variable('lane', 'int32', 0, Math.max(0, outer * inner - 1));
      const i = variable('i', 'int32', 0, Math.max(0, n - 1));
      const acc = variable('acc', scalarOf(dtype) as Scalar);
      // lane = (outer index) * inner + (inner index)
      const outerIndex = inner === 1 ? lane : binary('div', lane, int(inner));
      const innerIndex = inner === 1 ? int(0) : binary('rem', lane, int(inner));
      const along = reverse ? isub(int(n - 1), i) : i;
      const position = iadd(iadd(imulc(outerIndex, n * inner), imulc(along, inner)), innerIndex);
      const body: Stmt[] = [
        { kind: 'accum', variable: acc, init: constant(acc.dtype, identity(op, dtype)) },
        {
          kind: 'for',
          index: i,
          start: int(0),
          extent: int(n),
          step: 1,
          vector: false,
          body: [
            { kind: 'set', variable: acc, value: wrap(binary(op, acc, io.load(0, position))) },
            io.store(0, position, acc),
          ],
        },
      ];
      return { body, parallel: { index: lane, extent: outer * inner }, cost: 2 * sizeOf(shape) };
    },
  },
});

/** Lines that go side by side at a time. */
const stretch = 128;

/** Lines that lie across memory: each row of results is the row before it and a row of elements. */
function alongRows(
  io: LoopIO,
  c: {
    readonly op: CumulativeAttrs['op'];
    readonly reverse: boolean;
    readonly n: number;
    readonly inner: number;
    readonly outer: number;
    readonly wrap: (e: Expr) => Expr;
  },
): LoopKernel {
  const { n, inner, outer } = c;
  const blocks = Math.ceil(inner / stretch);
  const piece = variable('piece', 'int32', 0, Math.max(0, outer * blocks - 1));
  const start = imulc(imodc(piece, blocks), stretch);
  const count = remaining(inner, start, int(stretch));
  const i = variable('i', 'int32', 0, Math.max(0, n - 2));
  const lane = variable('lane', 'int32', 0, inner - 1);
  const base = iadd(imulc(idivc(piece, blocks), n * inner), lane);
  const along = (k: Expr): Expr => iadd(base, imulc(c.reverse ? isub(int(n - 1), k) : k, inner));
  const over = (body: Stmt): Stmt => ({
    ...{ kind: 'for', index: lane, start, extent: count, step: 1, vector: true },
    body: [body],
  });
  const here = along(iadd(i, int(1)));
  const next = c.wrap(binary(c.op, io.loadOutput(0, along(i)), io.load(0, here)));
  const first = io.store(0, along(int(0)), io.load(0, along(int(0))));
  const body: Stmt[] = [
    over(first),
    {
      ...{ kind: 'for', index: i, start: int(0), extent: int(n - 1), step: 1, vector: false },
      body: [over(io.store(0, here, next))],
    },
  ];
  return { body, parallel: { index: piece, extent: outer * blocks }, cost: 2 * n * inner * outer };
}
