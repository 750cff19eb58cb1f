/** The built site in a real Chromium: what the end-to-end test stands on. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { build, type PreviewServer, preview } from 'vite';
import { launch as launchChromium } from '../../test/browser/chromium.mjs';

const configFile = fileURLToPath(new URL('../vite.config.ts', import.meta.url));

export interface Site {
  readonly url: string;
  close(): Promise<void>;
}

/** Builds the site, unless told to take what is there. */
export async function buildSite(): Promise<void> {
  const dist = fileURLToPath(new URL('../dist/index.html', import.meta.url));
  if (!process.argv.includes('--built') || !existsSync(dist))
    await build({ configFile, logLevel: 'error' });
}

export async function serveSite(): Promise<Site> {
  const server: PreviewServer = await preview({
    configFile,
    preview: { port: 0, host: '127.0.0.1' },
    logLevel: 'warn',
  });
  const url = server.resolvedUrls!.local[0];
  return { url, close: () => server.close() };
}

/** Loads pages of this context without the headers that isolate them. */
export async function withoutIsolation(context: BrowserContext): Promise<void> {
  await context.route('**/*', async (route) => {
    if (route.request().resourceType() !== 'document') return route.continue();
    const response = await route.fetch();
    const headers = Object.entries(response.headers()).filter(
      ([name]) => !name.startsWith('cross-origin-'),
    );
    await route.fulfill({ response, headers: Object.fromEntries(headers) });
  });
}

/** `gpu`: with WebGPU, on a graphics card made of software. */
export const launch = (gpu = false): Promise<Browser> =>
  launchChromium(gpu ? ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'] : []);

/** A page that notes everything that a visitor should never see in the console. */
export async function open(
  context: BrowserContext,
  url: string,
): Promise<{ readonly page: Page; readonly problems: string[] }> {
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('console', (m) => {
    if (m.type() === 'error' || m.type() === 'warning') problems.push(m.text());
  });
  page.on('pageerror', (e) => problems.push(String(e)));
  await page.goto(url);
  return { page, problems };
}

/** A stroke through points given as shares of the pad's side. */
export async function draw(
  page: Page,
  strokes: readonly (readonly (readonly [number, number])[])[],
): Promise<void> {
  await page.locator('canvas.pad').scrollIntoViewIfNeeded();
  const box = (await page.locator('canvas.pad').boundingBox())!;
  for (const stroke of strokes) {
    const [first, ...rest] = stroke.map(([x, y]) => [
      box.x + x * box.width,
      box.y + y * box.height,
    ]);
    await page.mouse.move(first[0], first[1]);
    await page.mouse.down();
    for (const [x, y] of rest) await page.mouse.move(x, y, { steps: 8 });
    await page.mouse.up();
  }
}

export const seven = [
  [
    [0.28, 0.25],
    [0.72, 0.25],
    [0.6, 0.5],
    [0.45, 0.82],
  ],
] as const;

export const one = [
  [
    [0.52, 0.18],
    [0.48, 0.82],
  ],
] as const;
