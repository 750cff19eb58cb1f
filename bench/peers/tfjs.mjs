// What the TensorFlow.js programs share: the wasm backend with SIMD, the command line, MNIST's idx files.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

export const { values: args } = parseArgs({
  options: {
    data: { type: 'string' },
    epochs: { type: 'string', default: '2' },
    steps: { type: 'string', default: '100' },
    threads: { type: 'string', default: '0' }, // taken for the other peers' sake: see `flags`
  },
});

function leave(why) {
  console.error(why);
  process.exit(3);
}

const require = createRequire(import.meta.url);
let tf;
try {
  tf = await import('@tensorflow/tfjs');
  const wasm = await import('@tensorflow/tfjs-backend-wasm');
  wasm.setWasmPaths(
    `${join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'dist')}/`,
  );
  await tf.setBackend('wasm');
  await tf.ready();
  if (tf.getBackend() !== 'wasm') throw new Error('its wasm backend does not start');
} catch (e) {
  leave(`TensorFlow.js is not installed: ${e.message.split('\n')[0]}`);
}
export default tf;

/** What it runs with. In Node it turns threads off by itself (tensorflow/tfjs issue 3830). */
export const flags = {
  simd: await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT'),
  threads: await tf.env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT'),
};
export const versions = { node: process.version, tfjs: tf.version.tfjs };

function idx(name) {
  if (!args.data) leave("MNIST's folder (--data) is not given");
  const file = [join(args.data, 'data', name), join(args.data, name)].find((f) => existsSync(f));
  if (!file) leave(`MNIST file ${name} is not in ${args.data}`);
  const raw = readFileSync(file);
  return raw.subarray(4 + 4 * raw[3]);
}

/** Images as float32 / 255 and labels, the first `count` of them. */
export function mnist(part, count) {
  const x = idx(`${part}-images-idx3-ubyte`).subarray(0, count * 784);
  const y = idx(`${part}-labels-idx1-ubyte`).subarray(0, count);
  return [Float32Array.from(x, (v) => v / 255), Float32Array.from(y)];
}
