/** Parametric rectifier (He et al. 2015). */
import { GradloomError } from '../../../errors.ts';
import type { Tensor } from '../../../tensor/index.ts';
import { relu } from '../../activations/index.ts';
import { checkOptions } from '../../identifiers.ts';
import type { Variable } from '../../variable.ts';
import { type BatchShape, baseOptions, Layer, type LayerOptions } from '../layer.ts';
import { WeightSpec, type WeightSpecOptions, weightSpecOptions } from '../weight-spec.ts';

export interface PReLUOptions extends LayerOptions, WeightSpecOptions<'alpha'> {
  /** Axes along which one alpha serves all, counted from 1: [1, 2] for one a channel of an image. */
  readonly sharedAxes?: number | readonly number[] | null;
}

/** x where x >= 0, else alpha * x. Weight: alpha (zeros), of the shape of a sample, 1 along shared axes. */
export class PReLU extends Layer {
  override readonly supportsMasking: boolean = true;
  readonly sharedAxes: readonly number[] | null;
  readonly #alpha: WeightSpec;
  alpha!: Variable;

  constructor(o: PReLUOptions = {}) {
    super(o);
    checkOptions(`PReLU "${this.name}"`, o, [
      ...baseOptions,
      'sharedAxes',
      ...weightSpecOptions('alpha'),
    ]);
    this.#alpha = new WeightSpec(o, 'alpha', 'zeros');
    this.sharedAxes = o.sharedAxes == null ? null : [o.sharedAxes].flat();
    if (this.sharedAxes?.some((a) => !Number.isInteger(a) || a < 1))
      throw new GradloomError(
        'layer-option',
        `PReLU "${this.name}": sharedAxes are whole numbers of 1 or more; received ${JSON.stringify(o.sharedAxes)}.`,
        { layer: this.name, sharedAxes: o.sharedAxes },
      );
  }

  #shape(s: BatchShape): (number | null)[] {
    return s.slice(1).map((n, d) => (this.sharedAxes?.includes(d + 1) ? 1 : n));
  }

  override build(s: BatchShape): void {
    const shape = this.#shape(s) as number[];
    this.alpha = this.addWeight({ name: 'alpha', shape, ...this.#alpha.weight });
  }

  override computeOutputShape(s: BatchShape): BatchShape {
    const outside = this.sharedAxes?.find((a) => a >= s.length);
    if (outside !== undefined) throw this.shapeError(`inputs that have axis ${outside}`, s);
    const shape = this.#shape(s);
    if (shape.includes(null))
      throw this.shapeError('known dimensions but for the batch and shared axes', s);
    if (this.built) {
      const alpha = this.alpha.shape;
      if (shape.length !== alpha.length || shape.some((n, d) => n !== alpha[d]))
        throw this.shapeError(`samples that fit alpha, of shape (${alpha.join(', ')})`, s);
    }
    return s;
  }

  call(x: Tensor): Tensor {
    return relu(x).sub(this.alpha.tensor.mul(relu(x.neg())));
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), ...this.#alpha.config, sharedAxes: this.sharedAxes };
  }
}

/** `prelu()`, `prelu({ sharedAxes: [1, 2] })`. */
export const prelu = (o: PReLUOptions = {}): PReLU => new PReLU(o);
