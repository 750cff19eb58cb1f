/** Convolutions too large for the reference interpreter, against sums of products over the taps. */
import { afterAll, describe, expect, it } from 'vitest';
import { createWasmBackend } from '../backends/wasm/index.ts';
import { Graph, gradient, lax, type Value } from '../graph/index.ts';
import { sizeOf } from '../shape.ts';
import { lowerGraph } from './lower.ts';
import type { CpuTarget } from './program.ts';

const backend = createWasmBackend({ threads: 1 });
afterAll(() => backend.dispose());

type Pair = readonly [number, number];

/** Convolution as one matrix product for each tap of the kernel. */
function byTaps(x: Value, w: Value, stride: number, [lo, hi]: Pair): Value {
  const padded = lax.pad(x, 0, [0, lo, lo, 0], [0, hi, hi, 0]);
  const [kh, kw, c, o] = w.shape;
  const [n, h, wide] = padded.shape;
  const oh = Math.floor((h - kh) / stride) + 1;
  const ow = Math.floor((wide - kw) / stride) + 1;
  let sum: Value | undefined;
  for (let i = 0; i < kh; i++) {
    for (let j = 0; j < kw; j++) {
      const seen = lax.slice(
        padded,
        [0, i, j, 0],
        [n, i + (oh - 1) * stride + 1, j + (ow - 1) * stride + 1, c],
        [1, stride, stride, 1],
      );
      const tap = lax.reshape(lax.slice(w, [i, j, 0, 0], [i + 1, j + 1, c, o]), [c, o]);
      const product = lax.dot(lax.reshape(seen, [n * oh * ow, c]), tap);
      sum = sum ? lax.add(sum, product) : product;
    }
  }
  return lax.reshape(sum!, [n, oh, ow, o]);
}

function run(params: readonly Value[], outputs: readonly Value[]): Float32Array[] {
  const executable = backend.compile(new Graph(params, outputs, 'convolution'));
  const inputs = params.map((p, k) => {
    const data = Float32Array.from(
      { length: sizeOf(p.shape) },
      (_, i) => ((((i + 1) * 7919 * (k + 3)) % 1009) - 504) / 1009,
    );
    const buffer = backend.allocate(data.byteLength);
    buffer.write(new Uint8Array(data.buffer));
    return buffer;
  });
  const results = executable.run(inputs);
  const read = results.map((r) => new Float32Array(r.readSync().buffer));
  for (const b of [...inputs, ...results]) b.dispose();
  executable.dispose();
  return read;
}

/** The largest difference, in units of the largest number. */
function difference(a: Float32Array, b: Float32Array): number {
  let most = 0;
  let largest = 1e-30;
  a.forEach((v, i) => {
    most = Math.max(most, Math.abs(v - b[i]));
    largest = Math.max(largest, Math.abs(b[i]));
  });
  return most / largest;
}

describe('large convolutions', () => {
  const rows: [string, readonly number[], readonly number[], number, Pair][] = [
    [
      'results of the kernel gradient in several blocks',
      [3, 10, 9, 32],
      [5, 5, 32, 128],
      1,
      [2, 2],
    ],
    ['a kernel that is packed', [2, 9, 8, 256], [3, 3, 256, 256], 1, [1, 1]],
    ['lines of rows too wide for one block', [2, 7, 90, 64], [3, 3, 64, 40], 1, [1, 0]],
    ['strides', [3, 21, 20, 48], [3, 3, 48, 64], 2, [1, 1]],
    ['columns that fill no vector', [4, 12, 12, 33], [3, 3, 33, 70], 1, [0, 1]],
    ['few results from many places', [9, 30, 31, 2], [3, 3, 2, 5], 1, [1, 1]],
  ];
  for (const [name, xShape, wShape, stride, pair] of rows) {
    it(name, () => {
      const x = lax.parameter(xShape, 'float32');
      const w = lax.parameter(wShape, 'float32');
      const both = [
        lax.convGeneralDilated(x, w, { strides: [stride, stride], padding: [pair, pair] }),
        byTaps(x, w, stride, pair),
      ];
      const c = lax.parameter(both[0].shape, 'float32');
      const [got, want] = both.map((y) =>
        run([x, w, c], [y, ...gradient(lax.reduceSum(lax.mul(y, c)), [x, w])]),
      );
      got.forEach((g, i) => {
        expect(g.length).toBe(want[i].length);
        expect(difference(g, want[i]), `output ${i}`).toBeLessThan(1e-5);
      });
    });
  }
});

describe('what becomes of a convolution', () => {
  const target: CpuTarget = {
    name: 'native',
    lanes: 16,
    tileRows: 12,
    tileCols: 32,
    parallelThreshold: 16384,
  };
  const layer = (
    w: readonly number[],
    padding: Pair,
    groups = 1,
  ): ReturnType<typeof lowerGraph> => {
    const x = lax.parameter([8, 32, 32, 32], 'float32');
    const kernel = lax.parameter(w, 'float32');
    const bias = lax.parameter([w[3]], 'float32');
    const y = lax.convGeneralDilated(x, kernel, {
      strides: [1, 1],
      padding: [padding, padding],
      featureGroupCount: groups,
    });
    const z = lax.add(y, lax.broadcastTo(bias, y.shape));
    const out = lax.max(z, lax.full(z.shape, 0, 'float32'));
    return lowerGraph(new Graph([x, kernel, bias], [out]), { target });
  };

  it('is one kernel with bias and activation, and needs no memory beyond', () => {
    const program = layer([3, 3, 32, 64], [0, 0]);
    expect(program.steps).toHaveLength(1);
    expect(program.arenaBytes).toBe(0);
  });

  it('copies a padded input once, not once a tap', () => {
    const program = layer([3, 3, 32, 64], [1, 1]);
    expect(program.steps).toHaveLength(2);
    expect(program.arenaBytes).toBeLessThan(4 * 8 * 34 * 34 * 32 + 64);
  });

  it('is a plain product when its kernel is one by one', () => {
    const names = layer([1, 1, 32, 64], [0, 0]).steps.map((s) => s.kernel?.name);
    expect(names.join()).toMatch(/dot_general/);
    expect(names.join()).not.toMatch(/conv/);
  });

  it('is arithmetic on features when it is depthwise', () => {
    const program = layer([3, 3, 1, 32], [1, 1], 32);
    expect(program.steps).toHaveLength(1);
    expect(program.arenaBytes).toBe(0);
  });
});
