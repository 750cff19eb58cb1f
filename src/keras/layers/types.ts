/** What layers take and give. */
import type { DType } from '../../dtype.ts';
import type { Tensor, TensorLike } from '../../tensor/index.ts';
import type { InitializerLike } from '../initializers/index.ts';
import type { Regularizer, RegularizerLike } from '../regularizers/index.ts';
import type { ConstraintFn } from '../variable.ts';

/** null stands for the batch (or any unknown size). */
export type BatchShape = readonly (number | null)[];

/** Tensors in lists and plain objects. */
export type Tensors = Tensor | readonly Tensors[] | { readonly [key: string]: Tensors };
/** The same of what makes tensors. A list of numbers is one tensor, a list of tensors many. */
export type TensorsLike =
  | TensorLike
  | readonly TensorsLike[]
  | { readonly [key: string]: TensorsLike };
/** The same of shapes. */
export type ShapeTree = BatchShape | readonly ShapeTree[] | { readonly [key: string]: ShapeTree };
/** The same of masks; null where a tensor has none. */
export type Masks =
  | Tensor
  | null
  | undefined
  | readonly Masks[]
  | { readonly [key: string]: Masks };

/** Shape and dtype of a tensor that is not there yet. */
export interface TensorSpec {
  readonly shape: BatchShape;
  readonly dtype: DType;
}
export type SpecTree = TensorSpec | readonly SpecTree[] | { readonly [key: string]: SpecTree };

/** Shapes of the tensors that a call takes by name, beside its inputs. */
export type ArgumentShapes = Readonly<Record<string, ShapeTree>>;

export interface LayerOptions {
  readonly name?: string;
  readonly trainable?: boolean;
  /** Shape of one sample, for the first layer of a model. */
  readonly inputShape?: readonly (number | null)[];
  /** Of weights and activations: float32 or float64. Default `keras.config.floatx()`. */
  readonly dtype?: DType;
  /** A penalty on the outputs, added to the loss: divided by the size of the batch. */
  readonly activityRegularizer?: RegularizerLike;
}

/** What `call` is told, beside its inputs. */
export interface CallOptions {
  readonly training: boolean;
  /** Of the inputs, in their structure. */
  readonly mask?: Masks;
  /** Further arguments of the call: a layer's own. */
  readonly [argument: string]: unknown;
}

export interface WeightOptions {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initializer?: InitializerLike;
  readonly regularizer?: Regularizer;
  /** What the weight is replaced by after each update. */
  readonly constraint?: ConstraintFn | null;
  readonly trainable?: boolean;
  readonly dtype?: DType;
}
