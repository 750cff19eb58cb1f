/** Multi-head attention (Vaswani et al. 2017). */
import { GradloomError } from '../../../errors.ts';
import { showShape } from '../../../shape.ts';
import type { Tensor } from '../../../tensor/index.ts';
import { checkOptions } from '../../identifiers.ts';
import { isShape } from '../../tree.ts';
import { type ArgumentShapes, type BatchShape, baseOptions, type CallOptions } from '../layer.ts';
import { weightSpecOptions } from '../weight-spec.ts';
import { attentionMask, maskSources } from './masks.ts';
import { HeadsLayer, type HeadsOptions, headsOptions, positive } from './projections.ts';

export interface MultiHeadAttentionOptions extends HeadsOptions {
  readonly numHeads?: number;
  /** Size of a query and a key of one head. */
  readonly keyDim?: number;
  /** Size of a value of one head: that of a key. */
  readonly valueDim?: number | null;
  /** Sizes of the output's features: those of the query. */
  readonly outputShape?: number | readonly number[] | null;
  /** Axes that are attended over: all but the batch and the features. */
  readonly attentionAxes?: number | readonly number[] | null;
}

/** Arguments of the call, beside the query. */
export interface AttentionArguments {
  readonly value: Tensor;
  /** The value, if it is not given. */
  readonly key?: Tensor;
  readonly queryMask?: Tensor;
  readonly valueMask?: Tensor;
  readonly keyMask?: Tensor;
  /** bool (batch, queries, keys), or with a dimension for the heads before these. */
  readonly attentionMask?: Tensor;
  readonly useCausalMask?: boolean;
  /** Gives [output, scores (batch, heads, queries, keys)]. */
  readonly returnAttentionScores?: boolean;
}

const letters = 'abcdefghijklmnopqrstuvwxyz';

/** The equation of a product over the last `bound` dimensions, and the letters of its bias. */
function projection(free: number, bound: number, output: number): [string, string] {
  const kept = letters.slice(0, free);
  const summed = letters.slice(free, free + bound);
  const made = letters.slice(free + bound, free + bound + output);
  return [`${kept}${summed},${summed}${made}->${kept}${made}`, made];
}

/**
 * `mha.apply(query, { value, key, attentionMask, useCausalMask, … })`: query (batch, queries, features),
 * value and key (batch, keys, features), output (batch, queries, features of the query). Heads attend
 * by themselves over projections of queries, keys and values; a last projection joins them. Masks of
 * query, value and key are heeded. Layers inside: query, key, value, attention_output.
 */
export class MultiHeadAttention extends HeadsLayer {
  readonly numHeads: number;
  readonly keyDim: number;
  readonly valueDim: number;
  readonly #outputShape: readonly number[] | null;
  readonly #axes: readonly number[] | null;
  #attended: readonly number[] = [];

  constructor(o: MultiHeadAttentionOptions) {
    super(o);
    const own = ['numHeads', 'keyDim', 'valueDim', 'outputShape', 'attentionAxes'];
    checkOptions(`MultiHeadAttention "${this.name}"`, o, [
      ...baseOptions,
      ...own,
      ...headsOptions,
      ...weightSpecOptions('kernel', 'bias'),
    ]);
    this.numHeads = positive(this, 'numHeads', o.numHeads);
    this.keyDim = positive(this, 'keyDim', o.keyDim);
    this.valueDim = o.valueDim == null ? this.keyDim : positive(this, 'valueDim', o.valueDim);
    this.#outputShape =
      o.outputShape == null
        ? null
        : [o.outputShape].flat().map((n) => positive(this, 'outputShape', n));
    const axes = o.attentionAxes == null ? null : [o.attentionAxes].flat();
    if (axes && (axes.length === 0 || axes.some((a) => !Number.isInteger(a))))
      throw new GradloomError(
        'layer-option',
        `MultiHeadAttention "${this.name}": attentionAxes must be whole numbers; received ${JSON.stringify(o.attentionAxes)}.`,
        { layer: this.name, attentionAxes: o.attentionAxes },
      );
    this.#axes = axes;
  }

  /** Shapes of value and key. */
  #others(query: BatchShape, { value, key }: ArgumentShapes): [BatchShape, BatchShape] {
    if (!isShape(value))
      throw new GradloomError(
        'layer-shape',
        `Layer "${this.name}" (MultiHeadAttention) needs a value: apply(query, { value, key }). For self-attention give the query again.`,
        { layer: this.name },
      );
    const k = isShape(key) ? key : value;
    const inner = (s: BatchShape): BatchShape => s.slice(1, -1);
    const alike =
      k.length === value.length &&
      inner(k).every((n, d) => n === null || inner(value)[d] === null || n === inner(value)[d]);
    if (!alike)
      throw new GradloomError(
        'layer-shape',
        `Layer "${this.name}" (MultiHeadAttention) takes a value and a key that are equal but in the last dimension; received value ${showShape(value)} and key ${showShape(k)}.`,
        { layer: this.name, value, key: k },
      );
    if (query.length < 3)
      throw this.shapeError('queries of 3 dimensions or more, (batch, …, features)', query);
    if (value.length !== query.length)
      throw this.shapeError(
        `queries of as many dimensions as the value, ${showShape(value)}`,
        query,
      );
    const open = [query, value, k].find((s) => s[s.length - 1] === null);
    if (open) throw this.shapeError('a known last dimension', open);
    return [value, k];
  }

  override build(query: BatchShape, shapes: ArgumentShapes = {}): void {
    const [value, key] = this.#others(query, shapes);
    const rank = query.length;
    const { numHeads, keyDim, valueDim } = this;
    const axes = this.#axes?.map((a) => (a < 0 ? a + rank : a));
    this.#attended = axes ?? Array.from({ length: rank - 2 }, (_, i) => i + 1);
    if (this.#attended.some((a) => a < 1 || a > rank - 2))
      throw this.shapeError(
        `queries that have attention axes ${this.#axes?.join(', ')} between batch and features`,
        query,
      );
    const [equation, bias] = projection(rank - 1, 1, 2);
    const open = new Array<null>(rank - 2).fill(null);
    const heads = (size: number): (number | null)[] => [...open, numHeads, size];
    this.queryDense = this.project('query', equation, heads(keyDim), bias);
    this.queryDense.ensureBuilt(query);
    this.keyDense = this.project('key', equation, heads(keyDim), bias);
    this.keyDense.ensureBuilt(key);
    if (this.useGate) {
      this.gateDense = this.project('gate', equation, heads(valueDim), bias, 'sigmoid');
      this.gateDense.ensureBuilt(query);
    }
    this.valueDense = this.project('value', equation, heads(valueDim), bias);
    this.valueDense.ensureBuilt(value);
    this.dropoutLayer = this.makeDropout();
    const out = this.#outputShape ?? [query[rank - 1] as number];
    const [last, lastBias] = projection(rank - 1, 2, out.length);
    this.outputDense = this.project('attention_output', last, [...open, ...out], lastBias);
    this.outputDense.ensureBuilt([...query.slice(0, -1), numHeads, valueDim]);
  }

  override computeOutputShape(query: BatchShape, shapes: ArgumentShapes = {}): BatchShape {
    this.#others(query, shapes);
    return this.#outputShape ? [...query.slice(0, -1), ...this.#outputShape] : query;
  }

  override call(query: Tensor, o: CallOptions): Tensor | Tensor[] {
    const value = o.value as Tensor;
    const key = (o.key as Tensor | null | undefined) ?? value;
    const sources = maskSources(o, this.slidingWindow);
    const mask = attentionMask(this, sources, query.shape[1], value.shape[1]);
    const inner = { training: o.training, mask: null };
    const heads = {
      query: this.queryDense.apply(query, inner),
      key: this.keyDense.apply(key, inner),
      value: this.valueDense.apply(value, inner),
    };
    return this.finish(query, this.attend(heads, mask, this.#attended, o), o);
  }

  override getConfig(): Record<string, unknown> {
    const { numHeads, keyDim, valueDim } = this;
    return {
      ...super.getConfig(),
      ...{ numHeads, keyDim, valueDim },
      outputShape: this.#outputShape,
      attentionAxes: this.#axes,
    };
  }
}

/** `multiHeadAttention(8, 32)`, `multiHeadAttention({ numHeads: 8, keyDim: 32, dropout: 0.1 })`. */
export function multiHeadAttention(
  numHeads: number | MultiHeadAttentionOptions,
  keyDim?: number,
  o: MultiHeadAttentionOptions = {},
): MultiHeadAttention {
  return new MultiHeadAttention(
    typeof numHeads === 'number' ? { ...o, numHeads, keyDim } : numHeads,
  );
}
