/** Images turned, moved and stretched: every output pixel is looked up where a matrix says. */
import { isFloat } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { lax, type Value } from '../../graph/index.ts';
import { showShape } from '../../shape.ts';
import { asTensor, Tensor, type TensorLike } from '../../tensor/index.ts';
import { type DataFormat, dataFormatOf } from '../config.ts';
import { checkOptions, lookup } from '../identifiers.ts';
import { type FillMode, fillModes, samplePixels } from './sample.ts';

export interface AffineOptions {
  /** 'bilinear' or 'nearest'. */
  readonly interpolation?: 'bilinear' | 'nearest' | (string & {});
  /** Beyond the edge: 'constant', 'nearest', 'wrap', 'mirror' or 'reflect'. */
  readonly fillMode?: FillMode | (string & {});
  /** For 'constant': 0. */
  readonly fillValue?: number;
  readonly dataFormat?: DataFormat | (string & {}) | null;
}

const orders: Readonly<Record<string, 0 | 1>> = { nearest: 0, bilinear: 1 };

/**
 * Output pixel (x, y) is the input's at (a0 x + a1 y + a2, b0 x + b1 y + b2), for `transform`
 * [a0, a1, a2, b0, b1, b2, …], (8,) or (batch, 8), of which Keras on JAX uses these six. `images`
 * (batch, height, width, channels), or one without the batch; the result has their shape, in floats.
 * Throws `shape` for others.
 */
export function affineTransform(
  images: TensorLike,
  transform: TensorLike,
  o: AffineOptions = {},
): Tensor {
  checkOptions('affineTransform', o, ['interpolation', 'fillMode', 'fillValue', 'dataFormat']);
  const [t, m] = [asTensor(images), asTensor(transform)];
  if (t.ndim !== 3 && t.ndim !== 4)
    throw new GradloomError(
      'shape',
      `affineTransform takes images (batch, height, width, channels), or one (height, width, channels); received shape ${showShape(t.shape)}.`,
      { shape: [...t.shape] },
    );
  const batch = t.ndim === 4 ? t.shape[0] : 1;
  const fits = m.ndim === 2 ? m.shape[0] === batch || m.shape[0] === 1 : m.ndim === 1;
  if (!fits || m.shape[m.ndim - 1] !== 8)
    throw new GradloomError(
      'shape',
      `affineTransform: transform must have shape (8,) or (${batch}, 8) for ${batch} image${batch === 1 ? '' : 's'}; received ${showShape(m.shape)}.`,
      { shape: [...m.shape] },
    );
  const order = lookup('interpolation of affineTransform:', o.interpolation ?? 'bilinear', orders);
  const mode = lookup('fillMode of affineTransform:', o.fillMode ?? 'constant', fillModes);
  const first = dataFormatOf('affineTransform', o.dataFormat) === 'channelsFirst';
  let x = isFloat(t.dtype) ? t.value : lax.convert(t.value, 'float32');
  if (t.size === 0) return Tensor.of(x, t);
  if (t.ndim === 3) x = lax.reshape(x, [1, ...x.shape]);
  if (first) x = lax.transpose(x, [0, 2, 3, 1]);
  const rows = m.ndim === 1 ? lax.reshape(m.value, [1, 8]) : m.value;
  const y = warp(x, lax.convert(rows, 'float32'), order, mode, o.fillValue ?? 0);
  const back = first ? lax.transpose(y, [0, 3, 1, 2]) : y;
  return Tensor.of(lax.reshape(back, t.shape), t, m);
}

function warp(images: Value, rows: Value, order: 0 | 1, mode: FillMode, fill: number): Value {
  const shape = images.shape.slice(0, 3);
  const each = rows.shape[0] === 1 && shape[0] !== 1 ? [] : [0];
  const entry = (k: number): Value => {
    const column = lax.slice(rows, [0, k], [rows.shape[0], k + 1]);
    return lax.broadcastInDim(
      lax.reshape(column, each.length === 0 ? [] : [shape[0]]),
      shape,
      each,
    );
  };
  const [i, j] = [1, 2].map((d) => lax.iota(shape, d, 'float32'));
  const line = (a: number): Value =>
    lax.add(lax.add(lax.mul(i, entry(a + 1)), lax.mul(j, entry(a))), entry(a + 2));
  return samplePixels(images, line(3), line(0), order, mode, fill);
}
