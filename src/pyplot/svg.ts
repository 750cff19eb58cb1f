import { encode } from 'fast-png';
import type { Box, Canvas, Pixels, Point, Stroke, TextStyle } from './canvas.ts';
import { type Color, toHex } from './color.ts';
import type { Marker } from './format-string.ts';
import { ASCENT, DESCENT, LINE_HEIGHT } from './text-metrics.ts';

const FAMILY = 'DejaVu Sans, Verdana, sans-serif';

/** A coordinate as SVG text: two decimals, and never so large that a renderer gives up. */
function num(v: number): string {
  const clamped = Math.max(-1e5, Math.min(1e5, v));
  const text = clamped.toFixed(2).replace(/\.?0+$/, '');
  return text === '-0' ? '0' : text;
}

/** Text made safe for XML: characters XML 1.0 forbids are left out. */
function escapeXml(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the forbidden ones
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
      .replace(/&/g, '&amp;')
      .replace(/</g, '&lt;')
      .replace(/>/g, '&gt;')
      .replace(/"/g, '&quot;')
  );
}

function paint(fill: Color | undefined): string {
  if (fill === undefined || fill.a === 0) return ' fill="none"';
  return ` fill="${toHex(fill)}"${fill.a < 1 ? ` fill-opacity="${num(fill.a)}"` : ''}`;
}

function pen(stroke: Stroke | undefined): string {
  if (stroke === undefined || stroke.color.a === 0 || stroke.width === 0) return '';
  const { color, width, dash } = stroke;
  return (
    ` stroke="${toHex(color)}" stroke-width="${num(width)}"` +
    (color.a < 1 ? ` stroke-opacity="${num(color.a)}"` : '') +
    (dash ? ` stroke-dasharray="${dash.map(num).join(' ')}"` : ' stroke-linecap="square"')
  );
}

function polygonPoints(shape: Marker, [x, y]: Point, r: number): Point[] | undefined {
  const ring = (n: number, turn: number, radius = r): Point[] =>
    Array.from({ length: n }, (_, i) => {
      const a = ((turn + (360 * i) / n) * Math.PI) / 180;
      return [x + radius * Math.sin(a), y - radius * Math.cos(a)];
    });
  switch (shape) {
    case 's':
      return [
        [x - r, y - r],
        [x + r, y - r],
        [x + r, y + r],
        [x - r, y + r],
      ];
    case 'D':
      return ring(4, 0, r * Math.SQRT2);
    case 'd':
      return [
        [x, y - r * 1.3],
        [x + r * 0.8, y],
        [x, y + r * 1.3],
        [x - r * 0.8, y],
      ];
    case '^':
      return [
        [x, y - r],
        [x + r, y + r],
        [x - r, y + r],
      ];
    case 'v':
      return [
        [x, y + r],
        [x - r, y - r],
        [x + r, y - r],
      ];
    case '<':
      return [
        [x - r, y],
        [x + r, y - r],
        [x + r, y + r],
      ];
    case '>':
      return [
        [x + r, y],
        [x - r, y + r],
        [x - r, y - r],
      ];
    case 'p':
      return ring(5, 0);
    case 'h':
      return ring(6, 0);
    case '*': {
      const inner = ring(5, 36, r * 0.382);
      return ring(5, 0).flatMap((p, i) => [p, inner[i]]);
    }
    default:
      return undefined;
  }
}

/** Draws an SVG document. */
export class SvgCanvas implements Canvas {
  readonly #out: string[] = [];
  readonly #clips = new Set<string>();
  readonly #defs: string[] = [];
  #images = false;

  polyline(points: readonly Point[], stroke: Stroke): void {
    if (points.length === 0) return;
    let d = '';
    let last: Point | undefined;
    points.forEach((p, i) => {
      // Points that fall on one spot add bytes and nothing to see.
      const near = last && Math.abs(p[0] - last[0]) < 0.05 && Math.abs(p[1] - last[1]) < 0.05;
      if (near && i < points.length - 1) return;
      d += `${last ? 'L' : 'M'}${num(p[0])} ${num(p[1])}`;
      last = p;
    });
    this.#out.push(`<path d="${d}" fill="none" stroke-linejoin="round"${pen(stroke)}/>`);
  }

  polygon(points: readonly Point[], fill: Color, edge: Stroke | undefined): void {
    const d = points.map(([x, y], i) => `${i ? 'L' : 'M'}${num(x)} ${num(y)}`).join('');
    this.#out.push(`<path d="${d}Z"${paint(fill)}${pen(edge)}/>`);
  }

  rect(box: Box, fill: Color | undefined, edge: Stroke | undefined): void {
    this.#rect(box, fill, edge, 0);
  }

  /** A rectangle with rounded corners. */
  roundRect(box: Box, radius: number, fill: Color, edge: Stroke): void {
    this.#rect(box, fill, edge, radius);
  }

  #rect(box: Box, fill: Color | undefined, edge: Stroke | undefined, radius: number): void {
    const { x, y, w, h } = box;
    this.#out.push(
      `<rect x="${num(x)}" y="${num(y)}" width="${num(w)}" height="${num(h)}"` +
        `${radius ? ` rx="${num(radius)}"` : ''}${paint(fill)}${pen(edge)}/>`,
    );
  }

  marker(shape: Marker, at: Point, size: number, fill: Color, edge: Stroke | undefined): void {
    const [x, y] = at;
    const r = size / 2;
    const corners = polygonPoints(shape, at, r);
    if (corners) {
      this.polygon(corners, fill, edge);
    } else if (shape === 'o' || shape === '.') {
      const radius = shape === '.' ? r / 2 : r;
      this.#out.push(
        `<circle cx="${num(x)}" cy="${num(y)}" r="${num(radius)}"${paint(fill)}${pen(edge)}/>`,
      );
    } else if (shape === ',') {
      this.#rect({ x: x - 0.5, y: y - 0.5, w: 1, h: 1 }, fill, undefined, 0);
    } else if (shape !== 'none') {
      const arms: Record<string, string> = {
        x: `M${num(x - r)} ${num(y - r)}L${num(x + r)} ${num(y + r)}M${num(x - r)} ${num(y + r)}L${num(x + r)} ${num(y - r)}`,
        '+': `M${num(x - r)} ${num(y)}H${num(x + r)}M${num(x)} ${num(y - r)}V${num(y + r)}`,
        '|': `M${num(x)} ${num(y - r)}V${num(y + r)}`,
        _: `M${num(x - r)} ${num(y)}H${num(x + r)}`,
      };
      const stroke = { color: fill, width: edge?.width || r / 3 };
      this.#out.push(`<path d="${arms[shape]}" fill="none"${pen(stroke)}/>`);
    }
  }

  image(pixels: Pixels, box: Box): void {
    const { width, height, rgba } = pixels;
    const png = encode({ width, height, data: rgba, channels: 4, depth: 8 });
    let bytes = '';
    for (const b of png) bytes += String.fromCharCode(b);
    // Two spellings of "do not smooth": SVG's own, and (in the style sheet) the one of CSS that
    // browsers follow, which some renderers take for an error when it stands in the element.
    this.#images = true;
    this.#out.push(
      `<image x="${num(box.x)}" y="${num(box.y)}" width="${num(box.w)}" height="${num(box.h)}"` +
        ` preserveAspectRatio="none" image-rendering="optimizeSpeed"` +
        ` class="gradloom-nearest" href="data:image/png;base64,${btoa(bytes)}"/>`,
    );
  }

  text(text: string, at: Point, style: TextStyle): void {
    const { size, ha, va, rotation, bold } = style;
    const [x, y] = at;
    const lines = text.split('\n');
    const extra = (lines.length - 1) * LINE_HEIGHT * size;
    // The baseline is worked out here because renderers differ in what they take
    // dominant-baseline to mean.
    let base = y;
    if (va === 'top') base = y + ASCENT * size;
    else if (va === 'center') base = y + ((ASCENT - DESCENT * 0.3) / 2) * size - extra / 2;
    else if (va === 'bottom') base = y - DESCENT * size - extra;
    const anchor = { left: 'start', center: 'middle', right: 'end' }[ha];
    lines.forEach((line, i) => {
      if (line === '') return;
      const ly = base + i * LINE_HEIGHT * size;
      this.#out.push(
        `<text x="${num(x)}" y="${num(ly)}" font-size="${num(size)}" text-anchor="${anchor}"` +
          `${bold ? ' font-weight="bold"' : ''}${paint(style.color)}` +
          `${rotation ? ` transform="rotate(${num(-rotation)} ${num(x)} ${num(y)})"` : ''}` +
          ` xml:space="preserve">${escapeXml(line)}</text>`,
      );
    });
  }

  /** Draws what `inside` draws, cut off at the box. */
  clipped(box: Box, inside: () => void): void {
    // Named after its geometry: documents inlined in one page share names, and two clips of one
    // name are then alike.
    const id = `clip-${[box.x, box.y, box.w, box.h].map(num).join('-')}`.replaceAll('.', '_');
    if (!this.#clips.has(id)) {
      this.#clips.add(id);
      this.#defs.push(
        `<clipPath id="${id}"><rect x="${num(box.x)}" y="${num(box.y)}"` +
          ` width="${num(box.w)}" height="${num(box.h)}"/></clipPath>`,
      );
    }
    this.#out.push(`<g clip-path="url(#${id})">`);
    inside();
    this.#out.push('</g>');
  }

  /** The finished document. */
  toString(width: number, height: number): string {
    const style = this.#images
      ? '<style>@supports (image-rendering:pixelated){.gradloom-nearest{image-rendering:pixelated}}</style>\n'
      : '';
    const defs = this.#defs.length ? `<defs>${this.#defs.join('')}</defs>\n` : '';
    return (
      `<svg xmlns="http://www.w3.org/2000/svg" width="${num(width)}" height="${num(height)}"` +
      ` viewBox="0 0 ${num(width)} ${num(height)}" font-family="${FAMILY}">\n` +
      `${style}${defs}${this.#out.join('\n')}\n</svg>\n`
    );
  }
}
