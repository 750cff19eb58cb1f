import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../../backends/registry.ts';
import { type Tensor, tensor } from '../../../tensor/index.ts';
import * as keras from '../../index.ts';

const { layers } = keras;
beforeAll(() => {
  setBackend('wasm', { threads: 1 });
});

/** 1, 2, 3, … */
function count(...shape: number[]): Tensor {
  const n = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: n }, (_, i) => i + 1),
    { shape },
  );
}
const ones = { kernelInitializer: 'ones', useBias: false } as const;

describe('convolutions', () => {
  it('sum over windows', () => {
    const y = layers.conv2D(1, 2, ones).apply(count(1, 3, 3, 1));
    expect(y.reshape([2, 2]).arraySync()).toEqual([
      [12, 16],
      [24, 28],
    ]);
    const causal = layers.conv1D({ filters: 1, kernelSize: 3, padding: 'causal', ...ones });
    expect(
      causal
        .apply(count(1, 5, 1))
        .flatten()
        .arraySync(),
    ).toEqual([1, 3, 6, 9, 12]);
    const spread = layers.conv1DTranspose(1, 2, { strides: 3, ...ones });
    expect(
      spread
        .apply(count(1, 3, 1))
        .flatten()
        .arraySync(),
    ).toEqual([1, 1, 0, 2, 2, 0, 3, 3, 0]);
  });

  it('start from the weights that Keras on JAX draws', () => {
    const starts = (layer: keras.layers.Layer, shape: (number | null)[]): number[][] => {
      layer.ensureBuilt(shape);
      return layer.weights.map((w) => [...w.tensor.flatten().slice([0, 3]).dataSync()]);
    };
    const near = (got: number[][], want: number[][]): void => {
      expect(got.length).toBe(want.length);
      for (const [i, w] of want.entries())
        for (const [j, v] of w.entries()) expect(got[i][j]).toBeCloseTo(v, 7);
    };
    keras.utils.setRandomSeed(5);
    const conv = layers.conv2D(3, [2, 3], { biasInitializer: 'randomNormal' });
    near(starts(conv, [null, 5, 5, 2]), [
      [0.3790634572505951, 0.1910814493894577, -0.15164729952812195],
      [0.01391775906085968, -0.019153067842125893, 0.00782053917646408],
    ]);
    keras.utils.setRandomSeed(5);
    near(starts(layers.separableConv1D(2, 3), [null, 5, 3]), [
      [0.5993519425392151, 0.30212631821632385, -0.23977543413639069],
      [0.24018754065036774, -0.32679954171180725, 0.13615365326404572],
      [0, 0],
    ]);
    keras.utils.setRandomSeed(5);
    near(starts(layers.conv1DTranspose(3, 2), [null, 5, 4]), [
      [0.5548920631408691, 0.2797146141529083, -0.22198893129825592],
      [0, 0, 0],
    ]);
    keras.utils.setRandomSeed(5);
    near(starts(layers.depthwiseConv2D(2, { depthMultiplier: 3 }), [null, 5, 5, 4]), [
      [0.392367959022522, 0.19778810441493988, -0.15696987509727478],
      [0, 0, 0],
    ]);
  });

  it('take the bytes of pictures', () => {
    const bytes = tensor([[[200], [100], [50]]], { dtype: 'uint8' });
    const y = layers.conv1D(1, 2, ones).apply(bytes);
    expect([y.dtype, y.flatten().arraySync()]).toEqual(['float32', [300, 150]]);
  });

  it('take images of any size, once their channels are known', () => {
    const conv = layers.conv2D(4, 3, { strides: 2 });
    expect(conv.computeOutputShape([null, null, 9, 3])).toEqual([null, null, 4, 4]);
    expect(conv.apply(count(1, 5, 5, 3)).shape).toEqual([1, 2, 2, 4]);
    expect(conv.apply(count(2, 7, 9, 3)).shape).toEqual([2, 3, 4, 4]);
    const up = layers.conv2DTranspose(2, 3, { strides: 2, padding: 'same' });
    expect(up.computeOutputShape([null, null, 4, 1])).toEqual([null, null, 8, 2]);
  });

  it('are parts of functional models, of images of any size', async () => {
    const image = keras.input({ shape: [null, null, 2] });
    const features = layers
      .conv2D(3, 3, { padding: 'same', activation: 'relu' })
      .apply<keras.KerasTensor>(image);
    const large = layers.conv2DTranspose(3, 3, { strides: 2 }).apply<keras.KerasTensor>(features);
    expect(large.shape).toEqual([null, null, null, 3]);
    const scores = layers.globalMaxPooling2D().apply<keras.KerasTensor>(large);
    const m = new keras.Model({ inputs: image, outputs: scores });
    for (const size of [4, 7]) {
      const y = (await m.predict(count(2, size, 5, 2), { verbose: 0 })) as Tensor;
      expect(y.shape).toEqual([2, 3]);
    }
  });

  it('learn inside a model', async () => {
    keras.utils.setRandomSeed(1);
    const images = tensor(new Float32Array(8 * 36), { shape: [8, 6, 6, 1] });
    const lit = Array.from({ length: 8 }, (_, i) => i % 2);
    const data = images.add(tensor(lit).reshape([8, 1, 1, 1]));
    const m = keras.sequential([
      layers.conv2D({ filters: 2, kernelSize: 3, activation: 'tanh', inputShape: [6, 6, 1] }),
      layers.maxPooling2D(),
      layers.flatten(),
      layers.dense(1),
    ]);
    m.compile({ optimizer: keras.optimizers.adam({ learningRate: 0.05 }), loss: 'mse' });
    const h = await m.fit(data, lit, { epochs: 20, batchSize: 4, verbose: 0 });
    expect(h.history.loss.at(-1)).toBeLessThan(0.05);
  });
});

describe('what cannot be is refused by name', () => {
  it('options', () => {
    expect(() => layers.conv2D({ kernelSize: 3 })).toThrow(
      /Conv2D ".*": filters must be a whole number of 1 or more; received undefined/,
    );
    expect(() => layers.conv2D(2)).toThrow(/kernelSize must be a whole number of 1 or more/);
    expect(() => layers.conv2D(2, [3, 0])).toThrow(/kernelSize .* received \[3,0\]/);
    expect(() => layers.conv2D(2, [3, 3, 3])).toThrow(/\(or a list of 2\); received \[3,3,3\]/);
    expect(() => layers.conv2D(3, 3, { groups: 2 })).toThrow(
      /filters must be a multiple of groups, 2; received 3/,
    );
    expect(() => layers.conv2D(2, 3, { strides: 2, dilationRate: [1, 2] })).toThrow(
      /strides must be 1 where dilationRate is more \(here \[1,2\]\); received \[2,2\]/,
    );
    expect(() => layers.conv2D(2, 3, { padding: 'causal' })).toThrow(/Unknown padding of Conv2D/);
    expect(() => layers.conv1D(2, 3, { padding: 'casual' })).toThrow(/Did you mean "causal"/);
    expect(() => layers.conv2D(2, 3, { kernelInitialiser: 'ones' } as never)).toThrow(
      /Did you mean "kernelInitializer"/,
    );
    expect(() => layers.conv2DTranspose(2, 3, { strides: 2, outputPadding: [1, 2] })).toThrow(
      /outputPadding must be less than strides, \[2,2\]; received \[1,2\]/,
    );
    expect(() => layers.conv1DTranspose(2, 3, { padding: 'causal' })).toThrow(/Known: valid, same/);
    expect(() => layers.depthwiseConv2D(3, { depthMultiplier: 0 })).toThrow(
      /depthMultiplier must be a whole number of 1 or more; received 0/,
    );
    expect(() => layers.depthwiseConv2D(3, { filters: 2 } as never)).toThrow(/no option "filters"/);
  });

  it('shapes, when the layer is built', () => {
    expect(() => layers.conv2D(2, 5, { name: 'c' }).apply(count(1, 4, 6, 3))).toThrow(
      /Layer "c" \(Conv2D\) expects spatial sizes of 5 x 5 or more.*received shape \(None, 4, 6, 3\)/,
    );
    expect(() => layers.conv1D(2, 3, { dilationRate: 2 }).ensureBuilt([null, 4, 1])).toThrow(
      /spatial sizes of 5 or more, with padding 'valid', kernelSize \[3\] and dilationRate \[2\]/,
    );
    expect(() => layers.conv2D(4, 1, { groups: 2 }).apply(count(1, 2, 2, 3))).toThrow(
      /expects channels that its 2 groups divide evenly; received shape \(None, 2, 2, 3\)/,
    );
    expect(() => layers.conv2D(4, 1).apply(count(2, 2, 3))).toThrow(
      /inputs of 4 dimensions, \(batch, height, width, channels\)/,
    );
    expect(() =>
      layers.conv3D({ filters: 1, kernelSize: 1, dataFormat: 'channelsFirst' }).apply(count(2, 3)),
    ).toThrow(/\(batch, channels, depth, height, width\)/);
    expect(() => layers.conv2D(4, 1).ensureBuilt([null, 2, 2, null])).toThrow(
      /a known number of channels/,
    );
    expect(() =>
      layers
        .conv1DTranspose(1, 2, { strides: 2, padding: 'same', outputPadding: 0 })
        .apply(count(1, 1, 1)),
    ).toThrow(/of which something is left with padding 'same' and outputPadding \[0\]/);
    const built = layers.conv2D(4, 1);
    built.apply(count(1, 2, 2, 3));
    expect(() => built.apply(count(1, 2, 2, 4))).toThrow(
      /expects 3 channels, for which it was built; received shape \(None, 2, 2, 4\)/,
    );
  });
});
