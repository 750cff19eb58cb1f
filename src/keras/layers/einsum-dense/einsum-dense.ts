/** A product of the input with a kernel along any dimensions. */
import { GradloomError } from '../../../errors.ts';
import { einsum } from '../../../numpy/index.ts';
import type { Tensor } from '../../../tensor/index.ts';
import { type ActivationFn, getActivation, serializeActivation } from '../../activations/index.ts';
import { checkOptions } from '../../identifiers.ts';
import { VarianceScaling } from '../../initializers/index.ts';
import type { Variable } from '../../variable.ts';
import { type BatchShape, baseOptions, Layer, type LayerOptions } from '../layer.ts';
import { WeightSpec, type WeightSpecOptions, weightSpecOptions } from '../weight-spec.ts';
import {
  checkBiasAxes,
  type EinsumShapes,
  type Equation,
  parseEquation,
  resolveShapes,
} from './equation.ts';

export interface EinsumDenseOptions
  extends LayerOptions,
    WeightSpecOptions<'kernel'>,
    WeightSpecOptions<'bias'> {
  /** Such as "abc,cd->abd": input, kernel, output. An ellipsis stands for any dimensions. */
  readonly equation?: string;
  /** The output's sizes without the batch and what the ellipsis stands for; null takes the input's. */
  readonly outputShape?: number | readonly (number | null)[];
  /** The letters of the output's dimensions that the bias has; none for no bias. */
  readonly biasAxes?: string | null;
  readonly activation?: string | ActivationFn | null;
}

/** activation(einsum(equation, x, kernel) + bias). Throws `layer-shape` for inputs that do not fit. */
export class EinsumDense extends Layer {
  readonly equation: string;
  readonly partialOutputShape: readonly (number | null)[];
  readonly biasAxes: string | null;
  readonly activation: ActivationFn;
  readonly #parsed: Equation;
  readonly #kernel: WeightSpec;
  readonly #bias: WeightSpec;
  #rank = 0;
  kernel!: Variable;
  bias: Variable | undefined;

  constructor(o: EinsumDenseOptions) {
    super(o);
    const what = `EinsumDense "${this.name}"`;
    const own = ['equation', 'outputShape', 'biasAxes', 'activation'];
    checkOptions(what, o, [...baseOptions, ...own, ...weightSpecOptions('kernel', 'bias')]);
    this.#parsed = parseEquation(what, o.equation);
    this.equation = o.equation as string;
    const shape = typeof o.outputShape === 'number' ? [o.outputShape] : o.outputShape;
    if (!Array.isArray(shape) || !shape.every((n) => n === null || (Number.isInteger(n) && n > 0)))
      throw new GradloomError(
        'layer-option',
        `${what}: outputShape must hold whole numbers of 1 or more, or null; received ${JSON.stringify(o.outputShape)}.`,
        { layer: this.name, outputShape: o.outputShape },
      );
    this.partialOutputShape = [...shape];
    this.biasAxes = checkBiasAxes(what, o.biasAxes, this.#parsed.output);
    this.activation = getActivation(o.activation);
    this.#kernel = new WeightSpec(o, 'kernel', 'glorotUniform');
    this.#bias = new WeightSpec(o, 'bias', 'zeros');
  }

  #shapes(s: BatchShape): EinsumShapes {
    const shapes = resolveShapes(this.#parsed, s, this.partialOutputShape, this.biasAxes);
    if (typeof shapes === 'string') throw this.shapeError(shapes, s);
    return shapes;
  }

  override build(s: BatchShape): void {
    const { kernel, bias, inputAxes, outputAxes } = this.#shapes(s);
    this.#rank = s.length;
    const { initializer } = this.#kernel;
    const scaled =
      initializer instanceof VarianceScaling
        ? initializer.withAxes(inputAxes, outputAxes)
        : initializer;
    this.kernel = this.addWeight({
      name: 'kernel',
      shape: kernel,
      ...this.#kernel.weight,
      initializer: scaled,
    });
    if (bias) this.bias = this.addWeight({ name: 'bias', shape: bias, ...this.#bias.weight });
  }

  override computeOutputShape(s: BatchShape): BatchShape {
    const { kernel, output } = this.#shapes(s);
    if (this.built && s.length !== this.#rank)
      throw this.shapeError(`inputs of ${this.#rank} dimensions`, s);
    if (this.built && kernel.some((n, d) => n !== this.kernel.shape[d]))
      throw this.shapeError(`inputs that fit its kernel (${this.kernel.shape.join(', ')})`, s);
    return output;
  }

  call(x: Tensor): Tensor {
    let y = einsum(this.equation, x, this.kernel.tensor);
    if (this.bias) y = y.add(this.bias.tensor);
    return this.activation(y);
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      equation: this.equation,
      outputShape: this.partialOutputShape,
      activation: serializeActivation(this.activation),
      biasAxes: this.biasAxes,
      ...this.#kernel.config,
      ...this.#bias.config,
    };
  }
}

/** `einsumDense('abc,cd->abd', [null, 64], { biasAxes: 'd' })`, or one object of options. */
export function einsumDense(
  equation: string | EinsumDenseOptions,
  outputShape?: number | readonly (number | null)[],
  o: EinsumDenseOptions = {},
): EinsumDense {
  return new EinsumDense(typeof equation === 'string' ? { ...o, equation, outputShape } : equation);
}
