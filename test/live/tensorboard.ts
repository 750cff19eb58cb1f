/**
 * Whether the real TensorBoard reads what the callback writes: trains a small network, has TensorBoard's
 * own code read the event files, and compares what it finds with what was trained.
 *
 *     PYTHON=venv/bin/python npx tsx --conditions=gradloom-source test/live/tensorboard.ts
 *
 * Says so and ends without an error where there is no Python with the package tensorboard.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setBackend } from '../../src/backends/registry.ts';
import * as keras from '../../src/keras/index.ts';

interface Found {
  readonly plugin: string;
  readonly points: readonly { readonly step: number; readonly value: unknown }[];
}
type Runs = Record<'train' | 'validation', Record<string, Found>>;

const { layers } = keras;

function network(): keras.Model {
  const image = keras.input({ shape: [6, 6, 1], name: 'image' });
  const features = keras.sequential(
    [layers.conv2D(4, 3, { activation: 'relu', name: 'conv' }), layers.flatten({ name: 'flat' })],
    { name: 'features' },
  );
  const h = features.apply(image);
  const [a, b] = [layers.dense(3, { name: 'a' }).apply(h), layers.dense(3, { name: 'b' }).apply(h)];
  const sum = layers.add({ name: 'sum' }).apply([a, b]);
  const m = keras.model({ inputs: image, outputs: layers.dense(2, { name: 'out' }).apply(sum) });
  m.compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae'] });
  return m;
}

function readWithTensorBoard(folder: string): Runs | undefined {
  const python = process.env.PYTHON ?? 'python3';
  const script = fileURLToPath(new URL('read_events.py', import.meta.url));
  const run = spawnSync(python, [script, folder], { encoding: 'utf8', maxBuffer: 2 ** 27 });
  if (run.error) {
    console.log(`skipped: there is no ${python} (${run.error.message}). Set PYTHON.`);
    return undefined;
  }
  assert.equal(run.status, 0, run.stderr);
  const found = JSON.parse(run.stdout);
  if ('missing' in found) {
    console.log(`skipped: ${python} has no tensorboard (${found.missing}).`);
    return undefined;
  }
  return found;
}

const folder = mkdtempSync(join(tmpdir(), 'gradloom-live-'));
try {
  setBackend('wasm');
  keras.utils.setRandomSeed(1);
  const x = Array.from({ length: 24 }, (_, n) =>
    Array.from({ length: 6 }, (_, i) => Array.from({ length: 6 }, (_, j) => [Math.sin(n + i * j)])),
  );
  const y = x.map((image) => [image[0][0][0], image[5][5][0]]);
  const m = network();
  const epochs = 3;
  const { history } = await m.fit(x, y, {
    epochs,
    batchSize: 8,
    verbose: 0,
    validationSplit: 0.25,
    callbacks: [
      keras.callbacks.tensorBoard(folder, {
        histogramFreq: 1,
        writeImages: true,
        writeStepsPerSecond: true,
        updateFreq: 'batch',
      }),
    ],
  });
  const found = readWithTensorBoard(folder);
  if (found) {
    const { train, validation } = found;
    const scalars = (run: Runs['train'], tag: string): number[] => {
      assert.equal(run[tag].plugin, 'scalars');
      return run[tag].points.map((p) => p.value as number);
    };
    for (const name of ['loss', 'mae']) {
      assert.deepEqual(scalars(train, `epoch_${name}`), history[name]);
      assert.deepEqual(scalars(validation, `epoch_${name}`), history[`val_${name}`]);
      assert.deepEqual(
        scalars(validation, `evaluation_${name}_vs_iterations`),
        history[`val_${name}`],
      );
      assert.equal(scalars(train, `batch_${name}`).length, 9);
    }
    assert.deepEqual(
      train.epoch_loss.points.map((p) => p.step),
      [0, 1, 2],
    );
    assert.equal(scalars(train, 'epoch_steps_per_second').length, epochs);
    assert.deepEqual(scalars(train, 'epoch_learning_rate'), Array(epochs).fill(Math.fround(0.001)));
    const histograms = Object.entries(train).filter(([, f]) => f.plugin === 'histograms');
    assert.equal(histograms.length, m.weights.length);
    for (const [tag, { points }] of histograms) {
      const weight = m.weights.find((w) => tag.endsWith(`${w.path}/histogram`))!;
      const rows = points.at(-1)!.value as number[][];
      const values = weight.tensor.dataSync();
      assert.equal(rows.length, 30);
      assert.equal(
        rows.reduce((n, r) => n + r[2], 0),
        weight.size,
      );
      assert.equal(rows[0][0], Math.min(...values));
      assert.equal(rows[29][1], Math.max(...values));
    }
    // A kernel of [3, 3, 1, 4] is four pictures, of which three are shown.
    const pictures = Object.entries(train).filter(([, f]) => f.plugin === 'images');
    const conv = pictures.find(([tag]) => tag.includes('conv') && tag.includes('kernel'))![1];
    assert.deepEqual(conv.points[0].value, [3, 3, 3]);
    const nodes = new Map(train.keras.points[0].value as [string, string[]][]);
    const name = (n: string): string => [...nodes.keys()].find((k) => k.endsWith(`/${n}`))!;
    assert.deepEqual(nodes.get(name('sum')), [name('a'), name('b')]);
    assert.deepEqual(nodes.get(name('out')), [name('sum')]);
    assert.deepEqual(nodes.get(name('a')), [name('flat')]);
    console.log(
      `TensorBoard reads all of it: ${Object.keys(train).length} tags of training, ${Object.keys(validation).length} of validation, ${histograms.length} histograms, ${pictures.length} pictures, a graph of ${nodes.size} layers.`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
