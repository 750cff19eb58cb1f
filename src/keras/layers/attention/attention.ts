/** Attention of a query to values by keys: dot-product (Luong et al. 2015) and additive (Bahdanau et al. 2015). */
import { GradloomError } from '../../../errors.ts';
import { lax } from '../../../graph/index.ts';
import { showShape } from '../../../shape.ts';
import { Tensor } from '../../../tensor/index.ts';
import { checkOptions } from '../../identifiers.ts';
import { dropoutWithKey } from '../../random/index.ts';
import type { Variable } from '../../variable.ts';
import { softmaxOver } from '../activations/masked-softmax.ts';
import {
  type BatchShape,
  baseOptions,
  type CallOptions,
  Layer,
  type LayerOptions,
  type Masks,
  type ShapeTree,
} from '../layer.ts';
import { maskList, shapeList } from '../merging/merge.ts';
import { like } from '../normalization/statistics.ts';
import { SeedState } from '../seed-state.ts';
import { causalMask } from './masks.ts';

export interface AdditiveAttentionOptions extends LayerOptions {
  /** Whether scores have a learned scale. */
  readonly useScale?: boolean;
  /** Share of the weights dropped in training: 0. */
  readonly dropout?: number;
  readonly seed?: number | null;
}

export interface AttentionOptions extends AdditiveAttentionOptions {
  /** 'dot': query · key; 'concat': the sum of tanh(query + key). */
  readonly scoreMode?: 'dot' | 'concat';
}

/** What the kinds of attention share: everything but the scores. */
abstract class BaseAttention extends Layer {
  protected override readonly floatInputs: boolean = true;
  override readonly supportsMasking: boolean = true;
  readonly useScale: boolean;
  readonly dropout: number;
  readonly seed: number | null;
  readonly #seed: SeedState | undefined;

  constructor(o: AdditiveAttentionOptions, useScale: boolean, options: readonly string[]) {
    super(o);
    const what = `${this.constructor.name} "${this.name}"`;
    checkOptions(what, o, [...baseOptions, 'useScale', 'dropout', 'seed', ...options]);
    this.useScale = o.useScale ?? useScale;
    const dropout = o.dropout ?? 0;
    if (!(dropout >= 0 && dropout < 1))
      throw new GradloomError(
        'layer-option',
        `${what}: dropout lies between 0 and 1, and below 1; received ${dropout}.`,
        { layer: this.name, dropout },
      );
    this.dropout = dropout;
    this.seed = o.seed ?? null;
    if (dropout > 0) this.#seed = new SeedState(this, o.seed);
  }

  /** (batch, queries, keys) */
  protected abstract scores(query: Tensor, key: Tensor): Tensor;

  /** Shapes of query, value and key. */
  protected three(shapes: ShapeTree): [BatchShape, BatchShape, BatchShape] {
    const list = shapeList(this, shapes, 2);
    const [q, v, k = v] = list;
    const ranks = list.length <= 3 && list.every((s) => s.length === q.length && s.length >= 3);
    const fits = (a: number | null, b: number | null): boolean =>
      a === null || b === null || a === b;
    if (ranks && fits(v.at(-2)!, k.at(-2)!) && fits(q.at(-1)!, k.at(-1)!)) return [q, v, k];
    throw new GradloomError(
      'layer-shape',
      `Layer "${this.name}" (${this.constructor.name}) takes [query, value] or [query, value, key] of shapes (batch, steps, features), keys with the features of the query and the steps of the value; received ${list.map((s) => showShape(s)).join(', ')}.`,
      { layer: this.name, received: list },
    );
  }

  override computeOutputShape(shapes: ShapeTree): BatchShape {
    const [q, v] = this.three(shapes);
    return [...q.slice(0, -1), v[v.length - 1]];
  }

  override computeMask(_inputs: unknown, mask: Masks): Masks {
    return maskList(mask)?.[0] ?? undefined;
  }

  override call(inputs: readonly Tensor[], o: CallOptions): Tensor | Tensor[] {
    const [query, value, key = value] = inputs;
    const masks = maskList(o.mask);
    const [queryMask, valueMask] = masks ?? [];
    const raw = this.scores(query, key);
    const mask = this.#mask(raw, valueMask, o.useCausalMask === true);
    const scores = mask ? this.#lowered(raw, mask) : raw;
    const weights = Tensor.of(softmaxOver(scores.value, [scores.ndim - 1]), scores);
    const kept =
      o.training && this.#seed
        ? dropoutWithKey(weights, this.dropout, this.#seed.next(), weights.shape)
        : weights;
    let y = kept.matmul(value);
    if (queryMask) {
      const counts = queryMask.expandDims(-1).broadcastTo(y.shape);
      y = Tensor.of(lax.select(counts.value, y.value, like(y.value, 0)), y, counts);
    }
    return o.returnAttentionScores === true ? [y, kept] : y;
  }

  #mask(scores: Tensor, value: Tensor | null | undefined, causal: boolean): Tensor | undefined {
    const keys = value?.astype('bool').expandDims(-2);
    if (!causal) return keys;
    const [t, s] = scores.shape.slice(-2);
    const order = causalMask(t, s);
    return keys ? keys.logicalAnd(order) : order;
  }

  /**
   * Minus a billion where the mask is false, so that rows of which nothing counts go even. Keras
   * subtracts a billion, in which float32 loses the score, but not its gradient.
   */
  #lowered(scores: Tensor, mask: Tensor): Tensor {
    const whole = mask.broadcastTo(scores.shape);
    const v = scores.value;
    const low = lax.sub(lax.sub(v, lax.stopGradient(v)), like(v, 1e9));
    return Tensor.of(lax.select(whole.value, v, low), scores, whole);
  }

  override getConfig(): Record<string, unknown> {
    const { useScale, dropout, seed } = this;
    return { ...super.getConfig(), useScale, dropout, seed };
  }
}

/** query + key for each pair: (batch, queries, keys, features). */
function pairs(query: Tensor, key: Tensor): Tensor {
  return query.expandDims(-2).add(key.expandDims(-3));
}

/**
 * `attention.apply([query, value, key])`: softmax(query · keyᵀ) · value; the key is the value if it is
 * not given. Inputs (batch, steps, features). Masks of query and value are heeded; `useCausalMask`
 * keeps queries from later keys; `returnAttentionScores` gives [output, weights].
 * Weights: scale (useScale), concat_score_weight (scoreMode 'concat'): scalars.
 */
export class Attention extends BaseAttention {
  readonly scoreMode: 'dot' | 'concat';
  scale: Variable | undefined;
  concatScoreWeight: Variable | undefined;

  constructor(o: AttentionOptions = {}) {
    super(o, false, ['scoreMode']);
    this.scoreMode = o.scoreMode ?? 'dot';
    if (this.scoreMode !== 'dot' && this.scoreMode !== 'concat')
      throw new GradloomError(
        'layer-option',
        `Attention "${this.name}": scoreMode is "dot" or "concat"; received ${JSON.stringify(o.scoreMode)}.`,
        { layer: this.name, scoreMode: o.scoreMode },
      );
  }

  override build(): void {
    const scalar = { shape: [], initializer: 'ones' };
    if (this.useScale) this.scale = this.addWeight({ name: 'scale', ...scalar });
    if (this.scoreMode === 'concat')
      this.concatScoreWeight = this.addWeight({ name: 'concat_score_weight', ...scalar });
  }

  protected override scores(query: Tensor, key: Tensor): Tensor {
    const scale = this.scale?.tensor;
    if (this.concatScoreWeight) {
      const sum = pairs(query, key);
      const inner = scale ? sum.mul(scale) : sum;
      return inner.tanh().sum(-1).mul(this.concatScoreWeight.tensor);
    }
    const rank = key.ndim;
    const swapped = Array.from({ length: rank - 2 }, (_, d) => d);
    const scores = query.matmul(key.transpose([...swapped, rank - 1, rank - 2]));
    return scale ? scores.mul(scale) : scores;
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), scoreMode: this.scoreMode };
  }
}

/** As Attention, with the sum of scale * tanh(query + key) as scores. Weight: scale, one number a feature. */
export class AdditiveAttention extends BaseAttention {
  scale: Variable | undefined;

  constructor(o: AdditiveAttentionOptions = {}) {
    super(o, true, []);
  }

  override build(shapes: ShapeTree): void {
    const [query] = this.three(shapes);
    const size = query[query.length - 1];
    if (size === null) throw this.shapeError('a known last dimension of the query', query);
    if (this.useScale) this.scale = this.addWeight({ name: 'scale', shape: [size] });
  }

  protected override scores(query: Tensor, key: Tensor): Tensor {
    const each = pairs(query, key).tanh();
    return (this.scale ? each.mul(this.scale.tensor) : each).sum(-1);
  }
}

/** `attention()`, `attention({ useScale: true })`. */
export const attention = (o: AttentionOptions = {}): Attention => new Attention(o);
/** `additiveAttention()`. */
export const additiveAttention = (o: AdditiveAttentionOptions = {}): AdditiveAttention =>
  new AdditiveAttention(o);
