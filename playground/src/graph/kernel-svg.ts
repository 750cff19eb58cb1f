/** The drawing of a program's kernels, which can be chosen. */
import type { KernelBox, KernelDrawing } from './protocol.ts';

const space = 'http://www.w3.org/2000/svg';

function s(tag: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const el = document.createElementNS(space, tag);
  for (const [name, value] of Object.entries(attributes)) el.setAttribute(name, String(value));
  return el;
}

function text(x: number, y: number, cls: string, content: string): SVGElement {
  const el = s('text', { x, y, class: cls, 'text-anchor': 'middle' });
  el.textContent = content;
  return el;
}

export interface KernelSvg {
  readonly svg: SVGSVGElement;
  choose(id: string): void;
}

export function drawKernels(d: KernelDrawing, onChoose: (box: KernelBox) => void): KernelSvg {
  const svg = s('svg', {
    width: d.width,
    height: d.height,
    viewBox: `0 0 ${d.width} ${d.height}`,
    class: 'kernels',
  }) as SVGSVGElement;
  for (const a of d.arrows) svg.append(s('path', { d: a.path, class: 'kernel-arrow' }));
  for (const a of d.arrows) {
    if (!a.label) continue;
    const width = a.label.length * 6.2 + 6;
    svg.append(
      s('rect', { x: a.x - width / 2, y: a.y - 8, width, height: 15, class: 'kernel-label-back' }),
      text(a.x, a.y + 3.5, 'kernel-label', a.label),
    );
  }
  const groups = new Map<string, SVGElement>();
  for (const b of d.boxes) {
    const g = s('g', { class: `kernel-box kernel-${b.kind}`, 'data-id': b.id });
    g.append(
      s('rect', {
        x: b.x,
        y: b.y,
        width: b.width,
        height: b.height,
        rx: b.kind === 'kernel' ? 8 : b.height / 2,
      }),
      text(b.x + b.width / 2, b.y + 20, 'kernel-title', b.title),
      text(b.x + b.width / 2, b.y + 36, 'kernel-line', b.line),
    );
    if (b.kind === 'kernel') {
      g.setAttribute('role', 'button');
      g.setAttribute('tabindex', '0');
      g.setAttribute('aria-pressed', 'false');
      g.setAttribute('aria-label', `${b.line} ${b.title}`);
      g.addEventListener('click', () => onChoose(b));
      g.addEventListener('keydown', (e) => {
        if (e.key !== 'Enter' && e.key !== ' ') return;
        e.preventDefault();
        onChoose(b);
      });
      groups.set(b.id, g);
    }
    svg.append(g);
  }
  return {
    svg,
    choose(id) {
      for (const [key, g] of groups) g.setAttribute('aria-pressed', String(key === id));
    },
  };
}
