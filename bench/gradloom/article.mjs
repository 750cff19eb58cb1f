// The article's network on all of MNIST with Gradloom: seconds per epoch, as one JSON line.
//   node bench/gradloom/article.mjs --backend native --epochs 4 [--threads 2]

import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { getBackend, setBackend } from '../../dist/index.js';
import * as keras from '../../dist/keras.js';

const { values } = parseArgs({
  options: {
    backend: { type: 'string', default: 'native' },
    epochs: { type: 'string', default: '4' },
    threads: { type: 'string' },
  },
});
await setBackend(values.backend, values.threads ? { threads: Number(values.threads) } : {});

const [[xTrain, yTrain], [xTest, yTest]] = await keras.datasets.mnist.loadData();
const images = xTrain.div(255).reshape([-1, 784]);
const testImages = xTest.div(255).reshape([-1, 784]);
const model = keras.sequential([
  keras.layers.dense(128, { activation: 'relu', inputShape: [784] }),
  keras.layers.dropout(0.5),
  keras.layers.dense(10, { activation: 'softmax' }),
]);
model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });

const epochSeconds = [];
let t0 = 0;
const clock = keras.callbacks.lambdaCallback({
  onEpochBegin: () => {
    t0 = performance.now();
  },
  onEpochEnd: () => {
    epochSeconds.push((performance.now() - t0) / 1000);
  },
});
await model.fit(images, yTrain, {
  epochs: Number(values.epochs),
  batchSize: 64,
  verbose: 0,
  callbacks: [clock],
});
const evaluation = await model.evaluate(testImages, yTest, { verbose: 0 });
const testAccuracy = Array.isArray(evaluation) ? evaluation[1] : evaluation;

// One-sample predictions: the trained network, a new sample each time.
const samples = Array.from({ length: 64 }, (_, i) => testImages.slice([i, i + 1]));
for (const s of samples) await s.data();
for (let i = 0; i < 2000; i++) await (await model.predict(samples[i % 64], { verbose: 0 })).data();
const runs = 5000;
t0 = performance.now();
for (let i = 0; i < runs; i++) await (await model.predict(samples[i % 64], { verbose: 0 })).data();
const predictMicros = ((performance.now() - t0) / runs) * 1000;

const rest = epochSeconds.slice(1);
const best = Math.min(...rest);
console.log(
  JSON.stringify({
    peer: `gradloom ${getBackend().name}`,
    firstEpochSeconds: epochSeconds[0],
    epochSeconds: rest,
    stepMs: (best / 938) * 1000,
    testAccuracy,
    predictMicros,
    versions: { node: process.version },
  }),
);
process.exit(0);
