import type { ColorSpec } from './color.ts';
import type { ArrayInput } from './data.ts';

/** Options of `plot`; lengths in points. */
export interface PlotOptions {
  label?: string;
  color?: ColorSpec;
  /** 1.5 by default. */
  linewidth?: number;
  /** '-', '--', '-.', ':', their names, or 'none'. */
  linestyle?: string;
  /** One of o . , x + * s d D ^ v < > p h | _ or 'none'. */
  marker?: string;
  /** 6 by default. */
  markersize?: number;
  markerfacecolor?: ColorSpec;
  /** 0..1. */
  alpha?: number;
}

/** Options of `axhline` and `axvline`: as `plot`, without markers. */
export type RuleOptions = Pick<
  PlotOptions,
  'label' | 'color' | 'linewidth' | 'linestyle' | 'alpha'
>;

/** Options of `scatter`. */
export interface ScatterOptions {
  /** Area in square points, one for all or one each; 36 by default. */
  s?: ArrayInput;
  /** A colour, a list of colours, or values that the colormap turns into colours. */
  c?: ColorSpec | ArrayInput | readonly string[];
  color?: ColorSpec;
  /** 'viridis' by default. */
  cmap?: string;
  vmin?: number;
  vmax?: number;
  alpha?: number;
  marker?: string;
  edgecolor?: ColorSpec;
  label?: string;
}

/** Options of filled shapes. */
export interface FillOptions {
  label?: string;
  color?: ColorSpec;
  edgecolor?: ColorSpec;
  linewidth?: number;
  alpha?: number;
}

/** Options of `bar` and `barh`. */
export interface BarOptions extends Omit<FillOptions, 'color'> {
  /** One colour, or a list of colour names, one for each bar. */
  color?: ColorSpec | readonly string[];
  /** Thickness of the bars in data units; 0.8 by default. */
  width?: ArrayInput;
  /** Where the bars stand; 0 by default. */
  bottom?: ArrayInput;
  /** Whether x is the bar's middle or its lower edge. */
  align?: 'center' | 'edge';
}

/** Options of `hist`. */
export interface HistOptions extends FillOptions {
  /** Number of bins, 1 to 100000, or their edges in rising order; 10 by default. */
  bins?: number | ArrayInput;
  /** Smallest and largest value counted; the data's by default. */
  range?: readonly [number, number];
  /** Scales the bars so that their areas add up to 1. */
  density?: boolean;
}

/** Options of `imshow`. */
export interface ImageOptions {
  /** 'viridis' by default; 'gray', 'gray_r', ... */
  cmap?: string;
  vmin?: number;
  vmax?: number;
  alpha?: number;
  /** Only 'nearest' (also 'none' and 'antialiased', drawn alike). */
  interpolation?: string;
  /** 'equal' (square pixels) by default, or 'auto' to fill the axes. */
  aspect?: 'equal' | 'auto';
  /** Where row 0 lies; 'upper' by default. */
  origin?: 'upper' | 'lower';
}

/** Options of `legend`. */
export interface LegendOptions {
  /** 'best' (default), 'upper right', 'lower left', 'center', 'center left', ... */
  loc?: string;
  title?: string;
  fontsize?: number;
  /** Columns; 1 by default. */
  ncols?: number;
  frameon?: boolean;
}

/** Options of `grid`. */
export interface GridOptions {
  axis?: 'both' | 'x' | 'y';
  color?: ColorSpec;
  linestyle?: string;
  linewidth?: number;
  alpha?: number;
}

/** Options of `colorbar`. */
export interface ColorbarOptions {
  label?: string;
}

/** Options of a figure. */
export interface FigureOptions {
  /** Width and height in inches; [6.4, 4.8] by default. */
  figsize?: readonly [number, number];
  /** Pixels per inch, 100 by default. */
  dpi?: number;
  facecolor?: ColorSpec;
}

/** Options of `subplots`. */
export interface SubplotsOptions extends FigureOptions {
  /** Gives every subplot the same limits along x. */
  sharex?: boolean;
  /** Gives every subplot the same limits along y. */
  sharey?: boolean;
  /** false: a single axes comes as [[ax]], a row as [[a, b]]. */
  squeeze?: boolean;
}
