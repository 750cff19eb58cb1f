/** Small pictures on canvases. */
import { color, isDark } from './theme.ts';

type Rgb = readonly [number, number, number];

/** Grey levels, 0 black to 255 white, or the other way round on a light page. */
export function paintGrey(canvas: HTMLCanvasElement, pixels: ArrayLike<number>): void {
  const side = Math.round(Math.sqrt(pixels.length));
  paint(canvas, side, side, (i) => [pixels[i], pixels[i], pixels[i]]);
}

/** Numbers below zero in one colour, above in another, zero as the page. */
export function paintSigned(
  canvas: HTMLCanvasElement,
  values: ArrayLike<number>,
  width: number,
  height: number,
  most: number = largest(values),
): void {
  const [cold, warm] = [rgb(color('cold')), rgb(color('warm'))];
  const middle: Rgb = isDark() ? [28, 30, 36] : [250, 250, 248];
  paint(canvas, width, height, (i) => {
    const v = Math.max(-1, Math.min(1, values[i] / (most || 1)));
    const end = v < 0 ? cold : warm;
    const a = Math.abs(v);
    return [0, 1, 2].map((c) => middle[c] + (end[c] - middle[c]) * a) as unknown as Rgb;
  });
}

export function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]));
  return most;
}

/** #rrggbb to numbers. */
export function rgb(hex: string): Rgb {
  const n = Number.parseInt(hex.slice(1), 16);
  return [(n >> 16) & 255, (n >> 8) & 255, n & 255];
}

function paint(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  at: (i: number) => Rgb,
): void {
  canvas.width = width;
  canvas.height = height;
  const ctx = canvas.getContext('2d')!;
  const image = ctx.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const [r, g, b] = at(i);
    image.data[i * 4] = r;
    image.data[i * 4 + 1] = g;
    image.data[i * 4 + 2] = b;
    image.data[i * 4 + 3] = 255;
  }
  ctx.putImageData(image, 0, 0);
}
