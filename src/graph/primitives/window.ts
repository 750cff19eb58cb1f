/**
 * Sliding windows: reductions over them (pooling), where in a window the extreme stands, and the
 * two linear maps that follow from that: values sent to those places, and fetched from there.
 * Window, strides, padding and dilations are as in XLA's ReduceWindow, for every dimension.
 *
 * All are pointwise: an element is an expression of the few it depends on. Elements that lie outside
 * are read at a place inside and not used, so that lanes need no branches.
 */
import { type DType, isFloat } from '../../dtype.ts';
import {
  binary,
  bool,
  compare,
  constant,
  type Expr,
  int,
  scalarOf,
  select,
} from '../../expr/expr.ts';
import { clampIndex, iadd, idivc, imodc, imulc, isub } from '../../expr/index-math.ts';
import { where } from '../../expr/where.ts';
import { type Shape, showShape, sizeOf } from '../../shape.ts';
import type { Aval } from '../graph.ts';
import * as lax from '../lax.ts';
import { type Attrs, definePrimitive, operandError, type Primitive } from '../primitive.ts';
import { identity } from './reduce.ts';

export interface WindowSpec {
  readonly window: readonly number[];
  readonly strides: readonly number[];
  readonly padding: readonly (readonly [number, number])[];
  readonly baseDilation: readonly number[];
  readonly windowDilation: readonly number[];
}

export type WindowAttrs = WindowSpec & Attrs;
type Extreme = 'max' | 'min';

/** Extent of `n` elements at distance `dilation`. */
export const dilated = (n: number, dilation: number): number =>
  n === 0 ? 0 : (n - 1) * dilation + 1;

/** How many windows of `size` start in `n` elements, `stride` apart. */
export const windowsIn = (n: number, size: number, stride: number): number =>
  n < size ? 0 : Math.floor((n - size) / stride) + 1;

export function checkWindow(op: string, x: Aval, a: WindowSpec): void {
  const rank = x.shape.length;
  const fail = (message: string): never => {
    throw operandError(op, message, [x]);
  };
  for (const [name, list] of [
    ['window', a.window],
    ['strides', a.strides],
    ['baseDilation', a.baseDilation],
    ['windowDilation', a.windowDilation],
  ] as const) {
    if (list.length !== rank || list.some((n) => !Number.isInteger(n) || n < 1))
      fail(
        `${name} must be ${rank} integers of at least 1 for ${showShape(x.shape)}; received [${list}].`,
      );
  }
  const pairs =
    a.padding.length === rank &&
    a.padding.every((p) => p.length === 2 && p.every(Number.isInteger));
  if (!pairs)
    fail(
      `padding must be ${rank} pairs of integers for ${showShape(x.shape)}; received ${JSON.stringify(a.padding)}.`,
    );
}

/** The number of windows along each dimension of `shape`. */
export function windowCounts(shape: Shape, a: WindowSpec): number[] {
  return shape.map((n, d) =>
    windowsIn(
      dilated(n, a.baseDilation[d]) + a.padding[d][0] + a.padding[d][1],
      dilated(a.window[d], a.windowDilation[d]),
      a.strides[d],
    ),
  );
}

/** An element that may be hit along one dimension: where it is, its tap, and whether it is there. */
export interface Hit {
  readonly at: Expr;
  readonly tap: Expr;
  readonly valid: Expr;
}

const both = (a: Expr, b: Expr): Expr => binary('and', a, b);
const atLeast = (e: Expr, n: number): Expr => compare('ge', e, int(n));
const atMost = (e: Expr, n: number): Expr => compare('le', e, int(n));

/** floor(e / k) for an `e` that may be negative. */
function floorDiv(e: Expr, k: number): Expr {
  const shift = e.lo < 0 ? Math.ceil(-e.lo / k) : 0;
  return isub(idivc(iadd(e, int(shift * k)), k), int(shift));
}

/** The elements (of `n`) in window `o` along dimension `d`, in order. */
export function elementsOf(o: Expr, n: number, a: WindowSpec, d: number): Hit[] {
  const [size, base, step] = [a.window[d], a.baseDilation[d], a.windowDilation[d]];
  const start = isub(imulc(o, a.strides[d]), int(a.padding[d][0]));
  const hit = (q: Expr, tap: Expr, valid: Expr): Hit => ({
    at: clampIndex(q, n - 1),
    tap,
    valid: both(valid, both(atLeast(q, 0), atMost(q, n - 1))),
  });
  if (base > 1 && step === 1) {
    // Only every base-th place holds an element: count those.
    const first = floorDiv(iadd(start, int(base - 1)), base);
    return Array.from({ length: Math.ceil(size / base) }, (_, j) => {
      const q = iadd(first, int(j));
      const tap = isub(imulc(q, base), start);
      return hit(q, tap, atMost(tap, size - 1));
    });
  }
  return Array.from({ length: size }, (_, t) => elementAt(o, int(t), n, a, d));
}

/** The element (of `n`) under tap `t` of window `o` along dimension `d`. */
export function elementAt(o: Expr, t: Expr, n: number, a: WindowSpec, d: number): Hit {
  const base = a.baseDilation[d];
  const p = iadd(isub(imulc(o, a.strides[d]), int(a.padding[d][0])), imulc(t, a.windowDilation[d]));
  const shift = p.lo < 0 ? Math.ceil(-p.lo / base) * base : 0;
  const q = floorDiv(p, base);
  const whole = compare('eq', imodc(iadd(p, int(shift)), base), int(0));
  const inside = both(atLeast(q, 0), atMost(q, n - 1));
  return { at: clampIndex(q, n - 1), tap: t, valid: both(whole, inside) };
}

/** The windows (of `count`) that element `p` lies in along dimension `d`, the last first. */
function windowsOver(p: Expr, count: number, a: WindowSpec, d: number): Hit[] {
  const [size, stride, step] = [a.window[d], a.strides[d], a.windowDilation[d]];
  const place = iadd(imulc(p, a.baseDilation[d]), int(a.padding[d][0]));
  const hit = (o: Expr, tap: Expr, valid: Expr): Hit => ({
    at: clampIndex(o, count - 1),
    tap,
    valid: both(valid, both(atLeast(o, 0), atMost(o, count - 1))),
  });
  if (step === 1) {
    const last = floorDiv(place, stride);
    return Array.from({ length: Math.ceil(size / stride) }, (_, j) => {
      const o = isub(last, int(j));
      const tap = isub(place, imulc(o, stride));
      return hit(o, tap, atMost(tap, size - 1));
    });
  }
  return Array.from({ length: size }, (_, t) => {
    const q = isub(place, int(t * step));
    const shift = q.lo < 0 ? Math.ceil(-q.lo / stride) * stride : 0;
    const whole = compare('eq', imodc(iadd(q, int(shift)), stride), int(0));
    return hit(floorDiv(q, stride), int(t), whole);
  });
}

/** One element of a window in all dimensions; `tap` is its row-major position there. */
interface Tap {
  readonly index: readonly Expr[];
  readonly tap: Expr;
  readonly valid: Expr;
}

/** Every combination of hits along the dimensions, the last dimension fastest. */
function combine(hits: readonly (readonly Hit[])[], window: readonly number[]): Tap[] {
  let taps: Tap[] = [{ index: [], tap: int(0), valid: bool(true) }];
  hits.forEach((list, d) => {
    taps = taps.flatMap((t) =>
      list.map((h) => ({
        index: [...t.index, h.at],
        tap: iadd(imulc(t.tap, window[d]), h.tap),
        valid: both(t.valid, h.valid),
      })),
    );
  });
  return taps;
}

const tapsOf = (index: readonly Expr[], shape: Shape, a: WindowSpec): Tap[] =>
  combine(
    index.map((o, d) => elementsOf(o, shape[d], a, d)),
    a.window,
  );

const zero = (dtype: DType): Expr => constant(scalarOf(dtype), 0);

type ReduceWindowAttrs = WindowAttrs & { op: 'max' | 'min' | 'sum' };

/** The maximum, minimum or sum of each window; places without an element do not count. */
export const reduceWindow: Primitive<ReduceWindowAttrs> = definePrimitive<ReduceWindowAttrs>({
  name: 'reduce_window',
  infer(inputs, a) {
    const [x] = inputs;
    checkWindow('reduce_window', x, a);
    if (!['max', 'min', 'sum'].includes(a.op))
      throw operandError('reduce_window', `has no operator "${a.op}": max, min or sum.`, inputs);
    if (x.dtype === 'bool' || x.dtype === 'uint8')
      throw operandError('reduce_window', `does not take ${x.dtype}; convert first.`, inputs);
    return [{ shape: windowCounts(x.shape, a), dtype: x.dtype }];
  },
  vjp(node, [g]) {
    if (!g || !isFloat(g.dtype)) return [];
    const [x] = node.inputs;
    const a = node.attrs;
    if (a.op !== 'sum') return [lax.selectAndScatterAdd(x, g, a.op, a)];
    // Element p gets the windows it lies in: a window sum over the spread-out cotangent.
    const padding = x.shape.map((n, d): [number, number] => {
      const extent = dilated(a.window[d], a.windowDilation[d]);
      const lo = extent - 1 - a.padding[d][0];
      return [
        lo,
        dilated(n, a.baseDilation[d]) + extent - 1 - dilated(g.shape[d], a.strides[d]) - lo,
      ];
    });
    return [
      lax.reduceWindow(g, 'sum', {
        window: a.window,
        strides: a.baseDilation,
        padding,
        baseDilation: a.strides,
        windowDilation: a.windowDilation,
      }),
    ];
  },
  lowering: {
    kind: 'pointwise',
    elementwise: false,
    cost: 9,
    repeats: true,
    at(node, index, read) {
      const { op } = node.attrs;
      const { shape, dtype } = node.inputs[0];
      const none = identity(op === 'sum' ? 'add' : op, dtype);
      if (sizeOf(shape) === 0) return constant(scalarOf(dtype), none);
      let acc: Expr | undefined;
      for (const t of tapsOf(index, shape, node.attrs)) {
        const v = where(t.valid, read(0, t.index), none);
        acc = acc ? binary(op === 'sum' ? 'add' : op, acc, v) : v;
      }
      return acc!;
    },
  },
});

type ArgWindowAttrs = WindowAttrs & { op: Extreme };

/** int32: the row-major position within each window of its first maximum (minimum). */
export const argWindow: Primitive<ArgWindowAttrs> = definePrimitive<ArgWindowAttrs>({
  name: 'arg_window',
  infer(inputs, a) {
    const [x] = inputs;
    checkWindow('arg_window', x, a);
    if (x.dtype === 'bool' || x.dtype === 'uint8')
      throw operandError('arg_window', `does not take ${x.dtype}; convert first.`, inputs);
    return [{ shape: windowCounts(x.shape, a), dtype: 'int32' }];
  },
  lowering: {
    kind: 'pointwise',
    elementwise: false,
    cost: 12,
    repeats: true,
    at(node, index, read) {
      const { shape, dtype } = node.inputs[0];
      const none = identity(node.attrs.op, dtype);
      // -1 where there is no element at all: then nothing is sent anywhere.
      if (sizeOf(shape) === 0) return int(-1);
      let best: Expr | undefined;
      let at: Expr = int(-1);
      for (const t of tapsOf(index, shape, node.attrs)) {
        const v = where(t.valid, read(0, t.index), none);
        if (!best) {
          best = v;
          at = select(t.valid, t.tap, int(-1));
          continue;
        }
        // Of equal ones the first stays; the first that is there takes the place of none.
        const better = compare(node.attrs.op === 'max' ? 'gt' : 'lt', v, best);
        const wins = both(t.valid, binary('or', better, compare('lt', at, int(0))));
        best = select(wins, v, best);
        at = select(wins, t.tap, at);
      }
      return at;
    },
  },
});

type PlacedAttrs = WindowAttrs & { shape: Shape };

function checkPlaces(op: string, inputs: readonly Aval[], counts: Shape, shape: Shape): void {
  const places = inputs[1];
  if (places.dtype !== 'int32' || !sameDims(places.shape, counts))
    throw operandError(
      op,
      `takes an int32 place for each of the ${showShape(counts)} windows of ${showShape(shape)}.`,
      inputs,
    );
}

const sameDims = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((n, d) => n === b[d]);

/**
 * window_scatter_add(source, places): an array of `shape` whose element is the sum of the source's
 * elements for those windows that hold it at the place they name.
 */
export const windowScatterAdd: Primitive<PlacedAttrs> = definePrimitive<PlacedAttrs>({
  name: 'window_scatter_add',
  infer(inputs, a) {
    const [source] = inputs;
    const x = { shape: a.shape, dtype: source.dtype };
    checkWindow('window_scatter_add', x, a);
    const counts = windowCounts(a.shape, a);
    checkPlaces('window_scatter_add', inputs, counts, a.shape);
    if (!sameDims(source.shape, counts))
      throw operandError(
        'window_scatter_add',
        `takes a source element for each of the ${showShape(counts)} windows of ${showShape(a.shape)}.`,
        inputs,
      );
    return [x];
  },
  vjp(node, [g]) {
    const { shape: _, ...spec } = node.attrs;
    return [g && lax.windowGather(g, node.inputs[1], spec)];
  },
  lowering: {
    kind: 'pointwise',
    elementwise: false,
    cost: 9,
    repeats: true,
    at(node, index, read) {
      const [source] = node.inputs;
      const none = zero(source.dtype);
      if (sizeOf(source.shape) === 0) return none;
      const taps = combine(
        index.map((p, d) => windowsOver(p, source.shape[d], node.attrs, d)),
        node.attrs.window,
      );
      let acc: Expr | undefined;
      for (const t of taps) {
        const here = both(t.valid, compare('eq', read(1, t.index), t.tap));
        const v = select(here, read(0, t.index), none);
        acc = acc ? binary('add', acc, v) : v;
      }
      return acc!;
    },
  },
});

/** window_gather(x, places): of each window the element at the place named; 0 for places below 0. */
export const windowGather: Primitive<WindowAttrs> = definePrimitive<WindowAttrs>({
  name: 'window_gather',
  infer(inputs, a) {
    const [x] = inputs;
    checkWindow('window_gather', x, a);
    const counts = windowCounts(x.shape, a);
    checkPlaces('window_gather', inputs, counts, x.shape);
    return [{ shape: counts, dtype: x.dtype }];
  },
  vjp(node, [g]) {
    const [x, places] = node.inputs;
    return [g && lax.windowScatterAdd(g, places, x.shape, node.attrs)];
  },
  lowering: {
    kind: 'pointwise',
    elementwise: false,
    cost: 9,
    repeats: true,
    at(node, index, read) {
      const { shape, dtype } = node.inputs[0];
      let acc = zero(dtype);
      if (sizeOf(shape) === 0) return acc;
      const place = read(1, index);
      for (const t of tapsOf(index, shape, node.attrs)) {
        const here = both(t.valid, compare('eq', place, t.tap));
        acc = select(here, read(0, t.index), acc);
      }
      return acc;
    },
  },
});
