/** What layers of many heads share: options, projections, and attention over what they give. */
import { GradloomError } from '../../../errors.ts';
import { lax } from '../../../graph/index.ts';
import { Tensor } from '../../../tensor/index.ts';
import { getRegularizer, type Regularizer } from '../../regularizers/index.ts';
import { serialize } from '../../serialization.ts';
import { Dropout } from '../dropout.ts';
import { EinsumDense } from '../einsum-dense/index.ts';
import { type CallOptions, Layer, type LayerOptions } from '../layer.ts';
import { setMask } from '../mask.ts';
import { WeightSpec, type WeightSpecOptions } from '../weight-spec.ts';
import { combine, layoutOf, overHeads, scoresOf, weightsOf } from './dot-product.ts';

export interface HeadsOptions
  extends LayerOptions,
    WeightSpecOptions<'kernel'>,
    WeightSpecOptions<'bias'> {
  /** Share of the weights dropped in training: 0. */
  readonly dropout?: number;
  readonly useBias?: boolean;
  /** Queries look only at keys less than so many steps away; null for all. */
  readonly slidingWindow?: number | null;
  /** Keras's way to choose another implementation; there is one here, so only false and null are taken. */
  readonly flashAttention?: boolean | null;
  /** Multiplies what the heads give by a learned sigmoid of the query: false. */
  readonly useGate?: boolean;
  readonly seed?: number | null;
}

export const headsOptions: readonly string[] = [
  'dropout',
  'useBias',
  'slidingWindow',
  'flashAttention',
  'useGate',
  'seed',
];

/** Throws `layer-option` unless n is a whole number of 1 or more. */
export function positive(layer: Layer, option: string, n: unknown): number {
  if (Number.isInteger(n) && (n as number) >= 1) return n as number;
  throw new GradloomError(
    'layer-option',
    `${layer.constructor.name} "${layer.name}": ${option} must be a whole number of 1 or more; received ${JSON.stringify(n)}.`,
    { layer: layer.name, [option]: n },
  );
}

export interface Attended {
  readonly output: Tensor;
  readonly scores: Tensor;
}

export abstract class HeadsLayer extends Layer {
  override readonly supportsMasking: boolean = true;
  readonly dropout: number;
  readonly useBias: boolean;
  readonly slidingWindow: number | null;
  readonly useGate: boolean;
  readonly seed: number | null;
  readonly #activity: Regularizer | undefined;
  readonly #kernel: WeightSpec;
  readonly #bias: WeightSpec;
  queryDense!: EinsumDense;
  keyDense!: EinsumDense;
  gateDense: EinsumDense | undefined;
  valueDense!: EinsumDense;
  dropoutLayer!: Dropout;
  outputDense!: EinsumDense;

  constructor(o: HeadsOptions) {
    // A penalty on activities is one on those of the projections.
    super({ ...o, activityRegularizer: undefined });
    this.#activity = getRegularizer(o.activityRegularizer);
    const what = `${this.constructor.name} "${this.name}"`;
    if (o.flashAttention)
      throw new GradloomError(
        'layer-option',
        `${what}: flashAttention is not supported; leave it out.`,
        { layer: this.name },
      );
    const dropout = o.dropout ?? 0;
    if (!(dropout >= 0 && dropout < 1))
      throw new GradloomError(
        'layer-option',
        `${what}: dropout lies between 0 and 1, and below 1; received ${dropout}.`,
        { layer: this.name, dropout },
      );
    this.dropout = dropout;
    this.useBias = o.useBias ?? true;
    this.slidingWindow =
      o.slidingWindow == null ? null : positive(this, 'slidingWindow', o.slidingWindow);
    this.useGate = o.useGate ?? false;
    this.seed = o.seed ?? null;
    this.#kernel = new WeightSpec(o, 'kernel', 'glorotUniform');
    this.#bias = new WeightSpec(o, 'bias', 'zeros');
  }

  /** A projection with initializers of its own. */
  protected project(
    name: string,
    equation: string,
    outputShape: readonly (number | null)[],
    biasAxes: string,
    activation?: string,
  ): EinsumDense {
    return new EinsumDense({
      name,
      equation,
      outputShape,
      biasAxes: this.useBias ? biasAxes : null,
      activation,
      dtype: this.dtype,
      activityRegularizer: this.#activity,
      ...this.#kernel.copied,
      ...this.#bias.copied,
    });
  }

  protected makeDropout(): Dropout {
    return new Dropout({ rate: this.dropout, dtype: this.dtype, seed: this.seed });
  }

  /**
   * Attention of queries, keys and values, (batch, …, heads, size), over `attended` axes. Where Keras
   * calls jax.nn.dot_product_attention, a query that may look at nothing gets the mean of all values.
   */
  protected attend(
    { query, key, value }: Readonly<Record<'query' | 'key' | 'value', Tensor>>,
    mask: Tensor | undefined,
    attended: readonly number[],
    o: CallOptions,
  ): Attended {
    const layout = layoutOf(query.ndim, attended);
    const size = query.shape[query.ndim - 1];
    const q = query.value;
    const scaled = lax.mul(q, lax.full(q.shape, 1 / Math.sqrt(size), q.dtype));
    const raw = scoresOf(scaled, key.value, layout);
    const whole = this.dropout === 0 && o.returnAttentionScores !== true && query.ndim === 4;
    const weights = weightsOf(raw, mask, attended.length, whole ? 'mean' : 'zero');
    const scores = Tensor.of(weights, query, key, mask);
    // Keras's softmax leaves its mask on the scores.
    if (mask && !whole) setMask(scores, overHeads(mask, scores.ndim, attended.length));
    const kept =
      this.dropout > 0 ? this.dropoutLayer.apply(scores, { training: o.training }) : scores;
    return { output: Tensor.of(combine(kept.value, value.value, layout), kept, value), scores };
  }

  /** The end of the call: gate, projection, and the scores if they are wanted. */
  protected finish(query: Tensor, { output, scores }: Attended, o: CallOptions): Tensor | Tensor[] {
    const inner = { training: o.training, mask: null };
    const gated = this.gateDense ? output.mul(this.gateDense.apply(query, inner)) : output;
    const y = this.outputDense.apply(gated, inner);
    return o.returnAttentionScores === true ? [y, scores] : y;
  }

  override getConfig(): Record<string, unknown> {
    const { dropout, useBias, useGate, slidingWindow, seed } = this;
    return {
      ...super.getConfig(),
      ...{ dropout, useBias, useGate, slidingWindow, seed },
      ...this.#kernel.config,
      ...this.#bias.config,
      ...(this.#activity && { activityRegularizer: serialize(this.#activity) }),
    };
  }
}
