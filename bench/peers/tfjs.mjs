// What the TensorFlow.js programs share: the wasm backend, with SIMD and threads where it has them.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

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
} catch (e) {
  console.error(`TensorFlow.js is not installed: ${e.message.split('\n')[0]}`);
  process.exit(3);
}
export default tf;
