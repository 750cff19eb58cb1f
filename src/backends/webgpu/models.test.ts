/**
 * A model of each kind, twenty steps on WebGPU in Node with the losses of the reference. Two of them,
 * or all with GRADLOOM_WEBGPU_TESTS=all, or those whose names match it.
 */
import { afterAll, describe, expect, it } from 'vitest';
import * as keras from '../../keras/index.ts';
import { fromData, type Tensor } from '../../tensor/index.ts';
import { setBackend } from '../registry.ts';
import { tryWebgpu } from './testing.ts';

const { layers } = keras;
const found = await tryWebgpu();
const wanted = process.env.GRADLOOM_WEBGPU_TESTS ?? '^(convolutions|lstm)$';
const pattern = new RegExp(wanted === 'all' ? '' : wanted);

type Layer = Parameters<typeof keras.sequential>[0] extends readonly (infer L)[] | undefined
  ? L
  : never;

interface Kind {
  /** Of one sample. */
  readonly shape: readonly number[];
  readonly body: () => Layer[];
  /** Whole numbers below this in place of numbers from -1 to 1. */
  readonly tokens?: number;
}

const kinds: Record<string, Kind> = {
  'dense, dropout, activations': {
    shape: [12],
    body: () => [
      layers.dense(16, { activation: 'gelu' }),
      layers.dropout(0.3),
      layers.dense(8, { activation: 'selu' }),
      layers.leakyReLU(),
    ],
  },
  convolutions: {
    shape: [8, 8, 2],
    body: () => [
      layers.conv2D(6, 3, { padding: 'same', activation: 'relu' }),
      layers.maxPooling2D(2),
      layers.conv2D(4, 3),
      layers.flatten(),
    ],
  },
  'depthwise, separable, transposed': {
    shape: [8, 8, 3],
    body: () => [
      layers.depthwiseConv2D(3),
      layers.separableConv2D(5, 3, { strides: 2, padding: 'same' }),
      layers.conv2DTranspose(4, 3, { strides: 2 }),
      layers.averagePooling2D(2),
      layers.globalAveragePooling2D(),
    ],
  },
  'one and three dimensions': {
    shape: [6, 6, 4, 2],
    body: () => [
      layers.conv3D(3, 2),
      layers.reshape([15, 15]),
      layers.conv1D(4, 3, { dilationRate: 2 }),
      layers.globalMaxPooling1D(),
    ],
  },
  normalization: {
    shape: [6, 8],
    body: () => [
      layers.dense(8),
      layers.batchNormalization(),
      layers.layerNormalization(),
      layers.groupNormalization({ groups: 4 }),
      layers.unitNormalization(),
      layers.flatten(),
    ],
  },
  lstm: { shape: [7, 5], body: () => [layers.lstm(6, { returnSequences: true }), layers.lstm(4)] },
  'gru, bidirectional': {
    shape: [6, 5],
    body: () => [layers.bidirectional(layers.gru(4)), layers.dense(6, { activation: 'tanh' })],
  },
  'embedding, masked': {
    shape: [9],
    tokens: 11,
    body: () => [layers.embedding(11, 6, { maskZero: true }), layers.simpleRNN(5)],
  },
  'embedding, pooled': {
    shape: [9],
    tokens: 11,
    body: () => [layers.embedding(11, 6), layers.globalAveragePooling1D()],
  },
  'noise and shapes': {
    shape: [6, 6, 2],
    body: () => [
      layers.gaussianNoise(0.1),
      layers.spatialDropout2D(0.2),
      layers.zeroPadding2D(1),
      layers.upSampling2D(2),
      layers.cropping2D(2),
      layers.permute([2, 1, 3]),
      layers.flatten(),
    ],
  },
};

const n = 16;
let seed = 5;
const random = (): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
};
const filled = (count: number, value: () => number): Float32Array =>
  Float32Array.from({ length: count }, value);

/** Attention has several inputs, so its model is a functional one. */
function attention(): keras.models.Model {
  const x = keras.input({ shape: [6, 8] });
  const y = layers.multiHeadAttention(2, 4).apply<typeof x>(x, { value: x });
  const z = layers.layerNormalization().apply<typeof x>(layers.add().apply<typeof x>([x, y]));
  const out = layers
    .dense(3, { activation: 'softmax' })
    .apply<typeof x>(layers.globalAveragePooling1D().apply<typeof x>(z));
  return new keras.models.Model({ inputs: x, outputs: out });
}

function modelOf(kind: Kind | undefined): keras.models.Model {
  keras.utils.setRandomSeed(11);
  const m = kind
    ? keras.sequential([
        layers.inputLayer({ shape: [...kind.shape] }),
        ...kind.body(),
        layers.dense(3, { activation: 'softmax' }),
      ])
    : attention();
  m.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' });
  return m;
}

async function losses(
  kind: Kind | undefined,
  data: Float32Array,
  labels: Int32Array,
): Promise<number[]> {
  const shape = [n, ...(kind?.shape ?? [6, 8])];
  const x: Tensor = fromData(data.slice(), shape);
  const y: Tensor = fromData(labels.slice(), [n], 'int32');
  const m = modelOf(kind);
  const out: number[] = [];
  for (let i = 0; i < 20; i++) out.push((await m.trainOnBatch(x, y)) as number);
  return out;
}

if ('reason' in found) it.skip(`webgpu: ${found.reason}`, () => {});
else {
  const { backend } = found;
  afterAll(() => {
    setBackend('reference');
    backend.dispose();
  });
  const chosen = [...Object.keys(kinds), 'attention'].filter((name) => pattern.test(name));
  describe.skipIf(chosen.length === 0)('twenty steps on webgpu', () => {
    it.each(chosen)('%s', async (name) => {
      const kind = kinds[name];
      const count = n * (kind?.shape ?? [6, 8]).reduce((a, b) => a * b, 1);
      const value = (): number =>
        kind?.tokens ? Math.floor(random() * kind.tokens) : 2 * random() - 1;
      const data = filled(count, value);
      const labels = Int32Array.from({ length: n }, () => Math.floor(random() * 3));
      setBackend('reference');
      const want = await losses(kind, data, labels);
      setBackend(backend);
      const got = await losses(kind, data, labels);
      got.forEach((g, i) => {
        expect(Math.abs(g - want[i]), `step ${i}: ${g} for ${want[i]}`).toBeLessThan(1e-3);
      });
      expect(want).toHaveLength(20);
      expect(want[19]).toBeLessThan(want[0]);
    });
  });
}
