/** The first page: handwritten digits. */
import type { Page } from '../main.ts';
import { h } from '../ui/dom.ts';
import { makeDrawSection } from './draw-section.ts';

export function makePage(): Page {
  const draw = makeDrawSection();
  const rest = h('div', { class: 'page' });
  const element = h(
    'article',
    { class: 'page' },
    h('header', { class: 'lead' }, h('h1', { t: 'digits.title' }), h('p', { t: 'digits.lead' })),
    draw.element,
    rest,
  );
  // Charts and a second worker can wait until there is something to draw on.
  void Promise.all([import('./train-section.ts'), import('./look-inside.ts'), draw.ready]).then(
    ([{ makeTrainSection }, { makeLookInside }]) => {
      const inside = makeLookInside((pixels) => {
        draw.put(pixels);
        draw.element.scrollIntoView({ behavior: 'smooth', block: 'center' });
      });
      const train = makeTrainSection({
        onWeights(weights) {
          void draw.setOwn(weights);
          inside.showWeights(weights);
        },
        onRest: inside.examine,
      });
      rest.append(train, inside.mistakes, inside.filters);
    },
  );
  return { element };
}
