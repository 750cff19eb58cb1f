/** A frame for a picture larger than the page: scrolled, and made smaller or larger. */
import { h, newId } from './dom.ts';

export interface Viewer {
  readonly element: HTMLElement;
  /** The picture; fitted to the frame's width, but not beyond what can be read. */
  show(svg: SVGSVGElement): void;
}

const smallest = 0.15;
const readable = 0.62;

export function makeViewer(label: 'graph.written' | 'graph.fused'): Viewer {
  const id = newId('viewer');
  const frame = h('div', { class: 'viewer-frame', id, tabindex: 0, role: 'group', label });
  let svg: SVGSVGElement | undefined;
  let natural = { width: 1, height: 1 };
  let scale = 1;

  const zoom = (to: number): void => {
    const middle = (frame.scrollLeft + frame.clientWidth / 2) / scale;
    scale = Math.min(2, Math.max(smallest, to));
    svg?.setAttribute('width', String(natural.width * scale));
    svg?.setAttribute('height', String(natural.height * scale));
    frame.scrollLeft = middle * scale - frame.clientWidth / 2;
  };
  const fit = (): number => Math.min(1, (frame.clientWidth - 24) / natural.width);
  const button = (t: 'graph.in' | 'graph.out' | 'graph.fit', sign: string, to: () => number) =>
    h(
      'button',
      { class: 'small', label: t, title: ' ', 'aria-controls': id, onclick: () => zoom(to()) },
      sign,
    );
  return {
    element: h(
      'div',
      { class: 'viewer' },
      frame,
      h(
        'div',
        { class: 'viewer-buttons' },
        button('graph.out', '−', () => scale / 1.25),
        button('graph.in', '+', () => scale * 1.25),
        button('graph.fit', '⤢', fit),
      ),
    ),
    show(next) {
      svg = next;
      natural = {
        width: Number(next.getAttribute('width')),
        height: Number(next.getAttribute('height')),
      };
      frame.replaceChildren(next);
      zoom(Math.max(readable, fit()));
      frame.scrollTop = 0;
      frame.scrollLeft = (natural.width * scale - frame.clientWidth) / 2;
    },
  };
}
