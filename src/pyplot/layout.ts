import type { Axes } from './axes.ts';
import type { Caption } from './axis.ts';
import type { Box } from './canvas.ts';
import { decorate, type Sides } from './decorations.ts';
import { textHeight } from './text-metrics.ts';

/** matplotlib's margins as shares of the figure, and gaps as shares of an axes. */
const MARGINS = { left: 0.125, right: 0.1, bottom: 0.11, top: 0.12, wspace: 0.2, hspace: 0.2 };

/** What the layout of a figure is made from. */
export interface Page {
  readonly width: number;
  readonly height: number;
  /** Canvas units in a point. */
  readonly unit: number;
  /** Margins and gaps only as wide as needed. */
  readonly tight: boolean;
  readonly suptitle: Caption | undefined;
}

/**
 * Finds where the plotting area of each axes lies. The margins and gaps are matplotlib's, but
 * wider where labels would otherwise be cut off or overlap.
 */
export function layout(axesList: readonly Axes[], page: Page): Map<Axes, Box> {
  const out = new Map<Axes, Box>();
  const grids = new Map<string, Axes[]>();
  for (const axes of axesList) {
    const key = `${axes.cell.rows}x${axes.cell.cols}`;
    grids.set(key, [...(grids.get(key) ?? []), axes]);
  }
  for (const group of grids.values()) {
    // The ticks depend on the size of the area and the area on the room the ticks take, so the
    // layout is done again with what the last one found.
    for (const axes of group) out.set(axes, firstGuess(axes, page));
    for (let round = 0; round < 3; round++) arrange(group, page, out);
  }
  return out;
}

function firstGuess(axes: Axes, page: Page): Box {
  const { rows, cols } = axes.cell;
  return { x: 0, y: 0, w: (page.width * 0.75) / cols, h: (page.height * 0.75) / rows };
}

function arrange(group: readonly Axes[], page: Page, out: Map<Axes, Box>): void {
  const { rows, cols } = group[0].cell;
  const { width, height, unit } = page;
  const sides = new Map<Axes, Sides>();
  for (const axes of group) {
    const frame = axes.frame(out.get(axes) as Box, unit);
    sides.set(axes, decorate(axes, frame).sides);
  }
  const most = (line: 'row' | 'col', at: number, side: keyof Sides): number =>
    group.reduce(
      (m, a) => (a.cell[line] === at ? Math.max(m, (sides.get(a) as Sides)[side]) : m),
      0,
    );
  const pad = (page.tight ? 1.08 * 10 : 6) * unit;
  const heading = page.suptitle
    ? 0.02 * height + textHeight(page.suptitle.text, page.suptitle.look.fontsize * unit)
    : 0;
  const edges = {
    left: pad + most('col', 0, 'left'),
    right: pad + most('col', cols - 1, 'right'),
    top: pad + heading + most('row', 0, 'top'),
    bottom: pad + most('row', rows - 1, 'bottom'),
  };
  if (!page.tight) {
    edges.left = Math.max(edges.left, MARGINS.left * width);
    edges.right = Math.max(edges.right, MARGINS.right * width);
    edges.top = Math.max(edges.top, MARGINS.top * height);
    edges.bottom = Math.max(edges.bottom, MARGINS.bottom * height);
  }
  const gaps = (line: 'row' | 'col', n: number, room: number, share: number): number[] => {
    const usual = page.tight ? 0 : (share * room) / (n + share * (n - 1));
    const [after, before] =
      line === 'col' ? (['right', 'left'] as const) : (['bottom', 'top'] as const);
    return Array.from({ length: n - 1 }, (_, i) =>
      Math.max(usual, most(line, i, after) + most(line, i + 1, before) + pad),
    );
  };
  const roomW = width - edges.left - edges.right;
  const roomH = height - edges.top - edges.bottom;
  const xgaps = gaps('col', cols, roomW, MARGINS.wspace);
  const ygaps = gaps('row', rows, roomH, MARGINS.hspace);
  const sum = (v: readonly number[]): number => v.reduce((a, b) => a + b, 0);
  // A figure too small for its labels still shows something of each axes.
  const w = Math.max((roomW - sum(xgaps)) / cols, 8 * unit);
  const h = Math.max((roomH - sum(ygaps)) / rows, 8 * unit);
  for (const axes of group) {
    const { row, col } = axes.cell;
    out.set(axes, {
      x: edges.left + col * w + sum(xgaps.slice(0, col)),
      y: edges.top + row * h + sum(ygaps.slice(0, row)),
      w,
      h,
    });
  }
}
