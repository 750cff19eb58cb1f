/** Outputs that are made here, with methods of tensors and keras.ops, out of x (batch, 6, 4). */
import { ofMethods } from '../../src/keras/functional/testing.ts';
import * as keras from '../../src/keras/index.ts';
import { type Tensor, tensor } from '../../src/tensor/index.ts';

type K = keras.KerasTensor;
const { ops } = keras;
const several = (y: unknown): K[] => y as K[];
const kernel = (shape: readonly number[]): Tensor =>
  tensor(Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i))).reshape(
    shape,
  );

export const operationModels: Readonly<Record<string, (x: K) => readonly K[]>> = {
  methods: (x) => [
    ...ofMethods(x, 24),
    x.slice(':', 1, '::-1'),
    ...[x.slice('...', [1, 3]), x.slice(':', null, [null, null, 2]), x.add(kernel([4]))],
  ],
  numpy: (x) => [
    ...[ops.subtract(1, x), ops.power(ops.abs(x), 1.5), ops.var(x, 1), ops.median(x, 2)],
    ...[ops.argsort(x, 1), ops.sort(x, 2), ops.cumsum(x, 1), ops.diff(x, 1, 2)],
    ...several(ops.split(x, [2], 1)),
    ...[ops.concatenate([x, x.mul(2)], -1), ops.stack([x, x], 1), ops.append(x, x, 1)],
    ...[ops.repeat(x, 2, 1), ops.tile(x, [1, 2, 1]), ops.roll(x, 1, 1), ops.flip(x, 1)],
    ...[ops.moveaxis(x, 1, 2), ops.swapaxes(x, 1, 2), ops.where(x.gt(0), x, 0)],
    ops.pad(
      x,
      [
        [0, 0],
        [1, 1],
        [0, 0],
      ],
      { constantValues: 2 },
    ),
    ops.pad(
      x,
      [
        [0, 0],
        [1, 1],
        [0, 0],
      ],
      'reflect',
    ),
    ...[ops.einsum<K>('bij,bkj->bik', x, x), ops.tensordot(x, kernel([4, 3]), 1)],
    ...[ops.average(x, 2, { weights: tensor([1, 2, 3, 4]) })],
    ...[ops.diagonal(x, 1, 1, 2), ops.tril(x, -1), ops.round(x, 1), ops.nanToNum(x, { nan: 1 })],
    ...[ops.isclose(x, x.add(1e-3), { atol: 1e-2 }), ops.onesLike(x, 'int32')],
  ],
  networks: (x) => [
    ...[ops.softmax(x, 1), ops.logsumexp(x, -1), ops.logsumexp(x, { axis: 1, keepdims: true })],
    ...[ops.leakyRelu(x, 0.3), ops.gelu(x, false), ops.elu(x, 0.7), ops.threshold(x, 0.1, -1)],
    ...[ops.swish(x), ops.hardSwish(x), ops.glu(x, 1), ops.normalize(x, { axis: 1 })],
    ...[ops.oneHot(x.argmax(1), 6), ops.oneHot(x.argmax(1), 6, { axis: 1, dtype: 'int32' })],
    ...several(ops.topK(x, 2)),
    ...several(ops.moments(x, [1])),
    ops.batchNormalization(x, kernel([4]), kernel([4]).add(2), -1, {
      offset: kernel([4]),
      scale: kernel([4]),
    }),
    ...[ops.maxPool(x, 2, 2), ops.averagePool(x, 2, 1, { padding: 'same' })],
    ops.conv(x, kernel([3, 4, 2]), { padding: 'same' }),
    ...several(ops.unstack(x, { axis: 1 })).slice(0, 2),
    ...[ops.psnr(x, x.add(1), 2), ops.sliceUpdate(x, [0, 0, 1], x.slice(':', ':', [2]))],
  ],
  images: (x) => {
    const image = x.reshape([-1, 6, 4, 1]);
    const rgb = ops.sigmoid<K>(ops.concatenate([image, image.mul(2), image.mul(-1)], -1));
    return [
      ops.image.resize<K>(image, [5, 4], { interpolation: 'nearest' }),
      ops.image.gaussianBlur<K>(image, [3, 3], [0.7, 0.9]),
      ops.image.rgbToGrayscale<K>(rgb),
      ops.image.rgbToHsv<K>(rgb),
    ];
  },
};
