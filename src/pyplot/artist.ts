import type { Box, Canvas, Frame, Point } from './canvas.ts';
import type { ColorScale } from './colormap.ts';
import type { ScaleKind, Span } from './scale.ts';

/** What an artist covers, for the limits; an axis it says nothing about is left alone. */
export interface Extent {
  readonly x?: Span;
  readonly y?: Span;
}

/** Something drawn inside an axes. */
export interface Artist {
  /** Artists with a higher one are drawn later. */
  readonly zorder: number;
  /** Its name in the legend; undefined keeps it out. */
  readonly label: string | undefined;
  /** The place of this artist among its axes's, for terminals without colours. */
  readonly series: number;
  extent(xscale: ScaleKind, yscale: ScaleKind): Extent;
  draw(canvas: Canvas, frame: Frame): void;
  /** Draws the sample that stands beside the label in the legend. */
  drawKey(canvas: Canvas, box: Box, unit: number): void;
  /** Places the legend should not cover, in canvas units. */
  occupied(frame: Frame): Point[];
}

/** An artist whose colours stand for values, so that a colorbar can explain them. */
export interface Mappable extends Artist {
  readonly colors: ColorScale | undefined;
}

/** Points along the segments between `points`, close enough that none slips through a legend. */
export function along(points: readonly Point[], step: number): Point[] {
  const out: Point[] = [];
  points.forEach(([x, y], i) => {
    if (!Number.isFinite(x) || !Number.isFinite(y)) return;
    out.push([x, y]);
    const next = points[i + 1];
    if (!next || !Number.isFinite(next[0]) || !Number.isFinite(next[1])) return;
    const n = Math.min(200, Math.floor(Math.hypot(next[0] - x, next[1] - y) / step));
    for (let k = 1; k <= n; k++) {
      const f = k / (n + 1);
      out.push([x + (next[0] - x) * f, y + (next[1] - y) * f]);
    }
  });
  return out;
}

/** Splits a path where a point is missing (NaN) or has no place on the scale. */
export function runs(points: readonly Point[]): Point[][] {
  const out: Point[][] = [];
  let run: Point[] = [];
  for (const p of points) {
    if (Number.isFinite(p[0]) && Number.isFinite(p[1])) run.push(p);
    else {
      if (run.length > 0) out.push(run);
      run = [];
    }
  }
  if (run.length > 0) out.push(run);
  return out;
}
