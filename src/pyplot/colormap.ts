import { rgb } from 'd3-color';
import * as chromatic from 'd3-scale-chromatic';
import { GradloomError } from '../errors.ts';
import { type Color, parseColor, TAB10 } from './color.ts';
import { finiteRange } from './data.ts';

/** Gives the colour for a position within 0..1; outside it, the nearer end's colour. */
export type Colormap = (t: number) => Color;

function fromCss(interpolate: (t: number) => string): Colormap {
  return (t) => {
    const c = rgb(interpolate(t));
    return { r: c.r, g: c.g, b: c.b, a: 1 };
  };
}

/** A map through equally spaced colours, mixed linearly in RGB. */
function through(...stops: string[]): Colormap {
  const colors = stops.map((s) => parseColor(s));
  return (t) => {
    const at = t * (colors.length - 1);
    const i = Math.min(colors.length - 2, Math.floor(at));
    const [p, q, f] = [colors[i], colors[i + 1], at - i];
    const mix = (u: number, v: number): number => u + (v - u) * f;
    return { r: mix(p.r, q.r), g: mix(p.g, q.g), b: mix(p.b, q.b), a: 1 };
  };
}

const MAPS: Record<string, () => Colormap> = {
  viridis: () => fromCss(chromatic.interpolateViridis),
  plasma: () => fromCss(chromatic.interpolatePlasma),
  inferno: () => fromCss(chromatic.interpolateInferno),
  magma: () => fromCss(chromatic.interpolateMagma),
  cividis: () => fromCss(chromatic.interpolateCividis),
  turbo: () => fromCss(chromatic.interpolateTurbo),
  gray: () => through('#000000', '#ffffff'),
  binary: () => through('#ffffff', '#000000'),
  Blues: () => fromCss(chromatic.interpolateBlues),
  Greens: () => fromCss(chromatic.interpolateGreens),
  Greys: () => fromCss(chromatic.interpolateGreys),
  Oranges: () => fromCss(chromatic.interpolateOranges),
  Purples: () => fromCss(chromatic.interpolatePurples),
  Reds: () => fromCss(chromatic.interpolateReds),
  YlGnBu: () => fromCss(chromatic.interpolateYlGnBu),
  YlOrRd: () => fromCss(chromatic.interpolateYlOrRd),
  RdBu: () => fromCss(chromatic.interpolateRdBu),
  RdYlBu: () => fromCss(chromatic.interpolateRdYlBu),
  RdYlGn: () => fromCss(chromatic.interpolateRdYlGn),
  Spectral: () => fromCss(chromatic.interpolateSpectral),
  PiYG: () => fromCss(chromatic.interpolatePiYG),
  coolwarm: () => through('#3b4cc0', '#8db0fe', '#dddddd', '#f49a7b', '#b40426'),
  hot: () => through('#0b0000', '#8b0000', '#ff2200', '#ff9900', '#ffff33', '#ffffff'),
  jet: () =>
    through(
      '#000080',
      '#0000ff',
      '#0080ff',
      '#00ffff',
      '#80ff80',
      '#ffff00',
      '#ff8000',
      '#ff0000',
      '#800000',
    ),
  tab10: () => (t) => parseColor(TAB10[Math.min(9, Math.floor(t * 10))]),
};

/** The names `cmap` takes; each also with '_r' at its end for the reverse. */
export const colormapNames: readonly string[] = Object.keys(MAPS);

/**
 * Finds a colormap by name.
 * @throws GradloomError `pyplot.cmap` when there is none of that name
 */
export function getColormap(name: string): Colormap {
  const reversed = name.endsWith('_r');
  let base = reversed ? name.slice(0, -2) : name;
  if (base === 'grey') base = 'gray';
  if (!Object.hasOwn(MAPS, base)) {
    throw new GradloomError(
      'pyplot.cmap',
      `Unknown colormap ${JSON.stringify(name)}. Known: ${colormapNames.join(', ')}; ` +
        `each also with '_r'.`,
      { cmap: name },
    );
  }
  const map = MAPS[base]();
  return (t) => {
    const clamped = Math.max(0, Math.min(1, t));
    return map(reversed ? 1 - clamped : clamped);
  };
}

/** Colours for numbers: a colormap stretched over [vmin, vmax]. */
export interface ColorScale {
  readonly vmin: number;
  readonly vmax: number;
  readonly map: Colormap;
  /** The value's colour; fully transparent for NaN. */
  color(value: number): Color;
}

/**
 * Stretches a colormap over the values, or over [vmin, vmax] where given.
 * @throws GradloomError when the map is unknown or vmin exceeds vmax
 */
export function colorScale(
  values: ArrayLike<number>,
  cmap: string,
  vmin?: number,
  vmax?: number,
): ColorScale {
  const map = getColormap(cmap);
  const [lo, hi] = finiteRange(values) ?? [0, 1];
  const from = vmin ?? Math.min(lo, vmax ?? lo);
  const to = vmax ?? Math.max(hi, from);
  if (!(from <= to)) {
    throw new GradloomError('pyplot.cmap', `vmin (${from}) must not exceed vmax (${to}).`, {
      vmin: from,
      vmax: to,
    });
  }
  const half = to / 2 - from / 2;
  return {
    vmin: from,
    vmax: to,
    map,
    color(value) {
      if (Number.isNaN(value)) return { r: 0, g: 0, b: 0, a: 0 };
      // Halves, so that a range wider than the largest number does not overflow.
      return map(half === 0 ? 0 : (value / 2 - from / 2) / half);
    },
  };
}
