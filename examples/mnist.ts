/**
 * The article's program: a network of one hidden layer learns handwritten digits.
 *
 *   npm run mnist            train, predict, and write pictures to output/
 */
import { mkdir } from 'node:fs/promises';
import { getBackend } from 'gradloom';
import * as keras from 'gradloom/keras';
import * as np from 'gradloom/numpy';
import * as plt from 'gradloom/pyplot';

// Load the data and scale the grey levels to 0..1.
const [[xTrain, yTrain], [xTest, yTest]] = await keras.datasets.mnist.loadData();
const trainImages = xTrain.div(255).reshape([-1, 784]);
const testImages = xTest.div(255).reshape([-1, 784]);
console.log(
  `${xTrain.shape[0]} training digits, ${xTest.shape[0]} test digits; backend: ${getBackend().name}`,
);

// Build the network.
keras.utils.setRandomSeed(5);
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
model.summary();

// Train it.
const started = performance.now();
const history = await model.fit(trainImages, yTrain, {
  epochs: 10,
  batchSize: 64,
  validationData: [testImages, yTest],
});
console.log(`trained in ${((performance.now() - started) / 1000).toFixed(1)} s`);

// Predict.
const predictions = await model.predict(testImages);
const digits = np.argmax(predictions, { axis: 1 });
console.log('predicted', digits.slice([0, 10]).toString());
console.log('labels   ', yTest.slice([0, 10]).toString());
const accuracy = digits.eq(yTest).mean().item();
console.log(`test accuracy ${accuracy.toFixed(4)}`);

// Draw the learning curves.
await mkdir('output', { recursive: true });
plt.figure({ figsize: [10, 4] });
plt.subplot(1, 2, 1);
plt.plot(history.history.accuracy, { label: 'train' });
plt.plot(history.history.valAccuracy, { label: 'validation' });
plt.title('Accuracy');
plt.xlabel('epoch');
plt.grid(true);
plt.legend();
plt.subplot(1, 2, 2);
plt.plot(history.history.loss, { label: 'train' });
plt.plot(history.history.valLoss, { label: 'validation' });
plt.title('Loss');
plt.xlabel('epoch');
plt.grid(true);
plt.legend();
await plt.savefig('output/curves.png');
plt.close();

// And a sheet of test digits with what the network says, the mistakes in red.
const labels = await yTest.data();
const said = await digits.data();
const [sheet, axes] = plt.subplots(5, 8, { figsize: [8, 6] });
axes.flat().forEach((ax, i) => {
  ax.imshow(xTest.slice(i), { cmap: 'gray_r' });
  ax.setTitle(`${said[i]}`, { color: said[i] === labels[i] ? 'green' : 'red' });
  ax.axis('off');
});
sheet.suptitle('Test digits and predictions');
await sheet.savefig('output/digits.png');
console.log('wrote output/curves.png and output/digits.png');
