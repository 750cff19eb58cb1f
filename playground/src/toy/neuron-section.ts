/** One neuron: two weights, a bias, an activation, and what becomes of them. */
import { engineFor, latest } from '../engine/client.ts';
import { onLanguage, t } from '../i18n/index.ts';
import { h, setPlain } from '../ui/dom.ts';
import { select, slider } from '../ui/fields.ts';
import { largest } from '../ui/pixels.ts';
import { color, onTheme } from '../ui/theme.ts';
import { makePlane } from './plane.ts';
import type { NeuronActivation, NeuronAnswer } from './protocol.ts';

const activations: readonly NeuronActivation[] = ['step', 'sigmoid', 'tanh', 'relu', 'linear'];

export function makeNeuronSection(): HTMLElement {
  const engine = engineFor('toy');
  const plane = makePlane(440, '');
  const curve = h('canvas', { class: 'curve', width: 440, height: 260, role: 'img' });
  const problem = h('p', { class: 'problem', role: 'alert', hidden: true });
  const formula = h('p', { class: 'formula' });
  let answer: NeuronAnswer | undefined;

  const ask = latest(async () => {
    try {
      answer = await engine.call('neuron', {
        weights: [w1.get(), w2.get()],
        bias: bias.get(),
        activation: activation.get() as NeuronActivation,
      });
      problem.hidden = true;
      draw();
    } catch (error) {
      problem.hidden = false;
      setPlain(problem, (error as Error).message);
    }
  });
  const change = (): void => {
    // The words follow at once, the pictures when they are computed.
    write();
    ask(null);
  };
  const range = { min: -4, max: 4, step: 0.1, show: (v: number) => v.toFixed(1) };
  const w1 = slider('neuron.w1', range, 2, change);
  const w2 = slider('neuron.w2', range, 1, change);
  const bias = slider('neuron.bias', range, 0.5, change);
  const activation = select(
    'layer.activation',
    activations.map((value) => ({ value, plain: value })),
    'sigmoid',
    change,
  );

  function write(): void {
    const term = (v: number): string => `${v < 0 ? '−' : '+'} ${Math.abs(v).toFixed(1)}`;
    const name = activation.get();
    setPlain(
      formula,
      `y = ${name}(${w1.get() < 0 ? '−' : ''}${Math.abs(w1.get()).toFixed(1)}·x₁ ${term(w2.get())}·x₂ ${term(bias.get())})`,
    );
    plane.element.setAttribute('aria-label', `${t('neuron.plane')}: ${formula.textContent}`);
    curve.setAttribute('aria-label', `${t('neuron.curve')}: ${name}`);
  }

  function draw(): void {
    if (!answer) return;
    const bounded = ['step', 'sigmoid'].includes(activation.get());
    // Classes meet at one half where the output is a probability.
    const shown = bounded ? answer.plane.map((v) => 2 * v - 1) : answer.plane;
    plane.show(shown, bounded ? 1 : Math.max(1, largest(shown)));
    drawCurve(curve, answer.curve);
  }
  onTheme(draw);
  onLanguage(write);
  change();
  return h(
    'section',
    { class: 'card', id: 'neuron' },
    h(
      'div',
      { class: 'section-head' },
      h('h2', { t: 'neuron.title' }),
      h('p', { t: 'neuron.lead' }),
    ),
    h(
      'div',
      { class: 'neuron-grid' },
      h(
        'div',
        { class: 'stack' },
        w1.element,
        w2.element,
        bias.element,
        activation.element,
        formula,
        problem,
      ),
      h('figure', {}, plane.element, h('figcaption', { class: 'quiet', t: 'neuron.plane' })),
      h('figure', {}, curve, h('figcaption', { class: 'quiet', t: 'neuron.curve' })),
    ),
  );
}

/** The activation between -5 and 5. */
function drawCurve(canvas: HTMLCanvasElement, values: Float32Array): void {
  const ctx = canvas.getContext('2d')!;
  const { width, height } = canvas;
  const top = Math.max(1.2, ...values);
  const bottom = Math.min(-0.2, ...values);
  const x = (i: number): number => 14 + (i / (values.length - 1)) * (width - 28);
  const y = (v: number): number => height - 24 - ((v - bottom) / (top - bottom)) * (height - 42);
  ctx.clearRect(0, 0, width, height);
  ctx.strokeStyle = color('line');
  ctx.lineWidth = 2;
  ctx.beginPath();
  ctx.moveTo(x(0), y(0));
  ctx.lineTo(x(100), y(0));
  ctx.moveTo(x(50), y(bottom));
  ctx.lineTo(x(50), y(top));
  ctx.stroke();
  ctx.fillStyle = color('soft');
  ctx.font = '17px system-ui, sans-serif';
  ctx.textAlign = 'center';
  for (const v of [-4, -2, 2, 4])
    ctx.fillText(String(v).replace('-', '−'), x(50 + v * 10), y(0) + 20);
  ctx.textAlign = 'right';
  for (const v of [-1, 1])
    if (v > bottom) ctx.fillText(String(v).replace('-', '−'), x(50) - 8, y(v) + 6);
  ctx.strokeStyle = color('accent');
  ctx.lineWidth = 4;
  ctx.lineJoin = 'round';
  ctx.beginPath();
  values.forEach((v, i) => {
    ctx.lineTo(x(i), y(v));
  });
  ctx.stroke();
}
