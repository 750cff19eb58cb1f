import type { Axes } from './axes.ts';
import type { Box, Canvas, Frame, Point } from './canvas.ts';
import { type Color, parseColor } from './color.ts';
import {
  COLORBAR_GAP,
  colorbarRoom,
  colorbarTicks,
  colorbarWidth,
  type Decorations,
  decorate,
  LABEL_PAD,
  MINOR_TICK_LENGTH,
  TICK_LENGTH,
  TICK_PAD,
} from './decorations.ts';
import { dashes } from './format-string.ts';
import { drawLegend, legendEntries } from './legend.ts';
import { Note } from './note.ts';
import type { SvgCanvas } from './svg.ts';
import { textHeight } from './text-metrics.ts';

const BLACK: Color = { r: 0, g: 0, b: 0, a: 1 };
const FRAME_WIDTH = 0.8;

/** The artists in the order they are drawn. */
export function inOrder(axes: Axes): Axes['artists'] {
  return [...axes.artists].sort((a, b) => a.zorder - b.zorder);
}

/** Draws an axes with all that stands around it; `box` is its plotting area. */
export function drawAxes(canvas: SvgCanvas, axes: Axes, box: Box, unit: number): void {
  const frame = axes.frame(box, unit);
  const deco = decorate(axes, frame);
  if (axes.visible) {
    canvas.rect(frame.box, parseColor('white'), undefined);
    drawGrid(canvas, axes, frame, deco);
  }
  const ordered = inOrder(axes);
  const inside = ordered.filter((a) => !(a instanceof Note));
  if (inside.length > 0) {
    canvas.clipped(frame.box, () => {
      for (const artist of inside) artist.draw(canvas, frame);
    });
  }
  if (axes.visible) drawFrame(canvas, axes, frame, deco);
  for (const artist of ordered) if (artist instanceof Note) artist.draw(canvas, frame);
  if (axes.title) {
    const { text, look } = axes.title;
    const share = { left: 0, center: 0.5, right: 1 }[look.ha];
    canvas.text(text, [frame.box.x + frame.box.w * share, frame.box.y - deco.titleRise], {
      ...look,
      size: look.fontsize * unit,
      va: 'bottom',
    });
  }
  drawColorbars(canvas, axes, frame, deco);
  if (axes.legendBox) {
    const { labels, options } = axes.legendBox;
    drawLegend(canvas, frame, legendEntries(axes.artists, labels), axes.artists, options);
  }
}

function drawGrid(canvas: Canvas, axes: Axes, frame: Frame, deco: Decorations): void {
  if (!axes.gridLines) return;
  const { axis, look } = axes.gridLines;
  const { x, y, w, h } = frame.box;
  const width = look.linewidth * frame.unit;
  const stroke = { color: look.color, width, dash: dashes(look.linestyle, width) };
  const line = (a: Point, b: Point): void => canvas.polyline([a, b], stroke, 0);
  if (axis !== 'y') {
    for (const t of deco.xticks.major) {
      line([frame.x(t.value), y + h], [frame.x(t.value), y]);
    }
  }
  if (axis !== 'x') {
    for (const t of deco.yticks.major) {
      line([x, frame.y(t.value)], [x + w, frame.y(t.value)]);
    }
  }
}

function drawFrame(canvas: Canvas, axes: Axes, frame: Frame, deco: Decorations): void {
  const { unit, box } = frame;
  const { xaxis, yaxis } = axes;
  const stroke = { color: BLACK, width: FRAME_WIDTH * unit };
  const bottom = box.y + box.h;
  const stub = (TICK_LENGTH + TICK_PAD) * unit;
  const xtick = (v: number, length: number): void =>
    canvas.polyline(
      [
        [frame.x(v), bottom],
        [frame.x(v), bottom + length * unit],
      ],
      stroke,
      0,
    );
  const ytick = (v: number, length: number): void =>
    canvas.polyline(
      [
        [box.x, frame.y(v)],
        [box.x - length * unit, frame.y(v)],
      ],
      stroke,
      0,
    );
  for (const v of deco.xticks.minor) xtick(v, MINOR_TICK_LENGTH);
  for (const v of deco.yticks.minor) ytick(v, MINOR_TICK_LENGTH);
  const xsize = xaxis.tickLook.fontsize * unit;
  const xcolor = xaxis.tickLook.color;
  for (const t of deco.xticks.major) {
    xtick(t.value, TICK_LENGTH);
    const slanted = deco.xrotation % 180 !== 0;
    const steep = Math.abs(deco.xrotation) === 90;
    canvas.text(t.label, [frame.x(t.value) + (slanted ? xsize * 0.35 : 0), bottom + stub], {
      size: xsize,
      color: xcolor,
      ha: !slanted ? 'center' : deco.xrotation > 0 ? 'right' : 'left',
      va: steep ? 'baseline' : 'top',
      rotation: deco.xrotation,
    });
  }
  const ysize = yaxis.tickLook.fontsize * unit;
  for (const t of deco.yticks.major) {
    ytick(t.value, TICK_LENGTH);
    canvas.text(t.label, [box.x - stub, frame.y(t.value)], {
      size: ysize,
      color: yaxis.tickLook.color,
      ha: 'right',
      va: 'center',
      rotation: yaxis.rotation,
    });
  }
  canvas.rect(box, undefined, stroke, 0);
  if (deco.xticks.offset) {
    canvas.text(deco.xticks.offset, [box.x + box.w, bottom + deco.xtickDepth + 2 * unit], {
      size: xsize,
      color: xcolor,
      ha: 'right',
      va: 'top',
    });
  }
  if (deco.yticks.offset) {
    canvas.text(deco.yticks.offset, [box.x, box.y - 2 * unit], {
      size: ysize,
      color: yaxis.tickLook.color,
      ha: 'left',
      va: 'bottom',
    });
  }
  if (xaxis.label) {
    const { text, look } = xaxis.label;
    canvas.text(text, [box.x + box.w / 2, bottom + deco.xtickDepth + LABEL_PAD * unit], {
      ...look,
      size: look.fontsize * unit,
      ha: 'center',
      va: 'top',
    });
  }
  if (yaxis.label) {
    const { text, look } = yaxis.label;
    const size = look.fontsize * unit;
    const depth = deco.ytickDepth + LABEL_PAD * unit + textHeight(text, size) / 2;
    canvas.text(text, [box.x - depth, box.y + box.h / 2], {
      ...look,
      size,
      ha: 'center',
      va: 'center',
      rotation: 90,
    });
  }
}

function drawColorbars(canvas: SvgCanvas, axes: Axes, frame: Frame, deco: Decorations): void {
  const { unit, box } = frame;
  // Colorbars stand one after the other to the right of the labels that reach beyond the frame.
  const rooms = axes.colorbars.map((bar) => colorbarRoom(bar, box, unit));
  const taken = rooms.reduce((sum, r) => sum + r.total, 0);
  let left = box.x + box.w + deco.sides.right - taken;
  axes.colorbars.forEach((bar, i) => {
    const colors = bar.mappable.colors;
    if (!colors) return;
    const area = {
      x: left + COLORBAR_GAP * unit,
      y: box.y,
      w: colorbarWidth(box, unit),
      h: box.h,
    };
    const steps = 256;
    const rgba = new Uint8Array(steps * 4);
    for (let k = 0; k < steps; k++) {
      const c = colors.map(1 - k / (steps - 1));
      rgba.set([Math.round(c.r), Math.round(c.g), Math.round(c.b), 255], k * 4);
    }
    canvas.image({ width: 1, height: steps, rgba }, area);
    const stroke = { color: BLACK, width: FRAME_WIDTH * unit };
    const right = area.x + area.w;
    const ticks = colorbarTicks(colors.vmin, colors.vmax, box, unit);
    for (const t of ticks.major) {
      const span = colors.vmax / 2 - colors.vmin / 2 || 0.5;
      const y = area.y + area.h * (1 - (t.value / 2 - colors.vmin / 2) / span);
      canvas.polyline(
        [
          [right, y],
          [right + TICK_LENGTH * unit, y],
        ],
        stroke,
      );
      canvas.text(t.label, [right + (TICK_LENGTH + TICK_PAD) * unit, y], {
        size: 10 * unit,
        color: BLACK,
        ha: 'left',
        va: 'center',
      });
    }
    canvas.rect(area, undefined, stroke);
    if (ticks.offset) {
      canvas.text(ticks.offset, [area.x, area.y - 2 * unit], {
        size: 10 * unit,
        color: BLACK,
        ha: 'left',
        va: 'bottom',
      });
    }
    if (bar.label) {
      const { text, look } = bar.label;
      const size = look.fontsize * unit;
      const depth = (TICK_LENGTH + TICK_PAD + LABEL_PAD) * unit + rooms[i].labels + size / 2;
      canvas.text(text, [right + depth, area.y + area.h / 2], {
        ...look,
        size,
        ha: 'center',
        va: 'center',
        rotation: 90,
      });
    }
    left += rooms[i].total;
  });
}
