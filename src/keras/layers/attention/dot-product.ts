/** Scaled dot-product attention (Vaswani et al. 2017) of many heads, over any axes. */
import { lax, type Value } from '../../../graph/index.ts';
import type { Tensor } from '../../../tensor/index.ts';
import { softmaxOver } from '../activations/masked-softmax.ts';
import { like } from '../normalization/statistics.ts';

/** Which dimensions of queries, keys and values, (…, heads, size), are attended over. */
export interface Layout {
  readonly attended: readonly number[];
  /** The others but the last. */
  readonly batch: readonly number[];
}

export function layoutOf(rank: number, attended: readonly number[]): Layout {
  const batch = Array.from({ length: rank - 1 }, (_, d) => d).filter((d) => !attended.includes(d));
  return { attended, batch };
}

/** query · key over the last dimension: (…batch, …of the query, …of the key). */
export function scoresOf(query: Value, key: Value, { batch }: Layout): Value {
  const last = query.shape.length - 1;
  return lax.dotGeneral(query, key, {
    lhsContract: [last],
    rhsContract: [last],
    lhsBatch: batch,
    rhsBatch: batch,
  });
}

/** The values weighted by scores, in the layout of the query. */
export function combine(scores: Value, value: Value, { attended, batch }: Layout): Value {
  const n = attended.length;
  const rank = value.shape.length;
  const product = lax.dotGeneral(scores, value, {
    lhsContract: attended.map((_, i) => batch.length + n + i),
    rhsContract: attended,
    lhsBatch: batch.map((_, i) => i),
    rhsBatch: batch,
  });
  // (…batch, …attended, size) back to where each dimension was.
  const from = [...batch, ...attended, rank - 1];
  return lax.transpose(
    product,
    Array.from({ length: rank }, (_, d) => from.indexOf(d)),
  );
}

/** A mask of as many dimensions as the scores have: new ones between the batch and the attended. */
export function overHeads(mask: Tensor, rank: number, attended: number): Tensor {
  const middle = new Array<number>(Math.max(0, rank - mask.ndim)).fill(1);
  const at = Math.max(0, mask.ndim - 2 * attended);
  return mask.reshape([...mask.shape.slice(0, at), ...middle, ...mask.shape.slice(at)]);
}

/** What a row of which nothing counts gives: zeros, or the plain mean of all values. */
export type EmptyRows = 'zero' | 'mean';

/**
 * Softmax of scores over the keys. Keras on JAX has two ways: `zero` where it handles the scores
 * itself, `mean` where it calls jax.nn.dot_product_attention, which fills masked scores with one and
 * the same number.
 */
export function weightsOf(
  scores: Value,
  mask: Tensor | undefined,
  attended: number,
  empty: EmptyRows,
): Value {
  const rank = scores.shape.length;
  const axes = Array.from({ length: attended }, (_, i) => rank - attended + i);
  const whole = mask && lax.broadcastTo(overHeads(mask, rank, attended).value, scores.shape);
  if (empty === 'zero' || !whole) return softmaxOver(scores, axes, whole);
  const lowest = -0.7 * 3.4028234663852886e38;
  return softmaxOver(lax.select(whole, scores, like(scores, lowest)), axes);
}
