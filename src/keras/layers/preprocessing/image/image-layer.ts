/** What layers that change images share: where height and width are, single images, random draws. */
import { GradloomError } from '../../../../errors.ts';
import type { Tensor } from '../../../../tensor/index.ts';
import { type DataFormat, dataFormatOf } from '../../../config.ts';
import { checkOptions } from '../../../identifiers.ts';
import { normalFromKey, uniformFromKey } from '../../../random/index.ts';
import {
  type BatchShape,
  baseOptions,
  type CallOptions,
  Layer,
  type LayerOptions,
} from '../../layer.ts';
import { SeedState } from '../../seed-state.ts';

export interface ImageOptions extends LayerOptions {
  /** Where the channels are: 'channelsLast' or 'channelsFirst'; `keras.config.imageDataFormat()`. */
  readonly dataFormat?: DataFormat | (string & {}) | null;
}

/** Images (batch, height, width, channels), or one (height, width, channels); channels first alike. */
export abstract class ImageLayer extends Layer {
  protected override readonly autocast: boolean = false;
  readonly dataFormat: DataFormat;

  /** `options` are those of the layer's own. */
  constructor(o: ImageOptions, options: readonly string[]) {
    super(o);
    checkOptions(this.label, o, [...baseOptions, 'dataFormat', ...options]);
    this.dataFormat = dataFormatOf(this.label, o.dataFormat);
  }

  /** What becomes of a batch of images in the layer's dtype. */
  protected abstract transform(images: Tensor, training: boolean): Tensor;

  /** Images as numbers that the layer can compute with. */
  protected toNumbers(x: Tensor): Tensor {
    return x.astype(this.dtype);
  }

  call(x: Tensor, { training }: CallOptions): Tensor {
    const images = this.toNumbers(x);
    if (images.ndim === 4) return this.transform(images, training);
    const y = this.transform(images.expandDims(0), training);
    return y.reshape(y.shape.slice(1));
  }

  override computeOutputShape(s: BatchShape): BatchShape {
    if (s.length === 3 || s.length === 4) return s;
    const order =
      this.dataFormat === 'channelsFirst' ? 'channels, height, width' : 'height, width, channels';
    throw this.shapeError(`images (batch, ${order}), or one (${order})`, s);
  }

  /** The axis of the height in a shape of `rank` dimensions; the width is the next. */
  protected heightAxis(rank: number): number {
    return rank - (this.dataFormat === 'channelsFirst' ? 2 : 3);
  }
  protected sizeOf(images: Tensor): [number, number] {
    const a = this.heightAxis(images.ndim);
    return [images.shape[a], images.shape[a + 1]];
  }
  protected withSize(s: BatchShape, height: number, width: number): BatchShape {
    const out = [...s];
    out.splice(this.heightAxis(s.length), 2, height, width);
    return out;
  }

  /** `Resizing "resizing_1"`, for messages. */
  protected get label(): string {
    return `${this.constructor.name} "${this.name}"`;
  }
  protected optionError(option: string, expected: string, received: unknown): GradloomError {
    return new GradloomError(
      'layer-option',
      `${this.label}: ${option} must be ${expected}; received ${JSON.stringify(received)}.`,
      { layer: this.name, option, received },
    );
  }
  protected pixels(option: string, given: unknown): number {
    if (Number.isInteger(given) && (given as number) >= 1) return given as number;
    throw this.optionError(option, 'a whole number of 1 or more', given);
  }
  /** Two numbers in order. */
  protected range(option: string, given: unknown): readonly [number, number] {
    const ok = Array.isArray(given) && given.length === 2 && given.every((v) => Number.isFinite(v));
    if (!ok) throw this.optionError(option, 'a list of two numbers', given);
    const [a, b] = given as number[];
    return a <= b ? [a, b] : [b, a];
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), dataFormat: this.dataFormat };
  }
}

export interface RandomImageOptions extends ImageOptions {
  /** A number makes the draws the same every time. */
  readonly seed?: number | null;
}

/**
 * Random only while training; every image of a batch draws for itself. Applied to images directly,
 * without a word about training, it trains, as in Keras.
 */
export abstract class RandomImageLayer extends ImageLayer {
  protected override readonly trainsByDefault: boolean = true;
  readonly seed: number | null;
  #key: SeedState;

  constructor(o: RandomImageOptions, options: readonly string[]) {
    super(o, ['seed', ...options]);
    this.seed = o.seed ?? null;
    this.#key = new SeedState(this, o.seed);
  }

  /** Numbers in [minval, maxval), as keras.random.uniform draws them from the layer's generator. */
  protected draw(shape: readonly number[], minval: number, maxval: number): Tensor {
    return uniformFromKey(this.#key.next(), shape, minval, maxval);
  }

  /** Draws from another layer's generator from here on. */
  drawFrom(other: RandomImageLayer): void {
    this.#key = other.#key;
  }

  /** Normal numbers of mean 0 and deviation 1, as keras.random.normal draws them. */
  protected drawNormal(shape: readonly number[]): Tensor {
    return normalFromKey(this.#key.next(), shape);
  }

  /**
   * The bounds that a number or a pair means: ±number, not below `least`. As in Keras, of a pair only
   * the first is held to be at most `most`, and the second to be at least `least`.
   */
  protected factorOf(
    option: string,
    given: unknown,
    least: number,
    most: number,
  ): readonly [number, number] {
    const expected = `a number, or a list of two, from ${least} to ${most}`;
    if (typeof given === 'number' && given >= least && given <= most) {
      const f = Math.abs(given);
      return [Math.max(-f, least), f];
    }
    if (!Array.isArray(given)) throw this.optionError(option, expected, given);
    const [a, b] = given as readonly number[];
    const pair = this.range(option, given);
    if (a > most || b < least) throw this.optionError(option, expected, given);
    return pair;
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), seed: this.seed };
  }
}
