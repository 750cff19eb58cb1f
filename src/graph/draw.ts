/**
 * A drawing of the graph as SVG: operations as boxes coloured by what they do, arrays as arrows
 * with their shapes. Dagre (optional, loaded here) places them.
 *
 * Numbers that are the same everywhere are written into the operation that uses them, as in
 * `max(·, 0)`: as boxes of their own they would be half of the picture.
 */
import type * as Dagre from '@dagrejs/dagre';
import { isFloat } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { attributesOf, inputPlaces, kindOf, type NodeKind } from './describe.ts';
import { attach, curve, escapeXml, loadDagre, type Point, round } from './drawing.ts';
import type { Graph, Node, Value } from './graph.ts';

export interface DrawOptions {
  /** 'down' (the default) or 'right': where the data flows. */
  readonly direction?: 'down' | 'right';
}

/** Layout time grows fast; nobody reads a picture of more boxes than this. */
const maxBoxes = 1000;

const colors: Record<NodeKind, { readonly fill: string; readonly stroke: string }> = {
  input: { fill: '#dbe9f6', stroke: '#4a7fb0' },
  constant: { fill: '#eeeeee', stroke: '#8a8a8a' },
  elementwise: { fill: '#fdf0d0', stroke: '#c29a36' },
  movement: { fill: '#f0e6f7', stroke: '#8e68ab' },
  control: { fill: '#e3dccb', stroke: '#85754a' },
  product: { fill: '#f9d9d3', stroke: '#bf5b48' },
  reduction: { fill: '#d9efdc', stroke: '#529a5e' },
  indexing: { fill: '#d5eeee', stroke: '#3f9494' },
  output: { fill: '#ffffff', stroke: '#555555' },
};

interface Box {
  readonly id: string;
  readonly kind: NodeKind;
  readonly title: string;
  readonly lines: readonly string[];
  /** Everything, for the tooltip. */
  readonly detail: string;
}

interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly label: string;
}

/** Monospaced type, so that widths are known without measuring. */
const font = 'DejaVu Sans Mono, Menlo, Consolas, monospace';
const em = 0.602;
const titleSize = 13;
const lineSize = 10.5;
const labelSize = 10;
const textWidth = (text: string, size: number): number => [...text].length * size * em;
const boxWidth = (b: Box): number =>
  Math.max(
    44,
    textWidth(b.title, titleSize) + 22,
    ...b.lines.map((l) => textWidth(l, lineSize) + 22),
  );
const boxHeight = (b: Box): number => 28 + 14 * b.lines.length;

/**
 * The drawing as SVG text. Throws `graph` for more boxes than a picture can show and `dependency`
 * where dagre is not installed.
 */
export async function graphToSvg(graph: Graph, options: DrawOptions = {}): Promise<string> {
  const { boxes, arrows } = picture(graph);
  if (boxes.length > maxBoxes) {
    throw new GradloomError(
      'graph',
      `A drawing of ${boxes.length} boxes would not be legible (at most ${maxBoxes}). Use graphToText or graphToDot, or draw a part.`,
      { boxes: boxes.length },
    );
  }
  const placed = place(await loadDagre(), boxes, arrows, options);
  return render(graph.name, boxes, arrows, placed, options.direction === 'right');
}

// ---- what is drawn

function picture(graph: Graph): { boxes: Box[]; arrows: Arrow[] } {
  const boxes: Box[] = [];
  const arrows: Arrow[] = [];
  const source = new Map<Value, string>();
  const shown = new Set([...graph.inputs, ...graph.outputs]);
  const numbers = new Map<Value, string>();

  for (const v of new Set(graph.inputs)) {
    const id = `input${boxes.length}`;
    const title = v.node.label ?? `input ${inputPlaces(graph, v).join(', ')}`;
    source.set(v, id);
    boxes.push({
      id,
      kind: 'input',
      title: shorten(title, 30),
      lines: [v.describe()],
      detail: `${title}: ${v.describe()}`,
    });
  }
  for (const node of graph.computed) {
    const number = fixedNumber(node, numbers);
    if (number !== undefined && !shown.has(node.outputs[0])) {
      numbers.set(node.outputs[0], number);
      continue;
    }
    const id = `node${boxes.length}`;
    for (const v of node.outputs) if (!source.has(v)) source.set(v, id);
    boxes.push(nodeBox(id, node, numbers));
    for (const v of node.inputs) {
      const from = source.get(v);
      if (from) arrows.push({ from, to: id, label: edgeLabel(v) });
    }
  }
  graph.outputs.forEach((v, i) => {
    const id = `output${i}`;
    boxes.push({
      id,
      kind: 'output',
      title: `output ${i}`,
      lines: [],
      detail: `output ${i}: ${v.describe()}`,
    });
    arrows.push({ from: source.get(v)!, to: id, label: edgeLabel(v) });
  });
  return { boxes, arrows };
}

/** The number that fills the node's result, when it is one known now. */
function fixedNumber(node: Node, numbers: ReadonlyMap<Value, string>): string | undefined {
  const { name } = node.primitive;
  if (name === 'constant') {
    const value = node.attrs.value as number;
    if (node.outputs[0].dtype === 'bool') return String(value !== 0);
    return isFloat(node.outputs[0].dtype) ? String(Number(value.toPrecision(4))) : String(value);
  }
  if (name === 'broadcast_in_dim' || name === 'reshape') return numbers.get(node.inputs[0]);
  return undefined;
}

function nodeBox(id: string, node: Node, numbers: ReadonlyMap<Value, string>): Box {
  const { name } = node.primitive;
  const operands = node.inputs.map((v) => numbers.get(v) ?? '·');
  const attributes = attributesOf(node, 6).map(([key, text]) => `${key} ${text}`);
  return {
    id,
    kind: kindOf(node),
    title: operands.some((o) => o !== '·') ? `${name}(${operands.join(', ')})` : name,
    lines: [
      ...(node.label === undefined ? [] : [shorten(node.label, 30)]),
      ...wrapped(attributes, 30, 2),
    ],
    detail: [
      `${name}: ${node.outputs.map((v) => v.describe()).join(', ')}`,
      ...attributesOf(node).map(([key, text]) => `${key} ${text}`),
    ].join('\n'),
  };
}

/** 64×128; the dtype is added where it is not float32, the position where a node has several. */
function edgeLabel(v: Value): string {
  const shape = v.shape.length === 0 ? 'scalar' : v.shape.join('×');
  const vector = v.shape.length === 1 ? `(${shape})` : shape;
  const dtype = v.dtype === 'float32' ? '' : `${v.dtype} `;
  return `${v.node.outputs.length > 1 ? `#${v.index} ` : ''}${dtype}${vector}`;
}

function shorten(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}

/** Pieces joined by commas into at most `rows` lines of `width` characters. */
function wrapped(pieces: readonly string[], width: number, rows: number): string[] {
  const lines: string[] = [];
  for (const piece of pieces) {
    const last = lines.length - 1;
    if (last >= 0 && lines[last].length + 2 + piece.length <= width) lines[last] += `, ${piece}`;
    else lines.push(shorten(piece, width));
  }
  if (lines.length > rows) lines.splice(rows - 1, lines.length, `${lines[rows - 1]} …`);
  return lines;
}

// ---- where it is drawn

interface Placed {
  readonly width: number;
  readonly height: number;
  readonly centers: ReadonlyMap<string, Point>;
  /** For each arrow its path, and the middle of its label. */
  readonly paths: readonly { readonly points: readonly Point[]; readonly label: Point }[];
}

function place(
  dagre: typeof Dagre,
  boxes: readonly Box[],
  arrows: readonly Arrow[],
  options: DrawOptions,
): Placed {
  if (boxes.length === 0) return { width: 0, height: 0, centers: new Map(), paths: [] };
  // Several arrows may join the same two boxes (x * x), hence a multigraph.
  const g = new dagre.graphlib.Graph({ multigraph: true });
  g.setGraph({
    rankdir: options.direction === 'right' ? 'LR' : 'TB',
    nodesep: 26,
    edgesep: 14,
    ranksep: 34,
  });
  for (const b of boxes) g.setNode(b.id, { width: boxWidth(b), height: boxHeight(b) });
  arrows.forEach((a, i) => {
    const label = { width: textWidth(a.label, labelSize) + 8, height: 16, labelpos: 'c' };
    g.setEdge(a.from, a.to, label, String(i));
  });
  dagre.layout(g);
  const centers = new Map<string, Point>();
  for (const b of boxes) {
    const { x, y } = g.node(b.id) as Point;
    centers.set(b.id, { x, y });
  }
  const paths = arrows.map((a, i) => {
    const edge = g.edge(a.from, a.to, String(i)) as Point & { points: Point[] };
    return { points: edge.points.map(({ x, y }) => ({ x, y })), label: { x: edge.x, y: edge.y } };
  });
  attach(
    boxes.map((b) => ({ id: b.id, width: boxWidth(b), height: boxHeight(b) })),
    arrows,
    centers,
    paths.map((p) => p.points),
    options.direction === 'right',
  );
  const size = g.graph() as { width: number; height: number };
  return { width: size.width, height: size.height, centers, paths };
}

// ---- drawing it

const margin = 16;
const header = 34;
const footer = 34;

function render(
  name: string,
  boxes: readonly Box[],
  arrows: readonly Arrow[],
  placed: Placed,
  sideways: boolean,
): string {
  const kinds = [...new Set(boxes.map((b) => b.kind))].filter((k) => k !== 'output');
  const legendWidth = kinds.reduce((w, k) => w + legendItemWidth(k), 0);
  const width = Math.ceil(
    Math.max(placed.width, textWidth(name, 15), legendWidth, 120) + 2 * margin,
  );
  const height = Math.ceil(placed.height + header + footer + margin);
  const dx = (width - placed.width) / 2;
  const out: string[] = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${font}">`,
    `<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0.8 L8 4 L0 7.2 z" fill="#777"/></marker></defs>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${margin}" y="22" font-size="15" font-weight="bold" fill="#222">${escapeXml(name)}</text>`,
    `<g transform="translate(${round(dx)} ${header})">`,
  ];
  placed.paths.forEach(({ points }) => {
    out.push(
      `<path d="${curve(points, sideways)}" fill="none" stroke="#777" stroke-width="1.2" marker-end="url(#arrow)"/>`,
    );
  });
  placed.paths.forEach(({ label }, i) => {
    const text = arrows[i].label;
    const w = textWidth(text, labelSize) + 4;
    out.push(
      `<rect x="${round(label.x - w / 2)}" y="${round(label.y - 7)}" width="${round(w)}" height="14" fill="#ffffff" fill-opacity="0.85"/>`,
      `<text x="${round(label.x)}" y="${round(label.y + 3.5)}" font-size="${labelSize}" text-anchor="middle" fill="#555">${escapeXml(text)}</text>`,
    );
  });
  for (const b of boxes) out.push(...renderBox(b, placed.centers.get(b.id)!));
  out.push('</g>', ...legend(kinds, height - 14), '</svg>');
  return `${out.join('\n')}\n`;
}

function renderBox(b: Box, { x, y }: Point): string[] {
  const w = boxWidth(b);
  const h = boxHeight(b);
  const { fill, stroke } = colors[b.kind];
  const radius = b.kind === 'input' || b.kind === 'output' ? h / 2 : 6;
  return [
    `<g><title>${escapeXml(b.detail)}</title>`,
    `<rect x="${round(x - w / 2)}" y="${round(y - h / 2)}" width="${round(w)}" height="${h}" rx="${Math.min(radius, 14)}" fill="${fill}" stroke="${stroke}" stroke-width="1.3"/>`,
    `<text x="${round(x)}" y="${round(y - h / 2 + 18.5)}" font-size="${titleSize}" font-weight="bold" text-anchor="middle" fill="#222">${escapeXml(b.title)}</text>`,
    ...b.lines.map(
      (line, i) =>
        `<text x="${round(x)}" y="${round(y - h / 2 + 33 + 14 * i)}" font-size="${lineSize}" text-anchor="middle" fill="#444">${escapeXml(line)}</text>`,
    ),
    '</g>',
  ];
}

const legendItemWidth = (kind: NodeKind): number => 34 + textWidth(kind, lineSize);

function legend(kinds: readonly NodeKind[], y: number): string[] {
  let x = margin;
  return kinds.map((kind) => {
    const { fill, stroke } = colors[kind];
    const item = `<rect x="${round(x)}" y="${y - 10}" width="14" height="11" rx="3" fill="${fill}" stroke="${stroke}"/><text x="${round(x + 20)}" y="${y}" font-size="${lineSize}" fill="#444">${kind}</text>`;
    x += legendItemWidth(kind);
    return item;
  });
}
