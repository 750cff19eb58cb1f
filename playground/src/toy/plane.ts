/** A picture of the plane: numbers as colours, points on top. */
import { h } from '../ui/dom.ts';
import { paintSigned } from '../ui/pixels.ts';
import { color, onTheme } from '../ui/theme.ts';
import type { Points } from './data.ts';
import { extent, planeSide } from './protocol.ts';

export interface Plane {
  readonly element: HTMLElement;
  /** Values from -1 (one class) to 1 (the other). */
  show(values: Float32Array, most?: number): void;
  points(train: Points, test?: Points): void;
}

/** `resolution` is the side of the finished picture, in pixels. */
export function makePlane(resolution: number, label: string): Plane {
  const canvas = h('canvas', { class: 'plane', width: resolution, height: resolution });
  canvas.setAttribute('role', 'img');
  if (label) canvas.setAttribute('aria-label', label);
  const small = h('canvas', {});
  let values: Float32Array = new Float32Array(planeSide * planeSide);
  let most = 1;
  let train: Points | undefined;
  let test: Points | undefined;

  const dots = (ctx: CanvasRenderingContext2D, p: Points, hollow: boolean): void => {
    const radius = resolution / 95;
    for (let i = 0; i < p.classes.length; i++) {
      const x = (p.places[i * 2] / extent / 2 + 0.5) * resolution;
      const y = (0.5 - p.places[i * 2 + 1] / extent / 2) * resolution;
      ctx.beginPath();
      ctx.arc(x, y, hollow ? radius * 0.8 : radius, 0, 2 * Math.PI);
      const fill = color(p.classes[i] === 1 ? 'warm' : 'cold');
      if (hollow) {
        ctx.strokeStyle = fill;
        ctx.lineWidth = resolution / 330;
        ctx.stroke();
      } else {
        ctx.fillStyle = fill;
        ctx.fill();
        ctx.strokeStyle = '#fff';
        ctx.lineWidth = resolution / 330;
        ctx.stroke();
      }
    }
  };
  const paint = (): void => {
    paintSigned(small, values, planeSide, planeSide, most);
    const ctx = canvas.getContext('2d')!;
    ctx.imageSmoothingEnabled = true;
    ctx.imageSmoothingQuality = 'high';
    ctx.globalAlpha = 1;
    ctx.drawImage(small, 0, 0, resolution, resolution);
    if (test) dots(ctx, test, true);
    if (train) dots(ctx, train, false);
  };
  onTheme(paint);
  return {
    element: canvas,
    show(next, scale = 1) {
      values = next;
      most = scale;
      paint();
    },
    points(nextTrain, nextTest) {
      train = nextTrain;
      test = nextTest;
      paint();
    },
  };
}
