/** What stands around every page: the bar at the top and the line at the bottom. */
import { language, onLanguage, setLanguage } from '../i18n/index.ts';
import { h, setLabel } from './dom.ts';
import { isDark, onTheme, toggleTheme } from './theme.ts';

export const pages = ['digits', 'network', 'graph'] as const;
export type PageName = (typeof pages)[number];

export interface Shell {
  readonly main: HTMLElement;
  /** Marks the page in the bar. */
  mark(page: PageName): void;
}

export function makeShell(root: HTMLElement): Shell {
  const main = h('main', { id: 'main', tabindex: '-1' });
  const links = pages.map((name) =>
    h('a', { href: `#/${name}`, t: `nav.${name}`, 'data-page': name }),
  );
  const header = h(
    'header',
    { class: 'bar' },
    h('a', { class: 'skip', href: '#main', t: 'nav.skip', onclick: skip }),
    h('a', { class: 'brand', href: '#/digits' }, mark(), h('span', {}, 'Gradloom')),
    h('nav', { label: 'nav.label' }, links),
    h('div', { class: 'switches' }, languageSwitch(), themeSwitch()),
  );
  const footer = h(
    'footer',
    {},
    h('p', { t: 'footer.text' }),
    h('p', { class: 'quiet', t: 'footer.local' }),
  );
  root.replaceChildren(header, main, footer);

  function skip(event: Event): void {
    // The address belongs to the pages.
    event.preventDefault();
    main.focus();
  }
  return {
    main,
    mark(page) {
      for (const a of links)
        if (a.dataset.page === page) a.setAttribute('aria-current', 'page');
        else a.removeAttribute('aria-current');
    },
  };
}

function mark(): Element {
  const box = document.createElement('span');
  box.className = 'mark';
  box.setAttribute('aria-hidden', 'true');
  box.innerHTML =
    '<svg viewBox="0 0 32 32" width="26" height="26"><rect width="32" height="32" rx="8" fill="currentColor"/><path d="M7 9c6 0 12 14 18 14M7 23c6 0 12-14 18-14M7 16h18" fill="none" stroke="#fff" stroke-width="2.2" stroke-linecap="round"/></svg>';
  return box;
}

function languageSwitch(): HTMLElement {
  const button = h('button', {
    class: 'switch',
    id: 'language',
    label: 'nav.language',
    title: ' ',
    onclick: () => setLanguage(language() === 'en' ? 'zh' : 'en'),
  });
  const show = (): void => {
    button.textContent = language() === 'en' ? '中文' : 'English';
    button.lang = language() === 'en' ? 'zh-CN' : 'en';
  };
  show();
  onLanguage(show);
  return button;
}

function themeSwitch(): HTMLElement {
  const button = h('button', { class: 'switch', id: 'theme', title: ' ', onclick: toggleTheme });
  const show = (): void => {
    setLabel(button, isDark() ? 'nav.light' : 'nav.dark');
    button.innerHTML = isDark()
      ? '<svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true"><circle cx="12" cy="12" r="4.5" fill="currentColor"/><path d="M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2" stroke="currentColor" stroke-width="2" stroke-linecap="round"/></svg>'
      : '<svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true"><path d="M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z" fill="currentColor"/></svg>';
  };
  show();
  onTheme(show);
  return button;
}
