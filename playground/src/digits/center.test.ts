import { describe, expect, it } from 'vitest';
import { centerDigit, side } from './center.ts';

/** Paper with a filled rectangle. */
function drawing(size: number, x: number, y: number, w: number, h: number): Uint8Array {
  const ink = new Uint8Array(size * size);
  for (let j = y; j < y + h; j++) for (let i = x; i < x + w; i++) ink[j * size + i] = 255;
  return ink;
}

function extent(pixels: Uint8Array): { x: [number, number]; y: [number, number] } {
  const xs: number[] = [];
  const ys: number[] = [];
  pixels.forEach((v, i) => {
    if (v === 0) return;
    xs.push(i % side);
    ys.push(Math.floor(i / side));
  });
  return { x: [Math.min(...xs), Math.max(...xs)], y: [Math.min(...ys), Math.max(...ys)] };
}

describe('centerDigit', () => {
  it('gives nothing for nothing', () => {
    expect(centerDigit(new Uint8Array(100), 10, 10)).toEqual(new Uint8Array(784));
  });

  it('brings the longer side to 20 and the middle to the middle, wherever it was drawn', () => {
    const expected = { x: [9, 18], y: [4, 23] };
    expect(extent(centerDigit(drawing(280, 10, 20, 60, 120), 280, 280))).toEqual(expected);
    expect(extent(centerDigit(drawing(280, 200, 150, 60, 120), 280, 280))).toEqual(expected);
    expect(extent(centerDigit(drawing(280, 100, 5, 120, 240), 280, 280))).toEqual(expected);
  });

  it('keeps the levels of ink', () => {
    const pixels = centerDigit(drawing(280, 40, 40, 200, 200), 280, 280);
    expect(pixels[14 * side + 14]).toBe(255);
    expect(pixels.reduce((n, v) => n + (v > 0 ? 1 : 0), 0)).toBe(400);
  });

  it('centres the mass, not the box', () => {
    // A thin bar to the right of a heavy block: the block is pushed to the middle.
    const ink = drawing(100, 10, 10, 40, 80);
    for (let i = 50; i < 90; i++) ink[50 * 100 + i] = 255;
    const { x } = extent(centerDigit(ink, 100, 100));
    expect(x[1] - x[0] + 1).toBe(20);
    expect(x[0]).toBeGreaterThan(4);
  });

  it('turns a dot into a filled square', () => {
    expect(extent(centerDigit(drawing(50, 3, 3, 1, 1), 50, 50)).x).toEqual([4, 23]);
  });
});
