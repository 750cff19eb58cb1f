import { describe, expect, it } from 'vitest';
import { modelFromConfig } from './keras-file.ts';
import { compileConfigFromKeras2, fromKeras2 } from './keras2-config.ts';

const name = 'the file';
const model = (json: unknown) => modelFromConfig(fromKeras2(json, { name }), name, '', {}).model;
const input = (n: string, shape: unknown, more: object = {}) => ({
  class_name: 'InputLayer',
  config: {
    batch_input_shape: shape,
    dtype: 'float32',
    sparse: false,
    ragged: false,
    name: n,
    ...more,
  },
  name: n,
  inbound_nodes: [],
});
const glorot = { class_name: 'GlorotUniform', config: { seed: null, dtype: 'float32' } };
const dense = (n: string, units: number, more: object = {}) => ({
  class_name: 'Dense',
  config: {
    name: n,
    trainable: true,
    dtype: 'float32',
    units,
    activation: 'linear',
    use_bias: true,
    kernel_initializer: glorot,
    bias_initializer: { class_name: 'Zeros', config: {} },
    kernel_regularizer: null,
    ...more,
  },
});

describe('a config of Keras 2', () => {
  it('of a functional model keeps its calls, those with keywords included', () => {
    const attention = {
      class_name: 'MultiHeadAttention',
      config: { name: 'mha', trainable: true, dtype: 'float32', num_heads: 2, key_dim: 3 },
      name: 'mha',
      inbound_nodes: [[['q', 0, 0, { value: ['v', 0, 0], training: null }]]],
    };
    const m = model({
      class_name: 'Functional',
      config: {
        name: 'model',
        trainable: true,
        layers: [
          input('q', [null, 4, 8]),
          input('v', [null, 5, 8]),
          attention,
          {
            class_name: 'Add',
            config: { name: 'add', trainable: true, dtype: 'float32' },
            name: 'add',
            inbound_nodes: [
              [
                ['q', 0, 0, {}],
                ['mha', 0, 0, {}],
              ],
            ],
          },
        ],
        input_layers: { query: ['q', 0, 0], value: ['v', 0, 0] },
        output_layers: [['add', 0, 0]],
      },
    });
    expect(m.outputShape).toEqual([null, 4, 8]);
    expect(m.getLayer('mha').weights.map((w) => w.shape)[2]).toEqual([8, 2, 3]);
  });

  it('drops what is gone, and has names, axes and policies of now', () => {
    const m = model({
      class_name: 'Sequential',
      config: [
        {
          class_name: 'Conv2D',
          config: {
            name: 'conv',
            batch_input_shape: [null, 6, 6, 1],
            dtype: { class_name: 'Policy', config: { name: 'float32' } },
            filters: 2,
            kernel_size: [3, 3],
            padding: 'same',
            data_format: 'channels_last',
            groups: 1,
            kernel_initializer: {
              class_name: 'VarianceScaling',
              config: {
                scale: 1,
                mode: 'fan_avg',
                distribution: 'normal',
                seed: null,
                dtype: 'float32',
              },
            },
          },
        },
        {
          class_name: 'BatchNormalizationV1',
          config: {
            name: 'bn',
            axis: [3],
            momentum: 0.9,
            epsilon: 0.01,
            fused: true,
            renorm: false,
            virtual_batch_size: null,
          },
        },
        { class_name: 'LeakyReLU', config: { name: 'leaky', alpha: 0.25 } },
        { class_name: 'Flatten', config: { name: 'flat', data_format: 'channels_last' } },
        dense('out', 3, { activation: 'hard_sigmoid' }),
      ],
    });
    expect(m.layers.map((l) => l.name)).toEqual(['conv', 'bn', 'leaky', 'flat', 'out']);
    expect(m.getLayer('bn').getConfig()).toMatchObject({ axis: 3, momentum: 0.9 });
    expect(m.getLayer('leaky').getConfig()).toMatchObject({ negativeSlope: 0.25 });
    expect(m.getLayer('out').getConfig()).toMatchObject({
      activation: 'gradloom>keras2_hard_sigmoid',
    });
    expect(m.batchInputShape).toEqual([null, 6, 6, 1]);
  });

  it('of a GRU that says nothing of reset_after means the old kind', () => {
    const gru = {
      class_name: 'GRU',
      config: { name: 'gru', units: 2, implementation: 1, batch_input_shape: [null, 3, 2] },
    };
    const m = model({ class_name: 'Sequential', config: { name: 's', layers: [gru] } });
    expect(m.getLayer('gru').weights.map((w) => w.shape)).toEqual([[2, 6], [2, 6], [6]]);
  });

  it('of a layer that is called twice, and of models within models', () => {
    const inner = {
      class_name: 'Model',
      config: {
        name: 'inner',
        layers: [
          input('i', [null, 3]),
          { ...dense('d', 3), name: 'd', inbound_nodes: [[['i', 0, 0, {}]]] },
        ],
        input_layers: [['i', 0, 0]],
        output_layers: [['d', 0, 0]],
      },
      name: 'inner',
      inbound_nodes: [[['x', 0, 0, {}]], [['inner', 1, 0, {}]]],
    };
    const m = model({
      class_name: 'Model',
      config: {
        name: 'outer',
        layers: [input('x', [null, 3]), inner],
        input_layers: [['x', 0, 0]],
        output_layers: [['inner', 2, 0]],
      },
    });
    expect(m.outputShape).toEqual([null, 3]);
    expect(m.weights.length).toBe(2);
  });

  it.each([
    ['no model', { layers: [] }, /describes no model/],
    [
      'a class without a config',
      { class_name: 'Sequential', config: { layers: [{ class_name: 'Dense', config: 3 }] } },
      /Dense has no config/,
    ],
    [
      'an unknown layer',
      { class_name: 'Sequential', config: { layers: [{ class_name: 'Denso', config: {} }] } },
      /Unknown layer class "Denso".*Dense/,
    ],
    [
      'an unknown option',
      { class_name: 'Sequential', config: { layers: [dense('d', 3, { colour: 'red' })] } },
      /no option "colour"/,
    ],
    [
      'a call of nothing',
      {
        class_name: 'Model',
        config: {
          name: 'm',
          layers: [
            input('x', [null, 3]),
            { ...dense('d', 2), name: 'd', inbound_nodes: [[['y', 0, 0, {}]]] },
          ],
          input_layers: [['x', 0, 0]],
          output_layers: [['d', 0, 0]],
        },
      },
      /layer "y"/,
    ],
  ])('with %s is refused', (_, json, message) => {
    expect(() => model(json)).toThrow(message);
  });

  it('that is nested without end is refused', () => {
    let json: unknown = dense('d', 2);
    for (let i = 0; i < 1000; i++)
      json = { class_name: 'TimeDistributed', config: { layer: json } };
    expect(() => fromKeras2(json, { name })).toThrow(/too deep/);
  });
});

describe('a training config of Keras 2', () => {
  const compiled = (training: unknown) =>
    compileConfigFromKeras2(training, { name }) as Record<string, unknown>;

  it('of tf.keras', () => {
    const found = compiled({
      loss: {
        class_name: 'SparseCategoricalCrossentropy',
        config: { reduction: 'auto', name: 'x', from_logits: true },
      },
      metrics: [
        [
          {
            class_name: 'MeanMetricWrapper',
            config: { name: 'accuracy', dtype: 'float32', fn: 'sparse_categorical_accuracy' },
          },
        ],
      ],
      weighted_metrics: null,
      loss_weights: null,
      optimizer_config: {
        class_name: 'Custom>Adam',
        config: { name: 'Adam', lr: 0.01, decay: 0.001, beta_1: 0.8, clipnorm: null },
      },
    });
    expect(found.loss).toMatchObject({
      config: { reduction: 'sum_over_batch_size', from_logits: true },
    });
    expect(found.metrics).toEqual([
      [{ class_name: 'SparseCategoricalAccuracy', config: { name: 'accuracy', dtype: 'float32' } }],
    ]);
    expect(found.optimizer).toMatchObject({
      class_name: 'Adam',
      config: {
        beta_1: 0.8,
        learning_rate: {
          class_name: 'InverseTimeDecay',
          config: { initial_learning_rate: 0.01, decay_rate: 0.001 },
        },
      },
    });
  });

  it('of TensorFlow.js', () => {
    const optimizer_config = {
      class_name: 'Momentum',
      config: { learningRate: 0.1, momentum: 0.9, useNesterov: true },
    };
    expect(
      compiled({ loss: 'mean_squared_error', metrics: ['accuracy'], optimizer_config }),
    ).toMatchObject({
      optimizer: {
        class_name: 'SGD',
        config: { learning_rate: 0.1, momentum: 0.9, nesterov: true },
      },
      loss: 'mean_squared_error',
      metrics: ['accuracy'],
    });
    const rms = {
      class_name: 'RMSProp',
      config: { learningRate: 0.1, decay: 0.8, momentum: 0, epsilon: 1e-7, centered: false },
    };
    expect(compiled({ loss: 'mse', optimizer_config: rms })).toMatchObject({
      optimizer: { class_name: 'RMSprop', config: { rho: 0.8 } },
    });
  });

  it('that there is none of', () => {
    expect(compileConfigFromKeras2(undefined, { name })).toBeNull();
  });
});
