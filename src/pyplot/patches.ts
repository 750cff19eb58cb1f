import { type Artist, along, type Extent, runs } from './artist.ts';
import type { Box, Canvas, Frame, Point } from './canvas.ts';
import type { Color } from './color.ts';
import { type ScaleKind, shownRange } from './scale.ts';

/** How filled shapes look; the width in points. */
export interface PatchLook {
  /** One colour for all, or one for each shape in turn. */
  readonly colors: readonly Color[];
  readonly edgecolor: Color | undefined;
  readonly linewidth: number;
}

/** The bars of a bar chart or a histogram. */
export class Bars implements Artist {
  readonly zorder: number = 1;
  readonly label: string | undefined;
  readonly series: number;
  readonly look: PatchLook;
  readonly direction: 'vertical' | 'horizontal';
  /** Along the category axis: where each bar begins and ends. */
  spans: readonly (readonly [number, number])[] = [];
  /** Along the value axis: each bar's foot and head. */
  values: readonly (readonly [number, number])[] = [];
  /** Numbers per bin of a histogram (densities with `density`); empty for a bar chart. */
  counts: readonly number[] = [];
  /** Bin edges of a histogram, one more than bins; empty for a bar chart. */
  edges: readonly number[] = [];

  constructor(
    direction: 'vertical' | 'horizontal',
    look: PatchLook,
    label: string | undefined,
    series: number,
  ) {
    this.direction = direction;
    this.look = look;
    this.label = label;
    this.series = series;
  }

  extent(xscale: ScaleKind, yscale: ScaleKind): Extent {
    const vertical = this.direction === 'vertical';
    const along = shownRange(this.spans.flat(), vertical ? xscale : yscale);
    const across = shownRange(this.values.flat(), vertical ? yscale : xscale);
    const sticky = [...new Set(this.values.map((v) => v[0]))];
    const a = along && { range: along };
    const b = across && { range: across, sticky };
    return vertical ? { x: a, y: b } : { x: b, y: a };
  }

  #box(i: number, frame: Frame): Box | undefined {
    const vertical = this.direction === 'vertical';
    const [xs, ys] = vertical ? [this.spans[i], this.values[i]] : [this.values[i], this.spans[i]];
    const x = xs.map((v) => frame.edgeX(v));
    const y = ys.map((v) => frame.edgeY(v));
    if (![...x, ...y].every(Number.isFinite)) return undefined;
    return {
      x: Math.min(...x),
      y: Math.min(...y),
      w: Math.abs(x[1] - x[0]),
      h: Math.abs(y[1] - y[0]),
    };
  }

  draw(canvas: Canvas, frame: Frame): void {
    const { colors, edgecolor, linewidth } = this.look;
    const edge = edgecolor && { color: edgecolor, width: linewidth * frame.unit };
    for (let i = 0; i < this.spans.length; i++) {
      const box = this.#box(i, frame);
      if (box) canvas.rect(box, colors[i % colors.length], edge, this.series);
    }
  }

  drawKey(canvas: Canvas, box: Box, unit: number): void {
    const { colors, edgecolor, linewidth } = this.look;
    const edge = edgecolor && { color: edgecolor, width: linewidth * unit };
    canvas.rect(box, colors[0], edge, this.series);
  }

  occupied(frame: Frame): Point[] {
    const out: Point[] = [];
    const step = 5 * frame.unit;
    for (let i = 0; i < this.spans.length; i++) {
      const box = this.#box(i, frame);
      if (!box) continue;
      const { x, y, w, h } = box;
      const columns = Math.min(20, Math.ceil(w / step));
      for (let c = 0; c <= columns; c++) {
        const at = x + (w * c) / Math.max(1, columns);
        out.push(
          ...along(
            [
              [at, y],
              [at, y + h],
            ],
            step,
          ),
        );
      }
    }
    return out;
  }
}

/** The area between two curves. */
export class FilledArea implements Artist {
  readonly zorder: number = 1;
  readonly label: string | undefined;
  readonly series: number;
  readonly look: PatchLook;
  x: ArrayLike<number> = [];
  y1: ArrayLike<number> = [];
  y2: ArrayLike<number> = [];

  constructor(look: PatchLook, label: string | undefined, series: number) {
    this.look = look;
    this.label = label;
    this.series = series;
  }

  extent(xscale: ScaleKind, yscale: ScaleKind): Extent {
    const xr = shownRange(Array.from(this.x), xscale);
    const yr = shownRange([...Array.from(this.y1), ...Array.from(this.y2)], yscale);
    return { x: xr && { range: xr }, y: yr && { range: yr } };
  }

  draw(canvas: Canvas, frame: Frame): void {
    const { colors, edgecolor, linewidth } = this.look;
    const edge = edgecolor && { color: edgecolor, width: linewidth * frame.unit };
    const upper: Point[] = [];
    const lower: Point[] = [];
    for (let i = 0; i < this.x.length; i++) {
      const x = frame.x(this.x[i]);
      const [a, b] = [frame.edgeY(this.y1[i]), frame.edgeY(this.y2[i])];
      // Where one curve has a gap the area has one too.
      const whole = Number.isFinite(x + a + b);
      upper.push(whole ? [x, a] : [Number.NaN, Number.NaN]);
      lower.push(whole ? [x, b] : [Number.NaN, Number.NaN]);
    }
    const back = runs(lower);
    runs(upper).forEach((run, i) => {
      canvas.polygon([...run, ...back[i].reverse()], colors[0], edge, this.series);
    });
  }

  drawKey(canvas: Canvas, box: Box, unit: number): void {
    const { colors, edgecolor, linewidth } = this.look;
    const edge = edgecolor && { color: edgecolor, width: linewidth * unit };
    canvas.rect(box, colors[0], edge, this.series);
  }

  occupied(frame: Frame): Point[] {
    const side = (ys: ArrayLike<number>): Point[] =>
      along(
        Array.from(this.x, (x, i): Point => [frame.x(x), frame.y(ys[i])]),
        5 * frame.unit,
      );
    return [...side(this.y1), ...side(this.y2)];
  }
}
