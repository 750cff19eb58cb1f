/** The graph made visible: as text, as Graphviz DOT, and (draw.ts) as an SVG drawing. */
import {
  attributesOf,
  graphsOf,
  inputPlaces,
  kindOf,
  type NodeKind,
  numberValues,
} from './describe.ts';
import type { Graph, Node, Value } from './graph.ts';

export { type DrawOptions, graphToSvg } from './draw.ts';

/**
 * The graph as numbered lines:
 *
 *     graph "dense" {
 *       %0: float32(64, 784) = input 0 "x"
 *       %1: float32(784, 128) = input 1 "kernel"
 *       %2: float32(64, 128) = dot_general(%0, %1) {lhsContract: [1], rhsContract: [0]}
 *       return %2
 *     }
 */
export function graphToText(graph: Graph): string {
  const names = numberValues(graph);
  const label = (node: Node): string =>
    node.label === undefined ? '' : ` ${JSON.stringify(node.label)}`;
  const lines: string[] = [];
  for (const v of new Set(graph.inputs))
    lines.push(
      `${names.get(v)}: ${v.describe()} = input ${inputPlaces(graph, v).join(', ')}${label(v.node)}`,
    );
  for (const node of graph.computed) {
    const results = node.outputs.map((v) => `${names.get(v)}: ${v.describe()}`).join(', ');
    const operands = node.inputs.map((v) => names.get(v)).join(', ');
    const attributes = attributesOf(node)
      .map(([name, text]) => `${name}: ${text}`)
      .join(', ');
    lines.push(
      `${results} = ${node.primitive.name}(${operands})${attributes && ` {${attributes}}`}${label(node)}`,
    );
    // The functions of a loop or a choice, below it.
    for (const [name, inner] of graphsOf(node))
      lines.push(
        ...graphToText(inner)
          .trimEnd()
          .replace(/^graph "[^"]*"/, name)
          .split('\n')
          .map((l) => `  ${l}`),
      );
  }
  lines.push(`return ${graph.outputs.map((v) => names.get(v)).join(', ')}`.trimEnd());
  return `graph ${JSON.stringify(graph.name)} {\n${lines.map((l) => `  ${l}\n`).join('')}}\n`;
}

const fills: Record<NodeKind, string> = {
  input: '#dbe9f6',
  constant: '#eeeeee',
  elementwise: '#fdf0d0',
  movement: '#f0e6f7',
  product: '#f9d9d3',
  reduction: '#d9efdc',
  indexing: '#d5eeee',
  control: '#e3dccb',
  output: '#ffffff',
};

/** The graph in Graphviz's language; render it with `dot -Tsvg`. */
export function graphToDot(graph: Graph): string {
  const names = numberValues(graph);
  const lines: string[] = [
    'rankdir=TB;',
    'node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11];',
    'edge [fontname="Helvetica", fontsize=9, color="#777777"];',
  ];
  /** The statement's node that gives each value, and at which of its results. */
  const source = new Map<Value, string>();
  const vertex = (id: string, kind: NodeKind, text: readonly string[]): void => {
    lines.push(`${id} [label=${quote(text.join('\n'))}, fillcolor="${fills[kind]}"];`);
  };
  const arrow = (v: Value, to: string): void => {
    const result = v.node.outputs.length > 1 ? `#${v.index} ` : '';
    lines.push(`${source.get(v)} -> ${to} [label=${quote(`${result}${v.describe()}`)}];`);
  };

  for (const v of new Set(graph.inputs)) {
    const id = `n${names.get(v)?.slice(1)}`;
    source.set(v, id);
    const label = v.node.label === undefined ? [] : [v.node.label];
    vertex(id, 'input', [`input ${inputPlaces(graph, v).join(', ')}`, ...label]);
  }
  for (const node of graph.computed) {
    const id = `n${names.get(node.outputs[0])?.slice(1)}`;
    // A result that is also an input comes from that input.
    for (const v of node.outputs) if (!graph.inputs.includes(v)) source.set(v, id);
    const label = node.label === undefined ? [] : [node.label];
    const attributes = attributesOf(node).map(([name, text]) => `${name} ${text}`);
    vertex(id, kindOf(node), [node.primitive.name, ...label, ...attributes]);
    for (const v of node.inputs) arrow(v, id);
  }
  graph.outputs.forEach((v, i) => {
    vertex(`out${i}`, 'output', [`output ${i}`]);
    arrow(v, `out${i}`);
  });
  return `digraph ${quote(graph.name)} {\n${lines.map((l) => `  ${l}\n`).join('')}}\n`;
}

/** A double-quoted DOT string; lines are centred. */
function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
