/** Builders of control flow: functions are traced once, whatever the number of steps. */
import { GradloomError } from '../errors.ts';
import { showShape } from '../shape.ts';
import { applyAll, type Value } from './graph.ts';
import { parameter as newParameter } from './lax.ts';
import * as p from './primitives/control.ts';
import { closeOver } from './subgraph.ts';

export interface ScanResult {
  /** The carry after the last step. */
  readonly carry: Value[];
  /** What the steps gave, stacked along a new first dimension, in the order of xs. */
  readonly ys: Value[];
}

export interface ScanOptions {
  /** The number of steps; needed where xs is empty. */
  readonly length?: number;
  /** From the last element of xs to the first. */
  readonly reverse?: boolean;
}

const standIn = (v: Value): Value => newParameter(v.shape, v.dtype);

/**
 * Runs `body` for each element of `xs` along their first dimension, handing the carry on. Compiled
 * once, whatever the length. Values from outside may be used in the body; what does not depend on
 * the step is computed once.
 *
 * @param body gives the next carry (of the same shapes and dtypes) and a value for each of ys
 * @throws GradloomError `operand` when the carry changes its shape or dtype, or lengths differ
 */
export function scan(
  body: (
    carry: Value[],
    x: Value[],
  ) => { readonly carry: readonly Value[]; readonly ys: readonly Value[] },
  init: readonly Value[],
  xs: readonly Value[],
  o: ScanOptions = {},
): ScanResult {
  const length = o.length ?? xs[0]?.shape[0];
  if (length === undefined || !Number.isInteger(length) || length < 0)
    throw new GradloomError(
      'operand',
      `scan: the number of steps must be a whole number, given as \`length\` where there are no xs to cut; received ${String(length)}.`,
      { length },
    );
  for (const [i, x] of xs.entries())
    if (x.shape[0] !== length)
      throw new GradloomError(
        'operand',
        `scan: xs are cut along their first dimension, which must be ${length} here; value ${i} is ${x.describe()}.`,
        { length, shape: [...x.shape] },
      );
  const carry = init.map(standIn);
  const x = xs.map((v) => newParameter(v.shape.slice(1), v.dtype));
  const out = body(carry, x);
  if (out.carry.length !== carry.length)
    throw new GradloomError(
      'operand',
      `scan: the body must return as many values to carry as it takes, ${carry.length}; it returned ${out.carry.length}.`,
      { expected: carry.length, received: out.carry.length },
    );
  const { graphs, captured } = closeOver([
    { params: [...carry, ...x], results: [...out.carry, ...out.ys] },
  ]);
  const results = applyAll(p.scan, [...captured, ...init, ...xs], {
    body: graphs[0],
    constants: captured.length,
    carry: carry.length,
    length,
    reverse: o.reverse ?? false,
  });
  return { carry: results.slice(0, carry.length), ys: results.slice(carry.length) };
}

/**
 * What one of two functions gives for `operands`: only that one is run.
 *
 * @param pred one bool
 * @throws GradloomError `operand` when the functions return different shapes or dtypes
 */
export function cond(
  pred: Value,
  operands: readonly Value[],
  ifTrue: (...operands: Value[]) => readonly Value[],
  ifFalse: (...operands: Value[]) => readonly Value[],
): Value[] {
  const trace = (f: typeof ifTrue) => {
    const params = operands.map(standIn);
    const since = params[0]?.node.id ?? newParameter([], 'bool').node.id;
    return { params, results: f(...params), since };
  };
  const { graphs, captured } = closeOver([trace(ifTrue), trace(ifFalse)]);
  return [
    ...applyAll(p.cond, [pred, ...captured, ...operands], {
      then: graphs[0],
      otherwise: graphs[1],
    }),
  ];
}

/**
 * Runs `body` as long as `cond` gives true. Has no gradient in reverse, as in JAX.
 *
 * @throws GradloomError `operand` when the carry changes its shape or dtype
 */
export function whileLoop(
  cond: (...carry: Value[]) => Value,
  body: (...carry: Value[]) => readonly Value[],
  init: readonly Value[],
): Value[] {
  const [a, b] = [init.map(standIn), init.map(standIn)];
  const results = body(...b);
  if (results.length !== init.length)
    throw new GradloomError(
      'operand',
      `whileLoop: the body must return as many values as it takes, ${init.length} (${init.map((v) => `${v.dtype}${showShape(v.shape)}`).join(', ')}); it returned ${results.length}.`,
      { expected: init.length, received: results.length },
    );
  const { graphs, captured } = closeOver([
    { params: a, results: [cond(...a)] },
    { params: b, results },
  ]);
  return [
    ...applyAll(p.whileLoop, [...captured, ...init], {
      cond: graphs[0],
      body: graphs[1],
      constants: captured.length,
    }),
  ];
}
