/** The base of every layer: weights made once shapes are known, `call` on tensors. */
import { type DType, isFloat } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { showShape } from '../../shape.ts';
import { Tensor, withStateScope } from '../../tensor/index.ts';
import { dtypeOfPolicy } from '../config.ts';
import type { KerasTensor } from '../functional/keras-tensor.ts';
import { isSymbolic } from '../functional/node.ts';
import { symbolsOf } from '../functional/operation.ts';
import { autoName } from '../naming.ts';
import { getRegularizer, type Regularizer } from '../regularizers/index.ts';
import { serialize } from '../serialization.ts';
import { flatten, isShape, mapTree, type TreeOf } from '../tree.ts';
import {
  argumentShapes,
  asTensors,
  isSpecs,
  isTensors,
  masksOf,
  shapesIn,
  shapesOf,
  withShapes,
} from './arguments.ts';
import { callContext, inCall, inLayer } from './call-context.ts';
import { LayerCalls } from './calls.ts';
import { getMask, setMask } from './mask.ts';
import { meetClass, reviveLayers } from './registry.ts';
import { traceSpecs } from './stand-ins.ts';
import type {
  ArgumentShapes,
  BatchShape,
  CallOptions,
  LayerOptions,
  Masks,
  ShapeTree,
  SpecTree,
  TensorSpec,
  Tensors,
  TensorsLike,
} from './types.ts';

export type * from './types.ts';

/** KerasTensors in lists and plain objects, tensors among them. */
export type SymbolicTree =
  | KerasTensor
  | Tensor
  | readonly SymbolicTree[]
  | { readonly [key: string]: SymbolicTree };

/** Options that every layer takes. */
export const baseOptions: readonly string[] = [
  'name',
  'trainable',
  'inputShape',
  'dtype',
  'activityRegularizer',
];

/**
 * Extend it with `call`, and `build` where it has weights. Layers that are kept in properties (or in
 * lists or plain objects there) belong to it: their weights, losses and states are its own.
 */
export abstract class Layer extends LayerCalls {
  readonly name: string;
  /** What weights are made in and inputs converted to. */
  readonly dtype: DType;
  /** Whether float numbers that come in are converted to `dtype`. */
  protected readonly autocast: boolean = true;
  /** Whether whole numbers are converted too, where they are inputs and no arguments. */
  protected readonly floatInputs: boolean = false;
  /** Whether the layers inside are called as parts of a model. */
  protected readonly isModel: boolean = false;
  /** Whether outputs have the mask that `computeMask` gives; without, masks end here. */
  readonly supportsMasking: boolean = false;
  /** Whether the layer trains where nobody says: augmentation does. */
  protected readonly trainsByDefault: boolean = false;
  readonly activityRegularizer: Regularizer | undefined;
  /** Shape of one sample, if it was given. */
  readonly inputShape: readonly (number | null)[] | undefined;
  built = false;
  #outputShape: ShapeTree | undefined;
  #buildShape: ShapeTree | undefined;
  #warned = false;

  constructor(o: LayerOptions = {}) {
    super(o.trainable ?? true);
    meetClass(this.constructor.name, this.constructor);
    this.name = o.name ?? autoName(this.constructor.name);
    this.inputShape = o.inputShape;
    this.dtype = dtypeOfPolicy(o.dtype);
    this.activityRegularizer = getRegularizer(o.activityRegularizer);
  }

  /**
   * Makes the weights for an input of this shape: override it and call addWeight. `shapes` has those
   * of the tensors that the call takes by name.
   */
  build(_inputShape: ShapeTree, _shapes?: ArgumentShapes): void {}

  /** What the layer computes. Runs on stand-ins too, so it must not read values. */
  abstract call(inputs: Tensors, o: CallOptions): Tensors;

  /**
   * Shape of the output for an input shape; throws `layer-shape` for one the layer cannot take. Where
   * it is not overridden, `call` is run on stand-ins, so the layer is built first.
   */
  computeOutputShape(inputShape: ShapeTree, _shapes?: ArgumentShapes): ShapeTree {
    this.#buildOnce(inputShape, _shapes ?? {});
    return shapesIn(this.#trace(inputShape, _shapes ?? {}));
  }

  /** The mask of the outputs: by default that of the inputs. Called where `supportsMasking`. */
  computeMask(_inputs: Tensors, mask: Masks): Masks {
    return mask;
  }

  /**
   * Shapes and dtypes of the outputs for those of inputs and arguments, building the layer first. Finds
   * them by running `call` on stand-ins; shapes are those of `computeOutputShape` where it is overridden.
   */
  computeOutputSpec(inputs: SpecTree, o: Readonly<Record<string, unknown>> = {}): SpecTree {
    const shape = shapesIn(inputs);
    const args = Object.entries(o).filter(([, v]) => isSpecs(v)) as [string, SpecTree][];
    const shapes = Object.fromEntries(args.map(([k, v]) => [k, shapesIn(v)]));
    const known = this.#ownShapes ? this.computeOutputShape(shape, shapes) : undefined;
    this.#buildOnce(shape, shapes);
    const specs = this.#run(
      (t) => {
        const [x, given] = t as [Tensors, Record<string, Tensors>];
        return this.invoke(x, { ...o, ...given, training: (o.training ?? false) as boolean });
      },
      [inputs, Object.fromEntries(args)],
    );
    const out = known ? withShapes(specs, known) : specs;
    this.#outputShape ??= shapesIn(out);
    return out;
  }

  /** Runs `f` on stand-ins; says whose call it is that cannot be run so. */
  #run(f: (t: Tensors) => Tensors, specs: SpecTree): SpecTree {
    try {
      return traceSpecs(f, specs);
    } catch (cause) {
      if (!(cause instanceof GradloomError) || cause.code !== 'traced' || callContext())
        throw cause;
      throw new GradloomError(
        'traced',
        `Layer "${this.name}" (${this.constructor.name}): call reads values of tensors, which are not known while a model is being built or traced. Compute with tensors to the end, or apply the layer to data alone.`,
        { layer: this.name },
        { cause },
      );
    }
  }

  get #ownShapes(): boolean {
    return this.computeOutputShape !== Layer.prototype.computeOutputShape;
  }

  /** `computeOutputSpec` for numbers of the layer's own dtype. */
  #trace(inputShape: ShapeTree, shapes: ArgumentShapes): SpecTree {
    const specs = (x: ShapeTree): SpecTree =>
      mapTree<BatchShape, TensorSpec>(
        x,
        (s) => ({ shape: s, dtype: this.dtype }),
        isShape,
      ) as SpecTree;
    const args = Object.entries(shapes).map(([k, v]) => [k, specs(v)]);
    return this.#run(
      (t) => {
        const [x, given] = t as [Tensors, Record<string, Tensors>];
        return this.invoke(x, { training: false, ...given });
      },
      [specs(inputShape), Object.fromEntries(args)],
    );
  }

  #buildOnce(inputShape: ShapeTree, shapes: ArgumentShapes): void {
    if (this.built) return;
    if (this.autocast && !isFloat(this.dtype))
      throw new GradloomError(
        'dtype',
        `Layer "${this.name}" (${this.constructor.name}) computes in float32 or float64; received dtype "${this.dtype}".`,
        { layer: this.name, dtype: this.dtype },
      );
    // Weights are made for good, also where the layer is met first inside of a traced function.
    withStateScope(undefined, () => inLayer(this.name, () => this.build(inputShape, shapes)));
    this.built = true;
    if (Object.keys(shapes).length === 0) this.#buildShape = inputShape;
  }

  /**
   * Builds the layer, and those inside, unless it is built, checking the shape. Returns the output
   * shape.
   */
  ensureBuilt(inputShape: ShapeTree, shapes: ArgumentShapes = {}): ShapeTree {
    const known = this.#ownShapes ? this.computeOutputShape(inputShape, shapes) : undefined;
    const first = !this.built;
    this.#buildOnce(inputShape, shapes);
    const out = known ?? this.computeOutputShape(inputShape, shapes);
    if (first) {
      // What `call` builds on its way is built by running it.
      if (known && this.sublayers.some((l) => !l.built)) this.#trace(inputShape, shapes);
      this.#outputShape = out;
    }
    return out;
  }

  override get sublayers(): readonly Layer[] {
    return super.sublayers as readonly Layer[];
  }
  override flattenLayers(): Layer[] {
    return super.flattenLayers() as Layer[];
  }

  /** The call of a part of a functional model. */
  run(inputs: Tensors, o: CallOptions): Tensors {
    return this.invoke(inputs, o);
  }

  /** The shape of the input that the layer was built for, unless it took others by name; files keep it. */
  get buildShape(): ShapeTree | undefined {
    return this.#buildShape;
  }

  get outputShape(): ShapeTree | undefined {
    return this.#outputShape;
  }

  /**
   * Applies the layer to tensors now, building it first if need be. What `o` has beside `training` and
   * `mask` are arguments of the layer's own. Inside of another layer's call, training is that call's.
   */
  apply(x: TensorsLike, o?: Partial<CallOptions>): Tensor;
  /** On KerasTensors the call becomes a part of a model, and gives KerasTensors. */
  apply(x: SymbolicTree, o?: Partial<CallOptions>): KerasTensor;
  /** For layers of several outputs: `lstm.apply<Tensor[]>(x)`. */
  apply<R>(x: TensorsLike | SymbolicTree, o?: Partial<CallOptions>): R;
  apply(x: TensorsLike | SymbolicTree, o: Partial<CallOptions> = {}): unknown {
    if (isSymbolic(x) || isSymbolic(o)) return this.#record(x as SymbolicTree, o);
    const inputs = asTensors(x as TensorsLike);
    const shapes = argumentShapes(o);
    if (this.#ownShapes || !this.built) {
      const shape = shapesOf(inputs);
      if (this.#ownShapes) this.computeOutputShape(shape, shapes);
      this.#buildOnce(shape, shapes);
    }
    const outer = callContext();
    const training = o.training ?? outer?.training ?? this.trainsByDefault;
    const explicit = o.training !== undefined || (outer?.explicit ?? false);
    const out = this.invoke(inputs, { ...o, training }, explicit);
    this.#outputShape ??= shapesOf(out);
    return out;
  }

  /** Writes the call down as a part of a model. */
  #record(x: SymbolicTree, o: Partial<CallOptions>): TreeOf<KerasTensor> {
    const outputs = symbolsOf(this.computeOutputSpec(x as SpecTree, o));
    this.#outputShape = shapesIn(outputs as SpecTree);
    this.adopt(x, o, outputs);
    return outputs;
  }

  /** `call` on inputs converted to the layer's dtype, with their masks. What models call. */
  invoke(inputs: Tensors, o: CallOptions, explicit = true): Tensors {
    if (!callContext()) this.clearLosses();
    const before = o.mask === undefined ? masksOf(inputs) : o.mask;
    const options = this.#options(o, before);
    const out = inCall({ training: o.training, explicit, ofModel: this.isModel }, () =>
      inLayer(this.name, () => {
        const y = this.call(this.#cast(inputs, this.floatInputs), options);
        this.#penalizeActivity(y);
        return y;
      }),
    );
    this.#passMask(inputs, out, before);
    return out;
  }

  #cast<T>(x: T, whole = false): T {
    if (!this.autocast) return x;
    const one = (t: unknown): unknown => {
      if (!(t instanceof Tensor) || t.dtype === this.dtype) return t;
      if (t.dtype === 'bool' || !(whole || isFloat(t.dtype))) return t;
      const y = t.astype(this.dtype);
      setMask(y, getMask(t));
      return y;
    };
    return (x instanceof Tensor ? one(x) : mapTree(x as never, one)) as T;
  }

  /** The options with the masks of inputs and of arguments: those of `value` are `valueMask`. */
  #options(o: CallOptions, mask: Masks): CallOptions {
    const out: Record<string, unknown> = { ...o, mask };
    for (const [key, value] of Object.entries(o)) {
      if (key === 'training' || key === 'mask' || !isTensors(value)) continue;
      out[key] = this.#cast(value);
      if (out[`${key}Mask`] === undefined) out[`${key}Mask`] = masksOf(value);
    }
    return out as CallOptions;
  }

  #penalizeActivity(out: Tensors): void {
    const { activityRegularizer } = this;
    if (!activityRegularizer) return;
    for (const t of flatten<Tensor>(out)) {
      const loss = activityRegularizer.call(t);
      this.addLoss(t.ndim > 0 && t.shape[0] > 0 ? loss.div(t.shape[0]) : loss);
    }
  }

  #passMask(inputs: Tensors, out: Tensors, before: Masks): void {
    if (!this.supportsMasking) {
      // A layer that uses others answers for the masks itself.
      const outer = callContext()?.ofModel ?? true;
      if (outer && !this.#warned && flatten<unknown>(before).some((m) => m != null)) {
        this.#warned = true;
        console.warn(
          `Layer "${this.name}" (${this.constructor.name}) was given an input with a mask, but does not support masking: layers after it will not see the mask.`,
        );
      }
      return;
    }
    const tensors = out instanceof Tensor ? [out] : flatten<Tensor>(out);
    if (tensors.every((t) => getMask(t))) return;
    const masks = this.computeMask(inputs, before);
    if (masks == null) return;
    flatten<Tensor | null | undefined>(masks).forEach((m, i) => {
      if (i < tensors.length && m && !getMask(tensors[i])) setMask(tensors[i], m);
    });
  }

  /** What the constructor takes to make the layer anew, without its weights. */
  getConfig(): Record<string, unknown> {
    const { activityRegularizer } = this;
    return {
      name: this.name,
      trainable: this.trainable,
      dtype: this.dtype,
      ...(activityRegularizer && { activityRegularizer: serialize(activityRegularizer) }),
    };
  }

  /** A layer from what `getConfig` gave; layers inside of it, as { className, config }, are made too. */
  static fromConfig(config: Readonly<Record<string, unknown>>): Layer {
    type Made = new (o: Readonly<Record<string, unknown>>) => Layer;
    // biome-ignore lint/complexity/noThisInStatic: the class that it is called on
    return new (this as unknown as Made)(reviveLayers(config));
  }

  /** An error that names the layer, what it expects and what came. */
  protected shapeError(expected: string, received: BatchShape): GradloomError {
    return new GradloomError(
      'layer-shape',
      `Layer "${this.name}" (${this.constructor.name}) expects ${expected}; received shape ${showShape(received)}.`,
      {
        layer: this.name,
        expected,
        received: [...received],
      },
    );
  }
}
