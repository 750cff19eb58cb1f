/** The first page: handwritten digits. */
import type { Page } from '../main.ts';
import { h } from '../ui/dom.ts';
import { makeDrawSection } from './draw-section.ts';

export function makePage(): Page {
  const draw = makeDrawSection();
  const element = h(
    'article',
    { class: 'page' },
    h('header', { class: 'lead' }, h('h1', { t: 'digits.title' }), h('p', { t: 'digits.lead' })),
    draw.element,
  );
  return { element };
}
