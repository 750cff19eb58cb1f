/**
 * Both libraries in one page, isolated so that both have their threads: the article's network on all of
 * MNIST, by turns. `run(epochs, peerEpochs)` gives the seconds of each epoch after the first.
 */
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as gradloom from '../../src/index.ts';
import * as keras from '../../src/keras/index.ts';

const batchSize = 64;

async function idx(name) {
  const raw = new Uint8Array(await (await fetch(`/data/${name}`)).arrayBuffer());
  return raw.subarray(4 + 4 * raw[3]);
}

const images = (bytes) => Float32Array.from(bytes, (v) => v / 255);

async function digits() {
  return {
    x: images(await idx('train-images-idx3-ubyte')),
    y: await idx('train-labels-idx1-ubyte'),
    testX: images(await idx('t10k-images-idx3-ubyte')),
    testY: await idx('t10k-labels-idx1-ubyte'),
  };
}

async function ours({ x, y, testX, testY }, epochs) {
  gradloom.setBackend('wasm');
  const model = keras.sequential([
    keras.layers.dense(128, { activation: 'relu', inputShape: [784] }),
    keras.layers.dropout(0.5),
    keras.layers.dense(10, { activation: 'softmax' }),
  ]);
  model.compile({
    optimizer: 'adam',
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  });
  const seconds = [];
  let start = 0;
  // Those that have met all programs: a sleeping one has not met the newest.
  let threads = 1;
  const clock = keras.callbacks.lambdaCallback({
    onEpochBegin: () => {
      start = performance.now();
    },
    onEpochEnd: () => {
      seconds.push((performance.now() - start) / 1000);
      threads = Math.max(threads, gradloom.getBackend().threads);
    },
  });
  const [inputs, labels] = [
    gradloom.fromData(x, [60_000, 784]),
    gradloom.fromData(y, [60_000], 'uint8'),
  ];
  await model.fit(inputs, labels, {
    epochs: epochs + 1,
    batchSize,
    verbose: 0,
    callbacks: [clock],
  });
  const [, testAccuracy] = await model.evaluate(
    gradloom.fromData(testX, [10_000, 784]),
    gradloom.fromData(testY, [10_000], 'uint8'),
    { verbose: 0 },
  );
  return { seconds: seconds.slice(1), testAccuracy, how: `${threads} threads` };
}

async function theirs({ x, y, testX, testY }, epochs) {
  setWasmPaths('/tfjs/');
  await tf.setBackend('wasm');
  await tf.ready();
  if (tf.getBackend() !== 'wasm')
    throw new Error('the wasm backend of TensorFlow.js does not start');
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 128, activation: 'relu', inputShape: [784] }));
  model.add(tf.layers.dropout({ rate: 0.5 }));
  model.add(tf.layers.dense({ units: 10, activation: 'softmax' }));
  model.compile({
    optimizer: 'adam',
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  });
  const make = (n) => [
    tf.tensor2d(x.subarray(0, n * 784), [n, 784]),
    tf.tensor1d(Float32Array.from(y.subarray(0, n))),
  ];
  const options = { epochs: 1, batchSize, verbose: 0, shuffle: true };
  await model.fit(...make(20 * batchSize), options);
  const data = make(60_000);
  const seconds = [];
  for (let i = 0; i < epochs; i++) {
    const start = performance.now();
    await model.fit(...data, options);
    seconds.push((performance.now() - start) / 1000);
  }
  const scores = model.predict(tf.tensor2d(testX, [10_000, 784]), { batchSize: 1000 });
  const found = await scores.argMax(1).data();
  const right = Array.from(found).filter((v, i) => v === testY[i]).length;
  const flags = [
    (await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) ? 'SIMD' : 'no SIMD',
    (await tf.env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT')) ? 'threads' : 'one thread',
  ];
  return { seconds, testAccuracy: right / 10_000, how: flags.join(', ') };
}

async function run(epochs, peerEpochs) {
  const data = await digits();
  const first = await ours(data, epochs);
  const peer = await theirs(data, peerEpochs);
  const again = await ours(data, epochs);
  return { ours: { ...again, seconds: [...first.seconds, ...again.seconds] }, theirs: peer };
}

Object.assign(window, { run });
