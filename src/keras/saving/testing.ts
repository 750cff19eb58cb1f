/** For tests: models in golden files, with what Keras made of them. */
import { expect } from 'vitest';
import type { Tensor } from '../../tensor/index.ts';
import type { Model } from '../models/model.ts';
import { expectClose, type GoldenArray, toTensor } from '../testing.ts';

/** One, or several by name. */
export type Arrays = GoldenArray | Record<string, GoldenArray>;
export interface SavedModel {
  readonly name: string;
  /** In base64. */
  readonly file: string;
  readonly x: Arrays;
  readonly y: Arrays;
  readonly predictions: Arrays;
  /** Of three epochs in batches of three, in order. */
  readonly losses?: number[];
  /** Predictions after these. */
  readonly after?: Arrays;
}

const isArray = (a: Arrays): a is GoldenArray => typeof a !== 'object' || 'shape' in a;
export const toTensors = (a: Arrays): Tensor | Record<string, Tensor> =>
  isArray(a)
    ? toTensor(a)
    : Object.fromEntries(Object.entries(a).map(([k, v]) => [k, toTensor(v)]));

export function expectAllClose(got: unknown, want: Arrays, rel: number, abs: number): void {
  if (isArray(want)) expectClose(got as Tensor, want, rel, abs);
  else
    for (const [k, v] of Object.entries(want))
      expectClose((got as Record<string, Tensor>)[k], v, rel, abs);
}

/** Trains as Keras did: the losses, and what the model predicts then. */
export async function expectTrainsOn(model: Model, c: SavedModel, x: unknown): Promise<void> {
  const { history } = await model.fit(x as never, toTensors(c.y) as never, {
    epochs: 3,
    batchSize: 3,
    shuffle: false,
    verbose: 0,
  });
  const losses = history.loss as number[];
  expect(losses.length).toBe(c.losses!.length);
  losses.forEach((l, i) => {
    expect(Math.abs(l - c.losses![i])).toBeLessThan(1e-4 * (1 + Math.abs(c.losses![i])));
  });
  expectAllClose(await model.predict(x as never), c.after!, 1e-3, 1e-4);
}
