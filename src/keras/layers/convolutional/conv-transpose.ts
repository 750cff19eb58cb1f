/** Conv1DTranspose, Conv2DTranspose, Conv3DTranspose: the gradient of a convolution, as a layer. */
import { lax } from '../../../graph/index.ts';
import { Tensor } from '../../../tensor/index.ts';
import type { Variable } from '../../variable.ts';
import type { BatchShape } from '../layer.ts';
import type { PerDimension, Size, SpatialRank } from '../spatial.ts';
import type { WeightSpecOptions } from '../weight-spec.ts';
import { type Padding, span, type Window } from '../windows.ts';
import { filtersFirst } from './conv.ts';
import { Convolution, type ConvolutionOptions } from './convolution.ts';

export interface ConvTransposeOptions extends ConvolutionOptions, WeightSpecOptions<'kernel'> {
  /** How many channels the output has. */
  readonly filters?: number;
  /**
   * How much larger than the least the output is, below the stride; null takes the size that a
   * convolution of these options would make the input's from.
   */
  readonly outputPadding?: PerDimension | null;
}

/**
 * Weights: kernel (…kernelSize, filters, channels), bias (filters,). Every size n becomes, for a window
 * that spans k elements and a stride s: with padding 'valid' (n - 1) s + max(k, s), with 'same' n s;
 * with an outputPadding p (n - 1) s + k + p and (n - 1) s + k mod 2 + p.
 */
export abstract class ConvTranspose extends Convolution {
  readonly filters: number;
  readonly outputPadding: readonly number[] | null;
  kernel!: Variable;

  constructor(rank: SpatialRank, o: ConvTransposeOptions) {
    super(rank, o, ['filters', 'outputPadding'], ['kernel']);
    this.filters = this.count('filters', o.filters);
    this.outputPadding =
      o.outputPadding == null ? null : this.sizes('outputPadding', o.outputPadding, 0);
    if (this.outputPadding?.some((p, i) => p >= this.strides[i]))
      throw this.optionError(
        'outputPadding',
        `less than strides, ${JSON.stringify(this.strides)}`,
        this.outputPadding,
      );
    this.refuseStridesWithDilation();
  }

  protected override channelsOut(): number {
    return this.filters;
  }
  protected override buildKernels(channels: number): void {
    const shape = [...this.kernelSize, this.filters, channels];
    this.kernel = this.weight('kernel', 'kernel', shape);
  }
  protected override outputSizes(spatial: readonly Size[], s: BatchShape): Size[] {
    const sizes = spatial.map((n, i) => {
      if (n === null) return null;
      const [before, after] = this.#ends(i);
      return (n - 1) * this.strides[i] + 1 + before + after - (span(this.window(i)) - 1);
    });
    if (sizes.some((n) => n !== null && n < 1))
      throw this.shapeError(
        `spatial sizes of which something is left with padding '${this.padding}' and outputPadding ${JSON.stringify(this.outputPadding)}`,
        s,
      );
    return sizes;
  }

  #ends(i: number): [number, number] {
    return transposedEnds(this.window(i), this.padding, this.outputPadding?.[i]);
  }

  protected override convolve(x: Tensor): Tensor {
    const ends = this.kernelSize.map((_, i) => this.#ends(i));
    return convolveTransposed(x, this.kernel.tensor, this.strides, ends, this.dilationRate);
  }
  override getConfig(): Record<string, unknown> {
    const { filters, outputPadding: p } = this;
    const outputPadding = p !== null && this.spatialRank === 1 ? p[0] : p;
    return { ...super.getConfig(), filters, outputPadding };
  }
}

/** Zeros [before, after] the input, spread by the strides, of the convolution that does it. */
export function transposedEnds(
  window: Window,
  padding: Padding,
  outputPadding: number | undefined,
): [number, number] {
  const k = span(window);
  const { stride } = window;
  if (padding === 'valid') return [k - 1, k - 1 + (outputPadding ?? Math.max(stride - k, 0))];
  const total = outputPadding === undefined ? stride + k - 2 : k + (k % 2) - 2 + outputPadding;
  const before = Math.min(Math.ceil(total / 2), k - 1);
  return [before, total - before];
}

/** x, channels last, spread by `strides`, with the kernel (…window, filters, channels) turned around. */
export function convolveTransposed(
  x: Tensor,
  kernel: Tensor,
  strides: readonly number[],
  ends: readonly (readonly [number, number])[],
  dilation: readonly number[],
): Tensor {
  const n = strides.length;
  const dims = strides.map((_, d) => d);
  const turned = lax.transpose(lax.reverse(kernel.value, dims), [...dims, n + 1, n]);
  const y = lax.convGeneralDilated(x.value, turned, {
    strides: dims.map(() => 1),
    padding: ends,
    lhsDilation: strides,
    rhsDilation: dilation,
  });
  return Tensor.of(y, x, kernel);
}

/** (batch, steps, channels) to (batch, steps', filters). */
export class Conv1DTranspose extends ConvTranspose {
  constructor(o: ConvTransposeOptions) {
    super(1, o);
  }
}
/** (batch, height, width, channels) to (batch, height', width', filters). */
export class Conv2DTranspose extends ConvTranspose {
  constructor(o: ConvTransposeOptions) {
    super(2, o);
  }
}
/** (batch, depth, height, width, channels) to (batch, depth', height', width', filters). */
export class Conv3DTranspose extends ConvTranspose {
  constructor(o: ConvTransposeOptions) {
    super(3, o);
  }
}

export const conv1DTranspose = (
  filters: number | ConvTransposeOptions,
  kernelSize?: PerDimension,
  o: ConvTransposeOptions = {},
): Conv1DTranspose => new Conv1DTranspose(filtersFirst(filters, kernelSize, o));
export const conv2DTranspose = (
  filters: number | ConvTransposeOptions,
  kernelSize?: PerDimension,
  o: ConvTransposeOptions = {},
): Conv2DTranspose => new Conv2DTranspose(filtersFirst(filters, kernelSize, o));
export const conv3DTranspose = (
  filters: number | ConvTransposeOptions,
  kernelSize?: PerDimension,
  o: ConvTransposeOptions = {},
): Conv3DTranspose => new Conv3DTranspose(filtersFirst(filters, kernelSize, o));
/** Keras's other names. */
export {
  Conv1DTranspose as Convolution1DTranspose,
  Conv2DTranspose as Convolution2DTranspose,
  Conv3DTranspose as Convolution3DTranspose,
  conv1DTranspose as convolution1DTranspose,
  conv2DTranspose as convolution2DTranspose,
  conv3DTranspose as convolution3DTranspose,
};
