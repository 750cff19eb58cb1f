/** The worker of worker.ts. */
import * as gradloom from '../../src/index.ts';
import * as keras from '../../src/keras/index.ts';

const model = keras.sequential([
  keras.layers.dense(64, { activation: 'relu', inputShape: [32] }),
  keras.layers.dense(1),
]);
model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
const x = keras.random.normal([2048, 32], { seed: 1 });
const y = x.sum({ axis: 1, keepdims: true });
const { history } = await model.fit(x, y, { epochs: 20, verbose: 0 });
const backend = gradloom.getBackend() as unknown as { threads: number };
for (let i = 0; i < 200 && crossOriginIsolated && backend.threads < 2; i++)
  await new Promise((done) => setTimeout(done, 10));
postMessage({ loss: history.loss, threads: backend.threads, isolated: crossOriginIsolated });
