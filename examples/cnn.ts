/**
 * A convolutional network learns handwritten digits: 0.99 and more of them right.
 *
 *   npm run example examples/cnn.ts
 */
import * as keras from 'gradloom/keras';

const [[xTrain, yTrain], [xTest, yTest]] = await keras.datasets.mnist.loadData();
const train = xTrain.div(255).reshape([-1, 28, 28, 1]);
const test = xTest.div(255).reshape([-1, 28, 28, 1]);

keras.utils.setRandomSeed(1);
const { layers } = keras;
const model = keras.sequential([
  keras.input({ shape: [28, 28, 1] }),
  layers.conv2D(32, 3, { activation: 'relu' }),
  layers.conv2D(64, 3, { activation: 'relu' }),
  layers.maxPooling2D(),
  layers.dropout(0.25),
  layers.flatten(),
  layers.dense(128, { activation: 'relu' }),
  layers.dropout(0.5),
  layers.dense(10, { activation: 'softmax' }),
]);
// Large steps first, ever smaller ones towards the end.
const [epochs, batchSize] = [6, 128];
const steps = epochs * Math.ceil(train.shape[0] / batchSize);
model.compile({
  optimizer: keras.optimizers.adam({
    learningRate: keras.optimizers.schedules.cosineDecay(0.002, steps),
  }),
  loss: 'sparseCategoricalCrossentropy',
  metrics: ['accuracy'],
});
model.summary();

const started = performance.now();
await model.fit(train, yTrain, {
  epochs,
  batchSize,
  validationData: [test, yTest],
});
const [, accuracy] = (await model.evaluate(test, yTest, { verbose: 0 })) as number[];
console.log(
  `trained in ${((performance.now() - started) / 1000).toFixed(1)} s; test accuracy ${accuracy.toFixed(4)}`,
);
