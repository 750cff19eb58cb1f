/** Subnormal numbers: kept where nobody says otherwise, out of the state of compiled programs. */
import { afterAll, describe, expect, it } from 'vitest';
import { Graph, lax } from '../graph/index.ts';
import { compile, type Tensor, tensor } from '../tensor/index.ts';
import type { Backend, DeviceBuffer } from './backend.ts';
import { createNativeBackend } from './native/index.ts';
import { compilers } from './native/testing.ts';
import { loadBackend, setBackend } from './registry.ts';
import { createWasmBackend } from './wasm/wasm.ts';

const smallest = 2 ** -126;
const n = 1000;

function upload(backend: Backend, values: Float32Array | Float64Array): DeviceBuffer {
  const buffer = backend.allocate(values.byteLength);
  buffer.write(new Uint8Array(values.buffer));
  return buffer;
}

/** Halves a state of float32 and adds nothing to it. */
function halve(backend: Backend, start: number, flushSubnormals: boolean): number[] {
  const m = lax.parameter([n], 'float32');
  const graph = new Graph([m], [lax.mul(m, lax.full([n], 0.5, 'float32'))]);
  const program = backend.compile(graph, { donate: [true], optimize: true, flushSubnormals });
  const [out] = program.run([upload(backend, new Float32Array(n).fill(start))]);
  return [...new Set(new Float32Array(out.readSync().buffer))];
}

const backends: [string, () => Backend][] = [
  ['wasm', () => createWasmBackend({ threads: 2 })],
  ...compilers().map((cc): [string, () => Backend] => [
    `native with ${cc}`,
    () => createNativeBackend({ cc, threads: 2 }),
  ]),
];

describe.each(backends)('%s', (_, make) => {
  const backend = make();
  afterAll(() => backend.dispose());

  it('keeps subnormal numbers where it is not told to flush them', () => {
    expect(halve(backend, smallest, false)).toEqual([smallest / 2]);
  });

  it('keeps them out of state where it is', () => {
    expect(halve(backend, smallest, true)).toEqual([0]);
    expect(halve(backend, -smallest, true).map(Math.abs)).toEqual([0]);
    expect(halve(backend, smallest * 2, true)).toEqual([smallest]);
    expect(halve(backend, Number.NaN, true)).toEqual([Number.NaN]);
    // The host computes as before.
    expect(Number.MIN_VALUE * 1).toBeGreaterThan(0);
  });

  it('leaves float64 alone', () => {
    const m = lax.parameter([n], 'float64');
    const graph = new Graph([m], [lax.mul(m, lax.full([n], 0.5, 'float64'))]);
    const program = backend.compile(graph, {
      donate: [true],
      optimize: true,
      flushSubnormals: true,
    });
    const [out] = program.run([upload(backend, new Float64Array(n).fill(2 ** -1060))]);
    expect(new Float64Array(out.readSync().buffer)[0]).toBe(2 ** -1061);
  });
});

it('lazy tensors keep them on every backend', async () => {
  for (const name of ['reference', 'wasm']) {
    await loadBackend(name);
    await setBackend(name);
    expect([...(await tensor([smallest]).mul(0.5).data())]).toEqual([smallest / 2]);
  }
  const twice = compile((x: Tensor) => x.mul(2));
  expect([...(await twice(tensor([smallest])).data())]).toEqual([smallest * 2]);
});
