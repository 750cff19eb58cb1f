/** What layers that change images share: where height and width are, single images, random draws. */
import { GradloomError } from '../../../../errors.ts';
import { didYouMean } from '../../../../suggest.ts';
import { Tensor } from '../../../../tensor/index.ts';
import { type DataFormat, dataFormatOf } from '../../../config.ts';
import { checkOptions } from '../../../identifiers.ts';
import { normalFromKey, uniformFromKey } from '../../../random/index.ts';
import { isShape } from '../../../tree.ts';
import {
  type BatchShape,
  baseOptions,
  type CallOptions,
  Layer,
  type LayerOptions,
  type ShapeTree,
  type Tensors,
} from '../../layer.ts';
import { SeedState } from '../../seed-state.ts';

export interface ImageOptions extends LayerOptions {
  /** Where the channels are: 'channelsLast' or 'channelsFirst'; `keras.config.imageDataFormat()`. */
  readonly dataFormat?: DataFormat | (string & {}) | null;
}

/** Images with what goes with them: a batch of each, or one of each. */
export interface LabelledImages {
  readonly images: Tensor;
  /** Passed on as they are. */
  readonly labels?: Tensor;
  /** A class for each pixel, (…, height, width, 1): turned, moved and cut as the images are. */
  readonly segmentationMasks?: Tensor;
}

type Named = { readonly [key: string]: Tensor };

const parts: readonly string[] = ['images', 'labels', 'segmentationMasks'];

/**
 * Images (batch, height, width, channels), or one (height, width, channels); channels first alike. Or
 * an object of images with their labels and segmentation masks, which gives another.
 */
export abstract class ImageLayer extends Layer {
  protected override readonly autocast: boolean = false;
  /** Whether pixels come from other places, so that masks have to follow. */
  protected readonly movesPixels: boolean = false;
  readonly dataFormat: DataFormat;

  /** `options` are those of the layer's own. */
  constructor(o: ImageOptions, options: readonly string[]) {
    super(o);
    checkOptions(this.label, o, [...baseOptions, 'dataFormat', ...options]);
    this.dataFormat = dataFormatOf(this.label, o.dataFormat);
  }

  /** What becomes of a batch of images in the layer's dtype, or (`nearest`) of their masks. */
  protected abstract transform(images: Tensor, training: boolean, nearest: boolean): Tensor;

  /** Both by the same random numbers. */
  protected transformBoth(images: Tensor, masks: Tensor, training: boolean): [Tensor, Tensor] {
    return [this.transform(images, training, false), this.transform(masks, training, true)];
  }

  /** Images as numbers that the layer can compute with. */
  protected toNumbers(x: Tensor): Tensor {
    return x.astype(this.dtype);
  }

  call(x: Tensors, { training }: CallOptions): Tensors {
    const given = (x instanceof Tensor ? { images: x } : x) as LabelledImages & Named;
    const { segmentationMasks: masks } = given;
    const single = given.images.ndim === 3;
    const open = (t: Tensor): Tensor => (single ? t.expandDims(0) : t);
    const close = (t: Tensor): Tensor => (single ? t.reshape(t.shape.slice(1)) : t);
    const images = open(this.toNumbers(given.images));
    if (!masks || !this.movesPixels) {
      const y = close(this.transform(images, training, false));
      return x instanceof Tensor ? y : { ...given, images: y };
    }
    const [y, m] = this.transformBoth(images, open(masks.astype(this.dtype)), training);
    return { ...given, images: close(y), segmentationMasks: close(m).astype(masks.dtype) };
  }

  override computeOutputShape(s: ShapeTree): ShapeTree {
    if (isShape(s)) return this.imageShape(s);
    const shapes = s as Readonly<Record<string, BatchShape>>;
    const unknown = Object.keys(shapes).find((k) => !parts.includes(k));
    if (unknown !== undefined || !shapes.images)
      throw new GradloomError(
        'layer-input',
        `${this.label} takes images, or an object of images, labels and segmentationMasks; received ${unknown === undefined ? 'no images' : `"${unknown}"`}.${didYouMean(unknown ?? '', parts)}`,
        { layer: this.name, received: Object.keys(shapes) },
      );
    const { segmentationMasks: masks } = shapes;
    const moved: Record<string, BatchShape> =
      masks && this.movesPixels ? { segmentationMasks: this.maskShape(masks) } : {};
    return { ...shapes, ...moved, images: this.imageShape(shapes.images) };
  }

  /** Shape of the output for images of a shape; throws `layer-shape` for what are none. */
  protected imageShape(s: BatchShape): BatchShape {
    return this.maskShape(s);
  }
  protected maskShape(s: BatchShape): BatchShape {
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
  /** Keys drawn by the call that is going on, and those that it is to draw again. */
  #drawn: Tensor[] = [];
  #again: Tensor[] = [];

  constructor(o: RandomImageOptions, options: readonly string[]) {
    super(o, ['seed', ...options]);
    this.seed = o.seed ?? null;
    this.#key = new SeedState(this, o.seed);
  }

  /** Numbers in [minval, maxval), as keras.random.uniform draws them from the layer's generator. */
  protected draw(shape: readonly number[], minval: number, maxval: number): Tensor {
    return uniformFromKey(this.#next(), shape, minval, maxval);
  }

  #next(): Tensor {
    const key = this.#again.shift() ?? this.#key.next();
    this.#drawn.push(key);
    return key;
  }

  protected override transformBoth(
    images: Tensor,
    masks: Tensor,
    training: boolean,
  ): [Tensor, Tensor] {
    this.#drawn = [];
    const y = this.transform(images, training, false);
    this.#again = this.#drawn;
    this.#drawn = [];
    return [y, this.transform(masks, training, true)];
  }

  /** Draws from another layer's generator from here on. */
  drawFrom(other: RandomImageLayer): void {
    this.#key = other.#key;
  }

  /** Normal numbers of mean 0 and deviation 1, as keras.random.normal draws them. */
  protected drawNormal(shape: readonly number[]): Tensor {
    return normalFromKey(this.#next(), shape);
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
