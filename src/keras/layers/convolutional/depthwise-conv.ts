/** DepthwiseConv1D, DepthwiseConv2D: every channel convolved by itself. */
import type { Tensor } from '../../../tensor/index.ts';
import type { Variable } from '../../variable.ts';
import { optionsOf, type PerDimension, type SpatialRank } from '../spatial.ts';
import type { WeightSpecOptions } from '../weight-spec.ts';
import { Convolution, type ConvolutionOptions } from './convolution.ts';

export interface DepthwiseConvOptions extends ConvolutionOptions, WeightSpecOptions<'depthwise'> {
  /** How many channels are made of each: 1. */
  readonly depthMultiplier?: number;
}

/** Weights: kernel (…kernelSize, channels, depthMultiplier), bias (channels * depthMultiplier,). */
export abstract class DepthwiseConv extends Convolution {
  readonly depthMultiplier: number;
  kernel!: Variable;

  constructor(rank: SpatialRank, o: DepthwiseConvOptions) {
    super(rank, o, ['depthMultiplier'], ['depthwise']);
    this.depthMultiplier = this.count('depthMultiplier', o.depthMultiplier ?? 1);
  }

  protected override channelsOut(channels: number): number {
    return channels * this.depthMultiplier;
  }
  protected override buildKernels(channels: number): void {
    const shape = [...this.kernelSize, channels, this.depthMultiplier];
    this.kernel = this.weight('depthwise', 'kernel', shape);
  }
  protected override convolve(x: Tensor): Tensor {
    return this.convolveDepthwise(x, this.kernel.tensor);
  }
  override getConfig(): Record<string, unknown> {
    const { depthMultiplier } = this;
    return { ...super.getConfig(), depthMultiplier };
  }
}

/** (batch, steps, channels) to (batch, steps', channels * depthMultiplier). */
export class DepthwiseConv1D extends DepthwiseConv {
  constructor(o: DepthwiseConvOptions) {
    super(1, o);
  }
}
/** (batch, height, width, channels) to (batch, height', width', channels * depthMultiplier). */
export class DepthwiseConv2D extends DepthwiseConv {
  constructor(o: DepthwiseConvOptions) {
    super(2, o);
  }
}

export const depthwiseConv1D = (
  kernelSize: PerDimension | DepthwiseConvOptions,
  o: DepthwiseConvOptions = {},
): DepthwiseConv1D => new DepthwiseConv1D(optionsOf('kernelSize', kernelSize, o));
export const depthwiseConv2D = (
  kernelSize: PerDimension | DepthwiseConvOptions,
  o: DepthwiseConvOptions = {},
): DepthwiseConv2D => new DepthwiseConv2D(optionsOf('kernelSize', kernelSize, o));
