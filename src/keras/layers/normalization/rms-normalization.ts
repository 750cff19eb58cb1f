/** Root mean square normalization (Zhang & Sennrich 2019). */
import { lax } from '../../../graph/index.ts';
import { Tensor } from '../../../tensor/index.ts';
import { checkOptions } from '../../identifiers.ts';
import type { Variable } from '../../variable.ts';
import { type BatchShape, baseOptions, Layer, type LayerOptions } from '../layer.ts';
import { checkAxes, checkEpsilon, label, resolveAxes } from './options.ts';
import { inverseDeviation, meanOver, over } from './statistics.ts';

export interface RMSNormalizationOptions extends LayerOptions {
  /** One axis or several, negative from the end: -1. */
  readonly axis?: number | readonly number[];
  /** Added to the mean square: 1e-6. */
  readonly epsilon?: number;
}

/** scale * x / sqrt(mean(x²) + epsilon), the mean over `axis`. Weight: scale (ones), of the sizes of `axis`. */
export class RMSNormalization extends Layer {
  protected override readonly floatInputs: boolean = true;
  readonly axis: number | readonly number[];
  readonly epsilon: number;
  scale!: Variable;

  constructor(o: RMSNormalizationOptions = {}) {
    super(o);
    checkOptions(label(this), o, [...baseOptions, 'axis', 'epsilon']);
    const axis = checkAxes(label(this), o.axis ?? -1);
    this.axis = typeof axis === 'number' ? axis : [...axis].sort((a, b) => a - b);
    this.epsilon = checkEpsilon(label(this), o.epsilon ?? 1e-6);
  }

  #axes(s: BatchShape): number[] {
    const axes = resolveAxes(this.axis, s);
    if (!axes) throw this.shapeError(`inputs that have axis ${[this.axis].flat().join(', ')}`, s);
    return axes;
  }

  override build(s: BatchShape): void {
    const shape = this.#axes(s).map((a) => s[a] as number);
    this.scale = this.addWeight({ name: 'scale', shape, initializer: 'ones' });
  }

  override computeOutputShape(s: BatchShape): BatchShape {
    const axes = this.#axes(s);
    // Keras multiplies by broadcasting from the right.
    const trailing = axes.every((a, i) => a === s.length - axes.length + i);
    if (!trailing) throw this.shapeError(`axis ${[this.axis].flat().join(', ')} to be the last`, s);
    if (axes.some((a) => s[a] == null))
      throw this.shapeError(`a known size of axis ${axes.join(', ')}`, s);
    if (this.built && axes.some((a, i) => s[a] !== this.scale.shape[i]))
      throw this.shapeError(`sizes ${this.scale.shape.join(', ')} of axis ${axes.join(', ')}`, s);
    return s;
  }

  call(x: Tensor): Tensor {
    const axes = this.#axes(x.shape);
    const v = x.value;
    const inverse = inverseDeviation(meanOver(lax.mul(v, v), axes), this.epsilon);
    const scale = this.scale.tensor;
    const y = lax.mul(v, over(inverse, v, axes));
    return Tensor.of(lax.mul(y, lax.broadcastTo(scale.value, v.shape)), x, scale);
  }

  override getConfig(): Record<string, unknown> {
    const { axis, epsilon } = this;
    return { ...super.getConfig(), axis, epsilon };
  }
}

/** `rmsNormalization()`, `rmsNormalization({ epsilon: 1e-5 })`. */
export const rmsNormalization = (o: RMSNormalizationOptions = {}): RMSNormalization =>
  new RMSNormalization(o);
