import { GradloomError } from '../errors.ts';
import type { Artist } from './artist.ts';
import type { Box, Frame, Point } from './canvas.ts';
import { parseColor } from './color.ts';
import type { LegendOptions } from './options.ts';
import type { SvgCanvas } from './svg.ts';
import { textWidth } from './text-metrics.ts';

/** Where each named place is: shares of the free room left of and above the legend. */
const PLACES: Record<string, Point> = {
  'upper right': [1, 0],
  'upper left': [0, 0],
  'lower left': [0, 1],
  'lower right': [1, 1],
  right: [1, 0.5],
  'center left': [0, 0.5],
  'center right': [1, 0.5],
  'lower center': [0.5, 1],
  'upper center': [0.5, 0],
  center: [0.5, 0.5],
};

/** Throws unless `loc` names a place. */
export function checkLocation(loc: string): void {
  if (loc !== 'best' && !Object.hasOwn(PLACES, loc)) {
    throw new GradloomError(
      'pyplot.option',
      `Unknown legend location ${JSON.stringify(loc)}. Use 'best', ` +
        `${Object.keys(PLACES)
          .map((p) => `'${p}'`)
          .join(', ')}.`,
      { loc },
    );
  }
}

/** One row of a legend. */
export interface LegendEntry {
  readonly label: string;
  readonly artist: Artist;
}

/** The legend's rows: the artists with a label, or the given names for the artists in order. */
export function legendEntries(
  artists: readonly Artist[],
  labels: readonly string[] | undefined,
): LegendEntry[] {
  if (labels) {
    const takers = artists.filter((a) => ('look' in a && !('content' in a) ? true : 'fills' in a));
    return labels.slice(0, takers.length).map((label, i) => ({ label, artist: takers[i] }));
  }
  const out: LegendEntry[] = [];
  for (const artist of artists) {
    if (artist.label !== undefined && artist.label !== '' && !artist.label.startsWith('_')) {
      out.push({ label: String(artist.label), artist });
    }
  }
  return out;
}

/** The place where the legend covers the least; ties go to the first in matplotlib's order. */
function bestPlace(room: Box, size: { w: number; h: number }, taken: readonly Point[]): Point {
  let best: Point = PLACES['upper right'];
  let fewest = Number.POSITIVE_INFINITY;
  for (const place of Object.values(PLACES)) {
    const x = room.x + (room.w - size.w) * place[0];
    const y = room.y + (room.h - size.h) * place[1];
    let covered = 0;
    for (const [px, py] of taken) {
      if (px >= x && px <= x + size.w && py >= y && py <= y + size.h) covered++;
    }
    if (covered < fewest) {
      fewest = covered;
      best = place;
    }
  }
  return best;
}

/** Draws the legend of the artists into the frame. */
export function drawLegend(
  canvas: SvgCanvas,
  frame: Frame,
  entries: readonly LegendEntry[],
  artists: readonly Artist[],
  options: LegendOptions,
): void {
  if (entries.length === 0) return;
  const { unit } = frame;
  const size = (options.fontsize ?? 10) * unit;
  const ncols = Math.max(1, Math.min(entries.length, Math.floor(options.ncols ?? 1)));
  const perColumn = Math.ceil(entries.length / ncols);
  const columns = Array.from({ length: ncols }, (_, c) =>
    entries.slice(c * perColumn, (c + 1) * perColumn),
  ).filter((c) => c.length > 0);
  const [pad, key, gap, row] = [0.4 * size, 2 * size, 0.8 * size, 1.5 * size];
  const widths = columns.map(
    (c) => key + gap + Math.max(...c.map((e) => textWidth(e.label, size))),
  );
  const between = 2 * size;
  const titleHeight = options.title ? row : 0;
  const inner = widths.reduce((a, b) => a + b, 0) + between * (columns.length - 1);
  const titleWidth = options.title ? textWidth(options.title, size) : 0;
  const w = Math.max(inner, titleWidth) + 2 * pad;
  const h = perColumn * row + titleHeight + 1.2 * pad;
  const inset = 0.5 * size;
  const room = {
    x: frame.box.x + inset,
    y: frame.box.y + inset,
    w: frame.box.w - 2 * inset,
    h: frame.box.h - 2 * inset,
  };
  const loc = options.loc ?? 'best';
  const place =
    loc === 'best'
      ? bestPlace(
          room,
          { w, h },
          artists.flatMap((a) => a.occupied(frame)),
        )
      : PLACES[loc];
  const x = room.x + (room.w - w) * place[0];
  const y = room.y + (room.h - h) * place[1];
  if (options.frameon !== false) {
    canvas.roundRect({ x, y, w, h }, 2.5 * unit, parseColor('white', 0.8), {
      color: parseColor('#cccccc', 0.8),
      width: unit,
    });
  }
  const black = parseColor('black');
  let top = y + 0.6 * pad;
  if (options.title) {
    canvas.text(options.title, [x + w / 2, top + row / 2], {
      size,
      color: black,
      ha: 'center',
      va: 'center',
    });
    top += titleHeight;
  }
  let left = x + pad;
  columns.forEach((column, c) => {
    column.forEach((entry, i) => {
      const middle = top + (i + 0.5) * row;
      const box = { x: left, y: middle - 0.35 * size, w: key, h: 0.7 * size };
      entry.artist.drawKey(canvas, box, unit);
      canvas.text(entry.label, [left + key + gap, middle], {
        size,
        color: black,
        ha: 'left',
        va: 'center',
      });
    });
    left += widths[c] + between;
  });
}
