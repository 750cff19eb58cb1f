import { GradloomError } from '../errors.ts';
import type { Mappable } from './artist.ts';
import type { Axes } from './axes.ts';
import { type AxesGrid, Figure, type SaveOptions } from './figure.ts';
import type { ColorbarOptions, FigureOptions, SubplotsOptions } from './options.ts';

/** The open figures by number. A plot made without naming a figure goes to the current one. */
const figures = new Map<number, Figure>();
let current: Figure | undefined;

/**
 * Starts a figure and makes it the current one.
 * @param numberOrOptions a number opens that figure again if it is still open
 */
export function figure(
  numberOrOptions?: number | FigureOptions,
  options: FigureOptions = {},
): Figure {
  const wanted = typeof numberOrOptions === 'number' ? numberOrOptions : undefined;
  const open = wanted === undefined ? undefined : figures.get(wanted);
  if (open) {
    current = open;
    return open;
  }
  const made = new Figure(typeof numberOrOptions === 'object' ? numberOrOptions : options);
  figures.set(wanted ?? Math.max(0, ...figures.keys()) + 1, made);
  current = made;
  return made;
}

/** The current figure; a new one when there is none. */
export function gcf(): Figure {
  return current ?? figure();
}

/** The current axes of the current figure; a new one when there is none. */
export function gca(): Axes {
  return gcf().gca();
}

/** Makes `axes`, and the figure it is in, the current ones. */
export function sca(axes: Axes): void {
  for (const f of figures.values()) {
    if (!f.axes.includes(axes)) continue;
    f.sca(axes);
    current = f;
    return;
  }
  throw new GradloomError('pyplot.figure', 'sca takes an axes of a figure that is still open.');
}

/** Makes the axes at one place of a grid the current one; `subplot(231)` is `subplot(2, 3, 1)`. */
export function subplot(rows = 1, cols?: number, index?: number): Axes {
  if (cols === undefined && rows >= 111 && rows <= 999) {
    const digits = String(rows).split('').map(Number);
    return gcf().addSubplot(digits[0], digits[1], digits[2]);
  }
  return gcf().addSubplot(rows, cols ?? 1, index ?? 1);
}

/**
 * Starts a figure with rows x cols axes.
 * @returns the figure, and one axes, a list of one row or column, or a list of rows
 */
export function subplots(
  rows: number,
  cols: number,
  options: SubplotsOptions & { squeeze: false },
): [Figure, Axes[][]];
export function subplots(
  rows?: 1,
  cols?: 1,
  options?: SubplotsOptions & { squeeze?: true },
): [Figure, Axes];
export function subplots(
  rows: 1,
  cols: number,
  options?: SubplotsOptions & { squeeze?: true },
): [Figure, Axes[]];
export function subplots(
  rows: number,
  cols?: 1,
  options?: SubplotsOptions & { squeeze?: true },
): [Figure, Axes[]];
export function subplots(rows: number, cols: number, options?: SubplotsOptions): [Figure, Axes[][]];
export function subplots(rows = 1, cols = 1, options: SubplotsOptions = {}): [Figure, AxesGrid] {
  // Made apart first, so that a refused grid leaves no empty figure behind.
  const made = new Figure(options);
  const axes = made.subplots(rows, cols, options);
  figures.set(Math.max(0, ...figures.keys()) + 1, made);
  current = made;
  return [made, axes];
}

/** Forgets a figure, by default the current one; 'all' forgets every one. */
export function close(which?: Figure | number | 'all'): void {
  if (which === 'all') {
    figures.clear();
    current = undefined;
    return;
  }
  const gone =
    which === undefined ? current : typeof which === 'number' ? figures.get(which) : which;
  for (const [n, f] of figures) if (f === gone) figures.delete(n);
  if (current === gone) current = [...figures.values()].at(-1);
}

/** Takes the current axes's content away. */
export function cla(): void {
  gca().clear();
}

/** Takes all the current figure's axes away. */
export function clf(): void {
  gcf().clear();
}

/** Makes margins and gaps of the current figure only as wide as the labels need. */
export function tightLayout(): void {
  gcf().tightLayout();
}

/**
 * Shows a colorbar beside the axes of an image or scatter, by default the current axes's last one.
 * @throws GradloomError `pyplot.colorbar` when there is none
 */
export function colorbar(mappable?: Mappable, options: ColorbarOptions = {}): void {
  const found = mappable ?? gca().artists.findLast((a): a is Mappable => 'colors' in a);
  if (!found) {
    throw new GradloomError('pyplot.colorbar', 'colorbar needs an image or a scatter to explain.');
  }
  const home = [...figures.values()].find((f) => f.axes.some((a) => a.artists.includes(found)));
  (home ?? gcf()).colorbar(found, options);
}

/** Writes the current figure to a file, SVG or PNG by its name's ending (Node only). */
export function savefig(path: string, options: SaveOptions = {}): Promise<void> {
  return gcf().savefig(path, options);
}

/** The current figure as an SVG document. */
export function toSVG(): string {
  return gcf().toSVG();
}

/**
 * Shows every open figure, in the document in a browser and otherwise in the terminal, and closes
 * them, so that the next plot starts a new one.
 */
export async function show(): Promise<void> {
  const open = [...figures.values()];
  close('all');
  for (const f of open) await f.show();
}
