/**
 * Trains the network that answers as soon as the page is open and writes public/digits.safetensors:
 *
 *     npm run playground:pretrain
 */
import { writeFile } from 'node:fs/promises';
import { tensor } from 'gradloom';
import { loadMnistArrays } from 'gradloom/datasets';
import * as keras from 'gradloom/keras';
import { buildNetwork, compileNetwork } from '../src/model/build.ts';
import { uniform } from '../src/model/random.ts';
import { convolutionalNetwork } from '../src/model/spec.ts';
import { encodeNetwork, takeWeights } from '../src/model/weights-file.ts';
import { augment } from './augment.ts';

const epochs = Number(process.argv[2] ?? 14);
const { xTrain, yTrain, xTest, yTest } = await loadMnistArrays();
keras.utils.setRandomSeed(7);
const model = buildNetwork(convolutionalNetwork);
compileNetwork(model, { optimizer: 'adam', learningRate: 0.002 });
const random = uniform(7);
const images = (data: Uint8Array) => tensor(data, { shape: [data.length / 784, 28, 28] });
const labels = tensor(yTrain.data);
for (let epoch = 0; epoch < epochs; epoch++) {
  model.optimizer.learningRate = 0.002 * 0.5 * (1 + Math.cos((Math.PI * epoch) / epochs));
  const started = performance.now();
  const h = await model.fit(images(augment(xTrain.data, random)), labels, {
    batchSize: 64,
    verbose: 0,
  });
  console.log(
    epoch + 1,
    h.history.loss,
    h.history.accuracy,
    `${((performance.now() - started) / 1000).toFixed(1)} s`,
  );
}
const measured = await model.evaluate(images(xTest.data), tensor(yTest.data), { verbose: 0 });
console.log('test', measured);
const file = new URL('../public/digits.safetensors', import.meta.url);
const bytes = encodeNetwork(await takeWeights(model, convolutionalNetwork));
await writeFile(file, bytes);
console.log(`wrote ${bytes.length} bytes`);
