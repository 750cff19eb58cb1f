/**
 * Plots in the manner of matplotlib's pyplot: functions that draw on a current figure, and Figure
 * and Axes objects for those who prefer them.
 */
export type { Artist, Mappable } from './artist.ts';
export { Axes, type PositionInput } from './axes.ts';
export type { TextOptions } from './axis.ts';
export type { ColorSpec } from './color.ts';
export { colormapNames } from './colormap.ts';
export type { ArrayInput, NumberList, TensorLike } from './data.ts';
export { type AxesGrid, Figure, type SaveOptions } from './figure.ts';
export type { LineStyle, Marker } from './format-string.ts';
export { type Histogram, histogram } from './histogram.ts';
export { AxesImage } from './image.ts';
export { Line, RuleLine } from './line.ts';
export { Note } from './note.ts';
export type {
  BarOptions,
  ColorbarOptions,
  FigureOptions,
  FillOptions,
  GridOptions,
  HistOptions,
  ImageOptions,
  LegendOptions,
  PlotOptions,
  RuleOptions,
  ScatterOptions,
  SubplotsOptions,
} from './options.ts';
export { Bars, FilledArea } from './patches.ts';
export * from './pyplot.ts';
export { Scatter } from './scatter.ts';
export * from './state.ts';
export type { TerminalOptions } from './terminal.ts';
