// The article's network with TensorFlow.js on its wasm backend: model.fit. It is slow, so an "epoch"
// is --steps batches (100), timed and scaled to 938; --steps 938 times whole epochs.
import { performance } from 'node:perf_hooks';
import tf, { args, flags, mnist, versions } from './tfjs.mjs';

const BATCH = 64;
const ALL = 938;
const steps = Math.min(Number(args.steps), ALL);
const count = Math.min(steps * BATCH, 60_000);
const [pixels, labels] = mnist('train', Math.max(count, 20 * BATCH));
const model = tf.sequential();
model.add(tf.layers.dense({ units: 128, activation: 'relu', inputShape: [784] }));
model.add(tf.layers.dropout({ rate: 0.5 }));
model.add(tf.layers.dense({ units: 10, activation: 'softmax' }));
model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
const make = (n) => [
  tf.tensor2d(pixels.subarray(0, n * 784), [n, 784]),
  tf.tensor1d(labels.subarray(0, n)),
];
const options = { epochs: 1, batchSize: BATCH, verbose: 0, shuffle: true };
let t0 = performance.now();
await model.fit(...make(20 * BATCH), options);
const warmUpSeconds = (performance.now() - t0) / 1000;
const data = make(count);
const epochSeconds = [];
for (let i = 0; i < Number(args.epochs); i++) {
  t0 = performance.now();
  await model.fit(...data, options);
  epochSeconds.push(((performance.now() - t0) / 1000) * (ALL / steps));
}
const [testPixels, testLabels] = mnist('t10k', 10_000);
const scores = model.predict(tf.tensor2d(testPixels, [10_000, 784]), { batchSize: 1000 });
const found = scores.argMax(1).dataSync();
const testAccuracy = found.reduce((n, v, i) => n + Number(v === testLabels[i]), 0) / 10_000;

const one = data[0].slice([0, 0], [1, 784]);
const predict = async () => {
  const p = model.predict(one);
  await p.data();
  p.dispose();
};
for (let i = 0; i < 50; i++) await predict();
t0 = performance.now();
for (let i = 0; i < 500; i++) await predict();
const predictMicros = ((performance.now() - t0) / 500) * 1000;
console.log(
  JSON.stringify({
    peer: 'tfjs wasm',
    warmUpSeconds,
    epochSeconds,
    stepMs: (Math.min(...epochSeconds) / ALL) * 1000,
    // Only whole epochs compare with the other peers' accuracy.
    testAccuracy: steps === ALL ? testAccuracy : null,
    testAccuracyOfPart: testAccuracy,
    predictMicros,
    stepsTimed: steps,
    flags,
    versions,
    note: steps === ALL ? 'whole epochs' : `${steps} steps timed, scaled to the ${ALL} of an epoch`,
  }),
);
process.exit(0);
