/** Graph to graph for loops and branches: only what is needed, only once, with what is known put in. */
import { applyAll, Graph, type Node, type Value } from '../graph/graph.ts';
import * as lax from '../graph/lax.ts';
import type { Attrs } from '../graph/primitive.ts';
import {
  type CondAttrs,
  extended,
  type ScanAttrs,
  type WhileAttrs,
} from '../graph/primitives/control.ts';
import { inline, substitute } from '../graph/subgraph.ts';
import { sizeOf } from '../shape.ts';
import { fillOf } from './simplify.ts';

const isScan = (n: Node): n is Node & { readonly attrs: ScanAttrs } => n.primitive.name === 'scan';
const hasControl = (g: Graph): boolean =>
  g.computed.some((n) => n.primitive.lowering.kind === 'control');

function rebuilt(graph: Graph, replace: Map<Value, Value>): Graph {
  if (replace.size === 0) return graph;
  for (const v of graph.inputs) replace.set(v, v);
  return new Graph(graph.inputs, substitute(graph.outputs, replace), graph.name);
}

/** A scan that is also run with more ys, for its gradient, is only run with those. */
export function mergeExtended(graph: Graph): Graph {
  const scans = graph.computed.filter(isScan);
  const replace = new Map<Value, Value>();
  const given = new Set(graph.inputs);
  for (const base of scans) {
    const longer = scans.find(
      (s) =>
        s !== base &&
        s.attrs[extended] === base.attrs.body &&
        s.inputs.length === base.inputs.length &&
        s.inputs.every((v, i) => v === base.inputs[i]),
    );
    if (longer)
      base.outputs.forEach((o, i) => {
        if (!given.has(o)) replace.set(o, longer.outputs[i]);
      });
  }
  return rebuilt(graph, replace);
}

/** Loops and branches without the results that nobody reads and the operands these needed. */
export function pruneControl(graph: Graph): Graph {
  if (!hasControl(graph)) return graph;
  const live = new Set<Value>(graph.outputs);
  const replace = new Map<Value, Value>();
  const given = new Set(graph.inputs);
  // Readers come before what they read, so that operands which are dropped need not be made.
  for (const node of [...graph.computed].reverse()) {
    if (!node.outputs.some((o) => live.has(o) && !given.has(o))) continue;
    if (isScan(node)) pruneScan(node, live, replace);
    else for (const v of node.inputs) live.add(v);
  }
  return rebuilt(graph, replace);
}

function pruneScan(
  node: Node & { readonly attrs: ScanAttrs },
  live: Set<Value>,
  replace: Map<Value, Value>,
): void {
  const { body, constants, carry } = node.attrs;
  const readers = readersOf(body);
  const wanted = new Set<number>();
  const read = new Set<Value>();
  const want = (i: number): void => {
    if (wanted.has(i)) return;
    wanted.add(i);
    for (const v of readers(body.outputs[i])) read.add(v);
  };
  node.outputs.forEach((o, i) => {
    if (live.has(o)) want(i);
  });
  for (let known = -1; known !== wanted.size; ) {
    known = wanted.size;
    for (let i = 0; i < carry; i++) if (read.has(body.inputs[constants + i])) want(i);
  }
  const keepsInput = (_: unknown, k: number): boolean => {
    const i = k - constants;
    return i >= 0 && i < carry ? wanted.has(i) : read.has(body.inputs[k]);
  };
  const inputs = node.inputs.filter(keepsInput);
  for (const v of inputs) live.add(v);
  if (wanted.size === node.outputs.length && inputs.length === node.inputs.length) return;
  const kept = [...wanted].sort((a, b) => a - b);
  const attrs = {
    ...node.attrs,
    body: new Graph(
      body.inputs.filter(keepsInput),
      kept.map((i) => body.outputs[i]),
      body.name,
    ),
    constants: body.inputs.slice(0, constants).filter((p) => read.has(p)).length,
    carry: kept.filter((i) => i < carry).length,
  };
  const made = applyAll(node.primitive, inputs, attrs);
  kept.forEach((i, k) => {
    replace.set(node.outputs[i], made[k]);
  });
}

/** The inputs of a graph that a value of it rests on. */
function readersOf(graph: Graph): (v: Value) => Set<Value> {
  const inputs = new Set(graph.inputs);
  return (root) => {
    const found = new Set<Value>();
    const seen = new Set<Node>();
    const stack = [root];
    while (stack.length > 0) {
      const v = stack.pop()!;
      if (inputs.has(v)) found.add(v);
      else if (!seen.has(v.node)) {
        seen.add(v.node);
        stack.push(...v.node.inputs);
      }
    }
    return found;
  };
}

/**
 * A loop or branch with its graphs simplified, and operands that are known numbers put into them;
 * or the values that it comes down to.
 */
export function simplifyControl(
  node: Node,
  operands: readonly Value[],
  simplify: (g: Graph) => Graph,
): Value[] | { readonly operands: readonly Value[]; readonly attrs: Attrs } {
  if (isScan(node)) {
    const { constants, carry, length } = node.attrs;
    if (length === 0)
      return node.outputs.map((o, i) =>
        i < carry ? operands[constants + i] : lax.full(o.shape, 0, o.dtype),
      );
  }
  if (node.primitive.name === 'cond') {
    const chosen = fillOf(operands[0]);
    const { then, otherwise } = node.attrs as CondAttrs;
    if (chosen !== undefined) return inline(simplify(chosen ? then : otherwise), operands.slice(1));
  }
  const sunk = sinkViews(node, operands);
  const put = putNumbers(node, sunk.operands, sunk.attrs);
  const attrs = { ...put.attrs };
  for (const [name, g] of Object.entries(put.attrs))
    if (g instanceof Graph) attrs[name] = simplify(g);
  return { operands: put.operands, attrs };
}

/** What only names elements of another value: in a body it costs nothing, outside a buffer. */
const views = new Set(['broadcast_in_dim', 'reshape', 'transpose', 'slice']);

/** Constant operands that are views of others, or tables, are made in the graphs instead. */
function sinkViews(
  node: Node,
  given: readonly Value[],
): { operands: readonly Value[]; attrs: Attrs } {
  const lead = node.primitive.name === 'cond' ? 1 : 0;
  const { constants = given.length } = node.attrs as Partial<ScanAttrs & WhileAttrs>;
  const chains = given.map((v, i) => {
    const chain: Node[] = [];
    let at = v;
    if (i >= lead && i < constants)
      while (at.node.outputs.length === 1 && views.has(at.node.primitive.name)) {
        chain.unshift(at.node);
        at = at.node.inputs[0];
      }
    return { root: at, chain };
  });
  if (chains.every((c) => c.chain.length === 0)) return { operands: given, attrs: node.attrs };
  const attrs: Record<string, unknown> = { ...node.attrs };
  for (const [name, g] of graphsIn(node.attrs)) {
    const own = chains.slice(lead);
    const inputs = g.inputs.map((p, i) => {
      const { root } = own[i];
      return own[i].chain.length === 0
        ? lax.parameter(p.shape, p.dtype, p.node.label)
        : lax.parameter(root.shape, root.dtype);
    });
    const values = inputs.map((p, i) =>
      own[i].chain.reduce((v, n) => applyAll(n.primitive, [v], n.attrs)[0], p),
    );
    attrs[name] = new Graph(inputs, inline(g, values), g.name);
  }
  return { operands: chains.map((c) => c.root), attrs };
}

const graphsIn = (attrs: Attrs): [string, Graph][] =>
  Object.entries(attrs).filter((e): e is [string, Graph] => e[1] instanceof Graph);

/** Operands that are one number throughout and stay what they are become constants of the graphs. */
function putNumbers(
  node: Node,
  operands: readonly Value[],
  given: Attrs,
): { operands: readonly Value[]; attrs: Record<string, unknown> } {
  // `lead` operands come before those of the graphs; those from `from` to `to` change.
  const lead = node.primitive.name === 'cond' ? 1 : 0;
  const { constants = operands.length, carry } = given as Partial<ScanAttrs & WhileAttrs>;
  const to = carry === undefined ? operands.length : constants + carry;
  const numbers = new Map<number, number>();
  operands.forEach((v, i) => {
    if (i < lead || (i >= constants && i < to) || sizeOf(v.shape) === 0) return;
    const n = fillOf(v);
    if (n !== undefined) numbers.set(i, n);
  });
  if (numbers.size === 0) return { operands, attrs: given };
  const attrs: Record<string, unknown> = { ...given };
  for (const [name, g] of graphsIn(given)) {
    const inputs = g.inputs.map((p) => lax.parameter(p.shape, p.dtype, p.node.label));
    const values = inputs.map((p, i) => {
      const n = numbers.get(i + lead);
      return n === undefined ? p : lax.full(p.shape, n, p.dtype);
    });
    attrs[name] = new Graph(
      inputs.filter((_, i) => !numbers.has(i + lead)),
      inline(g, values),
      g.name,
    );
  }
  if (given.constants !== undefined)
    attrs.constants = constants - [...numbers.keys()].filter((i) => i < constants).length;
  return { operands: operands.filter((_, i) => !numbers.has(i)), attrs };
}
