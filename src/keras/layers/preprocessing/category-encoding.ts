/** Whole numbers as one-hot, multi-hot or count vectors. */
import { GradloomError } from '../../../errors.ts';
import { asTensor, type Tensor, type TensorLike } from '../../../tensor/index.ts';
import { checkOptions } from '../../identifiers.ts';
import {
  type BatchShape,
  baseOptions,
  type CallOptions,
  Layer,
  type LayerOptions,
} from '../layer.ts';
import { encode, encodedShape, type OutputMode, outputMode } from './encode.ts';

export interface CategoryEncodingOptions extends LayerOptions {
  /** How many categories there are: 0 … numTokens-1. */
  readonly numTokens?: number;
  /** `multiHot` (default), `oneHot` or `count`; Keras's spellings too. */
  readonly outputMode?: string;
}

/**
 * (…, n) of category numbers to (…, numTokens). In mode `count`, `countWeights` of the inputs' shape
 * may be given at the call. Numbers outside the categories count nowhere.
 */
export class CategoryEncoding extends Layer {
  protected override readonly autocast: boolean = false;
  readonly numTokens: number;
  readonly outputMode: OutputMode;

  constructor(o: CategoryEncodingOptions) {
    super(o);
    const what = `CategoryEncoding "${this.name}"`;
    checkOptions(what, o, [...baseOptions, 'numTokens', 'outputMode']);
    if (!Number.isInteger(o.numTokens) || (o.numTokens as number) < 1)
      throw new GradloomError(
        'layer-option',
        `${what}: numTokens must be a whole number of 1 or more; received ${o.numTokens}. Where it is not known, use IntegerLookup.`,
        { layer: this.name, numTokens: o.numTokens },
      );
    this.numTokens = o.numTokens as number;
    this.outputMode = outputMode(what, o.outputMode ?? 'multiHot', ['multiHot', 'oneHot', 'count']);
  }

  override computeOutputShape(s: BatchShape): BatchShape {
    return encodedShape(s, this.outputMode, this.numTokens);
  }

  call(x: Tensor, o: CallOptions & { readonly countWeights?: TensorLike }): Tensor {
    const weights = o.countWeights == null ? undefined : asTensor(o.countWeights);
    if (weights && this.outputMode !== 'count')
      throw new GradloomError(
        'layer-option',
        `CategoryEncoding "${this.name}": countWeights go with outputMode "count", not "${this.outputMode}".`,
        { layer: this.name },
      );
    return encode(x.astype('int32'), this.outputMode, this.numTokens, this.dtype, weights);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), numTokens: this.numTokens, outputMode: this.outputMode };
  }
}

export function categoryEncoding(
  numTokens: number | CategoryEncodingOptions,
  o: CategoryEncodingOptions = {},
): CategoryEncoding {
  return new CategoryEncoding(typeof numTokens === 'number' ? { ...o, numTokens } : numTokens);
}
