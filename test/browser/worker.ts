/** Training in a worker of the page's own, which then may have threads of its own. */
import { describe, expect, it, run } from './harness.ts';

describe('a worker', () => {
  it('trains while the page does other things', async () => {
    const worker = new Worker('/built/in-worker.js', { type: 'module' });
    const answer = await new Promise<{ loss: number[]; threads: number; isolated: boolean }>(
      (resolve, reject) => {
        worker.onmessage = (e) => resolve(e.data);
        worker.onerror = (e) => reject(new Error(e.message));
      },
    );
    worker.terminate();
    expect(answer.isolated).toBe(crossOriginIsolated);
    expect(answer.threads).toBe(
      crossOriginIsolated ? Math.min(navigator.hardwareConcurrency, 8) : 1,
    );
    expect(answer.loss.length).toBe(20);
    expect(answer.loss[19]).toBeLessThan(answer.loss[0] / 2);
  });
});
await run();
