/** When tensors are computed, and how often something is compiled for it. */
import { beforeEach, describe, expect, it } from 'vitest';
import { availableBackends, setBackend } from '../backends/registry.ts';
import { type Tensor, tensor } from './index.ts';
import { type Counts, countingBackend } from './test-backend.ts';

let counts: Counts;
beforeEach(() => {
  counts = countingBackend();
});

describe('laziness', () => {
  it('computes nothing until something is read', () => {
    const x = tensor([1, 2, 3]);
    const y = x.mul(2).add(1).sum();
    expect([y.shape, y.dtype]).toEqual([[], 'float32']);
    expect(counts).toEqual({ compiled: 0, runs: 0 });
    expect(y.item()).toBe(15);
    expect(counts).toEqual({ compiled: 1, runs: 1 });
  });

  it('computes a tensor once, however often it is read', async () => {
    const y = tensor([1, 2]).exp();
    y.dataSync();
    await y.data();
    y.toString();
    y.arraySync();
    expect(counts.runs).toBe(1);
  });

  it('does not compute what was computed again', () => {
    const y = tensor([1, 2]).exp().realize();
    expect(y.log().add(y).arraySync()).toHaveLength(2);
    expect(counts.runs).toBe(2);
    expect(counts.compiled).toBe(2);
  });

  it('reads host data and plain numbers without a backend', () => {
    expect(tensor([[1, 2]]).arraySync()).toEqual([[1, 2]]);
    expect(tensor(3).item()).toBe(3);
    expect(counts).toEqual({ compiled: 0, runs: 0 });
  });

  it('keeps a value shared by later work after a second use, instead of computing it each time', () => {
    const shared = tensor([1, 2, 3]).exp();
    for (let i = 0; i < 10; i++) shared.add(i).dataSync();
    // Read in passing, then kept: whatever is compiled, it is not one program per step.
    expect(counts.compiled).toBeLessThanOrEqual(5);
    expect(shared.arraySync()).toHaveLength(3);
  });

  it('hands out copies', () => {
    const x = tensor([1, 2]);
    x.dataSync()[0] = 9;
    const y = x.add(1);
    y.dataSync()[0] = 9;
    expect([x.arraySync(), y.arraySync()]).toEqual([
      [1, 2],
      [2, 3],
    ]);
  });
});

describe('the cache of executables', () => {
  it('compiles a loop with changing numbers once', () => {
    let w = tensor([1, 2, 3]);
    for (let i = 1; i <= 50; i++) {
      w = w.sub(w.mul(0.1 / i)).realize();
    }
    expect(counts).toEqual({ compiled: 1, runs: 50 });
  });

  it('goes by structure, shape and dtype', () => {
    const f = (x: Tensor): unknown => x.mul(3).sum().item();
    f(tensor([1, 2]));
    f(tensor([5, 6]));
    expect(counts.compiled).toBe(1);
    f(tensor([1, 2, 3]));
    f(tensor([1, 2], { dtype: 'int32' }));
    expect(counts.compiled).toBe(3);
  });

  it('tells graphs apart that only share differently', () => {
    const [a, b] = [tensor([1]), tensor([2])];
    expect(a.add(3).mul(a.add(3)).item()).toBe(16);
    expect(a.add(3).mul(b.add(3)).item()).toBe(20);
    expect(a.sub(b).item()).toBe(-1);
    expect(b.sub(a).item()).toBe(1);
  });
});

describe('long chains', () => {
  it.each(availableBackends())('100,000 operations that nobody reads in between: %s', (name) => {
    const c = countingBackend(name);
    let x = tensor([0, 1]);
    for (let i = 0; i < 100_000; i++) x = x.add(1);
    expect(x.arraySync()).toEqual([100_000, 100_001]);
    expect(c.compiled).toBeLessThanOrEqual(4);
  });

  it('a value used twice at every step', () => {
    let x = tensor([1]);
    for (let i = 0; i < 3000; i++) x = x.add(x).mul(0.5);
    expect(x.item()).toBe(1);
  });
});

describe('other backends', () => {
  it('moves contents over when they are next used', () => {
    const names = availableBackends();
    let x = tensor([1, 2]);
    const all: Tensor[] = [];
    for (const name of [...names, ...names]) {
      setBackend(name);
      x = x.mul(2).realize();
      all.push(x);
    }
    expect(x.arraySync()).toEqual([1, 2].map((v) => v * 2 ** all.length));
    // Tensors of every backend, in one operation.
    setBackend('wasm');
    expect(all.reduce((a, b) => a.add(b)).arraySync()).toEqual(
      [1, 2].map((v) => v * (2 ** (all.length + 1) - 2)),
    );
    setBackend('reference');
    expect(all[0].arraySync()).toEqual([2, 4]);
  });

  it('runs what was pending on the backend of the moment', () => {
    const y = tensor([1, 2]).add(1);
    const c = countingBackend('wasm');
    expect(y.arraySync()).toEqual([2, 3]);
    expect([counts.runs, c.runs]).toEqual([0, 1]);
  });

  it('refuses unknown names', () => {
    expect(() => setBackend('wsm')).toThrow(/Unknown backend "wsm".*wasm/s);
  });
});
