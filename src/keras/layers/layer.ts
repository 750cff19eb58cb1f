/** The base of every layer: weights made once shapes are known, `call` on tensors. */
import { checkDType, type DType, isFloat } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { showShape } from '../../shape.ts';
import { asTensor, fromData, type Tensor, type TensorLike } from '../../tensor/index.ts';
import { floatx } from '../config.ts';
import { getInitializer, type Initializer, type InitializerLike } from '../initializers/index.ts';
import { autoName } from '../naming.ts';
import type { Regularizer } from '../regularizers/index.ts';
import { Variable } from '../variable.ts';
import { getMask, setMask } from './mask.ts';

/** null stands for the batch (or any unknown size). */
export type BatchShape = readonly (number | null)[];

export interface LayerOptions {
  readonly name?: string;
  readonly trainable?: boolean;
  /** Shape of one sample, for the first layer of a model. */
  readonly inputShape?: readonly (number | null)[];
  /** Of weights and activations: float32 or float64. Default `keras.config.floatx()`. */
  readonly dtype?: DType;
}

export interface CallOptions {
  readonly training: boolean;
  /** Which elements count, bool: a mask for each input, in the inputs' structure. */
  readonly mask?: unknown;
  /** Further arguments of a layer's own. */
  readonly [argument: string]: unknown;
}

export interface WeightOptions {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initializer?: InitializerLike;
  readonly regularizer?: Regularizer;
  readonly trainable?: boolean;
  readonly dtype?: DType;
}

/** Options that every layer takes. */
export const baseOptions: readonly string[] = ['name', 'trainable', 'inputShape', 'dtype'];

export abstract class Layer {
  readonly name: string;
  /** What weights are made in and inputs converted to. */
  readonly dtype: DType;
  /** Whether numbers that come in are converted to `dtype`: not where they are labels or indices. */
  protected readonly autocast: boolean = true;
  /** Whether masks of inputs pass on to outputs. */
  readonly supportsMasking: boolean = false;
  /** Shape of one sample, if it was given. */
  readonly inputShape: readonly (number | null)[] | undefined;
  built = false;
  #trainable: boolean;
  readonly #weights: Variable[] = [];
  readonly #states: Variable[] = [];
  readonly #penalties: { variable: Variable; regularizer: Regularizer }[] = [];
  #outputShape: BatchShape | undefined;

  constructor(o: LayerOptions = {}) {
    this.name = o.name ?? autoName(this.constructor.name);
    this.#trainable = o.trainable ?? true;
    this.inputShape = o.inputShape;
    this.dtype = checkDType(o.dtype ?? floatx());
  }

  /** Makes the weights for an input of this shape. Override it and call addWeight. */
  build(_inputShape: BatchShape): void {}

  /** What the layer computes. Runs on stand-ins too, so it must not read values. */
  abstract call(x: Tensor, o: CallOptions): Tensor;

  /** Shape of the output for an input shape; throws `layer-shape` for one the layer cannot take. */
  computeOutputShape(inputShape: BatchShape): BatchShape {
    return inputShape;
  }

  /** Builds the layer unless it is built, checking the shape. Returns the output shape. */
  ensureBuilt(inputShape: BatchShape): BatchShape {
    const out = this.computeOutputShape(inputShape);
    if (!this.built) {
      if (this.autocast && !isFloat(this.dtype))
        throw new GradloomError(
          'dtype',
          `Layer "${this.name}" (${this.constructor.name}) computes in float32 or float64; received dtype "${this.dtype}".`,
          { layer: this.name, dtype: this.dtype },
        );
      this.build(inputShape);
      this.built = true;
      this.#outputShape = out;
    }
    return out;
  }

  get outputShape(): BatchShape | undefined {
    return this.#outputShape;
  }

  /** Applies the layer to a tensor now, building it first if need be. */
  apply(x: TensorLike, o: Partial<CallOptions> = {}): Tensor {
    const t = asTensor(x);
    this.ensureBuilt([null, ...t.shape.slice(1)]);
    const mask = (o.mask as Tensor | null | undefined) ?? getMask(t);
    const y = this.invoke(t, { ...o, mask, training: o.training ?? false });
    if (mask && this.supportsMasking) setMask(y, mask);
    return y;
  }

  /** `call` on an input converted to the layer's dtype. What models call. */
  invoke(x: Tensor, o: CallOptions): Tensor {
    const cast = this.autocast && x.dtype !== this.dtype && x.dtype !== 'bool';
    return this.call(cast ? x.astype(this.dtype) : x, o);
  }

  addWeight(o: WeightOptions): Variable {
    const init: Initializer = getInitializer(o.initializer);
    const v = new Variable(init.init(o.shape, o.dtype ?? this.dtype), {
      name: o.name,
      path: `${this.name}/${o.name}`,
      trainable: o.trainable ?? true,
    });
    this.#weights.push(v);
    if (o.regularizer) this.#penalties.push({ variable: v, regularizer: o.regularizer });
    return v;
  }

  /** State that is no weight: it moves with training but is not saved or counted (seeds). */
  addState(name: string, initial: Tensor): Variable {
    const v = new Variable(initial, { name, path: `${this.name}/${name}`, trainable: false });
    this.#states.push(v);
    return v;
  }

  get trainable(): boolean {
    return this.#trainable;
  }
  set trainable(on: boolean) {
    this.#trainable = on;
  }
  get weights(): readonly Variable[] {
    return [
      ...this.#weights.filter((w) => w.trainable),
      ...this.#weights.filter((w) => !w.trainable),
    ];
  }
  get trainableWeights(): readonly Variable[] {
    return this.#trainable ? this.#weights.filter((w) => w.trainable) : [];
  }
  get nonTrainableWeights(): readonly Variable[] {
    return this.weights.filter((w) => !this.trainableWeights.includes(w));
  }
  get states(): readonly Variable[] {
    return this.#states;
  }
  /** Penalties of the layer's regularizers. */
  get losses(): Tensor[] {
    return this.#penalties.map((p) => p.regularizer.call(p.variable.tensor));
  }
  countParams(): number {
    return this.#weights.reduce((n, w) => n + w.size, 0);
  }

  /** Copies of the weights. */
  getWeights(): Tensor[] {
    return copies(this.weights);
  }
  /** Throws `weights` listing every mismatch; then nothing has changed. */
  setWeights(values: readonly TensorLike[]): void {
    assignAll(this.name, this.weights, values);
  }

  getConfig(): Record<string, unknown> {
    return { name: this.name, trainable: this.trainable, dtype: this.dtype };
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

/** Tensors that share no memory with the variables. */
export function copies(variables: readonly Variable[]): Tensor[] {
  return variables.map((v) => fromData(v.tensor.dataSync().slice(), v.shape, v.dtype));
}

/** Assigns all or nothing; the error lists every mismatch. */
export function assignAll(
  owner: string,
  variables: readonly Variable[],
  given: readonly TensorLike[],
): void {
  if (!Array.isArray(given))
    throw new GradloomError(
      'weights',
      `setWeights on "${owner}" takes a list of arrays; received ${given === null ? 'null' : typeof given}.`,
      { owner },
    );
  const values = given.map((v) => asTensor(v));
  const wrong: string[] = [];
  if (values.length !== variables.length)
    wrong.push(`${variables.length} arrays expected, ${values.length} received`);
  else {
    variables.forEach((v, i) => {
      if (
        v.shape.length !== values[i].shape.length ||
        v.shape.some((n, d) => n !== values[i].shape[d])
      ) {
        wrong.push(
          `${v.path}: expected ${showShape(v.shape)}, received ${showShape(values[i].shape)}`,
        );
      }
    });
  }
  if (wrong.length > 0) {
    throw new GradloomError('weights', `setWeights on "${owner}": ${wrong.join('; ')}.`, {
      owner,
      mismatches: wrong,
    });
  }
  variables.forEach((v, i) => {
    v.write(values[i].astype(v.dtype).dataSync());
  });
}
