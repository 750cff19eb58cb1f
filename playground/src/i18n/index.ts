/** The page's two languages. Kept in the address (`?lang=zh`) and for the next visit. */
import { en } from './en.ts';
import { zh } from './zh.ts';

export type TextKey = keyof typeof en;
export type Texts = Readonly<Record<TextKey, string>>;
export type Language = 'en' | 'zh';

const texts: Readonly<Record<Language, Texts>> = { en, zh };
const place = 'gradloom-language';
const listeners = new Set<() => void>();
let current: Language = 'en';

/** The language asked for in the address, kept from last time, or of the browser. */
export function pickLanguage(
  search: string,
  kept: string | null,
  preferred: readonly string[],
): Language {
  const asked = new URLSearchParams(search).get('lang');
  for (const wish of [asked, kept]) if (wish === 'en' || wish === 'zh') return wish;
  const first = preferred.find((l) => /^(zh|en)\b/i.test(l));
  return first && /^zh/i.test(first) ? 'zh' : 'en';
}

export function startLanguage(): void {
  current = pickLanguage(location.search, read(), navigator.languages);
  document.documentElement.lang = current === 'zh' ? 'zh-CN' : 'en';
  document.title = t('site.title');
}

function read(): string | null {
  try {
    return localStorage.getItem(place);
  } catch {
    return null;
  }
}

export function language(): Language {
  return current;
}

/** Changes every text on the page. */
export function setLanguage(next: Language): void {
  current = next;
  try {
    localStorage.setItem(place, next);
  } catch {
    // The address keeps it too.
  }
  const url = new URL(location.href);
  url.searchParams.set('lang', next);
  history.replaceState(null, '', url);
  document.documentElement.lang = next === 'zh' ? 'zh-CN' : 'en';
  document.title = t('site.title');
  for (const el of document.querySelectorAll<HTMLElement>('[data-t], [data-t-label]'))
    translate(el);
  for (const l of listeners) l();
}

/** For what is drawn, not written. Returns what ends the listening. */
export function onLanguage(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The text with `{name}` replaced. */
export function t(key: TextKey, values: Readonly<Record<string, unknown>> = {}): string {
  return fill(texts[current][key], values);
}

export function fill(text: string, values: Readonly<Record<string, unknown>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in values ? String(values[name]) : whole,
  );
}

/** Writes an element's text and accessible name in the current language. */
export function translate(el: HTMLElement): void {
  const { t: key, tv, tLabel } = el.dataset;
  if (key) el.textContent = t(key as TextKey, tv ? JSON.parse(tv) : {});
  if (tLabel) {
    const name = t(tLabel as TextKey);
    el.setAttribute('aria-label', name);
    if (el.hasAttribute('title')) el.title = name;
  }
}
