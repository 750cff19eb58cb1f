import { color as parseCss } from 'd3-color';
import { GradloomError } from '../errors.ts';

/** Red, green and blue in 0..255 and opacity in 0..1. */
export interface Color {
  readonly r: number;
  readonly g: number;
  readonly b: number;
  readonly a: number;
}

/**
 * A colour as matplotlib writes it: 'r', 'C0', 'tab:blue', a CSS name, '#rrggbb', a grey level
 * such as '0.5', 'none', or [r, g, b] / [r, g, b, a] with parts in 0..1.
 */
export type ColorSpec = string | readonly number[];

/** The ten colours that successive plots take in turn. */
export const TAB10: readonly string[] = [
  '#1f77b4',
  '#ff7f0e',
  '#2ca02c',
  '#d62728',
  '#9467bd',
  '#8c564b',
  '#e377c2',
  '#7f7f7f',
  '#bcbd22',
  '#17becf',
];

const TAB_NAMES = 'blue orange green red purple brown pink gray olive cyan'.split(' ');

const LETTERS: Record<string, string> = {
  b: '#0000ff',
  g: '#008000',
  r: '#ff0000',
  c: '#00bfbf',
  m: '#bf00bf',
  y: '#bfbf00',
  k: '#000000',
  w: '#ffffff',
};

function named(spec: string): string {
  if (Object.hasOwn(LETTERS, spec)) return LETTERS[spec];
  const cycle = /^C(\d+)$/.exec(spec);
  if (cycle) return TAB10[Number(cycle[1]) % TAB10.length];
  const tab = /^tab:(\w+)$/.exec(spec);
  if (tab) return TAB10[TAB_NAMES.indexOf(tab[1] === 'grey' ? 'gray' : tab[1])] ?? 'unknown';
  if (/^(0|1|0?\.\d+|[01]\.\d*)$/.test(spec) && Number(spec) <= 1) {
    const level = Math.round(Number(spec) * 255);
    return `rgb(${level},${level},${level})`;
  }
  return spec === 'none' ? 'transparent' : spec;
}

/**
 * Reads a colour.
 * @param spec see {@link ColorSpec}
 * @param alpha opacity in 0..1 that multiplies the colour's own
 * @throws GradloomError `pyplot.color` when the colour is not known
 */
export function parseColor(spec: ColorSpec, alpha = 1): Color {
  if (!(alpha >= 0 && alpha <= 1)) {
    throw new GradloomError('pyplot.color', `alpha must be within 0..1, but is ${alpha}.`, {
      alpha,
    });
  }
  if (typeof spec !== 'string') {
    const ok =
      Array.isArray(spec) &&
      (spec.length === 3 || spec.length === 4) &&
      spec.every((v) => v >= 0 && v <= 1);
    if (!ok) {
      throw new GradloomError(
        'pyplot.color',
        `A colour list must be 3 or 4 numbers within 0..1, but is [${spec}].`,
        { color: spec },
      );
    }
    const [r, g, b, a = 1] = spec;
    return { r: r * 255, g: g * 255, b: b * 255, a: a * alpha };
  }
  const parsed = parseCss(named(spec.trim()))?.rgb();
  if (!parsed) {
    throw new GradloomError(
      'pyplot.color',
      `Unknown colour ${JSON.stringify(spec)}. Use a CSS name, '#rrggbb', one of 'bgrcmykw', ` +
        `'C0'..'C9', 'tab:blue', or a grey level such as '0.5'.`,
      { color: spec },
    );
  }
  const part = (v: number): number => (Number.isNaN(v) ? 0 : v);
  return { r: part(parsed.r), g: part(parsed.g), b: part(parsed.b), a: parsed.opacity * alpha };
}

/** The colour as '#rrggbb'; opacity is written apart. */
export function toHex(c: Color): string {
  const hex = (v: number): string =>
    Math.max(0, Math.min(255, Math.round(v)))
      .toString(16)
      .padStart(2, '0');
  return `#${hex(c.r)}${hex(c.g)}${hex(c.b)}`;
}
