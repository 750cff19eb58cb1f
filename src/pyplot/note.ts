import type { Artist, Extent } from './artist.ts';
import type { Canvas, Frame, Point, TextStyle } from './canvas.ts';
import { type Color, parseColor } from './color.ts';
import { textHeight, textWidth } from './text-metrics.ts';

/** How a text looks; the size in points, the rotation in degrees anticlockwise. */
export interface TextLook {
  readonly fontsize: number;
  readonly color: Color;
  readonly ha: 'left' | 'center' | 'right';
  readonly va: 'top' | 'center' | 'bottom' | 'baseline';
  readonly rotation: number;
  readonly bold: boolean;
}

/** A text at a place in the axes, with an arrow when it annotates another place. */
export class Note implements Artist {
  readonly zorder: number = 3;
  readonly label: undefined = undefined;
  readonly series: number = 0;
  readonly content: string;
  readonly at: Point;
  readonly look: TextLook;
  /** Where the arrow's head is, in data coordinates. */
  readonly target: Point | undefined;
  /** Whether `at` is in shares of the axes box, from its lower left, rather than data. */
  readonly inAxes: boolean;

  constructor(
    content: string,
    at: Point,
    look: TextLook,
    options: { target?: Point; inAxes?: boolean } = {},
  ) {
    this.content = content;
    this.at = at;
    this.look = look;
    this.target = options.target;
    this.inAxes = options.inAxes ?? false;
  }

  extent(): Extent {
    return {};
  }

  #place(frame: Frame): Point {
    if (!this.inAxes) return [frame.x(this.at[0]), frame.y(this.at[1])];
    const { x, y, w, h } = frame.box;
    return [x + w * this.at[0], y + h * (1 - this.at[1])];
  }

  draw(canvas: Canvas, frame: Frame): void {
    const at = this.#place(frame);
    if (!Number.isFinite(at[0] + at[1])) return;
    const { fontsize, color, ha, va, rotation, bold } = this.look;
    const size = fontsize * frame.unit;
    if (this.target) this.#arrow(canvas, frame, at, size);
    const style: TextStyle = { size, color, ha, va, rotation, bold };
    canvas.text(this.content, at, style);
  }

  #arrow(canvas: Canvas, frame: Frame, at: Point, size: number): void {
    const [tx, ty] = this.target as Point;
    const head: Point = [frame.x(tx), frame.y(ty)];
    const w = textWidth(this.content, size);
    const h = textHeight(this.content, size);
    const left = at[0] - { left: 0, center: w / 2, right: w }[this.look.ha];
    const top = at[1] - { top: 0, center: h / 2, bottom: h, baseline: h * 0.76 }[this.look.va];
    const middle: Point = [left + w / 2, top + h / 2];
    const [dx, dy] = [head[0] - middle[0], head[1] - middle[1]];
    const length = Math.hypot(dx, dy);
    // Begin where the way to the target leaves the text's box, a little apart from it.
    const exit = Math.min(
      (w / 2 + 3 * frame.unit) / Math.abs(dx),
      (h / 2 + 2 * frame.unit) / Math.abs(dy),
    );
    if (!Number.isFinite(length) || exit >= 1) return;
    const start: Point = [middle[0] + dx * exit, middle[1] + dy * exit];
    const [ux, uy] = [dx / length, dy / length];
    const tip: Point = [head[0] - ux * 2 * frame.unit, head[1] - uy * 2 * frame.unit];
    const back = 6 * frame.unit;
    const side = 2.5 * frame.unit;
    const base: Point = [tip[0] - ux * back, tip[1] - uy * back];
    const black = parseColor('black');
    canvas.polyline([start, base], { color: black, width: frame.unit }, 0);
    canvas.polygon(
      [tip, [base[0] - uy * side, base[1] + ux * side], [base[0] + uy * side, base[1] - ux * side]],
      black,
      undefined,
      0,
    );
  }

  drawKey(): void {}

  occupied(frame: Frame): Point[] {
    const [x, y] = this.#place(frame);
    const w = textWidth(this.content, this.look.fontsize * frame.unit);
    const left = x - { left: 0, center: w / 2, right: w }[this.look.ha];
    return [0, 0.25, 0.5, 0.75, 1].map((f): Point => [left + w * f, y]);
  }
}
