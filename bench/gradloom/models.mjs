// The five models of bench/models.json with Gradloom's own fit, as one JSON line:
//   node bench/gradloom/models.mjs --model cnn --batch 64 --steps 60 --backend native [--first]
// --first: only the first training step (graph, compilation, run), and the time from import to its end.
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';

const started = performance.now();
const { getBackend, setBackend, tensor } = await import('../../dist/index.js');
const keras = await import('../../dist/keras.js');
const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    batch: { type: 'string' },
    steps: { type: 'string' },
    backend: { type: 'string', default: 'native' },
    epochs: { type: 'string', default: '3' },
    first: { type: 'boolean', default: false },
  },
});
await setBackend(values.backend);
const [batch, steps, epochs] = [values.batch, values.steps, values.epochs].map(Number);
const L = keras.layers;

const models = {
  cnn: () =>
    keras.sequential([
      keras.input({ shape: [28, 28, 1] }),
      L.conv2D(32, 3, { activation: 'relu' }),
      L.conv2D(64, 3, { activation: 'relu' }),
      L.maxPooling2D(),
      L.flatten(),
      L.dense(128, { activation: 'relu' }),
      L.dense(10, { activation: 'softmax' }),
    ]),
  resnet: () => {
    const relu = (x) => L.activation('relu').apply(x);
    const norm = (x) => L.batchNormalization().apply(x);
    const conv = (x, width, size, strides = 1) =>
      L.conv2D(width, size, { strides, padding: 'same', useBias: false }).apply(x);
    const inputs = keras.input({ shape: [32, 32, 3] });
    let x = relu(norm(conv(inputs, 16, 3)));
    for (const [width, strides] of [
      [16, 1],
      [32, 2],
      [64, 2],
    ]) {
      const y = norm(conv(relu(norm(conv(x, width, 3, strides))), width, 3));
      if (strides !== 1) x = L.conv2D(width, 1, { strides, useBias: false }).apply(x);
      x = relu(L.add().apply([x, y]));
    }
    const outputs = L.dense(10, { activation: 'softmax' }).apply(
      L.globalAveragePooling2D().apply(x),
    );
    return keras.model({ inputs, outputs });
  },
  lstm: () =>
    keras.sequential([
      keras.input({ shape: [80], dtype: 'int32' }),
      L.embedding(20000, 128),
      L.lstm(128),
      L.dense(1, { activation: 'sigmoid' }),
    ]),
  transformer: () => {
    const inputs = keras.input({ shape: [128, 256] });
    const attended = L.multiHeadAttention(8, 32).apply(inputs, { value: inputs });
    const x = L.layerNormalization().apply(L.add().apply([inputs, attended]));
    const y = L.dense(256).apply(L.dense(1024, { activation: 'relu' }).apply(x));
    const z = L.layerNormalization().apply(L.add().apply([x, y]));
    const outputs = L.dense(10, { activation: 'softmax' }).apply(
      L.globalAveragePooling1D().apply(z),
    );
    return keras.model({ inputs, outputs });
  },
  autoencoder: () =>
    keras.sequential([
      keras.input({ shape: [784] }),
      L.dense(128, { activation: 'relu' }),
      L.dense(32, { activation: 'relu' }),
      L.dense(128, { activation: 'relu' }),
      L.dense(784, { activation: 'sigmoid' }),
    ]),
};

/** Random numbers: how fast a model is does not hang on them. */
function data(n) {
  const count = (shape) => shape.reduce((a, b) => a * b, n);
  const whole = (size, below) =>
    Int32Array.from({ length: size }, () => Math.floor(Math.random() * below));
  if (values.model === 'lstm')
    return [tensor(whole(n * 80, 20000), { shape: [n, 80] }), tensor(whole(n, 2))];
  const shape = {
    cnn: [28, 28, 1],
    resnet: [32, 32, 3],
    transformer: [128, 256],
    autoencoder: [784],
  }[values.model];
  const numbers = new Float32Array(count(shape));
  for (let i = 0; i < numbers.length; i++) numbers[i] = Math.random();
  const x = tensor(numbers, { shape: [n, ...shape] });
  return [x, values.model === 'autoencoder' ? x : tensor(whole(n, 10))];
}

const loss = ['lstm', 'autoencoder'].includes(values.model)
  ? 'binaryCrossentropy'
  : 'sparseCategoricalCrossentropy';
const model = models[values.model]();
model.compile({ optimizer: 'adam', loss });
if (values.first) {
  const [x, y] = data(batch);
  const before = performance.now();
  await model.trainOnBatch(x, y);
  const now = performance.now();
  console.log(JSON.stringify({ firstStepMs: now - started, stepMs: now - before }));
  process.exit(0);
}
const [x, y] = data(batch * steps);
const seconds = [];
let t0 = 0;
const clock = keras.callbacks.lambdaCallback({
  onEpochBegin: () => {
    t0 = performance.now();
  },
  onEpochEnd: () => {
    seconds.push((performance.now() - t0) / 1000);
  },
});
await model.fit(x, y, { batchSize: batch, epochs: epochs + 1, verbose: 0, callbacks: [clock] });
// Python lets go of a result when its name is given to the next one; JavaScript when it is told to.
const times = [];
for (let i = 0; i <= epochs; i++) {
  t0 = performance.now();
  const y = await model.predict(x, { batchSize: batch, verbose: 0 });
  times.push((performance.now() - t0) / 1000);
  y.dispose();
}
console.log(
  JSON.stringify({
    peer: `gradloom ${getBackend().name}`,
    trainMs: (Math.min(...seconds.slice(1)) / steps) * 1000,
    predictMs: (Math.min(...times.slice(1)) / steps) * 1000,
    params: model.countParams(),
    versions: { node: process.version },
  }),
);
process.exit(0);
