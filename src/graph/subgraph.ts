/**
 * Functions inside of graphs: closing a traced body over what it uses from outside, and putting
 * values in the place of others.
 */
import { apply, Graph, Node, type Value } from './graph.ts';
import { parameter } from './primitives/leaf.ts';

/** A function that has been traced: what it returns for its parameters. */
export interface Traced {
  readonly params: readonly Value[];
  readonly results: readonly Value[];
  /**
   * Nodes from this number on were made by the function and stay inside, whatever they depend on:
   * for functions that may not be run at all. Otherwise what does not depend on the parameters is
   * left outside, where it is computed once.
   */
  readonly since?: number;
}

/**
 * Functions as graphs of their own, closed over what they use from outside: every graph takes the
 * captured values, which are the same for all, and then its parameters.
 */
export function closeOver(bodies: readonly Traced[]): { graphs: Graph[]; captured: Value[] } {
  const captured: Value[] = [];
  const known = new Set<Value>();
  const capture = (v: Value): void => {
    if (known.has(v)) return;
    known.add(v);
    captured.push(v);
  };
  const inner = bodies.map((b) => insideOf(b, capture));
  const graphs = bodies.map(({ params, results }, i) => {
    const map = new Map<Value, Value>();
    const stand = (v: Value): Value => {
      const p = parameterLike(v);
      map.set(v, p);
      return p;
    };
    const inputs = [...captured.map(stand), ...params.map(stand)];
    copyNodes(inner[i], map);
    return new Graph(
      inputs,
      results.map((v) => map.get(v)!),
      'body',
    );
  });
  return { graphs, captured };
}

function parameterLike(v: Value): Value {
  const p = apply(parameter, [], { shape: [...v.shape], dtype: v.dtype });
  if (v.node.primitive.name === 'parameter') p.node.label = v.node.label;
  return p;
}

function copyNodes(nodes: readonly Node[], map: Map<Value, Value>): void {
  for (const node of nodes) {
    const made = new Node(
      node.primitive,
      node.inputs.map((v) => map.get(v)!),
      node.attrs,
    );
    made.label = node.label;
    node.outputs.forEach((o, k) => {
      if (!map.has(o)) map.set(o, made.outputs[k]);
    });
  }
}

/** The nodes that belong inside, in order; `capture` is told of the values that they need besides. */
function insideOf({ params, results, since }: Traced, capture: (v: Value) => void): Node[] {
  const given = new Set(params);
  // Nodes are numbered as they are made: nothing older than the parameters can depend on them.
  const oldest = Math.min(Number.POSITIVE_INFINITY, ...params.map((p) => p.node.id));
  const depends = since === undefined ? dependence(results, given, oldest) : undefined;
  const own = (n: Node): boolean =>
    depends
      ? depends.get(n) === true
      : n.id >= since! && n.primitive.name !== 'parameter' && !n.outputs.some((o) => o.storage);
  const order: Node[] = [];
  const done = new Set<Node>();
  const inside = (v: Value): boolean => own(v.node) || isPlain(v, oldest);
  const need = (v: Value): Node | undefined => {
    if (given.has(v)) return undefined;
    if (inside(v)) return done.has(v.node) ? undefined : v.node;
    capture(v);
    return undefined;
  };
  for (const root of results) {
    const first = need(root);
    const stack = first ? [first] : [];
    while (stack.length > 0) {
      const node = stack[stack.length - 1];
      if (done.has(node)) {
        stack.pop();
        continue;
      }
      const open: Node[] = [];
      for (const v of node.inputs) {
        const n = need(v);
        if (n) open.push(n);
      }
      if (open.length > 0) {
        stack.push(...open.reverse());
        continue;
      }
      stack.pop();
      done.add(node);
      order.push(node);
    }
  }
  return order;
}

/**
 * Constants made inside, and arrays filled with them. Whatever was made outside is captured as it is, though it be a constant or a
 * view: it may be what a gradient is asked for. The compiler puts those inside later.
 */
function isPlain(v: Value, oldest: number): boolean {
  const { primitive, inputs, id } = v.node;
  if (v.storage !== undefined || id < oldest || primitive.lowering.kind !== 'pointwise')
    return false;
  if (inputs.length === 0) return true;
  return filling.has(primitive.name) && isPlain(inputs[0], oldest);
}
const filling = new Set(['broadcast_in_dim', 'reshape']);

/** Which nodes above `results` depend on one of `given`. */
function dependence(
  results: readonly Value[],
  given: ReadonlySet<Value>,
  oldest: number,
): Map<Node, boolean> {
  const depends = new Map<Node, boolean>();
  const stack: Node[] = results.map((v) => v.node);
  while (stack.length > 0) {
    const node = stack[stack.length - 1];
    if (depends.has(node)) {
      stack.pop();
      continue;
    }
    if (node.id < oldest) {
      depends.set(node, false);
      stack.pop();
      continue;
    }
    const open = node.inputs.filter((v) => !given.has(v) && !depends.has(v.node));
    if (open.length > 0) {
      for (const v of open) stack.push(v.node);
      continue;
    }
    stack.pop();
    depends.set(
      node,
      node.inputs.some((v) => given.has(v) || depends.get(v.node) === true),
    );
  }
  return depends;
}

/** Which nodes above `results` depend on one of `given`, as a test of values. */
export function dependsOnAny(
  results: readonly Value[],
  given: readonly Value[],
): (v: Value) => boolean {
  const set = new Set(given);
  const depends = dependence(results, set, 0);
  return (v) => set.has(v) || depends.get(v.node) === true;
}

/**
 * `results` with values in the place of others, and those in turn where they rest on replaced ones.
 * Nodes above which nothing is replaced are used as they are.
 */
export function substitute(results: readonly Value[], replace: ReadonlyMap<Value, Value>): Value[] {
  const made = new Map<Value, Value>();
  const target = (v: Value): Value => {
    let t = v;
    for (let r = replace.get(t); r !== undefined && r !== t; r = replace.get(t)) t = r;
    return t;
  };
  const stack: Value[] = results.map(target);
  while (stack.length > 0) {
    const v = stack[stack.length - 1];
    if (made.has(v)) {
      stack.pop();
      continue;
    }
    const { node } = v;
    const inputs = node.inputs.map(target);
    const open = replace.has(v) ? [] : inputs.filter((x) => !made.has(x));
    if (open.length > 0) {
      stack.push(...open);
      continue;
    }
    stack.pop();
    if (replace.has(v) || inputs.every((x, i) => made.get(x) === node.inputs[i])) {
      made.set(v, v);
      continue;
    }
    const copy = new Node(
      node.primitive,
      inputs.map((x) => made.get(x)!),
      node.attrs,
    );
    copy.label = node.label;
    node.outputs.forEach((o, k) => {
      if (!replace.has(o)) made.set(o, copy.outputs[k]);
    });
  }
  return results.map((v) => made.get(target(v))!);
}

/** The outputs of `graph` for `inputs`, as part of the graph that these belong to. */
export function inline(graph: Graph, inputs: readonly Value[]): Value[] {
  const map = new Map<Value, Value>();
  graph.inputs.forEach((v, i) => {
    map.set(v, inputs[i]);
  });
  copyNodes(graph.computed, map);
  return graph.outputs.map((v) => map.get(v)!);
}

/** A graph from its own parameters alone: nothing is captured. */
export function ownGraph(params: readonly Value[], results: readonly Value[]): Graph {
  const { graphs, captured } = closeOver([{ params, results }]);
  if (captured.length > 0) throw new Error('a body uses what it was not given');
  return graphs[0];
}
