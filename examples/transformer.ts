/**
 * A Transformer encoder learns to sort: twelve digits in, the same digits in order out. Every position
 * must look at all the others, which is what attention does.
 *
 *   npm run example examples/transformer.ts
 */
import type { Tensor } from 'gradloom';
import * as keras from 'gradloom/keras';
import * as np from 'gradloom/numpy';

const { layers } = keras;
const [length, digits, width, heads] = [12, 10, 64, 4];

// ---- Rows of random digits, and the same rows sorted.
const random = np.random.defaultRng(5);
const rows = (n: number): [Tensor, Tensor] => {
  const x = random.integers(0, digits, [n, length]);
  return [x, np.sort(x, { axis: 1 })];
};
const [x, y] = rows(20_000);
const [xTest, yTest] = rows(2000);

// ---- A layer of one's own: digits and their positions as vectors, added.
class TokensAndPositions extends layers.Layer {
  readonly tokens = layers.embedding(digits, width);
  readonly positions = layers.embedding(length, width);
  call(ids: Tensor): Tensor {
    return this.tokens.apply(ids).add(this.positions.apply(np.arange(length)));
  }
}

/** Attention, then a network for each position, each added to what went in and normalized. */
function encoderBlock(h: keras.KerasTensor): keras.KerasTensor {
  const attended = layers.multiHeadAttention(heads, width / heads).apply(h, { value: h });
  const seen = layers.layerNormalization().apply(layers.add().apply([h, attended]));
  const inner = layers.dense(128, { activation: 'gelu' }).apply(seen);
  const thought = layers.dense(width).apply(inner);
  return layers.layerNormalization().apply(layers.add().apply([seen, thought]));
}

keras.utils.setRandomSeed(2);
const inputs = keras.input({ shape: [length], dtype: 'int32' });
let h = new TokensAndPositions({ name: 'tokens_and_positions' }).apply(inputs);
for (let block = 0; block < 2; block++) h = encoderBlock(h);
// For each place a choice of digit.
const outputs = layers.dense(digits, { activation: 'softmax' }).apply(h);
const model = keras.model({ inputs, outputs, name: 'sorter' });
model.summary();
model.compile({
  optimizer: keras.optimizers.adam({ learningRate: 0.002 }),
  loss: 'sparseCategoricalCrossentropy',
  metrics: ['accuracy'],
});
await model.fit(x, y, {
  epochs: 8,
  batchSize: 128,
  validationData: [xTest, yTest],
  verbose: 2,
});

// ---- How many places, and how many whole rows, are right.
const sorted = np.argmax(await model.predict(xTest), { axis: -1 });
const right = sorted.eq(yTest);
for (let i = 0; i < 3; i++)
  console.log(`${await xTest.slice(i).data()}  sorted  ${await sorted.slice(i).data()}`);
console.log(
  `right digits ${right.mean().item().toFixed(4)}, right rows ${np.all(right, { axis: 1 }).mean().item().toFixed(4)}`,
);
