import type { Axes } from './axes.ts';
import { Frame } from './canvas.ts';
import type { Color } from './color.ts';
import { inOrder } from './draw-axes.ts';
import { AxesImage } from './image.ts';
import { type LegendEntry, legendEntries } from './legend.ts';
import { Bars, FilledArea } from './patches.ts';
import { Screen, textColumns, truncate } from './screen.ts';
import { ink, luminance, RAMP, shadeOf, symbolOf, TerminalCanvas } from './terminal-canvas.ts';
import type { Ticks } from './ticks.ts';

/** How to draw with characters. */
export interface TerminalOptions {
  /** Columns to fill, 20..200; 80 by default. */
  width?: number;
  /** Whether to use 24-bit colours; false by default. */
  color?: boolean;
}

const GREY: Color = { r: 128, g: 128, b: 128, a: 1 };

/** What the stream and the environment say about drawing there. */
export function terminalOptions(
  stream: { isTTY?: boolean; columns?: number },
  env: Record<string, string | undefined>,
): Required<TerminalOptions> {
  const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '' && env.FORCE_COLOR !== '0';
  const refused = (env.NO_COLOR ?? '') !== '' || env.FORCE_COLOR === '0' || env.TERM === 'dumb';
  const declared = Number(env.COLUMNS);
  const columns = stream.columns ?? (declared > 0 ? declared : 80);
  return {
    color: !refused && (forced || stream.isTTY === true),
    width: Math.max(20, Math.min(100, columns)),
  };
}

/** Draws the axes of a figure with characters, lines joined by '\n'. */
export function drawInTerminal(
  axesList: readonly Axes[],
  figsize: readonly [number, number],
  suptitle: string | undefined,
  options: TerminalOptions = {},
): string {
  const width = Math.max(20, Math.min(200, Math.floor(options.width ?? 80)));
  const color = options.color ?? false;
  const parts: string[] = [];
  if (suptitle) {
    const line = new Screen(width, 1);
    const text = truncate(suptitle, width);
    line.write(Math.floor((width - textColumns(text)) / 2), 0, text, { bold: true });
    parts.push(line.toString(color), '');
  }
  const grids = new Map<string, Axes[]>();
  for (const axes of axesList) {
    const key = `${axes.cell.rows}x${axes.cell.cols}`;
    grids.set(key, [...(grids.get(key) ?? []), axes]);
  }
  for (const group of grids.values()) {
    const { rows, cols } = group[0].cell;
    const between = cols > 6 ? 1 : 2;
    const cellWidth = Math.max(6, Math.floor((width - between * (cols - 1)) / cols));
    const tall = Math.round((width * figsize[1]) / figsize[0] / 2 / rows) - 3;
    const cellHeight = Math.max(6, Math.min(30, tall));
    for (let r = 0; r < rows; r++) {
      const row = group.filter((a) => a.cell.row === r);
      if (row.length === 0) continue;
      const blocks = row.map((axes) => ({
        col: axes.cell.col,
        screen: drawBlock(axes, cellWidth, cellHeight, color),
      }));
      const height = Math.max(...blocks.map((b) => b.screen.height));
      const line = new Screen(width, height);
      for (const b of blocks) line.blit(b.screen, b.col * (cellWidth + between), 0);
      if (r > 0) parts.push('');
      parts.push(line.toString(color));
    }
  }
  return parts.join('\n');
}

/** Columns and rows of the plotting area within the room there is. */
function areaSize(axes: Axes, columns: number, rows: number): { columns: number; rows: number } {
  if (axes.aspect !== 'equal') return { columns, rows };
  const [x, y] = [axes.getXlim(), axes.getYlim()];
  const ratio = Math.abs((x[1] - x[0]) / (y[1] - y[0]));
  if (!Number.isFinite(ratio) || ratio <= 0) return { columns, rows };
  const image = axes.artists.find((a) => a instanceof AxesImage);
  // Larger than two columns a pixel shows nothing more.
  const most = image?.pixels ? Math.max(8, image.pixels.width * 2) : columns;
  let c = Math.min(columns, most);
  let r = Math.max(1, Math.round(c / ratio / 2));
  if (r > 30) {
    r = 30;
    c = Math.max(1, Math.min(columns, Math.round(r * 2 * ratio)));
  }
  return { columns: c, rows: r };
}

function thinnedXticks(axes: Axes, frame: Frame, columns: number): Ticks {
  for (let bins = Math.max(1, Math.min(9, Math.floor(columns / 8))); ; bins--) {
    const ticks = axes.xaxis.ticks(frame.xlim, bins);
    const ends = ticks.major.map((t) => {
      const half = textColumns(t.label) / 2;
      const at = frame.x(t.value) / 2;
      return [at - half, at + half];
    });
    const clash = ends.some((e, i) => i > 0 && e[0] < ends[i - 1][1] + 1);
    if (!clash || bins <= 1) return ticks;
  }
}

function drawBlock(axes: Axes, width: number, height: number, color: boolean): Screen {
  const { xaxis, yaxis, visible } = axes;
  const rough = areaSize(axes, width, height);
  const yticks = yaxis.ticks(axes.getYlim(), Math.max(1, Math.min(9, Math.floor(rough.rows / 3))));
  const room = Math.max(3, Math.floor(width * 0.4));
  const labels = yticks.major.map((t) => truncate(t.label, room));
  const gutter = visible ? Math.max(0, ...labels.map(textColumns)) + 1 : 0;
  const area = areaSize(axes, Math.max(4, width - gutter), height);
  const letters = new Set(axes.artists.map((a) => a.series)).size > 1;
  const canvas = new TerminalCanvas(area.columns, area.rows, color, letters);
  const frame = new Frame(
    { x: 0, y: 0, w: canvas.width, h: canvas.height },
    1,
    { limits: axes.getXlim(), scale: xaxis.scale },
    { limits: axes.getYlim(), scale: yaxis.scale },
  );
  for (const artist of inOrder(axes)) artist.draw(canvas, frame);
  const head: { text: string; center: boolean; color?: Color; bold?: boolean }[] = [];
  if (axes.title?.text) {
    for (const text of axes.title.text.split('\n')) {
      head.push({ text, center: true, color: ink(axes.title.look.color), bold: true });
    }
  }
  const ylabel = visible ? [yaxis.label?.text, yticks.offset].filter(Boolean).join('  ') : '';
  if (ylabel) head.push({ text: ylabel, center: false });
  const entries = axes.legendBox ? legendEntries(axes.artists, axes.legendBox.labels) : [];
  const legend = legendLines(entries, width);
  const xticks = thinnedXticks(axes, frame, area.columns);
  const xlabel = visible ? [xaxis.label?.text, xticks.offset].filter(Boolean).join('  ') : '';
  // Without colours only an image has shades that a bar could explain.
  const bars = axes.colorbars.filter((b) => color || b.mappable instanceof AxesImage);
  const foot = (visible ? 2 : 0) + (xlabel ? 1 : 0) + bars.length + legend.length;
  const screen = new Screen(width, head.length + area.rows + foot);
  const middle = (text: string): number =>
    Math.max(0, gutter + Math.floor((area.columns - textColumns(text)) / 2));
  head.forEach((h, i) => {
    const text = truncate(h.text, width);
    const start = Math.min(middle(text), width - textColumns(text));
    screen.write(h.center ? Math.max(0, start) : 0, i, text, { fg: h.color, bold: h.bold });
  });
  let y = head.length;
  screen.blit(canvas.toScreen(), gutter, y);
  if (visible) {
    drawScales(screen, frame, {
      yticks,
      xticks,
      labels,
      gutter,
      top: y,
      area,
      cutNames: xaxis.hasFixedTicks,
    });
    y += 2;
  }
  y += area.rows;
  if (xlabel) {
    const text = truncate(xlabel, width);
    screen.write(Math.min(middle(text), width - textColumns(text)), y++, text);
  }
  for (const bar of bars) {
    drawScaleBar(screen, bar, gutter, y++, color ? undefined : canvas.darkIsInk === true);
  }
  for (const line of legend) {
    let x = Math.max(0, Math.min(gutter, width - line.columns));
    for (const entry of line.entries) {
      drawKey(screen, entry, x, y, color, letters);
      const text = truncate(entry.label, width - x - 4);
      screen.write(x + 4, y, text);
      x += 4 + textColumns(text) + 3;
    }
    y++;
  }
  return screen;
}

function drawScales(
  screen: Screen,
  frame: Frame,
  at: {
    yticks: Ticks;
    xticks: Ticks;
    labels: readonly string[];
    gutter: number;
    top: number;
    area: { columns: number; rows: number };
    cutNames: boolean;
  },
): void {
  const { gutter, top, area } = at;
  const grey = { fg: GREY };
  const bottom = top + area.rows;
  for (let r = 0; r < area.rows; r++) screen.put(gutter - 1, top + r, '│', grey);
  screen.put(gutter - 1, bottom, '└', grey);
  for (let c = 0; c < area.columns; c++) screen.put(gutter + c, bottom, '─', grey);
  at.yticks.major.forEach((t, i) => {
    const row = Math.min(area.rows - 1, Math.floor(frame.y(t.value) / 4));
    const label = at.labels[i];
    screen.write(gutter - 1 - textColumns(label), top + row, label);
    screen.put(gutter - 1, top + row, '┤', grey);
  });
  let free = 0;
  const places = at.xticks.major.map((t) => frame.x(t.value) / 2).sort((a, b) => a - b);
  const closest = Math.min(screen.width, ...places.slice(1).map((p, i) => p - places[i]));
  for (const t of [...at.xticks.major].sort((a, b) => frame.x(a.value) - frame.x(b.value))) {
    const column = Math.min(area.columns - 1, Math.floor(frame.x(t.value) / 2));
    screen.put(gutter + column, bottom, '┬', grey);
    // Names are cut to their share of the width; numbers were thinned to fit before.
    const label = at.cutNames ? truncate(t.label, Math.max(1, Math.floor(closest) - 1)) : t.label;
    const n = textColumns(label);
    const middle = gutter + column - Math.floor(n / 2);
    const left = Math.max(0, Math.min(middle, screen.width - n));
    if (left < free) continue;
    screen.write(left, bottom + 1, label);
    free = left + n + 1;
  }
}

function drawScaleBar(
  screen: Screen,
  bar: Axes['colorbars'][number],
  gutter: number,
  y: number,
  /** Undefined with colours; without, whether dark is drawn as ink. */
  darkIsInk: boolean | undefined,
): void {
  const colors = bar.mappable.colors;
  if (!colors) return;
  const short = (v: number): string => String(Number(v.toPrecision(3)));
  let x = gutter;
  screen.write(x, y, short(colors.vmin));
  x += short(colors.vmin).length + 1;
  const n = Math.max(4, Math.min(24, screen.width - x - 12));
  for (let i = 0; i < n; i++, x++) {
    const c = colors.map(i / (n - 1));
    const light = luminance(c);
    if (darkIsInk === undefined) screen.put(x, y, '█', { fg: c });
    else screen.put(x, y, RAMP[Math.round((darkIsInk ? 1 - light : light) * (RAMP.length - 1))]);
  }
  const end = `${short(colors.vmax)}${bar.label ? `  ${bar.label.text}` : ''}`;
  screen.write(x + 1, y, truncate(end, screen.width - x - 1));
}

function legendLines(
  entries: readonly LegendEntry[],
  width: number,
): { entries: LegendEntry[]; columns: number }[] {
  const lines: { entries: LegendEntry[]; columns: number }[] = [];
  for (const entry of entries) {
    const n = Math.min(width, textColumns(entry.label) + 4);
    const last = lines.at(-1);
    if (last && last.columns + 3 + n <= width) {
      last.entries.push(entry);
      last.columns += 3 + n;
    } else lines.push({ entries: [entry], columns: n });
  }
  return lines;
}

function drawKey(
  screen: Screen,
  entry: LegendEntry,
  x: number,
  y: number,
  color: boolean,
  letters: boolean,
): void {
  const { artist } = entry;
  if (!color && letters) {
    const filled = artist instanceof Bars || artist instanceof FilledArea;
    const char = filled ? shadeOf(artist.series) : symbolOf(artist.series);
    screen.write(x, y, char.repeat(3));
    return;
  }
  const key = new TerminalCanvas(3, 1, color, letters);
  artist.drawKey(key, { x: 0, y: 0, w: 6, h: 4 }, 1);
  screen.blit(key.toScreen(), x, y);
}
