/** Loops whose results pile up: memory must not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../backends/backend.ts';
import { setBackend } from '../backends/registry.ts';
import { compile, type Tensor, tensor } from './index.ts';

const MB = 2 ** 20;
let backend: Backend;
beforeAll(() => {
  backend = setBackend('wasm', { threads: 1 });
});
afterAll(() => {
  setBackend('reference');
});

const start = (): Tensor => tensor(new Float32Array(2 * MB)).realize(); // 8 MB

describe('device memory stays bounded', () => {
  it('in a loop that waits for its reads', async () => {
    let x = start();
    for (let i = 0; i < 120; i++) {
      x = x.add(1).realize();
      await x.slice(0).data();
    }
    expect(x.slice(0).item()).toBe(120);
    // Without collection: 960 MB.
    expect(backend.memory().bytes).toBeLessThan(500 * MB);
  });
  it('in a loop that never waits', () => {
    let x = start();
    for (let i = 0; i < 120; i++) x = x.add(1).realize();
    expect(x.slice(0).item()).toBe(120);
    expect(backend.memory().bytes).toBeLessThan(1100 * MB);
  });
  it('in a loop over a compiled function', async () => {
    const before = backend.memory().bytes;
    const step = compile((x: Tensor) => x.add(1), { donate: [0] });
    let x = start();
    for (let i = 0; i < 200; i++) x = step(x);
    expect(x.slice(0).item()).toBe(200);
    expect(backend.memory().bytes - before).toBeLessThan(50 * MB);
  });
});
