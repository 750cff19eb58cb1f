/** What the printers of graphs share: numbers for values, kinds of nodes, attributes as text. */
import { Graph, type Node, type Value } from './graph.ts';

/** What a node does, coarsely; drawings are coloured by it. */
export type NodeKind =
  | 'input'
  | 'constant'
  | 'elementwise'
  | 'movement'
  | 'product'
  | 'reduction'
  | 'indexing'
  | 'control'
  | 'output';

/** Lowered like movement, but reading at places that another operand decides. */
const indexed = new Set(['gather', 'dynamic_slice', 'dynamic_update_slice']);

/** The kind follows from how the primitive is lowered, so that few primitives need naming here. */
export function kindOf(node: Node): NodeKind {
  const { lowering } = node.primitive;
  switch (lowering.kind) {
    case 'leaf':
      return 'input';
    case 'contract':
      return 'product';
    case 'fold':
      return 'reduction';
    case 'loops':
      return 'indexing';
    case 'control':
      return 'control';
    case 'pointwise':
      if (node.inputs.length === 0) return 'constant';
      if (lowering.elementwise) return 'elementwise';
      return indexed.has(node.primitive.name) ? 'indexing' : 'movement';
  }
}

/** %0, %1, …: inputs first, then results in the order they are computed. */
export function numberValues(graph: Graph): Map<Value, string> {
  const names = new Map<Value, string>();
  const name = (v: Value): void => {
    if (!names.has(v)) names.set(v, `%${names.size}`);
  };
  graph.inputs.forEach(name);
  for (const node of graph.computed) node.outputs.forEach(name);
  return names;
}

/** Attributes as [name, text], without those the result's type shows and those that say nothing. */
export function attributesOf(node: Node, maxItems = 12): [string, string][] {
  return Object.entries(node.attrs)
    .filter(([name, value]) => {
      if (name === 'shape' || name === 'dtype') return false;
      return (
        value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0)
      );
    })
    .map(([name, value]) => [name, attributeText(value, maxItems)]);
}

function attributeText(value: unknown, maxItems: number): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'string') return value;
  if (value instanceof Graph) return `graph of ${value.computed.length} nodes`;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    const items = Array.from(value as ArrayLike<unknown>);
    const shown = items.slice(0, maxItems).map((v) => attributeText(v, maxItems));
    if (items.length > maxItems) shown.push(`… ${items.length - maxItems} more`);
    return `[${shown.join(', ')}]`;
  }
  return JSON.stringify(value) ?? String(value);
}

/** The graphs that a node holds, by the names of their attributes. */
export function graphsOf(node: Node): [string, Graph][] {
  return Object.entries(node.attrs).filter((e): e is [string, Graph] => e[1] instanceof Graph);
}

/** Which places of the graph's inputs hold `v`: one as a rule. */
export function inputPlaces(graph: Graph, v: Value): number[] {
  return graph.inputs.flatMap((x, i) => (x === v ? [i] : []));
}
