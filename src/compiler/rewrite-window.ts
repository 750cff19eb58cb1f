/**
 * Windows of many elements as windows over windows: one dimension after the other, and long ones in
 * stretches. The expression of an element grows with the window, and compilers with it.
 */
import type { Node, Value } from '../graph/graph.ts';
import * as lax from '../graph/lax.ts';
import { type WindowSpec, windowCounts } from '../graph/primitives/window.ts';
import { sizeOf } from '../shape.ts';

type Op = 'max' | 'min' | 'sum';

/** Elements of a window that are one expression: over several dimensions, and along one. */
const mostTaps = 16;
const longest = 32;
const stretch = 16;

export function rewriteWindow(node: Node, x: Value): Value | undefined {
  const { op, ...spec } = node.attrs as unknown as WindowSpec & { op: Op };
  if (sizeOf(node.outputs[0].shape) === 0 || sizeOf(x.shape) === 0 || isSmall(spec))
    return undefined;
  return node.primitive.name === 'arg_window'
    ? argBy(x, op as 'max' | 'min', spec)
    : reduceBy(x, op, spec);
}

const wide = (a: WindowSpec): number[] => a.window.flatMap((n, d) => (n > 1 ? [d] : []));

function isSmall(a: WindowSpec): boolean {
  const dims = wide(a);
  if (sizeOf(a.window) <= mostTaps) return true;
  return dims.length === 1 && (a.window[dims[0]] <= longest || a.baseDilation[dims[0]] > 1);
}

/** The part of `a` that concerns the dimensions that `keep` chooses. */
function part(a: WindowSpec, keep: (d: number) => boolean): WindowSpec {
  const pick = (list: readonly number[]): number[] => list.map((n, d) => (keep(d) ? n : 1));
  return {
    window: pick(a.window),
    strides: pick(a.strides),
    padding: a.padding.map((p, d) => (keep(d) ? p : [0, 0])),
    baseDilation: pick(a.baseDilation),
    windowDilation: pick(a.windowDilation),
  };
}

const changed = (list: readonly number[], d: number, n: number): number[] =>
  list.map((v, i) => (i === d ? n : v));

/**
 * A long window along dimension d: stretches at every place, a window over those that follow each
 * other, and the rest of its elements.
 */
function inStretches(
  x: Value,
  a: WindowSpec,
  d: number,
): { each: WindowSpec; over: WindowSpec; left: WindowSpec | undefined; skip: number[] } {
  const [size, step, stride] = [a.window[d], a.windowDilation[d], a.strides[d]];
  const [count, rest] = [Math.floor(size / stretch), size % stretch];
  const at = (window: number): WindowSpec => ({
    ...a,
    window: changed(a.window, d, window),
    strides: changed(a.strides, d, 1),
  });
  const each = at(stretch);
  const places = windowCounts(x.shape, a)[d];
  const reach = (places - 1) * stride + (count - 1) * stretch * step + 1;
  const line = part(a, (k) => k === d);
  const over: WindowSpec = {
    ...line,
    window: changed(line.window, d, count),
    windowDilation: changed(line.windowDilation, d, stretch * step),
    padding: line.padding.map((p, k) =>
      k === d ? [0, reach - windowCounts(x.shape, each)[d]] : p,
    ),
  };
  const skip = x.shape.map((_, k) => (k === d ? count * stretch * step : 0));
  return { each, over, left: rest ? at(rest) : undefined, skip };
}

/** Every stride-th element of `x` along d from `skip` on, as many as `like` has. */
function taken(x: Value, like: Value, skip: readonly number[], d: number, stride: number): Value {
  const limit = x.shape.map((n, k) => (k === d ? skip[d] + (like.shape[d] - 1) * stride + 1 : n));
  return lax.slice(
    x,
    skip,
    limit,
    changed(
      skip.map(() => 1),
      d,
      stride,
    ),
  );
}

const combine = { max: lax.max, min: lax.min, sum: lax.add };

function reduceBy(x: Value, op: Op, a: WindowSpec): Value {
  if (isSmall(a)) return lax.reduceWindow(x, op, a);
  const dims = wide(a);
  const d = dims[dims.length - 1];
  if (dims.length > 1) {
    const line = reduceBy(
      x,
      op,
      part(a, (k) => k === d),
    );
    return reduceBy(
      line,
      op,
      part(a, (k) => k !== d),
    );
  }
  const { each, over, left, skip } = inStretches(x, a, d);
  const whole = reduceBy(lax.reduceWindow(x, op, each), op, over);
  if (!left) return whole;
  const rest = taken(lax.reduceWindow(x, op, left), whole, skip, d, a.strides[d]);
  return combine[op](whole, rest);
}

const fill = (x: Value, v: number): Value => lax.full(x.shape, v, 'int32');

/** Place `outer` among windows of `size` elements each, and place `inner` in that one. */
function joined(outer: Value, size: number, inner: Value): Value {
  const place = lax.add(lax.mul(outer, fill(outer, size)), inner);
  return lax.select(lax.lt(inner, fill(inner, 0)), fill(inner, -1), place);
}

function argBy(x: Value, op: 'max' | 'min', a: WindowSpec): Value {
  if (isSmall(a)) return lax.argWindow(x, op, a);
  const dims = wide(a);
  const d = dims[dims.length - 1];
  if (dims.length > 1) {
    const own = part(a, (k) => k === d);
    const others = part(a, (k) => k !== d);
    const outer = argBy(reduceBy(x, op, own), op, others);
    return joined(outer, a.window[d], lax.windowGather(argBy(x, op, own), outer, others));
  }
  const { each, over, left, skip } = inStretches(x, a, d);
  const best = lax.reduceWindow(x, op, each);
  const outer = argBy(best, op, over);
  const place = joined(outer, stretch, lax.windowGather(lax.argWindow(x, op, each), outer, over));
  if (!left) return place;
  const rest = (v: Value): Value => taken(v, place, skip, d, a.strides[d]);
  const inRest = rest(lax.argWindow(x, op, left));
  const better = (op === 'max' ? lax.gt : lax.lt)(
    rest(lax.reduceWindow(x, op, left)),
    reduceBy(best, op, over),
  );
  const none = lax.and(lax.lt(place, fill(place, 0)), lax.ge(inRest, fill(inRest, 0)));
  const first = a.window[d] - (a.window[d] % stretch);
  const later = lax.add(inRest, fill(inRest, first));
  return lax.select(lax.or(better, none), later, place);
}
