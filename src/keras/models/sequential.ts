/** A plain stack of layers. */
import { GradloomError } from '../../errors.ts';
import type { Tensor } from '../../tensor/index.ts';
import { type BatchShape, type CallOptions, InputLayer, Layer } from '../layers/index.ts';
import { Model } from './model.ts';

export class Sequential extends Model {
  readonly #layers: Layer[] = [];
  #input: BatchShape | undefined;
  #output: BatchShape | undefined;

  constructor(layers: readonly Layer[] = [], o: { readonly name?: string } = {}) {
    super({ name: o.name });
    for (const l of layers) this.add(l);
  }

  /** Puts a layer on top. Once the input shape is known the layer is built at once. */
  add(layer: Layer): void {
    if (!(layer instanceof Layer)) {
      throw new GradloomError(
        'layer',
        `Sequential holds layers; received ${layer === null ? 'null' : typeof layer}${typeof layer === 'function' ? ' (call the factory: keras.layers.flatten())' : ''}.`,
      );
    }
    if (this.#layers.some((l) => l.name === layer.name)) {
      throw new GradloomError(
        'layer',
        `All layers of a model need names of their own; "${layer.name}" is there twice.`,
        { name: layer.name },
      );
    }
    if (layer instanceof InputLayer && this.#layers.length > 0)
      throw new GradloomError(
        'layer',
        `Model "${this.name}" already has an input; an Input comes first.`,
      );
    if (this.#layers.length === 0 && layer.inputShape) {
      this.#input = [null, ...layer.inputShape];
      this.#output = this.#input;
    }
    this.#layers.push(layer);
    this.layersChanged();
    if (this.#output) {
      this.#output = layer.ensureBuilt(this.#output) as BatchShape;
      this.built = true;
    }
  }

  /** Takes the top layer off and returns it. */
  pop(): Layer {
    const l = this.#layers.pop();
    if (!l) throw new GradloomError('layer', `Model "${this.name}" has no layers to take off.`);
    this.layersChanged();
    if (this.#input) {
      this.#output = this.#layers.reduce<BatchShape>(
        (s, x) => x.computeOutputShape(s) as BatchShape,
        this.#input,
      );
      this.built = this.#layers.length > 0;
    }
    return l;
  }

  override get layers(): readonly Layer[] {
    return this.#layers.filter((l) => !(l instanceof InputLayer));
  }
  override get batchInputShape(): BatchShape | undefined {
    return this.#input;
  }
  override get outputShape(): BatchShape | undefined {
    return this.#output;
  }

  override ensureBuilt(inputShape: BatchShape): BatchShape {
    if (this.layers.length === 0)
      throw new GradloomError('layer', `Model "${this.name}" has no layers.`);
    if (!this.#input) {
      this.#input = inputShape;
      this.#output = this.#layers.reduce<BatchShape>(
        (s, l) => l.ensureBuilt(s) as BatchShape,
        inputShape,
      );
      this.built = true;
    }
    return this.#output!;
  }
  override build(inputShape: BatchShape): void {
    this.ensureBuilt(inputShape);
  }
  override computeOutputShape(inputShape: BatchShape): BatchShape {
    return this.#layers.reduce<BatchShape>(
      (s, l) => l.computeOutputShape(s) as BatchShape,
      inputShape,
    );
  }
  call(x: Tensor, o: CallOptions): Tensor {
    return this.#layers.reduce((t, l) => l.invoke(t, { training: o.training }) as Tensor, x);
  }
}

export function sequential(
  layers: readonly Layer[] = [],
  o: { readonly name?: string } = {},
): Sequential {
  return new Sequential(layers, o);
}
