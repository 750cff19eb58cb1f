import type { PositionInput } from './axes.ts';
import type { TextOptions } from './axis.ts';
import type { ArrayInput } from './data.ts';
import type { AxesImage } from './image.ts';
import type { Line, RuleLine } from './line.ts';
import type { Note } from './note.ts';
import type {
  BarOptions,
  FillOptions,
  GridOptions,
  HistOptions,
  ImageOptions,
  LegendOptions,
  PlotOptions,
  RuleOptions,
  ScatterOptions,
} from './options.ts';
import type { Bars, FilledArea } from './patches.ts';
import type { Scatter } from './scatter.ts';
import { gca, gcf } from './state.ts';

// Each function here is the method of the same meaning of the current axes; the methods in axes.ts
// tell the arguments and errors.

/** Draws lines: `plot(y)`, `plot(x, y)`, then a format such as 'r--o' and options. */
export function plot(y: ArrayInput, format?: string, options?: PlotOptions): Line[];
export function plot(y: ArrayInput, options: PlotOptions): Line[];
export function plot(
  x: PositionInput,
  y: ArrayInput,
  format?: string,
  options?: PlotOptions,
): Line[];
export function plot(x: PositionInput, y: ArrayInput, options: PlotOptions): Line[];
export function plot(...args: unknown[]): Line[] {
  const axes = gca();
  return (axes.plot as (...a: unknown[]) => Line[]).apply(axes, args);
}

/** `plot` with a logarithmic y axis. */
export function semilogy(
  x: PositionInput,
  y?: ArrayInput | string | PlotOptions,
  ...more: unknown[]
): Line[] {
  return gca().semilogy(x, y, ...more);
}

/** `plot` with a logarithmic x axis. */
export function semilogx(
  x: PositionInput,
  y?: ArrayInput | string | PlotOptions,
  ...more: unknown[]
): Line[] {
  return gca().semilogx(x, y, ...more);
}

/** `plot` with two logarithmic axes. */
export function loglog(
  x: PositionInput,
  y?: ArrayInput | string | PlotOptions,
  ...more: unknown[]
): Line[] {
  return gca().loglog(x, y, ...more);
}

/** Draws separate points. */
export function scatter(x: PositionInput, y: ArrayInput, options?: ScatterOptions): Scatter {
  return gca().scatter(x, y, options);
}

/** Draws upright bars. */
export function bar(x: PositionInput, height: ArrayInput, options?: BarOptions): Bars {
  return gca().bar(x, height, options);
}

/** Draws lying bars. */
export function barh(y: PositionInput, width: ArrayInput, options?: BarOptions): Bars {
  return gca().barh(y, width, options);
}

/** Draws how often values fall into bins. */
export function hist(values: ArrayInput, options?: HistOptions): Bars {
  return gca().hist(values, options);
}

/** Shows a picture. */
export function imshow(image: ArrayInput, options?: ImageOptions): AxesImage {
  return gca().imshow(image, options);
}

/** Draws a horizontal line across the axes. */
export function axhline(
  y?: number,
  options?: RuleOptions & { xmin?: number; xmax?: number },
): RuleLine {
  return gca().axhline(y, options);
}

/** Draws a vertical line across the axes. */
export function axvline(
  x?: number,
  options?: RuleOptions & { ymin?: number; ymax?: number },
): RuleLine {
  return gca().axvline(x, options);
}

/** Fills the area between two curves. */
export function fillBetween(
  x: ArrayInput,
  y1: ArrayInput,
  y2?: ArrayInput,
  options?: FillOptions,
): FilledArea {
  return gca().fillBetween(x, y1, y2, options);
}

/** Writes a text at a place in the data. */
export function text(
  x: number,
  y: number,
  content: string,
  options?: TextOptions & { inAxes?: boolean },
): Note {
  return gca().text(x, y, content, options);
}

/** Writes a text that points at a place in the data. */
export function annotate(
  content: string,
  xy: readonly [number, number],
  options?: TextOptions & { xytext?: readonly [number, number] },
): Note {
  return gca().annotate(content, xy, options);
}

/** Writes a title above the axes. */
export function title(content: string, options?: TextOptions): void {
  gca().setTitle(content, options);
}

/** Writes a title over the whole figure. */
export function suptitle(content: string, options?: TextOptions): void {
  gcf().suptitle(content, options);
}

/** Names the x axis. */
export function xlabel(content: string, options?: TextOptions): void {
  gca().setXlabel(content, options);
}

/** Names the y axis. */
export function ylabel(content: string, options?: TextOptions): void {
  gca().setYlabel(content, options);
}

/** Sets the ends of the x axis, if any is given, and returns them. */
export function xlim(left?: number | readonly [number, number], right?: number): [number, number] {
  if (left !== undefined || right !== undefined) gca().setXlim(left, right);
  return gca().getXlim();
}

/** Sets the ends of the y axis, if any is given, and returns them. */
export function ylim(bottom?: number | readonly [number, number], top?: number): [number, number] {
  if (bottom !== undefined || top !== undefined) gca().setYlim(bottom, top);
  return gca().getYlim();
}

/** Sets the ticks of the x axis. */
export function xticks(
  ticks: ArrayLike<number>,
  labels?: readonly string[],
  options?: TextOptions,
): void {
  gca().setXticks(ticks, labels, options);
}

/** Sets the ticks of the y axis. */
export function yticks(
  ticks: ArrayLike<number>,
  labels?: readonly string[],
  options?: TextOptions,
): void {
  gca().setYticks(ticks, labels, options);
}

/** 'linear' or 'log'. */
export function xscale(scale: 'linear' | 'log'): void {
  gca().setXscale(scale);
}

/** 'linear' or 'log'. */
export function yscale(scale: 'linear' | 'log'): void {
  gca().setYscale(scale);
}

/** Shows a legend of what has a label. */
export function legend(labels?: readonly string[] | LegendOptions, options?: LegendOptions): void {
  gca().legend(labels, options);
}

/** Shows lines at the ticks, behind the data. */
export function grid(visible?: boolean | GridOptions, options?: GridOptions): void {
  gca().grid(visible, options);
}

/** 'off', 'on', 'equal', 'tight', or [x0, x1, y0, y1]. */
export function axis(what: 'on' | 'off' | 'equal' | 'tight' | 'auto' | readonly number[]): void {
  gca().axis(what);
}
