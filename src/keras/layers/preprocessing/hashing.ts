/** Anything into a fixed number of buckets, without a vocabulary. */
import { isFloat } from '../../../dtype.ts';
import { GradloomError } from '../../../errors.ts';
import { asTensor, fromData, type Tensor, type TensorLike } from '../../../tensor/index.ts';
import { checkOptions } from '../../identifiers.ts';
import { type BatchShape, baseOptions, type LayerOptions } from '../layer.ts';
import { bucketOf, checkSalt, type Salt } from './buckets.ts';
import { encode, encodedShape, type OutputMode, outputMode } from './encode.ts';
import { HostLayer } from './host-layer.ts';
import { flattenStrings, isStrings, type Strings } from './strings.ts';

export interface HashingOptions extends LayerOptions {
  /** How many buckets; the first is for `maskValue` when there is one. */
  readonly numBins?: number;
  readonly maskValue?: string | number | null;
  /** Makes it SipHash with this key instead of FarmHash. */
  readonly salt?: Salt;
  /** `int` (default), `oneHot`, `multiHot` or `count`. */
  readonly outputMode?: string;
}

/**
 * Strings and whole numbers to bucket numbers 0 … numBins-1 (int32), the same ones as Keras gives.
 * Works on the host: for input pipelines, not inside compiled models.
 */
export class Hashing extends HostLayer {
  readonly numBins: number;
  readonly maskValue: string | number | null;
  readonly salt: readonly [number, number] | null;
  readonly outputMode: OutputMode;

  constructor(o: HashingOptions) {
    super(o);
    const what = `Hashing "${this.name}"`;
    checkOptions(what, o, [...baseOptions, 'numBins', 'maskValue', 'salt', 'outputMode']);
    if (!Number.isInteger(o.numBins) || (o.numBins as number) < 1)
      throw new GradloomError(
        'layer-option',
        `${what}: numBins must be a whole number of 1 or more; received ${o.numBins}.`,
        { layer: this.name, numBins: o.numBins },
      );
    this.numBins = o.numBins as number;
    this.maskValue = o.maskValue ?? null;
    this.salt = checkSalt(what, o.salt);
    this.outputMode = outputMode(what, o.outputMode ?? 'int', [
      'int',
      'oneHot',
      'multiHot',
      'count',
    ]);
  }

  override computeOutputShape(s: BatchShape): BatchShape {
    return encodedShape(s, this.outputMode, this.numBins);
  }

  protected override compute(x: Strings | TensorLike): Tensor {
    const { values, shape } = this.#values(x);
    const masked = this.maskValue !== null && this.numBins > 1;
    const mask = String(this.maskValue);
    const bins = masked ? this.numBins - 1 : this.numBins;
    const out = Int32Array.from(values, (v) => {
      if (!masked) return bucketOf(v, bins, this.salt);
      return v === mask ? 0 : bucketOf(v, bins, this.salt) + 1;
    });
    return encode(fromData(out, shape, 'int32'), this.outputMode, this.numBins, this.dtype);
  }

  #values(x: Strings | TensorLike): { values: string[]; shape: number[] } {
    if (isStrings(x)) {
      const { flat, shape } = flattenStrings(x, `Hashing "${this.name}"`);
      return { values: flat, shape };
    }
    const t = asTensor(x as TensorLike);
    const whole = isFloat(t.dtype) ? Math.trunc : (v: number): number => v;
    return { values: Array.from(t.dataSync(), (v) => String(whole(v))), shape: [...t.shape] };
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      numBins: this.numBins,
      maskValue: this.maskValue,
      salt: this.salt,
      outputMode: this.outputMode,
    };
  }
}

export function hashing(numBins: number | HashingOptions, o: HashingOptions = {}): Hashing {
  return new Hashing(typeof numBins === 'number' ? { ...o, numBins } : numBins);
}
