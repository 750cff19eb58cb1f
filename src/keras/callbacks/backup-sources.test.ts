/** Interrupted training on sources of batches, and with steps and layers of one's own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { Dataset } from '../../data/index.ts';
import type { Tensor } from '../../tensor/index.ts';
import * as keras from '../index.ts';
import { agrees, n, run, x, y } from './test-backup.ts';

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

describe('an interrupted training goes on', () => {
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
    await agrees(dir, { model }, [2, 6, 13], 1);
  });

  const rows = Array.from({ length: n }, (_, i) => [
    Float32Array.from(x.dataSync().slice(i * 3, i * 3 + 3)),
    Float32Array.of(y.dataSync()[i]),
  ]);
  it('a Dataset that is shuffled anew in every epoch', async () => {
    const source = () =>
      Dataset.fromArray(rows).shuffle(8, { seed: 3 }).batch(4).prefetch(2) as never;
    await agrees(dir, { source }, [1, 6, 8], 1);
    const repeated = () =>
      Dataset.fromArray(rows).shuffle(8, { seed: 3 }).repeat().batch(4) as never;
    await agrees(dir, { source: repeated, fit: () => ({ stepsPerEpoch: 4 }) }, [2, 9], 1);
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
    await agrees(dir, { source }, [1, 4, 5, 6], 1);
    const endless = function* (): Generator<unknown> {
      for (let i = 0; ; i++) yield [x.slice([i % 9, (i % 9) + 4]), y.slice([0, 4])];
    };
    await agrees(dir, { source: () => endless(), fit: () => ({ stepsPerEpoch: 4 }) }, [2, 5, 9], 1);
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
    await agrees(dir, { source: () => new Batches() }, [2, 5, 8], 1);
    asked.length = 0;
    const backup = () => callbacks.backupAndRestore(dir, { saveFreq: 1 });
    await run({ source: () => new Batches() }, { after: 13, backup: backup() });
    asked.length = 0;
    await run({ source: () => new Batches() }, { backup: backup() });
    // Two batches are left, after the one that is looked at for its shape.
    expect(asked.length).toBe(3);
  });
  it('a PyDataset that another run of the same process has used', async () => {
    class Batches extends keras.utils.PyDataset {
      #shift = 0;
      override get length(): number {
        return 5;
      }
      override getItem(i: number): unknown {
        const from = (i + this.#shift) % 8;
        return [x.slice([from, from + 4]), y.slice([from, from + 4])];
      }
      override onEpochEnd(): void {
        this.#shift += 3;
      }
    }
    const whole = await run({ source: () => new Batches() }, {});
    const backup = () => callbacks.backupAndRestore(dir, { saveFreq: 1 });
    const batches = new Batches();
    const s = {
      source: () => batches,
      // Validation goes on as well.
      fit: () => ({ validationData: new Batches() }),
    };
    for (const after of [8, 3]) await run(s, { after, backup: backup() });
    const resumed = await run(s, { backup: backup() });
    expect(resumed?.weights).toEqual(whole?.weights);
  });
  it('a validation that is other in every epoch', async () => {
    let calls = 0;
    const validation = function* (): Generator<unknown> {
      const k = calls++;
      yield [x.slice([k, k + 4]), y.slice([k, k + 4])];
    };
    const fit = () => {
      calls = 0;
      return { validationData: () => validation() };
    };
    await agrees(dir, { fit }, [7, 12, 13], 1);
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
    await agrees(dir, { model }, [2, 7, 11], 1);
  });
});
