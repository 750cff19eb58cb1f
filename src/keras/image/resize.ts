/** Images in another size. */
import { isFloat, type TypedArray } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { lax, type Value } from '../../graph/index.ts';
import { showShape } from '../../shape.ts';
import { asTensor, fromData, Tensor, type TensorLike } from '../../tensor/index.ts';
import { type DataFormat, dataFormatOf } from '../config.ts';
import { checkOptions, lookup } from '../identifiers.ts';
import {
  type Interpolation,
  interpolations,
  nearestPositions,
  resizeWeights,
} from './interpolation.ts';

export interface ResizeOptions {
  /** 'bilinear'; or 'nearest', 'bicubic', 'lanczos3', 'lanczos5'. */
  readonly interpolation?: Interpolation | (string & {});
  /** Averages over more pixels when the image shrinks: false. */
  readonly antialias?: boolean;
  /** Cuts off what is too long for the new aspect ratio, evenly at both ends: false. */
  readonly cropToAspectRatio?: boolean;
  /** Adds `fillValue` where the image is too short for the new aspect ratio: false. */
  readonly padToAspectRatio?: boolean;
  /** Only 'constant', as in Keras. */
  readonly fillMode?: 'constant' | (string & {});
  readonly fillValue?: number;
  readonly dataFormat?: DataFormat | (string & {}) | null;
}

const options = [
  'interpolation',
  'antialias',
  'cropToAspectRatio',
  'padToAspectRatio',
  'fillMode',
  'fillValue',
  'dataFormat',
];

/**
 * `images` (batch, height, width, channels), or one of them, as `size` [height, width]. 'nearest'
 * keeps the dtype; the others give floats. As keras.ops.image.resize on JAX, whose weights
 * (jax.image) they are. Throws `shape` for another rank, `range` for a size below 1.
 */
export function resize(images: TensorLike, size: readonly number[], o: ResizeOptions = {}): Tensor {
  checkOptions('resize', o, options);
  const t = asTensor(images);
  if (t.ndim !== 3 && t.ndim !== 4)
    throw new GradloomError(
      'shape',
      `resize takes images (batch, height, width, channels), or one (height, width, channels); received shape ${showShape(t.shape)}.`,
      { shape: [...t.shape] },
    );
  if (size.length !== 2 || size.some((n) => !Number.isInteger(n) || n < 1))
    throw new GradloomError(
      'range',
      `resize: size must be [height, width], whole numbers of 1 or more; received ${JSON.stringify(size)}.`,
      { size },
    );
  if (o.cropToAspectRatio && o.padToAspectRatio)
    throw new GradloomError(
      'option',
      'resize: only one of cropToAspectRatio and padToAspectRatio can be true.',
    );
  lookup('fillMode of resize:', o.fillMode ?? 'constant', { constant: 'constant' });
  const interpolation = lookup(
    'interpolation of resize:',
    o.interpolation ?? 'bilinear',
    interpolations,
  );
  const first = dataFormatOf('resize', o.dataFormat) === 'channelsFirst';
  const axis = t.ndim - (first ? 2 : 3);
  let x = t.value;
  if (o.cropToAspectRatio) x = crop(x, axis, size);
  if (o.padToAspectRatio) x = padOut(x, axis, size, o.fillValue ?? 0);
  const y =
    interpolation === 'nearest'
      ? pick(x, axis, size)
      : mix(x, axis, size, interpolation, o.antialias ?? false);
  return Tensor.of(y, t);
}

function pick(x: Value, axis: number, size: readonly number[]): Value {
  return size.reduce((v, n, i) => {
    const from = v.shape[axis + i];
    if (from === n) return v;
    return lax.take(v, fromData(nearestPositions(from, n), [n], 'int32').value, axis + i);
  }, x);
}

/** A matrix product an axis, then one transpose to put the new axes where the old ones were. */
function mix(
  x: Value,
  axis: number,
  size: readonly number[],
  interpolation: Exclude<Interpolation, 'nearest'>,
  antialias: boolean,
): Value {
  let v = isFloat(x.dtype) ? x : lax.convert(x, 'float32');
  const order = x.shape.map((_, d) => d);
  size.forEach((n, i) => {
    const from = x.shape[axis + i];
    if (from === n) return;
    const weights = resizeWeights(from, n, interpolation, antialias);
    const data: TypedArray = v.dtype === 'float64' ? weights : Float32Array.from(weights);
    const at = order.indexOf(axis + i);
    v = lax.dotGeneral(v, fromData(data, [from, n], v.dtype).value, {
      lhsContract: [at],
      rhsContract: [0],
      lhsBatch: [],
      rhsBatch: [],
    });
    order.push(...order.splice(at, 1));
  });
  return lax.transpose(
    v,
    order.map((_, d) => order.indexOf(d)),
  );
}

function fitted(x: Value, axis: number, [height, width]: readonly number[]): [number, number] {
  return [
    Math.trunc((x.shape[axis + 1] * height) / width),
    Math.trunc((x.shape[axis] * width) / height),
  ];
}

function crop(x: Value, axis: number, size: readonly number[]): Value {
  const start = x.shape.map(() => 0);
  const limit = [...x.shape];
  fitted(x, axis, size).forEach((wanted, i) => {
    const n = Math.max(Math.min(x.shape[axis + i], wanted), 1);
    start[axis + i] = Math.trunc((x.shape[axis + i] - n) / 2);
    limit[axis + i] = start[axis + i] + n;
  });
  return lax.slice(x, start, limit);
}

/** As Keras: the same at both ends, and in one direction only. */
function padOut(x: Value, axis: number, size: readonly number[], fill: number): Value {
  const width = x.shape.map(() => 0);
  for (const [i, wanted] of fitted(x, axis, size).entries()) {
    const n = Math.trunc((wanted - x.shape[axis + i]) / 2);
    if (n <= 0) continue;
    width[axis + i] = n;
    break;
  }
  return lax.pad(x, fill, width, width);
}
