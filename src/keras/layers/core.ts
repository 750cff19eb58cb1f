/** Layers without weights: activation, reshaping. */
import { GradloomError } from '../../errors.ts';
import { sizeOf } from '../../shape.ts';
import type { Tensor } from '../../tensor/index.ts';
import { type ActivationFn, getActivation, serializeActivation } from '../activations/index.ts';
import { type DataFormat, dataFormatOf } from '../config.ts';
import { checkOptions } from '../identifiers.ts';
import { type BatchShape, baseOptions, Layer, type LayerOptions } from './layer.ts';

/** Applies an activation function. */
export class Activation extends Layer {
  override readonly supportsMasking: boolean = true;
  readonly activation: ActivationFn;
  constructor(o: LayerOptions & { readonly activation: string | ActivationFn }) {
    super(o);
    checkOptions(`Activation "${this.name}"`, o, [...baseOptions, 'activation']);
    this.activation = getActivation(o.activation);
  }
  override computeOutputShape(s: BatchShape): BatchShape {
    return s;
  }
  call(x: Tensor): Tensor {
    return this.activation(x);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), activation: serializeActivation(this.activation) };
  }
}

export interface FlattenOptions extends LayerOptions {
  /** With 'channelsFirst' channels are put last before they are flattened, so that weights after it fit both. */
  readonly dataFormat?: DataFormat | (string & {}) | null;
}

/** (batch, a, b, …) to (batch, a*b*…). */
export class Flatten extends Layer {
  protected override readonly autocast: boolean = false;
  readonly dataFormat: DataFormat;
  constructor(o: FlattenOptions = {}) {
    super(o);
    checkOptions(`Flatten "${this.name}"`, o, [...baseOptions, 'dataFormat']);
    this.dataFormat = dataFormatOf(`Flatten "${this.name}"`, o.dataFormat);
  }
  override computeOutputShape(s: BatchShape): BatchShape {
    if (s.length < 1) throw this.shapeError('inputs with a batch dimension', s);
    const rest = s.slice(1);
    return [s[0], rest.some((n) => n == null) ? null : sizeOf(rest as number[])];
  }
  call(x: Tensor): Tensor {
    const first = this.dataFormat === 'channelsFirst' && x.ndim > 2;
    const rest = x.shape.map((_, d) => d).slice(2);
    const last = first ? x.transpose([0, ...rest, 1]) : x;
    return last.reshape([x.shape[0], sizeOf(x.shape.slice(1))]);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), dataFormat: this.dataFormat };
  }
}

/** Each sample in another shape; one dimension may be -1. */
export class Reshape extends Layer {
  protected override readonly autocast: boolean = false;
  readonly targetShape: readonly number[];
  constructor(o: LayerOptions & { readonly targetShape: readonly number[] }) {
    super(o);
    checkOptions(`Reshape "${this.name}"`, o, [...baseOptions, 'targetShape']);
    this.targetShape = o.targetShape;
    const ok =
      Array.isArray(o.targetShape) &&
      o.targetShape.every((n) => Number.isInteger(n) && (n > 0 || n === -1));
    if (!ok || o.targetShape.filter((n) => n === -1).length > 1) {
      throw new GradloomError(
        'layer-option',
        `Reshape "${this.name}": targetShape must hold positive whole numbers, at most one of them -1; received ${JSON.stringify(o.targetShape)}.`,
        {
          layer: this.name,
        },
      );
    }
  }
  #resolve(s: BatchShape): number[] {
    const rest = s.slice(1);
    const have = sizeOf(rest as number[]);
    const known = this.targetShape.filter((n) => n !== -1).reduce((a, b) => a * b, 1);
    const fits = this.targetShape.includes(-1) ? have % known === 0 : have === known;
    if (!fits) throw this.shapeError(`samples whose size fits (${this.targetShape.join(', ')})`, s);
    return this.targetShape.map((n) => (n === -1 ? have / known : n));
  }
  override computeOutputShape(s: BatchShape): BatchShape {
    // What is not known yet is checked when it is.
    if (s.slice(1).includes(null))
      return [s[0], ...this.targetShape.map((n) => (n < 0 ? null : n))];
    return [s[0], ...this.#resolve(s)];
  }
  call(x: Tensor): Tensor {
    return x.reshape([x.shape[0], ...this.#resolve(x.shape)]);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), targetShape: this.targetShape };
  }
}

export function activation(
  a: string | ActivationFn | (LayerOptions & { activation: string | ActivationFn }),
  o: LayerOptions = {},
): Activation {
  return new Activation(typeof a === 'object' ? a : { ...o, activation: a });
}
export const flatten = (o: FlattenOptions = {}): Flatten => new Flatten(o);
export function reshape(
  targetShape: readonly number[] | (LayerOptions & { targetShape: readonly number[] }),
  o: LayerOptions = {},
): Reshape {
  return new Reshape(
    Array.isArray(targetShape)
      ? { ...o, targetShape }
      : (targetShape as LayerOptions & { targetShape: readonly number[] }),
  );
}
