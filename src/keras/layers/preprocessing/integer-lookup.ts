/** Whole numbers that mean categories to 0, 1, 2, … by a vocabulary, and back. */
import { asTensor, fromData, type Tensor, type TensorLike } from '../../../tensor/index.ts';
import { IndexLookup, type IndexLookupOptions, lookupOptions } from './index-lookup.ts';
import type { Strings } from './strings.ts';

export interface IntegerLookupOptions extends IndexLookupOptions<number> {
  /** Which of several unknown numbers: the remainder (default) or FarmHash. */
  readonly oovMethod?: 'floormod' | 'farmhash';
}

/**
 * Tensors of whole numbers to int32 numbers of their places (or vectors: see `outputMode`). Inverted,
 * places to the numbers. Works on the host: for input pipelines.
 */
export class IntegerLookup extends IndexLookup<number> {
  readonly oovMethod: 'floormod' | 'farmhash';

  constructor(o: IntegerLookupOptions = {}) {
    super(o, -1, [...lookupOptions, 'oovMethod']);
    this.oovMethod = o.oovMethod ?? 'floormod';
    if (!['floormod', 'farmhash'].includes(this.oovMethod))
      throw this.wrong(`oovMethod is floormod or farmhash; received "${o.oovMethod}"`);
    if (this.salt && this.oovMethod !== 'farmhash')
      throw this.wrong('salt goes with oovMethod "farmhash"');
  }

  protected override bucket(t: number): number {
    const n = this.numOovIndices;
    return this.oovMethod === 'farmhash' ? super.bucket(t) : ((t % n) + n) % n;
  }

  protected override async documents(batch: unknown): Promise<number[][]> {
    const t = asTensor(batch as TensorLike);
    const all = Array.from(await t.data());
    if (t.ndim < 2) return all.map((v) => [v]);
    const size = all.length / t.shape[0];
    return Array.from({ length: t.shape[0] }, (_, i) => all.slice(i * size, (i + 1) * size));
  }

  protected override compute(x: Strings | TensorLike): Tensor {
    const t = asTensor(x as TensorLike);
    const data = Array.from(t.dataSync());
    if (!this.invert) return this.encodeTokens(data, t.shape);
    const out = Int32Array.from(data, (n) => this.tokenOf(n));
    return fromData(out, [...t.shape], 'int32');
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), oovMethod: this.oovMethod };
  }
}

export const integerLookup = (o: IntegerLookupOptions = {}): IntegerLookup => new IntegerLookup(o);
