/** Control flow: the graphs inside are interpreted in their turn. */
import type { Graph } from '../../graph/graph.ts';
import type { CondAttrs, ScanAttrs, WhileAttrs } from '../../graph/primitives/control.ts';
import { sizeOf } from '../../shape.ts';
import { type Interpretation, interpret } from './interpret.ts';
import type { NDArray, Rule, Table } from './values.ts';

const interpreted = new WeakMap<Graph, Interpretation>();

function evaluate(graph: Graph, inputs: readonly Float64Array[]): Float64Array[] {
  let i = interpreted.get(graph);
  if (!i) {
    i = interpret(graph);
    interpreted.set(graph, i);
  }
  return i.evaluate(inputs);
}

const dataOf = (v: NDArray): Float64Array => v.data;

const scan: Rule<ScanAttrs> = (inputs, { body, constants, carry, length, reverse }, outputs) => {
  const fixed = inputs.slice(0, constants).map(dataOf);
  let state = inputs.slice(constants, constants + carry).map(dataOf);
  const xs = inputs.slice(constants + carry).map(dataOf);
  const ys = outputs.slice(carry).map((o) => new Float64Array(sizeOf(o.shape)));
  for (let step = 0; step < length; step++) {
    const t = reverse ? length - 1 - step : step;
    const x = xs.map((data) => {
      const n = data.length / length;
      return data.slice(t * n, (t + 1) * n);
    });
    const out = evaluate(body, [...fixed, ...state, ...x]);
    state = out.slice(0, carry);
    ys.forEach((y, i) => {
      y.set(out[carry + i], (t * y.length) / length);
    });
  }
  return [...state, ...ys];
};

const cond: Rule<CondAttrs> = ([pred, ...operands], { then, otherwise }) =>
  evaluate(pred.data[0] ? then : otherwise, operands.map(dataOf));

const whileLoop: Rule<WhileAttrs> = (inputs, { cond, body, constants }) => {
  const fixed = inputs.slice(0, constants).map(dataOf);
  let state = inputs.slice(constants).map(dataOf);
  while (evaluate(cond, [...fixed, ...state])[0][0]) state = evaluate(body, [...fixed, ...state]);
  return state;
};

export const control: Table = {
  scan: scan as Rule,
  cond: cond as Rule,
  while: whileLoop as Rule,
};
