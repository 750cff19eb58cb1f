/** Elements written as calls: `h('button', { class: 'primary', t: 'train.start', onclick }, …)`. */
import { type TextKey, translate } from '../i18n/index.ts';

type Child = Node | string | number | null | undefined | false;
type Handler = (event: never) => void;

export interface Props {
  /** Key of the element's text. */
  readonly t?: TextKey;
  /** Key of its accessible name. */
  readonly label?: TextKey;
  readonly [attribute: string]: string | number | boolean | Handler | undefined;
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: readonly (Child | readonly Child[])[]
): HTMLElementTagNameMap[K] {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === false) continue;
    if (name === 't') setText(el, value as TextKey);
    else if (name === 'label') setLabel(el, value as TextKey);
    else if (typeof value === 'function')
      el.addEventListener(name.slice(2), value as unknown as EventListener);
    else if (value === true) el.setAttribute(name, '');
    else el.setAttribute(name, String(value));
  }
  append(el, children);
  return el;
}

export function append(el: Element, children: readonly (Child | readonly Child[])[]): void {
  for (const c of children.flat()) {
    if (c === null || c === undefined || c === false) continue;
    el.append(typeof c === 'number' ? String(c) : (c as Node | string));
  }
}

/** Gives the element a text that follows the language. */
export function setText(el: Element, key: TextKey, values?: Record<string, unknown>): void {
  const box = el as HTMLElement;
  box.dataset.t = key;
  if (values) box.dataset.tv = JSON.stringify(values);
  else delete box.dataset.tv;
  translate(box);
}

/** Gives the element an accessible name that follows the language. */
export function setLabel(el: Element, key: TextKey): void {
  const box = el as HTMLElement;
  box.dataset.tLabel = key;
  translate(box);
}

/** A text that belongs to no language. */
export function setPlain(el: Element, text: string): void {
  const box = el as HTMLElement;
  delete box.dataset.t;
  delete box.dataset.tv;
  box.textContent = text;
}

let ids = 0;
export const newId = (prefix: string): string => `${prefix}-${++ids}`;
