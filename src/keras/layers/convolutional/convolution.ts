/** What convolutions share: their options, where their windows lie, bias and activation. */
import { lax } from '../../../graph/index.ts';
import { Tensor } from '../../../tensor/index.ts';
import { type ActivationFn, getActivation, serializeActivation } from '../../activations/index.ts';
import { lookup } from '../../identifiers.ts';
import type { Variable } from '../../variable.ts';
import type { BatchShape } from '../layer.ts';
import {
  type PerDimension,
  type Size,
  SpatialLayer,
  type SpatialOptions,
  type SpatialRank,
} from '../spatial.ts';
import { WeightSpec, type WeightSpecOptions, weightSpecOptions } from '../weight-spec.ts';
import { type Padding, span, type Window, windowCount, windowPadding } from '../windows.ts';

export interface ConvolutionOptions extends SpatialOptions, WeightSpecOptions<'bias'> {
  /** The size of a window: a number, or one a dimension. */
  readonly kernelSize?: PerDimension;
  /** How far windows are apart: 1. */
  readonly strides?: PerDimension;
  /** 'valid', where windows lie within the input, or 'same', which adds zeros around it. */
  readonly padding?: Padding | (string & {});
  /** How far the elements of a window are apart: 1. */
  readonly dilationRate?: PerDimension;
  readonly activation?: string | ActivationFn | null;
  /** true */
  readonly useBias?: boolean;
}

const options = [
  'kernelSize',
  'strides',
  'padding',
  'dataFormat',
  'dilationRate',
  'activation',
  'useBias',
  ...weightSpecOptions('bias'),
];

const paddings = { valid: 'valid', same: 'same' } as const;

export abstract class Convolution extends SpatialLayer {
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: Padding;
  readonly dilationRate: readonly number[];
  readonly activation: ActivationFn;
  readonly useBias: boolean;
  bias: Variable | undefined;
  readonly #specs: readonly (readonly [string, WeightSpec])[];
  #channels: number | undefined;

  /** `more` are the options of a subclass, `kernels` the prefixes of its weights' options. */
  constructor(
    rank: SpatialRank,
    o: ConvolutionOptions,
    more: readonly string[],
    kernels: readonly string[],
    allowed: Readonly<Record<string, Padding>> = paddings,
  ) {
    super(rank, o, [...options, ...more, ...weightSpecOptions(...kernels)]);
    this.kernelSize = this.sizes('kernelSize', o.kernelSize as PerDimension);
    this.strides = this.sizes('strides', o.strides ?? 1);
    this.padding = lookup(`padding of ${this.label}:`, String(o.padding ?? 'valid'), allowed);
    this.dilationRate = this.sizes('dilationRate', o.dilationRate ?? 1);
    this.activation = getActivation(o.activation);
    this.useBias = o.useBias ?? true;
    this.#specs = [...kernels, 'bias'].map((prefix) => [
      prefix,
      new WeightSpec(o, prefix, prefix === 'bias' ? 'zeros' : 'glorotUniform'),
    ]);
  }

  /** A weight under the options that begin with `prefix`. */
  protected weight(prefix: string, name: string, shape: readonly number[]): Variable {
    const [, spec] = this.#specs.find(([p]) => p === prefix)!;
    return this.addWeight({ name, shape, ...spec.weight });
  }

  /** How many channels the output has, for an input of so many. */
  protected abstract channelsOut(channelsIn: number): number;
  /** The convolution of an input whose channels are last. */
  protected abstract convolve(x: Tensor): Tensor;
  /** Makes the kernels, for an input of so many channels. */
  protected abstract buildKernels(channels: number): void;

  override build(inputShape: BatchShape): void {
    const channels = inputShape[this.channelAxis] as number;
    this.#channels = channels;
    this.buildKernels(channels);
    if (this.useBias) this.bias = this.weight('bias', 'bias', [this.channelsOut(channels)]);
  }

  override computeOutputShape(s: BatchShape): BatchShape {
    const spatial = this.spatialOf(s);
    const channels = s[this.channelAxis];
    if (channels == null) throw this.shapeError('a known number of channels', s);
    if (this.#channels !== undefined && channels !== this.#channels)
      throw this.shapeError(`${this.#channels} channels, for which it was built`, s);
    return this.withSpatial(s, this.outputSizes(spatial, s), this.channelsOut(channels));
  }

  /** The spatial sizes of the output. Throws `layer-shape` when there would be nothing. */
  protected outputSizes(spatial: readonly Size[], s: BatchShape): Size[] {
    const sizes = spatial.map((n, i) =>
      n === null ? null : windowCount(n, this.window(i), this.padding),
    );
    if (sizes.some((n) => n !== null && n < 1)) {
      const spans = this.kernelSize.map((_, i) => span(this.window(i)));
      throw this.shapeError(
        `spatial sizes of ${spans.join(' x ')} or more, with padding '${this.padding}', kernelSize [${this.kernelSize.join(', ')}] and dilationRate [${this.dilationRate.join(', ')}]`,
        s,
      );
    }
    return sizes;
  }

  protected window(i: number): Window {
    return { size: this.kernelSize[i], stride: this.strides[i], dilation: this.dilationRate[i] };
  }

  call(x: Tensor): Tensor {
    // Whole numbers, such as the bytes of pictures, become floats.
    let y = this.convolve(this.toLast(x.astype(this.dtype)));
    if (this.bias) y = y.add(this.bias.tensor);
    return this.activation(this.fromLast(y));
  }

  /** x, channels last, with a kernel (…window, channels / groups, filters). */
  protected convolveWith(x: Tensor, kernel: Tensor, groups: number): Tensor {
    const padding = this.kernelSize.map((_, i) =>
      windowPadding(x.shape[i + 1], this.window(i), this.padding),
    );
    const y = lax.convGeneralDilated(x.value, kernel.value, {
      strides: this.strides,
      padding,
      rhsDilation: this.dilationRate,
      featureGroupCount: groups,
    });
    return Tensor.of(y, x, kernel);
  }

  /** Every channel by itself: kernel (…window, channels, multiplier), result channels * multiplier. */
  protected convolveDepthwise(x: Tensor, kernel: Tensor): Tensor {
    const [channels, multiplier] = kernel.shape.slice(-2);
    const merged = kernel.reshape([...this.kernelSize, 1, channels * multiplier]);
    return this.convolveWith(x, merged, channels);
  }

  /** Refused as in Keras. */
  protected refuseStridesWithDilation(): void {
    if (!this.strides.some((n) => n > 1) || !this.dilationRate.some((n) => n > 1)) return;
    throw this.optionError(
      'strides',
      `1 where dilationRate is more (here ${JSON.stringify(this.dilationRate)})`,
      this.strides,
    );
  }
  protected count(option: string, given: unknown): number {
    if (Number.isInteger(given) && (given as number) >= 1) return given as number;
    throw this.optionError(option, 'a whole number of 1 or more', given);
  }

  override getConfig(): Record<string, unknown> {
    const one = (list: readonly number[]): number | readonly number[] =>
      this.spatialRank === 1 ? list[0] : list;
    return {
      ...super.getConfig(),
      kernelSize: one(this.kernelSize),
      strides: one(this.strides),
      padding: this.padding,
      dataFormat: this.dataFormat,
      dilationRate: one(this.dilationRate),
      activation: serializeActivation(this.activation),
      useBias: this.useBias,
      ...Object.assign({}, ...this.#specs.map(([, spec]) => spec.config)),
    };
  }
}
