/** Derivatives of functions of tensors. They compose with each other and with `compile`. */
import { GradloomError } from '../errors.ts';
import { apply, applyAll, gradient, type Value, vjp as vjpValues } from '../graph/index.ts';
import * as lax from '../graph/lax.ts';
import { reshape } from '../graph/primitives/index.ts';
import { sameShape, showShape } from '../shape.ts';
import { asTensor } from './make.ts';
import { recordingGraph } from './runtime.ts';
import { Tensor } from './tensor.ts';
import { mapTree } from './tree.ts';

function argumentsToDifferentiate(
  args: readonly unknown[],
  argnums: number | readonly number[],
): readonly number[] {
  const nums = typeof argnums === 'number' ? [argnums] : argnums;
  for (const n of nums) {
    if (!(Number.isInteger(n) && n >= 0 && n < args.length)) {
      throw new GradloomError(
        'gradient',
        `argnums names argument ${n}, but the function was given ${args.length}.`,
        { argnums, received: args.length },
      );
    }
  }
  return nums;
}

/** A value of its own, so that a derivative is with respect to this use of it alone. */
function ownValue(t: Tensor): Value {
  return apply(reshape, [t.value], { shape: [...t.shape] });
}

/**
 * The value of a scalar function, and its gradient with respect to the arguments `argnums` (default
 * the first), each in the structure of its argument: an array of gradients when several are named.
 * Inside the function, tensors that do not depend on an outer trace may be read. Throws `gradient`
 * when the result is not one float number, or an argument is of integer dtype.
 */
export function valueAndGrad<A extends unknown[]>(
  fn: (...args: A) => Tensor,
  argnums: number | readonly number[] = 0,
): (...args: A) => [Tensor, unknown] {
  return (...args) =>
    recordingGraph(() => {
      const nums = argumentsToDifferentiate(args, argnums);
      const wrt: Value[] = [];
      const standIns = args.map((a, k) =>
        nums.includes(k)
          ? mapTree(a, (leaf) => {
              const v = ownValue(asTensor(leaf));
              wrt.push(v);
              return new Tensor(v);
            })
          : a,
      );
      // An argument named twice is differentiated once: go by argument, in their order.
      const order = args.map((_, k) => k).filter((k) => nums.includes(k));
      const out: unknown = fn(...(standIns as A));
      if (!(out instanceof Tensor)) {
        throw new GradloomError(
          'gradient',
          `The function to differentiate must return one tensor (a scalar); it returned ${out instanceof Promise ? 'a promise' : typeof out}.`,
        );
      }
      const gs = gradient(out.value, wrt);
      let i = 0;
      const grads = new Map<number, unknown>();
      for (const k of order)
        grads.set(
          k,
          mapTree(standIns[k], () => Tensor.of(gs[i++])),
        );
      return [
        out,
        typeof argnums === 'number' ? grads.get(argnums) : nums.map((k) => grads.get(k)),
      ];
    });
}

/** The gradient alone: see `valueAndGrad`. */
export function grad<A extends unknown[]>(fn: (...args: A) => Tensor): (...args: A) => Tensor;
export function grad<A extends unknown[]>(
  fn: (...args: A) => Tensor,
  argnums: number | readonly number[],
): (...args: A) => unknown;
export function grad<A extends unknown[]>(
  fn: (...args: A) => Tensor,
  argnums: number | readonly number[] = 0,
): (...args: A) => unknown {
  const both = valueAndGrad(fn, argnums);
  return (...args) => both(...args)[1];
}

/**
 * [fn(...args), pull]: `pull(cotangent)`, of the shape of the result, gives the cotangents of the
 * arguments (a Jacobian's product with a row from the left). It can be called many times.
 */
export function vjp(
  fn: (...args: Tensor[]) => Tensor,
  ...args: Tensor[]
): [Tensor, (cotangent: Tensor) => Tensor[]] {
  return recordingGraph(() => {
    const wrt = args.map(ownValue);
    const out = fn(...wrt.map((v) => new Tensor(v)));
    // Built now, on a stand-in: the graph is forgotten as soon as the result is read.
    const hole = lax.parameter(out.shape, out.dtype, 'cotangent');
    const cotangents = vjpValues([out.value], wrt, [hole]);
    const pull = (given: Tensor): Tensor[] => {
      if (!sameShape(given.shape, out.shape)) {
        throw new GradloomError(
          'gradient',
          `The cotangent must have the shape of the result, ${showShape(out.shape)}; received ${showShape(given.shape)}.`,
          { expected: [...out.shape], received: [...given.shape] },
        );
      }
      return substitute(cotangents, hole, given.astype(out.dtype).value).map((v) => Tensor.of(v));
    };
    return [out, pull];
  });
}

/** `roots` with `hole` replaced: nodes that depend on it are made anew. */
function substitute(roots: readonly Value[], hole: Value, given: Value): Value[] {
  const renewed = new Map<Value, Value>([[hole, given]]);
  const stack = roots.map((r) => r.node);
  const seen = new Set<unknown>([hole.node]);
  while (stack.length > 0) {
    const node = stack[stack.length - 1];
    if (seen.has(node)) {
      stack.pop();
      continue;
    }
    const open = node.inputs.filter((v) => v.storage === undefined && !seen.has(v.node));
    if (open.length > 0) {
      for (const v of open) stack.push(v.node);
      continue;
    }
    stack.pop();
    seen.add(node);
    if (!node.inputs.some((v) => renewed.has(v))) continue;
    const inputs = node.inputs.map((v) => renewed.get(v) ?? v);
    const outputs = applyAll(node.primitive, inputs, node.attrs);
    node.outputs.forEach((o, i) => {
      renewed.set(o, outputs[i]);
    });
  }
  return roots.map((r) => renewed.get(r) ?? r);
}

/** The same values, through which no gradient flows. */
export function stopGradient(x: Tensor): Tensor {
  return Tensor.of(lax.stopGradient(x.value), x);
}
