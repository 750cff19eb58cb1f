/** Colours of images in other terms. Formulas and constants are Keras's (on JAX). */
import { isFloat } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { concatenate, where } from '../../numpy/index.ts';
import { showShape } from '../../shape.ts';
import { asTensor, type Tensor, type TensorLike } from '../../tensor/index.ts';
import { type DataFormat, dataFormatOf } from '../config.ts';

type Format = DataFormat | (string & {}) | null;

/** The images, the axis of their channels, and these by themselves. */
function channelsOf(
  what: string,
  images: TensorLike,
  dataFormat: Format | undefined,
  counts: readonly number[],
): { x: Tensor; axis: number; channels: Tensor[] } {
  const x = asTensor(images);
  const axis = dataFormatOf(what, dataFormat) === 'channelsFirst' ? x.ndim - 3 : x.ndim - 1;
  if ((x.ndim !== 3 && x.ndim !== 4) || !counts.includes(x.shape[axis]))
    throw new GradloomError(
      'shape',
      `${what} takes images (batch, height, width, channels), or one (height, width, channels), of ${counts.join(' or ')} channels; received shape ${showShape(x.shape)}.`,
      { shape: [...x.shape] },
    );
  const at = Array.from({ length: axis }, () => ':');
  const channels = Array.from({ length: x.shape[axis] }, (_, c) => x.slice(...at, [c, c + 1]));
  return { x, axis, channels };
}

function onlyFloats(what: string, x: Tensor): void {
  if (!isFloat(x.dtype))
    throw new GradloomError(
      'dtype',
      `${what} takes floats; received ${x.dtype}. Use astype('float32'), and divide by 255.`,
      { dtype: x.dtype },
    );
}

/** .2989 red + .587 green + .114 blue: one channel of the same dtype. One channel stays as it is. */
export function rgbToGrayscale(images: TensorLike, dataFormat?: Format): Tensor {
  const { x, channels } = channelsOf('rgbToGrayscale', images, dataFormat, [1, 3]);
  if (channels.length === 1) return x;
  const [r, g, b] = channels;
  return r.mul(0.2989).add(g.mul(0.587)).add(b.mul(0.114)).astype(x.dtype);
}

/** Red, green and blue in [0, 1] as hue, saturation and value in [0, 1]. */
export function rgbToHsv(images: TensorLike, dataFormat?: Format): Tensor {
  const { x, axis, channels } = channelsOf('rgbToHsv', images, dataFormat, [3]);
  onlyFloats('rgbToHsv', x);
  const least = x.dtype === 'float64' ? 2 ** -52 : 2 ** -23;
  const [r, g, b] = channels.map((c) => where(c.abs().lt(least), c.mul(0), c));
  const value = r.maximum(g).maximum(b);
  const range = value.sub(r.minimum(g).minimum(b));
  const lit = value.gt(0);
  const zero = value.mul(0);
  const saturation = where(lit, range.div(where(lit, value, zero.add(1))), zero);
  const coloured = range.gt(0);
  const unit = where(coloured, range, zero.add(1)).mul(6);
  const norm = zero.add(1).div(unit);
  const third = where(value.eq(g), norm.mul(b.sub(r)).add(2 / 6), norm.mul(r.sub(g)).add(4 / 6));
  const hue = where(value.eq(r), norm.mul(g.sub(b)), third);
  const turned = where(coloured, hue, zero).add(hue.lt(0).astype(x.dtype));
  return concatenate([turned, saturation, value], axis);
}

/** What `rgbToHsv` gave, back. */
export function hsvToRgb(images: TensorLike, dataFormat?: Format): Tensor {
  const { x, axis, channels } = channelsOf('hsvToRgb', images, dataFormat, [3]);
  onlyFloats('hsvToRgb', x);
  const [hue, saturation, value] = channels;
  const turn = hue.mod(1).mul(6);
  const shares = [
    turn.sub(3).abs().sub(1).clip(0, 1),
    turn.sub(2).abs().neg().add(2).clip(0, 1),
    turn.sub(4).abs().neg().add(2).clip(0, 1),
  ];
  const gray = saturation.neg().add(1);
  return concatenate(
    shares.map((d) => value.mul(gray.add(saturation.mul(d)))),
    axis,
  );
}
