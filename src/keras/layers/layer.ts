/** The base of every layer: weights made once shapes are known, `call` on tensors. */
import { checkDType, type DType, isFloat } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { showShape } from '../../shape.ts';
import { asTensor, Tensor, withStateScope } from '../../tensor/index.ts';
import { floatx } from '../config.ts';
import { autoName } from '../naming.ts';
import { getRegularizer, type Regularizer } from '../regularizers/index.ts';
import { serialize } from '../serialization.ts';
import { flatten, isPlainObject, isShape, mapTree } from '../tree.ts';
import { callContext, inCall, inLayer } from './call-context.ts';
import { getMask, setMask } from './mask.ts';
import { reviveLayers } from './registry.ts';
import { isSpec, traceSpecs } from './stand-ins.ts';
import { LayerState } from './state.ts';
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
export abstract class Layer extends LayerState {
  readonly name: string;
  /** What weights are made in and inputs converted to. */
  readonly dtype: DType;
  /** Whether float numbers that come in are converted to `dtype`. */
  protected readonly autocast: boolean = true;
  /** Whether outputs have the mask that `computeMask` gives; without, masks end here. */
  readonly supportsMasking: boolean = false;
  /** Whether the layer trains where nobody says: augmentation does. */
  protected readonly trainsByDefault: boolean = false;
  readonly activityRegularizer: Regularizer | undefined;
  /** Shape of one sample, if it was given. */
  readonly inputShape: readonly (number | null)[] | undefined;
  built = false;
  #outputShape: ShapeTree | undefined;
  #warned = false;

  constructor(o: LayerOptions = {}) {
    super(o.trainable ?? true);
    this.name = o.name ?? autoName(this.constructor.name);
    this.inputShape = o.inputShape;
    this.dtype = checkDType(o.dtype ?? floatx());
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
    const specs = this.#trace(inputShape, _shapes ?? {});
    return mapTree<TensorSpec, BatchShape>(specs, (s) => s.shape, isSpec) as ShapeTree;
  }

  /** The mask of the outputs: by default that of the inputs. Called where `supportsMasking`. */
  computeMask(_inputs: Tensors, mask: Masks): Masks {
    return mask;
  }

  get #ownShapes(): boolean {
    return this.computeOutputShape !== Layer.prototype.computeOutputShape;
  }

  /** What `call` makes of tensors of these shapes, by running it on stand-ins. */
  #trace(inputShape: ShapeTree, shapes: ArgumentShapes): SpecTree {
    const spec = (shape: BatchShape): TensorSpec => ({ shape, dtype: this.dtype });
    const given = mapTree<BatchShape, TensorSpec>([inputShape, shapes] as never, spec, isShape);
    return traceSpecs((t) => {
      const [inputs, args] = t as [Tensors, Record<string, Tensors>];
      return this.invoke(inputs, { training: false, ...args });
    }, given as SpecTree);
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

  get outputShape(): ShapeTree | undefined {
    return this.#outputShape;
  }

  /**
   * Applies the layer to tensors now, building it first if need be. What `o` has beside `training` and
   * `mask` are arguments of the layer's own. Inside of another layer's call, training is that call's.
   */
  apply<R = Tensor>(x: TensorsLike, o: Partial<CallOptions> = {}): R {
    const inputs = asTensors(x);
    const shapes = argumentShapes(o);
    if (this.#ownShapes || !this.built) {
      const shape = shapesOf(inputs);
      if (this.#ownShapes) this.computeOutputShape(shape, shapes);
      this.#buildOnce(shape, shapes);
    }
    const training = o.training ?? callContext()?.training ?? this.trainsByDefault;
    const out = this.invoke(inputs, { ...o, training });
    this.#outputShape ??= shapesOf(out);
    return out as R;
  }

  /** `call` on inputs converted to the layer's dtype, with their masks. What models call. */
  invoke(inputs: Tensors, o: CallOptions): Tensors {
    if (!callContext()) this.clearLosses();
    const before = o.mask === undefined ? masksOf(inputs) : o.mask;
    const options = this.#options(o, before);
    const out = inCall({ training: o.training }, () =>
      inLayer(this.name, () => {
        const y = this.call(this.#cast(inputs), options);
        this.#penalizeActivity(y);
        return y;
      }),
    );
    this.#passMask(inputs, out, before);
    return out;
  }

  #cast<T>(x: T): T {
    if (!this.autocast) return x;
    const one = (t: unknown): unknown => {
      if (!(t instanceof Tensor) || !isFloat(t.dtype) || t.dtype === this.dtype) return t;
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
      if (!this.#warned && flatten<unknown>(before).some((m) => m != null)) {
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

/** A tensor, or a list or an object that holds tensors and nothing else. */
export function isTensors(x: unknown): x is Tensors {
  if (x instanceof Tensor) return true;
  if (!Array.isArray(x) && !isPlainObject(x)) return false;
  const leaves = flatten<unknown>(x as never);
  return leaves.length > 0 && leaves.every((t) => t instanceof Tensor);
}

/** A list is many inputs when tensors or typed arrays are in it, else numbers of one input. */
function asTensors(x: TensorsLike): Tensors {
  if (x instanceof Tensor) return x;
  const many = (t: unknown): boolean =>
    isPlainObject(t) ||
    (Array.isArray(t) && t.some((e) => e instanceof Tensor || ArrayBuffer.isView(e) || many(e)));
  if (!many(x)) return asTensor(x as never);
  if (Array.isArray(x)) return (x as readonly TensorsLike[]).map(asTensors);
  const entries = Object.entries(x as Record<string, TensorsLike>);
  return Object.fromEntries(entries.map(([k, t]) => [k, asTensors(t)]));
}

/** Shapes, with the number of samples left open. */
function shapesOf(x: Tensors): ShapeTree {
  const open = (t: Tensor): BatchShape => (t.ndim === 0 ? [] : [null, ...t.shape.slice(1)]);
  return (x instanceof Tensor ? open(x) : mapTree<Tensor, BatchShape>(x, open)) as ShapeTree;
}

function argumentShapes(o: Partial<CallOptions>): ArgumentShapes {
  const named = Object.entries(o).filter(
    ([k, v]) => k !== 'training' && k !== 'mask' && isTensors(v),
  );
  return Object.fromEntries(named.map(([k, v]) => [k, shapesOf(v as Tensors)]));
}

/** The masks of tensors, in their structure; undefined where none has one. */
function masksOf(x: Tensors): Masks {
  if (x instanceof Tensor) return getMask(x);
  const masks = mapTree<Tensor, Tensor | null>(x, (t) => getMask(t) ?? null);
  return flatten<Tensor | null>(masks).some((m) => m) ? (masks as Masks) : undefined;
}
