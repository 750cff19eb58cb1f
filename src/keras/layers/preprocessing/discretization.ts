/** Numbers into ranges. */
import { isFloat } from '../../../dtype.ts';
import { GradloomError } from '../../../errors.ts';
import { asTensor, fromData, type Tensor, type TensorLike } from '../../../tensor/index.ts';
import { checkOptions } from '../../identifiers.ts';
import { type BatchShape, baseOptions, Layer, type LayerOptions } from '../layer.ts';
import { type AdaptData, type AdaptOptions, batchesOf } from './batches.ts';
import { encode, encodedShape, type OutputMode, outputMode } from './encode.ts';
import { boundariesOf, mergeSummaries, type Summary, summarize } from './quantiles.ts';

export interface DiscretizationOptions extends LayerOptions {
  /** Ascending; n of them make n + 1 ranges, each with its lower end. */
  readonly binBoundaries?: readonly number[] | null;
  /** How many ranges `adapt` is to find, with equally many samples in each. */
  readonly numBins?: number | null;
  /** How exactly `adapt` finds them, 0 … 1. */
  readonly epsilon?: number;
  /** `int` (default), `oneHot`, `multiHot` or `count`. */
  readonly outputMode?: string;
}

/** Each number becomes that of its range, 0 … binBoundaries.length (int32). */
export class Discretization extends Layer {
  protected override readonly autocast: boolean = false;
  readonly numBins: number | null;
  readonly epsilon: number;
  readonly outputMode: OutputMode;
  #boundaries: readonly number[] | null;
  #summary: Summary | undefined;

  constructor(o: DiscretizationOptions) {
    super(o);
    const what = `Discretization "${this.name}"`;
    const own = ['binBoundaries', 'numBins', 'epsilon', 'outputMode'];
    checkOptions(what, o, [...baseOptions, ...own]);
    if (o.numBins == null && o.binBoundaries == null)
      throw this.#wrong('give binBoundaries, or numBins and call adapt');
    if (o.numBins != null && (!Number.isInteger(o.numBins) || o.numBins < 1))
      throw this.#wrong(`numBins must be a whole number of 1 or more; received ${o.numBins}`);
    const b = o.binBoundaries ?? null;
    if (b && !b.every((v, i) => Number.isFinite(v) && (i === 0 || b[i - 1] <= v)))
      throw this.#wrong(`binBoundaries must be ascending numbers; received ${JSON.stringify(b)}`);
    this.numBins = o.numBins ?? null;
    this.#boundaries = b;
    this.epsilon = o.epsilon ?? 0.01;
    if (!(this.epsilon > 0 && this.epsilon < 1))
      throw this.#wrong(`epsilon lies between 0 and 1; received ${o.epsilon}`);
    this.outputMode = outputMode(what, o.outputMode ?? 'int', [
      'int',
      'oneHot',
      'multiHot',
      'count',
    ]);
  }

  #wrong(message: string): GradloomError {
    return new GradloomError('layer-option', `Discretization "${this.name}": ${message}.`, {
      layer: this.name,
    });
  }

  /** The ends of the ranges, once they are known. */
  get binBoundaries(): readonly number[] | null {
    return this.#boundaries;
  }

  /** Finds ranges that hold equally many of the numbers. */
  async adapt(data: AdaptData, o: AdaptOptions = {}): Promise<void> {
    if (this.numBins === null)
      throw this.#wrong('it has fixed binBoundaries; make it with numBins to adapt it');
    let summary: Summary | undefined;
    for await (const batch of batchesOf('Discretization', data, o)) {
      const s = summarize(await asTensor(batch as TensorLike).data(), this.epsilon);
      summary = mergeSummaries(s, summary, this.epsilon);
    }
    this.#summary = summary;
    this.#boundaries = boundariesOf(this.#summary!, this.numBins);
  }

  #known(): readonly number[] {
    if (this.#boundaries) return this.#boundaries;
    throw new GradloomError(
      'layer',
      `Discretization "${this.name}" knows no ranges yet: await layer.adapt(data) first, or give binBoundaries.`,
      { layer: this.name },
    );
  }

  override computeOutputShape(s: BatchShape): BatchShape {
    return encodedShape(s, this.outputMode, this.#known().length + 1);
  }

  call(x: Tensor): Tensor {
    const bounds = this.#known();
    const dtype = isFloat(x.dtype) ? x.dtype : 'float32';
    const edges = dtype === 'float64' ? Float64Array.from(bounds) : Float32Array.from(bounds);
    // As many boundaries as lie at or below it: the number of its range. NaN is above all, as in NumPy.
    const v = x.astype(dtype).reshape([...x.shape, 1]);
    const above = v.lt(fromData(edges, [bounds.length], dtype)).logicalNot();
    const bins = bounds.length > 0 ? above.astype('int32').sum(-1) : x.mul(0).astype('int32');
    return encode(bins, this.outputMode, bounds.length + 1, this.dtype);
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      binBoundaries: this.#boundaries,
      numBins: this.numBins,
      epsilon: this.epsilon,
      outputMode: this.outputMode,
    };
  }
}

export const discretization = (o: DiscretizationOptions): Discretization => new Discretization(o);
