import { describe, expect, it } from 'vitest';
import { layout } from '../../codegen/wasm/layout.ts';
import { GradloomError } from '../../errors.ts';
import { Heap } from './heap.ts';

const page = 65536;

class Random {
  #state = 12345;
  below(n: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * n);
  }
}

describe.each([true, false])('a heap (shared: %s)', (shared) => {
  it('keeps blocks apart, aligned, and their contents through growth', () => {
    const heap = new Heap({ shared, maxBytes: 64 * 2 ** 20 });
    const r = new Random();
    const live = new Map<number, { size: number; mark: number }>();
    for (let round = 0; round < 4000; round++) {
      if (live.size > 0 && r.below(100) < 48) {
        const addresses = [...live.keys()];
        const a = addresses[r.below(addresses.length)];
        const { size, mark } = live.get(a)!;
        if (size > 0) {
          expect(heap.bytes[a]).toBe(mark);
          expect(heap.bytes[a + size - 1]).toBe(mark);
        }
        heap.give(a);
        live.delete(a);
        continue;
      }
      const size = r.below(10) === 0 ? r.below(200_000) : r.below(3000);
      const a = heap.take(size);
      expect(a % 64).toBe(0);
      expect(a).toBeGreaterThanOrEqual(layout.end);
      const mark = 1 + r.below(255);
      heap.bytes.fill(mark, a, a + size);
      live.set(a, { size, mark });
    }
    const blocks = [...live].sort((x, y) => x[0] - y[0]);
    for (let i = 1; i < blocks.length; i++)
      expect(blocks[i][0]).toBeGreaterThanOrEqual(blocks[i - 1][0] + blocks[i - 1][1].size);
    for (const [a, { size, mark }] of blocks) {
      expect(heap.bytes.subarray(a, a + size).every((b) => b === mark)).toBe(true);
      heap.give(a);
    }
    // All of it is one block again.
    expect(heap.taken).toBe(0);
    expect(heap.free).toEqual([[layout.end, heap.memory.buffer.byteLength - layout.end]]);
  });

  it('says how much was wanted when there is no more, and works on', () => {
    const heap = new Heap({ shared, maxBytes: 16 * page });
    const kept = heap.take(8 * page);
    let error: unknown;
    try {
      heap.take(9 * page);
    } catch (e) {
      error = e;
    }
    expect(error).toBeInstanceOf(GradloomError);
    const { code, message, facts } = error as GradloomError;
    expect(code).toBe('memory');
    expect(message).toMatch(/576 KiB more are needed where 512 KiB of at most 1.00 MiB are in use/);
    expect(facts).toEqual({ requested: 9 * page, taken: 8 * page, limit: 16 * page });
    const rest = heap.take(7 * page);
    heap.give(kept);
    heap.give(rest);
    expect(heap.taken).toBe(0);
  });

  it('takes the smallest block that fits', () => {
    const heap = new Heap({ shared, maxBytes: 16 * page });
    const a = heap.take(1024);
    heap.take(64);
    const b = heap.take(256);
    heap.take(64);
    heap.give(a);
    heap.give(b);
    // Looking at what is free ends the laying aside of blocks for their own size.
    expect(heap.free.length).toBe(3);
    expect(heap.take(200)).toBe(b);
    expect(heap.take(600)).toBe(a);
  });
});
