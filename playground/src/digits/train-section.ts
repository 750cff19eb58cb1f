/** Train a network on MNIST, in the page. */
import { engineFor } from '../engine/client.ts';
import type { BackendChoice, Events, TrainOptions } from '../engine/protocol.ts';
import { onLanguage } from '../i18n/index.ts';
import type { PlainWeights } from '../model/weights-file.ts';
import { makeChart, type Series } from '../ui/chart.ts';
import { Curves } from '../ui/curves.ts';
import { h, setPlain, setText } from '../ui/dom.ts';
import { grouped, number, select } from '../ui/fields.ts';
import { percent } from './bars.ts';
import { makeLayerEditor } from './layer-editor.ts';

export interface TrainHooks {
  /** After every epoch, and at the end. */
  readonly onWeights: (weights: PlainWeights) => void;
  /** When a training has ended or been stopped. */
  readonly onRest: () => Promise<void>;
}

type Phase = 'fresh' | 'running' | 'rest';

const series: readonly Series[] = [
  { label: 'chart.train', color: 'accent' },
  { label: 'chart.test', color: 'warm', points: true },
];

export function makeTrainSection(hooks: TrainHooks): HTMLElement {
  const engine = engineFor('training');
  const curves = new Curves(['loss', 'valLoss']);
  const loss = makeChart({ title: 'chart.loss', x: 'chart.epoch', series });
  const accuracy = makeChart({ title: 'chart.accuracy', x: 'chart.epoch', series });
  const editor = makeLayerEditor(() => toPhase(phase === 'rest' ? 'fresh' : phase));
  const optimizer = select(
    'train.optimizer',
    ['adam', 'sgd', 'rmsprop'].map((value) => ({ value, plain: value })),
    'adam',
    (name) => {
      rate.set(name === 'sgd' ? 0.1 : 0.001);
      changed();
    },
  );
  const rate = number('train.rate', { min: 0.00001, max: 1, step: 0.0001 }, 0.001, changed);
  const batch = select(
    'train.batch',
    ['16', '32', '64', '128', '256'].map((value) => ({ value, plain: value })),
    '64',
  );
  const epochs = number('train.epochs', { min: 1, max: 100, step: 1 }, 5);
  const samples = select(
    'train.samples',
    [1000, 10000, 30000, 60000].map((n) => ({ value: String(n), plain: grouped(n) })),
    '60000',
  );
  const backend = select('train.backend', [{ value: 'wasm', t: 'backend.wasm' }], 'wasm', () =>
    useBackend(backend.get() as BackendChoice),
  );
  const settings = [optimizer, rate, batch, epochs, samples];

  const start = h('button', { class: 'primary', id: 'train', onclick: () => run(false) });
  const more = h('button', { class: 'primary', id: 'resume', onclick: () => run(true) });
  const stop = h('button', { id: 'stop', t: 'train.stop', onclick: () => engine.call('stop', {}) });
  const bar = h('progress', { max: 1, value: 0, label: 'train.progress' });
  const status = h('p', { class: 'status', role: 'status', t: 'train.ready' });
  const problem = h('p', { class: 'problem', role: 'alert', hidden: true });
  const figures = {
    test: figure('train.testAccuracy'),
    seconds: figure('train.seconds'),
    speed: figure('train.speed'),
  };
  const charts = h('div', { class: 'charts', hidden: true }, loss.element, accuracy.element);
  const element = h(
    'section',
    { class: 'card', id: 'training' },
    h('div', { class: 'section-head' }, h('h2', { t: 'train.title' }), h('p', { t: 'train.lead' })),
    h(
      'div',
      { class: 'train-grid' },
      h('div', {}, h('h3', { t: 'train.network' }), editor.element),
      h(
        'div',
        {},
        h('h3', { t: 'train.how' }),
        h(
          'div',
          { class: 'fields' },
          [...settings, backend].map((f) => f.element),
        ),
        h('div', { class: 'row train-buttons' }, more, start, stop),
        bar,
        status,
        problem,
        h(
          'dl',
          { class: 'figures' },
          Object.values(figures).map((f) => f.element),
        ),
      ),
    ),
    charts,
  );
  let phase: Phase = 'fresh';

  /** The network has to be made anew for these. */
  function changed(): void {
    if (phase === 'rest') toPhase('fresh');
  }

  function toPhase(next: Phase): void {
    phase = next;
    const running = phase === 'running';
    element.dataset.phase = phase;
    for (const s of settings) s.disable(running);
    backend.disable(running);
    editor.disable(running);
    start.disabled = running || !editor.valid;
    start.className = phase === 'rest' ? '' : 'primary';
    setText(start, phase === 'rest' ? 'train.anew' : 'train.start');
    more.hidden = phase !== 'rest';
    setText(more, 'train.more');
    stop.hidden = !running;
    start.hidden = running;
    bar.hidden = !running;
  }

  function figure(label: 'train.testAccuracy' | 'train.seconds' | 'train.speed') {
    const value = h('dd', {}, '–');
    return { element: h('div', {}, h('dt', { t: label }), value), value };
  }

  function drawCurves(): void {
    loss.show(curves.rows('loss', 'valLoss'));
    accuracy.show(curves.rows('accuracy', 'valAccuracy'));
  }

  async function useBackend(choice: BackendChoice | undefined): Promise<void> {
    try {
      const state = await engine.call('backend', choice ? { choice } : {});
      backend.setOptions(state.available.map((value) => ({ value, t: `backend.${value}` })));
      backend.set(state.choice);
      element.dataset.backend = state.choice;
      setText(status, state.isolated ? 'train.threads' : 'train.oneThread', {
        threads: state.threads,
      });
    } catch (error) {
      fail(error as Error);
    }
  }

  async function run(resume: boolean): Promise<void> {
    problem.hidden = true;
    if (!resume) {
      curves.clear();
      drawCurves();
    }
    charts.hidden = false;
    toPhase('running');
    const options: TrainOptions = {
      spec: editor.spec,
      optimizer: optimizer.get() as TrainOptions['optimizer'],
      learningRate: rate.get(),
      batchSize: Number(batch.get()),
      epochs: epochs.get(),
      samples: Number(samples.get()),
      data: new URL(`${import.meta.env.BASE_URL}data/mnist/`, document.baseURI).href,
      resume,
    };
    bar.removeAttribute('value');
    setText(status, 'train.preparing');
    try {
      const result = await engine.call('train', options);
      hooks.onWeights(result.weights);
      setText(status, result.stopped ? 'train.stopped' : 'train.done', { epochs: result.epochs });
      toPhase('rest');
      await hooks.onRest();
    } catch (error) {
      fail(error as Error);
      if (phase === 'running') toPhase('fresh');
    }
  }

  function fail(error: Error): void {
    problem.hidden = false;
    setPlain(problem, error.message);
  }

  engine.on('loading', ({ share }) => {
    bar.value = share;
    setText(status, share < 1 ? 'train.loading' : 'train.preparing', {
      share: Math.round(share * 100),
    });
  });
  engine.on('progress', (p: Events['progress']) => {
    curves.add(p.epoch + p.share, { loss: p.loss, accuracy: p.accuracy });
    drawCurves();
    bar.value = p.share;
    setText(status, 'train.running', { epoch: p.epoch + 1, accuracy: percent(p.accuracy) });
    figures.speed.value.textContent = grouped(Math.round(p.speed));
  });
  engine.on('epoch', (e) => {
    const { loss, accuracy, valLoss, valAccuracy } = e;
    curves.add(e.epoch + 1, { loss, accuracy, valLoss, valAccuracy });
    drawCurves();
    figures.test.value.textContent = percent(valAccuracy);
    figures.seconds.value.textContent = `${e.seconds.toFixed(e.seconds < 10 ? 2 : 1)} s`;
    element.dataset.accuracy = String(valAccuracy);
    element.dataset.epochs = String(e.epoch + 1);
    hooks.onWeights(e.weights);
  });
  onLanguage(() =>
    samples.setOptions(
      [1000, 10000, 30000, 60000].map((n) => ({ value: String(n), plain: grouped(n) })),
    ),
  );
  toPhase('fresh');
  void useBackend(undefined);
  return element;
}
