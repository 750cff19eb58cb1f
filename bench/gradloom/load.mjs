// Loading a .keras file against reading the file and copying it once. Each figure is of a process of its own:
// seconds best of several, and how far the resident memory rose (VmHWM, the highest it was, over what it was
// before; both as Linux counts them). The file lies in the page cache. Prints one JSON line.
//   node bench/gradloom/load.mjs [--megabytes 100] [--backend native|wasm] [--times 5]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: o } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '100' },
    backend: { type: 'string', default: 'native' },
    times: { type: 'string', default: '5' },
    task: { type: 'string', default: 'all' },
    file: { type: 'string' },
  },
});

/** kB of a line of /proc/self/status. */
const memory = (line) =>
  Number(new RegExp(`${line}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);

async function measured(work) {
  globalThis.gc?.();
  const before = memory('VmRSS');
  const t0 = performance.now();
  const kept = await work();
  const seconds = (performance.now() - t0) / 1000;
  console.log(JSON.stringify({ seconds, risenMB: ((memory('VmHWM') - before) * 1024) / 1e6 }));
  return kept;
}

/** What any reader must do at least: all bytes into memory, and each once into its place. */
async function readAndCopy(path) {
  const file = await open(path);
  const bytes = new Uint8Array((await file.stat()).size);
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, at, bytes.length - at, at);
    at += bytesRead;
  }
  await file.close();
  return bytes.slice();
}

async function keras() {
  const { setBackend } = await import('../../dist/index.js');
  await setBackend(o.backend);
  return import('../../dist/keras.js');
}

const tasks = {
  async make() {
    const k = await keras();
    // Ten layers of weights: 4 bytes a number.
    const width = Math.round(Math.sqrt((Number(o.megabytes) * 1e6) / 4 / 10));
    const { dense } = k.layers;
    const model = k.sequential(
      Array.from({ length: 10 }, (_, i) =>
        dense(width, { activation: 'tanh', ...(i === 0 && { inputShape: [width] }) }),
      ),
    );
    await model.save(o.file);
  },
  read: () => measured(() => readAndCopy(o.file)),
  async load() {
    const k = await keras();
    // What is loaded when it is first needed is loaded, as it is in the reading process.
    const small = k.sequential([k.layers.dense(1, { inputShape: [1] })]);
    await k.saving.loadModel(await k.saving.encodeModel(small));
    await measured(() => k.saving.loadModel(o.file));
  },
};

if (o.task !== 'all') {
  await tasks[o.task]();
  process.exit(0);
}

const dir = mkdtempSync(join(tmpdir(), 'gradloom-load-'));
const file = join(dir, 'model.keras');
function child(task) {
  const self = fileURLToPath(import.meta.url);
  const args = ['--expose-gc', self, '--task', task, '--file', file];
  const r = spawnSync(
    process.execPath,
    [...args, '--backend', o.backend, '--megabytes', o.megabytes],
    { encoding: 'utf8' },
  );
  if (r.status !== 0) throw new Error(r.stderr);
  return r.stdout ? JSON.parse(r.stdout) : undefined;
}
try {
  child('make');
  const size = statSync(file).size;
  const best = { read: [], load: [] };
  // In turns, so that both meet the same machine.
  for (let i = 0; i < Number(o.times); i++)
    for (const t of ['read', 'load']) best[t].push(child(t));
  const seconds = (t) => Math.min(...best[t].map((r) => r.seconds));
  const risen = (t) => Math.max(...best[t].map((r) => r.risenMB));
  console.log(
    JSON.stringify({
      backend: o.backend,
      fileMB: size / 1e6,
      readAndCopy: { seconds: seconds('read'), risenMB: risen('read') },
      load: { seconds: seconds('load'), risenMB: risen('load') },
      speed: seconds('read') / seconds('load'),
      memory: risen('load') / (size / 1e6),
    }),
  );
} finally {
  rmSync(dir, { recursive: true, force: true });
}
