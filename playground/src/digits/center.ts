/**
 * A drawing brought into MNIST's form: the digit fits a box of 20 x 20 in 28 x 28 grey levels, its
 * centre of mass in the middle (http://yann.lecun.com/exdb/mnist/).
 */

/** Side of the result. */
export const side = 28;
const inner = 20;

/** `ink` holds width x height levels, 0 for paper to 255. All zeros when nothing is drawn. */
export function centerDigit(ink: ArrayLike<number>, width: number, height: number): Uint8Array {
  const out = new Uint8Array(side * side);
  const box = bounds(ink, width, height);
  if (!box) return out;
  const [w, h] = [box.right - box.left, box.bottom - box.top];
  const scale = Math.max(w, h) / inner;
  const small = { w: Math.max(1, Math.ceil(w / scale)), h: Math.max(1, Math.ceil(h / scale)) };
  const levels = new Float32Array(small.w * small.h);
  let [mass, mx, my] = [0, 0, 0];
  for (let y = 0; y < small.h; y++) {
    for (let x = 0; x < small.w; x++) {
      const v = mean(ink, width, height, box.left + x * scale, box.top + y * scale, scale);
      levels[y * small.w + x] = v;
      mass += v;
      mx += v * (x + 0.5);
      my += v * (y + 0.5);
    }
  }
  const left = clamp(Math.round(side / 2 - mx / mass), 0, side - small.w);
  const top = clamp(Math.round(side / 2 - my / mass), 0, side - small.h);
  for (let y = 0; y < small.h; y++)
    for (let x = 0; x < small.w; x++)
      out[(top + y) * side + left + x] = Math.round(levels[y * small.w + x]);
  return out;
}

interface Box {
  readonly left: number;
  readonly top: number;
  /** One beyond the last. */
  readonly right: number;
  readonly bottom: number;
}

function bounds(ink: ArrayLike<number>, width: number, height: number): Box | null {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (ink[y * width + x] < 32) continue;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y + 1);
    }
  }
  return right > left ? { left, top, right, bottom } : null;
}

const clamp = (v: number, low: number, high: number): number => Math.min(high, Math.max(low, v));

/** Mean of the square whose corner is at (x, y); what lies outside of the drawing is paper. */
function mean(
  ink: ArrayLike<number>,
  width: number,
  height: number,
  x: number,
  y: number,
  size: number,
): number {
  let sum = 0;
  let area = 0;
  for (let j = Math.floor(y); j < y + size; j++) {
    const rows = Math.min(j + 1, y + size) - Math.max(j, y);
    for (let i = Math.floor(x); i < x + size; i++) {
      const part = rows * (Math.min(i + 1, x + size) - Math.max(i, x));
      area += part;
      if (i >= 0 && j >= 0 && i < width && j < height) sum += part * ink[j * width + i];
    }
  }
  return area > 0 ? sum / area : 0;
}
