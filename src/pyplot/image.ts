import { GradloomError } from '../errors.ts';
import type { Extent, Mappable } from './artist.ts';
import type { Canvas, Frame, Pixels, Point } from './canvas.ts';
import { type ColorScale, colorScale } from './colormap.ts';
import type { Dense } from './data.ts';

/** A picture whose pixels are values or colours. */
export class AxesImage implements Mappable {
  readonly zorder: number = 0;
  readonly label: undefined = undefined;
  readonly series: number;
  readonly origin: 'upper' | 'lower';
  colors: ColorScale | undefined;
  pixels: Pixels | undefined;

  constructor(origin: 'upper' | 'lower', series: number) {
    this.origin = origin;
    this.series = series;
  }

  /** Where it lies: pixel centres are at whole numbers. */
  extent(): Extent {
    if (!this.pixels) return {};
    const { width, height } = this.pixels;
    return {
      x: { range: [-0.5, width - 0.5], sticky: [-0.5, width - 0.5] },
      y: { range: [-0.5, height - 0.5], sticky: [-0.5, height - 0.5] },
    };
  }

  draw(canvas: Canvas, frame: Frame): void {
    if (!this.pixels) return;
    const { width, height } = this.pixels;
    const xs = [frame.x(-0.5), frame.x(width - 0.5)];
    const ys = [frame.y(-0.5), frame.y(height - 0.5)];
    canvas.image(turned(this.pixels, xs[0] > xs[1], ys[0] > ys[1]), {
      x: Math.min(...xs),
      y: Math.min(...ys),
      w: Math.abs(xs[1] - xs[0]),
      h: Math.abs(ys[1] - ys[0]),
    });
  }

  drawKey(): void {}

  occupied(): Point[] {
    return [];
  }
}

/** The pixels with columns and rows reversed as asked: row 0 lies where its y says. */
function turned(pixels: Pixels, flipX: boolean, flipY: boolean): Pixels {
  if (!flipX && !flipY) return pixels;
  const { width, height, rgba } = pixels;
  const out = new Uint8Array(rgba.length);
  for (let r = 0; r < height; r++) {
    for (let c = 0; c < width; c++) {
      const from = ((flipY ? height - 1 - r : r) * width + (flipX ? width - 1 - c : c)) * 4;
      out.set(rgba.subarray(from, from + 4), (r * width + c) * 4);
    }
  }
  return { width, height, rgba: out };
}

/** What `imshow` takes to turn values into colours. */
export interface ImageColors {
  cmap: string;
  vmin?: number;
  vmax?: number;
  alpha: number;
}

/**
 * Turns H x W values (through the colormap) or H x W x 3 and H x W x 4 colours into pixels.
 * Colours are 0..1, or 0..255 when any exceeds 1. A single leading or trailing dimension of 1 is
 * dropped, so a 1 x 28 x 28 or 28 x 28 x 1 digit is a picture.
 */
export function toPixels(
  input: Dense,
  how: ImageColors,
): { pixels: Pixels; colors: ColorScale | undefined } {
  let shape = input.shape;
  const colored = shape.length === 3 && (shape[2] === 3 || shape[2] === 4);
  if (shape.length > 2 && shape[0] === 1 && !colored) shape = shape.slice(1);
  if (shape.length === 3 && shape[2] === 1) shape = shape.slice(0, 2);
  const planes = shape.length === 3 ? shape[2] : 1;
  const ok = shape.length === 2 || (shape.length === 3 && (planes === 3 || planes === 4));
  if (!ok) {
    throw new GradloomError(
      'pyplot.data',
      `imshow takes an image of shape [H, W], [H, W, 3] or [H, W, 4], but got [${input.shape}].`,
      { shape: input.shape },
    );
  }
  const [height, width] = shape;
  if (height === 0 || width === 0) {
    throw new GradloomError('pyplot.data', `imshow got an empty image of shape [${shape}].`, {
      shape,
    });
  }
  const rgba = new Uint8Array(width * height * 4);
  const { data } = input;
  if (planes === 1) {
    const colors = colorScale(data, how.cmap, how.vmin, how.vmax);
    for (let i = 0; i < width * height; i++) {
      const c = colors.color(data[i]);
      rgba.set([Math.round(c.r), Math.round(c.g), Math.round(c.b)], i * 4);
      rgba[i * 4 + 3] = Math.round(c.a * how.alpha * 255);
    }
    return { pixels: { width, height, rgba }, colors };
  }
  const full = data.some((v) => v > 1) ? 255 : 1;
  const byte = (v: number): number => Math.round(Math.max(0, Math.min(1, v / full)) * 255);
  for (let i = 0; i < width * height; i++) {
    for (let k = 0; k < 3; k++) rgba[i * 4 + k] = byte(data[i * planes + k]);
    const own = planes === 4 ? byte(data[i * 4 + 3]) : 255;
    rgba[i * 4 + 3] = Math.round(own * how.alpha);
  }
  return { pixels: { width, height, rgba }, colors: undefined };
}
