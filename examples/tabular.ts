/**
 * Regression on a table: numbers and categories in, a number out. The table is made up, after
 * Friedman's first benchmark (1991): so it is known how well any model can do.
 *
 *   npm run example examples/tabular.ts
 */
import { Dataset } from 'gradloom/data';
import * as keras from 'gradloom/keras';
import * as np from 'gradloom/numpy';

// ---- A table as one finds it: columns of different scale, a category, a price with noise.
const random = np.random.defaultRng(7);
const cities = ['Lagos', 'Lima', 'Oslo', 'Pune'];
const worth = [-3, 0, 2, 4];
const noise = 1;

function table(rows: number): string {
  const u = random.uniform(0, 1, [rows, 5]).arraySync() as number[][];
  const e = random.normal(0, noise, [rows]).arraySync() as number[];
  const c = random.integers(0, cities.length, [rows]).arraySync() as number[];
  const lines = u.map(([a, b, d, f, g], i) => {
    const y = 10 * Math.sin(Math.PI * a * b) + 20 * (d - 0.5) ** 2 + 10 * f + 5 * g + worth[c[i]];
    return [a * 1000, b, d * 40 - 20, f * 1e-3, g * 365, cities[c[i]], y + e[i]].join();
  });
  return ['height,width,degrees,weight,age,city,price', ...lines].join('\n');
}

// ---- Read it: features by column, and the label.
interface Features {
  readonly city: string;
  readonly [column: string]: number | string;
}
const read = (csv: string): Dataset<[Features, number]> =>
  Dataset.fromCsv(csv, { label: 'price' }) as unknown as Dataset<[Features, number]>;
const [trainRows, testRows] = [read(table(8000)).cache(), read(table(2000)).cache()];
const columns = ['height', 'width', 'degrees', 'weight', 'age'];

// ---- Preprocessing learns from the training rows only.
const lookup = keras.layers.stringLookup({ numOovIndices: 1, outputMode: 'oneHot' });
await lookup.adapt(trainRows.map(([x]) => x.city).batch(512));
const vector = ([x, y]: [Features, number]): [Float32Array, number] => [
  Float32Array.of(...columns.map((c) => x[c] as number), ...lookup.apply(x.city).dataSync()),
  y,
];
const train = trainRows.map(vector).cache();
const test = testRows.map(vector).cache();
const normalization = keras.layers.normalization();
await normalization.adapt(train.map(([x]) => x).batch(512));

// ---- The network.
keras.utils.setRandomSeed(3);
const model = keras.sequential([
  normalization,
  keras.layers.dense(64, { activation: 'relu' }),
  keras.layers.dense(64, { activation: 'relu' }),
  keras.layers.dense(1),
]);
model.compile({ optimizer: keras.optimizers.adam({ learningRate: 0.003 }), loss: 'mse' });
await model.fit(train.shuffle(8000, { seed: 1 }).batch(64).prefetch(2), {
  epochs: 30,
  validationData: test.batch(500),
  verbose: 2,
  callbacks: [
    keras.callbacks.earlyStopping({
      monitor: 'valLoss',
      patience: 5,
      restoreBestWeights: true,
    }),
  ],
});

// ---- How good it is: no model can have an error below the noise.
const [x, y] = (await test.batch(2000).toArray())[0];
const said = (await model.predict(x)).reshape([-1]);
const rmse = Math.sqrt(said.sub(y).square().mean().item());
const r2 = 1 - said.sub(y).square().sum().item() / y.sub(y.mean()).square().sum().item();
console.log(`test RMSE ${rmse.toFixed(3)} (noise alone: ${noise.toFixed(3)}), R² ${r2.toFixed(3)}`);
