/** What layers over 1 to 3 spatial dimensions share: where these are, and options a dimension each. */
import { GradloomError } from '../../errors.ts';
import type { Tensor } from '../../tensor/index.ts';
import { type DataFormat, dataFormatOf } from '../config.ts';
import { checkOptions } from '../identifiers.ts';
import { type BatchShape, baseOptions, Layer, type LayerOptions } from './layer.ts';

export type { DataFormat } from '../config.ts';

/** How many spatial dimensions: (batch, steps, channels) has 1, images have 2, volumes 3. */
export type SpatialRank = 1 | 2 | 3;
export type Size = number | null;
/** One whole number for every dimension, or one each. */
export type PerDimension = number | readonly number[];
/** The same at both ends of every dimension, or one number a dimension, or [before, after] each. */
export type EndsPerDimension = number | readonly (number | readonly number[])[];

export interface SpatialOptions extends LayerOptions {
  /** Where the channels are: 'channelsLast' or 'channelsFirst'; `keras.config.imageDataFormat()`. */
  readonly dataFormat?: DataFormat | (string & {}) | null;
}

/** Inputs (batch, …spatial, channels), or (batch, channels, …spatial) with channelsFirst. */
export abstract class SpatialLayer extends Layer {
  readonly spatialRank: SpatialRank;
  readonly dataFormat: DataFormat;

  /** `options` are those of the layer's own; without 'dataFormat' it has its channels last. */
  constructor(rank: SpatialRank, o: SpatialOptions, options: readonly string[]) {
    super(o);
    checkOptions(this.label, o, [...baseOptions, ...options]);
    this.spatialRank = rank;
    this.dataFormat = options.includes('dataFormat')
      ? dataFormatOf(this.label, o.dataFormat)
      : 'channelsLast';
  }

  /** `Conv2D "conv2d_1"`, for messages. */
  protected get label(): string {
    return `${this.constructor.name} "${this.name}"`;
  }
  protected get channelsFirst(): boolean {
    return this.dataFormat === 'channelsFirst';
  }
  /** The first of the spatial axes. */
  protected get firstSpatial(): number {
    return this.channelsFirst ? 2 : 1;
  }
  protected get channelAxis(): number {
    return this.channelsFirst ? 1 : this.spatialRank + 1;
  }
  protected get spatialAxes(): number[] {
    return Array.from({ length: this.spatialRank }, (_, i) => this.firstSpatial + i);
  }

  /** The spatial sizes of a shape. Throws `layer-shape` for one of another rank. */
  protected spatialOf(s: BatchShape): Size[] {
    this.checkRank(s);
    return this.spatialAxes.map((a) => s[a]);
  }
  protected checkRank(s: BatchShape): void {
    const n = this.spatialRank + 2;
    if (s.length === n) return;
    const spatial = ['steps', 'height, width', 'depth, height, width'][this.spatialRank - 1];
    const order = this.channelsFirst ? `channels, ${spatial}` : `${spatial}, channels`;
    throw this.shapeError(`inputs of ${n} dimensions, (batch, ${order})`, s);
  }
  /** The shape with other spatial sizes, and other channels where these are given. */
  protected withSpatial(s: BatchShape, sizes: readonly Size[], channels?: Size): BatchShape {
    const out = [...s];
    this.spatialAxes.forEach((a, i) => {
      out[a] = sizes[i];
    });
    if (channels !== undefined) out[this.channelAxis] = channels;
    return out;
  }

  /** The input with its channels last. */
  protected toLast(x: Tensor): Tensor {
    return this.channelsFirst ? x.transpose([0, ...this.spatialAxes, 1]) : x;
  }
  /** Undoes `toLast` for an output. */
  protected fromLast(y: Tensor): Tensor {
    if (!this.channelsFirst) return y;
    const n = this.spatialRank;
    return y.transpose([0, n + 1, ...Array.from({ length: n }, (_, i) => i + 1)]);
  }

  protected optionError(option: string, expected: string, received: unknown): GradloomError {
    return new GradloomError(
      'layer-option',
      `${this.label}: ${option} must be ${expected}; received ${JSON.stringify(received)}.`,
      { layer: this.name, option, received },
    );
  }

  /** A whole number of at least `least` for each spatial dimension. */
  protected sizes(option: string, given: PerDimension, least = 1): readonly number[] {
    const n = this.spatialRank;
    const list = typeof given === 'number' ? new Array<number>(n).fill(given) : given;
    if (Array.isArray(list) && list.length === n && list.every((v) => isCount(v, least)))
      return [...list];
    const many = n === 1 ? '' : ` (or a list of ${n})`;
    throw this.optionError(option, `a whole number of ${least} or more${many}`, given);
  }

  /** [before, after] for each spatial dimension: whole numbers of 0 or more. */
  protected ends(option: string, given: EndsPerDimension): readonly (readonly [number, number])[] {
    const n = this.spatialRank;
    const pair = (v: number | readonly number[]): readonly number[] =>
      typeof v === 'number' ? [v, v] : v;
    // A single dimension needs no list around its pair.
    const flat = n === 1 && Array.isArray(given) && given.length === 2;
    const list = typeof given === 'number' ? new Array(n).fill(given) : flat ? [given] : given;
    const pairs: (readonly number[])[] = Array.isArray(list) ? list.map(pair) : [];
    if (pairs.length === n && pairs.every((p) => p?.length === 2 && p.every((v) => isCount(v, 0))))
      return pairs.map(([a, b]) => [a, b] as const);
    const many =
      n === 1
        ? 'a list [before, after]'
        : `a list of ${n} numbers, or of ${n} pairs [before, after]`;
    throw this.optionError(option, `a whole number of 0 or more, ${many}`, given);
  }
}

function isCount(v: unknown, least: number): v is number {
  return Number.isInteger(v) && (v as number) >= least;
}

/** What a factory makes of its arguments: a first value by itself, or one object of options. */
export function optionsOf<O extends object>(key: keyof O & string, first: unknown, o: O): O {
  if (first === undefined) return o;
  const whole = typeof first === 'object' && first !== null && !Array.isArray(first);
  return whole ? (first as O) : { ...o, [key]: first };
}
