import type { Color } from './color.ts';
import type { Marker } from './format-string.ts';
import { place, type ScaleKind } from './scale.ts';

/** A position in canvas units, y downwards. */
export type Point = readonly [x: number, y: number];

/** How a line is drawn. */
export interface Stroke {
  readonly color: Color;
  readonly width: number;
  readonly dash?: readonly number[];
}

/** How a text is drawn; x, y is where its anchor lies. */
export interface TextStyle {
  readonly size: number;
  readonly color: Color;
  readonly ha: 'left' | 'center' | 'right';
  readonly va: 'top' | 'center' | 'bottom' | 'baseline';
  /** Degrees, anticlockwise. */
  readonly rotation?: number;
  readonly bold?: boolean;
}

/** A rectangle in canvas units. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** 8-bit RGBA pixels, row by row from the top. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

/**
 * What artists draw on: an SVG document or a terminal. `series` tells the artists of one axes
 * apart where colours cannot, on a terminal without them.
 */
export interface Canvas {
  polyline(points: readonly Point[], stroke: Stroke, series: number): void;
  polygon(points: readonly Point[], fill: Color, edge: Stroke | undefined, series: number): void;
  rect(box: Box, fill: Color | undefined, edge: Stroke | undefined, series: number): void;
  marker(
    shape: Marker,
    at: Point,
    size: number,
    fill: Color,
    edge: Stroke | undefined,
    series: number,
  ): void;
  image(pixels: Pixels, box: Box): void;
  text(text: string, at: Point, style: TextStyle): void;
}

/** The plotting area of one axes: its box on the canvas and what its limits are. */
export class Frame {
  readonly box: Box;
  /** Canvas units in a typographic point. */
  readonly unit: number;
  readonly xlim: readonly [number, number];
  readonly ylim: readonly [number, number];
  readonly xscale: ScaleKind;
  readonly yscale: ScaleKind;

  constructor(
    box: Box,
    unit: number,
    x: { limits: readonly [number, number]; scale: ScaleKind },
    y: { limits: readonly [number, number]; scale: ScaleKind },
  ) {
    this.box = box;
    this.unit = unit;
    this.xlim = x.limits;
    this.ylim = y.limits;
    this.xscale = x.scale;
    this.yscale = y.scale;
  }

  /** Canvas x of a value; NaN where it has no place. */
  x(v: number): number {
    return this.box.x + place(this.xscale, v, this.xlim[0], this.xlim[1]) * this.box.w;
  }

  /** Canvas y of a value; NaN where it has no place. */
  y(v: number): number {
    return this.box.y + this.box.h - place(this.yscale, v, this.ylim[0], this.ylim[1]) * this.box.h;
  }

  /** Canvas x of a bar's end: one that the scale cannot show lies at the axis's lower end. */
  edgeX(v: number): number {
    const x = this.x(v);
    return Number.isNaN(x) && !Number.isNaN(v) ? this.x(Math.min(...this.xlim)) : x;
  }

  /** Canvas y of a bar's end, likewise. */
  edgeY(v: number): number {
    const y = this.y(v);
    return Number.isNaN(y) && !Number.isNaN(v) ? this.y(Math.min(...this.ylim)) : y;
  }
}
