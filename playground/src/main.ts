/** The site: shell, and the page that the address names. Pages are loaded when they are visited. */
import { startLanguage } from './i18n/index.ts';
import { makeShell, type PageName, pages } from './ui/shell.ts';

/** A page makes its content once; it is kept while others are looked at, training and all. */
export interface Page {
  readonly element: HTMLElement;
  /** Called whenever it comes into view. */
  shown?(): void;
  /** Called when another takes its place. */
  hidden?(): void;
}

const loaders: Readonly<Record<PageName, () => Promise<Page>>> = {
  digits: async () => (await import('./digits/page.ts')).makePage(),
  graph: async () => (await import('./graph/page.ts')).makePage(),
  network: async () => (await import('./toy/page.ts')).makePage(),
};

startLanguage();
const shell = makeShell(document.getElementById('app')!);
const made = new Map<PageName, Promise<Page>>();
let visits = 0;
let current: Page | undefined;

async function show(): Promise<void> {
  const visit = ++visits;
  const name = pages.find((p) => location.hash === `#/${p}`) ?? 'digits';
  shell.mark(name);
  const coming = made.get(name) ?? loaders[name]();
  made.set(name, coming);
  const page = await coming;
  if (visit !== visits) return;
  if (current !== page) current?.hidden?.();
  current = page;
  shell.main.replaceChildren(page.element);
  window.scrollTo(0, 0);
  page.shown?.();
}

window.addEventListener('hashchange', show);
void show();
