/** Ten probabilities as bars, and the answer in words. */
import { h, setText } from '../ui/dom.ts';

export interface Bars {
  readonly element: HTMLElement;
  show(probabilities: readonly number[] | null): void;
}

export function makeBars(): Bars {
  const said = h('output', { class: 'answer', 'aria-live': 'polite' });
  const digit = h('strong', { class: 'answer-digit' }, '–');
  const words = h('span', { class: 'answer-words', t: 'draw.invite' });
  said.append(digit, words);
  const rows = Array.from({ length: 10 }, (_, d) => {
    const fill = h('span', { class: 'bar-fill' });
    const number = h('span', { class: 'bar-number' }, '');
    const row = h(
      'li',
      {},
      h('span', { class: 'bar-digit' }, d),
      h('span', { class: 'bar-track' }, fill),
      number,
    );
    return { row, fill, number };
  });
  const list = h(
    'ol',
    { class: 'bars', label: 'draw.bars' },
    rows.map((r) => r.row),
  );
  return {
    element: h('div', { class: 'answers' }, said, list),
    show(probabilities) {
      const best = probabilities ? probabilities.indexOf(Math.max(...probabilities)) : -1;
      digit.textContent = best < 0 ? '–' : String(best);
      if (probabilities)
        setText(words, 'draw.sure', { sure: percent(probabilities[best]), digit: best });
      else setText(words, 'draw.invite');
      rows.forEach(({ row, fill, number }, d) => {
        const p = probabilities?.[d] ?? 0;
        fill.style.transform = `scaleX(${p})`;
        number.textContent = probabilities ? percent(p) : '';
        row.classList.toggle('best', d === best);
      });
    },
  };
}

/** 0.9876 as 98.8 %. */
export function percent(p: number): string {
  const v = p * 100;
  return `${v >= 99.95 ? '100' : v.toFixed(1)} %`;
}
