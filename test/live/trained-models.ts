/**
 * The table of round trips of whole models, both ways: each family made and trained by Keras, loaded and trained
 * on here; made and trained here, loaded and trained on by Keras; and Keras's own, saved again here.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as keras from '../../src/keras/index.ts';
import { uniform } from '../../src/keras/layers/battery/battery.ts';
import { fromData, type Tensor } from '../../src/tensor/index.ts';
import { modelFamilies } from './model-families.ts';
import { askKeras } from './python-keras.ts';
import {
  caseOf,
  type Distances,
  distances,
  fileOf,
  limits,
  over,
  type TrainingCase,
} from './training-cases.ts';

const { optimizers, losses } = keras;

/** How models that are made here are compiled: every kind of slot that an optimizer has is in some row. */
const compiled: Readonly<Record<string, () => keras.CompileOptions>> = {
  mlp: () => ({
    // A bias before a normalization has no gradient but rounding, which Adam would divide by itself.
    optimizer: optimizers.adam({ learningRate: 0.01, epsilon: 1e-3 }),
    loss: 'categoricalCrossentropy',
    metrics: ['accuracy'],
  }),
  cnn: () => ({
    optimizer: optimizers.sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true }),
    loss: 'mse',
  }),
  'depthwise cnn': () => ({
    optimizer: optimizers.rmsprop({ learningRate: 0.005, centered: true, momentum: 0.5 }),
    loss: 'huber',
  }),
  'simple rnn': () => ({
    optimizer: optimizers.adamW({
      learningRate: optimizers.schedules.exponentialDecay({
        initialLearningRate: 0.01,
        decaySteps: 3,
        decayRate: 0.5,
      }),
    }),
    loss: 'mse',
  }),
  lstm: () => ({ optimizer: optimizers.adamax({ learningRate: 0.01 }), loss: 'logCosh' }),
  gru: () => ({ optimizer: 'nadam', loss: 'binaryCrossentropy', metrics: ['mae'] }),
  bidirectional: () => ({
    optimizer: optimizers.adam({ learningRate: 0.01, clipnorm: 1, amsgrad: true }),
    loss: 'mse',
  }),
  'masked lstm': () => ({ optimizer: optimizers.adadelta({ learningRate: 0.5 }), loss: 'mse' }),
  'time distributed lstm': () => ({
    optimizer: optimizers.adagrad({ learningRate: 0.1 }),
    loss: 'mse',
  }),
  'transformer encoder': () => ({
    optimizer: optimizers.sgd({ learningRate: 0.05, momentum: 0.9 }),
    loss: 'mse',
  }),
  'own class': () => ({ optimizer: 'adam', loss: 'mse' }),
  'merges and shared layers': () => ({
    optimizer: optimizers.adam({ learningRate: 0.01, useEma: true }),
    loss: ['mse', new losses.Huber()],
    lossWeights: [1, 0.5],
  }),
};

/** Of one's own class; keras_files.py has the same for Keras. */
class Net extends keras.Model {
  readonly units: number;
  readonly hidden: keras.layers.Dense;
  readonly heads: { readonly last: keras.layers.Dense };
  constructor({ units = 4, ...o }: { readonly units?: number } = {}) {
    super(o);
    this.units = units;
    this.hidden = keras.layers.dense(units, { activation: 'tanh' });
    this.heads = { last: keras.layers.dense(2) };
  }
  override call(x: Tensor): Tensor {
    return this.heads.last.apply(this.hidden.apply(x).mul(2));
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), units: this.units };
  }
}

function ownClass(): { model: keras.Model; inputs: readonly Tensor[] } {
  return {
    model: new Net({ units: 5 }),
    inputs: [fromData(Float32Array.from(uniform('own', 12)), [4, 3], 'float32')],
  };
}

/** Models of all families, made here, trained, saved, and trained on here. */
async function madeHere(): Promise<TrainingCase[]> {
  const cases: TrainingCase[] = [];
  // Dropout draws from seeds of which no file says how far they have come.
  const families = [...modelFamilies({ dropout: 0 }), { name: 'model: own class', make: ownClass }];
  for (const { name, make } of families) {
    const { model, inputs } = make();
    const how = compiled[name.replace('model: ', '')];
    if (!how) throw new Error(`${name} has no row in the table of how models are compiled`);
    const x = inputs.length === 1 ? inputs[0] : inputs;
    const like = (y: Tensor, i: number): Tensor =>
      fromData(
        Float32Array.from(uniform(`${name} target ${i}`, y.size), (v) => (v + 1) / 2),
        y.shape,
        'float32',
      );
    const outputs = [(await model.predict(x as never)) as unknown].flat() as Tensor[];
    const ys = outputs.map(like);
    const y = ys.length === 1 ? ys[0] : ys;
    model.compile(how());
    await model.fit(x as never, y as never, {
      epochs: 2,
      batchSize: 2,
      shuffle: false,
      verbose: 0,
    });
    cases.push(await caseOf(`made here, ${name}`, model, x, y));
  }
  return cases;
}

const short = (v: number): string => v.toExponential(0);
const figures = (d: Distances): string =>
  (Object.keys(limits) as (keyof Distances)[]).map((k) => `${k} ${short(d[k])}`).join(', ');

/** Prints a line a row. undefined where there is no Keras. */
export async function trainedModels(
  folder: string,
): Promise<{ passed: number; wrong: string[] } | undefined> {
  if (!askKeras('train', folder)) return undefined;
  keras.saving.registerKerasSerializable(Net, { package: 'live' });
  const wrong: string[] = [];
  let passed = 0;
  const row = (name: string, d: Distances | string): void => {
    const why = typeof d === 'string' ? [d] : over(d);
    if (why.length === 0) passed++;
    else wrong.push(`${name}: ${why.join('; ')}`);
    console.log(
      `${why.length === 0 ? 'the same' : 'APART'}: ${name}: ${typeof d === 'string' ? d : figures(d)}`,
    );
  };
  const { models } = JSON.parse(readFileSync(join(folder, 'trained.json'), 'utf8')) as {
    models: TrainingCase[];
  };
  const back: TrainingCase[] = [];
  for (const c of models) {
    const model = await keras.saving.loadModel(fileOf(c));
    const file = Buffer.from(await keras.saving.encodeModel(model)).toString('base64');
    back.push({ ...c, file, name: `saved by Keras, saved again here: ${c.name}` });
    row(`saved by Keras, trained on here: ${c.name}`, await distances(model, c));
  }
  const made = [...(await madeHere()), ...back];
  writeFileSync(join(folder, 'made.json'), JSON.stringify(made));
  const found = askKeras<Record<string, Distances | string>>('check-training', folder)!;
  for (const c of made)
    row(`${c.name}, trained on by Keras`, found[c.name] ?? 'Keras says nothing of it');
  return { passed, wrong };
}
