import type { Axes } from './axes.ts';
import type { Axis } from './axis.ts';
import type { Box, Frame } from './canvas.ts';
import { textHeight, textWidth } from './text-metrics.ts';
import { labelledTicks, type Ticks } from './ticks.ts';

/** matplotlib's distances, in points. */
export const TICK_LENGTH = 3.5;
export const MINOR_TICK_LENGTH = 2;
export const TICK_PAD = 3.5;
export const LABEL_PAD = 4;
export const TITLE_PAD = 6;
export const COLORBAR_GAP = 10;

/** Room needed around a plotting area, in canvas units. */
export interface Sides {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** What stands around one axes, found for one size of its plotting area. */
export interface Decorations {
  readonly sides: Sides;
  readonly xticks: Ticks;
  readonly yticks: Ticks;
  /** Degrees by which the x tick labels are turned. */
  readonly xrotation: number;
  /** Distance from the area to the far side of the tick labels. */
  readonly xtickDepth: number;
  readonly ytickDepth: number;
  /** Distance from the area to the title's lower side. */
  readonly titleRise: number;
}

/** Most intervals between ticks that leave their labels room. */
function binsFor(length: number, fontsize: number, perLabel: number, unit: number): number {
  return Math.max(1, Math.min(9, Math.floor(length / (fontsize * unit * perLabel))));
}

/** Height and width that a text takes once turned. */
function turned(text: string, size: number, degrees: number): { w: number; h: number } {
  const a = (degrees * Math.PI) / 180;
  const [w, h] = [textWidth(text, size), textHeight(text, size)];
  const [c, s] = [Math.abs(Math.cos(a)), Math.abs(Math.sin(a))];
  return { w: w * c + h * s, h: w * s + h * c };
}

function overlap(axis: Axis, ticks: Ticks, place: (v: number) => number, size: number): boolean {
  const sorted = ticks.major
    .map((t) => ({ at: place(t.value), half: textWidth(t.label, size) / 2 }))
    .sort((a, b) => a.at - b.at);
  const gap = (axis.hasFixedTicks ? 0.3 : 0.6) * size;
  return sorted.some(
    (t, i) => i > 0 && t.at - t.half < sorted[i - 1].at + sorted[i - 1].half + gap,
  );
}

/** The x ticks, thinned or turned until their labels do not touch. */
function fitXticks(axes: Axes, frame: Frame): { ticks: Ticks; rotation: number } {
  const { xaxis } = axes;
  const size = xaxis.tickLook.fontsize * frame.unit;
  let bins = binsFor(frame.box.w, xaxis.tickLook.fontsize, 3, frame.unit);
  let ticks = xaxis.ticks(frame.xlim, bins);
  if (xaxis.rotation !== undefined) return { ticks, rotation: xaxis.rotation };
  const place = (v: number): number => frame.x(v);
  if (xaxis.hasFixedTicks) {
    return { ticks, rotation: overlap(xaxis, ticks, place, size) ? 45 : 0 };
  }
  while (bins > 1 && overlap(xaxis, ticks, place, size)) {
    bins--;
    ticks = xaxis.ticks(frame.xlim, bins);
  }
  return { ticks, rotation: 0 };
}

/** Width of a colorbar beside an area of this height. */
export function colorbarWidth(box: Box, unit: number): number {
  return Math.max(6 * unit, Math.min(16 * unit, box.h / 20));
}

/** The ticks of a colorbar of this height. */
export function colorbarTicks(vmin: number, vmax: number, box: Box, unit: number): Ticks {
  if (vmin === vmax) return { ...labelledTicks(vmin, vmax + 1, 1), minor: [] };
  return labelledTicks(vmin, vmax, binsFor(box.h, 10, 2, unit));
}

/** Room that one colorbar takes to the right of what is already there. */
export function colorbarRoom(
  bar: Axes['colorbars'][number],
  box: Box,
  unit: number,
): { total: number; labels: number } {
  const colors = bar.mappable.colors;
  const ticks = colors ? colorbarTicks(colors.vmin, colors.vmax, box, unit).major : [];
  const labels = Math.max(0, ...ticks.map((t) => textWidth(t.label, 10 * unit)));
  const caption = bar.label ? (bar.label.look.fontsize + LABEL_PAD) * unit : 0;
  const before = COLORBAR_GAP * unit + colorbarWidth(box, unit) + (TICK_LENGTH + TICK_PAD) * unit;
  return { total: before + labels + caption, labels };
}

/** Finds the ticks of an axes and the room that everything around its frame takes. */
export function decorate(axes: Axes, frame: Frame): Decorations {
  const { unit, box } = frame;
  const { xaxis, yaxis, title, visible } = axes;
  const ysize = yaxis.tickLook.fontsize * unit;
  const xsize = xaxis.tickLook.fontsize * unit;
  const { ticks: xticks, rotation: xrotation } = fitXticks(axes, frame);
  const yticks = yaxis.ticks(frame.ylim, binsFor(box.h, yaxis.tickLook.fontsize, 2, unit));
  const sides = { left: 0, right: 0, top: 0, bottom: 0 };
  let [xtickDepth, ytickDepth, titleRise] = [0, 0, TITLE_PAD * unit];
  if (visible) {
    const stub = (TICK_LENGTH + TICK_PAD) * unit;
    if (xticks.major.length > 0) {
      const heights = xticks.major.map((t) => turned(t.label, xsize, xrotation).h);
      xtickDepth = stub + Math.max(...heights);
    }
    if (yticks.major.length > 0) {
      const widths = yticks.major.map((t) => turned(t.label, ysize, yaxis.rotation ?? 0).w);
      ytickDepth = stub + Math.max(...widths);
    }
    const xoffset = xticks.offset ? xsize + 2 * unit : 0;
    const xlabel = xaxis.label
      ? LABEL_PAD * unit + textHeight(xaxis.label.text, xaxis.label.look.fontsize * unit)
      : 0;
    const ylabel = yaxis.label
      ? LABEL_PAD * unit + textHeight(yaxis.label.text, yaxis.label.look.fontsize * unit)
      : 0;
    sides.bottom = xtickDepth + Math.max(xoffset, xlabel);
    sides.left = ytickDepth + ylabel;
    if (yticks.offset) titleRise += ysize * 1.1;
    if (yticks.offset) sides.top = ysize * 1.4;
    // Labels of ticks at the frame's corners reach beyond it.
    for (const t of xticks.major) {
      const at = frame.x(t.value) - box.x;
      const w = turned(t.label, xsize, xrotation).w;
      const [before, after] = xrotation === 0 ? [w / 2, w / 2] : [w, ysize / 2];
      sides.left = Math.max(sides.left, before - at);
      sides.right = Math.max(sides.right, at + after - box.w);
    }
    if (yticks.major.length > 0) {
      sides.top = Math.max(sides.top, ysize * 0.4);
      sides.bottom = Math.max(sides.bottom, ysize * 0.4);
    }
  }
  if (title && title.text !== '') {
    const size = title.look.fontsize * unit;
    sides.top = Math.max(sides.top, titleRise + textHeight(title.text, size));
  }
  for (const bar of axes.colorbars) sides.right += colorbarRoom(bar, box, unit).total;
  return { sides, xticks, yticks, xrotation, xtickDepth, ytickDepth, titleRise };
}
