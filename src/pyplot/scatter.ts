import type { Extent, Mappable } from './artist.ts';
import type { Box, Canvas, Frame, Point } from './canvas.ts';
import type { Color } from './color.ts';
import type { ColorScale } from './colormap.ts';
import type { Marker } from './format-string.ts';
import { type ScaleKind, shownRange } from './scale.ts';

/** Separate points, each with its own size and colour. */
export class Scatter implements Mappable {
  readonly zorder: number = 1.5;
  readonly label: string | undefined;
  readonly series: number;
  readonly marker: Marker;
  readonly edgecolor: Color | undefined;
  x: ArrayLike<number> = [];
  y: ArrayLike<number> = [];
  /** Areas in square points: one for all or one each. */
  sizes: ArrayLike<number> = [36];
  /** One for all or one each. */
  fills: readonly Color[] = [];
  colors: ColorScale | undefined;

  constructor(
    marker: Marker,
    edgecolor: Color | undefined,
    label: string | undefined,
    series: number,
  ) {
    this.marker = marker;
    this.edgecolor = edgecolor;
    this.label = label;
    this.series = series;
  }

  extent(xscale: ScaleKind, yscale: ScaleKind): Extent {
    const xr = shownRange(Array.from(this.x), xscale);
    const yr = shownRange(Array.from(this.y), yscale);
    return { x: xr && { range: xr }, y: yr && { range: yr } };
  }

  #size(i: number, unit: number): number {
    return Math.sqrt(this.sizes[i % this.sizes.length]) * unit;
  }

  draw(canvas: Canvas, frame: Frame): void {
    const { x, y, fills, marker, edgecolor } = this;
    const edge = edgecolor && { color: edgecolor, width: frame.unit };
    for (let i = 0; i < x.length; i++) {
      const at: Point = [frame.x(x[i]), frame.y(y[i])];
      const size = this.#size(i, frame.unit);
      const fill = fills[i % fills.length];
      if (!Number.isFinite(at[0] + at[1] + size) || fill.a === 0) continue;
      canvas.marker(marker, at, size, fill, edge, this.series);
    }
  }

  drawKey(canvas: Canvas, box: Box, unit: number): void {
    if (this.fills.length === 0) return;
    const at: Point = [box.x + box.w / 2, box.y + box.h / 2];
    const edge = this.edgecolor && { color: this.edgecolor, width: unit };
    canvas.marker(this.marker, at, 6 * unit, this.fills[0], edge, this.series);
  }

  occupied(frame: Frame): Point[] {
    return Array.from(this.x, (x, i): Point => [frame.x(x), frame.y(this.y[i])]);
  }
}
