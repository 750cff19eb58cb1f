import { type Artist, along, type Extent, runs } from './artist.ts';
import type { Box, Canvas, Frame, Point, Stroke } from './canvas.ts';
import type { Color } from './color.ts';
import { dashes, type LineStyle, type Marker } from './format-string.ts';
import { type ScaleKind, shownRange } from './scale.ts';

/** How a line looks; lengths in points. */
export interface LineLook {
  readonly color: Color;
  readonly linewidth: number;
  readonly linestyle: LineStyle;
  readonly marker: Marker;
  readonly markersize: number;
  readonly markerfacecolor?: Color;
}

/** A curve and its markers. */
export class Line implements Artist {
  readonly zorder: number = 2;
  readonly label: string | undefined;
  readonly series: number;
  readonly look: LineLook;
  /** The data; empty until a tensor's data has arrived. */
  x: ArrayLike<number> = [];
  y: ArrayLike<number> = [];

  constructor(look: LineLook, label: string | undefined, series: number) {
    this.look = look;
    this.label = label;
    this.series = series;
  }

  extent(xscale: ScaleKind, yscale: ScaleKind): Extent {
    const { x, y } = this;
    const shown = (v: number, kind: ScaleKind): boolean =>
      Number.isFinite(v) && (kind === 'linear' || v > 0);
    const xs: number[] = [];
    const ys: number[] = [];
    // A point counts only when both its parts can be shown.
    for (let i = 0; i < x.length; i++) {
      if (!shown(x[i], xscale) || !shown(y[i], yscale)) continue;
      xs.push(x[i]);
      ys.push(y[i]);
    }
    const xr = shownRange(xs, xscale);
    const yr = shownRange(ys, yscale);
    return { x: xr && { range: xr }, y: yr && { range: yr } };
  }

  #points(frame: Frame): Point[] {
    return Array.from(this.x, (x, i): Point => [frame.x(x), frame.y(this.y[i])]);
  }

  #stroke(unit: number): Stroke {
    const { color, linewidth, linestyle } = this.look;
    return { color, width: linewidth * unit, dash: dashes(linestyle, linewidth * unit) };
  }

  draw(canvas: Canvas, frame: Frame): void {
    const points = this.#points(frame);
    const { linestyle, linewidth } = this.look;
    if (linestyle !== 'none' && linewidth > 0) {
      for (const run of runs(points)) {
        if (run.length > 1) canvas.polyline(run, this.#stroke(frame.unit), this.series);
      }
    }
    for (const p of points) {
      if (Number.isFinite(p[0]) && Number.isFinite(p[1])) this.#marker(canvas, p, frame.unit);
    }
  }

  #marker(canvas: Canvas, at: Point, unit: number): void {
    const { marker, markersize, color, markerfacecolor } = this.look;
    if (marker === 'none') return;
    const edge = { color, width: unit };
    const size = (markersize - (marker === ',' ? 0 : 1)) * unit;
    canvas.marker(marker, at, Math.max(size, unit), markerfacecolor ?? color, edge, this.series);
  }

  drawKey(canvas: Canvas, box: Box, unit: number): void {
    const y = box.y + box.h / 2;
    if (this.look.linestyle !== 'none') {
      canvas.polyline(
        [
          [box.x, y],
          [box.x + box.w, y],
        ],
        this.#stroke(unit),
        this.series,
      );
    }
    this.#marker(canvas, [box.x + box.w / 2, y], unit);
  }

  occupied(frame: Frame): Point[] {
    return along(this.#points(frame), 5 * frame.unit);
  }
}

/** A straight line across the whole axes at one x or y. */
export class RuleLine implements Artist {
  readonly zorder: number = 2;
  readonly label: string | undefined;
  readonly series: number;
  readonly look: LineLook;
  readonly direction: 'horizontal' | 'vertical';
  readonly at: number;
  /** Its ends as shares of the axes's width or height. */
  readonly from: number;
  readonly to: number;

  constructor(
    direction: 'horizontal' | 'vertical',
    at: number,
    ends: readonly [number, number],
    look: LineLook,
    label: string | undefined,
    series: number,
  ) {
    this.direction = direction;
    this.at = at;
    this.from = ends[0];
    this.to = ends[1];
    this.look = look;
    this.label = label;
    this.series = series;
  }

  extent(xscale: ScaleKind, yscale: ScaleKind): Extent {
    const vertical = this.direction === 'vertical';
    const range = shownRange([this.at], vertical ? xscale : yscale);
    if (!range) return {};
    return vertical ? { x: { range } } : { y: { range } };
  }

  #ends(frame: Frame): Point[] {
    const { x, y, w, h } = frame.box;
    if (this.direction === 'horizontal') {
      const at = frame.y(this.at);
      return [
        [x + w * this.from, at],
        [x + w * this.to, at],
      ];
    }
    const at = frame.x(this.at);
    return [
      [at, y + h * (1 - this.from)],
      [at, y + h * (1 - this.to)],
    ];
  }

  #stroke(unit: number): Stroke {
    const { color, linewidth, linestyle } = this.look;
    return { color, width: linewidth * unit, dash: dashes(linestyle, linewidth * unit) };
  }

  draw(canvas: Canvas, frame: Frame): void {
    for (const run of runs(this.#ends(frame))) {
      if (run.length > 1) canvas.polyline(run, this.#stroke(frame.unit), this.series);
    }
  }

  drawKey(canvas: Canvas, box: Box, unit: number): void {
    const y = box.y + box.h / 2;
    const ends: Point[] = [
      [box.x, y],
      [box.x + box.w, y],
    ];
    canvas.polyline(ends, this.#stroke(unit), this.series);
  }

  occupied(frame: Frame): Point[] {
    return along(this.#ends(frame), 5 * frame.unit);
  }
}
