/**
 * 8-bit pictures brought to another size as Pillow does it (`Image.resize`), whose results
 * `keras.utils.load_img` gives: a filter as wide as the reduction, first along rows, then along
 * columns, each in fixed point and rounded to 8 bits.
 */

export type Resampling = 'nearest' | 'bilinear' | 'bicubic' | 'hamming' | 'box' | 'lanczos';

export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

/** The part of a picture that is resized; in pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** Half the width of each filter, and its value at a distance. */
const filters: Record<Exclude<Resampling, 'nearest'>, [number, (x: number) => number]> = {
  box: [0.5, (x) => (x > -0.5 && x <= 0.5 ? 1 : 0)],
  bilinear: [1, (x) => Math.max(0, 1 - Math.abs(x))],
  hamming: [
    1,
    (x) => {
      const d = Math.abs(x);
      return d < 1 ? sinc(d) * (0.54 + 0.46 * Math.cos(Math.PI * d)) : 0;
    },
  ],
  // Keys's cubic with a = -0.5.
  bicubic: [
    2,
    (x) => {
      const d = Math.abs(x);
      if (d < 1) return (1.5 * d - 2.5) * d * d + 1;
      return d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0;
    },
  ],
  lanczos: [3, (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0)],
};

export const resamplings: readonly Resampling[] = [
  'nearest',
  ...(Object.keys(filters) as Exclude<Resampling, 'nearest'>[]),
];

/** Bits after the point of a coefficient: 32, less 8 of a sample and 2 for what overshoots. */
const precision = 2 ** 22;

interface Taps {
  /** For each place of the result: the first sample it reads, and the coefficients from there on. */
  readonly starts: Int32Array;
  readonly weights: readonly Float64Array[];
}

function taps(from: number, start: number, end: number, to: number, kind: Resampling): Taps {
  const scale = (end - start) / to;
  const starts = new Int32Array(to);
  if (kind === 'nearest') {
    // Added up as Pillow does, which decides where a place lies between two samples.
    for (let i = 0, at = start + 0.5 * scale; i < to; i++, at += scale)
      starts[i] = Math.min(from - 1, Math.floor(at));
    return { starts, weights: [] };
  }
  const [half, filter] = filters[kind];
  const stretch = Math.max(1, scale);
  const support = half * stretch;
  const weights: Float64Array[] = [];
  for (let i = 0; i < to; i++) {
    const center = start + (i + 0.5) * scale;
    const low = Math.max(0, Math.trunc(center - support + 0.5));
    const high = Math.min(from, Math.trunc(center + support + 0.5));
    const w = Float64Array.from({ length: high - low }, (_, k) =>
      filter((k + low - center + 0.5) / stretch),
    );
    const sum = w.reduce((a, b) => a + b, 0);
    for (let k = 0; k < w.length; k++) {
      const fixed = (sum === 0 ? w[k] : w[k] / sum) * precision;
      w[k] = Math.trunc(fixed < 0 ? fixed - 0.5 : fixed + 0.5);
    }
    starts[i] = low;
    weights.push(w);
  }
  return { starts, weights };
}

/** One direction: `count` lines of `from` samples, `step` apart, lines `line` apart, to `to` samples. */
function along(p: Pixels, horizontal: boolean, to: number, t: Taps): Pixels {
  const { channels, data } = p;
  const [width, height] = horizontal ? [to, p.height] : [p.width, to];
  const out = new Uint8Array(width * height * channels);
  const step = horizontal ? channels : p.width * channels;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const place = horizontal ? x : y;
      const base = horizontal
        ? (y * p.width + t.starts[x]) * channels
        : (t.starts[y] * p.width + x) * channels;
      const w = t.weights[place];
      for (let c = 0; c < channels; c++) {
        let value: number;
        if (w) {
          let sum = precision / 2;
          for (let k = 0; k < w.length; k++) sum += w[k] * data[base + k * step + c];
          value = Math.min(255, Math.max(0, Math.floor(sum / precision)));
        } else value = data[base + c];
        out[(y * width + x) * channels + c] = value;
      }
    }
  return { width, height, channels, data: out };
}

/** `p`, or a part of it, as a picture of width x height. */
export function resample(
  p: Pixels,
  width: number,
  height: number,
  kind: Resampling,
  box: Box = { left: 0, top: 0, right: p.width, bottom: p.height },
): Pixels {
  const whole = box.left === 0 && box.top === 0 && box.right === p.width && box.bottom === p.height;
  if (whole && width === p.width && height === p.height) return p;
  const rows = along(p, true, width, taps(p.width, box.left, box.right, width, kind));
  return along(rows, false, height, taps(p.height, box.top, box.bottom, height, kind));
}
