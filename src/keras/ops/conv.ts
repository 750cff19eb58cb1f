/** keras.ops: convolutions with given kernels, and pooling. */
import { GradloomError } from '../../errors.ts';
import { lax } from '../../graph/index.ts';
import { showShape } from '../../shape.ts';
import { asTensor, Tensor, type TensorLike } from '../../tensor/index.ts';
import type { DataFormat } from '../config.ts';
import { dataFormatOf } from '../config.ts';
import { convolveTransposed, transposedEnds } from '../layers/convolutional/conv-transpose.ts';
import * as pooling from '../layers/pooling/index.ts';
import type { PerDimension } from '../layers/spatial.ts';
import { type Padding, windowPadding } from '../layers/windows.ts';

export interface ConvOpOptions {
  readonly strides?: PerDimension;
  /** `valid` (default) or `same`; `causal` in one dimension. */
  readonly padding?: Padding | (string & {});
  readonly dataFormat?: DataFormat | (string & {}) | null;
  readonly dilationRate?: PerDimension;
}

const each = (op: string, n: number, v: PerDimension | undefined): readonly number[] => {
  const list = v === undefined ? 1 : v;
  const all = typeof list === 'number' ? new Array<number>(n).fill(list) : list;
  if (all.length === n && all.every((k) => Number.isInteger(k) && k > 0)) return all;
  throw new GradloomError(
    'shape',
    `${op}: there must be a whole number of 1 or more for each of ${n} spatial dimensions; received ${JSON.stringify(v)}.`,
    { received: v },
  );
};

const paddingOf = (op: string, p: string | undefined): Padding => {
  const id = (p ?? 'valid').toLowerCase();
  if (id === 'valid' || id === 'same' || id === 'causal') return id;
  throw new GradloomError('shape', `${op}: padding is 'valid' or 'same'; received "${p}".`, {
    padding: p,
  });
};

/** Runs `f` on x with its channels last. */
function channelsLast(
  op: string,
  input: TensorLike,
  kernel: Tensor,
  o: ConvOpOptions,
  f: (x: Tensor, spatial: number) => Tensor,
): Tensor {
  const x = asTensor(input);
  const n = x.ndim - 2;
  if (n < 1 || n > 3 || kernel.ndim !== x.ndim)
    throw new GradloomError(
      'shape',
      `${op} takes inputs of 3 to 5 dimensions, and a kernel of as many; received ${showShape(x.shape)} and ${showShape(kernel.shape)}.`,
      { input: [...x.shape], kernel: [...kernel.shape] },
    );
  const dims = Array.from({ length: n }, (_, d) => d);
  if (dataFormatOf(op, o.dataFormat) === 'channelsLast') return f(x, n);
  const y = f(x.transpose([0, ...dims.map((d) => d + 2), 1]), n);
  return y.transpose([0, n + 1, ...dims.map((d) => d + 1)]);
}

function convolve(op: string, x: Tensor, kernel: Tensor, o: ConvOpOptions, groups: number): Tensor {
  const n = x.ndim - 2;
  const strides = each(op, n, o.strides);
  const dilation = each(op, n, o.dilationRate);
  const y = lax.convGeneralDilated(x.value, kernel.value, {
    strides,
    padding: strides.map((stride, i) => {
      const window = { size: kernel.shape[i], stride, dilation: dilation[i] };
      return windowPadding(x.shape[i + 1], window, paddingOf(op, o.padding));
    }),
    rhsDilation: dilation,
    featureGroupCount: groups,
  });
  return Tensor.of(y, x, kernel);
}

/** x (batch, …spatial, channels) with a kernel (…window, channels / groups, filters). */
export function conv(inputs: TensorLike, kernel: TensorLike, o: ConvOpOptions = {}): Tensor {
  const k = asTensor(kernel);
  return channelsLast('conv', inputs, k, o, (x, n) => {
    const channels = x.shape[n + 1];
    if (channels % k.shape[n] !== 0)
      throw new GradloomError(
        'shape',
        `conv: ${channels} channels cannot be cut into groups of the kernel's ${k.shape[n]} (input ${showShape(x.shape)}, kernel ${showShape(k.shape)}).`,
        { input: [...x.shape], kernel: [...k.shape] },
      );
    return convolve('conv', x, k, o, channels / k.shape[n]);
  });
}

/** Every channel by itself: kernel (…window, channels, multiplier), result channels * multiplier. */
export function depthwiseConv(
  inputs: TensorLike,
  kernel: TensorLike,
  o: ConvOpOptions = {},
): Tensor {
  const k = asTensor(kernel);
  return channelsLast('depthwiseConv', inputs, k, o, (x, n) => {
    const [channels, multiplier] = [k.shape[n], k.shape[n + 1]];
    const merged = k.reshape([...k.shape.slice(0, n), 1, channels * multiplier]);
    return convolve('depthwiseConv', x, merged, o, channels);
  });
}

/** depthwiseConv, and then a convolution with windows of 1. */
export function separableConv(
  inputs: TensorLike,
  depthwiseKernel: TensorLike,
  pointwiseKernel: TensorLike,
  o: ConvOpOptions = {},
): Tensor {
  const y = depthwiseConv(inputs, depthwiseKernel, o);
  return conv(y, pointwiseKernel, { dataFormat: o.dataFormat });
}

/** The gradient of a convolution: x spread by `strides`, kernel (…window, filters, channels). */
export function convTranspose(
  inputs: TensorLike,
  kernel: TensorLike,
  o: ConvOpOptions & { readonly outputPadding?: PerDimension | null } = {},
): Tensor {
  const k = asTensor(kernel);
  return channelsLast('convTranspose', inputs, k, o, (x, n) => {
    const strides = each('convTranspose', n, o.strides);
    const dilation = each('convTranspose', n, o.dilationRate);
    const extra = o.outputPadding;
    const ends = strides.map((stride, i) =>
      transposedEnds(
        { size: k.shape[i], stride, dilation: dilation[i] },
        paddingOf('convTranspose', o.padding),
        extra == null ? undefined : typeof extra === 'number' ? extra : extra[i],
      ),
    );
    return convolveTransposed(x, k, strides, ends, dilation);
  });
}

type PoolOptions = Pick<ConvOpOptions, 'dataFormat'> & { readonly padding?: 'valid' | 'same' };

function pool(
  kind: 'Max' | 'Average',
  inputs: TensorLike,
  poolSize: PerDimension,
  strides: PerDimension | null | undefined,
  o: PoolOptions,
): Tensor {
  const x = asTensor(inputs);
  const classes = {
    Max: [pooling.MaxPooling1D, pooling.MaxPooling2D, pooling.MaxPooling3D],
    Average: [pooling.AveragePooling1D, pooling.AveragePooling2D, pooling.AveragePooling3D],
  }[kind];
  const Layer = classes[x.ndim - 3];
  if (!Layer)
    throw new GradloomError(
      'shape',
      `${kind.toLowerCase()}Pool takes inputs of 3 to 5 dimensions; received ${showShape(x.shape)}.`,
      { input: [...x.shape] },
    );
  return new Layer({ ...o, poolSize, strides, dtype: x.dtype, name: `${kind}Pool` }).apply(x);
}

/** The largest of each window. */
export function maxPool(
  inputs: TensorLike,
  poolSize: PerDimension,
  strides?: PerDimension | null,
  o: PoolOptions = {},
): Tensor {
  return pool('Max', inputs, poolSize, strides, o);
}

/** The mean of each window; padding does not count. */
export function averagePool(
  inputs: TensorLike,
  poolSize: PerDimension,
  strides?: PerDimension | null,
  o: PoolOptions = {},
): Tensor {
  return pool('Average', inputs, poolSize, strides, o);
}
