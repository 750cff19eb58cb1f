/**
 * A model in a file with what it predicts, and what it has become when whoever saved it has trained it on:
 * what scripts/goldens/make_keras_files.py says of models of Keras's, and `caseOf` of ours, for Keras to check.
 */

import { type GoldenArray, numbersOf, shapeOf, toTensor } from '../../src/keras/golden-arrays.ts';
import * as keras from '../../src/keras/index.ts';
import type { Tensor } from '../../src/tensor/index.ts';

type Arrays = GoldenArray | readonly GoldenArray[] | Readonly<Record<string, GoldenArray>>;
type Tensors = Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>>;

export interface TrainingCase {
  readonly name: string;
  /** The `.keras` file, in base64. */
  readonly file: string;
  readonly x: Arrays;
  readonly y: Arrays;
  readonly predictions: Arrays;
  readonly after: {
    readonly epochs: number;
    readonly batchSize: number;
    readonly losses: readonly number[];
    readonly predictions: Arrays;
    readonly weights: readonly GoldenArray[];
    /** What the optimizer remembers, in the order of its variables. */
    readonly optimizer: readonly GoldenArray[];
  };
}

const isArray = (a: Arrays): a is GoldenArray => typeof a !== 'object' || 'shape' in a;
function mapped<T, U>(one: (a: T) => U, x: readonly T[] | Readonly<Record<string, T>>) {
  return Array.isArray(x)
    ? x.map(one)
    : Object.fromEntries(Object.entries(x).map(([k, v]) => [k, one(v)]));
}
const tensors = (a: Arrays): Tensors =>
  isArray(a) ? toTensor(a) : mapped(toTensor, a as readonly GoldenArray[]);
const isTensor = (t: Tensors): t is Tensor => typeof (t as Tensor).dataSync === 'function';
const plain = (t: Tensor): GoldenArray => ({
  shape: [...t.shape],
  dtype: t.dtype,
  data: Array.from(t.dataSync(), Number),
});
const arrays = (t: Tensors): Arrays =>
  isTensor(t) ? plain(t) : mapped(plain, t as readonly Tensor[]);

/**
 * The greatest distance of any element, measured by the largest of its array (`least` where that is smaller);
 * infinite where shapes or keys differ.
 */
function apart(got: Tensors, want: Arrays, least: number): number {
  if (!isArray(want)) {
    const keys = Object.keys(want);
    if (Object.keys(got).join() !== keys.join()) return Number.POSITIVE_INFINITY;
    const each = keys.map((k) => apart((got as never)[k], (want as never)[k], least));
    return Math.max(0, ...each);
  }
  if (!isTensor(got) || got.shape.join() !== shapeOf(want).join()) return Number.POSITIVE_INFINITY;
  const data = got.dataSync();
  const numbers = numbersOf(want);
  const size = numbers.reduce((m, v) => Math.max(m, Math.abs(v)), least);
  return numbers.reduce((m, v, i) => Math.max(m, Math.abs(data[i] - v) / size), 0);
}

/** How far a model here is from what a case says. */
export interface Distances {
  readonly predictions: number;
  /** Of the epochs that go on: their losses; then what is predicted, the weights and the optimizer's variables. */
  readonly losses: number;
  readonly after: number;
  readonly weights: number;
  readonly optimizer: number;
}

/** What each may be at most: sums of float32 in another order. */
export const limits: Distances = {
  predictions: 1e-5,
  losses: 1e-5,
  after: 1e-5,
  weights: 1e-5,
  optimizer: 1e-4,
};

/** Trains the model on as the case says; it is changed. */
export async function distances(model: keras.Model, c: TrainingCase): Promise<Distances> {
  const x = tensors(c.x) as never;
  const predictions = apart((await model.predict(x)) as Tensors, c.predictions, 1);
  const { after } = c;
  const losses = await trainOn(model, x, tensors(c.y), after);
  return {
    predictions,
    losses: Math.max(...after.losses.map((l, i) => Math.abs(losses[i] - l) / Math.max(1, l))),
    after: apart((await model.predict(x)) as Tensors, after.predictions, 1),
    weights: apart(model.getWeights(), after.weights, 0.1),
    optimizer: apart(
      model.optimizer.variables.map((v) => v.tensor),
      after.optimizer,
      1e-5,
    ),
  };
}

/** Which of them are over their limits, in words. */
export const over = (d: Distances): string[] =>
  (Object.keys(limits) as (keyof Distances)[])
    .filter((k) => !(d[k] <= limits[k]))
    .map((k) => `${k}: apart by ${d[k]}, not at most ${limits[k]}`);

async function trainOn(
  model: keras.Model,
  x: unknown,
  y: Tensors,
  { epochs, batchSize }: Pick<TrainingCase['after'], 'epochs' | 'batchSize'>,
): Promise<number[]> {
  const o = { epochs, batchSize, shuffle: false, verbose: 0 as const };
  const { history } = await model.fit(x as never, y as never, o);
  return history.loss as number[];
}

/** Saves the model, and then trains it on here. */
export async function caseOf(
  name: string,
  model: keras.Model,
  x: Tensors,
  y: Tensors,
): Promise<TrainingCase> {
  const file = Buffer.from(await keras.saving.encodeModel(model)).toString('base64');
  const predictions = arrays((await model.predict(x as never)) as Tensors);
  const how = { epochs: 3, batchSize: 2 };
  const losses = await trainOn(model, x, y, how);
  return {
    name,
    file,
    x: arrays(x),
    y: arrays(y),
    predictions,
    after: {
      ...how,
      losses,
      predictions: arrays((await model.predict(x as never)) as Tensors),
      weights: model.getWeights().map(plain),
      optimizer: model.optimizer.variables.map((v) => plain(v.tensor)),
    },
  };
}

/** The file of a case. */
export const fileOf = (c: TrainingCase): Uint8Array =>
  new Uint8Array(Buffer.from(c.file, 'base64'));
