// The models of bench/models.json that TensorFlow.js can build, on its wasm backend: one JSON line.
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import tf, { versions } from './tfjs.mjs';

const name = process.env.GRADLOOM_BENCH_MODEL;
const { batch } = JSON.parse(readFileSync(new URL('../models.json', import.meta.url), 'utf8'))[
  name
];
// It is slow: a few batches will do.
const steps = 4;
const L = tf.layers;

const models = {
  cnn: () =>
    tf.sequential({
      layers: [
        L.conv2d({ filters: 32, kernelSize: 3, activation: 'relu', inputShape: [28, 28, 1] }),
        L.conv2d({ filters: 64, kernelSize: 3, activation: 'relu' }),
        L.maxPooling2d({ poolSize: 2 }),
        L.flatten(),
        L.dense({ units: 128, activation: 'relu' }),
        L.dense({ units: 10, activation: 'softmax' }),
      ],
    }),
  resnet: () => {
    const relu = (x) => L.activation({ activation: 'relu' }).apply(x);
    const norm = (x) => L.batchNormalization().apply(x);
    const conv = (x, filters, kernelSize, strides = 1) =>
      L.conv2d({ filters, kernelSize, strides, padding: 'same', useBias: false }).apply(x);
    const inputs = tf.input({ shape: [32, 32, 3] });
    let x = relu(norm(conv(inputs, 16, 3)));
    for (const [width, strides] of [
      [16, 1],
      [32, 2],
      [64, 2],
    ]) {
      const y = norm(conv(relu(norm(conv(x, width, 3, strides))), width, 3));
      if (strides !== 1) x = conv(x, width, 1, strides);
      x = relu(L.add().apply([x, y]));
    }
    const outputs = L.dense({ units: 10, activation: 'softmax' }).apply(
      L.globalAveragePooling2d({}).apply(x),
    );
    return tf.model({ inputs, outputs });
  },
  lstm: () =>
    tf.sequential({
      layers: [
        L.embedding({ inputDim: 20000, outputDim: 128, inputLength: 80 }),
        L.lstm({ units: 128 }),
        L.dense({ units: 1, activation: 'sigmoid' }),
      ],
    }),
  autoencoder: () =>
    tf.sequential({
      layers: [
        L.dense({ units: 128, activation: 'relu', inputShape: [784] }),
        L.dense({ units: 32, activation: 'relu' }),
        L.dense({ units: 128, activation: 'relu' }),
        L.dense({ units: 784, activation: 'sigmoid' }),
      ],
    }),
};
if (!models[name]) {
  console.error('TensorFlow.js has no layers for this model');
  process.exit(3);
}
const n = batch * steps;
const x =
  name === 'lstm'
    ? tf.randomUniform([n, 80], 0, 20000, 'int32').toFloat()
    : tf.randomUniform([n, ...{ cnn: [28, 28, 1], resnet: [32, 32, 3], autoencoder: [784] }[name]]);
const binary = name === 'lstm' || name === 'autoencoder';
const y =
  name === 'autoencoder'
    ? x
    : tf.randomUniform([n, 1], 0, name === 'lstm' ? 2 : 10, 'int32').toFloat();
const model = models[name]();
model.compile({
  optimizer: 'adam',
  loss: binary ? 'binaryCrossentropy' : 'sparseCategoricalCrossentropy',
});
const options = { epochs: 1, batchSize: batch, verbose: 0 };
try {
  await model.fit(x, y, options);
} catch (e) {
  console.error(`it cannot train this: ${e.message.split('\n')[0]}`);
  process.exit(3);
}
const times = async (f) => {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 2; i++) {
    const t0 = performance.now();
    await f();
    least = Math.min(least, performance.now() - t0);
  }
  return least / steps;
};
const trainMs = await times(() => model.fit(x, y, options));
const predictMs = await times(async () => {
  const p = model.predict(x, { batchSize: batch });
  await p.data();
  p.dispose();
});
console.log(
  JSON.stringify({ peer: 'tfjs wasm', trainMs, predictMs, params: model.countParams(), versions }),
);
process.exit(0);
