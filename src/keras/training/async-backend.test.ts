/** A backend that cannot be read at once (as WebGPU): the training loop never tries to. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Backend, DeviceBuffer } from '../../backends/backend.ts';
import { setBackend } from '../../backends/registry.ts';
import { GradloomError } from '../../errors.ts';
import { fromData } from '../../tensor/index.ts';
import * as keras from '../index.ts';

class Slow implements DeviceBuffer {
  readonly inner: DeviceBuffer;
  constructor(inner: DeviceBuffer) {
    this.inner = inner;
  }
  get byteLength(): number {
    return this.inner.byteLength;
  }
  get disposed(): boolean {
    return this.inner.disposed;
  }
  write(bytes: Uint8Array): void {
    this.inner.write(bytes);
  }
  async read(): Promise<Uint8Array> {
    await new Promise((done) => setTimeout(done));
    return this.inner.read();
  }
  readSync(): Uint8Array {
    throw new GradloomError('sync-read', 'This backend cannot be read at once.');
  }
  dispose(): void {
    this.inner.dispose();
  }
}

function slowBackend(): Backend {
  const inner = setBackend('reference');
  return {
    name: 'slow',
    sync: false,
    allocate: (n) => new Slow(inner.allocate(n)),
    compile(graph, options) {
      const e = inner.compile(graph, options);
      return {
        run: (inputs) => e.run(inputs.map((b) => (b as Slow).inner)).map((b) => new Slow(b)),
        dispose: () => e.dispose(),
      };
    },
    memory: () => inner.memory(),
    dispose: () => inner.dispose(),
  };
}
afterAll(() => {
  setBackend('reference');
});

const n = 20;
const x = Array.from({ length: n }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
const labels = Array.from({ length: n }, (_, i) => i % 3);

async function train(): Promise<unknown> {
  keras.utils.setRandomSeed(2);
  const m = keras.sequential([
    keras.layers.dense(4, { activation: 'relu', inputShape: [2] }),
    keras.layers.dropout(0.3),
    keras.layers.dense(3, { activation: 'softmax' }),
  ]);
  m.compile({
    optimizer: keras.optimizers.adam({ useEma: true, learningRate: 0.5 }),
    loss: 'crossentropy',
    metrics: ['accuracy'],
  });
  const seen: number[] = [];
  const h = await m.fit(x, labels, {
    epochs: 4,
    batchSize: 8,
    validationSplit: 0.2,
    verbose: 0,
    classWeight: { 1: 2 },
    callbacks: [
      keras.callbacks.earlyStopping({ patience: 1, restoreBestWeights: true }),
      keras.callbacks.terminateOnNaN(),
      keras.callbacks.lambdaCallback({ onTrainBatchEnd: (_, logs) => void seen.push(logs!.loss) }),
    ],
  });
  const batches = [fromData(Float32Array.from(x.flat()), [n, 2])];
  await m.fit(new Set(batches.map((b) => [b, labels])), { verbose: 0 });
  m.setWeights(m.getWeights().map((w) => w.mul(0.5)));
  const weights: number[][] = [];
  for (const w of m.getWeights()) weights.push([...(await w.data())]);
  return {
    history: h.history,
    seen,
    evaluate: await m.evaluate(x, labels, { verbose: 0 }),
    onBatch: await m.trainOnBatch(x, labels),
    predict: [...(await (await m.predict(x)).data())],
    parts: [...(await (await m.predict(x, { batchSize: 7 })).data())],
    weights,
  };
}

it('trains, evaluates, predicts, keeps and restores weights as any other backend', async () => {
  setBackend('reference');
  const want = await train();
  setBackend(slowBackend());
  expect(await train()).toEqual(want);
});

async function withCallbacks(logDir: string): Promise<unknown> {
  keras.utils.setRandomSeed(3);
  const { callbacks: c } = keras;
  const m = keras.sequential([keras.layers.dense(3, { activation: 'softmax', inputShape: [2] })]);
  const optimizer = keras.optimizers.adam({ useEma: true, learningRate: 0.5 });
  m.compile({ optimizer, loss: 'crossentropy' });
  const csv = c.csvLogger();
  const options = { histogramFreq: 1, updateFreq: 2, writeStepsPerSecond: true } as const;
  const h = await m.fit(x, labels, {
    epochs: 4,
    batchSize: 8,
    validationSplit: 0.2,
    verbose: 0,
    callbacks: [
      c.swapEMAWeights({ swapOnEpoch: true }),
      c.learningRateScheduler((epoch, rate) => (epoch === 2 ? rate / 2 : rate)),
      c.reduceLROnPlateau({ patience: 1, minDelta: 1 }),
      csv,
      c.tensorBoard(logDir, options),
    ],
  });
  const weights: number[][] = [];
  for (const w of m.getWeights()) weights.push([...(await w.data())]);
  const files = readdirSync(join(logDir, 'train')).map(
    (f) => statSync(join(logDir, 'train', f)).size,
  );
  return { history: h.history, text: csv.text, weights, files };
}

it('callbacks wait for what they read', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gradloom-async-'));
  try {
    setBackend('reference');
    const want = await withCallbacks(join(folder, 'a'));
    setBackend(slowBackend());
    expect(await withCallbacks(join(folder, 'b'))).toEqual(want);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('weights are saved and loaded, and an interrupted training goes on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gradloom-async-'));
  const { callbacks: c } = keras;
  const run = async (after?: number): Promise<unknown> => {
    keras.utils.setRandomSeed(4);
    const m = keras.sequential([
      keras.layers.dense(4, { activation: 'relu', inputShape: [2] }),
      keras.layers.dropout(0.3),
      keras.layers.dense(3, { activation: 'softmax' }),
    ]);
    m.compile({ optimizer: keras.optimizers.adam({ useEma: true }), loss: 'crossentropy' });
    let seen = 0;
    const stop = c.lambdaCallback({
      onTrainBatchEnd: () => {
        if (++seen === after) throw new Error('interrupted');
      },
    });
    const backup = c.backupAndRestore(join(folder, 'backup'), { saveFreq: 2 });
    const best = c.earlyStopping({ monitor: 'loss', patience: 5, restoreBestWeights: true });
    const callbacks = [backup, best, c.csvLogger(), stop];
    const h = await m.fit(x, labels, { epochs: 3, batchSize: 4, verbose: 0, callbacks });
    const path = join(folder, 'w.safetensors');
    await m.saveWeights(path);
    m.setWeights(m.getWeights().map((w) => w.mul(0)));
    await m.loadWeights(path);
    const weights: number[][] = [];
    for (const w of m.getWeights()) weights.push([...(await w.data())]);
    return { history: h.history, weights };
  };
  try {
    setBackend('reference');
    const want = await run();
    setBackend(slowBackend());
    for (const after of [4, 5]) await expect(run(after)).rejects.toThrow('interrupted');
    expect(await run()).toEqual(want);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
