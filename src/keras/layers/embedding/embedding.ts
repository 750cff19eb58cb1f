/** Whole numbers to learned vectors. */
import { GradloomError } from '../../../errors.ts';
import { lax } from '../../../graph/index.ts';
import { Tensor, type TensorLike } from '../../../tensor/index.ts';
import { storageOf } from '../../../tensor/runtime.ts';
import { checkOptions } from '../../identifiers.ts';
import type { Variable } from '../../variable.ts';
import { type BatchShape, baseOptions, Layer, type LayerOptions } from '../layer.ts';
import { WeightSpec, type WeightSpecOptions, weightSpecOptions } from '../weight-spec.ts';

export interface EmbeddingOptions extends LayerOptions, WeightSpecOptions<'embeddings'> {
  /** How many numbers there are, the largest plus 1. */
  readonly inputDim?: number;
  /** The length of a vector. */
  readonly outputDim?: number;
  /** Whether 0 is padding, which later layers leave out: false. */
  readonly maskZero?: boolean;
  /** First values, (inputDim, outputDim), or a list with them alone. */
  readonly weights?: TensorLike | readonly TensorLike[] | null;
  /** Ignored: lengths need not be declared. */
  readonly inputLength?: unknown;
}

/**
 * Input (batch, …) of whole numbers from 0 to inputDim - 1, output (batch, …, outputDim). Weight:
 * embeddings (inputDim, outputDim), uniform in ±0.05. Negative numbers count from the end and others
 * outside give NaN, as in Keras on JAX; numbers that are known when the layer is applied are refused
 * there. Throws `index`.
 */
export class Embedding extends Layer {
  protected override readonly autocast: boolean = false;
  override readonly supportsMasking: boolean;
  readonly inputDim: number;
  readonly outputDim: number;
  readonly maskZero: boolean;
  readonly #embeddings: WeightSpec;
  embeddings!: Variable;

  constructor(o: EmbeddingOptions) {
    super(o);
    const own = ['inputDim', 'outputDim', 'maskZero', 'weights', 'inputLength'];
    const allowed = [...baseOptions, ...own, ...weightSpecOptions('embeddings')];
    checkOptions(`Embedding "${this.name}"`, o, allowed);
    this.inputDim = this.#count('inputDim', o.inputDim);
    this.outputDim = this.#count('outputDim', o.outputDim);
    this.maskZero = o.maskZero ?? false;
    this.supportsMasking = this.maskZero;
    this.#embeddings = new WeightSpec(o, 'embeddings', 'uniform');
    if (o.weights != null) {
      this.ensureBuilt([null]);
      const alone = Array.isArray(o.weights) && o.weights.length === 1;
      this.setWeights(alone ? (o.weights as TensorLike[]) : [o.weights as TensorLike]);
    }
  }

  #count(option: string, n: unknown): number {
    if (Number.isInteger(n) && (n as number) >= 1) return n as number;
    throw new GradloomError(
      'layer-option',
      `Embedding "${this.name}": ${option} must be a whole number of 1 or more; received ${JSON.stringify(n)}.`,
      { layer: this.name, [option]: n },
    );
  }

  override build(_inputShape: BatchShape): void {
    const shape = [this.inputDim, this.outputDim];
    this.embeddings = this.addWeight({ name: 'embeddings', shape, ...this.#embeddings.weight });
  }

  override computeOutputShape(s: BatchShape): BatchShape {
    return [...s, this.outputDim];
  }

  override computeMask(x: Tensor): Tensor | undefined {
    return this.maskZero ? x.ne(0) : undefined;
  }

  call(x: Tensor): Tensor {
    this.#check(x);
    const w = this.embeddings.tensor;
    const i = lax.convert(x.value, 'int32');
    const negative = lax.lt(i, lax.full(i.shape, 0, 'int32'));
    const fromEnd = lax.add(i, lax.full(i.shape, this.inputDim, 'int32'));
    const at = lax.select(negative, fromEnd, i);
    return Tensor.of(lax.take(w.value, at, 0, Number.NaN), x, w);
  }

  /** Numbers that lie on the host can be looked at. */
  #check(x: Tensor): void {
    const host = storageOf(x.value)?.host;
    if (!host) return;
    const n = this.inputDim;
    const position = host.findIndex((v: number) => !(v >= -n && v < n));
    if (position < 0) return;
    throw new GradloomError(
      'index',
      `Embedding "${this.name}" has vectors for 0 to ${n - 1}; received ${host[position]} at position ${position}. Is inputDim the largest number plus 1?`,
      { layer: this.name, inputDim: n, received: host[position], position },
    );
  }

  override getConfig(): Record<string, unknown> {
    const { inputDim, outputDim, maskZero } = this;
    return { ...super.getConfig(), inputDim, outputDim, ...this.#embeddings.config, maskZero };
  }
}

/** `embedding(10_000, 64)`, `embedding(10_000, 64, { maskZero: true })`, or one object of options. */
export function embedding(
  inputDim: number | EmbeddingOptions,
  outputDim?: number,
  o: EmbeddingOptions = {},
): Embedding {
  return new Embedding(typeof inputDim === 'number' ? { ...o, inputDim, outputDim } : inputDim);
}
