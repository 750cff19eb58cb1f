/** The network's layers as a list that can be changed. */
import { onLanguage, type TextKey } from '../i18n/index.ts';
import {
  type ActivationName,
  activations,
  cleanLayer,
  countWeights,
  type LayerSpec,
  limits,
  type NetworkSpec,
  type PresetName,
  presets,
  problemOf,
  sideAfter,
} from '../model/spec.ts';
import { h, newId, setText } from '../ui/dom.ts';
import { grouped, select } from '../ui/fields.ts';
import { keepSpec, keptSpec } from './kept-spec.ts';

export interface LayerEditor {
  readonly element: HTMLElement;
  readonly spec: NetworkSpec;
  /** Whether it can be built. */
  readonly valid: boolean;
  disable(off: boolean): void;
}

const added: readonly LayerSpec[] = [
  { kind: 'dense', units: 64, activation: 'relu' },
  { kind: 'dropout', rate: 0.25 },
  { kind: 'conv', filters: 8, size: 3, activation: 'relu', pool: true },
];

export function makeLayerEditor(onChange: () => void): LayerEditor {
  let spec: NetworkSpec = keptSpec();
  let disabled = false;
  const list = h('ol', { class: 'layers' });
  const facts = h('p', { class: 'quiet' });
  const problem = h('p', { class: 'problem', role: 'alert' });

  const change = (next: NetworkSpec, redraw = true): void => {
    spec = next;
    keepSpec(spec);
    if (redraw) draw();
    tell();
    onChange();
  };
  const replace = (i: number, layer: unknown): void => {
    const clean = cleanLayer(layer);
    if (clean) change(spec.map((l, j) => (j === i ? clean : l)));
  };
  const move = (i: number, by: number): void => {
    const next = [...spec];
    [next[i], next[i + by]] = [next[i + by], next[i]];
    change(next);
    // The button just pressed has moved along.
    list.children[i + by + 1]?.querySelector<HTMLElement>('button:not(:disabled)')?.focus();
  };

  const preset = select(
    'train.preset',
    [
      { value: 'plain', t: 'train.preset.plain' },
      { value: 'conv', t: 'train.preset.conv' },
      { value: 'linear', t: 'train.preset.linear' },
      { value: 'own', t: 'train.preset.own' },
    ],
    'own',
    (name) => {
      if (name in presets) change(presets[name as PresetName]);
    },
  );

  const numberBox = (
    label: TextKey,
    value: number,
    [min, max]: readonly [number, number],
    step: number,
    onValue: (v: number) => void,
  ): HTMLElement => {
    const id = newId('layer');
    const box = h('input', {
      id,
      type: 'number',
      min,
      max,
      step,
      value,
      disabled,
      onchange: () => onValue(box.valueAsNumber),
    });
    return h('span', { class: 'layer-field' }, h('label', { for: id, t: label }), box);
  };
  const activationBox = (value: ActivationName, onValue: (v: string) => void): HTMLElement => {
    const box = h(
      'select',
      { label: 'layer.activation', disabled, onchange: () => onValue(box.value) },
      activations.map((a) => h('option', { value: a, selected: a === value }, a)),
    );
    return box;
  };

  const controls = (l: LayerSpec, i: number): HTMLElement[] => {
    switch (l.kind) {
      case 'dense':
        return [
          numberBox('layer.units', l.units, limits.units, 1, (units) =>
            replace(i, { ...l, units }),
          ),
          activationBox(l.activation, (activation) => replace(i, { ...l, activation })),
        ];
      case 'conv': {
        const pool = h('input', {
          type: 'checkbox',
          checked: l.pool,
          disabled,
          onchange: () => replace(i, { ...l, pool: pool.checked }),
        });
        return [
          numberBox('layer.filters', l.filters, limits.filters, 1, (filters) =>
            replace(i, { ...l, filters }),
          ),
          numberBox('layer.size', l.size, limits.size, 1, (size) => replace(i, { ...l, size })),
          activationBox(l.activation, (activation) => replace(i, { ...l, activation })),
          h('label', { class: 'choice' }, pool, h('span', { t: 'layer.pool' })),
        ];
      }
      case 'dropout':
        return [
          numberBox('layer.rate', l.rate, limits.rate, 0.05, (rate) => replace(i, { ...l, rate })),
        ];
    }
  };
  const button = (label: TextKey, sign: string, off: boolean, onclick: () => void) =>
    h('button', { class: 'small', label, title: ' ', disabled: disabled || off, onclick }, sign);

  function draw(): void {
    const rows = spec.map((l, i) =>
      h(
        'li',
        { class: `layer layer-${l.kind}` },
        h('span', { class: 'layer-name', t: `layer.${l.kind}` }),
        h('span', { class: 'layer-controls' }, controls(l, i)),
        h(
          'span',
          { class: 'layer-buttons' },
          button('layer.up', '↑', i === 0, () => move(i, -1)),
          button('layer.down', '↓', i === spec.length - 1, () => move(i, 1)),
          button('layer.remove', '×', false, () => change(spec.filter((_, j) => j !== i))),
        ),
      ),
    );
    list.replaceChildren(
      h(
        'li',
        { class: 'layer layer-end' },
        h('span', { class: 'layer-name', t: 'layer.input' }),
        h('span', { class: 'quiet' }, '28 × 28'),
      ),
      ...rows,
      h(
        'li',
        { class: 'layer layer-end' },
        h('span', { class: 'layer-name', t: 'layer.output' }),
        h('span', { class: 'quiet' }, '10 · softmax'),
      ),
    );
    const name = Object.entries(presets).find(
      ([, p]) => JSON.stringify(p) === JSON.stringify(spec),
    )?.[0];
    preset.set(name ?? 'own');
    preset.disable(disabled);
    for (const b of adding) b.disabled = disabled || spec.length >= limits.layers;
  }

  const adding = added.map((layer) =>
    h('button', {
      class: 'small',
      t: `layer.add.${layer.kind}`,
      onclick: () => {
        // Convolutions come before what has no image any more.
        const dense = spec.findIndex((l) => l.kind === 'dense');
        const at = layer.kind === 'conv' && dense >= 0 ? dense : spec.length;
        change([...spec.slice(0, at), layer, ...spec.slice(at)]);
      },
    }),
  );

  function tell(): void {
    const wrong = problemOf(spec);
    problem.hidden = wrong === null;
    if (wrong) setText(problem, `layer.problem.${wrong}`);
    facts.hidden = wrong !== null;
    setText(facts, 'layer.facts', { weights: grouped(countWeights(spec)), side: sideAfter(spec) });
  }
  draw();
  tell();
  onLanguage(tell);
  return {
    element: h(
      'div',
      { class: 'layer-editor' },
      preset.element,
      list,
      h('div', { class: 'row' }, adding),
      facts,
      problem,
    ),
    get spec(): NetworkSpec {
      return spec;
    },
    get valid(): boolean {
      return problemOf(spec) === null;
    },
    disable(off) {
      disabled = off;
      draw();
    },
  };
}
