/** Conv1D, Conv2D, Conv3D: activation(x * kernel + bias). */
import type { Tensor } from '../../../tensor/index.ts';
import type { Variable } from '../../variable.ts';
import type { BatchShape } from '../layer.ts';
import type { PerDimension, SpatialRank } from '../spatial.ts';
import type { WeightSpecOptions } from '../weight-spec.ts';
import { Convolution, type ConvolutionOptions } from './convolution.ts';

export interface ConvOptions extends ConvolutionOptions, WeightSpecOptions<'kernel'> {
  /** How many channels the output has. */
  readonly filters?: number;
  /** Channels are cut into so many groups, each convolved with filters of its own: 1. */
  readonly groups?: number;
}

const withCausal = { valid: 'valid', same: 'same', causal: 'causal' } as const;

/** Weights: kernel (…kernelSize, channels / groups, filters), bias (filters,). */
export abstract class Conv extends Convolution {
  readonly filters: number;
  readonly groups: number;
  kernel!: Variable;

  constructor(rank: SpatialRank, o: ConvOptions) {
    super(rank, o, ['filters', 'groups'], ['kernel'], rank === 1 ? withCausal : undefined);
    this.filters = this.count('filters', o.filters);
    this.groups = this.count('groups', o.groups ?? 1);
    if (this.filters % this.groups !== 0)
      throw this.optionError('filters', `a multiple of groups, ${this.groups}`, this.filters);
    this.refuseStridesWithDilation();
  }

  protected override channelsOut(): number {
    return this.filters;
  }
  protected override buildKernels(channels: number): void {
    const shape = [...this.kernelSize, channels / this.groups, this.filters];
    this.kernel = this.weight('kernel', 'kernel', shape);
  }
  override computeOutputShape(s: BatchShape): BatchShape {
    const out = super.computeOutputShape(s);
    if ((s[this.channelAxis] as number) % this.groups !== 0)
      throw this.shapeError(`channels that its ${this.groups} groups divide evenly`, s);
    return out;
  }
  protected override convolve(x: Tensor): Tensor {
    return this.convolveWith(x, this.kernel.tensor, this.groups);
  }
  override getConfig(): Record<string, unknown> {
    const { filters, groups } = this;
    return { ...super.getConfig(), filters, groups };
  }
}

/** (batch, steps, channels) to (batch, steps', filters). Padding may be 'causal': zeros before only. */
export class Conv1D extends Conv {
  constructor(o: ConvOptions) {
    super(1, o);
  }
}
/** (batch, height, width, channels) to (batch, height', width', filters). */
export class Conv2D extends Conv {
  constructor(o: ConvOptions) {
    super(2, o);
  }
}
/** (batch, depth, height, width, channels) to (batch, depth', height', width', filters). */
export class Conv3D extends Conv {
  constructor(o: ConvOptions) {
    super(3, o);
  }
}

/** What the factories make of `(filters, kernelSize, options)`, or of one object of options. */
export function filtersFirst<O extends { readonly filters?: number }>(
  filters: number | O,
  kernelSize: PerDimension | undefined,
  o: O,
): O {
  return typeof filters === 'object' ? filters : { ...o, filters, kernelSize };
}

export const conv1D = (
  filters: number | ConvOptions,
  kernelSize?: PerDimension,
  o: ConvOptions = {},
): Conv1D => new Conv1D(filtersFirst(filters, kernelSize, o));
export const conv2D = (
  filters: number | ConvOptions,
  kernelSize?: PerDimension,
  o: ConvOptions = {},
): Conv2D => new Conv2D(filtersFirst(filters, kernelSize, o));
export const conv3D = (
  filters: number | ConvOptions,
  kernelSize?: PerDimension,
  o: ConvOptions = {},
): Conv3D => new Conv3D(filtersFirst(filters, kernelSize, o));
/** Keras's other names. */
export {
  Conv1D as Convolution1D,
  Conv2D as Convolution2D,
  Conv3D as Convolution3D,
  conv1D as convolution1D,
  conv2D as convolution2D,
  conv3D as convolution3D,
};
