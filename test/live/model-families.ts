/** Families of models, each with inputs, for what reads and writes models. */
import * as keras from '../../src/keras/index.ts';
import { uniform } from '../../src/keras/layers/battery/battery.ts';
import { fromData, type Tensor } from '../../src/tensor/index.ts';

const { layers } = keras;
type Made = { model: keras.Model; inputs: readonly Tensor[] };

const numbers = (label: string, shape: readonly number[]): Tensor =>
  fromData(
    uniform(
      label,
      shape.reduce((a, b) => a * b, 1),
    ),
    shape,
    'float32',
  );

const tokens = (label: string, shape: readonly number[], below: number): Tensor =>
  fromData(
    Int32Array.from(
      uniform(
        label,
        shape.reduce((a, b) => a * b, 1),
      ),
      (u) => Math.floor(((u + 1) / 2) * below),
    ),
    shape,
    'int32',
  );

/** Numbers in the place of all weights: first values would hide mistakes behind zeros and ones. */
function filled(model: keras.Model, inputs: readonly Tensor[]): Made {
  model.setWeights(
    model.weights.map((w, i) => {
      const u = uniform(`${i} ${w.name}`, w.size);
      const values = w.name.includes('variance')
        ? u.map((v) => Math.abs(v) + 0.5)
        : u.map((v) => v * 0.4);
      return fromData(Float32Array.from(values), w.shape, 'float32');
    }),
  );
  return { model, inputs };
}

function sequential(
  input: readonly number[],
  parts: readonly unknown[],
  x: Tensor = numbers('x', [3, ...input]),
): Made {
  const first = keras.input({ shape: [...input], dtype: x.dtype });
  let h: unknown = first;
  for (const p of parts) h = (p as { apply(x: unknown): unknown }).apply(h);
  return filled(keras.model({ inputs: first, outputs: h as never }), [x]);
}

function encoder(dropout: number): Made {
  const x = keras.input({ shape: [7], dtype: 'int32' });
  let h = layers.embedding(20, 8).apply(x);
  for (let i = 0; i < 2; i++) {
    const attended = layers.multiHeadAttention({ numHeads: 2, keyDim: 4 }).apply(h, { value: h });
    h = layers.layerNormalization({}).apply(layers.add({}).apply([h, attended]));
    const wide = layers.dense(16, { activation: 'gelu' }).apply(h);
    const kept = dropout > 0 ? layers.dropout(dropout).apply(wide) : wide;
    const fed = layers.dense(8).apply(kept);
    h = layers.layerNormalization({}).apply(layers.add({}).apply([h, fed]));
  }
  const pooled = layers.globalAveragePooling1D({}).apply(h);
  const out = layers.dense(3, { activation: 'softmax' }).apply(pooled);
  return filled(keras.model({ inputs: x, outputs: out }), [tokens('tokens', [3, 7], 20)]);
}

function merges(): Made {
  const a = keras.input({ shape: [6], name: 'left' });
  const b = keras.input({ shape: [6], name: 'right' });
  const shared = layers.dense(5, { activation: 'tanh' });
  const [p, q] = [shared.apply(a), shared.apply(b)];
  const parts = [
    layers.add({}).apply([p, q]),
    layers.multiply({}).apply([p, q]),
    layers.maximum({}).apply([p, q]),
    layers.concatenate({}).apply([p, q]),
  ];
  const h = layers.concatenate({}).apply(parts);
  const outputs = [
    layers.dense(2, { name: 'first' }).apply(h),
    layers.dense(1, { name: 'second' }).apply(h),
  ];
  return filled(keras.model({ inputs: [a, b], outputs }), [
    numbers('a', [3, 6]),
    numbers('b', [3, 6]),
  ]);
}

/** `dropout` is of the one that has some; no two programs draw it alike. */
export function modelFamilies({
  dropout = 0.1,
}: {
  dropout?: number;
} = {}): { name: string; make: () => Made }[] {
  const make: Record<string, () => Made> = {
    mlp: () =>
      sequential(
        [6],
        [
          layers.dense(16, { activation: 'relu' }),
          layers.batchNormalization({}),
          layers.dense(3, { activation: 'softmax' }),
        ],
      ),
    cnn: () =>
      sequential(
        [12, 12, 3],
        [
          layers.conv2D(8, 3, { activation: 'relu', padding: 'same' }),
          layers.maxPooling2D(2),
          layers.conv2D(8, 3, { activation: 'relu', strides: 2 }),
          layers.flatten({}),
          layers.dense(4, { activation: 'softmax' }),
        ],
      ),
    'depthwise cnn': () =>
      sequential(
        [12, 12, 3],
        [
          layers.conv2D(8, 3, { strides: 2, padding: 'same', useBias: false }),
          layers.batchNormalization({}),
          layers.depthwiseConv2D(3, { padding: 'same', useBias: false }),
          layers.reLU({ maxValue: 6 }),
          layers.separableConv2D(12, 3, { activation: 'swish' }),
          layers.globalAveragePooling2D({}),
          layers.dense(4),
        ],
      ),
    'simple rnn': () => sequential([5, 4], [layers.simpleRNN(6), layers.dense(2)]),
    lstm: () =>
      sequential(
        [5, 4],
        [layers.lstm(6, { returnSequences: true }), layers.lstm(5), layers.dense(2)],
      ),
    gru: () => sequential([5, 4], [layers.gru(6), layers.dense(2, { activation: 'sigmoid' })]),
    bidirectional: () =>
      sequential(
        [5, 4],
        [
          layers.bidirectional(layers.lstm(6, { returnSequences: true })),
          layers.bidirectional(layers.gru(3)),
          layers.dense(2),
        ],
      ),
    'masked lstm': () =>
      sequential(
        [6],
        [layers.embedding(11, 5, { maskZero: true }), layers.lstm(6), layers.dense(2)],
        tokens('masked', [3, 6], 5),
      ),
    'time distributed lstm': () =>
      sequential(
        [5, 4],
        [
          layers.lstm(6, { returnSequences: true }),
          layers.timeDistributed(layers.dense(3, { activation: 'softmax' })),
        ],
      ),
    'transformer encoder': () => encoder(dropout),
    'merges and shared layers': merges,
  };
  return Object.entries(make).map(([name, f]) => ({ name: `model: ${name}`, make: f }));
}
