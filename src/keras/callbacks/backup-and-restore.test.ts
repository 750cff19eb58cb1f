import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import * as keras from '../index.ts';
import { agrees, dropout, run, type Setup, x, y } from './test-backup.ts';

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

describe('BackupAndRestore', () => {
  // Six batches an epoch, the last of two samples.
  it('goes on in the middle of an epoch, wherever it was', async () => {
    await agrees(dir, {}, [1, 5, 6, 7, 17], 1);
  });
  it('goes on from the last backup, every so many batches', async () => {
    await agrees(dir, {}, [3, 9, 16], 4);
  });
  it('goes on from the end of an epoch', async () => {
    await agrees(dir, {}, [2, 17], 'epoch');
  });
  it('with averages, decay, clipping and accumulated gradients', async () => {
    const optimizer = () =>
      keras.optimizers.adamW({
        useEma: true,
        emaOverwriteFrequency: 5,
        clipnorm: 0.5,
        gradientAccumulationSteps: 2,
      });
    await agrees(dir, { compile: () => ({ optimizer: optimizer(), loss: 'mse' }) }, [4, 9], 2);
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
    await agrees(dir, s, [1, 3, 5], 2);
  });
  it('with steps of an epoch that are given, so that epochs go through the data as they come', async () => {
    await agrees(
      dir,
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
    await agrees(dir, s, [5, 9, 15], 3);
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
