/** Pixels at places between pixels, and beyond the edge: jax.scipy.ndimage.map_coordinates for images. */
import { lax, type Value } from '../../graph/index.ts';

/** How a place beyond the edge is filled. */
export type FillMode = 'constant' | 'nearest' | 'wrap' | 'mirror' | 'reflect';

export const fillModes: Readonly<Record<FillMode, FillMode>> = {
  constant: 'constant',
  nearest: 'nearest',
  wrap: 'wrap',
  mirror: 'mirror',
  reflect: 'reflect',
};

const number = (like: Value, v: number): Value => lax.full(like.shape, v, like.dtype);

/** Python's modulo by a positive number: 0..n-1. */
function modulo(i: Value, n: number): Value {
  const r = lax.rem(i, number(i, n));
  return lax.select(lax.lt(r, number(i, 0)), lax.add(r, number(i, n)), r);
}

/** 2 1 | 0 1 2 | 1 0 : the edge is the mirror. */
function mirror(i: Value, size: number): Value {
  if (size === 1) return number(i, 0);
  const s = number(i, size - 1);
  return lax.abs(lax.sub(modulo(lax.add(i, s), 2 * (size - 1)), s));
}

/** 1 0 | 0 1 2 | 2 1 : the mirror is beyond the edge. */
function reflect(i: Value, size: number): Value {
  const twice = lax.add(lax.mul(i, number(i, 2)), number(i, 1));
  const m = lax.sub(mirror(twice, 2 * size + 1), number(i, 1));
  // Never negative: the mirror of an odd position is odd.
  return lax.div(m, number(m, 2));
}

const inside: Readonly<Record<FillMode, (i: Value, size: number) => Value>> = {
  // What is taken there is not used.
  constant: (i) => i,
  nearest: (i, size) => lax.max(lax.min(i, number(i, size - 1)), number(i, 0)),
  wrap: modulo,
  mirror,
  reflect,
};

interface Tap {
  readonly index: Value;
  readonly weight: Value | undefined;
}

/** Halves away from zero, as C's round. */
function round(x: Value): Value {
  const a = lax.abs(x);
  const whole = lax.floor(a);
  const up = lax.ge(lax.sub(a, whole), number(x, 0.5));
  const r = lax.select(up, lax.add(whole, number(x, 1)), whole);
  return lax.select(lax.lt(x, number(x, 0)), lax.neg(r), r);
}

function taps(x: Value, order: 0 | 1): Tap[] {
  if (order === 0) return [{ index: lax.convert(round(x), 'int32'), weight: undefined }];
  const lower = lax.floor(x);
  const share = lax.sub(x, lower);
  const index = lax.convert(lower, 'int32');
  return [
    { index, weight: lax.sub(number(x, 1), share) },
    { index: lax.add(index, number(index, 1)), weight: share },
  ];
}

/**
 * `images` (batch, height, width, channels) at rows `y` and columns `x`, floats (batch, h, w): order
 * 0 takes the nearest pixel, 1 mixes four. Gives (batch, h, w, channels). Differentiable in the
 * images and, for order 1, in the places.
 */
export function samplePixels(
  images: Value,
  y: Value,
  x: Value,
  order: 0 | 1,
  mode: FillMode,
  fill: number,
): Value {
  const [batch, height, width, channels] = images.shape;
  const rows = lax.reshape(images, [batch * height * width, channels]);
  const out = [...y.shape, channels];
  const first = lax.mul(lax.iota(y.shape, 0, 'int32'), lax.full(y.shape, height * width, 'int32'));
  const spread = (v: Value): Value => lax.broadcastInDim(v, out, [0, 1, 2]);
  let sum: Value | undefined;
  for (const ty of taps(y, order)) {
    for (const tx of taps(x, order)) {
      const r = inside[mode](ty.index, height);
      const c = inside[mode](tx.index, width);
      const at = lax.add(first, lax.add(lax.mul(r, number(r, width)), c));
      let v = lax.take(rows, at, 0);
      if (mode === 'constant') {
        const within = lax.and(valid(ty.index, height), valid(tx.index, width));
        v = lax.select(spread(within), v, lax.full(out, fill, v.dtype));
      }
      if (ty.weight && tx.weight)
        v = lax.mul(spread(lax.convert(lax.mul(ty.weight, tx.weight), v.dtype)), v);
      sum = sum ? lax.add(sum, v) : v;
    }
  }
  return sum!;
}

function valid(i: Value, size: number): Value {
  return lax.and(lax.ge(i, number(i, 0)), lax.lt(i, number(i, size)));
}
