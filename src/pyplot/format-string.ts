import { GradloomError } from '../errors.ts';

/** Line patterns; 'none' draws no line. */
export type LineStyle = '-' | '--' | '-.' | ':' | 'none';

/** Marker shapes; 'none' draws none. */
export type Marker =
  | 'o'
  | '.'
  | ','
  | 'x'
  | '+'
  | '*'
  | 's'
  | 'd'
  | 'D'
  | '^'
  | 'v'
  | '<'
  | '>'
  | 'p'
  | 'h'
  | '|'
  | '_'
  | 'none';

const MARKERS = 'o . , x + * s d D ^ v < > p h | _'.split(' ');
const LINES: Record<string, LineStyle> = {
  '-': '-',
  '--': '--',
  '-.': '-.',
  ':': ':',
  solid: '-',
  dashed: '--',
  dashdot: '-.',
  dotted: ':',
  none: 'none',
  None: 'none',
  '': 'none',
  ' ': 'none',
};

/** What a format string such as 'r--o' says; a part it leaves out is undefined. */
export interface Format {
  color?: string;
  linestyle?: LineStyle;
  marker?: Marker;
}

/**
 * Reads a matplotlib format string: colour, marker and line pattern in any order.
 * @throws GradloomError `pyplot.format` when a part is unknown or comes twice
 */
export function parseFormat(format: string): Format {
  const out: Format = {};
  const bad = (why: string): never => {
    throw new GradloomError(
      'pyplot.format',
      `Bad format string ${JSON.stringify(format)}: ${why}. It is made of a colour ('bgrcmykw' or ` +
        `'C0'..'C9'), a marker (${MARKERS.join(' ')}) and a line ('-', '--', '-.', ':'), as 'r--o'.`,
      { format },
    );
  };
  let rest = format;
  while (rest.length > 0) {
    const line = /^(--|-\.|-|:)/.exec(rest)?.[0];
    const color = /^(C\d+|[bgrcmykw])/.exec(rest)?.[0];
    if (line !== undefined) {
      if (out.linestyle !== undefined) bad('two line patterns');
      out.linestyle = line as LineStyle;
      rest = rest.slice(line.length);
    } else if (color !== undefined) {
      if (out.color !== undefined) bad('two colours');
      out.color = color;
      rest = rest.slice(color.length);
    } else if (MARKERS.includes(rest[0])) {
      if (out.marker !== undefined) bad('two markers');
      out.marker = rest[0] as Marker;
      rest = rest.slice(1);
    } else bad(`${JSON.stringify(rest[0])} is not known`);
  }
  // A marker alone means points without a line.
  if (out.marker !== undefined && out.linestyle === undefined) out.linestyle = 'none';
  return out;
}

/** Reads a `linestyle` option: a pattern or its name ('dashed'). */
export function parseLineStyle(style: string): LineStyle {
  if (!Object.hasOwn(LINES, style)) {
    throw new GradloomError(
      'pyplot.format',
      `Unknown linestyle ${JSON.stringify(style)}. Use '-', '--', '-.', ':', 'solid', 'dashed', ` +
        `'dashdot', 'dotted' or 'none'.`,
      { linestyle: style },
    );
  }
  return LINES[style];
}

/** Reads a `marker` option. */
export function parseMarker(marker: string): Marker {
  if (marker === '' || marker === ' ' || marker === 'none' || marker === 'None') return 'none';
  if (!MARKERS.includes(marker)) {
    throw new GradloomError(
      'pyplot.format',
      `Unknown marker ${JSON.stringify(marker)}. Use one of ${MARKERS.join(' ')} or 'none'.`,
      { marker },
    );
  }
  return marker as Marker;
}

/** Dash lengths in units of the line's width. */
export function dashes(style: LineStyle, width: number): number[] | undefined {
  if (style === '--') return [3.7 * width, 1.6 * width];
  if (style === '-.') return [6.4 * width, 1.6 * width, width, 1.6 * width];
  if (style === ':') return [width, 1.65 * width];
  return undefined;
}
