// Train step and inference of five models side by side with PyTorch, Keras on JAX and TensorFlow.js, and
// the time from import to the first step: node bench/models.mjs [--only cnn,lstm] [--quick] [--save]
// The peers take turns, three rounds of them, and the best of each counts: a machine that is slow for a
// minute is then slow for all. TensorFlow.js, which is far behind, has one turn.
// Python is $GRADLOOM_PYTHON or python3; peers that are not installed are named as skipped.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const models = JSON.parse(readFileSync(join(here, 'models.json'), 'utf8'));
const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(models).join() },
    quick: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
  },
});
const python = process.env.GRADLOOM_PYTHON ?? 'python3';
const lines = [];
const say = (text = '') => {
  lines.push(text);
  console.log(text);
};

/** Runs a program whose last line of output is JSON; says why when there is none. */
function run(name, command, args, env = {}) {
  process.stderr.write(`  ${name} …\n`);
  const r = spawnSync(command, args, {
    cwd: dirname(here),
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 10 * 60_000,
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
  say();
  return null;
}

const ms = (v) => (v >= 10 ? v.toFixed(1) : v.toFixed(2));
say(
  `${new Date().toISOString().slice(0, 10)}, ${cpus()[0].model.trim()}, ${cpus().length} cores, Node ${process.version}. Milliseconds a batch; the best of several epochs in turns; "x" is how many times slower.`,
);
say();
for (const name of values.only.split(',')) {
  const { title, batch, steps } = models[name];
  say(`## ${title}`);
  say();
  const epochs = '2';
  const size = ['--model', name, '--batch', String(batch), '--steps', String(steps)];
  const own = (backend) =>
    run(`${name}: gradloom ${backend}`, process.execPath, [
      'bench/gradloom/models.mjs',
      ...size,
      '--backend',
      backend,
      '--epochs',
      epochs,
    ]);
  const peer = (label, file, env) =>
    run(`${name}: ${label}`, python, [`bench/peers/${file}`, ...size, '--epochs', epochs], env);
  const turns = [
    () => own('native'),
    () => own('wasm'),
    () => peer('torch', 'torch_models.py'),
    () => peer('keras on jax', 'keras_models.py', { KERAS_BACKEND: 'jax' }),
  ];
  const best = turns.map(() => null);
  for (let round = 0; round < (values.quick ? 1 : 3); round++)
    for (const [i, turn] of turns.entries()) {
      const r = round > 0 && !best[i] ? null : turn();
      const b = best[i];
      if (r && b) for (const what of ['trainMs', 'predictMs']) b[what] = Math.min(b[what], r[what]);
      else best[i] = b ?? r;
    }
  best.push(
    run(`${name}: tfjs wasm`, process.execPath, ['bench/peers/tfjs_models.mjs'], {
      GRADLOOM_BENCH_MODEL: name,
    }),
  );
  const results = best.filter((r) => r);
  const [native, wasm] = ['native', 'wasm'].map((b) =>
    results.find((r) => r.peer === `gradloom ${b}`),
  );
  const ratio = (v, base) => (base ? (v / base).toFixed(1) : '-');
  say('| peer | train ms | x native | x wasm | inference ms | x native | x wasm |');
  say('|:--|--:|--:|--:|--:|--:|--:|');
  for (const r of results)
    say(
      `| ${r.peer} | ${ms(r.trainMs)} | ${ratio(r.trainMs, native?.trainMs)} | ${ratio(r.trainMs, wasm?.trainMs)} | ${ms(r.predictMs)} | ${ratio(r.predictMs, native?.predictMs)} | ${ratio(r.predictMs, wasm?.predictMs)} |`,
    );
  say();
  const first = (label, backend, dir) =>
    run(
      `${name}: first step, ${label}`,
      process.execPath,
      ['bench/gradloom/models.mjs', ...size, '--backend', backend, '--first'],
      { GRADLOOM_CACHE: dir },
    );
  const cache = mkdtempSync(join(tmpdir(), 'gradloom-bench-'));
  const cold = first('native, cold', 'native', cache);
  const warm = [1, 2, 3].map(() => first('native, warm', 'native', cache));
  const onWasm = [1, 2].map(() => first('wasm', 'wasm', cache));
  rmSync(cache, { recursive: true, force: true });
  if (cold && warm.every(Boolean) && onWasm.every(Boolean)) {
    const least = (runs, what) => Math.min(...runs.map((r) => r[what])).toFixed(0);
    const line = (what) =>
      `native ${least([cold], what)} ms cold, ${least(warm, what)} ms with a warm cache; wasm ${least(onWasm, what)} ms.`;
    say(`The first step (graph, compilation, run): ${line('stepMs')}`);
    say();
    say(`Import to the end of the first step: ${line('firstStepMs')}`);
  }
  say();
}
if (values.save)
  writeFileSync(
    join(here, 'MODELS.md'),
    `# Models\n\nMade by \`node bench/models.mjs --save\`.\n\n${lines.join('\n')}\n`,
  );
