// The article's network with TensorFlow.js on its wasm backend. Slow, so a share of an epoch is timed
// and scaled: 100 steps after a warm-up of 20.
import { performance } from 'node:perf_hooks';
import { loadMnistArrays } from '../../dist/datasets.js';
import tf from './tfjs.mjs';

const { xTrain, yTrain } = await loadMnistArrays();
const model = tf.sequential();
model.add(tf.layers.dense({ units: 128, activation: 'relu', inputShape: [784] }));
model.add(tf.layers.dropout({ rate: 0.5 }));
model.add(tf.layers.dense({ units: 10, activation: 'softmax' }));
model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
const make = (from, to) => [
  tf.tensor2d(
    Float32Array.from(xTrain.data.subarray(from * 784, to * 784), (v) => v / 255),
    [to - from, 784],
  ),
  tf.tensor1d(Float32Array.from(yTrain.data.subarray(from, to))),
];
const warm = make(0, 20 * 64);
await model.fit(...warm, { epochs: 1, batchSize: 64, verbose: 0 });
const data = make(0, 100 * 64);
const epochSeconds = [];
for (let i = 0; i < 2; i++) {
  const t0 = performance.now();
  await model.fit(...data, { epochs: 1, batchSize: 64, verbose: 0, shuffle: true });
  epochSeconds.push(((performance.now() - t0) / 1000 / 100) * 938);
}
const one = data[0].slice([0, 0], [1, 784]);
for (let i = 0; i < 50; i++) await model.predict(one).data();
const t0 = performance.now();
for (let i = 0; i < 500; i++) {
  const p = model.predict(one);
  await p.data();
  p.dispose();
}
const predictMicros = ((performance.now() - t0) / 500) * 1000;
console.log(
  JSON.stringify({
    peer: 'tfjs wasm',
    epochSeconds,
    testAccuracy: null,
    predictMicros,
    versions: { tfjs: tf.version.tfjs },
    note: '100 steps timed, scaled to an epoch',
  }),
);
process.exit(0);
