// What a step costs beside its work: a network of one unit, a sample a step, in microseconds. With steps
// together, and one at a time, as a callback that watches batches has them:
//   node bench/gradloom/small-step.mjs [--backend native]

import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { setBackend, tensor } from '../../dist/index.js';
import * as keras from '../../dist/keras.js';

const { values } = parseArgs({ options: { backend: { type: 'string', default: 'native' } } });
await setBackend(values.backend);
const model = keras.sequential([keras.layers.dense(1, { inputShape: [2] })]);
model.compile({ optimizer: 'adam', loss: 'mse' });
const n = 20_000;
const x = tensor(
  Float32Array.from({ length: 2 * n }, (_, i) => Math.sin(i)),
  { shape: [n, 2] },
);
const y = x.sum(1, { keepdims: true });

/** The best of six epochs. */
async function micros(callbacks) {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 6; i++) {
    const start = performance.now();
    await model.fit(x, y, { batchSize: 1, verbose: 0, callbacks });
    best = Math.min(best, ((performance.now() - start) * 1000) / n);
  }
  return best;
}
const together = await micros([]);
const watched = await micros([keras.callbacks.lambdaCallback({ onTrainBatchBegin: () => {} })]);
console.log(JSON.stringify({ backend: values.backend, together, watched }));
process.exit(0);
