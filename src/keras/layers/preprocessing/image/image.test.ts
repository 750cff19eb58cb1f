import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../../../backends/registry.ts';
import { type Tensor, tensor } from '../../../../tensor/index.ts';
import * as keras from '../../../index.ts';
import {
  camelOptions,
  expectClose,
  type GoldenArray,
  readGoldens,
  toTensor,
} from '../../../testing.ts';

const { layers } = keras;
beforeAll(() => {
  setBackend('wasm', { threads: 1 });
});

/** 0, 1, 2, … */
function count(...shape: number[]): Tensor {
  const n = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: n }, (_, i) => i),
    { shape },
  );
}
const training = { training: true };

describe('RandomCrop', () => {
  interface Crop {
    name: string;
    input: GoldenArray;
    options: Record<string, unknown>;
    outputs: GoldenArray[];
  }
  it.each(readGoldens<{ crops: Crop[] }>('images').crops)('$name, as Keras', (golden) => {
    const layer = new layers.RandomCrop(camelOptions(golden.options));
    for (const want of golden.outputs)
      expectClose(layer.apply(toTensor(golden.input), training), want);
  });
  it('in inference is the largest window of that shape, resized', () => {
    const layer = layers.randomCrop(2, 2);
    expect(
      layer
        .apply(count(1, 4, 6, 1), { training: false })
        .flatten()
        .arraySync(),
    ).toEqual([4.5, 6.5, 16.5, 18.5]);
    expect(layer.computeOutputShape([null, 4, 6, 1])).toEqual([null, 2, 2, 1]);
  });
  it('reaches every place, and only these', () => {
    const layer = layers.randomCrop(1, 2, { seed: 3 });
    const x = count(1, 3, 4, 1);
    const seen = new Set<number>();
    for (let i = 0; i < 80; i++) {
      const [a, b] = layer.apply(x, training).flatten().arraySync() as number[];
      expect(b).toBe(a + 1);
      seen.add(a);
    }
    expect([...seen].sort((a, b) => a - b)).toEqual([0, 1, 2, 4, 5, 6, 8, 9, 10]);
  });
});

describe('augmentations', () => {
  interface Augmentation {
    name: string;
    layer: string;
    input: GoldenArray;
    options: Record<string, unknown>;
    outputs: GoldenArray[];
  }
  const { augmentations } = readGoldens<{ augmentations: Augmentation[] }>('images');
  type Made = new (o: object) => keras.layers.Layer;
  it.each(augmentations)('$name, as Keras', (golden) => {
    const Class = (layers as unknown as Record<string, Made>)[golden.layer];
    const layer = new Class(camelOptions(golden.options));
    const x = toTensor(golden.input);
    expect(layer.apply(x, { training: false }).arraySync()).toEqual(x.arraySync());
    const again = new Class(layer.getConfig());
    for (const want of golden.outputs)
      for (const l of [layer, again]) expectClose(l.apply<Tensor>(x, training), want, 1e-5, 1e-4);
  });
});

describe('images with labels and masks', () => {
  interface Labelled {
    name: string;
    layer: string;
    options: Record<string, unknown>;
    images: GoldenArray;
    masks: GoldenArray;
    outputs: { images: GoldenArray; masks: GoldenArray }[];
  }
  const { labelled } = readGoldens<{ labelled: Labelled[] }>('images');
  it.each(labelled)('$name, as Keras', (golden) => {
    const Class = (layers as unknown as Record<string, new (o: object) => keras.layers.Layer>)[
      golden.layer
    ];
    const layer = new Class(camelOptions(golden.options));
    const labels = tensor([0, 1, 2], { dtype: 'int32' });
    const given = {
      images: toTensor(golden.images),
      labels,
      segmentationMasks: toTensor(golden.masks),
    };
    for (const want of golden.outputs) {
      const y = layer.apply<Required<keras.layers.LabelledImages>>(given, training);
      expectClose(y.images, want.images, 1e-5, 1e-4);
      expect(y.segmentationMasks.dtype).toBe('int32');
      expectClose(y.segmentationMasks, want.masks);
      expect(y.labels).toBe(labels);
    }
  });
  it('one image, and what is no part', () => {
    const layer = layers.randomFlip({ seed: 1 });
    const [image, mask] = [
      count(2, 3, 1),
      tensor([
        [[1], [2], [3]],
        [[4], [5], [6]],
      ]),
    ];
    for (let i = 0; i < 4; i++) {
      const given = { images: image, segmentationMasks: mask };
      const y = layer.apply<Required<keras.layers.LabelledImages>>(given, training);
      expect(y.images.add(1).arraySync()).toEqual(y.segmentationMasks.arraySync());
    }
    expect(() => layer.apply({ images: image, label: mask })).toThrow(
      /RandomFlip ".*" takes images, .*; received "label". Did you mean "labels"/,
    );
    expect(() => layer.apply({ labels: mask })).toThrow(/received no images/);
  });
});

describe('Pipeline', () => {
  const make = (): keras.layers.Pipeline =>
    layers.pipeline([
      layers.randomFlip({ seed: 1 }),
      layers.randomCrop(2, 2, { seed: 2 }),
      layers.rescaling(0.5),
    ]);
  it('is its layers one after the other', () => {
    const x = count(3, 4, 4, 1);
    const whole = make();
    const y = whole.apply(x);
    const parts = make().layers.reduce((t, l) => l.apply<Tensor>(t, training), x);
    expect(y.arraySync()).toEqual(parts.arraySync());
    expect(whole.computeOutputShape([null, 4, 4, 1])).toEqual([null, 2, 2, 1]);
    expect(whole.states.length).toBe(2);
    expect(whole.apply(x, { training: false }).shape).toEqual([3, 2, 2, 1]);
    const again = layers.deserialize(layers.serialize(whole));
    expect(again.getConfig()).toEqual(whole.getConfig());
    expect(again.apply<Tensor>(x).arraySync()).toEqual(y.arraySync());
  });
  it('needs layers', () => {
    expect(() => layers.pipeline([])).toThrow(/layers must be a list of layers, at least one/);
    expect(() => layers.pipeline([layers.randomFlip, 1] as never)).toThrow(/list of layers/);
  });
});

it('RandomErasing takes a colour', () => {
  const gray = tensor(new Float32Array(48), { shape: [1, 4, 4, 3] });
  const colour = { factor: [1, 1], scale: 0.9, fillValue: [1, 2, 300], seed: 5 };
  const layer = layers.randomErasing(colour);
  const y = layer.apply(gray, training).reshape([16, 3]).arraySync() as number[][];
  expect(new Set(y.map((v) => v.join()))).toEqual(new Set(['0,0,0', '1,2,255']));
  const first = layers.randomErasing({ ...colour, dataFormat: 'channelsFirst' });
  const z = first.apply(gray.reshape([1, 3, 4, 4]), training).transpose([0, 2, 3, 1]);
  expect(z.reshape([16, 3]).arraySync()).toEqual(y);
});

describe('random layers', () => {
  const x = count(4, 3, 5, 2);
  const made = [
    layers.randomFlip({ seed: 1 }),
    layers.randomRotation(0.2, { seed: 1 }),
    layers.randomZoom(0.3, null, { seed: 1 }),
    layers.randomTranslation(0.2, 0.3, { seed: 1 }),
    layers.randomContrast(0.5, { seed: 1 }),
    layers.randomBrightness(0.3, { seed: 1 }),
  ];
  it.each(made)('$name draws anew in training, and does nothing in inference', (layer) => {
    const [a, b] = [layer.apply(x, training), layer.apply(x, training)];
    expect(a.shape).toEqual(x.shape);
    expect(a.arraySync()).not.toEqual(b.arraySync());
    expect(layer.apply(x, { training: false }).arraySync()).toEqual(x.arraySync());
    const again = new (layer.constructor as new (o: object) => typeof layer)(layer.getConfig());
    expect(again.apply(x, training).arraySync()).toEqual(a.arraySync());
  });
  it('train where nobody says, as in Keras', () => {
    const again = layers.randomBrightness(0.3, { seed: 1 });
    const told = layers.randomBrightness(0.3, { seed: 1 });
    expect(again.apply(x).arraySync()).toEqual(told.apply(x, training).arraySync());
  });
  it('take one image too', () => {
    for (const layer of made) {
      const y = layer.apply(x.slice(0), training);
      expect(y.shape).toEqual([3, 5, 2]);
    }
  });
  it('flip half of the images', () => {
    const many = tensor(
      new Float32Array(4000).map((_, i) => i % 2),
      { shape: [2000, 1, 2, 1] },
    );
    const flipped = layers.randomFlip('horizontal', { seed: 9 }).apply(many, training);
    const share = flipped.slice(':', 0, 0, 0).mean().item();
    expect(Math.abs(share - 0.5)).toBeLessThan(0.04);
  });
  it('draw evenly between their bounds', () => {
    const gray = tensor(new Float32Array(3000).fill(0.5), { shape: [3000, 1, 1, 1] });
    const layer = layers.randomBrightness([-0.1, 0.3], { valueRange: [0, 1], seed: 2 });
    const y = layer.apply(gray, training);
    expect(y.min().item()).toBeGreaterThanOrEqual(0.4);
    expect(y.max().item()).toBeLessThanOrEqual(0.8);
    expect(y.mean().item()).toBeCloseTo(0.6, 2);
    expect(y.std().item()).toBeCloseTo(0.4 / Math.sqrt(12), 2);
  });
  it('train inside a model, and are still in predict', async () => {
    const m = keras.sequential([
      layers.randomTranslation(0.5, 0.5, { seed: 1, inputShape: [4, 4, 1] }),
      layers.flatten(),
      layers.dense(1, { kernelInitializer: 'ones' }),
    ]);
    m.compile({ optimizer: keras.optimizers.sgd({ learningRate: 0 }), loss: 'mse' });
    const images = count(6, 4, 4, 1);
    await m.fit(images, new Float32Array(6), { epochs: 2, batchSize: 3, verbose: 0 });
    expect(m.layers[0].states[0].tensor.arraySync()).toEqual([1, 8]);
    const y = await m.predict(images, { verbose: 0 });
    expect((y as Tensor).flatten().arraySync()).toEqual(images.reshape([6, 16]).sum(1).arraySync());
  });
});

describe('what cannot be is refused by name', () => {
  it('ranges', () => {
    expect(() => layers.randomRotation(1.5)).toThrow(
      /RandomRotation ".*": factor must be a number, or a list of two, from -1 to 1; received 1.5/,
    );
    expect(() => layers.randomRotation({})).toThrow(/factor must be/);
    expect(() => layers.randomContrast(-0.1)).toThrow(/from 0 to 1; received -0.1/);
    expect(() => layers.randomZoom(-1)).toThrow(/above -1 and up to 1; received -1/);
    expect(() => layers.randomZoom(0.1, [0, 2])).toThrow(/widthFactor.*received \[0,2\]/);
    expect(() => layers.randomTranslation(0.1)).toThrow(/widthFactor must be/);
    expect(() => layers.randomBrightness(0.1, { valueRange: [1] })).toThrow(
      /valueRange must be a list of two numbers/,
    );
    expect(() => layers.resizing(0, 3)).toThrow(/height must be a whole number of 1 or more/);
    expect(() => layers.centerCrop(3)).toThrow(/width must be a whole number/);
    expect(() => layers.randomGaussianBlur({ kernelSize: 4 })).toThrow(/an odd number/);
    expect(() => layers.randomShear(-0.1)).toThrow(/xFactor must be .* from 0 to 1/);
    expect(() => layers.solarization([0, 2])).toThrow(/additionFactor must be/);
    expect(() => layers.randomGrayscale(2)).toThrow(/factor must be a number from 0 to 1/);
    expect(() => layers.randomErasing({ fillValue: [1, 2] })).toThrow(/a list of three, or null/);
    expect(() => layers.rescaling('half' as never)).toThrow(/scale must be a number/);
  });
  it('ids and options', () => {
    expect(() => layers.randomFlip('horizontaly')).toThrow(/Did you mean "horizontal"/);
    expect(() => layers.randomZoom(0.1, 0.1, { fillMode: 'mirror' })).toThrow(/Unknown fillMode/);
    expect(() => layers.randomZoom(0.1, 0.1, { interpolation: 'bicubic' })).toThrow(
      /Known: nearest, bilinear/,
    );
    expect(() => layers.resizing(2, 2, { interpolation: 'area' })).toThrow(/Known: nearest/);
    expect(() =>
      layers.resizing(2, 2, { cropToAspectRatio: true, padToAspectRatio: true }),
    ).toThrow(/cropToAspectRatio must be false when padToAspectRatio is true/);
    expect(() => layers.randomFlip({ sed: 1 } as never)).toThrow(/Did you mean "seed"/);
  });
  it('shapes', () => {
    expect(() => layers.randomFlip().apply(count(4, 3))).toThrow(
      /expects images \(batch, height, width, channels\), or one .*; received shape \(None, 3\)/,
    );
    const gray = count(1, 2, 2, 1);
    expect(() => layers.randomHue(0.1).apply(gray)).toThrow(/expects images of 3 channels/);
    expect(() => layers.randomColorJitter({ hueFactor: 0.1 }).apply(gray)).toThrow(
      /RandomHue\) expects images of 3 channels/,
    );
    expect(() => layers.randomGrayscale().apply(count(1, 2, 2, 2))).toThrow(/1 or 3 channels/);
  });
});
