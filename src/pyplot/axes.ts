import { GradloomError } from '../errors.ts';
import type { Artist, Mappable } from './artist.ts';
import { Axis, type Caption, type TextOptions, textLook } from './axis.ts';
import { type Box, Frame } from './canvas.ts';
import { type Color, type ColorSpec, parseColor, TAB10 } from './color.ts';
import { colorScale, getColormap } from './colormap.ts';
import { type ArrayInput, asVector, type Dense, isTensor, sameLength, withDense } from './data.ts';
import { parseFormat, parseLineStyle, parseMarker } from './format-string.ts';
import { histogram } from './histogram.ts';
import { AxesImage, toPixels } from './image.ts';
import { checkLocation } from './legend.ts';
import { Line, type LineLook, RuleLine } from './line.ts';
import { Note } from './note.ts';
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
import { Bars, FilledArea, type PatchLook } from './patches.ts';
import type { Span } from './scale.ts';
import { Scatter } from './scatter.ts';

/** Where an axes lies: a cell of a grid of rows x cols. */
export interface Cell {
  readonly rows: number;
  readonly cols: number;
  readonly row: number;
  readonly col: number;
}

/** Positions along an axis: numbers, or names that take the places 0, 1, 2, ... */
export type PositionInput = ArrayInput | readonly string[];

/** Lines behind the data. */
export interface Grid {
  readonly axis: 'both' | 'x' | 'y';
  readonly look: LineLook;
}

function isOptions(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !ArrayBuffer.isView(value) &&
    !isTensor(value)
  );
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((v) => typeof v === 'string');
}

function positive(value: number, name: string): number {
  if (!(value >= 0 && Number.isFinite(value))) {
    throw new GradloomError('pyplot.option', `${name} must be 0 or more, but is ${value}.`);
  }
  return value;
}

/** One plot: its data, its two axes, and what is written around it. */
export class Axes {
  readonly cell: Cell;
  xaxis: Axis = new Axis('x');
  yaxis: Axis = new Axis('y');
  readonly artists: Artist[] = [];
  readonly colorbars: { mappable: Mappable; label: Caption | undefined }[] = [];
  title: Caption | undefined;
  gridLines: Grid | undefined;
  legendBox: { labels: readonly string[] | undefined; options: LegendOptions } | undefined;
  visible = true;
  aspect: 'auto' | 'equal' = 'auto';
  /** Axes whose data count for this one's limits along x, or y, besides its own. */
  sharedX: readonly Axes[] = [];
  sharedY: readonly Axes[] = [];
  /** Whether data touch the frame instead of keeping a margin. */
  #tight = false;
  #lineCount = 0;
  #patchCount = 0;
  #series = 0;
  readonly #loading: Promise<void>[] = [];

  constructor(cell: Cell) {
    this.cell = cell;
  }

  /** Whether some tensor's data has not arrived. */
  get isLoading(): boolean {
    return this.#loading.length > 0;
  }

  /** Waits for the tensors' data. */
  async load(): Promise<void> {
    await Promise.all(this.#loading);
    this.#loading.length = 0;
  }

  #fill(inputs: { value: unknown; name: string }[], use: (dense: Dense[]) => void): void {
    const later = withDense(inputs, use);
    if (!later) return;
    // The failure is told where load() is awaited; meanwhile it must not count as unhandled.
    later.catch(() => {});
    this.#loading.push(later);
  }

  #positions(value: unknown, axis: Axis): unknown {
    return isNames(value) ? axis.categorise(value) : value;
  }

  #lineLook(options: PlotOptions, format: string | undefined, cycle: () => string): LineLook {
    const f = format === undefined ? {} : parseFormat(format);
    const color = parseColor(options.color ?? f.color ?? cycle(), options.alpha);
    return {
      color,
      linewidth: positive(options.linewidth ?? 1.5, 'linewidth'),
      linestyle:
        options.linestyle === undefined ? (f.linestyle ?? '-') : parseLineStyle(options.linestyle),
      marker: options.marker === undefined ? (f.marker ?? 'none') : parseMarker(options.marker),
      markersize: positive(options.markersize ?? 6, 'markersize'),
      markerfacecolor:
        options.markerfacecolor === undefined
          ? undefined
          : parseColor(options.markerfacecolor, options.alpha),
    };
  }

  /**
   * Draws y against x as a line with optional markers.
   * @param x positions, as many as y has rows; 0, 1, 2, ... when left out
   * @param y values; a two-dimensional y gives one line for each column
   * @param format such as 'r--o': colour, line and marker
   * @param options what they say goes before the format
   * @returns the lines
   * @throws GradloomError when lengths differ, or for an unknown colour, format or option
   */
  plot(y: ArrayInput, format?: string, options?: PlotOptions): Line[];
  plot(y: ArrayInput, options: PlotOptions): Line[];
  plot(x: PositionInput, y: ArrayInput, format?: string, options?: PlotOptions): Line[];
  plot(x: PositionInput, y: ArrayInput, options: PlotOptions): Line[];
  plot(...args: unknown[]): Line[] {
    const rest = args.filter((a) => a !== undefined);
    const options = (isOptions(rest.at(-1)) ? rest.pop() : {}) as PlotOptions;
    const format = typeof rest.at(-1) === 'string' ? (rest.pop() as string) : undefined;
    if (rest.length === 0 || rest.length > 2 || rest.some((a) => typeof a === 'string')) {
      throw new GradloomError(
        'pyplot.data',
        "plot takes (y), (x, y), then a format such as 'r--' and an options object.",
      );
    }
    const y = rest[rest.length - 1];
    const x = rest.length === 2 ? this.#positions(rest[0], this.xaxis) : undefined;
    const columns = columnCount(y);
    const lines = Array.from({ length: columns }, () => {
      const look = this.#lineLook(options, format, () => TAB10[this.#lineCount++ % 10]);
      return new Line(look, options.label, this.#series++);
    });
    const inputs = [{ value: y, name: 'y' }];
    if (x !== undefined) inputs.push({ value: x, name: 'x' });
    this.#fill(inputs, ([ys, xs]) => {
      const rows = columns === 1 ? ys.data.length : ys.shape[0];
      const at = xs ? asVector(xs, 'x') : Float64Array.from({ length: rows }, (_, i) => i);
      if (columns === 1) asVector(ys, 'y');
      sameLength(at, { length: rows }, 'x', 'y');
      lines.forEach((line, c) => {
        line.x = at;
        line.y = columns === 1 ? ys.data : ys.data.filter((_, i) => i % columns === c);
      });
    });
    for (const line of lines) this.#add(line);
    return lines;
  }

  /** `plot` on a logarithmic y axis. */
  semilogy(x: PositionInput, y?: ArrayInput | string | PlotOptions, ...more: unknown[]): Line[] {
    this.setYscale('log');
    return (this.plot as (...args: unknown[]) => Line[]).call(this, x, y, ...more);
  }

  /** `plot` on a logarithmic x axis. */
  semilogx(x: PositionInput, y?: ArrayInput | string | PlotOptions, ...more: unknown[]): Line[] {
    this.setXscale('log');
    return (this.plot as (...args: unknown[]) => Line[]).call(this, x, y, ...more);
  }

  /** `plot` on two logarithmic axes. */
  loglog(x: PositionInput, y?: ArrayInput | string | PlotOptions, ...more: unknown[]): Line[] {
    this.setXscale('log');
    return this.semilogy(x, y, ...more);
  }

  /**
   * Draws separate points.
   * @throws GradloomError when x, y, `s` or `c` differ in length
   */
  scatter(x: PositionInput, y: ArrayInput, options: ScatterOptions = {}): Scatter {
    const { alpha = 1, cmap = 'viridis' } = options;
    getColormap(cmap);
    const edge = options.edgecolor === undefined ? undefined : parseColor(options.edgecolor, alpha);
    const marker = parseMarker(options.marker ?? 'o');
    const c = options.color ?? options.c ?? TAB10[this.#patchCount++ % 10];
    const names = isNames(c) ? c.map((name) => parseColor(name, alpha)) : undefined;
    const fixed = typeof c === 'string' || options.color !== undefined;
    const one = fixed ? parseColor(c as ColorSpec, alpha) : undefined;
    const out = new Scatter(marker, edge, options.label, this.#series++);
    const inputs = [
      { value: this.#positions(x, this.xaxis), name: 'x' },
      { value: this.#positions(y, this.yaxis), name: 'y' },
      { value: options.s ?? 36, name: 's' },
    ];
    if (!one && !names) inputs.push({ value: c, name: 'c' });
    this.#fill(inputs, ([xs, ys, sizes, values]) => {
      sameLength(xs.data, ys.data, 'x', 'y');
      if (sizes.data.length !== 1) sameLength(sizes.data, xs.data, 's', 'x');
      let fills = one ? [one] : names;
      if (fills && fills.length > 1) sameLength(fills, xs.data, 'c', 'x');
      if (!fills) {
        const v = values.data;
        if (v.length !== xs.data.length && (v.length === 3 || v.length === 4)) {
          fills = [parseColor([...v], alpha)];
        } else {
          sameLength(v, xs.data, 'c', 'x');
          const scale = colorScale(v, cmap, options.vmin, options.vmax);
          out.colors = scale;
          fills = Array.from(v, (n) => {
            const color = scale.color(n);
            return { ...color, a: color.a * alpha };
          });
        }
      }
      out.sizes = sizes.data;
      out.fills = fills.length > 0 ? fills : [parseColor('black')];
      out.x = xs.data;
      out.y = ys.data;
    });
    return this.#add(out);
  }

  #patchLook(options: BarOptions | FillOptions): PatchLook {
    const { alpha, color, edgecolor, linewidth = 1 } = options;
    const spec = color ?? TAB10[this.#patchCount++ % 10];
    const colors: Color[] = isNames(spec)
      ? spec.map((name) => parseColor(name, alpha))
      : [parseColor(spec as ColorSpec, alpha)];
    return {
      colors,
      edgecolor: edgecolor === undefined ? undefined : parseColor(edgecolor, alpha),
      linewidth: positive(linewidth, 'linewidth'),
    };
  }

  #bars(
    direction: 'vertical' | 'horizontal',
    at: PositionInput,
    length: ArrayInput,
    options: BarOptions,
  ): Bars {
    const look = this.#patchLook(options);
    const out = new Bars(direction, look, options.label, this.#series++);
    const axis = direction === 'vertical' ? this.xaxis : this.yaxis;
    const [atName, lengthName] = direction === 'vertical' ? ['x', 'height'] : ['y', 'width'];
    const inputs = [
      { value: this.#positions(at, axis), name: atName },
      { value: length, name: lengthName },
      { value: options.width ?? 0.8, name: 'thickness' },
      { value: options.bottom ?? 0, name: 'bottom' },
    ];
    this.#fill(inputs, ([x, h, thick, foot]) => {
      const n = x.data.length;
      if (h.data.length !== 1) sameLength(x.data, h.data, atName, lengthName);
      for (const [d, name] of [
        [thick, 'thickness'],
        [foot, 'bottom'],
      ] as const) {
        if (d.data.length !== 1) sameLength(d.data, x.data, name, atName);
      }
      const pick = (d: Dense, i: number): number => d.data[d.data.length === 1 ? 0 : i];
      const shift = options.align === 'edge' ? 0 : 0.5;
      out.spans = Array.from({ length: n }, (_, i) => {
        const from = x.data[i] - shift * pick(thick, i);
        return [from, from + pick(thick, i)] as const;
      });
      out.values = Array.from({ length: n }, (_, i) => {
        return [pick(foot, i), pick(foot, i) + pick(h, i)] as const;
      });
    });
    return this.#add(out);
  }

  /**
   * Draws upright bars.
   * @param x positions, or names
   * @param height one for each bar
   */
  bar(x: PositionInput, height: ArrayInput, options: BarOptions = {}): Bars {
    return this.#bars('vertical', x, height, options);
  }

  /**
   * Draws lying bars.
   * @param y positions, or names
   * @param width how long each bar is
   * @param options its `width` is here the bars' thickness and `bottom` their left end
   */
  barh(y: PositionInput, width: ArrayInput, options: BarOptions = {}): Bars {
    return this.#bars('horizontal', y, width, options);
  }

  /**
   * Draws how often values fall into bins.
   * @returns the bars, with `counts` and `edges`
   * @throws GradloomError `pyplot.hist` for bins or a range that cannot be
   */
  hist(values: ArrayInput, options: HistOptions = {}): Bars {
    const look = this.#patchLook(options);
    const out = new Bars('vertical', look, options.label, this.#series++);
    const { bins = 10, range, density } = options;
    const inputs = [{ value: values as unknown, name: 'values' }];
    if (typeof bins !== 'number') inputs.push({ value: bins, name: 'bins' });
    else histogram([], bins, range);
    this.#fill(inputs, ([v, edges]) => {
      const h = histogram(v.data, edges?.data ?? (bins as number), range, density);
      out.spans = h.counts.map((_, i) => [h.edges[i], h.edges[i + 1]] as const);
      out.values = h.counts.map((count) => [0, count] as const);
      out.counts = h.counts;
      out.edges = h.edges;
    });
    return this.#add(out);
  }

  /**
   * Shows a picture: H x W values through the colormap, or H x W x 3 (or 4) colours, which are
   * within 0..1, or within 0..255 when any exceeds 1. Row 0 is at the top.
   * @throws GradloomError for another shape, an empty image or an unknown colormap
   */
  imshow(image: ArrayInput, options: ImageOptions = {}): AxesImage {
    const { cmap = 'viridis', vmin, vmax, alpha = 1, origin = 'upper' } = options;
    const { interpolation = 'nearest' } = options;
    getColormap(cmap);
    if (!['nearest', 'none', 'antialiased', 'auto'].includes(interpolation)) {
      throw new GradloomError(
        'pyplot.option',
        `imshow draws with interpolation 'nearest' only; got ${JSON.stringify(interpolation)}.`,
      );
    }
    const out = new AxesImage(origin, this.#series++);
    this.#fill([{ value: image, name: 'image' }], ([dense]) => {
      const made = toPixels(dense, { cmap, vmin, vmax, alpha });
      out.pixels = made.pixels;
      out.colors = made.colors;
    });
    this.aspect = options.aspect ?? 'equal';
    const first = !this.artists.some((a) => a instanceof AxesImage);
    if (origin === 'upper' && first) this.yaxis.invert();
    return this.#add(out);
  }

  /** Draws a horizontal line at y, from xmin to xmax in shares (0..1) of the width. */
  axhline(y = 0, options: RuleOptions & { xmin?: number; xmax?: number } = {}): RuleLine {
    return this.#rule('horizontal', y, [options.xmin ?? 0, options.xmax ?? 1], options);
  }

  /** Draws a vertical line at x, from ymin to ymax in shares (0..1) of the height. */
  axvline(x = 0, options: RuleOptions & { ymin?: number; ymax?: number } = {}): RuleLine {
    return this.#rule('vertical', x, [options.ymin ?? 0, options.ymax ?? 1], options);
  }

  #rule(
    direction: 'horizontal' | 'vertical',
    at: number,
    ends: readonly [number, number],
    options: RuleOptions,
  ): RuleLine {
    if (!Number.isFinite(at)) {
      throw new GradloomError('pyplot.data', `A line needs a finite place, but got ${at}.`);
    }
    const look = this.#lineLook(options, undefined, () => 'C0');
    return this.#add(new RuleLine(direction, at, ends, look, options.label, this.#series++));
  }

  /** Fills the area between two curves; y2 is 0 when left out. */
  fillBetween(
    x: ArrayInput,
    y1: ArrayInput,
    y2: ArrayInput = 0,
    options: FillOptions = {},
  ): FilledArea {
    const look = this.#patchLook(options);
    const out = new FilledArea(look, options.label, this.#series++);
    const inputs = [
      { value: x as unknown, name: 'x' },
      { value: y1, name: 'y1' },
      { value: y2, name: 'y2' },
    ];
    this.#fill(inputs, ([xs, a, b]) => {
      const wide = (d: Dense): Float64Array =>
        d.data.length === 1 ? new Float64Array(xs.data.length).fill(d.data[0]) : d.data;
      const [ya, yb] = [wide(a), wide(b)];
      sameLength(xs.data, ya, 'x', 'y1');
      sameLength(xs.data, yb, 'x', 'y2');
      out.x = xs.data;
      out.y1 = ya;
      out.y2 = yb;
    });
    return this.#add(out);
  }

  /** Writes a text at (x, y) in data coordinates, or with `inAxes` in shares (0..1) of the axes. */
  text(x: number, y: number, text: string, options: TextOptions & { inAxes?: boolean } = {}): Note {
    const { inAxes } = options;
    return this.#add(new Note(String(text), [x, y], textLook(options), { inAxes }));
  }

  /**
   * Writes a text and points at a place.
   * @param text what to write
   * @param xy the place pointed at, in data coordinates
   * @param options `xytext`: where the text stands; without it, at `xy` and with no arrow
   */
  annotate(
    text: string,
    xy: readonly [number, number],
    options: TextOptions & { xytext?: readonly [number, number] } = {},
  ): Note {
    const { xytext } = options;
    const target = xytext ? xy : undefined;
    return this.#add(new Note(String(text), xytext ?? xy, textLook(options), { target }));
  }

  // Called once an artist's input is known to be good, so that a refused call leaves nothing behind.
  #add<T extends Artist>(artist: T): T {
    this.artists.push(artist);
    return artist;
  }

  /** Writes a title above the axes. */
  setTitle(text: string, options: TextOptions = {}): void {
    this.title = { text: String(text), look: textLook(options, { fontsize: 12, ha: 'center' }) };
  }

  setXlabel(text: string, options: TextOptions = {}): void {
    this.xaxis.label = { text: String(text), look: textLook(options) };
  }

  setYlabel(text: string, options: TextOptions = {}): void {
    this.yaxis.label = { text: String(text), look: textLook(options) };
  }

  /** Sets the ends of the x axis; undefined leaves an end to the data. */
  setXlim(left?: number | readonly [number, number], right?: number): void {
    for (const axes of new Set<Axes>([this, ...this.sharedX])) setLimits(axes.xaxis, left, right);
  }

  /** Sets the ends of the y axis; undefined leaves an end to the data. */
  setYlim(bottom?: number | readonly [number, number], top?: number): void {
    for (const axes of new Set<Axes>([this, ...this.sharedY])) setLimits(axes.yaxis, bottom, top);
  }

  /** The values at the x axis's left and right end. */
  getXlim(): [number, number] {
    return this.#limits('x');
  }

  /** The values at the y axis's lower and upper end. */
  getYlim(): [number, number] {
    return this.#limits('y');
  }

  #limits(which: 'x' | 'y'): [number, number] {
    const axis = which === 'x' ? this.xaxis : this.yaxis;
    const spans: Span[] = [];
    for (const axes of new Set([this, ...(which === 'x' ? this.sharedX : this.sharedY)])) {
      for (const artist of axes.artists) {
        const span = artist.extent(this.xaxis.scale, this.yaxis.scale)[which];
        if (span) spans.push(span);
      }
    }
    return axis.limits(spans, this.#tight ? 0 : 0.05);
  }

  /** Sets the ticks of the x axis; [] removes them. Labels default to the numbers. */
  setXticks(ticks: ArrayLike<number>, labels?: readonly string[], options?: TextOptions): void {
    setTicks(this.xaxis, ticks, labels, options);
  }

  /** Sets the ticks of the y axis; [] removes them. Labels default to the numbers. */
  setYticks(ticks: ArrayLike<number>, labels?: readonly string[], options?: TextOptions): void {
    setTicks(this.yaxis, ticks, labels, options);
  }

  setXscale(scale: 'linear' | 'log'): void {
    for (const axes of new Set<Axes>([this, ...this.sharedX])) axes.xaxis.setScale(scale);
  }

  setYscale(scale: 'linear' | 'log'): void {
    for (const axes of new Set<Axes>([this, ...this.sharedY])) axes.yaxis.setScale(scale);
  }

  /** Lets x grow to the left. */
  invertXaxis(): void {
    this.xaxis.invert();
  }

  /** Lets y grow downwards. */
  invertYaxis(): void {
    this.yaxis.invert();
  }

  /** 'equal': one unit is as long along x as along y; 'auto': the axes fills its place. */
  setAspect(aspect: 'equal' | 'auto'): void {
    this.aspect = aspect;
  }

  /**
   * 'off' and 'on' hide and show frame, ticks and labels; 'equal' makes units alike; 'tight' drops
   * the margins; [x0, x1, y0, y1] sets the limits.
   */
  axis(what: 'on' | 'off' | 'equal' | 'tight' | 'auto' | readonly number[]): void {
    if (typeof what !== 'string') {
      if (what.length !== 4) {
        throw new GradloomError('pyplot.limits', 'axis takes [x0, x1, y0, y1].');
      }
      this.setXlim(what[0], what[1]);
      this.setYlim(what[2], what[3]);
    } else if (what === 'off' || what === 'on') this.visible = what === 'on';
    else if (what === 'equal' || what === 'auto') this.aspect = what;
    else if (what === 'tight') this.#tight = true;
    else {
      throw new GradloomError(
        'pyplot.option',
        `axis takes 'on', 'off', 'equal', 'tight' or [x0, x1, y0, y1], not ${JSON.stringify(what)}.`,
      );
    }
  }

  /** Shows lines behind the data at the ticks; `grid(false)` removes them. */
  grid(visible: boolean | GridOptions = true, options: GridOptions = {}): void {
    const o = typeof visible === 'object' ? visible : options;
    if (visible === false) {
      this.gridLines = undefined;
      return;
    }
    const look = this.#lineLook(
      {
        color: o.color ?? '#b0b0b0',
        linewidth: o.linewidth ?? 0.8,
        linestyle: o.linestyle,
        alpha: o.alpha,
      },
      undefined,
      () => 'black',
    );
    this.gridLines = { axis: o.axis ?? 'both', look };
  }

  /**
   * Shows a legend of the artists that have a label.
   * @param labels names for the artists in their order, instead of their own
   * @throws GradloomError `pyplot.option` for an unknown place
   */
  legend(labels?: readonly string[] | LegendOptions, options: LegendOptions = {}): void {
    const names = Array.isArray(labels) ? (labels as readonly string[]) : undefined;
    const o = names ? options : ((labels as LegendOptions | undefined) ?? options);
    checkLocation(o.loc ?? 'best');
    this.legendBox = { labels: names, options: o };
  }

  /** Takes everything out of the axes. */
  clear(): void {
    this.artists.length = 0;
    this.colorbars.length = 0;
    this.#loading.length = 0;
    this.xaxis = new Axis('x');
    this.yaxis = new Axis('y');
    this.title = undefined;
    this.gridLines = undefined;
    this.legendBox = undefined;
    this.visible = true;
    this.aspect = 'auto';
    this.#tight = false;
    this.#lineCount = 0;
    this.#patchCount = 0;
    this.#series = 0;
  }

  /** The plotting area inside `box`; with an equal aspect it may be smaller, in the middle. */
  frame(box: Box, unit: number): Frame {
    const x = { limits: this.getXlim(), scale: this.xaxis.scale };
    const y = { limits: this.getYlim(), scale: this.yaxis.scale };
    let { x: left, y: top, w, h } = box;
    if (this.aspect === 'equal' && x.scale === 'linear' && y.scale === 'linear') {
      const ratio = Math.abs((x.limits[1] - x.limits[0]) / (y.limits[1] - y.limits[0]));
      const fitted = ratio > w / h ? { w, h: w / ratio } : { w: h * ratio, h };
      if (fitted.w > 0 && fitted.h > 0) {
        left += (w - fitted.w) / 2;
        top += (h - fitted.h) / 2;
        ({ w, h } = fitted);
      }
    }
    return new Frame({ x: left, y: top, w, h }, unit, x, y);
  }
}

function columnCount(y: unknown): number {
  if (isTensor(y)) return y.shape.length === 2 ? Math.max(1, y.shape[1]) : 1;
  if (!Array.isArray(y) || !(Array.isArray(y[0]) || ArrayBuffer.isView(y[0]))) return 1;
  return Math.max(1, (y[0] as ArrayLike<number>).length);
}

function setLimits(
  axis: Axis,
  from: number | readonly [number, number] | undefined,
  to: number | undefined,
): void {
  if (typeof from === 'object') axis.setLimits(from[0], from[1]);
  else axis.setLimits(from, to);
}

function setTicks(
  axis: Axis,
  ticks: ArrayLike<number>,
  labels: readonly string[] | undefined,
  options: TextOptions | undefined,
): void {
  axis.setTicks(Array.from(ticks), labels);
  if (!options) return;
  axis.tickLook = textLook(options);
  axis.rotation = options.rotation;
}
