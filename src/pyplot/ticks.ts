/** One labelled position on an axis. */
export interface Tick {
  readonly value: number;
  readonly label: string;
}

/** The ticks of an axis. */
export interface Ticks {
  readonly major: readonly Tick[];
  /** Unlabelled positions, drawn shorter. */
  readonly minor: readonly number[];
  /** What every label is to be multiplied by or added to, as '1e6'; '' when nothing. */
  readonly offset: string;
}

const STEPS = [1, 2, 2.5, 5, 10];

/** The number as people write it: with a true minus sign. */
function withMinus(text: string): string {
  return text.replace(/-/g, '\u2212');
}

function multiplesWithin(lo: number, hi: number, step: number): number[] {
  const first = Math.ceil(lo / step - 1e-9);
  const last = Math.floor(hi / step + 1e-9);
  const decimals = Math.max(0, 1 - Math.floor(Math.log10(step)));
  const out: number[] = [];
  for (let k = first; k <= last && out.length < 1000; k++) {
    const v = decimals <= 100 ? Number((k * step).toFixed(decimals)) : k * step;
    out.push(v === 0 ? 0 : v);
    if (k + 1 === k) break;
  }
  return out;
}

/**
 * Round tick positions within [lo, hi].
 * @param lo lower end, finite
 * @param hi upper end, finite, above lo
 * @param bins the most intervals to make, 1 or more
 */
export function linearTicks(lo: number, hi: number, bins: number): number[] {
  const n = Math.max(1, bins);
  // Divided first: the difference of two huge numbers overflows.
  const raw = hi / n - lo / n;
  if (!(raw > 0)) return [lo];
  const power = 10 ** Math.floor(Math.log10(raw));
  const steps = [...STEPS.slice(0, -1).map((s) => s / 10), ...STEPS, 20].map((s) => s * power);
  let at = steps.findIndex((s) => s >= raw * (1 - 1e-12));
  if (at < 0) at = steps.length - 1;
  for (; at > 0; at--) {
    const ticks = multiplesWithin(lo, hi, steps[at]);
    if (ticks.length >= 2) return ticks;
  }
  return multiplesWithin(lo, hi, steps[0]);
}

function orderOf(v: number): number {
  return v === 0 ? 0 : Math.floor(Math.log10(Math.abs(v)) + 1e-12);
}

/** The part all ticks share, when writing it once saves at least four digits on every label. */
function sharedOffset(values: readonly number[]): number {
  const lo = Math.min(...values);
  const hi = Math.max(...values);
  if (lo === hi || lo <= 0 !== hi <= 0 || lo === 0 || hi === 0) return 0;
  const sign = hi > 0 ? 1 : -1;
  const [small, large] = [Math.abs(lo), Math.abs(hi)].sort((a, b) => a - b);
  let order = orderOf(large) + 1;
  while (order > -320 && Math.floor(small / 10 ** order) === Math.floor(large / 10 ** order)) {
    order--;
  }
  order++;
  const head = Math.floor(large / 10 ** order);
  return head >= 1000 ? sign * head * 10 ** order : 0;
}

/**
 * Labels for evenly spaced ticks, all with the same number of decimals; very large, very small or
 * nearly equal values share an offset text as in matplotlib.
 */
export function linearLabels(values: readonly number[]): { labels: string[]; offset: string } {
  if (values.length === 0) return { labels: [], offset: '' };
  const shared = sharedOffset(values);
  const rest = values.map((v) => v - shared);
  const largest = rest.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  const order = orderOf(largest);
  const power = order <= -5 || order >= 6 ? order : 0;
  // 10 ** -320 is not a normal number, so very small values are scaled in two steps.
  const scaled = rest.map((v) =>
    power < -300 ? (v * 1e300) / 10 ** (power + 300) : v / 10 ** power,
  );
  const reach = scaled.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  const tolerance = 1e-3 * 10 ** orderOf(spacing(scaled) || reach || 1);
  let decimals = 0;
  while (
    decimals < 12 &&
    scaled.some((v) => Math.abs(v - Number(v.toFixed(decimals))) > tolerance)
  ) {
    decimals++;
  }
  const labels = scaled.map((v) => withMinus((v === 0 ? 0 : v).toFixed(decimals)));
  const offset =
    (power === 0 ? '' : `1e${power}`) +
    (shared === 0 ? '' : `${shared > 0 ? '+' : ''}${compact(shared)}`);
  return { labels, offset: withMinus(offset) };
}

function spacing(values: readonly number[]): number {
  return values.length < 2 ? 0 : Math.abs(values[1] - values[0]);
}

function compact(v: number): string {
  const exact = Number(v.toPrecision(12));
  const plain = String(exact);
  if (plain.length <= 8) return plain;
  return exact.toExponential().replace('e+', 'e');
}

const RAISED = '⁰¹²³⁴⁵⁶⁷⁸⁹';

function powerLabel(exponent: number, factor = 1): string {
  const digits = String(Math.abs(exponent)).replace(/\d/g, (d) => RAISED[Number(d)]);
  const head = factor === 1 ? '' : `${factor}×`;
  return `${head}10${exponent < 0 ? '⁻' : ''}${digits}`;
}

/**
 * Ticks of a logarithmic axis: powers of ten, with 2..9 times each as minor ticks. Where the range
 * holds fewer than two powers, some of those carry labels too.
 * @param lo lower end, above 0
 * @param hi upper end, above lo
 * @param bins the most intervals between labelled ticks
 */
export function logTicks(lo: number, hi: number, bins: number): Ticks {
  const [from, to] = [Math.log10(lo), Math.log10(hi)];
  const first = Math.ceil(from - 1e-9);
  const last = Math.floor(to + 1e-9);
  const powers = last - first + 1;
  const stride = Math.max(1, Math.ceil(powers / (Math.max(1, bins) + 1)));
  const major: Tick[] = [];
  for (let e = first; e <= last; e++) {
    if ((e - first) % stride === 0) major.push({ value: 10 ** e, label: powerLabel(e) });
  }
  const minor: number[] = [];
  if (stride > 1) {
    if (powers <= 40) {
      for (let e = first; e <= last; e++) if ((e - first) % stride !== 0) minor.push(10 ** e);
    }
    return { major, minor, offset: '' };
  }
  if (powers > 12) return { major, minor, offset: '' };
  const inner = [];
  for (let e = first - 1; e <= last; e++) {
    for (let f = 2; f <= 9; f++) {
      const value = Number(`${f}e${e}`);
      if (value >= lo && value <= hi) inner.push({ value, label: powerLabel(e, f), factor: f });
    }
  }
  if (major.length >= 2) return { major, minor: inner.map((t) => t.value), offset: '' };
  const labelled = inner.length > 4 ? inner.filter((t) => [2, 3, 5].includes(t.factor)) : inner;
  if (major.length + labelled.length < 2) {
    const values = linearTicks(lo, hi, bins).filter((v) => v > 0);
    const { labels, offset } = linearLabels(values);
    return { major: values.map((value, i) => ({ value, label: labels[i] })), minor: [], offset };
  }
  const all = [...major, ...labelled].sort((a, b) => a.value - b.value);
  return {
    major: all.map(({ value, label }) => ({ value, label })),
    minor: inner.filter((t) => !labelled.includes(t)).map((t) => t.value),
    offset: '',
  };
}

/** Ticks with labels for a linear axis. */
export function labelledTicks(lo: number, hi: number, bins: number): Ticks {
  const values = linearTicks(Math.min(lo, hi), Math.max(lo, hi), bins);
  const { labels, offset } = linearLabels(values);
  return { major: values.map((value, i) => ({ value, label: labels[i] })), minor: [], offset };
}
