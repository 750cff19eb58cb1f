/** Images convolved, every channel by itself, with one small kernel. */
import { isFloat } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { lax, type Value } from '../../graph/index.ts';
import { showShape } from '../../shape.ts';
import { asTensor, Tensor, type TensorLike } from '../../tensor/index.ts';
import { type DataFormat, dataFormatOf } from '../config.ts';

type Format = DataFormat | (string & {}) | null;

/** `images` of a float dtype with `kernel` (height, width), of odd sizes; zeros lie beyond the edge. */
export function filterImages(images: Tensor, kernel: Tensor, dataFormat?: Format): Tensor {
  const single = images.ndim === 3;
  const first = dataFormatOf('filterImages', dataFormat) === 'channelsFirst';
  let x = single ? lax.reshape(images.value, [1, ...images.shape]) : images.value;
  if (first) x = lax.transpose(x, [0, 2, 3, 1]);
  const channels = x.shape[3];
  const [h, w] = kernel.shape;
  const each = lax.broadcastInDim(lax.convert(kernel.value, x.dtype), [h, w, 1, channels], [0, 1]);
  const half = (n: number): readonly [number, number] => [(n - 1) / 2, (n - 1) / 2];
  const y = lax.convGeneralDilated(x, each, {
    strides: [1, 1],
    padding: [half(h), half(w)],
    featureGroupCount: channels,
  });
  const back = first ? lax.transpose(y, [0, 3, 1, 2]) : y;
  return Tensor.of(lax.reshape(back, images.shape), images, kernel);
}

/** exp(-x² / 2 sigma²) for x from the middle of `size` places, of sum 1. */
function bell(size: number, sigma: Value): Value {
  const shape = [size];
  const full = (v: number): Value => lax.full(shape, v, sigma.dtype);
  const x = lax.sub(lax.iota(shape, 0, sigma.dtype), full((size - 1) / 2));
  const scaled = lax.div(x, lax.broadcastInDim(sigma, shape, []));
  const e = lax.exp(lax.mul(full(-0.5), lax.mul(scaled, scaled)));
  return lax.div(e, lax.broadcastInDim(lax.reduceSum(e, [0]), shape, []));
}

/**
 * A Gaussian blur with a kernel of `kernelSize` [width, height], odd, and deviations `sigma`
 * [across, down], which may be traced. The shape stays. Throws `range`, `shape`, `dtype`.
 */
export function gaussianBlur(
  images: TensorLike,
  kernelSize: readonly number[] = [3, 3],
  sigma: TensorLike = [1, 1],
  dataFormat?: Format,
): Tensor {
  const t = asTensor(images);
  if ((t.ndim !== 3 && t.ndim !== 4) || !isFloat(t.dtype))
    throw new GradloomError(
      'shape',
      `gaussianBlur takes float images (batch, height, width, channels), or one; received ${t.dtype} of shape ${showShape(t.shape)}.`,
      { shape: [...t.shape], dtype: t.dtype },
    );
  if (
    kernelSize.length !== 2 ||
    !kernelSize.every((n) => Number.isInteger(n) && n > 0 && n % 2 === 1)
  )
    throw new GradloomError(
      'range',
      `gaussianBlur: kernelSize must hold two odd numbers of 1 or more; received ${JSON.stringify(kernelSize)}.`,
      { kernelSize },
    );
  const s = asTensor(sigma).astype(t.dtype);
  if (s.ndim !== 1 || s.shape[0] !== 2)
    throw new GradloomError(
      'shape',
      `gaussianBlur: sigma must hold two numbers; received shape ${showShape(s.shape)}.`,
      { shape: [...s.shape] },
    );
  const [across, down] = kernelSize.map((size, i) =>
    bell(size, lax.reshape(lax.slice(s.value, [i], [i + 1]), [])),
  );
  const shape = [kernelSize[1], kernelSize[0]];
  const kernel = lax.mul(
    lax.broadcastInDim(down, shape, [0]),
    lax.broadcastInDim(across, shape, [1]),
  );
  return filterImages(t, Tensor.of(kernel, s), dataFormat);
}
