/**
 * An LSTM reads short reviews. The order of their words matters ("good, not bad" is praise, "bad, not
 * good" is none), so that counting words is not enough; a model that only counts them stands beside it.
 *
 *   npm run example examples/text.ts
 */
import { Dataset } from 'gradloom/data';
import * as keras from 'gradloom/keras';
import * as np from 'gradloom/numpy';

// ---- Reviews are made up: sentences about things, each with a judgement.
const random = np.random.defaultRng(11);
const [things, good, bad, links] = [
  ['plot', 'cast', 'music', 'ending', 'camera', 'script', 'pace', 'sound', 'light', 'dialogue'],
  ['good', 'great', 'lovely', 'bright', 'moving', 'clever', 'fresh', 'warm'],
  ['bad', 'awful', 'dull', 'flat', 'boring', 'clumsy', 'stale', 'cold'],
  ['The', 'I thought the', 'As for the', 'Even the', 'To me the'],
];
const coins = (n: number): number[] => Array.from(random.uniform(0, 1, [n]).dataSync());
let luck: number[] = [];
const coin = (): number => {
  if (luck.length === 0) luck = coins(10_000);
  return luck.pop()!;
};
const pick = (list: readonly string[]): string => list[Math.floor(coin() * list.length)];

function review(positive: boolean): string {
  const [praise, blame] = positive ? [good, bad] : [bad, good];
  const thing = `${pick(links)} ${pick(things)}`;
  const kinds = [
    `${thing} was ${pick(praise)}, not ${pick(blame)}.`,
    `${thing} was not ${pick(blame)} but ${pick(praise)}.`,
    `I was told it would be ${pick(blame)}; ${thing.toLowerCase()} was ${pick(praise)} instead.`,
    `${thing} is never ${pick(blame)}, and always ${pick(praise)}!`,
  ];
  return pick(kinds);
}
function reviews(n: number): [texts: string[], labels: Int32Array] {
  const labels = Int32Array.from({ length: n }, () => Number(coin() < 0.5));
  return [Array.from(labels, (y) => `${review(y === 1)} ${review(y === 1)}`), labels];
}
const [trainTexts, trainLabels] = reviews(6000);
const [testTexts, testLabels] = reviews(2000);
console.log(`for example: "${trainTexts[0]}" is ${trainLabels[0] ? 'praise' : 'blame'}`);

// ---- Words to numbers, learnt from the training texts.
const vectorize = keras.layers.textVectorization({ maxTokens: 200, outputSequenceLength: 32 });
await vectorize.adapt(trainTexts);
console.log(
  `${vectorize.vocabularySize()} words:`,
  vectorize.getVocabulary().slice(0, 12).join(' '),
);
const numbers = (texts: readonly string[], labels: Int32Array) =>
  Dataset.fromTensorSlices([vectorize.apply(texts), labels] as const);
const train = numbers(trainTexts, trainLabels).shuffle(6000, { seed: 1 }).batch(64);
const test = numbers(testTexts, testLabels).batch(500);

// ---- Two readers: one counts words, the other reads them in their order, both ways.
keras.utils.setRandomSeed(4);
const { layers } = keras;
const counts = keras.sequential([
  keras.input({ shape: [32], dtype: 'int32' }),
  layers.embedding(200, 32),
  layers.globalAveragePooling1D(),
  layers.dense(16, { activation: 'relu' }),
  layers.dense(1, { activation: 'sigmoid' }),
]);
const reads = keras.sequential([
  keras.input({ shape: [32], dtype: 'int32' }),
  layers.embedding(200, 32, { maskZero: true }),
  layers.bidirectional(layers.lstm(32)),
  layers.dense(1, { activation: 'sigmoid' }),
]);
reads.summary();
const accuracy: number[] = [];
for (const model of [counts, reads]) {
  model.compile({
    optimizer: keras.optimizers.adam({ learningRate: 0.003 }),
    loss: 'binaryCrossentropy',
    metrics: ['accuracy'],
  });
  await model.fit(train, { epochs: 6, validationData: test, verbose: 2 });
  accuracy.push(((await model.evaluate(test, { verbose: 0 })) as number[])[1]);
}
console.log(
  `test accuracy: counting words ${accuracy[0].toFixed(4)}, reading with an LSTM ${accuracy[1].toFixed(4)}`,
);
