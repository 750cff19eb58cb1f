/** Strings to numbers by a vocabulary, and back. */
import { asTensor, type Tensor, type TensorLike } from '../../../tensor/index.ts';
import { IndexLookup, type IndexLookupOptions } from './index-lookup.ts';
import { flattenStrings, nest, type Strings } from './strings.ts';

export type StringLookupOptions = IndexLookupOptions<string>;

/**
 * Nested lists of strings to int32 numbers (or vectors: see `outputMode`), of the same shape. Inverted,
 * numbers to strings: see `invertStrings`. Works on the host: for input pipelines.
 */
export class StringLookup extends IndexLookup<string> {
  constructor(o: StringLookupOptions = {}) {
    super(o, '[UNK]');
  }

  protected override async documents(batch: unknown): Promise<string[][]> {
    const { flat, shape } = flattenStrings(batch as Strings, this.what);
    if (shape.length < 2) return flat.map((s) => [s]);
    const size = flat.length / shape[0];
    return Array.from({ length: shape[0] }, (_, i) => flat.slice(i * size, (i + 1) * size));
  }

  protected override compute(x: Strings | TensorLike): Tensor {
    if (this.invert)
      throw this.wrong('an inverted lookup gives strings: call layer.toStrings(numbers)');
    const { flat, shape } = flattenStrings(x as Strings, this.what);
    return this.encodeTokens(flat, shape);
  }

  /** The strings of numbers, in nested lists. With `invert` or without. */
  toStrings(numbers: TensorLike): unknown {
    const t = asTensor(numbers);
    return nest(
      Array.from(t.dataSync(), (n) => this.tokenOf(n)),
      t.shape,
    );
  }
}

export const stringLookup = (o: StringLookupOptions = {}): StringLookup => new StringLookup(o);
