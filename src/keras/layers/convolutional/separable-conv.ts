/** SeparableConv1D, SeparableConv2D: every channel by itself, then channels mixed at each place. */
import type { Tensor } from '../../../tensor/index.ts';
import type { Variable } from '../../variable.ts';
import type { PerDimension, SpatialRank } from '../spatial.ts';
import type { WeightSpecOptions } from '../weight-spec.ts';
import { filtersFirst } from './conv.ts';
import { Convolution, type ConvolutionOptions } from './convolution.ts';

export interface SeparableConvOptions
  extends ConvolutionOptions,
    WeightSpecOptions<'depthwise'>,
    WeightSpecOptions<'pointwise'> {
  /** How many channels the output has. */
  readonly filters?: number;
  /** How many channels are made of each before they are mixed: 1. */
  readonly depthMultiplier?: number;
}

/**
 * Weights: depthwise_kernel (…kernelSize, channels, depthMultiplier), pointwise_kernel
 * (…1, channels * depthMultiplier, filters), bias (filters,).
 */
export abstract class SeparableConv extends Convolution {
  readonly filters: number;
  readonly depthMultiplier: number;
  depthwiseKernel!: Variable;
  pointwiseKernel!: Variable;

  constructor(rank: SpatialRank, o: SeparableConvOptions) {
    super(rank, o, ['filters', 'depthMultiplier'], ['depthwise', 'pointwise']);
    this.filters = this.count('filters', o.filters);
    this.depthMultiplier = this.count('depthMultiplier', o.depthMultiplier ?? 1);
  }

  protected override channelsOut(): number {
    return this.filters;
  }
  protected override buildKernels(channels: number): void {
    this.depthwiseKernel = this.weight('depthwise', 'depthwise_kernel', [
      ...this.kernelSize,
      channels,
      this.depthMultiplier,
    ]);
    this.pointwiseKernel = this.weight('pointwise', 'pointwise_kernel', [
      ...this.kernelSize.map(() => 1),
      channels * this.depthMultiplier,
      this.filters,
    ]);
  }
  protected override convolve(x: Tensor): Tensor {
    const each = this.convolveDepthwise(x, this.depthwiseKernel.tensor);
    const mix = this.pointwiseKernel.tensor;
    return each.matmul(mix.reshape(mix.shape.slice(-2)));
  }
  override getConfig(): Record<string, unknown> {
    const { filters, depthMultiplier } = this;
    return {
      ...super.getConfig(),
      filters,
      depthMultiplier,
    };
  }
}

/** (batch, steps, channels) to (batch, steps', filters). */
export class SeparableConv1D extends SeparableConv {
  constructor(o: SeparableConvOptions) {
    super(1, o);
  }
}
/** (batch, height, width, channels) to (batch, height', width', filters). */
export class SeparableConv2D extends SeparableConv {
  constructor(o: SeparableConvOptions) {
    super(2, o);
  }
}

export const separableConv1D = (
  filters: number | SeparableConvOptions,
  kernelSize?: PerDimension,
  o: SeparableConvOptions = {},
): SeparableConv1D => new SeparableConv1D(filtersFirst(filters, kernelSize, o));
export const separableConv2D = (
  filters: number | SeparableConvOptions,
  kernelSize?: PerDimension,
  o: SeparableConvOptions = {},
): SeparableConv2D => new SeparableConv2D(filtersFirst(filters, kernelSize, o));
/** Keras's other names. */
export {
  SeparableConv1D as SeparableConvolution1D,
  SeparableConv2D as SeparableConvolution2D,
  separableConv1D as separableConvolution1D,
  separableConv2D as separableConvolution2D,
};
