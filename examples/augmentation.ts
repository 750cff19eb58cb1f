/**
 * Few pictures, many looks: a network learns digits from 300 of them, once as they are and once
 * turned, moved, stretched and partly erased anew in every epoch.
 *
 *   npm run example examples/augmentation.ts
 */
import { mkdir } from 'node:fs/promises';
import * as keras from 'gradloom/keras';
import * as plt from 'gradloom/pyplot';

const [[xTrain, yTrain], [xTest, yTest]] = await keras.datasets.mnist.loadData();
const few = xTrain.slice([0, 300]).reshape([-1, 28, 28, 1]);
const labels = yTrain.slice([0, 300]);
const test = xTest.reshape([-1, 28, 28, 1]);
const { layers } = keras;

const augmentation = (): keras.layers.Layer[] => [
  layers.randomRotation(0.05, { fillMode: 'constant', seed: 1 }),
  layers.randomTranslation(0.1, 0.1, { fillMode: 'constant', seed: 2 }),
  layers.randomZoom(0.15, 0.15, { fillMode: 'constant', seed: 3 }),
  layers.randomErasing(0.5, { scale: [0.02, 0.1], fillValue: 0, seed: 4 }),
];

async function learn(name: string, first: readonly keras.layers.Layer[]): Promise<number> {
  keras.utils.setRandomSeed(1);
  // The layers of augmentation work in fit, and pass pictures on in evaluate and predict.
  const model = keras.sequential([
    keras.input({ shape: [28, 28, 1] }),
    ...first,
    layers.rescaling(1 / 255),
    layers.conv2D(16, 3, { activation: 'relu' }),
    layers.maxPooling2D(),
    layers.conv2D(32, 3, { activation: 'relu' }),
    layers.maxPooling2D(),
    layers.flatten(),
    layers.dropout(0.3),
    layers.dense(10, { activation: 'softmax' }),
  ]);
  model.compile({
    optimizer: keras.optimizers.adam({ learningRate: 0.002 }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  });
  const { history } = await model.fit(few, labels, { epochs: 150, batchSize: 32, verbose: 0 });
  const [, accuracy] = (await model.evaluate(test, yTest, { verbose: 0 })) as number[];
  const seen = history.accuracy.at(-1) as number;
  console.log(
    `${name}: accuracy ${seen.toFixed(3)} in training, ${accuracy.toFixed(4)} on the test`,
  );
  return accuracy;
}

const plain = await learn('as they are', []);
const augmented = await learn('augmented', augmentation());
console.log(
  `of 10,000 test digits ${Math.round((augmented - plain) * 10_000)} more are right with augmentation`,
);

await mkdir('output', { recursive: true });
const [figure, axes] = plt.subplots(4, 8, { figsize: [8, 4.4] });
const looks = keras.sequential([keras.input({ shape: [28, 28, 1] }), ...augmentation()]);
for (let row = 0; row < 4; row++) {
  const pictures =
    row === 0 ? few : (looks.apply(few.slice([0, 8]), { training: true }) as typeof few);
  for (let i = 0; i < 8; i++) {
    axes[row][i].imshow(pictures.slice(i).reshape([28, 28]), {
      cmap: 'gray_r',
      vmin: 0,
      vmax: 255,
    });
    axes[row][i].axis('off');
  }
}
figure.suptitle('Digits, and three looks at each');
await figure.savefig('output/augmentation.png');
