/** Curves, with uPlot. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { onLanguage, type TextKey, t } from '../i18n/index.ts';
import { h } from './dom.ts';
import { color, onTheme } from './theme.ts';

export interface Series {
  readonly label: TextKey;
  /** Name of a colour of the style sheet. */
  readonly color: 'accent' | 'warm' | 'cold' | 'soft';
  readonly points?: boolean;
}

export interface ChartOptions {
  readonly title: TextKey;
  readonly x: TextKey;
  readonly series: readonly Series[];
  /** Range of the values, where it is fixed. */
  readonly range?: readonly [number, number];
}

/** One row of numbers a series behind the row of places; null where a series has none. */
export type ChartData = readonly (readonly (number | null)[])[];

export interface Chart {
  readonly element: HTMLElement;
  show(data: ChartData): void;
}

export function makeChart(o: ChartOptions): Chart {
  const title = h('h3', { t: o.title });
  const box = h('div', { class: 'chart-box', role: 'img' });
  const element = h('div', { class: 'chart' }, title, box);
  let data: ChartData = [[], ...o.series.map(() => [])];
  let plot: uPlot | undefined;

  const describe = (): void => {
    const last = o.series.map((s, i) => {
      const value = data[i + 1].findLast((v) => v !== null);
      return `${t(s.label)} ${value === undefined ? '–' : value?.toFixed(4)}`;
    });
    box.setAttribute('aria-label', `${t(o.title)}: ${last.join(', ')}`);
  };
  const make = (): void => {
    plot?.destroy();
    plot = undefined;
    const width = box.clientWidth;
    if (width === 0) return;
    const axis = {
      stroke: color('soft'),
      grid: { stroke: color('line'), width: 1 },
      ticks: { stroke: color('line'), width: 1 },
      font: '12px system-ui, sans-serif',
      size: 54,
    };
    plot = new uPlot(
      {
        width,
        height: 220,
        scales: {
          x: { time: false },
          y: o.range ? { range: [...o.range] as [number, number] } : {},
        },
        axes: [{ ...axis, size: 40, label: t(o.x), labelSize: 18, labelFont: axis.font }, axis],
        series: [
          { label: t(o.x), value: (_, v) => (v === null ? '–' : v.toFixed(2)) },
          ...o.series.map((s) => ({
            label: t(s.label),
            stroke: color(s.color),
            width: 2,
            spanGaps: true,
            points: s.points ? { show: true, size: 7, fill: color(s.color) } : { show: false },
            value: (_: uPlot, v: number | null) => (v === null ? '–' : v.toFixed(4)),
          })),
        ],
        legend: { live: true },
        cursor: { y: false, drag: { setScale: false } },
      },
      data as unknown as uPlot.AlignedData,
      box,
    );
  };
  new ResizeObserver(() => {
    if (!plot) make();
    else if (box.clientWidth !== plot.width) plot.setSize({ width: box.clientWidth, height: 220 });
  }).observe(box);
  onTheme(make);
  onLanguage(() => {
    make();
    describe();
  });
  describe();
  return {
    element,
    show(next) {
      data = next;
      plot?.setData(data as unknown as uPlot.AlignedData);
      describe();
    },
  };
}
