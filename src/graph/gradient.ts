/**
 * Reverse-mode differentiation, graph to graph: the gradient of a graph is more graph, so it can be
 * differentiated again, printed, and compiled together with what it came from.
 */
import { isFloat } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { showShape } from '../shape.ts';
import type { Node, Value } from './graph.ts';
import * as lax from './lax.ts';

/**
 * Cotangents of `inputs`: what a small change of each does to `outputs`, weighed by `cotangents`
 * (one for each output, of its shape). An input on which no output depends gets zeros.
 */
export function vjp(
  outputs: readonly Value[],
  inputs: readonly Value[],
  cotangents: readonly Value[],
): Value[] {
  return vjpOrNone(outputs, inputs, cotangents).map(
    (g, i) => g ?? lax.full(inputs[i].shape, 0, inputs[i].dtype),
  );
}

/** The same, with undefined for an input on which no output depends. */
export function vjpOrNone(
  outputs: readonly Value[],
  inputs: readonly Value[],
  cotangents: readonly Value[],
): (Value | undefined)[] {
  const wanted = new Set(inputs);
  const order = nodesBetween(outputs, wanted);
  const totals = new Map<Value, Value>();
  const accumulate = (v: Value, g: Value): void => {
    const sofar = totals.get(v);
    totals.set(v, sofar ? lax.add(sofar, g) : g);
  };
  for (const [i, o] of outputs.entries()) accumulate(o, cotangents[i]);

  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i];
    const { vjp: rule } = node.primitive;
    const gs = node.outputs.map((o) => totals.get(o));
    if (!rule || gs.every((g) => g === undefined)) continue;
    const back = rule(node, gs);
    node.inputs.forEach((v, k) => {
      const g = back[k];
      // Constants and integers take no cotangent; skipping them keeps the graph small.
      if (g && isFloat(v.dtype)) accumulate(v, g);
    });
  }
  return inputs.map((v) => totals.get(v));
}

/** The nodes on some path from `wanted` to `outputs`, in topological order. */
function nodesBetween(outputs: readonly Value[], wanted: ReadonlySet<Value>): Node[] {
  const leads = new Map<Node, boolean>();
  const order: Node[] = [];
  const stack: Node[] = outputs.map((o) => o.node);
  while (stack.length > 0) {
    const node = stack[stack.length - 1];
    if (leads.has(node)) {
      stack.pop();
      continue;
    }
    // A computed value whose inputs were let go is where the graph begins.
    const stop = node.inputs.length === 0;
    const pending = stop ? [] : node.inputs.filter((v) => !leads.has(v.node));
    if (pending.length > 0) {
      for (const v of pending) stack.push(v.node);
      continue;
    }
    stack.pop();
    const reached = node.inputs.some((v) => wanted.has(v) || leads.get(v.node));
    leads.set(node, reached);
    if (reached) order.push(node);
  }
  return order;
}

/** The gradient of a scalar output with respect to `inputs`. */
export function gradient(output: Value, inputs: readonly Value[]): Value[] {
  if (output.shape.length !== 0 || !isFloat(output.dtype)) {
    throw new GradloomError(
      'gradient',
      `The gradient is defined for a function whose result is one float number; it returned ${output.dtype}${showShape(output.shape)}. Reduce it (for example with sum or mean) first.`,
      { shape: [...output.shape], dtype: output.dtype },
    );
  }
  for (const v of inputs) {
    if (!isFloat(v.dtype)) {
      throw new GradloomError(
        'gradient',
        `Cannot differentiate with respect to ${v.dtype}${showShape(v.shape)}; inputs must be float32 or float64.`,
        {
          shape: [...v.shape],
          dtype: v.dtype,
        },
      );
    }
  }
  return vjp([output], inputs, [lax.scalar(1, output.dtype)]);
}
