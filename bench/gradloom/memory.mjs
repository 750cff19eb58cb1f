// Resident memory over 100,000 training steps of the article's network: it must stay flat after the
// first tenth. Prints one JSON line.   node bench/gradloom/memory.mjs [native|wasm] [steps]
import { setBackend, tensor } from '../../dist/index.js';
import * as keras from '../../dist/keras.js';

const backend = process.argv[2] ?? 'native';
const steps = Number(process.argv[3] ?? 100_000);
setBackend(backend);
const n = 64 * 1000;
const x = tensor(
  Float32Array.from({ length: n * 784 }, (_, i) => ((i * 7919) % 256) / 255),
  { shape: [n, 784] },
);
const y = tensor(Uint8Array.from({ length: n }, (_, i) => i % 10));
const model = keras.sequential([
  keras.layers.dense(128, { activation: 'relu', inputShape: [784] }),
  keras.layers.dropout(0.5),
  keras.layers.dense(10, { activation: 'softmax' }),
]);
model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
const megabytes = [];
await model.fit(x, y, {
  epochs: steps / 1000,
  batchSize: 64,
  verbose: 0,
  callbacks: [
    keras.callbacks.lambdaCallback({
      onEpochEnd: (epoch) => {
        if ((epoch + 1) % Math.ceil(steps / 10_000) === 0)
          megabytes.push(Math.round(process.memoryUsage().rss / 2 ** 20));
      },
    }),
  ],
});
console.log(JSON.stringify({ backend, steps, megabytes }));
process.exit(0);
