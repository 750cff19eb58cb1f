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

describe('ZeroPadding', () => {
  it('surrounds the spatial dimensions', () => {
    expect(
      layers
        .zeroPadding1D([1, 2])
        .apply(count(1, 2, 2))
        .arraySync(),
    ).toEqual([
      [
        [0, 0],
        [1, 2],
        [3, 4],
        [0, 0],
        [0, 0],
      ],
    ]);
    const image = layers.zeroPadding2D([[1, 0], 2]);
    expect(
      image
        .apply(count(1, 1, 2, 1))
        .reshape([2, 6])
        .arraySync(),
    ).toEqual([
      [0, 0, 0, 0, 0, 0],
      [0, 0, 1, 2, 0, 0],
    ]);
    const first = layers.zeroPadding2D({ padding: [[1, 0], 2], dataFormat: 'channels_first' });
    expect(first.apply(count(1, 1, 1, 2)).shape).toEqual([1, 1, 2, 6]);
    expect(layers.zeroPadding3D().apply(count(2, 1, 2, 3, 4)).shape).toEqual([2, 3, 4, 5, 4]);
  });
  it('keeps integers, and unknown sizes', () => {
    expect(layers.zeroPadding1D().apply(tensor([[[7]]], { dtype: 'int32' })).dtype).toBe('int32');
    expect(layers.zeroPadding2D(3).computeOutputShape([null, null, 4, 1])).toEqual([
      null,
      null,
      10,
      1,
    ]);
  });
  it('refuses what it cannot mean', () => {
    expect(() => layers.zeroPadding2D([1, 2, 3])).toThrow(
      /ZeroPadding2D "zero_padding2d.*": padding must be .* list of 2 numbers.*received \[1,2,3\]/,
    );
    expect(() => layers.zeroPadding1D(-1)).toThrow(/0 or more.*received -1/);
    expect(() => layers.zeroPadding1D({ pading: 1 } as never)).toThrow(/Did you mean "padding"/);
    expect(() => layers.zeroPadding1D().apply(count(2, 3))).toThrow(
      /expects inputs of 3 dimensions, \(batch, steps, channels\); received shape \(None, 3\)/,
    );
    expect(() => layers.zeroPadding2D({ dataFormat: 'channelsfrist' })).toThrow(
      /Did you mean "channelsFirst"/,
    );
  });
});

describe('Cropping', () => {
  it('cuts the ends off', () => {
    expect(
      layers
        .cropping1D()
        .apply(count(1, 4, 1))
        .flatten()
        .arraySync(),
    ).toEqual([2, 3]);
    expect(
      layers
        .cropping1D([0, 2])
        .apply(count(1, 4, 1))
        .flatten()
        .arraySync(),
    ).toEqual([1, 2]);
    const image = layers.cropping2D([
      [1, 0],
      [0, 2],
    ]);
    expect(
      image
        .apply(count(1, 2, 3, 1))
        .flatten()
        .arraySync(),
    ).toEqual([4]);
    expect(layers.cropping2D().apply(count(1, 2, 3, 1)).shape).toEqual([1, 2, 3, 1]);
    const first = layers.cropping3D({ cropping: [1, 0, [0, 1]], dataFormat: 'channelsFirst' });
    expect(first.apply(count(1, 5, 3, 2, 2)).shape).toEqual([1, 5, 1, 2, 1]);
  });
  it('leaves something', () => {
    expect(() => layers.cropping2D([1, [2, 1]]).apply(count(1, 3, 3, 1))).toThrow(
      /Cropping2D\) expects spatial sizes of 3 x 4 or more.*received shape \(None, 3, 3, 1\)/,
    );
    expect(() => layers.cropping1D({ dataFormat: 'channelsLast' } as never)).toThrow(
      /no option "dataFormat"/,
    );
  });
});

describe('UpSampling', () => {
  it('repeats', () => {
    expect(
      layers
        .upSampling1D(3)
        .apply(count(1, 2, 1))
        .flatten()
        .arraySync(),
    ).toEqual([1, 1, 1, 2, 2, 2]);
    expect(
      layers
        .upSampling2D([1, 2])
        .apply(count(1, 2, 2, 1))
        .reshape([2, 4])
        .arraySync(),
    ).toEqual([
      [1, 1, 2, 2],
      [3, 3, 4, 4],
    ]);
    expect(layers.upSampling3D([1, 2, 3]).apply(count(1, 2, 2, 2, 5)).shape).toEqual([
      1, 2, 4, 6, 5,
    ]);
  });
  it('interpolates, on channels first too', () => {
    const x = count(1, 2, 2, 1);
    const y = layers.upSampling2D(2, { interpolation: 'bilinear' }).apply(x);
    expect(y.flatten().arraySync()).toEqual([
      1, 1.25, 1.75, 2, 1.5, 1.75, 2.25, 2.5, 2.5, 2.75, 3.25, 3.5, 3, 3.25, 3.75, 4,
    ]);
    const first = layers.upSampling2D({ interpolation: 'bilinear', dataFormat: 'channelsFirst' });
    expect(
      first
        .apply(x.reshape([1, 1, 2, 2]))
        .flatten()
        .arraySync(),
    ).toEqual(y.flatten().arraySync());
  });
  it('refuses sizes and ids', () => {
    expect(() => layers.upSampling1D(0)).toThrow(/size must be a whole number of 1 or more/);
    expect(() => layers.upSampling1D([2] as never)).toThrow(/received \[2\]/);
    expect(() => layers.upSampling2D([2, 1.5])).toThrow(/received \[2,1.5\]/);
    expect(() => layers.upSampling2D({ interpolation: 'area' })).toThrow(
      /Unknown interpolation of UpSampling2D/,
    );
  });
});

describe('Permute and RepeatVector', () => {
  it('reorder and repeat', () => {
    expect(
      layers
        .permute([2, 1])
        .apply(count(1, 2, 3))
        .arraySync(),
    ).toEqual([
      [
        [1, 4],
        [2, 5],
        [3, 6],
      ],
    ]);
    expect(layers.repeatVector(2).apply(count(1, 3)).arraySync()).toEqual([
      [
        [1, 2, 3],
        [1, 2, 3],
      ],
    ]);
  });
  it('refuse', () => {
    for (const dims of [[], [0, 1], [1, 1], [2]])
      expect(() => layers.permute(dims)).toThrow(/dims must hold 1, 2, … in some order/);
    expect(() => layers.permute([2, 1]).apply(count(1, 2))).toThrow(/inputs of 3 dimensions/);
    expect(() => layers.repeatVector(1.5)).toThrow(/received 1.5/);
    expect(() => layers.repeatVector(2).apply(count(1, 2, 3))).toThrow(/\(batch, features\)/);
  });
});

it('the place of channels is a setting', () => {
  keras.config.setImageDataFormat('channels_first');
  try {
    expect(layers.zeroPadding2D().dataFormat).toBe('channelsFirst');
    expect(layers.cropping1D().dataFormat).toBe('channelsLast');
  } finally {
    keras.config.setImageDataFormat('channelsLast');
  }
  expect(() => keras.config.setImageDataFormat('last')).toThrow(/Unknown dataFormat/);
});

it('configs make the same layer', () => {
  const made = [
    layers.zeroPadding1D([1, 2]),
    layers.zeroPadding3D({ padding: [1, [2, 0], 3], dataFormat: 'channelsFirst' }),
    layers.cropping1D([1, 2]),
    layers.cropping2D([1, 2]),
    layers.upSampling1D(3),
    layers.upSampling2D([1, 2], { interpolation: 'lanczos3' }),
    layers.upSampling3D(2),
    layers.permute([3, 1, 2]),
    layers.repeatVector(4),
  ];
  for (const layer of made) {
    const config = layer.getConfig();
    const again = new (layer.constructor as new (o: object) => keras.layers.Layer)(config);
    expect(again.getConfig()).toEqual(config);
  }
});
