/** `model.summary()` as Keras prints it. */
import { showShape } from '../../shape.ts';
import type { Layer } from '../layers/index.ts';

const widths = [31, 22, 13];

function cells(texts: readonly string[], edge: string): string {
  const fit = (t: string, w: number): string => (t.length > w ? `${t.slice(0, w - 1)}…` : t);
  return `${edge} ${fit(texts[0], widths[0]).padEnd(widths[0])} ${edge} ${fit(texts[1], widths[1]).padEnd(widths[1])} ${edge} ${fit(texts[2], widths[2]).padStart(widths[2])} ${edge}`;
}

const rule = (left: string, fill: string, mid: string, right: string): string =>
  left + widths.map((w) => fill.repeat(w + 2)).join(mid) + right;

export function memory(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let v = bytes;
  let u = 0;
  while (v >= 1024 && u < units.length - 1) {
    v /= 1024;
    u++;
  }
  return `${v.toFixed(2)} ${units[u]}`;
}

const count = (n: number): string => n.toLocaleString('en-US');

export interface Totals {
  readonly trainable: number;
  readonly nonTrainable: number;
  readonly optimizer: number | null;
}

export function summaryText(name: string, layers: readonly Layer[], totals: Totals | null): string {
  const lines = [
    `Model: "${name}"`,
    rule('┏', '━', '┳', '┓'),
    cells(['Layer (type)', 'Output Shape', 'Param #'], '┃'),
    rule('┡', '━', '╇', '┩'),
  ];
  layers.forEach((l, i) => {
    const shape = l.built && l.outputShape ? showShape(l.outputShape) : '?';
    const params = l.built ? count(l.countParams()) : '0 (unbuilt)';
    if (i > 0) lines.push(rule('├', '─', '┼', '┤'));
    lines.push(cells([`${l.name} (${l.constructor.name})`, shape, params], '│'));
  });
  lines.push(rule('└', '─', '┴', '┘'));
  const line = (label: string, n: number): string => ` ${label}: ${count(n)} (${memory(4 * n)})`;
  const t = totals ?? { trainable: 0, nonTrainable: 0, optimizer: null };
  lines.push(line('Total params', t.trainable + t.nonTrainable + (t.optimizer ?? 0)));
  lines.push(line('Trainable params', t.trainable));
  lines.push(line('Non-trainable params', t.nonTrainable));
  if (t.optimizer !== null) lines.push(line('Optimizer params', t.optimizer));
  return lines.join('\n');
}
