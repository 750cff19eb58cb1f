/** A drawing of a model's layers, as SVG or PNG. */
import type * as Dagre from '@dagrejs/dagre';
import { GradloomError } from '../../errors.ts';
import { attach, curve, escapeXml, loadDagre, type Point, round } from '../../graph/drawing.ts';
import { textWidth } from '../../pyplot/text-metrics.ts';
import { checkOptions } from '../identifiers.ts';
import type { Network } from '../models/network.ts';
import {
  type LayerBox,
  type LayerKind,
  type ModelPicture,
  type PictureOptions,
  pictureOf,
} from './model-picture.ts';

export interface PlotModelOptions extends PictureOptions {
  /** The file to write: its ending, .svg or .png, says what. null writes none. Default `model.png`. */
  readonly toFile?: string | null;
  /** 'TB': the data flow down; 'LR': to the right. */
  readonly rankdir?: 'TB' | 'LR';
  /** Dots per inch of a PNG. Default 200. */
  readonly dpi?: number;
}

const options: readonly string[] = [
  'toFile',
  'showShapes',
  'showDtype',
  'showLayerNames',
  'showLayerActivations',
  'showTrainable',
  'expandNested',
  'rankdir',
  'dpi',
];

/** Layout time grows fast; nobody reads a picture of more boxes than this. */
const mostBoxes = 1000;

/**
 * Draws the layers of a model and how they are connected, writes the file and resolves with the SVG
 * text. A model of a class of its own is drawn as the layers that it holds. Throws `plot` for a model
 * that is not built, another ending, or too many layers; `dependency` where a package is missing.
 */
export async function plotModel(model: Network, o: PlotModelOptions = {}): Promise<string> {
  checkOptions('plotModel', o, options);
  const file = o.toFile === undefined ? 'model.png' : o.toFile;
  const ending = file === null ? 'svg' : /\.([^./\\]+)$/.exec(file)?.[1]?.toLowerCase();
  if (ending !== 'svg' && ending !== 'png')
    throw new GradloomError('plot', `plotModel writes .svg or .png; received toFile "${file}".`, {
      toFile: file,
    });
  if (o.rankdir !== undefined && o.rankdir !== 'TB' && o.rankdir !== 'LR')
    throw new GradloomError(
      'plot',
      `plotModel: rankdir is "TB" (down) or "LR" (to the right); received ${JSON.stringify(o.rankdir)}.`,
      { rankdir: o.rankdir },
    );
  if (!model.built)
    throw new GradloomError(
      'plot',
      `plotModel: model "${model.name}" is not built yet: build it, or call it on data first.`,
      { model: model.name },
    );
  const picture = pictureOf(model, o);
  if (picture.boxes.length > mostBoxes)
    throw new GradloomError(
      'plot',
      `plotModel: a drawing of ${picture.boxes.length} layers would not be legible (at most ${mostBoxes}).`,
      { boxes: picture.boxes.length },
    );
  const svg = draw(await loadDagre(), picture, o.rankdir === 'LR');
  if (file !== null) await write(file, ending, svg, o.dpi ?? 200);
  return svg;
}

async function write(file: string, ending: string, svg: string, dpi: number): Promise<void> {
  if (!(dpi >= 10 && dpi <= 2000))
    throw new GradloomError('plot', `plotModel: dpi lies between 10 and 2000; received ${dpi}.`, {
      dpi,
    });
  let data: string | Uint8Array = svg;
  if (ending === 'png') {
    const { svgToPng } = await import('../../pyplot/png.ts');
    const width = Number(/width="(\d+)"/.exec(svg)![1]);
    data = await svgToPng(svg, Math.min(16_000, Math.round((width * dpi) / 96)));
  }
  const fs = await import('node:fs/promises').catch((cause) => {
    throw new GradloomError(
      'plot',
      'plotModel writes files in Node only; in a browser take the SVG that it gives: plotModel(model, { toFile: null }).',
      {},
      { cause },
    );
  });
  await fs.writeFile(file, data);
}

// ---- sizes

const font = 'DejaVu Sans, Verdana, Helvetica, Arial, sans-serif';
const titleSize = 13;
const rowSize = 11;
const headHeight = 28;
const rowHeight = 20;
const pad = 12;

/** Heads of boxes and what is in them, by kind. */
const colors: Readonly<Record<LayerKind, readonly [head: string, body: string]>> = {
  input: ['#475569', '#f1f5f9'],
  weights: ['#1d4ed8', '#eff6ff'],
  convolution: ['#b45309', '#fffbeb'],
  sequence: ['#7c3aed', '#f5f3ff'],
  normalization: ['#0f766e', '#f0fdfa'],
  shape: ['#6b7280', '#f9fafb'],
  arithmetic: ['#be185d', '#fdf2f8'],
  model: ['#111827', '#f3f4f6'],
  other: ['#374151', '#f9fafb'],
};

interface Sizes {
  readonly width: number;
  readonly height: number;
  /** Where the values begin. */
  readonly column: number;
}

function sizeOf(b: LayerBox): Sizes {
  const label = Math.max(0, ...b.rows.map(([k]) => textWidth(k, rowSize)));
  const value = Math.max(0, ...b.rows.map(([, v]) => textWidth(v, rowSize, true)));
  const body = b.rows.length > 0 ? label + value + 3 * pad : 0;
  const width = Math.max(72, textWidth(b.title, titleSize, true) + 2 * pad, body);
  const height = headHeight + b.rows.length * rowHeight + (b.rows.length > 0 ? 6 : 0);
  return { width: Math.ceil(width), height, column: pad + label + pad };
}

// ---- the drawing

const margin = 20;
const frameTitle = 20;

function draw(dagre: typeof Dagre, picture: ModelPicture, sideways: boolean): string {
  const sizes = new Map(picture.boxes.map((b) => [b.id, sizeOf(b)]));
  const g = new dagre.graphlib.Graph({ compound: true });
  g.setGraph({ rankdir: sideways ? 'LR' : 'TB', nodesep: 32, ranksep: 40, edgesep: 16 });
  for (const f of picture.frames) g.setNode(f.id, {});
  for (const b of picture.boxes) g.setNode(b.id, { ...sizes.get(b.id)! });
  for (const part of [...picture.frames, ...picture.boxes])
    if (part.parent) g.setParent(part.id, part.parent);
  for (const a of picture.arrows) g.setEdge(a.from, a.to, {});
  dagre.layout(g);
  const centers = new Map(picture.boxes.map((b) => [b.id, g.node(b.id) as unknown as Point]));
  const paths = picture.arrows.map((a) => [
    ...(g.edge(a.from, a.to) as { points: Point[] }).points,
  ]);
  const placed = picture.boxes.map((b) => ({ id: b.id, ...sizes.get(b.id)! }));
  attach(placed, picture.arrows, centers, paths, sideways);
  const { width: w, height: h } = g.graph() as { width: number; height: number };
  const head = 40;
  const width = Math.ceil(Math.max(w, textWidth(picture.title, 16, true)) + 2 * margin);
  const height = Math.ceil(h + head + 2 * margin);
  const frames = picture.frames.map((f) =>
    frame(f.title, g.node(f.id) as unknown as Point & { width: number; height: number }),
  );
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${font}">`,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0.8 L8 4 L0 7.2 z" fill="#64748b"/></marker></defs>',
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${round(width / 2)}" y="30" font-size="16" font-weight="bold" text-anchor="middle" fill="#111827">${escapeXml(picture.title)}</text>`,
    `<g transform="translate(${round((width - w) / 2)} ${head + margin / 2})">`,
    ...frames,
    ...paths.map(
      (p) =>
        `<path d="${curve(p, sideways)}" fill="none" stroke="#64748b" stroke-width="1.5" marker-end="url(#arrow)"/>`,
    ),
    ...picture.boxes.map((b) => box(b, sizes.get(b.id)!, centers.get(b.id)!)),
    '</g>',
    '</svg>',
  ].join('\n')}\n`;
}

function frame(title: string, at: Point & { width: number; height: number }): string {
  const [x, y] = [round(at.x - at.width / 2), round(at.y - at.height / 2)];
  return [
    `<rect x="${x}" y="${y}" width="${round(at.width)}" height="${round(at.height)}" rx="10" fill="#f8fafc" stroke="#94a3b8" stroke-width="1.2" stroke-dasharray="5 4"/>`,
    `<text x="${x + 10}" y="${y + frameTitle - 4}" font-size="12" font-weight="bold" fill="#475569">${escapeXml(title)}</text>`,
  ].join('\n');
}

function box(b: LayerBox, s: Sizes, at: Point): string {
  const [x, y] = [round(at.x - s.width / 2), round(at.y - s.height / 2)];
  const [dark, light] = colors[b.kind];
  const { width: w, height: h } = s;
  const head =
    b.rows.length === 0
      ? `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="6" fill="${dark}"/>`
      : `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="6" fill="${light}" stroke="${dark}" stroke-width="1.4"/>` +
        `<path d="M${x} ${y + headHeight} v${-(headHeight - 6)} a6 6 0 0 1 6 -6 h${w - 12} a6 6 0 0 1 6 6 v${headHeight - 6} z" fill="${dark}"/>`;
  const rows = b.rows.map(([label, value], i) => {
    const base = round(y + headHeight + 16 + i * rowHeight);
    return (
      `<text x="${x + pad}" y="${base}" font-size="${rowSize}" fill="#475569">${escapeXml(label)}</text>` +
      `<text x="${round(x + s.column)}" y="${base}" font-size="${rowSize}" font-weight="bold" fill="#0f172a">${escapeXml(value)}</text>`
    );
  });
  return [
    '<g>',
    head,
    `<text x="${round(at.x)}" y="${y + 19}" font-size="${titleSize}" font-weight="bold" text-anchor="middle" fill="#ffffff">${escapeXml(b.title)}</text>`,
    ...rows,
    '</g>',
  ].join('\n');
}
