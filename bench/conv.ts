/**
 * Convolution layers, forward and both gradients, one after the other:
 *
 *     npx tsx bench/conv.ts [native|wasm] [threads] [layer]
 *
 * Best of many runs, in GFLOP/s (a multiplication and an addition are two). `bench/peers/conv.py`
 * measures the same layers with PyTorch and JAX.
 */
import { NativeBackend } from '../src/backends/native/backend.ts';
import { loadRuntime } from '../src/backends/native/runtime.ts';
import { createWasmBackend } from '../src/backends/wasm/index.ts';
import { Graph, gradient, lax, type Value } from '../src/graph/index.ts';
import { sizeOf } from '../src/shape.ts';

const [which = 'native', threadsText, only] = process.argv.slice(2);
const threads = Number(threadsText ?? 0) || undefined;
const backend =
  which === 'wasm'
    ? createWasmBackend(threads ? { threads } : {})
    : new NativeBackend(loadRuntime({}), threads ? { threads } : {});

interface Layer {
  readonly name: string;
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly pad: number;
  readonly stride?: number;
  readonly groups?: number;
}

const layers: readonly Layer[] = [
  { name: '28x28x1 -> 32, valid', x: [64, 28, 28, 1], w: [3, 3, 1, 32], pad: 0 },
  { name: '26x26x32 -> 64, valid', x: [64, 26, 26, 32], w: [3, 3, 32, 64], pad: 0 },
  { name: '32x32x64 -> 64, same', x: [64, 32, 32, 64], w: [3, 3, 64, 64], pad: 1 },
  { name: '16x16x128 -> 128, same', x: [64, 16, 16, 128], w: [3, 3, 128, 128], pad: 1 },
  { name: '8x8x256 -> 256, same', x: [64, 8, 8, 256], w: [3, 3, 256, 256], pad: 1 },
  { name: '32x32x64 -> 128, by 2', x: [64, 32, 32, 64], w: [3, 3, 64, 128], pad: 1, stride: 2 },
  { name: '32x32x3 -> 64, same', x: [64, 32, 32, 3], w: [3, 3, 3, 64], pad: 1 },
  { name: '32x32x64 depthwise', x: [64, 32, 32, 64], w: [3, 3, 1, 64], pad: 1, groups: 64 },
];

async function time(
  name: string,
  params: Value[],
  outputs: Value[],
  flops: number,
): Promise<string> {
  const t0 = performance.now();
  const executable = backend.compile(new Graph(params, outputs, name), { name });
  const inputs = params.map((p) => {
    const data = new Float32Array(sizeOf(p.shape)).map(() => Math.random() - 0.5);
    const buffer = backend.allocate(data.byteLength);
    buffer.write(new Uint8Array(data.buffer));
    return buffer;
  });
  const run = async (): Promise<void> => {
    const out = executable.run(inputs);
    if (!backend.sync) await out[0].read();
    for (const o of out) o.dispose();
  };
  await run();
  const first = performance.now() - t0;
  let best = Infinity;
  const until = performance.now() + 1000;
  for (let i = 0; i < 3 || performance.now() < until; i++) {
    const t = performance.now();
    await run();
    best = Math.min(best, performance.now() - t);
  }
  executable.dispose();
  for (const b of inputs) b.dispose();
  return `${name} ${best.toFixed(2)} ms ${(flops / best / 1e6).toFixed(0)} GF/s (first ${first.toFixed(0)} ms)`;
}

for (const l of layers) {
  if (only && !l.name.includes(only)) continue;
  const x = lax.parameter(l.x, 'float32');
  const w = lax.parameter(l.w, 'float32');
  const s = l.stride ?? 1;
  const y = lax.convGeneralDilated(x, w, {
    strides: [s, s],
    padding: [
      [l.pad, l.pad],
      [l.pad, l.pad],
    ],
    featureGroupCount: l.groups ?? 1,
  });
  const g = lax.parameter(y.shape, 'float32');
  const [dx, dw] = gradient(lax.reduceSum(lax.mul(y, g)), [x, w]);
  const flops = 2 * sizeOf(y.shape) * l.w[0] * l.w[1] * l.w[2];
  console.log(l.name);
  console.log('  ', await time('forward', [x, w], [y], flops));
  console.log('  ', await time('input  ', [g, w], [dx], flops));
  console.log('  ', await time('kernel ', [x, g], [dw], flops));
}
backend.dispose();
