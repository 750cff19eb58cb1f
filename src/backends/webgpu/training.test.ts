/** Keras on WebGPU in Node: a step is one submission, and what is learned is what `reference` learns. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as keras from '../../keras/index.ts';
import { compile, fromData, type Tensor, valueAndGrad } from '../../tensor/index.ts';
import { setBackend } from '../registry.ts';
import { losableGpu, tryWebgpu } from './testing.ts';
import { createWebgpuBackend, type WebgpuBackend } from './webgpu.ts';

const found = await tryWebgpu();
const name =
  'reason' in found ? `webgpu: ${found.reason}` : `webgpu on ${found.backend.description}`;

const n = 320;
let seed = 1;
const random = (): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
};
/** Pictures of the size of MNIST's, a bright patch a class. */
const labels = Int32Array.from({ length: n }, () => Math.floor(random() * 10));
const pictures = Float32Array.from({ length: n * 784 }, (_, i) => {
  const bright = Math.floor((i % 784) / 78) === labels[Math.floor(i / 784)];
  return random() * (bright ? 1 : 0.3);
});

function mlp(): keras.models.Sequential {
  keras.utils.setRandomSeed(7);
  const m = keras.sequential([
    keras.layers.dense(32, { activation: 'relu', inputShape: [784] }),
    keras.layers.dropout(0.2),
    keras.layers.dense(10, { activation: 'softmax' }),
  ]);
  m.compile({
    optimizer: 'adam',
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  });
  return m;
}

interface Outcome {
  readonly losses: number[];
  readonly evaluate: number[];
  readonly predictions: number[];
}

async function train(): Promise<Outcome> {
  const x = fromData(pictures.slice(), [n, 784]);
  const y = fromData(labels.slice(), [n], 'int32');
  const m = mlp();
  const h = await m.fit(x, y, { epochs: 3, batchSize: 32, validationSplit: 0.2, verbose: 0 });
  return {
    losses: [...h.history.loss, ...h.history.valLoss] as number[],
    evaluate: (await m.evaluate(x, y, { verbose: 0 })) as number[],
    predictions: Array.from((await (await m.predict(x)).data()).slice(0, 200)),
  };
}

const close = (got: readonly number[], want: readonly number[], within: number): void => {
  expect(got).toHaveLength(want.length);
  got.forEach((g, i) => {
    expect(Math.abs(g - want[i]), `element ${i}: ${g} for ${want[i]}`).toBeLessThanOrEqual(within);
  });
};

describe.skipIf('reason' in found)(name, () => {
  let backend: WebgpuBackend;
  beforeAll(() => {
    backend = (found as { backend: WebgpuBackend }).backend;
  });
  afterAll(() => {
    setBackend('reference');
    backend.dispose();
  });

  it('trains, evaluates and predicts as the reference does', async () => {
    setBackend('reference');
    const want = await train();
    setBackend(backend);
    const got = await train();
    close(got.losses, want.losses, 1e-3);
    close(got.evaluate, want.evaluate, 1e-3);
    close(got.predictions, want.predictions, 1e-3);
    expect(want.losses[2]).toBeLessThan(0.8 * want.losses[0]);
  });

  it('submits a training step once', async () => {
    setBackend(backend);
    const x = fromData(pictures.slice(), [n, 784]);
    const y = fromData(labels.slice(), [n], 'int32');
    const m = mlp();
    const count = async (epochs: number): Promise<number> => {
      const before = backend.submissions;
      await m.fit(x, y, { epochs, batchSize: 32, verbose: 0 });
      return backend.submissions - before;
    };
    await count(1);
    // Ten steps more make ten submissions more, and what an epoch's end reads.
    const reads = 4;
    const [two, four] = [await count(2), await count(4)];
    expect(four - two).toBeGreaterThanOrEqual(2 * 10);
    expect(four - two).toBeLessThanOrEqual(2 * (10 + reads));
    const w = fromData(new Float32Array(784 * 10), [784, 10]);
    const step = compile((p: Tensor, batch: Tensor) => {
      const [loss, g] = valueAndGrad((q: Tensor) => batch.matmul(q).tanh().sum())(p);
      return [loss, p.sub((g as Tensor).mul(0.1))];
    });
    const batch = x.slice([0, 32]).realize();
    step(w, batch);
    const before = backend.submissions;
    step(w, batch);
    expect(backend.submissions - before).toBe(1);
  });

  it('goes on after the loss of the device, from what was kept on the host', async () => {
    const rows = (from: number, to: number): [number[][], number[]] => [
      Array.from({ length: to - from }, (_, i) => [
        ...pictures.subarray((from + i) * 784, (from + i + 1) * 784),
      ]),
      [...labels.subarray(from, to)],
    ];
    const [x, y] = rows(0, 96);
    const options = { epochs: 3, batchSize: 16, verbose: 0 } as const;
    const weightsOf = async (m: keras.models.Sequential): Promise<number[]> => {
      const out: number[] = [];
      for (const w of m.getWeights()) out.push(...(await w.data()));
      return out;
    };
    setBackend(backend);
    const whole = mlp();
    await whole.fit(x, y, options);
    const want = await weightsOf(whole);

    const { gpu, lose } = await losableGpu();
    const fragile = await createWebgpuBackend({ gpu });
    setBackend(fragile);
    const m = mlp();
    const kept = keras.callbacks.keepOnHost({ saveFreq: 4 });
    const lightning = keras.callbacks.lambdaCallback({
      onTrainBatchEnd: async (batch) => {
        if (kept.place?.epoch === 1 && batch === 5) await lose('lightning');
      },
    });
    const interrupted = m.fit(x, y, { ...options, callbacks: [kept, lightning] });
    await expect(interrupted).rejects.toMatchObject({ code: 'device-lost' });
    expect(kept.place).toEqual({ epoch: 1, batch: 2 });
    setBackend(backend);
    await m.fit(x, y, { ...options, callbacks: [kept] });
    expect(kept.place).toBeUndefined();
    close(await weightsOf(m), want, 0);
    fragile.dispose();
  });
});
