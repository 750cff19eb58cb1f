/** What drawings of graphs share: the layout, arrows that are curves, text that is safe in XML. */
import type * as Dagre from '@dagrejs/dagre';
import { GradloomError } from '../errors.ts';

/** The layout of graphs. Throws `dependency` where it is not installed. */
export async function loadDagre(): Promise<typeof Dagre> {
  try {
    return await import('@dagrejs/dagre');
  } catch (cause) {
    throw new GradloomError(
      'dependency',
      'Drawing a graph needs the package @dagrejs/dagre: run npm install @dagrejs/dagre.',
      {},
      { cause },
    );
  }
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A box to be placed. */
export interface Sized {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

/**
 * Moves the ends of the paths, which the layout aims at the centres of the boxes, to places spread
 * over the side where the data leaves or enters, in the order in which the arrows come.
 */
export function attach(
  boxes: readonly Sized[],
  arrows: readonly { readonly from: string; readonly to: string }[],
  centers: ReadonlyMap<string, Point>,
  paths: Point[][],
  sideways: boolean,
): void {
  const across = (p: Point): number => (sideways ? p.y : p.x);
  for (const b of boxes) {
    const center = centers.get(b.id)!;
    const [w, h] = sideways ? [b.height, b.width] : [b.width, b.height];
    for (const side of ['from', 'to'] as const) {
      const end = (path: Point[]): number => (side === 'from' ? 0 : path.length - 1);
      const next = (path: Point[]): Point => path[side === 'from' ? 1 : path.length - 2];
      const ends = paths.filter((_, i) => arrows[i][side] === b.id);
      ends.sort((p, q) => across(next(p)) - across(next(q)));
      const gap = Math.min(18, (w - 20) / Math.max(1, ends.length - 1));
      const along = side === 'from' ? h / 2 : -h / 2;
      ends.forEach((path, i) => {
        const offset = (i - (ends.length - 1) / 2) * gap;
        path[end(path)] = sideways
          ? { x: center.x + along, y: center.y + offset }
          : { x: center.x + offset, y: center.y + along };
      });
    }
  }
}

/** A smooth path through the layout's points that crosses each in the direction of the flow. */
export function curve(points: readonly Point[], sideways: boolean): string {
  let d = `M${round(points[0].x)} ${round(points[0].y)}`;
  for (let i = 1; i < points.length; i++) {
    const [p, q] = [points[i - 1], points[i]];
    const [mx, my] = [round((p.x + q.x) / 2), round((p.y + q.y) / 2)];
    d += sideways
      ? ` C${mx} ${round(p.y)} ${mx} ${round(q.y)}`
      : ` C${round(p.x)} ${my} ${round(q.x)} ${my}`;
    d += ` ${round(q.x)} ${round(q.y)}`;
  }
  return d;
}

/** To a tenth of a pixel. */
export const round = (v: number): number => Math.round(v * 10) / 10;

/** Text safe in XML: markup escaped, characters that XML cannot hold replaced. */
export function escapeXml(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
  );
}
