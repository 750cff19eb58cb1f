import { GradloomError } from '../errors.ts';
import { finiteRange } from './data.ts';

/** Values counted by bin. */
export interface Histogram {
  /** One number per bin. */
  readonly counts: number[];
  /** One edge more than bins. */
  readonly edges: number[];
}

/**
 * Counts values by bin as NumPy does: each bin holds its lower edge, the last one also its upper.
 * NaN and infinite values are left out.
 * @param values the data
 * @param bins number of equal bins, 1..100000, or the edges in rising order
 * @param range ends of the equal bins; the data's by default
 * @param density divides so that the areas add up to 1
 * @throws GradloomError `pyplot.hist` for bins or a range that cannot be
 */
export function histogram(
  values: ArrayLike<number>,
  bins: number | ArrayLike<number> = 10,
  range?: readonly [number, number],
  density = false,
): Histogram {
  const edges = typeof bins === 'number' ? equalEdges(values, bins, range) : givenEdges(bins);
  const n = edges.length - 1;
  const counts = new Array<number>(n).fill(0);
  for (let i = 0; i < values.length; i++) {
    const v = values[i];
    if (!(v >= edges[0] && v <= edges[n])) continue;
    let lo = 0;
    let hi = n;
    while (hi - lo > 1) {
      const mid = (lo + hi) >> 1;
      if (v >= edges[mid]) lo = mid;
      else hi = mid;
    }
    counts[lo]++;
  }
  if (!density) return { counts, edges };
  const total = counts.reduce((a, b) => a + b, 0);
  return {
    counts: counts.map((c, i) => (total === 0 ? 0 : c / total / (edges[i + 1] - edges[i]))),
    edges,
  };
}

function equalEdges(
  values: ArrayLike<number>,
  bins: number,
  range: readonly [number, number] | undefined,
): number[] {
  if (!Number.isInteger(bins) || bins < 1 || bins > 100_000) {
    throw new GradloomError(
      'pyplot.hist',
      `bins must be a whole number within 1..100000, but is ${bins}.`,
      { bins },
    );
  }
  if (range && !(Number.isFinite(range[0]) && Number.isFinite(range[1]) && range[0] <= range[1])) {
    throw new GradloomError('pyplot.hist', `range must be [low, high], but is [${range}].`, {
      range,
    });
  }
  let [lo, hi] = range ?? finiteRange(values) ?? [0, 1];
  if (lo === hi) [lo, hi] = [lo - 0.5, hi + 0.5];
  if (lo === hi) [lo, hi] = [lo * (1 - 1e-9), hi * (1 + 1e-9)].sort((a, b) => a - b);
  return Array.from({ length: bins + 1 }, (_, i) =>
    i === bins ? hi : lo * (1 - i / bins) + hi * (i / bins),
  );
}

function givenEdges(bins: ArrayLike<number>): number[] {
  const edges = Array.from(bins);
  const rising = edges.every((e, i) => Number.isFinite(e) && (i === 0 || e > edges[i - 1]));
  if (edges.length < 2 || !rising) {
    throw new GradloomError(
      'pyplot.hist',
      'bins given as edges must be at least two finite numbers in rising order.',
      { bins: edges.slice(0, 20) },
    );
  }
  return edges;
}
