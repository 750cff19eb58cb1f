// Milliseconds from import to the end of the first training step, as one JSON line. Run it in a
// fresh process each time, with GRADLOOM_CACHE at an empty folder for a cold native start.
import { performance } from 'node:perf_hooks';

const t0 = performance.now();
const backend = process.argv[2] ?? 'native';
const { setBackend } = await import('../../dist/index.js');
const keras = await import('../../dist/keras.js');
const imported = performance.now() - t0;
await setBackend(backend);
const x = new Float32Array(64 * 784).map((_, i) => (i % 255) / 255);
const y = new Uint8Array(64).map((_, i) => i % 10);
const { tensor } = await import('../../dist/index.js');
const model = keras.sequential([
  keras.layers.dense(128, { activation: 'relu', inputShape: [784] }),
  keras.layers.dropout(0.5),
  keras.layers.dense(10, { activation: 'softmax' }),
]);
model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
await model.trainOnBatch(tensor(x, { shape: [64, 784] }), tensor(y, { shape: [64] }));
console.log(JSON.stringify({ backend, importMs: imported, firstStepMs: performance.now() - t0 }));
process.exit(0);
