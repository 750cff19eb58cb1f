/** Dense: activation(x · kernel + bias) over the last axis. */
import { GradloomError } from '../../errors.ts';
import type { Tensor } from '../../tensor/index.ts';
import { type ActivationFn, getActivation, serializeActivation } from '../activations/index.ts';
import { checkOptions } from '../identifiers.ts';
import type { Variable } from '../variable.ts';
import { type BatchShape, baseOptions, Layer, type LayerOptions } from './layer.ts';
import { WeightSpec, type WeightSpecOptions, weightSpecOptions } from './weight-spec.ts';

export interface DenseOptions
  extends LayerOptions,
    WeightSpecOptions<'kernel'>,
    WeightSpecOptions<'bias'> {
  readonly units?: number;
  readonly activation?: string | ActivationFn | null;
  readonly useBias?: boolean;
}

const options = [
  ...baseOptions,
  'units',
  'activation',
  'useBias',
  ...weightSpecOptions('kernel', 'bias'),
];

/**
 * Input (batch, …, n), output (batch, …, units). Weights: kernel (n, units), bias (units,).
 * Throws `layer-shape` when the last dimension is unknown or changes.
 */
export class Dense extends Layer {
  override readonly supportsMasking: boolean = true;
  readonly units: number;
  readonly activation: ActivationFn;
  readonly useBias: boolean;
  readonly #kernel: WeightSpec;
  readonly #bias: WeightSpec;
  kernel!: Variable;
  bias: Variable | undefined;

  constructor(o: DenseOptions) {
    super(o);
    checkOptions(`Dense "${this.name}"`, o, options);
    if (!Number.isInteger(o.units) || (o.units as number) < 1) {
      throw new GradloomError(
        'layer-option',
        `Dense "${this.name}": units must be a whole number of 1 or more; received ${o.units}.`,
        { layer: this.name, units: o.units },
      );
    }
    this.units = o.units as number;
    this.activation = getActivation(o.activation);
    this.useBias = o.useBias ?? true;
    this.#kernel = new WeightSpec(o, 'kernel', 'glorotUniform');
    this.#bias = new WeightSpec(o, 'bias', 'zeros');
  }

  override build(inputShape: BatchShape): void {
    const n = inputShape[inputShape.length - 1] as number;
    this.kernel = this.addWeight({
      name: 'kernel',
      shape: [n, this.units],
      ...this.#kernel.weight,
    });
    if (this.useBias) {
      this.bias = this.addWeight({
        name: 'bias',
        shape: [this.units],
        ...this.#bias.weight,
      });
    }
  }

  override computeOutputShape(inputShape: BatchShape): BatchShape {
    const n = inputShape[inputShape.length - 1];
    if (inputShape.length < 2)
      throw this.shapeError('inputs of two dimensions or more, (batch, features)', inputShape);
    if (n == null) throw this.shapeError('a known last dimension', inputShape);
    if (this.built && n !== this.kernel.shape[0])
      throw this.shapeError(`a last dimension of ${this.kernel.shape[0]}`, inputShape);
    return [...inputShape.slice(0, -1), this.units];
  }

  call(x: Tensor): Tensor {
    let y = x.matmul(this.kernel.tensor);
    if (this.bias) y = y.add(this.bias.tensor);
    return this.activation(y);
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      units: this.units,
      activation: serializeActivation(this.activation),
      useBias: this.useBias,
      ...this.#kernel.config,
      ...this.#bias.config,
    };
  }
}

/** `dense(128, { activation: 'relu' })` or `dense({ units: 128, activation: 'relu' })`. */
export function dense(units: number | DenseOptions, o: DenseOptions = {}): Dense {
  return new Dense(typeof units === 'number' ? { ...o, units } : units);
}
