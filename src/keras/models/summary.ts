/**
 * `model.summary()` as Keras prints it (keras/src/utils/summary_utils.py, with the column widths that
 * its table library arrives at).
 */
import { bytesOf } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { showShape } from '../../shape.ts';
import type { Node, Operation } from '../functional/node.ts';
import { type BatchShape, Layer, type ShapeTree } from '../layers/layer.ts';
import { isPlainObject, isShape } from '../tree.ts';
import type { Variable } from '../variable.ts';
import type { Network } from './network.ts';

export interface SummaryOptions {
  /** Characters of a line. Default: 88 (108 with connections), or what the terminal leaves. */
  readonly lineLength?: number | null;
  /** Where the text goes; default console.log. */
  readonly printFn?: (text: string) => void;
  /** Shows the layers of models inside the model. */
  readonly expandNested?: boolean;
  /** A column that says which layers are trained. */
  readonly showTrainable?: boolean;
  /** Regular expressions for the names of the first and the last layer to show. */
  readonly layerRange?: readonly [string, string] | null;
}

export const summaryOptions: readonly string[] = [
  'lineLength',
  'printFn',
  'expandNested',
  'showTrainable',
  'layerRange',
];

export interface Totals {
  readonly trainable: readonly Variable[];
  readonly nonTrainable: readonly Variable[];
  readonly optimizer: readonly Variable[] | undefined;
}

interface Column {
  readonly header: string;
  readonly align: 'left' | 'right' | 'center';
  readonly width: number;
}

/** Throws `option` for a line that is too short, or a range that names no layers. */
export function summaryText(model: Network, totals: Totals, o: SummaryOptions = {}): string {
  const graph = model.graph;
  const parts: readonly Operation[] = graph?.operations ?? model.layers;
  const connected = graph !== undefined && !isChain(graph.map.depths);
  const columns = layout(connected, o);
  const rule = (left: string, fill: string, mid: string, right: string): string =>
    left + columns.map((c) => fill.repeat(c.width + 2)).join(mid) + right;
  const shown = inRange(parts, o.layerRange);
  const connections = (p: Operation): string => connectionsOf(p, (n) => graph!.has(n));
  const table = rows(shown, o, connected ? connections : undefined).map((cells) =>
    row(columns, cells, '│'),
  );
  return [
    `Model: "${model.name}"`,
    rule('┏', '━', '┳', '┓'),
    row(
      columns,
      columns.map((c) => c.header),
      '┃',
    ),
    rule('┡', '━', '╇', '┩'),
    ...(table.length > 0 ? [table.join(`\n${rule('├', '─', '┼', '┤')}\n`)] : []),
    rule('└', '─', '┴', '┘'),
    ...footer(totals),
  ].join('\n');
}

/** Whether every call follows the one before, and no layer is called twice. */
function isChain(depths: ReadonlyMap<Node, number>): boolean {
  const taken = new Set<number>();
  const operations = new Set<Operation>();
  for (const [node, depth] of depths) {
    if (taken.has(depth) || node.inputTensors.length > 1 || operations.has(node.operation))
      return false;
    taken.add(depth);
    operations.add(node.operation);
  }
  return true;
}

function inRange(
  parts: readonly Operation[],
  range: SummaryOptions['layerRange'],
): readonly Operation[] {
  if (!range) return parts;
  const places = (pattern: string): number[] =>
    parts.flatMap((p, i) => (new RegExp(`^(?:${pattern})`).test(p.name) ? [i] : []));
  const [first, last] = [places(range[0]), places(range[1])];
  if (first.length === 0 || last.length === 0)
    throw new GradloomError(
      'option',
      `summary: layerRange names no layers of the model: ${JSON.stringify(range)}.`,
      { layerRange: range },
    );
  const [low, high] = [first[0], last[last.length - 1]];
  return low > high
    ? parts.slice(last[0], first[first.length - 1] + 1)
    : parts.slice(low, high + 1);
}

function layout(connected: boolean, o: SummaryOptions): Column[] {
  const extra = o.showTrainable ?? false;
  const most = (connected ? 108 : 88) + (extra ? 12 : 0);
  const length = o.lineLength ?? Math.min(most, terminalColumns() - 4);
  const plain = connected ? [0.3, 0.56, 0.74, 1] : [0.45, 0.8, 1];
  const shares = extra ? [...plain.map((s) => s * 0.9), 1] : plain;
  const ends = shares.map((s) => Math.floor(s * length));
  const widths = ends.map((e, i) => e - (ends[i - 1] ?? 0));
  // A cell's two spaces of padding come on top, and then the lines between: too much by as much,
  // which is taken from the columns in equal parts.
  let excess = widths.reduce((a, w) => a + w + 3, 1) - length;
  widths.forEach((_, i) => {
    const part = roundHalfEven(excess / (widths.length - i));
    widths[i] -= part;
    excess -= part;
  });
  if (widths.some((w) => w < 4))
    throw new GradloomError(
      'option',
      `summary: a line of ${length} characters is too short for the table.`,
      { lineLength: length },
    );
  const kinds: Omit<Column, 'width'>[] = [
    { header: 'Layer (type)', align: 'left' },
    { header: 'Output Shape', align: 'left' },
    { header: 'Param #', align: 'right' },
  ];
  if (connected) kinds.push({ header: 'Connected to', align: 'left' });
  if (extra) kinds.push({ header: 'Trainable', align: 'center' });
  return widths.map((width, i) => ({ ...kinds[i], width }));
}

function roundHalfEven(x: number): number {
  const r = Math.round(x);
  return r - x === 0.5 && r % 2 !== 0 ? r - 1 : r;
}

function terminalColumns(): number {
  const p = (globalThis as { process?: { stdout?: { columns?: number } } }).process;
  return p?.stdout?.columns ?? 80;
}

function rows(
  parts: readonly Operation[],
  o: SummaryOptions,
  connections: ((p: Operation) => string) | undefined,
  depth = 0,
): string[][] {
  return parts.flatMap((p) => {
    const layer = p instanceof Layer ? p : undefined;
    const prefix = depth > 0 ? `${'   '.repeat(depth)}└ ` : '';
    const params = layer ? (isUnbuilt(layer) ? '0 (unbuilt)' : count(layer.countParams())) : '0';
    const cells = [`${prefix}${p.name} (${p.className})`, shapeText(p), params];
    if (connections) cells.push(connections(p));
    if (o.showTrainable)
      cells.push(!layer || layer.weights.length === 0 ? '-' : layer.trainable ? 'Y' : 'N');
    const inner = o.expandNested ? (p as { layers?: readonly Layer[] }).layers : undefined;
    return [cells, ...(inner ? rows(inner, o, connections, depth + 1) : [])];
  });
}

/** Whether there are weights still to be made. */
function isUnbuilt(l: Layer): boolean {
  const plain = l.build === Layer.prototype.build && l.sublayers.length === 0;
  return !l.built && !plain;
}

/** What the last call gave, or else what is known of the layer. */
function shapeText(p: Operation): string {
  const node = p.inboundNodes[p.inboundNodes.length - 1];
  if (node) {
    const shapes = node.outputs.map((t) => t.shape);
    return shapes.length === 1 ? showShape(shapes[0]) : `[${shapes.map(showShape).join(', ')}]`;
  }
  const known = p instanceof Layer && p.built ? p.outputShape : undefined;
  return known ? showTree(known) : '?';
}

function showTree(s: ShapeTree): string {
  if (isShape(s)) return showShape(s);
  if (!isPlainObject(s)) return `[${(s as readonly ShapeTree[]).map(showTree).join(', ')}]`;
  const entries = Object.entries(s) as [string, BatchShape][];
  return `{${entries.map(([k, v]) => `${k}: ${showTree(v)}`).join(', ')}}`;
}

/** `dense[0][0]`: the first output of the first call of dense. */
function connectionsOf(p: Operation, inModel: (n: Node) => boolean): string {
  const from = p.inboundNodes
    .filter(inModel)
    .flatMap((n) => n.inputTensors)
    .map((t) => `${t.node.operation.name}[${t.node.index}][${t.index}]`);
  return from.length === 0 ? '-' : from.join(', ');
}

/** A row of the table: more than one line where a cell does not fit. */
function row(columns: readonly Column[], cells: readonly string[], edge: string): string {
  const wrapped = cells.map((c, i) => wrap(c, columns[i].width));
  const height = Math.max(...wrapped.map((w) => w.length));
  return Array.from({ length: height }, (_, k) => {
    const texts = columns.map(({ align, width }, i) => {
      const text = wrapped[i][k] ?? '';
      const room = width - text.length;
      const before = align === 'left' ? 0 : align === 'right' ? room : Math.floor(room / 2);
      return ` ${' '.repeat(before)}${text}${' '.repeat(room - before)} `;
    });
    return `${edge}${texts.join(edge)}${edge}`;
  }).join('\n');
}

/** Lines of whole words; a word that is too long ends in an ellipsis. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1];
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((l) => (l.length > width ? `${l.slice(0, width - 1)}…` : l));
}

const count = (n: number): string => n.toLocaleString('en-US');

function footer({ trainable, nonTrainable, optimizer }: Totals): string[] {
  const line = (label: string, vs: readonly Variable[]): string => {
    const n = vs.reduce((a, v) => a + v.size, 0);
    const bytes = vs.reduce((a, v) => a + v.size * bytesOf(v.dtype), 0);
    return ` ${label}: ${count(n)} (${memoryText(bytes)})`;
  };
  return [
    line('Total params', [...trainable, ...nonTrainable, ...(optimizer ?? [])]),
    line('Trainable params', trainable),
    line('Non-trainable params', nonTrainable),
    ...(optimizer ? [line('Optimizer params', optimizer)] : []),
  ];
}

function memoryText(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];
  let v = bytes;
  let u = 0;
  while (v >= 1024 && u < units.length - 1) {
    v /= 1024;
    u++;
  }
  return `${v.toFixed(2)} ${units[u]}`;
}
