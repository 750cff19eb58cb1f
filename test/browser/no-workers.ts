/** A page whose policy forbids workers: one thread does it all. */
import * as gradloom from '../../src/index.ts';
import * as keras from '../../src/keras/index.ts';
import { describe, expect, it, run } from './harness.ts';

describe('a page that may not start workers', () => {
  it('trains with one thread', async () => {
    const model = keras.sequential([
      keras.layers.dense(128, { activation: 'relu', inputShape: [256] }),
      keras.layers.dense(1),
    ]);
    model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
    const x = keras.random.normal([4096, 256], { seed: 1 });
    const { history } = await model.fit(x, x.sum({ axis: 1, keepdims: true }), {
      epochs: 5,
      verbose: 0,
    });
    expect(crossOriginIsolated).toBe(true);
    expect(history.loss[4]).toBeLessThan(history.loss[0] / 2);
    expect((gradloom.getBackend() as unknown as { threads: number }).threads).toBe(1);
  });
});
await run();
