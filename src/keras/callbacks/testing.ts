/** For tests: a callback given the figures of a run, without the run. */
import { vi } from 'vitest';
import * as keras from '../index.ts';
import type { CompileOptions } from '../models/model.ts';
import { camelOptions, type GoldenArray, numbersOf, readGoldens } from '../testing.ts';
import { type Callback, type Logs, makeLogs } from './callback.ts';

/** What a callback did in real Keras: see scripts/goldens/make_callbacks.py. */
export interface Played {
  readonly epochs: number;
  /** The learning rate that was logged, each epoch. */
  readonly rates: readonly number[];
  readonly last: number;
  readonly printed: string;
  readonly warnings: readonly string[];
  /** The number of the epoch whose weights are left. */
  readonly weight: number;
}

export interface PlayedCase extends Played {
  readonly name: string;
  readonly options: Record<string, unknown>;
  readonly values: readonly number[];
  readonly rate: number;
}

type Stored = Record<string, unknown> & {
  readonly values?: unknown[];
  readonly rates: GoldenArray;
};

/** The cases of a list of callbacks.json. */
export function playedCases(list: string): PlayedCase[] {
  const found = readGoldens<Record<string, Stored[]>>('callbacks')[list];
  return found.map((c) => ({
    ...(c as unknown as PlayedCase),
    options: camelOptions((c.options ?? {}) as Record<string, unknown>),
    values: (c.values ?? []).map(Number),
    rates: numbersOf(c.rates).map(Math.fround),
  }));
}

export function tinyModel(o: CompileOptions = {}, rate = 0.01): keras.Sequential {
  const m = keras.sequential([keras.layers.dense(1, { inputShape: [1] })]);
  m.compile({ optimizer: keras.optimizers.sgd({ learningRate: rate }), loss: 'mse', ...o });
  return m;
}

/** Epochs with these figures; the weights are the number of the epoch. */
export async function play(
  cb: Callback,
  figures: readonly (readonly (readonly [string, number])[])[],
  model: keras.Model = tinyModel(),
): Promise<Played & { readonly logs: readonly Logs[] }> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  cb.model = model;
  cb.params = { epochs: figures.length, steps: 1, verbose: 0 };
  const logs: Logs[] = [];
  try {
    await cb.onTrainBegin();
    for (const [epoch, f] of figures.entries()) {
      model.setWeights([[[epoch]], [0]]);
      await cb.onEpochBegin(epoch);
      logs.push(makeLogs(f));
      await cb.onEpochEnd(epoch, logs[epoch]);
      if (model.stopTraining) break;
    }
    await cb.onTrainEnd();
    return {
      logs,
      epochs: logs.length,
      rates: logs.map((l) => l.learningRate).filter((r) => r !== undefined),
      last: model.optimizer.learningRate,
      printed: log.mock.calls.map(([text]) => `${text}\n`).join(''),
      warnings: warn.mock.calls.map(([text]) => text),
      weight: model.getWeights()[0].item(),
    };
  } finally {
    log.mockRestore();
    warn.mockRestore();
  }
}

/** Epochs of one figure. */
export const series = (name: string, values: readonly number[]): [string, number][][] =>
  values.map((v) => [[name, v]]);
