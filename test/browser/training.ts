/** Training in a page: the figures, the threads, and that the page stays alive meanwhile. */
import * as gradloom from '../../src/index.ts';
import * as keras from '../../src/keras/index.ts';
import { describe, expect, it, note, run } from './harness.ts';

const { layers } = keras;
const webgpu = new URLSearchParams(location.search).get('backend') === 'webgpu';
if (webgpu) await gradloom.loadBackend('webgpu');

/** Pictures of one of ten patterns each under noise: learnt in an epoch. */
function pictures(n: number): [gradloom.Tensor, gradloom.Tensor] {
  let state = 1;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const patterns = Array.from({ length: 10 }, () => Float32Array.from({ length: 784 }, random));
  const x = new Float32Array(n * 784);
  const y = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    y[i] = Math.floor(random() * 10);
    for (let j = 0; j < 784; j++) x[i * 784 + j] = 0.5 * patterns[y[i]][j] + 0.5 * random();
  }
  return [gradloom.fromData(x, [n, 784]), gradloom.fromData(y, [n])];
}

function network(): keras.Model {
  const model = keras.sequential([
    layers.dense(128, { activation: 'relu', inputShape: [784] }),
    layers.dropout(0.5),
    layers.dense(10, { activation: 'softmax' }),
  ]);
  model.compile({
    optimizer: 'adam',
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  });
  return model;
}

/** How the event loop fares from now until `stop`: milliseconds from one turn of a timer to the next. */
function watchTimers(): { stop(): { ticks: number; frames: number; longest: number; ms: number } } {
  const start = performance.now();
  let last = start;
  let [ticks, frames, longest] = [0, 0, 0];
  let going = true;
  const tick = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    ticks++;
    if (going) setTimeout(tick, 0);
  };
  const frame = (): void => {
    frames++;
    if (going) requestAnimationFrame(frame);
  };
  setTimeout(tick, 0);
  requestAnimationFrame(frame);
  return {
    stop() {
      going = false;
      const now = performance.now();
      return { ticks, frames, longest: Math.max(longest, now - last), ms: now - start };
    },
  };
}

const threads = (): number =>
  (gradloom.getBackend() as unknown as { threads?: number }).threads ?? 0;

describe('training', () => {
  it('learns, and gives the event loop its turns', async () => {
    keras.utils.setRandomSeed(3);
    const [x, y] = pictures(webgpu ? 1280 : 12_800);
    const model = network();
    let watch: ReturnType<typeof watchTimers> | undefined;
    // The first epoch compiles, in one piece.
    const start = watchTimers();
    let compiling = 0;
    const afterFirst = keras.callbacks.lambdaCallback({
      onEpochBegin: (epoch) => {
        if (epoch !== 1) return;
        compiling = start.stop().longest;
        watch = watchTimers();
      },
    });
    const options = {
      epochs: webgpu ? 4 : 6,
      batchSize: 64,
      verbose: 0,
      callbacks: [afterFirst],
    } as const;
    const { history } = await model.fit(x, y, options);
    const { ticks, frames, longest, ms } = watch!.stop();
    note(
      `${gradloom.getBackend().name}: ${ticks} turns of a timer and ${frames} frames in ${ms.toFixed(0)} ms of training, the longest wait ${longest.toFixed(0)} ms (${compiling.toFixed(0)} ms while compiling)${webgpu ? '' : `, ${threads()} threads`}`,
    );
    expect(history.accuracy.at(-1)).toBeGreaterThan(0.98);
    // Without turns there would be one wait, as long as all of it; how long the waits are in truth is up
    // to what else the machine does.
    expect(longest).toBeLessThan(Math.max(300, ms / 3));
    expect(ticks).toBeGreaterThan(8);
    expect(frames).toBeGreaterThan(0);
  });

  if (webgpu)
    it('runs where it was asked to', () => expect(gradloom.getBackend().name).toBe('webgpu'));
  else
    it('has threads where the page is isolated, and one where it is not', async () => {
      const wanted = crossOriginIsolated ? Math.min(navigator.hardwareConcurrency, 8) : 1;
      for (let i = 0; i < 500 && threads() < wanted; i++)
        await new Promise((done) => setTimeout(done, 10));
      expect(threads()).toBe(wanted);
    });

  it('stops at an AbortSignal that a timer fires', async () => {
    const [x, y] = pictures(webgpu ? 640 : 6400);
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 200);
    const code = await network()
      .fit(x, y, { epochs: 10_000, verbose: 0, signal: stop.signal })
      .then(
        () => 'no error',
        (error: gradloom.GradloomError) => error.code,
      );
    expect(code).toBe('aborted');
  });
});
await run();
