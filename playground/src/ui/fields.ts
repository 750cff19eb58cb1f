/** Labelled controls. */
import { onLanguage, type TextKey } from '../i18n/index.ts';
import { h, newId } from './dom.ts';

export interface Option {
  readonly value: string;
  /** A text of the page's language, or one of none. */
  readonly t?: TextKey;
  readonly plain?: string;
}

export interface Field<T> {
  readonly element: HTMLElement;
  get(): T;
  set(value: T): void;
  disable(off: boolean): void;
}

export function select(
  label: TextKey,
  options: readonly Option[],
  value: string,
  onChange: (value: string) => void = () => {},
): Field<string> & { setOptions(options: readonly Option[]): void } {
  const id = newId('field');
  const box = h('select', { id, onchange: () => onChange(box.value) });
  const fill = (list: readonly Option[], chosen: string): void => {
    box.replaceChildren(
      ...list.map((o) => h('option', { value: o.value, t: o.t }, o.plain ?? null)),
    );
    box.value = chosen;
  };
  fill(options, value);
  return {
    element: h('div', { class: 'field' }, h('label', { for: id, t: label }), box),
    get: () => box.value,
    set: (v) => {
      box.value = v;
    },
    disable: (off) => {
      box.disabled = off;
    },
    setOptions: (list) => fill(list, box.value),
  };
}

export interface NumberOptions {
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

export function number(
  label: TextKey,
  o: NumberOptions,
  value: number,
  onChange: (value: number) => void = () => {},
): Field<number> {
  const id = newId('field');
  const get = (): number =>
    Math.min(
      o.max,
      Math.max(o.min, Number.isFinite(box.valueAsNumber) ? box.valueAsNumber : value),
    );
  const box = h('input', {
    id,
    type: 'number',
    min: o.min,
    max: o.max,
    step: o.step,
    value,
    onchange: () => {
      box.value = String(get());
      onChange(get());
    },
  });
  return {
    element: h('div', { class: 'field' }, h('label', { for: id, t: label }), box),
    get,
    set: (v) => {
      box.value = String(v);
    },
    disable: (off) => {
      box.disabled = off;
    },
  };
}

/** A slider that says its value. */
export function slider(
  label: TextKey,
  o: NumberOptions & { readonly show?: (value: number) => string },
  value: number,
  onInput: (value: number) => void,
): Field<number> {
  const id = newId('field');
  const show = o.show ?? ((v: number) => v.toFixed(o.step < 1 ? 2 : 0));
  const said = h('output', { for: id, class: 'slider-value' }, show(value));
  const box = h('input', {
    id,
    type: 'range',
    min: o.min,
    max: o.max,
    step: o.step,
    value,
    oninput: () => {
      write();
      onInput(box.valueAsNumber);
    },
  });
  const write = (): void => {
    said.textContent = show(box.valueAsNumber);
    box.setAttribute('aria-valuetext', said.textContent);
  };
  onLanguage(write);
  return {
    element: h(
      'div',
      { class: 'field slider' },
      h('span', { class: 'slider-head' }, h('label', { for: id, t: label }), said),
      box,
    ),
    get: () => box.valueAsNumber,
    set: (v) => {
      box.value = String(v);
      write();
    },
    disable: (off) => {
      box.disabled = off;
    },
  };
}

/** A number as the language writes large ones. */
export function grouped(n: number): string {
  return n.toLocaleString(document.documentElement.lang || 'en');
}
