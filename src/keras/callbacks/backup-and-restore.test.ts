/** Runs that are interrupted and taken up again against the same run in one piece: bit for bit. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { Dataset } from '../../data/index.ts';
import { fromData, type Tensor } from '../../tensor/index.ts';
import * as keras from '../index.ts';

const { layers, callbacks } = keras;
let dir: string;
beforeAll(() => {
  setBackend('reference');
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gradloom-backup-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(dir, { recursive: true, force: true });
});

const n = 22;
const x = fromData(
  Float32Array.from({ length: n * 3 }, (_, i) => Math.sin(i * 1.7)),
  [n, 3],
);
const y = fromData(
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

interface Setup {
  readonly model?: () => keras.Model;
  readonly compile?: () => keras.Model extends never
    ? never
    : Parameters<keras.Model['compile']>[0];
  readonly fit?: () => keras.FitOptions;
  /** Instead of arrays. */
  readonly source?: () => keras.BatchSource;
  readonly callbacks?: () => keras.callbacks.Callback[];
}

const dropout = (): keras.Model =>
  keras.sequential([
    layers.dense(5, { inputShape: [3], activation: 'tanh' }),
    layers.dropout(0.4),
    layers.batchNormalization(),
    layers.dense(1),
  ]);

/** As a program does: seeds, makes the model, trains it. `after` so many batches it is interrupted. */
async function run(
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
async function agrees(s: Setup, interruptions: readonly number[], saveFreq: 'epoch' | number) {
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

describe('BackupAndRestore', () => {
  // Six batches an epoch, the last of two samples.
  it('goes on in the middle of an epoch, wherever it was', async () => {
    await agrees({}, [1, 5, 6, 7, 17], 1);
  });
  it('goes on from the last backup, every so many batches', async () => {
    await agrees({}, [3, 9, 16], 4);
  });
  it('goes on from the end of an epoch', async () => {
    await agrees({}, [2, 17], 'epoch');
  });
  it('with averages, decay, clipping and accumulated gradients', async () => {
    const optimizer = () =>
      keras.optimizers.adamW({
        useEma: true,
        emaOverwriteFrequency: 5,
        clipnorm: 0.5,
        gradientAccumulationSteps: 2,
      });
    await agrees({ compile: () => ({ optimizer: optimizer(), loss: 'mse' }) }, [4, 9], 2);
  });
  it('with a schedule, several steps at once, and no shuffling', async () => {
    const learningRate = () =>
      keras.optimizers.schedules.exponentialDecay({
        initialLearningRate: 0.1,
        decaySteps: 4,
        decayRate: 0.5,
      });
    const s: Setup = {
      compile: () => ({
        optimizer: keras.optimizers.sgd({ learningRate: learningRate(), momentum: 0.9 }),
        loss: 'mse',
        stepsPerExecution: 2,
      }),
      fit: () => ({ shuffle: false, validationSplit: 0.3 }),
    };
    await agrees(s, [1, 3, 5], 2);
  });
  it('with steps of an epoch that are given, so that epochs go through the data as they come', async () => {
    await agrees(
      { fit: () => ({ stepsPerEpoch: 4, batchSize: 5, shuffle: 'batch' }) },
      [2, 4, 5, 7],
      1,
    );
  });
  it('callbacks go on, too: the learning rate, the best weights, the figures', async () => {
    const s: Setup = {
      fit: () => ({ epochs: 8, validationSplit: 0.3 }),
      callbacks: () => [
        callbacks.reduceLROnPlateau({ patience: 1, factor: 0.5, minDelta: 0.3, cooldown: 1 }),
        callbacks.earlyStopping({ patience: 3, minDelta: 0.05, restoreBestWeights: true }),
      ],
    };
    const whole = await run(s, {});
    // It is stopped early, else this proves little.
    expect(whole!.epochs.length).toBeGreaterThan(3);
    expect(whole!.epochs.length).toBeLessThan(8);
    await agrees(s, [5, 9, 15], 3);
  });

  it.each([false, true])('a CSV file has every line once (append: %s)', async (append) => {
    const text = (name: string) => readFileSync(join(dir, name), 'utf8');
    const logged = (name: string): Setup => ({
      callbacks: () => [callbacks.csvLogger(join(dir, name), { append })],
    });
    for (const name of ['a.csv', 'b.csv']) if (append) writeFileSync(join(dir, name), 'kept\r\n');
    await run(logged('a.csv'), {});
    for (const after of [6, 7]) {
      const backup = callbacks.backupAndRestore(join(dir, 'x'), { saveFreq: 5 });
      await run(logged('b.csv'), { after, backup });
      // A line after the last backup, which will come again.
      writeFileSync(join(dir, 'b.csv'), `${text('b.csv')}7,1,1\r\n`);
    }
    await run(logged('b.csv'), { backup: callbacks.backupAndRestore(join(dir, 'x')) });
    if (append) expect(text('a.csv')).toMatch(/^kept\r\n0,/);
    expect(text('b.csv')).toBe(text('a.csv'));
  });
  it('the first training in a process is not mistaken for another that follows', async () => {
    // Steps that the second run compiles are not brought to where the first was.
    const backup = () => callbacks.backupAndRestore(dir, { saveFreq: 1 });
    await run({}, { after: 9, backup: backup() });
    keras.utils.setRandomSeed(7);
    const model = dropout();
    model.compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae'] });
    await model.fit(x, y, { epochs: 3, batchSize: 4, verbose: 0, callbacks: [backup()] });
    const before = model.getWeights().map((w) => [...w.dataSync()]);
    await model.evaluate(x, y, { batchSize: 4, verbose: 0 });
    expect(model.getWeights().map((w) => [...w.dataSync()])).toEqual(before);
    const again = await model.fit(x, y, { epochs: 1, batchSize: 4, verbose: 0 });
    expect(again.epoch).toEqual([0]);
  });

  class Noise extends layers.Layer {
    readonly seeds = new keras.random.SeedGenerator();
    override call(t: Tensor): Tensor {
      // One stream that the layer keeps, and one that only the traced step knows.
      return t
        .add(keras.random.normal(t.shape, { seed: this.seeds }).mul(0.1))
        .add(keras.random.uniform(t.shape).mul(0.1));
    }
    override computeOutputShape(s: readonly (number | null)[]): readonly (number | null)[] {
      return s;
    }
  }
  it('seeds that only the compiled steps know of', async () => {
    const model = () =>
      keras.sequential([layers.dense(2, { inputShape: [3] }), new Noise(), layers.dense(1)]);
    await agrees({ model }, [2, 6, 13], 1);
  });

  const rows = Array.from({ length: n }, (_, i) => [
    Float32Array.from(x.dataSync().slice(i * 3, i * 3 + 3)),
    Float32Array.of(y.dataSync()[i]),
  ]);
  it('a Dataset that is shuffled anew in every epoch', async () => {
    const source = () =>
      Dataset.fromArray(rows).shuffle(8, { seed: 3 }).batch(4).prefetch(2) as never;
    await agrees({ source }, [1, 6, 8], 1);
    const repeated = () =>
      Dataset.fromArray(rows).shuffle(8, { seed: 3 }).repeat().batch(4) as never;
    await agrees({ source: repeated, fit: () => ({ stepsPerEpoch: 4 }) }, [2, 9], 1);
  });
  it('generators, and iterators that go through all epochs', async () => {
    let calls = 0;
    const batches = function* (): Generator<unknown> {
      const k = calls++;
      for (let i = 0; i < 5; i++)
        yield [x.slice([i * 4, i * 4 + 4]).mul(k + 1), y.slice([i * 4, i * 4 + 4])];
    };
    const source = () => {
      calls = 0;
      return () => batches();
    };
    await agrees({ source }, [1, 4, 5, 6], 1);
    const endless = function* (): Generator<unknown> {
      for (let i = 0; ; i++) yield [x.slice([i % 9, (i % 9) + 4]), y.slice([0, 4])];
    };
    await agrees({ source: () => endless(), fit: () => ({ stepsPerEpoch: 4 }) }, [2, 5, 9], 1);
  });
  it('a PyDataset, whose batches that are behind are not made again', async () => {
    const asked: number[] = [];
    class Batches extends keras.utils.PyDataset {
      #shift = 0;
      override get length(): number {
        return 5;
      }
      override getItem(i: number): unknown {
        asked.push(i);
        const from = (i + this.#shift) % 8;
        return [x.slice([from, from + 4]), y.slice([from, from + 4])];
      }
      override onEpochEnd(): void {
        this.#shift += 3;
      }
    }
    await agrees({ source: () => new Batches() }, [2, 5, 8], 1);
    asked.length = 0;
    const backup = () => callbacks.backupAndRestore(dir, { saveFreq: 1 });
    await run({ source: () => new Batches() }, { after: 13, backup: backup() });
    asked.length = 0;
    await run({ source: () => new Batches() }, { backup: backup() });
    // Two batches are left, after the one that is looked at for its shape.
    expect(asked.length).toBe(3);
  });
  it('a training step of one’s own, with an optimizer beside', async () => {
    class Own extends keras.Model {
      readonly body = layers.dense(4);
      readonly head = layers.dense(1);
      readonly second = keras.optimizers.rmsprop();
      override call(t: Tensor): Tensor {
        return this.head.apply(this.body.apply(t).tanh());
      }
      override trainStep({ x, y }: keras.StepData): keras.StepLogs {
        const loss = this.apply(x, { training: true }).sub(y).square().mean();
        const gradients = this.gradient(loss, this.trainableWeights);
        this.optimizer.apply(gradients.slice(0, 2), this.trainableWeights.slice(0, 2));
        this.second.apply(gradients.slice(2), this.trainableWeights.slice(2));
        return { loss, twice: loss.mul(2) };
      }
    }
    const model = () => {
      const m = new Own();
      m.apply(x);
      return m;
    };
    await agrees({ model }, [2, 7, 11], 1);
  });

  it('is refused for another model and for other data', async () => {
    const backup = () => callbacks.backupAndRestore(dir, { saveFreq: 1 });
    await run({}, { after: 2, backup: backup() });
    const other = () => keras.sequential([layers.dense(4, { inputShape: [3] }), layers.dense(1)]);
    await expect(run({ model: other }, { backup: backup() })).rejects.toThrow(
      /another model.*kernel float32 \(3, 5\) in the backup, .*kernel float32 \(3, 4\) now/,
    );
    const fit = () => ({ batchSize: 8 });
    await expect(run({ fit }, { backup: backup() })).rejects.toThrow(
      /other data: batchSize was 4, and is 8/,
    );
    const unbuilt = () => keras.sequential([layers.dense(1)]);
    const source = () => [[x, y]] as never;
    await expect(run({ model: unbuilt, source }, { backup: backup() })).rejects.toThrow(
      /must be built before/,
    );
  });

  it('goes on from the backup before, when the newest is damaged', async () => {
    const whole = await run({}, {});
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const backup = () => callbacks.backupAndRestore(dir, { saveFreq: 1, doubleCheckpoint: true });
    await run({}, { after: 9, backup: backup() });
    expect(readdirSync(dir).sort()).toEqual(['latest.safetensors', 'previous.safetensors']);
    const path = join(dir, 'latest.safetensors');
    const bytes = readFileSync(path);
    bytes[bytes.length - 5] ^= 4;
    writeFileSync(path, bytes);
    writeFileSync(`${path}.99-x.tmp`, 'half a file of a process that was killed');
    expect(await run({}, { backup: backup() })).toEqual(whole);
    expect(warn.mock.calls[0][0]).toMatch(
      /latest\.safetensors is damaged: its checksum.*goes on from/,
    );
    expect(readdirSync(tmpdir())).not.toContain(dir);
  });
  it('says so when there is none before', async () => {
    const backup = () => callbacks.backupAndRestore(dir);
    writeFileSync(join(dir, 'latest.safetensors'), 'torn');
    await expect(run({}, { backup: backup() })).rejects.toThrow(
      /cannot go on: .*latest\.safetensors is cut off.*doubleCheckpoint.*Delete/,
    );
    // A killed process may have moved the newest aside, and no more.
    await run({}, { after: 8, backup: callbacks.backupAndRestore(join(dir, 'b')) });
    const path = join(dir, 'b', 'latest.safetensors');
    writeFileSync(join(dir, 'b', 'previous.safetensors'), readFileSync(path));
    rmSync(path);
    const resumed = await run({}, { backup: callbacks.backupAndRestore(join(dir, 'b')) });
    expect(resumed).toEqual(await run({}, {}));
  });

  it('keeps the backup when told to: then nothing is left to be trained', async () => {
    const backup = () => callbacks.backupAndRestore(dir, { deleteCheckpoint: false });
    const whole = await run({}, { backup: backup() });
    expect(readdirSync(dir)).toEqual(['latest.safetensors']);
    expect(await run({}, { after: 0, backup: backup() })).toEqual(whole);
    // More epochs: training goes on.
    const more = await run({ fit: () => ({ epochs: 4 }) }, { backup: backup() });
    expect(more).toEqual(await run({ fit: () => ({ epochs: 4 }) }, {}));
  });

  it('refuses options that cannot be', () => {
    expect(() => callbacks.backupAndRestore('')).toThrow(/path of a folder/);
    expect(() => callbacks.backupAndRestore('a', { saveFreq: 0.5 })).toThrow(/saveFreq/);
    expect(() => callbacks.backupAndRestore('a', { saveFrequency: 1 } as never)).toThrow(
      /no option "saveFrequency"/,
    );
  });
});
