/** Where a model begins. */
import { checkDType, type DType } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import type { Tensor } from '../../tensor/index.ts';
import { floatx } from '../config.ts';
import { KerasTensor } from '../functional/keras-tensor.ts';
import { checkOptions } from '../identifiers.ts';
import { type BatchShape, baseOptions, Layer, type LayerOptions } from './layer.ts';

export interface InputOptions {
  /** Of one sample; null is a size that varies. */
  readonly shape?: readonly (number | null)[];
  /** Samples of a batch, where it is always the same. */
  readonly batchSize?: number | null;
  /** `[batchSize, ...shape]` in one. */
  readonly batchShape?: readonly (number | null)[];
  /** What data are converted to. Default `keras.config.floatx()`. */
  readonly dtype?: DType | (string & {});
  readonly name?: string;
}

export type InputLayerOptions = Omit<LayerOptions, 'dtype'> & InputOptions;

const isSize = (n: unknown): boolean => n === null || (Number.isInteger(n) && (n as number) >= 0);

/** Declares the shape of the inputs at the head of a model. */
export class InputLayer extends Layer {
  override readonly supportsMasking: boolean = true;
  protected override readonly autocast: boolean = false;
  readonly batchShape: BatchShape;

  /** Throws `layer-option` without a shape, or for sizes that are none. */
  constructor(o: InputLayerOptions) {
    const shape = o.batchShape?.slice(1) ?? o.shape ?? o.inputShape;
    super({ name: o.name, dtype: checkDType(o.dtype ?? floatx()), inputShape: shape });
    const what = `InputLayer "${this.name}"`;
    checkOptions(what, o, [...baseOptions, 'shape', 'batchSize', 'batchShape']);
    if (!shape)
      throw new GradloomError('layer-option', `${what} needs a shape.`, { layer: this.name });
    if (o.batchShape && (o.shape || o.batchSize != null))
      throw new GradloomError(
        'layer-option',
        `${what}: batchShape stands for shape and batchSize; give it alone.`,
        { layer: this.name },
      );
    this.batchShape = o.batchShape ?? [o.batchSize ?? null, ...shape];
    if (!this.batchShape.every(isSize))
      throw new GradloomError(
        'layer-option',
        `${what}: a shape is a list of whole numbers, null for sizes that vary; received ${JSON.stringify(o.batchShape ?? o.shape ?? o.inputShape)}${o.batchSize == null ? '' : `, batchSize ${o.batchSize}`}.`,
        { layer: this.name },
      );
    this.built = true;
    this.adopt([], {}, new KerasTensor(this.batchShape, this.dtype, this.name));
  }

  /** The tensor that models are made from. */
  override get output(): KerasTensor {
    return this.inboundNodes[0].outputs[0];
  }
  override get outputShape(): BatchShape {
    return this.batchShape;
  }
  override computeOutputShape(): BatchShape {
    return this.batchShape;
  }
  call(x: Tensor): Tensor {
    return x;
  }
  override getConfig(): Record<string, unknown> {
    return { name: this.name, dtype: this.dtype, batchShape: [...this.batchShape] };
  }
}

/**
 * An input of a model: a KerasTensor of shape (batch, ...shape). `keras.input({ shape: [28, 28] })`,
 * or with no shape but sizes that vary, `keras.input({ shape: [null] })`.
 */
export function input(o: InputOptions): KerasTensor {
  return new InputLayer(o).output;
}
export { input as Input };

export const inputLayer = (o: InputLayerOptions): InputLayer => new InputLayer(o);
