/** Values of the graph as ONNX's operations see them: broadcast against each other, by axes. */
import { type DType, isFloat } from '../../dtype.ts';
import { lax, type Value } from '../../graph/index.ts';
import { broadcastBack } from '../../graph/primitives/reduce.ts';
import type { Operation } from './building.ts';

/** Who says what is wrong, and how large arrays may be. */
export type Bounds = Pick<Operation, 'fail' | 'sizes'>;

/** NumPy's broadcasting of shapes. */
export function commonShape(c: Bounds, shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  const common = Array.from({ length: rank }, (_, d) => {
    const sizes = shapes.map((s) => s[d - rank + s.length] ?? 1);
    const n = sizes.find((k) => k !== 1) ?? 1;
    if (sizes.some((k) => k !== 1 && k !== n))
      throw c.fail(`cannot broadcast shapes ${shapes.map((s) => `(${s})`).join(' and ')}`);
    return n;
  });
  return c.sizes(common);
}

export function broadcast(c: Bounds, values: readonly Value[]): Value[] {
  const shape = commonShape(
    c,
    values.map((v) => v.shape),
  );
  return values.map((v) => lax.broadcastTo(v, shape));
}

/** A number like `v`'s elements. */
export const like = (v: Value, n: number): Value => lax.full(v.shape, n, v.dtype);

export const without = <T>(list: readonly T[], axes: readonly number[]): T[] =>
  list.filter((_, d) => !axes.includes(d));

/** A value that lacks `axes` with dimensions of 1 there. */
export function kept(v: Value, shape: readonly number[], axes: readonly number[]): Value {
  return lax.reshape(
    v,
    shape.map((n, d) => (axes.includes(d) ? 1 : n)),
  );
}

/** Repeated along `axes`, which it lacks. */
export const spread = (v: Value, shape: readonly number[], axes: readonly number[]): Value =>
  broadcastBack(v, shape, axes);

export function mean(v: Value, axes: readonly number[]): Value {
  const count = axes.reduce((n, d) => n * v.shape[d], 1);
  const sum = lax.reduceSum(v, axes);
  return axes.length === 0 ? v : lax.div(sum, like(sum, count));
}

/** x less its mean over `axes`, divided by the root of its variance plus epsilon. */
export function standardized(v: Value, axes: readonly number[], epsilon: number): Value {
  const centred = lax.sub(v, spread(mean(v, axes), v.shape, axes));
  const variance = mean(lax.mul(centred, centred), axes);
  const scale = lax.rsqrt(lax.add(variance, like(variance, epsilon)));
  return lax.mul(centred, spread(scale, v.shape, axes));
}

/** A list of one number a feature, along dimension `axis` of `shape`. */
export const along = (v: Value, shape: readonly number[], axis: number): Value =>
  lax.broadcastInDim(v, [...shape], [axis]);

/** Negative indices counted from the end. */
export function positive(indices: Value, extent: number): Value {
  const i = lax.convert(indices, 'int32');
  return lax.select(lax.lt(i, like(i, 0)), lax.add(i, like(i, extent)), i);
}

/** `f` in float32 where the elements are whole numbers. */
export function asFloat(v: Value, f: (x: Value) => Value): Value {
  return isFloat(v.dtype) ? f(v) : lax.convert(f(lax.convert(v, 'float32')), v.dtype);
}

export function slice1(v: Value, axis: number, from: number, to: number): Value {
  return lax.slice(
    v,
    v.shape.map((_, d) => (d === axis ? from : 0)),
    v.shape.map((n, d) => (d === axis ? to : n)),
  );
}

export const zeros = (shape: readonly number[], dtype: DType): Value => lax.full(shape, 0, dtype);
