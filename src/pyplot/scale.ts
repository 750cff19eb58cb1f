/** How an axis turns values into lengths. */
export type ScaleKind = 'linear' | 'log';

const LARGEST = Number.MAX_VALUE;

/** The value's place between lo (0) and hi (1); NaN where the scale has no place for it. */
export function place(kind: ScaleKind, v: number, lo: number, hi: number): number {
  if (kind === 'log') {
    if (!(v > 0)) return Number.NaN;
    return (Math.log10(v) - Math.log10(lo)) / (Math.log10(hi) - Math.log10(lo));
  }
  // Halves, so that limits near the largest number do not overflow.
  return (v / 2 - lo / 2) / (hi / 2 - lo / 2);
}

/** Smallest and largest value that the scale can show, or undefined when there is none. */
export function shownRange(
  values: Iterable<number>,
  kind: ScaleKind,
): [number, number] | undefined {
  let lo = Number.POSITIVE_INFINITY;
  let hi = Number.NEGATIVE_INFINITY;
  for (const v of values) {
    if (!Number.isFinite(v) || (kind === 'log' && v <= 0)) continue;
    if (v < lo) lo = v;
    if (v > hi) hi = v;
  }
  return lo <= hi ? [lo, hi] : undefined;
}

/** The range an artist covers along one axis. */
export interface Span {
  readonly range: readonly [number, number];
  /** Values beyond which no margin is added while they are the end of the range: a bar's foot. */
  readonly sticky?: readonly number[];
}

function clamp(v: number): number {
  return Math.max(-LARGEST, Math.min(LARGEST, v));
}

/**
 * Limits that show all the spans, with a margin of `margin` times the range at both ends.
 * A range of one value is widened; no spans at all give [0, 1], or [1, 10] on a log scale.
 */
export function autoLimits(
  spans: readonly Span[],
  kind: ScaleKind,
  margin: number,
): [number, number] {
  if (spans.length === 0) return kind === 'log' ? [1, 10] : [0, 1];
  let lo = Math.min(...spans.map((s) => s.range[0]));
  let hi = Math.max(...spans.map((s) => s.range[1]));
  const sticky = spans.flatMap((s) => s.sticky ?? []);
  if (kind === 'log') {
    if (lo === hi) [lo, hi] = [lo / 10, hi * 10];
    const pad = (Math.log10(hi) - Math.log10(lo)) * margin;
    const low = 10 ** (Math.log10(lo) - (sticky.includes(lo) ? 0 : pad));
    const high = 10 ** (Math.log10(hi) + (sticky.includes(hi) ? 0 : pad));
    return [Math.max(low, Number.MIN_VALUE), clamp(high)];
  }
  const [low, high] = [lo, hi];
  // Doubles cannot tell apart values closer than this, so ticks between them would coincide.
  if (hi / 2 - lo / 2 <= Math.max(Math.abs(lo), Math.abs(hi)) * 1e-13) {
    const grow = lo === 0 && hi === 0 ? 0.05 : Math.max(Math.abs(lo), Math.abs(hi)) * 0.05;
    lo = clamp(lo - grow);
    hi = clamp(hi + grow);
  }
  const pad = hi * margin - lo * margin;
  return [
    sticky.includes(low) ? low : clamp(lo - pad),
    sticky.includes(high) && (high !== low || low !== lo) && !(sticky.includes(low) && low === high)
      ? high
      : clamp(hi + pad),
  ];
}
