// Square float32 products with Gradloom: GFLOP/s, best of several runs, as one JSON line.
//   node bench/gradloom/matmul.mjs --backend native --threads 1

import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { compile, setBackend, tensor } from '../../dist/index.js';

const { values } = parseArgs({
  options: {
    backend: { type: 'string', default: 'native' },
    threads: { type: 'string', default: '1' },
  },
});
await setBackend(values.backend, { threads: Number(values.threads) });
const gflops = {};
for (const n of [256, 512, 1024, 2048]) {
  const random = () =>
    tensor(
      Float32Array.from({ length: n * n }, () => Math.random() * 2 - 1),
      { shape: [n, n] },
    );
  const a = random();
  const b = random();
  await a.data();
  await b.data();
  const f = compile((x, y) => x.matmul(y));
  f(a, b).dispose();
  let best = Infinity;
  const until = performance.now() + 1500;
  while (performance.now() < until) {
    const t0 = performance.now();
    const c = f(a, b);
    best = Math.min(best, performance.now() - t0);
    c.dispose();
  }
  gflops[n] = (2 * n ** 3) / best / 1e6;
}
console.log(
  JSON.stringify({ peer: `gradloom ${values.backend}`, threads: Number(values.threads), gflops }),
);
process.exit(0);
