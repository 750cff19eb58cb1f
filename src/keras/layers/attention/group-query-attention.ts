/** Grouped query attention (Ainslie et al. 2023): heads of queries share heads of keys and values. */
import { GradloomError } from '../../../errors.ts';
import { lax } from '../../../graph/index.ts';
import { showShape } from '../../../shape.ts';
import { Tensor } from '../../../tensor/index.ts';
import { checkOptions } from '../../identifiers.ts';
import { isShape } from '../../tree.ts';
import { type ArgumentShapes, type BatchShape, baseOptions, type CallOptions } from '../layer.ts';
import { weightSpecOptions } from '../weight-spec.ts';
import { attentionMask, maskSources } from './masks.ts';
import { HeadsLayer, type HeadsOptions, headsOptions, positive } from './projections.ts';

export interface GroupQueryAttentionOptions extends HeadsOptions {
  /** Size of a query, key and value of one head. */
  readonly headDim?: number;
  readonly numQueryHeads?: number;
  /** Divides numQueryHeads; 1 for multi-query attention. */
  readonly numKeyValueHeads?: number;
}

/**
 * `gqa.apply(query, { value, key, … })`, as MultiHeadAttention: query (batch, queries, features), value
 * and key (batch, keys, features).
 */
export class GroupQueryAttention extends HeadsLayer {
  readonly headDim: number;
  readonly numQueryHeads: number;
  readonly numKeyValueHeads: number;

  constructor(o: GroupQueryAttentionOptions) {
    super(o);
    const own = ['headDim', 'numQueryHeads', 'numKeyValueHeads'];
    checkOptions(`GroupQueryAttention "${this.name}"`, o, [
      ...baseOptions,
      ...own,
      ...headsOptions,
      ...weightSpecOptions('kernel', 'bias'),
    ]);
    this.headDim = positive(this, 'headDim', o.headDim);
    this.numQueryHeads = positive(this, 'numQueryHeads', o.numQueryHeads);
    this.numKeyValueHeads = positive(this, 'numKeyValueHeads', o.numKeyValueHeads);
    if (this.numQueryHeads % this.numKeyValueHeads !== 0)
      throw new GradloomError(
        'layer-option',
        `GroupQueryAttention "${this.name}": numKeyValueHeads must divide numQueryHeads; received ${this.numKeyValueHeads} and ${this.numQueryHeads}.`,
        { layer: this.name, numQueryHeads: this.numQueryHeads },
      );
  }

  #others(query: BatchShape, { value, key }: ArgumentShapes): [BatchShape, BatchShape] {
    if (!isShape(value))
      throw new GradloomError(
        'layer-shape',
        `Layer "${this.name}" (GroupQueryAttention) needs a value: apply(query, { value, key }). For self-attention give the query again.`,
        { layer: this.name },
      );
    const k = isShape(key) ? key : value;
    const fits = (s: BatchShape): boolean => s.length === 3 && s[2] !== null;
    const bad = [query, value, k].find((s) => !fits(s));
    if (bad) throw this.shapeError('inputs (batch, steps, features) of known features', bad);
    if (query[2] !== value[2] || (k[1] !== null && value[1] !== null && k[1] !== value[1]))
      throw new GradloomError(
        'layer-shape',
        `Layer "${this.name}" (GroupQueryAttention) takes a query and a value of the same features, a key and a value of the same steps; received query ${showShape(query)}, value ${showShape(value)} and key ${showShape(k)}.`,
        { layer: this.name, query, value, key: k },
      );
    return [value, k];
  }

  override build(query: BatchShape, shapes: ArgumentShapes = {}): void {
    const [value, key] = this.#others(query, shapes);
    const { headDim, numQueryHeads, numKeyValueHeads } = this;
    const queries = [null, numQueryHeads, headDim];
    const others = [null, numKeyValueHeads, headDim];
    this.queryDense = this.project('query', 'bqm,muh->bquh', queries, 'uh');
    this.queryDense.ensureBuilt(query);
    this.keyDense = this.project('key', 'bkm,mvh->bkvh', others, 'vh');
    this.keyDense.ensureBuilt(key);
    if (this.useGate) {
      this.gateDense = this.project('gate', 'bqm,muh->bquh', queries, 'uh', 'sigmoid');
      this.gateDense.ensureBuilt(query);
    }
    this.valueDense = this.project('value', 'bkm,mvh->bkvh', others, 'vh');
    this.valueDense.ensureBuilt(value);
    this.dropoutLayer = this.makeDropout();
    this.outputDense = this.project('attention_output', 'bquh,uhm->bqm', [null, query[2]], 'm');
    this.outputDense.ensureBuilt([null, null, numQueryHeads, headDim]);
  }

  override computeOutputShape(query: BatchShape, shapes: ArgumentShapes = {}): BatchShape {
    this.#others(query, shapes);
    return query;
  }

  override call(query: Tensor, o: CallOptions): Tensor | Tensor[] {
    const value = o.value as Tensor;
    const key = (o.key as Tensor | null | undefined) ?? value;
    const sources = maskSources(o, this.slidingWindow);
    const mask = attentionMask(this, sources, query.shape[1], value.shape[1]);
    const inner = { training: o.training, mask: null };
    const heads = {
      query: this.queryDense.apply(query, inner),
      key: this.#repeated(this.keyDense.apply(key, inner)),
      value: this.#repeated(this.valueDense.apply(value, inner)),
    };
    return this.finish(query, this.attend(heads, mask, [1], o), o);
  }

  /** Each head as often as queries share it: (batch, keys, query heads, size). */
  #repeated(x: Tensor): Tensor {
    const times = this.numQueryHeads / this.numKeyValueHeads;
    const [b, s, heads, size] = x.shape;
    const wide = lax.broadcastInDim(x.value, [b, s, heads, times, size], [0, 1, 2, 4]);
    return Tensor.of(lax.reshape(wide, [b, s, this.numQueryHeads, size]), x);
  }

  override getConfig(): Record<string, unknown> {
    const { headDim, numQueryHeads, numKeyValueHeads } = this;
    return { ...super.getConfig(), headDim, numQueryHeads, numKeyValueHeads };
  }
}

/** `groupQueryAttention(32, 8, 2)`: size of a head, heads of queries, heads of keys and values. */
export function groupQueryAttention(
  headDim: number | GroupQueryAttentionOptions,
  numQueryHeads?: number,
  numKeyValueHeads?: number,
  o: GroupQueryAttentionOptions = {},
): GroupQueryAttention {
  return new GroupQueryAttention(
    typeof headDim === 'number' ? { ...o, headDim, numQueryHeads, numKeyValueHeads } : headDim,
  );
}
