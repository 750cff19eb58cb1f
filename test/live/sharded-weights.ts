/**
 * Weights in shards against real Keras: what Keras writes is read here, what is written here is read by
 * Keras, and both predict the same.
 *
 *     GRADLOOM_PYTHON=venv/bin/python npx tsx --conditions=gradloom-source test/live/sharded-weights.ts
 *
 * Says so and ends without an error where there is no Python with Keras.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setBackend } from '../../src/backends/registry.ts';
import { decodeNpz } from '../../src/formats/npz.ts';
import * as keras from '../../src/keras/index.ts';
import { fromData, type Tensor } from '../../src/tensor/index.ts';

const python = process.env.GRADLOOM_PYTHON ?? 'python3';
/** Reads b's weights where there are some, and says what the model predicts; else writes a's. */
const script = `
import os, sys
os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
try:
    import keras, numpy as np
except ImportError as e:
    print("missing", e.name); sys.exit(0)
folder, size = sys.argv[1], float(sys.argv[2])
keras.utils.set_random_seed(4)
x = keras.Input((6, 3))
y = keras.layers.Bidirectional(keras.layers.LSTM(4))(x)
y = keras.layers.BatchNormalization()(keras.layers.Dense(5, activation="relu")(y))
inner = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3), keras.layers.PReLU()])
model = keras.Model(x, inner(y))
data = np.random.default_rng(1).normal(size=(4, 6, 3)).astype("float32")
path = f"{folder}/b.weights.json"
if os.path.exists(path):
    model.load_weights(path)
else:
    model.set_weights([np.random.default_rng(i).uniform(.1, 1, w.shape) for i, w in enumerate(model.get_weights())])
    model.save(f"{folder}/a.keras")
    model.save_weights(f"{folder}/a.weights.json", max_shard_size=size / 2**30)
np.savez(f"{folder}/y.npz", x=data, y=model.predict(data, verbose=0))
`;

function keras3(folder: string, size: number): boolean {
  const run = spawnSync(python, ['-c', script, folder, String(size)], { encoding: 'utf8' });
  if (run.error || run.stdout.startsWith('missing')) {
    console.log(`skipped: ${run.error?.message ?? run.stdout.trim()}. Set GRADLOOM_PYTHON.`);
    return false;
  }
  if (run.status !== 0) throw new Error(run.stderr);
  return true;
}

let [passed, failed] = [0, 0];
setBackend('wasm');
for (const size of [600, 1000, 1e8]) {
  const folder = mkdtempSync(join(tmpdir(), 'gradloom-shards-'));
  try {
    if (!keras3(folder, size)) break;
    const arrays = async (): Promise<[Tensor, ArrayLike<number>]> => {
      const found = await decodeNpz(readFileSync(join(folder, 'y.npz')));
      const x = found.get('x')!;
      return [fromData(x.data, x.shape, x.dtype), found.get('y')!.data as Float32Array];
    };
    const near = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
      a.length === b.length &&
      Array.from(a).every((v, i) => Math.abs(v - b[i]) <= 1e-5 * (1 + Math.abs(b[i])));
    const check = (what: string, ok: boolean): void => {
      if (ok) passed++;
      else failed++;
      console.log(`${ok ? 'the same' : 'APART'}: shards of ${size} bytes, ${what}`);
    };
    const model = await keras.saving.loadModel(join(folder, 'a.keras'));
    const [x, y] = await arrays();
    // Other weights first, so that what is read shows.
    model.setWeights(model.getWeights().map((w) => w.mul(0.5)));
    await model.loadWeights(join(folder, 'a.weights.json'));
    check('from Keras', near((await model.predict(x)).dataSync(), y));
    model.setWeights(model.getWeights().map((w) => w.mul(0.5)));
    const ours = (await model.predict(x)).dataSync();
    const o = { maxShardSize: size / 2 ** 30 };
    await model.saveWeights(join(folder, 'b.weights.json'), o);
    keras3(folder, size);
    check('to Keras', near(ours, (await arrays())[1]));
    // Over the set that is there: under other names.
    model.setWeights(model.getWeights().map((w) => w.mul(0.7)));
    const next = (await model.predict(x)).dataSync();
    await model.saveWeights(join(folder, 'b.weights.json'), o);
    keras3(folder, size);
    check('to Keras, over an earlier set', near(next, (await arrays())[1]));
    check('which differs from it', !near(next, ours));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
