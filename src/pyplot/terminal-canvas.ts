import type { Box, Canvas, Pixels, Point, Stroke, TextStyle } from './canvas.ts';
import type { Color } from './color.ts';
import type { Marker } from './format-string.ts';
import { Screen, textColumns } from './screen.ts';

/** Bit of each dot of a braille character, by row and column. */
const BRAILLE = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
];

/** What tells series apart where there are no colours. */
const SYMBOLS = '*+ox#@%&';
const SHADES = '█▓▒░';
/** From no ink to full ink. */
export const RAMP = ' .:-=+*#%@';

export function symbolOf(series: number): string {
  return SYMBOLS[series % SYMBOLS.length];
}

export function shadeOf(series: number): string {
  return SHADES[series % SHADES.length];
}

export function luminance(c: Color): number {
  return (0.299 * c.r + 0.587 * c.g + 0.114 * c.b) / 255;
}

/**
 * A text or line colour on the terminal's own ground, which may be dark or light: black and white
 * give way to the terminal's foreground, and dark colours are lightened.
 */
export function ink(c: Color): Color | undefined {
  const grey = Math.max(c.r, c.g, c.b) - Math.min(c.r, c.g, c.b) < 16;
  const light = luminance(c);
  if (grey && (light < 0.25 || light > 0.9)) return undefined;
  const lift = light < 0.38 ? (0.38 - light) / (1 - light) : 0;
  const mix = (v: number): number => v + (255 - v) * lift;
  return lift === 0 ? c : { r: mix(c.r), g: mix(c.g), b: mix(c.b), a: c.a };
}

/**
 * Draws with characters: lines and points as braille dots (2 x 4 in a cell), areas and images as
 * half blocks. Canvas units are dots, which are about square.
 */
export class TerminalCanvas implements Canvas {
  readonly columns: number;
  readonly rows: number;
  readonly #color: boolean;
  /** Whether series are told apart by letters instead of colours. */
  readonly #letters: boolean;
  readonly #mask: Uint8Array;
  readonly #pen: ({ color: Color; series: number } | undefined)[];
  readonly #solid: (Color | undefined)[];
  readonly #solidSeries: Int32Array;
  readonly #texts: { text: string; x: number; y: number; color: Color }[] = [];
  #shades: { min: number; max: number; invert: boolean } | undefined;

  constructor(columns: number, rows: number, color: boolean, letters: boolean) {
    this.columns = columns;
    this.rows = rows;
    this.#color = color;
    this.#letters = letters;
    this.#mask = new Uint8Array(columns * rows);
    this.#pen = new Array(columns * rows);
    this.#solid = new Array(columns * rows * 8);
    this.#solidSeries = new Int32Array(columns * rows);
  }

  get width(): number {
    return this.columns * 2;
  }

  get height(): number {
    return this.rows * 4;
  }

  #dot(x: number, y: number, color: Color, series: number): void {
    // The upper ends of the axes lie on the far side of the last dot.
    const dx = Math.min(Math.floor(x), this.width - 1);
    const dy = Math.min(Math.floor(y), this.height - 1);
    if (!(x >= 0 && y >= 0 && x <= this.width && y <= this.height)) return;
    const cell = (dy >> 2) * this.columns + (dx >> 1);
    this.#mask[cell] |= BRAILLE[dy & 3][dx & 1];
    this.#pen[cell] = { color, series };
  }

  polyline(points: readonly Point[], stroke: Stroke, series: number): void {
    let drawn = 0;
    for (let i = 1; i < points.length; i++) {
      const part = cut(points[i - 1], points[i], this.width, this.height);
      if (!part) continue;
      const [[x0, y0], [x1, y1]] = part;
      const n = Math.max(1, Math.ceil(Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0))));
      for (let k = 0; k <= n; k++, drawn++) {
        if (stroke.dash && drawn % 6 >= 3) continue;
        this.#dot(x0 + ((x1 - x0) * k) / n, y0 + ((y1 - y0) * k) / n, stroke.color, series);
      }
    }
  }

  marker(
    shape: Marker,
    at: Point,
    _size: number,
    fill: Color,
    _edge: Stroke | undefined,
    series: number,
  ): void {
    const [x, y] = at;
    const reach = shape === ',' || shape === '.' ? [0] : [0, 1];
    for (const dx of reach) for (const dy of reach) this.#dot(x - dx, y - dy, fill, series);
  }

  rect(box: Box, fill: Color | undefined, edge: Stroke | undefined, series: number): void {
    if (!fill || fill.a === 0) {
      if (!edge) return;
      const { x, y, w, h } = box;
      const corners: Point[] = [
        [x, y],
        [x + w, y],
        [x + w, y + h],
        [x, y + h],
        [x, y],
      ];
      this.polyline(corners, edge, series);
      return;
    }
    const { x, y, w, h } = box;
    if (h === 0 || w === 0) return;
    const [x0, x1] = span(x, x + w, this.width);
    const [y0, y1] = span(y, y + h, this.height);
    for (let r = y0; r < y1; r++) for (let c = x0; c < x1; c++) this.#paint(c, r, fill, series);
  }

  #paint(x: number, y: number, fill: Color, series: number): void {
    const at = y * this.width + x;
    const under = this.#solid[at] ?? { r: 128, g: 128, b: 128, a: 1 };
    const mix = (a: number, b: number): number => b + (a - b) * fill.a;
    this.#solid[at] = {
      r: mix(fill.r, under.r),
      g: mix(fill.g, under.g),
      b: mix(fill.b, under.b),
      a: 1,
    };
    this.#solidSeries[(y >> 2) * this.columns + (x >> 1)] = series;
  }

  polygon(points: readonly Point[], fill: Color, _edge: Stroke | undefined, series: number): void {
    const ys = points.map((p) => p[1]);
    const xs = points.map((p) => p[0]);
    // An arrow's head is smaller than a half block.
    const small = Math.max(...ys) - Math.min(...ys) < 8 && Math.max(...xs) - Math.min(...xs) < 8;
    if (small) {
      this.polyline([...points, points[0]], { color: fill, width: 1 }, series);
      return;
    }
    const [top, bottom] = span(Math.min(...ys), Math.max(...ys), this.height);
    for (let r = top; r < bottom; r++) {
      const y = r + 0.5;
      const crossings: number[] = [];
      points.forEach(([x0, y0], i) => {
        const [x1, y1] = points[(i + 1) % points.length];
        if (y0 <= y !== y1 <= y) crossings.push(x0 + ((y - y0) / (y1 - y0)) * (x1 - x0));
      });
      crossings.sort((a, b) => a - b);
      for (let k = 0; k + 1 < crossings.length; k += 2) {
        const [from, to] = span(crossings[k], crossings[k + 1], this.width);
        for (let c = from; c < to; c++) this.#paint(c, r, fill, series);
      }
    }
  }

  image(pixels: Pixels, box: Box): void {
    const [x0, x1] = span(box.x, box.x + box.w, this.width);
    const [y0, y1] = span(box.y, box.y + box.h, this.height);
    const all: number[] = [];
    for (let r = y0; r < y1; r++) {
      for (let c = x0; c < x1; c++) {
        const color = average(
          pixels,
          ((c - box.x) / box.w) * pixels.width,
          ((c + 1 - box.x) / box.w) * pixels.width,
          ((r - box.y) / box.h) * pixels.height,
          ((r + 1 - box.y) / box.h) * pixels.height,
        );
        if (color.a === 0) continue;
        this.#paint(c, r, color, 0);
        all.push(luminance(color));
      }
    }
    if (all.length === 0) return;
    // Without colours an image is drawn in ink; the rarer of light and dark is taken for the ink,
    // so that a digit reads alike on a black and on a white ground.
    const [min, max] = [Math.min(...all), Math.max(...all)];
    const mean = all.reduce((a, b) => a + b, 0) / all.length;
    this.#shades = { min, max, invert: mean > (min + max) / 2 };
  }

  text(text: string, at: Point, style: TextStyle): void {
    const lines = text.split('\n');
    lines.forEach((line, i) => {
      const n = textColumns(line);
      const left = { left: 0, center: n / 2, right: n }[style.ha];
      const up = { top: 0, center: 0.5, bottom: 1, baseline: 1 }[style.va];
      const x = Math.round(at[0] / 2 - left);
      const y = Math.floor(at[1] / 4 - (style.va === 'center' ? 0 : up) + i);
      this.#texts.push({ text: line, x, y, color: style.color });
    });
  }

  /** Whether an image's dark parts are drawn as ink; undefined without an image. */
  get darkIsInk(): boolean | undefined {
    return this.#shades?.invert;
  }

  /** The picture as character cells. */
  toScreen(): Screen {
    const screen = new Screen(this.columns, this.rows);
    for (let y = 0; y < this.rows; y++) {
      for (let x = 0; x < this.columns; x++) this.#compose(screen, x, y);
    }
    for (const { text, x, y, color } of this.#texts) {
      let at = x;
      for (const char of text) {
        // Text stands on what lies under it.
        const bg = this.#color ? this.#half(at, y, 0, 4) : undefined;
        const fg = bg ? color : ink(color);
        screen.write(at, y, char, { fg, bg });
        at += textColumns(char);
      }
    }
    return screen;
  }

  #half(x: number, y: number, from: number, to: number): Color | undefined {
    if (x < 0 || y < 0 || x >= this.columns || y >= this.rows) return undefined;
    let [r, g, b, n] = [0, 0, 0, 0];
    for (let dy = from; dy < to; dy++) {
      for (let dx = 0; dx < 2; dx++) {
        const c = this.#solid[(y * 4 + dy) * this.width + x * 2 + dx];
        if (!c) continue;
        r += c.r;
        g += c.g;
        b += c.b;
        n++;
      }
    }
    // Fewer than half of the dots covered is drawn as not covered.
    return n >= to - from ? { r: r / n, g: g / n, b: b / n, a: 1 } : undefined;
  }

  #compose(screen: Screen, x: number, y: number): void {
    const cell = y * this.columns + x;
    const top = this.#half(x, y, 0, 2);
    const low = this.#half(x, y, 2, 4);
    const pen = this.#pen[cell];
    if (pen) {
      const dots = String.fromCodePoint(0x2800 + this.#mask[cell]);
      const char = !this.#color && this.#letters ? symbolOf(pen.series) : dots;
      const bg = this.#color ? (low ?? top) : undefined;
      screen.put(x, y, char, { fg: bg ? pen.color : ink(pen.color), bg });
    } else if (top || low) {
      if (!this.#color) screen.put(x, y, this.#plain(top, low, this.#solidSeries[cell]));
      else if (top && low) screen.put(x, y, '▀', { fg: top, bg: low });
      else screen.put(x, y, top ? '▀' : '▄', { fg: top ?? low });
    }
  }

  #plain(top: Color | undefined, low: Color | undefined, series: number): string {
    if (!this.#shades) {
      if (top && low) return this.#letters ? shadeOf(series) : '█';
      return top ? '▀' : '▄';
    }
    const { min, max, invert } = this.#shades;
    const shown = [top, low].filter((c) => c !== undefined);
    const mean = shown.reduce((s, c) => s + luminance(c), 0) / shown.length;
    const t = max === min ? 0 : (mean - min) / (max - min);
    return RAMP[Math.round((invert ? 1 - t : t) * (RAMP.length - 1))];
  }
}

/** Whole dots from a to b: at least one, within 0..size. */
function span(a: number, b: number, size: number): [number, number] {
  const from = Math.max(0, Math.round(a));
  return [from, Math.min(size, Math.max(Math.round(b), from + 1))];
}

/** The part of a segment inside [0, w] x [0, h]; far ends must not be walked dot by dot. */
function cut(a: Point, b: Point, w: number, h: number): [Point, Point] | undefined {
  let [t0, t1] = [0, 1];
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  for (const [p, q] of [
    [-dx, a[0]],
    [dx, w - a[0]],
    [-dy, a[1]],
    [dy, h - a[1]],
  ]) {
    if (p === 0 && q < 0) return undefined;
    if (p < 0) t0 = Math.max(t0, q / p);
    if (p > 0) t1 = Math.min(t1, q / p);
  }
  if (!(t0 <= t1)) return undefined;
  return [
    [a[0] + dx * t0, a[1] + dy * t0],
    [a[0] + dx * t1, a[1] + dy * t1],
  ];
}

/** Mean colour of the pixels that a rectangle of the image touches. */
function average(pixels: Pixels, x0: number, x1: number, y0: number, y1: number): Color {
  const clip = (v: number, n: number): number => Math.max(0, Math.min(n - 1, v));
  const { width, height, rgba } = pixels;
  const [c0, c1] = [clip(Math.floor(x0), width), clip(Math.ceil(x1) - 1, width)];
  const [r0, r1] = [clip(Math.floor(y0), height), clip(Math.ceil(y1) - 1, height)];
  let [r, g, b, a, n] = [0, 0, 0, 0, 0];
  for (let y = r0; y <= r1; y++) {
    for (let x = c0; x <= c1; x++) {
      const at = (y * width + x) * 4;
      r += rgba[at];
      g += rgba[at + 1];
      b += rgba[at + 2];
      a += rgba[at + 3];
      n++;
    }
  }
  return { r: r / n, g: g / n, b: b / n, a: a / n / 255 };
}
