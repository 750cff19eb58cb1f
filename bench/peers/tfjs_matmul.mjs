// Square float32 products with TensorFlow.js on its wasm backend: GFLOP/s, best of several.
import { performance } from 'node:perf_hooks';
import tf, { flags, versions } from './tfjs.mjs';

const gflops = {};
for (const n of [256, 512, 1024, 2048]) {
  const a = tf.randomUniform([n, n]);
  const b = tf.randomUniform([n, n]);
  tf.matMul(a, b).dispose();
  let best = Infinity;
  const until = performance.now() + 1500;
  while (performance.now() < until) {
    const t0 = performance.now();
    const c = tf.matMul(a, b);
    c.dataSync();
    best = Math.min(best, performance.now() - t0);
    c.dispose();
  }
  gflops[n] = (2 * n ** 3) / best / 1e6;
  tf.dispose([a, b]);
}
console.log(JSON.stringify({ peer: 'tfjs wasm', gflops, flags, versions }));
process.exit(0);
