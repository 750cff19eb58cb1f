/** keras.ops: loops and choices that become part of the program, whatever the number of steps. */
import { GradloomError } from '../../errors.ts';
import { lax, type Value } from '../../graph/index.ts';
import { asTensor, Tensor, type TensorLike } from '../../tensor/index.ts';
import { flatten, pack } from '../tree.ts';

/** A tensor, or lists and plain objects of tensors. */
export type Nested = TensorLike | readonly Nested[] | { readonly [key: string]: Nested };

type Leaves = readonly Tensor[];

const isNested = (x: unknown): boolean =>
  typeof x === 'object' && x !== null && !(x instanceof Tensor) && !ArrayBuffer.isView(x);

/** The tensors of a tree; numbers become tensors. */
function leavesOf(x: unknown): Tensor[] {
  return isNested(x)
    ? flatten<TensorLike>(x as never).map((t) => asTensor(t))
    : [asTensor(x as TensorLike)];
}

/** Values in the structure of `like`. */
function rebuild<T>(like: T, values: readonly Value[], from: Leaves): T {
  const tensors = values.map((v) => Tensor.of(v, ...from));
  return (isNested(like) ? pack<Tensor>(like as never, tensors) : tensors[0]) as T;
}

const valuesOf = (x: unknown): Value[] => leavesOf(x).map((t) => t.value);

/**
 * What `trueFn` gives where `pred` is true, else what `falseFn` gives: only that one is run. Both give
 * the same structure, shapes and dtypes. Throws `operand`.
 */
export function cond<T>(pred: TensorLike, trueFn: () => T, falseFn: () => T): T {
  const p = asTensor(pred);
  if (p.size !== 1)
    throw new GradloomError(
      'operand',
      `cond: pred must be one bool; received an array of shape (${p.shape.join(', ')}).`,
      { shape: [...p.shape] },
    );
  let like: T | undefined;
  const branch = (f: () => T) => (): Value[] => {
    const out = f();
    like ??= out;
    return valuesOf(out);
  };
  const out = lax.cond(p.astype('bool').reshape([]).value, [], branch(trueFn), branch(falseFn));
  return rebuild(like as T, out, [p]);
}

/**
 * `body(loopVars)` again and again while `cond(loopVars)` is true, at most `maximumIterations` times.
 * A list of variables is given as several arguments. Has no gradient. Throws `operand` where a
 * variable changes its shape or dtype.
 */
export function whileLoop<T>(
  cond: (...vars: never[]) => Tensor,
  body: (...vars: never[]) => T,
  loopVars: T,
  maximumIterations?: number,
): T {
  const from = leavesOf(loopVars);
  const call = <R>(f: (...vars: never[]) => R, values: readonly Value[]): R => {
    const vars = rebuild(loopVars, values, []);
    return f(...((Array.isArray(vars) ? vars : [vars]) as never[]));
  };
  const limit = maximumIterations ?? Number.POSITIVE_INFINITY;
  const counted = Number.isFinite(limit);
  const init = from.map((t) => t.value);
  if (counted) init.push(lax.scalar(0, 'int32'));
  const out = lax.whileLoop(
    (...values) => {
      const go = call(cond, values.slice(0, from.length)).astype('bool').reshape([]).value;
      const count = values[from.length];
      return counted ? lax.and(go, lax.lt(count, lax.scalar(limit, 'int32'))) : go;
    },
    (...values) => {
      const next = valuesOf(call(body, values.slice(0, from.length)));
      const count = values[from.length];
      return counted ? [...next, lax.add(count, lax.scalar(1, 'int32'))] : next;
    },
    init,
  );
  return rebuild(loopVars, out.slice(0, from.length), from);
}

/**
 * `[carry, ys]`: `f(carry, x)` gives `[carry, y]` for each x of `xs` along the first dimension, y null for
 * none. Compiled once, whatever the length, and differentiable. Throws `operand`.
 */
export function scan<C, Y>(
  f: (carry: C, x: never) => readonly [C, Y],
  init: C,
  xs: Nested | null = null,
  length?: number,
  reverse = false,
): [C, Y] {
  const start = leavesOf(init);
  const over = xs === null ? [] : leavesOf(xs);
  let like: Y | undefined;
  const r = lax.scan(
    (carry, x) => {
      const element = xs === null ? null : rebuild(xs, x, []);
      const [next, y] = f(rebuild(init, carry, []), element as never);
      like = y;
      return { carry: valuesOf(next), ys: y === null ? [] : valuesOf(y) };
    },
    start.map((t) => t.value),
    over.map((t) => t.value),
    { ...(length !== undefined && { length }), reverse },
  );
  const from = [...start, ...over];
  const ys = like === null || like === undefined ? (null as Y) : rebuild(like, r.ys, from);
  return [rebuild(init, r.carry, from), ys];
}

/** `bodyFun(i, value)` for i from `lower` to `upper` - 1. Differentiable; the bounds are numbers. */
export function foriLoop<T>(
  lower: number,
  upper: number,
  bodyFun: (i: Tensor, value: T) => T,
  initVal: T,
): T {
  const steps = Math.max(0, upper - lower);
  const start: [Tensor, T] = [asTensor(lower, 'int32'), initVal];
  const [[, value]] = scan<[Tensor, T], null>(
    ([i, v]) => [[i.add(1).astype('int32'), bodyFun(i, v)], null],
    start,
    null,
    steps,
  );
  return value;
}

/**
 * `f(x)` for each x of `xs` along the first dimension, stacked: compiled once, whatever the length,
 * and differentiable. Throws `operand` where the tensors of `xs` differ in length.
 */
export function map<Y>(f: (x: never) => Y, xs: Nested): Y {
  return scan<readonly Tensor[], Y>((none, x) => [none, f(x)], [], xs)[1];
}

/**
 * As `map`, for functions whose steps do not know of one another, as all do here. Keras has one of
 * this name that works on all elements at once; results are the same.
 */
export function vectorizedMap<Y>(f: (x: never) => Y, elements: Nested): Y {
  return map(f, elements);
}
