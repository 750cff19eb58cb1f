/**
 * An autoencoder: digits squeezed through 32 numbers and drawn again from them.
 *
 *   npm run example examples/autoencoder.ts
 */
import { mkdir } from 'node:fs/promises';
import * as keras from 'gradloom/keras';
import * as plt from 'gradloom/pyplot';

const [[xTrain], [xTest]] = await keras.datasets.mnist.loadData();
const train = xTrain.div(255).reshape([-1, 784]);
const test = xTest.div(255).reshape([-1, 784]);

keras.utils.setRandomSeed(1);
const encoder = keras.sequential(
  [
    keras.layers.dense(128, { activation: 'relu', inputShape: [784] }),
    keras.layers.dense(32, { activation: 'relu' }),
  ],
  { name: 'encoder' },
);
const decoder = keras.sequential(
  [
    keras.layers.dense(128, { activation: 'relu', inputShape: [32] }),
    keras.layers.dense(784, { activation: 'sigmoid' }),
  ],
  { name: 'decoder' },
);
// Models are layers: the autoencoder is one after the other.
const autoencoder = keras.sequential([encoder, decoder], { name: 'autoencoder' });
autoencoder.compile({ optimizer: 'adam', loss: 'binaryCrossentropy' });
autoencoder.summary();

// What goes in is what should come out.
await autoencoder.fit(train, train, {
  epochs: 15,
  batchSize: 128,
  validationData: [test, test],
});

// How far the drawings are from the digits, and from the best single picture: the mean of all.
const codes = await encoder.predict(test);
const drawn = await decoder.predict(codes);
const error = drawn.sub(test).square().mean().item();
const mean = train.mean({ axis: 0 });
const blunt = test.sub(mean).square().mean().item();
console.log(
  `mean squared error ${error.toFixed(4)} (the mean digit: ${blunt.toFixed(4)}), peak signal-to-noise ratio ${(-10 * Math.log10(error)).toFixed(1)} dB`,
);

await mkdir('output', { recursive: true });
const [figure, axes] = plt.subplots(2, 10, { figsize: [10, 2.6] });
for (let i = 0; i < 10; i++) {
  axes[0][i].imshow(test.slice(i).reshape([28, 28]), { cmap: 'gray_r', vmin: 0, vmax: 1 });
  axes[1][i].imshow(drawn.slice(i).reshape([28, 28]), { cmap: 'gray_r', vmin: 0, vmax: 1 });
  axes[0][i].axis('off');
  axes[1][i].axis('off');
}
figure.suptitle('Test digits, and what is drawn from 32 numbers');
await figure.savefig('output/autoencoder.png');
console.log('wrote output/autoencoder.png');
