/** A seeded training with a backup in the folder that is given: what kill.test.ts kills. */
import { createHash } from 'node:crypto';
import { setBackend } from '../../src/backends/registry.ts';
import * as keras from '../../src/keras/index.ts';
import { fromData } from '../../src/tensor/index.ts';

const [dir, backend = 'wasm'] = process.argv.slice(2);
setBackend(backend as 'wasm');
keras.utils.setRandomSeed(11);
const { layers, callbacks, optimizers } = keras;

const n = 300;
const x = fromData(
  Float32Array.from({ length: n * 8 }, (_, i) => Math.sin(i * i)),
  [n, 8],
);
const y = fromData(
  Int32Array.from({ length: n }, (_, i) => i % 3),
  [n],
);
const model = keras.sequential([
  layers.dense(16, { inputShape: [8], activation: 'relu' }),
  layers.dropout(0.3),
  layers.batchNormalization(),
  layers.dense(3, { activation: 'softmax' }),
]);
model.compile({
  optimizer: optimizers.adamW({ learningRate: 0.01, useEma: true, globalClipnorm: 1 }),
  loss: 'sparseCategoricalCrossentropy',
  metrics: ['accuracy'],
});
const history = await model.fit(x, y, {
  epochs: 12,
  batchSize: 16,
  validationSplit: 0.2,
  verbose: 0,
  callbacks: [
    callbacks.backupAndRestore(dir, { saveFreq: 2, doubleCheckpoint: true }),
    callbacks.reduceLROnPlateau({ patience: 1, factor: 0.7 }),
    callbacks.earlyStopping({ patience: 20, restoreBestWeights: true }),
    // Slow enough to be killed on the way, and audible.
    callbacks.lambdaCallback({
      onTrainBatchEnd: async () => {
        process.stdout.write('.');
        await new Promise((done) => setTimeout(done, 2));
      },
    }),
  ],
});

const hash = createHash('sha256');
for (const v of [...model.weights, ...model.states, ...model.optimizer.variables])
  hash.update(v.path).update(new Uint8Array(v.tensor.dataSync().slice().buffer));
process.stdout.write(
  `\n${JSON.stringify({ weights: hash.digest('hex'), history: history.history })}\n`,
);
