/** Sequences without steps, and batches without samples: what there is nothing to make of is refused by the layer. */
import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { fromData, type Tensor } from '../../tensor/index.ts';
import * as layers from './index.ts';
import type { Layer } from './layer.ts';

beforeAll(() => {
  setBackend('reference');
});

const nothing = (...shape: number[]): Tensor => fromData(new Float32Array(0), shape, 'float32');

describe('sequences of length 0', () => {
  it.each<[string, () => Layer, RegExp]>([
    [
      'SimpleRNN',
      () => layers.simpleRNN(2),
      /"s" \(SimpleRNN\) expects sequences of one step or more/,
    ],
    [
      'LSTM',
      () => layers.lstm(2, { returnSequences: true }),
      /\(LSTM\) expects sequences of one step/,
    ],
    ['GRU', () => layers.gru(2), /\(GRU\) expects sequences of one step.*\(None, 0, 3\)/],
    ['Bidirectional', () => layers.bidirectional(layers.lstm(2)), /expects sequences of one step/],
    [
      'TimeDistributed',
      () => layers.timeDistributed(layers.dense(2)),
      /TimeDistributed\) expects sequences of one step/,
    ],
    ['GlobalMaxPooling1D', () => layers.globalMaxPooling1D(), /at least one element to pool/],
    ['GlobalAveragePooling1D', () => layers.globalAveragePooling1D(), /at least one element/],
    ['MaxPooling1D', () => layers.maxPooling1D(2), /spatial sizes of 2 or more, its poolSize/],
    ['Conv1D', () => layers.conv1D(2, 2), /spatial sizes of 2 or more/],
  ])('%s refuses them', (kind, make, message) => {
    const layer = make();
    const named = kind === 'SimpleRNN' ? layers.simpleRNN(2, { name: 's' }) : layer;
    expect(() => named.apply(nothing(2, 0, 3))).toThrow(message);
  });

  it.each<[string, () => Tensor, number[]]>([
    [
      'MultiHeadAttention',
      () => {
        const x = nothing(2, 0, 3);
        return layers
          .multiHeadAttention({ numHeads: 1, keyDim: 2 })
          .apply(x, { value: x }) as Tensor;
      },
      [2, 0, 3],
    ],
    ['LayerNormalization', () => layers.layerNormalization().apply(nothing(2, 0, 3)), [2, 0, 3]],
    ['Dense', () => layers.dense(4).apply(nothing(2, 0, 3)), [2, 0, 4]],
    ['Softmax', () => layers.softmax().apply(nothing(2, 0, 3)), [2, 0, 3]],
    [
      'Embedding',
      () => layers.embedding(5, 2).apply(fromData(new Int32Array(0), [2, 0], 'int32')),
      [2, 0, 2],
    ],
  ])('%s makes nothing of nothing', (_, make, shape) => {
    expect(make().shape).toEqual(shape);
  });
});

describe('batches without samples', () => {
  it.each<[string, () => Layer, number[]]>([
    ['LSTM', () => layers.lstm(2), [0, 2]],
    ['Conv1D', () => layers.conv1D(2, 2), [0, 3, 2]],
    ['GlobalMaxPooling1D', () => layers.globalMaxPooling1D(), [0, 3]],
    ['BatchNormalization', () => layers.batchNormalization(), [0, 4, 3]],
  ])('%s gives none', (_, make, shape) => {
    expect((make().apply(nothing(0, 4, 3)) as Tensor).shape).toEqual(shape);
  });
});

describe('pools', () => {
  it('take their options second as well as third', () => {
    const { padding, strides } = layers.maxPooling1D(2, { padding: 'same' }) as unknown as {
      padding: string;
      strides: number[];
    };
    expect([padding, strides]).toEqual(['same', [2]]);
    const second = layers.averagePooling2D(3, { strides: 1, padding: 'same' }).getConfig();
    const third = layers.averagePooling2D(3, 1, { padding: 'same' }).getConfig();
    expect({ ...second, name: '' }).toEqual({ ...third, name: '' });
  });
});
