/** A small network learns to divide the plane, before the reader's eyes. */

import { percent } from '../digits/bars.ts';
import { engineFor, latest } from '../engine/client.ts';
import { onLanguage, t } from '../i18n/index.ts';
import { type ActivationName, activations } from '../model/spec.ts';
import { makeChart } from '../ui/chart.ts';
import { Curves } from '../ui/curves.ts';
import { h, setPlain, setText } from '../ui/dom.ts';
import { grouped, select, slider } from '../ui/fields.ts';
import { onTheme } from '../ui/theme.ts';
import { type DatasetName, datasets, makeData } from './data.ts';
import { type LessonName, lessonNames, lessons, type ToySettings } from './lessons.ts';
import { makePlane } from './plane.ts';
import type { ToyFrame, ToyTask } from './protocol.ts';
import { makeUnits } from './units.ts';

export interface NetworkSection {
  readonly element: HTMLElement;
  /** Stops training: the page goes out of sight. */
  rest(): void;
}

export function makeNetworkSection(): NetworkSection {
  const engine = engineFor('toy');
  const curves = new Curves(['train', 'test'], 600);
  const chart = makeChart({
    title: 'chart.loss',
    x: 'chart.epoch',
    series: [
      { label: 'chart.train', color: 'accent' },
      { label: 'chart.test', color: 'warm' },
    ],
  });
  const plane = makePlane(620, '');
  const units = makeUnits();
  const figures = h('p', { class: 'toy-figures', 'aria-live': 'off' });
  const note = h('p', { class: 'toy-note', role: 'status' });
  const problem = h('p', { class: 'problem', role: 'alert', hidden: true });
  let seed = 1;
  let running = false;
  let frame: ToyFrame | undefined;
  let ticket = 0;

  const first = lessons.fit;
  const renew = (): void => start(running, true);
  const dataset = select(
    'toy.dataset',
    datasets.map((value) => ({ value, t: `toy.${value}` })),
    first.dataset,
    renew,
  );
  const noise = slider('toy.noise', { min: 0, max: 0.5, step: 0.01 }, first.noise, renew);
  const points = slider('toy.points', { min: 20, max: 400, step: 10 }, first.points, renew);
  const layers = slider('toy.layers', { min: 0, max: 4, step: 1 }, first.layers, renew);
  const width = slider('toy.width', { min: 1, max: 16, step: 1 }, first.width, renew);
  const activation = select(
    'layer.activation',
    activations.filter((a) => a !== 'gelu').map((value) => ({ value, plain: value })),
    first.activation,
    renew,
  );
  const rate = select(
    'train.rate',
    ['0.001', '0.003', '0.01', '0.03', '0.1'].map((value) => ({ value, plain: value })),
    String(first.learningRate),
    renew,
  );
  const dropout = slider('toy.dropout', { min: 0, max: 0.8, step: 0.05 }, first.dropout, renew);
  const l2 = select(
    'toy.l2',
    ['0', '0.001', '0.003', '0.01', '0.03', '0.1'].map((value) => ({ value, plain: value })),
    String(first.l2),
    renew,
  );

  const go = h('button', {
    class: 'primary',
    id: 'toy-run',
    onclick: () => start(!running, false),
  });
  const anew = h('button', {
    id: 'toy-anew',
    t: 'toy.anew',
    onclick: () => {
      seed++;
      renew();
    },
  });
  const lessonButtons = lessonNames.map((name) =>
    h('button', {
      class: 'small',
      t: `lesson.${name}`,
      'data-lesson': name,
      onclick: () => teach(name),
    }),
  );

  function teach(name: LessonName): void {
    const s: ToySettings = lessons[name];
    dataset.set(s.dataset);
    noise.set(s.noise);
    points.set(s.points);
    layers.set(s.layers);
    width.set(s.width);
    activation.set(s.activation);
    rate.set(String(s.learningRate));
    dropout.set(s.dropout);
    l2.set(String(s.l2));
    start(true, true);
    setText(note, `lesson.${name}.note`);
  }

  const submit = latest(async (task: ToyTask) => {
    try {
      await engine.call('toy', task);
    } catch (error) {
      problem.hidden = false;
      setPlain(problem, (error as Error).message);
      running = false;
      showButtons();
    }
  });

  let data = makeData({ name: first.dataset, noise: first.noise, count: first.points, seed });
  let fresh = true;

  function start(run: boolean, renewed: boolean): void {
    running = run;
    problem.hidden = true;
    void engine.call('stopToy', { upTo: ticket });
    if (renewed) {
      data = makeData({
        name: dataset.get() as DatasetName,
        noise: noise.get(),
        count: points.get(),
        seed,
      });
      curves.clear();
      note.textContent = '';
      delete note.dataset.t;
      // A task that was overtaken may have been the one to begin anew.
      fresh = true;
    }
    plane.points(data.train, data.test);
    submit({
      ticket: ++ticket,
      train: data.train,
      test: data.test,
      network: {
        hidden: new Array(layers.get()).fill(width.get()),
        activation: activation.get() as ActivationName,
        dropout: dropout.get(),
        l2: Number(l2.get()),
        learningRate: Number(rate.get()),
        seed,
      },
      fresh,
      run,
    });
    showButtons();
  }

  function showButtons(): void {
    element.dataset.running = String(running);
    setText(go, running ? 'toy.pause' : 'toy.run');
  }

  engine.on('frame', (f) => {
    if (f.ticket !== ticket) return;
    fresh = false;
    frame = f;
    curves.add(f.epoch, { train: f.train.loss, test: f.test.loss });
    draw();
  });
  function draw(): void {
    if (!frame) return;
    // Paler than the points, which have the same two colours.
    plane.show(
      frame.plane.map((p) => 2 * p - 1),
      1.6,
    );
    units.show(frame.units);
    chart.show(curves.rows('train', 'test'));
    element.dataset.accuracy = frame.test.accuracy.toFixed(4);
    element.dataset.epoch = String(frame.epoch);
    tell();
  }
  function tell(): void {
    if (!frame) return;
    setText(figures, 'toy.figures', {
      epoch: grouped(frame.epoch),
      train: percent(frame.train.accuracy),
      test: percent(frame.test.accuracy),
    });
    plane.element.setAttribute('aria-label', `${t('toy.surface')} ${figures.textContent}`);
  }
  onTheme(draw);
  onLanguage(tell);

  const element = h(
    'section',
    { class: 'card', id: 'toy' },
    h('div', { class: 'section-head' }, h('h2', { t: 'toy.title' }), h('p', { t: 'toy.lead' })),
    h('div', { class: 'row lessons' }, h('span', { class: 'quiet', t: 'toy.try' }), lessonButtons),
    note,
    h(
      'div',
      { class: 'toy-grid' },
      h(
        'div',
        { class: 'toy-plane' },
        h('figure', {}, plane.element, h('figcaption', { class: 'quiet', t: 'toy.caption' })),
        h('div', { class: 'row toy-buttons' }, go, anew),
        figures,
        problem,
      ),
      h(
        'div',
        { class: 'stack' },
        h('h3', { t: 'toy.data' }),
        dataset.element,
        h('div', { class: 'pair' }, noise.element, points.element),
        h('h3', { t: 'train.network' }),
        h('div', { class: 'pair' }, layers.element, width.element),
        h('div', { class: 'pair' }, activation.element, rate.element),
        h('h3', { t: 'toy.remedies' }),
        h('div', { class: 'pair' }, dropout.element, l2.element),
      ),
      h('div', { class: 'toy-chart' }, chart.element),
    ),
    h('h3', { class: 'units-head', t: 'toy.unitsHead' }),
    units.element,
  );
  start(false, true);
  return {
    element,
    rest() {
      if (running) start(false, false);
    },
  };
}
