/** After training: what it gets wrong, and what its first layer looks at. */
import { engineFor } from '../engine/client.ts';
import type { Examination } from '../engine/protocol.ts';
import { onLanguage, t } from '../i18n/index.ts';
import { filtersOf } from '../model/filters.ts';
import type { PlainWeights } from '../model/weights-file.ts';
import { h, setText } from '../ui/dom.ts';
import { largest, paintGrey, paintSigned } from '../ui/pixels.ts';
import { onTheme } from '../ui/theme.ts';
import { percent } from './bars.ts';

export interface LookInside {
  readonly mistakes: HTMLElement;
  readonly filters: HTMLElement;
  showWeights(weights: PlainWeights): void;
  /** Puts the test images to the network and shows what came out. */
  examine(): Promise<void>;
}

/** `onPick` gets a mistake's image, to be looked at closely. */
export function makeLookInside(onPick: (pixels: Uint8Array) => void): LookInside {
  const engine = engineFor('training');
  const table = h('table', { class: 'confusion' });
  const worst = h('ul', { class: 'mistakes' });
  const accuracy = h('p', { class: 'quiet' });
  const grid = h('div', { class: 'filters', role: 'img', label: 'inside.filtersLabel' });
  const caption = h('p', { class: 'quiet' });
  let found: Examination | undefined;
  let weights: PlainWeights | undefined;

  const mistakes = h(
    'section',
    { class: 'card', id: 'mistakes', hidden: true },
    h(
      'div',
      { class: 'section-head' },
      h('h2', { t: 'inside.mistakes' }),
      h('p', { t: 'inside.mistakesLead' }),
    ),
    h(
      'div',
      { class: 'mistakes-grid' },
      h('div', { class: 'scroll' }, h('h3', { t: 'inside.confusion' }), table, accuracy),
      h('div', {}, h('h3', { t: 'inside.worst' }), worst),
    ),
  );
  const filters = h(
    'section',
    { class: 'card', id: 'filters', hidden: true },
    h(
      'div',
      { class: 'section-head' },
      h('h2', { t: 'inside.filters' }),
      h('p', { t: 'inside.filtersLead' }),
    ),
    grid,
    caption,
  );

  function drawMistakes(): void {
    if (!found) return;
    const { confusion } = found;
    const digits = confusion.map((_, d) => d);
    const most = Math.max(1, ...confusion.flatMap((row, i) => row.filter((_, j) => i !== j)));
    table.replaceChildren(
      h('caption', { class: 'quiet' }, t('inside.confusionCaption')),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('td', {}),
          digits.map((d) => h('th', { scope: 'col' }, d)),
        ),
      ),
      h(
        'tbody',
        {},
        confusion.map((row, truth) =>
          h(
            'tr',
            {},
            h('th', { scope: 'row' }, truth),
            row.map((n, answer) =>
              h(
                'td',
                {
                  class: truth === answer ? 'right' : n > 0 ? 'wrong' : 'none',
                  style: truth === answer ? undefined : `--share: ${(n / most).toFixed(3)}`,
                },
                n === 0 ? '·' : n,
              ),
            ),
          ),
        ),
      ),
    );
    setText(accuracy, 'inside.accuracy', { accuracy: percent(found.accuracy) });
    worst.replaceChildren(
      ...found.worst.map((m) => {
        const canvas = h('canvas', { 'aria-hidden': 'true' });
        paintGrey(canvas, m.pixels);
        const values = { truth: m.truth, answer: m.answer, sure: percent(m.sureness) };
        const name = t('inside.mistake', values);
        return h(
          'li',
          {},
          h(
            'button',
            { class: 'mistake', 'aria-label': name, title: name, onclick: () => onPick(m.pixels) },
            canvas,
            h('span', {}, h('s', {}, m.answer), ` ${m.truth}`),
          ),
        );
      }),
    );
  }

  function drawFilters(): void {
    if (!weights) return;
    const { images, side, answers } = filtersOf(weights);
    grid.replaceChildren(
      ...images.map((image, i) => {
        const canvas = h('canvas', {});
        // Each by itself: units differ more in strength than in what they look at.
        paintSigned(canvas, image, side, side, largest(image));
        return h('figure', {}, canvas, answers ? h('figcaption', {}, i) : null);
      }),
    );
    setText(caption, answers ? 'inside.filtersAnswers' : 'inside.filtersCount', {
      count: images.length,
      side,
    });
  }
  onLanguage(drawMistakes);
  onTheme(drawFilters);
  return {
    mistakes,
    filters,
    showWeights(next) {
      weights = next;
      filters.hidden = false;
      drawFilters();
    },
    async examine() {
      found = await engine.call('examine', {});
      mistakes.hidden = false;
      drawMistakes();
    },
  };
}
