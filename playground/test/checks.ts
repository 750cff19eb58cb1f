/** What must hold of the site. */
import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { draw, one, open, seven } from './browser.ts';
import { firstLoad } from './size.ts';

export interface Setting {
  readonly url: string;
  readonly browser: Browser;
  readonly shots: string | undefined;
}

type Check = (s: Setting) => Promise<string | undefined>;

export const checks: Readonly<Record<string, Check>> = {
  'first load': async () => {
    const bytes = firstLoad();
    assert.ok(bytes < 400_000, `first load takes ${bytes} bytes gzipped`);
    return `${Math.round(bytes / 1000)} KB gzipped`;
  },

  'draw a seven, see a seven': async ({ url, browser, shots }) => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const start = performance.now();
    const { page, problems } = await open(context, url);
    await page.waitForSelector('#draw[data-ready]');
    const ready = performance.now() - start;
    assert.ok(ready < 2000, `ready after ${ready} ms`);
    await draw(page, seven);
    await page.waitForFunction(() => document.querySelector('.answer-digit')?.textContent === '7');
    if (shots) await page.screenshot({ path: `${shots}/digits.png` });
    const ms = Number(await page.getAttribute('#draw', 'data-milliseconds'));
    assert.ok(ms < 50, `answered in ${ms} ms`);
    await page.click('#clear');
    await page.waitForFunction(() => document.querySelector('.answer-digit')?.textContent === '–');
    await draw(page, one);
    await page.waitForFunction(() => document.querySelector('.answer-digit')?.textContent === '1');
    assert.deepEqual(problems, []);
    await context.close();
    return `ready in ${Math.round(ready)} ms, answered in ${ms} ms`;
  },
};
