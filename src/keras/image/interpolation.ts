/** How pixels between pixels are made: kernels, and the weights of a resized axis (as jax.image). */

export type Interpolation = 'nearest' | 'bilinear' | 'bicubic' | 'lanczos3' | 'lanczos5';

export const interpolations: Readonly<Record<Interpolation, Interpolation>> = {
  nearest: 'nearest',
  bilinear: 'bilinear',
  bicubic: 'bicubic',
  lanczos3: 'lanczos3',
  lanczos5: 'lanczos5',
};

type Kernel = (x: number) => number;

/** Keys (1981) with a = -0.5. */
function cubic(x: number): number {
  if (x >= 2) return 0;
  if (x >= 1) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return (1.5 * x - 2.5) * x * x + 1;
}

/** sinc(x) sinc(x / radius), 0 beyond the radius. */
function lanczos(radius: number): Kernel {
  return (x) => {
    if (x > radius) return 0;
    if (x <= 1e-3) return 1;
    const t = Math.PI * x;
    return (radius * Math.sin(t) * Math.sin(t / radius)) / (t * t);
  };
}

const kernels: Readonly<Record<Exclude<Interpolation, 'nearest'>, Kernel>> = {
  bilinear: (x) => Math.max(0, 1 - x),
  bicubic: cubic,
  lanczos3: lanczos(3),
  lanczos5: lanczos(5),
};

/**
 * What each of `from` pixels gives to each of `to`: row-major (from, to), columns of sum 1. With
 * `antialias` the kernel is stretched when the axis shrinks.
 */
export function resizeWeights(
  from: number,
  to: number,
  interpolation: Exclude<Interpolation, 'nearest'>,
  antialias: boolean,
): Float64Array {
  const kernel = kernels[interpolation];
  const step = Math.fround(1 / Math.fround(to / from));
  const stretch = antialias ? Math.max(step, 1) : 1;
  const weights = new Float64Array(from * to);
  for (let o = 0; o < to; o++) {
    // The positions are those of float32, which decides where two pixels are equally near.
    const at = Math.fround(Math.fround((o + 0.5) * step) - 0.5);
    let total = 0;
    for (let i = 0; i < from; i++) {
      const w = kernel(Math.abs(at - i) / stretch);
      weights[i * to + o] = w;
      total += w;
    }
    if (Math.abs(total) <= 1000 * 2 ** -23) total = Number.POSITIVE_INFINITY;
    for (let i = 0; i < from; i++) weights[i * to + o] /= total;
  }
  return weights;
}

/** Which of `from` pixels each of `to` copies. */
export function nearestPositions(from: number, to: number): Int32Array {
  return Int32Array.from({ length: to }, (_, o) =>
    Math.floor(Math.fround(Math.fround((o + 0.5) * from) / to)),
  );
}
