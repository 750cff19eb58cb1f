/**
 * `model.summary()` as Keras prints it (keras/src/utils/summary_utils.py, with the column widths that
 * its table library arrives at).
 */
import { bytesOf } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { showShape } from '../../shape.ts';
import { type BatchShape, Layer } from '../layers/index.ts';
import type { Variable } from '../variable.ts';

export interface SummaryOptions {
  /** Characters of a line. Default: 88, or what the terminal leaves. */
  readonly lineLength?: number | null;
  /** Where the text goes; default console.log. */
  readonly printFn?: (text: string) => void;
  /** Shows the layers of models inside the model. */
  readonly expandNested?: boolean;
  /** A column that says which layers are trained. */
  readonly showTrainable?: boolean;
}

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

export function summaryText(
  name: string,
  layers: readonly Layer[],
  totals: Totals,
  o: SummaryOptions = {},
): string {
  const columns = layout(o);
  const rule = (left: string, fill: string, mid: string, right: string): string =>
    left + columns.map((c) => fill.repeat(c.width + 2)).join(mid) + right;
  const table = rows(layers, o).map((cells) => row(columns, cells, '│'));
  return [
    `Model: "${name}"`,
    rule('┏', '━', '┳', '┓'),
    row(
      columns,
      columns.map((c) => c.header),
      '┃',
    ),
    rule('┡', '━', '╇', '┩'),
    table.join(`\n${rule('├', '─', '┼', '┤')}\n`),
    rule('└', '─', '┴', '┘'),
    ...footer(totals),
  ].join('\n');
}

function layout(o: SummaryOptions): Column[] {
  const extra = o.showTrainable ?? false;
  const length = o.lineLength ?? Math.min(extra ? 100 : 88, terminalColumns() - 4);
  const shares = extra ? [0.405, 0.72, 0.9, 1] : [0.45, 0.8, 1];
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
  const headers = ['Layer (type)', 'Output Shape', 'Param #', 'Trainable'];
  const align = ['left', 'left', 'right', 'center'] as const;
  return widths.map((width, i) => ({ header: headers[i], align: align[i], width }));
}

function roundHalfEven(x: number): number {
  const r = Math.round(x);
  return r - x === 0.5 && r % 2 !== 0 ? r - 1 : r;
}

function terminalColumns(): number {
  const p = (globalThis as { process?: { stdout?: { columns?: number } } }).process;
  return p?.stdout?.columns ?? 80;
}

function rows(layers: readonly Layer[], o: SummaryOptions, depth = 0): string[][] {
  return layers.flatMap((l) => {
    const prefix = depth > 0 ? `${'   '.repeat(depth)}└ ` : '';
    const shape = l.built && l.outputShape ? showShape(l.outputShape as BatchShape) : '?';
    const params = l.built || isPlain(l) ? count(l.countParams()) : '0 (unbuilt)';
    const cells = [`${prefix}${l.name} (${l.constructor.name})`, shape, params];
    if (o.showTrainable) cells.push(l.weights.length === 0 ? '-' : l.trainable ? 'Y' : 'N');
    const inner = o.expandNested ? (l as { layers?: readonly Layer[] }).layers : undefined;
    return [cells, ...(inner ? rows(inner, o, depth + 1) : [])];
  });
}

/** Whether the layer has no weights to make. */
function isPlain(l: Layer): boolean {
  return l.build === Layer.prototype.build;
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
