/** Numbers shifted and scaled to mean 0 and variance 1. */
import { GradloomError } from '../../../errors.ts';
import { showShape, sizeOf } from '../../../shape.ts';
import { asTensor, fromData, type Tensor, type TensorLike, tensor } from '../../../tensor/index.ts';
import { epsilon } from '../../config.ts';
import { checkOptions } from '../../identifiers.ts';
import type { Variable } from '../../variable.ts';
import { type BatchShape, baseOptions, Layer, type LayerOptions } from '../layer.ts';
import { type AdaptData, type AdaptOptions, batchesOf } from './batches.ts';

type Numbers = number | readonly Numbers[];

export interface NormalizationOptions extends LayerOptions {
  /** The axes that have a mean and a variance for each index; default -1, null for one of all. */
  readonly axis?: number | readonly number[] | null;
  /** Instead of `adapt`. Both or none. */
  readonly mean?: Numbers | null;
  readonly variance?: Numbers | null;
  /** Undoes it: x * sqrt(variance) + mean. */
  readonly invert?: boolean;
}

/**
 * (x - mean) / max(sqrt(variance), 1e-7). The statistics come with the options or from `adapt`; weights
 * mean, variance and count, none of them trainable.
 */
export class Normalization extends Layer {
  override readonly supportsMasking: boolean = true;
  readonly axis: readonly number[];
  readonly invert: boolean;
  readonly #given: { mean: Tensor; variance: Tensor } | undefined;
  #kept: readonly number[] = [];
  #inputShape: BatchShape | undefined;
  #mean: Variable | undefined;
  #variance: Variable | undefined;

  constructor(o: NormalizationOptions = {}) {
    super(o);
    const own = ['axis', 'mean', 'variance', 'invert'];
    checkOptions(`Normalization "${this.name}"`, o, [...baseOptions, ...own]);
    const axis = o.axis === undefined ? -1 : o.axis;
    this.axis = axis === null ? [] : typeof axis === 'number' ? [axis] : [...axis];
    this.invert = o.invert ?? false;
    if ((o.mean == null) !== (o.variance == null))
      throw this.#wrong('mean and variance are given together or not at all');
    if (o.mean == null || o.variance == null) return;
    const mean = tensor(o.mean as TensorLike, { dtype: this.dtype });
    const variance = tensor(o.variance as TensorLike, { dtype: this.dtype });
    if (showShape(mean.shape) !== showShape(variance.shape))
      throw this.#wrong(
        `mean and variance must have one shape; received ${showShape(mean.shape)} and ${showShape(variance.shape)}`,
      );
    if (mean.ndim > this.axis.length)
      throw this.#wrong(
        `mean has ${mean.ndim} dimensions, more than the ${this.axis.length} of axis`,
      );
    this.#given = { mean, variance };
  }

  #wrong(message: string): GradloomError {
    return new GradloomError('layer-option', `Normalization "${this.name}": ${message}.`, {
      layer: this.name,
    });
  }

  override build(s: BatchShape): void {
    const n = s.length;
    if (this.axis.some((a) => a < -n || a >= n))
      throw this.shapeError(`inputs with axes ${this.axis.join(', ')}`, s);
    this.#kept = this.axis.map((a) => (a < 0 ? a + n : a)).sort((a, b) => a - b);
    if (this.#kept.some((d) => s[d] == null))
      throw this.shapeError(`known sizes along axes ${this.axis.join(', ')}`, s);
    this.#inputShape = s;
    if (this.#given) return;
    const shape = this.#kept.map((d) => s[d] as number);
    const weight = { shape, trainable: false };
    this.#mean = this.addWeight({ ...weight, name: 'mean', initializer: 'zeros' });
    this.#variance = this.addWeight({ ...weight, name: 'variance', initializer: 'ones' });
    this.addWeight({
      name: 'count',
      shape: [],
      dtype: 'int32',
      initializer: 'zeros',
      trainable: false,
    });
  }

  /** Takes the mean and the variance from data: an array, or batches of a dataset. */
  async adapt(data: AdaptData, o: AdaptOptions = {}): Promise<void> {
    if (this.#given)
      throw this.#wrong('it was made with mean and variance; there is nothing to adapt');
    let sums: { mean: Float64Array; m2: Float64Array; n: number } | undefined;
    for await (const batch of batchesOf('Normalization', data, o)) {
      const x = asTensor(batch as TensorLike);
      if (x.size === 0)
        throw new GradloomError('data', 'Normalization.adapt: a batch is empty.', {});
      this.ensureBuilt([null, ...x.shape.slice(1)]);
      const s = this.#inputShape!;
      if (x.ndim !== s.length || this.#kept.some((d) => x.shape[d] !== s[d]))
        throw this.shapeError(
          `batches of shape ${showShape(s)} along axes ${this.axis.join(', ')}`,
          x.shape,
        );
      const part = moments(await x.data(), x.shape, this.#kept);
      sums = sums ? combine(sums, part) : part;
    }
    const { mean, m2, n } = sums!;
    const shape = this.#mean!.shape;
    const values = (a: Float64Array): Tensor =>
      fromData(this.dtype === 'float64' ? a : Float32Array.from(a), shape, this.dtype);
    this.#mean!.assign(values(mean));
    this.#variance!.assign(values(m2.map((v) => v / n)));
  }

  override computeOutputShape(s: BatchShape): BatchShape {
    return s;
  }

  call(x: Tensor): Tensor {
    const shape = x.shape.map((n, d) => (this.#kept.includes(d) ? n : 1));
    const spread = (t: Tensor): Tensor => {
      if (!this.#given || t.ndim === 0) return t.ndim === 0 ? t : t.reshape(shape);
      // Given statistics may have fewer dimensions than axis: they belong to the last ones.
      const of = x.shape.map(() => 1);
      for (let i = 1; i <= t.ndim; i++) of[this.#kept[this.#kept.length - i]] = t.shape[t.ndim - i];
      return t.reshape(of);
    };
    const mean = spread(this.#given?.mean ?? this.#mean!.tensor);
    const deviation = spread(this.#given?.variance ?? this.#variance!.tensor)
      .sqrt()
      .maximum(epsilon());
    return this.invert ? mean.add(x.mul(deviation)) : x.sub(mean).div(deviation);
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      axis: [...this.axis],
      mean: (this.#given?.mean.arraySync() as Numbers | undefined) ?? null,
      variance: (this.#given?.variance.arraySync() as Numbers | undefined) ?? null,
      invert: this.invert,
    };
  }
}

/** Mean and sum of squared differences from it, for each index of the kept axes. */
function moments(
  data: ArrayLike<number>,
  shape: readonly number[],
  kept: readonly number[],
): { mean: Float64Array; m2: Float64Array; n: number } {
  const size = sizeOf(kept.map((d) => shape[d]));
  // How far an index of each dimension moves among the kept ones.
  const steps = shape.map(() => 0);
  let stride = 1;
  for (const d of [...kept].reverse()) {
    steps[d] = stride;
    stride *= shape[d];
  }
  const each = (f: (at: number, v: number) => void): void => {
    const index = shape.map(() => 0);
    let at = 0;
    for (let i = 0; i < data.length; i++) {
      f(at, data[i]);
      for (let d = shape.length - 1; d >= 0; d--) {
        at += steps[d];
        if (++index[d] < shape[d]) break;
        at -= steps[d] * shape[d];
        index[d] = 0;
      }
    }
  };
  const n = data.length / size;
  const mean = new Float64Array(size);
  const m2 = new Float64Array(size);
  each((at, v) => {
    mean[at] += v / n;
  });
  each((at, v) => {
    m2[at] += (v - mean[at]) ** 2;
  });
  return { mean, m2, n };
}

/** Of two parts together (Chan, Golub and LeVeque 1979). */
function combine(a: ReturnType<typeof moments>, b: ReturnType<typeof moments>): typeof a {
  const n = a.n + b.n;
  const mean = a.mean.map((m, i) => m + ((b.mean[i] - m) * b.n) / n);
  const m2 = a.m2.map((v, i) => v + b.m2[i] + ((b.mean[i] - a.mean[i]) ** 2 * a.n * b.n) / n);
  return { mean, m2, n };
}

export const normalization = (o: NormalizationOptions = {}): Normalization => new Normalization(o);
