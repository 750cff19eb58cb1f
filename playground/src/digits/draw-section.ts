/** Draw a digit and see what the network makes of it. */
import { engineFor, latest } from '../engine/client.ts';
import type { NetworkName } from '../engine/protocol.ts';
import type { PlainWeights } from '../model/weights-file.ts';
import { h, newId, setPlain, setText } from '../ui/dom.ts';
import { paintGrey } from '../ui/pixels.ts';
import { makeBars } from './bars.ts';
import { makePad } from './pad.ts';

export interface DrawSection {
  readonly element: HTMLElement;
  /** When drawings are answered. */
  readonly ready: Promise<void>;
  /** A network that was trained here takes part from now on. */
  setOwn(weights: PlainWeights): Promise<void>;
  /** Puts an image on the pad. */
  put(pixels: Uint8Array): void;
}

export function makeDrawSection(): DrawSection {
  const engine = engineFor('answers');
  const bars = makeBars();
  const eye = h('canvas', { class: 'eye', width: 28, height: 28, role: 'img', label: 'draw.eye' });
  const time = h('p', { class: 'quiet', id: 'answer-time' });
  const problem = h('p', { class: 'problem', role: 'alert', hidden: true });
  let which: NetworkName = 'trained';

  const ready = fetch(`${import.meta.env.BASE_URL}digits.safetensors`)
    .then(async (response) => {
      if (!response.ok) throw new Error(`digits.safetensors: ${response.status}`);
      const network = new Uint8Array(await response.arrayBuffer());
      await engine.call('setNetwork', { name: 'trained', network });
      element.dataset.ready = 'true';
    })
    .catch(fail);

  function fail(error: Error): void {
    problem.hidden = false;
    setPlain(problem, error.message);
  }

  const ask = latest(async () => {
    await ready;
    if (pad.empty) {
      bars.show(null);
      paintGrey(eye, new Uint8Array(784));
      setPlain(time, '');
      return;
    }
    const start = performance.now();
    const pixels = pad.pixels();
    paintGrey(eye, pixels);
    try {
      const { probabilities } = await engine.call('answer', { name: which, pixels });
      bars.show(probabilities);
      const ms = performance.now() - start;
      element.dataset.milliseconds = ms.toFixed(1);
      setText(time, 'draw.time', { ms: ms < 10 ? ms.toFixed(1) : Math.round(ms) });
    } catch (error) {
      fail(error as Error);
    }
  });
  const pad = makePad(() => ask(null));
  paintGrey(eye, new Uint8Array(784));

  const name = newId('network');
  const choice = (value: NetworkName, t: 'draw.trained' | 'draw.own'): HTMLLabelElement => {
    const input = h('input', {
      type: 'radio',
      name,
      value,
      checked: value === which,
      disabled: value === 'own',
      onchange: () => {
        which = value;
        ask(null);
      },
    });
    return h('label', { class: 'choice' }, input, h('span', { t }));
  };
  const own = choice('own', 'draw.own');
  const element = h(
    'section',
    { class: 'card draw', id: 'draw' },
    h(
      'div',
      { class: 'draw-pad' },
      pad.element,
      h(
        'div',
        { class: 'row' },
        h('button', { t: 'draw.clear', id: 'clear', onclick: () => pad.clear() }),
        h('p', { class: 'quiet hint', t: 'draw.keys' }),
      ),
    ),
    h(
      'div',
      { class: 'draw-answer' },
      bars.element,
      problem,
      h(
        'div',
        { class: 'draw-foot' },
        h('figure', { class: 'eye-box' }, eye, h('figcaption', { t: 'draw.eyeCaption' })),
        h(
          'fieldset',
          { class: 'plain' },
          h('legend', { t: 'draw.which' }),
          choice('trained', 'draw.trained'),
          own,
        ),
      ),
      time,
    ),
  );
  return {
    element,
    ready,
    async setOwn(weights) {
      try {
        await engine.call('setNetwork', { name: 'own', network: weights });
      } catch (error) {
        fail(error as Error);
        return;
      }
      const input = own.querySelector('input')!;
      if (input.disabled) {
        // The first time, the reader's own network is what they want to see.
        input.disabled = false;
        input.checked = true;
        which = 'own';
      }
      ask(null);
    },
    put: (pixels) => pad.put(pixels),
  };
}
