/** A function as a layer. */
import { GradloomError } from '../../errors.ts';
import { customPart, serializeFunction } from '../custom-objects.ts';
import { checkOptions } from '../identifiers.ts';
import { isSerialized, type Serialized } from '../serialization.ts';
import { isShape } from '../tree.ts';
import {
  type BatchShape,
  baseOptions,
  type CallOptions,
  Layer,
  type LayerOptions,
  type Masks,
  type ShapeTree,
  type Tensors,
} from './layer.ts';
import { functionNamed } from './registry.ts';

/** Of the inputs, and of training, mask and the layer's `arguments` by name. */
export type LambdaFn = (inputs: never, o: CallOptions) => Tensors;

export interface LambdaOptions extends LayerOptions {
  /** Or, in a config, the name of one that is registered. */
  readonly function?: LambdaFn | Serialized;
  /** Of one sample, or a function of the input shape; found by running the function where it is not given. */
  readonly outputShape?: BatchShape | ((inputShape: ShapeTree) => ShapeTree) | null;
  /** The mask of the outputs, or a function of inputs and mask; without, masks end here. */
  readonly mask?: Masks | ((inputs: Tensors, mask: Masks) => Masks);
  /** Given to the function by name. */
  readonly arguments?: Readonly<Record<string, unknown>> | null;
}

/**
 * `lambda((x: Tensor) => x.mul(2))`. The function is traced, so it must not read values, and it should
 * hold no weights: extend Layer for that. In a config it is a name, to be known with registerFunction.
 */
export class Lambda extends Layer {
  override readonly supportsMasking: boolean = true;
  readonly #fn: LambdaFn;
  readonly #outputShape: LambdaOptions['outputShape'];
  readonly #mask: LambdaOptions['mask'];
  readonly #arguments: Readonly<Record<string, unknown>>;

  /** Throws `layer-option` where there is no function, `unknown-id` for a name that nobody knows. */
  constructor(o: LambdaOptions) {
    super(o);
    const what = `Lambda "${this.name}"`;
    checkOptions(what, o, [...baseOptions, 'function', 'outputShape', 'mask', 'arguments']);
    const given = o.function;
    // As files of Python's Keras have it, the name alone.
    const named: unknown = isSerialized(given) ? given.config.name : given;
    const fn = (
      typeof named === 'string' ? (customPart(given) ?? functionNamed(named, what)) : given
    ) as LambdaFn;
    if (typeof fn !== 'function')
      throw new GradloomError(
        'layer-option',
        `${what} needs a function of tensors; received ${fn === null ? 'null' : typeof fn}.`,
        { layer: this.name },
      );
    this.#fn = fn;
    this.#outputShape = o.outputShape ?? null;
    this.#mask = o.mask ?? null;
    this.#arguments = o.arguments ?? {};
  }

  call(inputs: Tensors, o: CallOptions): Tensors {
    return this.#fn(inputs as never, { ...o, ...this.#arguments });
  }
  override computeOutputShape(inputShape: ShapeTree): ShapeTree {
    const given = this.#outputShape;
    if (typeof given === 'function') return given(inputShape);
    if (!given) return super.computeOutputShape(inputShape);
    const batch = isShape(inputShape) ? inputShape[0] : null;
    return [batch ?? null, ...given];
  }
  override computeMask(inputs: Tensors, mask: Masks): Masks {
    return typeof this.#mask === 'function' ? this.#mask(inputs, mask) : this.#mask;
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      function: serializeFunction(this.#fn),
      ...(isShape(this.#outputShape) && { outputShape: this.#outputShape }),
      arguments: this.#arguments,
    };
  }
}

export function lambda(fn: LambdaFn | LambdaOptions, o: LambdaOptions = {}): Lambda {
  return new Lambda(typeof fn === 'function' ? { ...o, function: fn } : fn);
}
