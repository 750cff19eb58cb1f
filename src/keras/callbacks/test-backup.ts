/** For tests: runs that are interrupted and taken up again against the same run in one piece, bit for bit. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { fromData, type Tensor } from '../../tensor/index.ts';
import * as keras from '../index.ts';

const { layers, callbacks } = keras;

export const n = 22;
export const x: Tensor = fromData(
  Float32Array.from({ length: n * 3 }, (_, i) => Math.sin(i * 1.7)),
  [n, 3],
);
export const y: Tensor = fromData(
  Float32Array.from({ length: n }, (_, i) => Math.cos(i)),
  [n, 1],
);

class Interruption extends keras.callbacks.Callback {
  readonly #after: number;
  #seen = 0;
  constructor(after: number) {
    super();
    this.#after = after;
  }
  override onTrainBatchEnd(): void {
    if (++this.#seen > this.#after) throw new Error('interrupted');
  }
}

export interface Setup {
  readonly model?: () => keras.Model;
  readonly compile?: () => keras.Model extends never
    ? never
    : Parameters<keras.Model['compile']>[0];
  readonly fit?: () => keras.FitOptions;
  /** Instead of arrays. */
  readonly source?: () => keras.BatchSource;
  readonly callbacks?: () => keras.callbacks.Callback[];
}

export const dropout = (): keras.Model =>
  keras.sequential([
    layers.dense(5, { inputShape: [3], activation: 'tanh' }),
    layers.dropout(0.4),
    layers.batchNormalization(),
    layers.dense(1),
  ]);

/** As a program does: seeds, makes the model, trains it. `after` so many batches it is interrupted. */
export async function run(
  s: Setup,
  o: { after?: number; backup?: keras.callbacks.BackupAndRestore },
): Promise<{ weights: number[][]; history: unknown; epochs: number[] } | undefined> {
  keras.utils.setRandomSeed(7);
  const model = (s.model ?? dropout)();
  model.compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae'], ...s.compile?.() });
  const options: keras.FitOptions = {
    epochs: 3,
    verbose: 0,
    ...(s.source ? {} : { batchSize: 4 }),
    ...s.fit?.(),
    callbacks: [
      ...(o.backup ? [o.backup] : []),
      ...(s.callbacks?.() ?? []),
      ...(o.after === undefined ? [] : [new Interruption(o.after)]),
    ],
  };
  try {
    const history = s.source
      ? await model.fit(s.source(), options)
      : await model.fit(x, y, options);
    return {
      weights: [...model.weights, ...model.states, ...model.optimizer.variables].map((w) => [
        ...w.tensor.dataSync(),
      ]),
      history: history.history,
      epochs: history.epoch,
    };
  } catch (e) {
    if ((e as Error).message === 'interrupted') return undefined;
    throw e;
  }
}

/** Interrupted after each of these numbers of batches, and then left to end. */
export async function agrees(
  dir: string,
  s: Setup,
  interruptions: readonly number[],
  saveFreq: 'epoch' | number,
): Promise<void> {
  const whole = await run(s, {});
  expect(whole).toBeDefined();
  for (const after of interruptions) {
    const backup = () => callbacks.backupAndRestore(join(dir, String(after)), { saveFreq });
    const broken = await run(s, { after, backup: backup() });
    expect(broken, `interrupted after ${after}`).toBeUndefined();
    const resumed = await run(s, { backup: backup() });
    expect(resumed, `interrupted after ${after}`).toEqual(whole);
    // At the end nothing is left.
    expect(readdirSync(dir)).toEqual([]);
  }
}
